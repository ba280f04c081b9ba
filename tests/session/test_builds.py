"""Builds of a session: what is told of their steps, what is kept, and why a step runs anew."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from pxtui.engine import BuildRequest, Outcome, Sink, StepReport
from pxtui.errors import EngineError
from pxtui.events import Event, Finished, Step
from pxtui.history.builds import Earlier
from pxtui.image.context import Limits, look
from pxtui.image.dockerfile import Instruction, instructions
from pxtui.image.plan import ImagePlan, Own, StagedFile
from pxtui.image.reason import ASKED, FIRST, GONE
from pxtui.image.trees import Trees
from pxtui.places import ProjectPlaces
from pxtui.session.builds import Builds
from pxtui.session.explained import FAILED, PULLED, STOPPED, UNREACHED

# 1 FROM, 2 WORKDIR, 3 COPY of the staged file, 4 and 5 RUN, 6 COPY of the code
REQUIREMENTS = StagedFile("polyaxon_requirements.txt", b"six\n")
PLAN = ImagePlan("python:3.11", (), (REQUIREMENTS,), ("pip install a", "pip install b"))
LIMIT = 10.0


@dataclass
class Scripted:
    """An engine whose steps are built from the first on that is told to, or fail at one."""

    anew: int = 2
    fails: int = 0
    seconds: float = 1.0
    result: str = "done"
    stops: int = 0
    """The step at which it ends without a word of it."""
    totals: int = 0
    error: str = ""

    def build(
        self, request: BuildRequest, sink: Sink, report: Callable[[StepReport], None]
    ) -> Scripted:
        if self.error:
            raise EngineError(self.error)
        self.request, self.report = request, report
        return self

    def close(self) -> None:
        pass

    def wait(self) -> Outcome:
        signature = self.request.listing.signature
        texts = [one.text for one in instructions(self.request.plan)]
        texts = texts[-self.totals :]
        for index, text in enumerate(texts, 1):
            self.report(StepReport(index, len(texts), text, "started"))
            if index == self.stops:
                return Outcome(self.result)  # type: ignore[arg-type]
            if index == self.fails:
                self.report(StepReport(index, len(texts), text, "failed", False, 0.5))
                return Outcome("failed", 1, "it failed")
            cached = index < self.anew
            took = 0.0 if cached else self.seconds
            self.report(StepReport(index, len(texts), text, "done", cached, took))
        if self.result != "done":
            return Outcome("cancelled")
        return Outcome("done", image="image", signature=signature, sizes=((1, 5),))


@dataclass
class Driven:
    """Builds of one project, one after the other."""

    root: Path
    places: ProjectPlaces
    plan: ImagePlan = PLAN
    trees: Trees | None = None
    told: list[Event] = field(default_factory=list)
    count: int = 0

    def __post_init__(self) -> None:
        self.builds = self.anew()

    def anew(self) -> Builds:
        """Those of another pxtui."""
        return Builds(self.places, self._tell, self.told.append, 1_000_000)

    def _tell(self, event: Event) -> None:
        self.told.append(event)
        if isinstance(event, Finished):
            self.finished.set()

    def build(self, engine: Scripted | None = None, on: str = "e", **request: Any) -> list[Step]:
        """The steps as they ended."""
        self.count += 1
        self.finished = threading.Event()
        self.told.clear()
        listing = look(self.root, Limits())
        values = {"plan": self.plan, "listing": listing, "trees": self.trees, **request}
        asked = BuildRequest(f"2026-{self.count}", "p", self.root, **values)
        self.builds.start(engine or Scripted(), asked, str, "asked", on)  # type: ignore[arg-type]
        assert self.finished.wait(LIMIT)
        return [e for e in self.told if isinstance(e, Step) and e.state != "started"]

    def why(self, engine: Scripted | None = None, **request: Any) -> dict[int, str]:
        return {step.index: step.why for step in self.build(engine, **request) if step.why}


@pytest.fixture
def driven(tmp_path: Path) -> Driven:
    root = tmp_path / "project"
    root.mkdir()
    (root / "train.py").write_text("1")
    return Driven(root, ProjectPlaces("p", tmp_path / "state"))


def test_the_first_build_says_so_once(driven: Driven) -> None:
    assert driven.why() == {2: FIRST}


def test_the_first_step_that_is_not_cached_says_why(driven: Driven) -> None:
    driven.build()
    driven.plan = replace(PLAN, steps=("pip install a", "pip install c"))
    assert driven.why(Scripted(anew=5)) == {5: "the step was: pip install b"}
    driven.plan = replace(driven.plan, staged=(replace(REQUIREMENTS, data=b"x"),))
    assert driven.why(Scripted(anew=3)) == {3: "polyaxon_requirements.txt: content"}
    driven.plan = replace(driven.plan, base="python:3.12")
    assert driven.why(Scripted(anew=2)) == {2: "the base image was python:3.11"}
    assert driven.why(Scripted(anew=4)) == {4: GONE}
    assert driven.why(Scripted(anew=1)) == {1: PULLED}
    assert driven.why(Scripted(anew=2), no_cache=True) == {2: ASKED}
    assert driven.why(Scripted(anew=9)) == {}


def test_why_stands_at_a_step_that_begins_where_it_is_known(driven: Driven) -> None:
    driven.build()
    driven.plan = replace(PLAN, steps=("pip install c", "pip install b"))
    driven.build(Scripted(anew=4))
    began = {e.index: e.why for e in driven.told if isinstance(e, Step) and e.state == "started"}
    assert began == {1: "", 2: "", 3: "", 4: "the step was: pip install a", 5: "", 6: ""}


@pytest.mark.parametrize("anew", [False, True])
def test_the_files_that_changed_are_told(driven: Driven, tmp_path: Path, anew: bool) -> None:
    driven.trees = Trees(tmp_path / "trees")
    driven.build()
    driven.trees.write(look(driven.root, Limits()))
    if anew:
        driven.builds = driven.anew()
    (driven.root / "train.py").write_text("2")
    assert driven.why(Scripted(anew=6)) == {6: "train.py: content"}
    # what was built meanwhile and not finished counts too
    (driven.root / "a.py").write_text("")
    driven.build(Scripted(anew=6, result="cancelled"))
    (driven.root / "b.py").write_text("")
    assert driven.why(Scripted(anew=6)) == {6: "2 files: a.py new, b.py new"}


def test_without_the_listing_it_is_the_code(driven: Driven) -> None:
    driven.build()
    driven.builds = driven.anew()
    (driven.root / "train.py").write_text("2")
    assert driven.why(Scripted(anew=6)) == {6: "the code"}


def test_after_a_failure_the_step_that_failed_says_so(driven: Driven) -> None:
    driven.build()
    driven.plan = replace(PLAN, steps=("pip install a", "pip install c"))
    assert driven.why(Scripted(anew=5, fails=5)) == {5: "the step was: pip install b"}
    assert driven.why(Scripted(anew=5, fails=5)) == {5: FAILED}
    driven.plan = PLAN
    assert driven.why(Scripted(anew=6)) == {6: GONE}


def test_without_any_good_build_it_is_compared_with_the_newest(driven: Driven) -> None:
    driven.build(Scripted(fails=4))
    assert driven.why(Scripted(anew=4, fails=4)) == {4: FAILED}
    driven.plan = replace(PLAN, steps=("pip install c", "pip install b"))
    assert driven.why(Scripted(anew=4, fails=4)) == {4: "the step was: pip install a"}
    assert driven.why(Scripted(anew=5)) == {5: UNREACHED}


@pytest.mark.parametrize("result", ["cancelled", "lost"])
def test_a_step_that_was_stopped_is_not_called_unreached(driven: Driven, result: str) -> None:
    driven.build(Scripted(anew=4, stops=4, result=result))
    stopped = Earlier(driven.places).look()[-1].step(4)
    assert stopped is not None
    assert (stopped.state, stopped.seconds) == ("stopped", None)
    assert driven.why(Scripted(anew=4, stops=4, result=result)) == {}
    began = {e.index: e.why for e in driven.told if isinstance(e, Step) and e.why}
    assert began == {4: STOPPED}
    assert driven.why(Scripted(anew=5)) == {5: UNREACHED}


def test_what_is_another_than_in_the_good_build_is_told_of_a_stopped_step(driven: Driven) -> None:
    driven.build()
    driven.plan = replace(PLAN, steps=("pip install a", "pip install c"))
    driven.build(Scripted(anew=5, stops=5, result="cancelled"))
    assert driven.why(Scripted(anew=5)) == {5: "the step was: pip install b"}
    driven.build(Scripted(anew=5, stops=5, result="cancelled"))
    assert driven.why(Scripted(anew=5)) == {5: STOPPED}


def test_a_good_build_has_no_stopped_steps(driven: Driven) -> None:
    driven.build(Scripted(stops=4))
    assert [step.index for step in Earlier(driven.places).look()[-1].steps] == [1, 2, 3]


def test_the_end_says_which_good_image_was_there_before(driven: Driven) -> None:
    def good() -> tuple[str, float] | None:
        assert isinstance(driven.told[-1], Finished)
        return driven.told[-1].good

    driven.build()
    assert good() is None
    driven.build(Scripted(fails=4), on="other")
    assert good() is None
    driven.builds = driven.anew()
    driven.build(Scripted(fails=4))
    first = Earlier(driven.places).look()[0]
    assert good() == ("image", first.started + first.seconds)


def test_the_seconds_that_are_usual_are_told(driven: Driven) -> None:
    for seconds in (10.0, 14.0, 90.0):
        assert driven.build(Scripted(seconds=seconds))
    steps = driven.build(Scripted(anew=5, seconds=1.0))
    assert [step.usual for step in steps] == [None, 14.0, 14.0, 14.0, 14.0, 14.0]
    assert {e.usual for e in driven.told if isinstance(e, Step) and e.index == 4} == {14.0}


def test_the_id_of_the_base_says_that_it_is_another(
    driven: Driven, monkeypatch: pytest.MonkeyPatch
) -> None:
    @dataclass(frozen=True)
    class Based(StepReport):
        base: str = ""

    def report_base(base: str) -> dict[int, str]:
        def made(index: int, *rest: Any) -> StepReport:
            return replace(Based(index, *rest), base=base if index == 1 else "")

        monkeypatch.setattr(f"{__name__}.StepReport", made)
        return driven.why(Scripted(anew=2))

    assert report_base("sha256:1") == {2: FIRST}
    assert report_base("sha256:1") == {2: GONE}
    assert report_base("sha256:2") == {2: "python:3.11 is another image now"}


def test_another_engine_has_its_own_past(driven: Driven) -> None:
    driven.build(Scripted(seconds=5.0))
    steps = driven.build(on="other")
    assert steps[1].why == FIRST
    assert steps[1].usual is None
    assert driven.build()[1].why == GONE


def test_a_dockerfile_of_the_projects_own_tells_what_changed(
    driven: Driven, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [Instruction(text, text) for text in ("FROM x", "RUN a")]
    monkeypatch.setattr(f"{__name__}.instructions", lambda plan: texts)
    driven.plan = ImagePlan("", (), (), (), own=Own("Dockerfile"))
    assert driven.why(Scripted(anew=1)) == {1: FIRST}
    (driven.root / "Dockerfile").write_text("FROM x\n")
    assert driven.why(Scripted(anew=1)) == {1: "Dockerfile: new"}
    assert driven.why(Scripted(anew=2)) == {2: GONE}


def test_an_engine_with_steps_of_its_own(driven: Driven) -> None:
    driven.build(Scripted(totals=3))
    driven.plan = replace(PLAN, steps=("pip install a", "pip install c"))
    assert driven.why(Scripted(anew=1, totals=3)) == {1: "the step was: pip install b"}
    (driven.root / "train.py").write_text("2")
    assert driven.why(Scripted(anew=3, totals=3)) == {3: "train.py: content"}


def test_a_build_is_kept_whatever_its_end(driven: Driven) -> None:
    driven.build()
    driven.build(Scripted(fails=4))
    driven.build(Scripted(error="no engine"))
    driven.build(Scripted(fails=4), until=5)  # a part of an image tells nothing of the whole
    kept = Earlier(driven.places).look()
    assert [record.outcome for record in kept] == ["done", "failed", "failed"]
    assert [step.size for step in kept[0].steps] == [5, None, None, None, None, None]
    assert kept[0].made.signature == look(driven.root, Limits()).signature
    assert kept[1].steps[-1].state == "failed"
    assert kept[2].message == "no engine"
    assert kept[2].steps == ()


def test_a_plan_without_instructions_is_told_by_the_engine(driven: Driven) -> None:
    driven.plan = replace(PLAN, base="no image!")
    assert driven.build(Scripted(error="no image! is no name")) == []
    driven.plan = PLAN
    assert driven.why() == {2: FIRST}


def test_a_record_that_cannot_be_written_costs_no_build(driven: Driven) -> None:
    driven.places.home.mkdir()
    (driven.places.home / "builds").write_text("in the way")
    assert driven.build()
    assert isinstance(driven.told[-1], Finished)
    assert driven.told[-1].outcome == "done"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("broken", ["LogWriter", "Explained"])
def test_whatever_breaks_is_told_as_ended(
    driven: Driven, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    def breaks(*_: object) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(f"pxtui.session.builds.{broken}", breaks)
    driven.build()
    for thread in threading.enumerate():
        if thread.name == "pxtui build":
            thread.join(LIMIT)  # what it raises is this test's
    (finished,) = [e for e in driven.told if isinstance(e, Finished)]
    assert finished.outcome == "failed"
    assert "an error in pxtui itself" in finished.message
