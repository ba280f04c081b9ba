"""The shell before a step: built from what stands before it, its container and image removed."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from pxtui import project
from pxtui.engine import BuildRequest, FoundImage, Outcome, Sink, StepReport
from pxtui.engine.fake import FakeBuild, FakeEngine, FakeRun, Reporter, Script
from pxtui.errors import EngineError
from pxtui.run import RunSpec
from pxtui.session import Session
from pxtui.settings import Settings

CUT = Outcome("done", image="cut")


class Cut(FakeBuild):
    """A build of a part: an image without a name, or what the engine says."""

    def __init__(self, engine: Partial, request: BuildRequest, sink: Sink, report: Reporter):
        super().__init__(engine, request, sink, report)
        self.partial = engine

    def wait(self) -> Outcome:
        if self.partial.outcome.result == "cancelled":
            self._closed.wait(10)
        return self.partial.outcome


@dataclass
class Partial(FakeEngine):
    """Keeps what was done, in order."""

    outcome: Outcome = CUT
    tags: tuple[str, ...] = ()
    done: list[str] = field(default_factory=list)
    started: threading.Event = field(default_factory=threading.Event)
    refuses: str = ""

    def build(self, request: BuildRequest, sink: Sink, report: Reporter) -> FakeBuild:
        self.requests.append(request)
        self.started.set()
        return Cut(self, request, sink, report)

    def run(self, spec: RunSpec, sink: Sink) -> FakeRun:
        if self.refuses:
            raise EngineError(self.refuses)
        self.specs.append(spec)
        self.started.set()
        return FakeRun(self.script, spec, sink)

    def remove(self, run_id: str) -> None:
        self.done.append("container removed")

    def list_images(self, project: str = "") -> tuple[FoundImage, ...]:
        return (FoundImage("cut", "environment", project, "k", "", self.tags, 0.0, 0),)

    def remove_image(self, image: str) -> None:
        self.done.append(f"{image} removed")


async def shell(
    engine: Partial, root: Path, step: int, unwanted: asyncio.Event | None = None
) -> tuple[str, list[str]]:
    said: list[str] = []
    opened = Session(project.find(root), Settings(), lambda: engine, attended=False, follow=False)
    async with opened as session:
        session.begin()
        await session.ready()
        why = await session.shell_before(step, said.append, unwanted or asyncio.Event())
        assert session.state.build is None
        assert session.state.image is None
        assert not session.state.history
    assert not list(session.project.places.home.glob("shell-*"))
    assert not list(session.project.places.home.glob("runs/*"))
    return why, said


async def test_the_state_before_is_built_entered_and_removed(
    make_project: Callable[..., Path],
) -> None:
    engine = Partial()
    why, said = await shell(engine, make_project(), 4)
    assert why == ""
    assert [request.until for request in engine.requests] == [4]
    (spec,) = engine.specs
    assert (spec.image, spec.cmd, spec.tty) == ("cut", "exec /bin/sh", True)
    assert engine.done == ["container removed", "cut removed"]
    told = "\n".join(said)
    assert "the state before step 4 of 5" in told
    assert "    pip install -r polyaxon_requirements.txt" in told
    assert "nothing of this is kept" in told


async def test_an_image_with_a_name_stays(make_project: Callable[..., Path]) -> None:
    engine = Partial(tags=("pxtui/p:env-1",))
    assert (await shell(engine, make_project(), 5))[0] == ""
    assert engine.done == ["container removed"]


@pytest.mark.parametrize("step", [1, 6])
async def test_there_is_no_state_before_the_first_and_after_the_last(
    make_project: Callable[..., Path], step: int
) -> None:
    engine = Partial()
    why, _ = await shell(engine, make_project(), step)
    assert why == f"the image has the steps 2 to 5: there is nothing before step {step}"
    assert engine.requests == []


async def test_what_cannot_be_built_or_entered_is_said(make_project: Callable[..., Path]) -> None:
    engine = Partial(outcome=Outcome("failed", 1, "step 3 of 5 failed"))
    assert (await shell(engine, make_project(), 4))[0] == "step 3 of 5 failed"
    assert engine.done == []
    engine = Partial(refuses="no shell here")
    assert (await shell(engine, make_project(), 4))[0] == "no shell here"
    assert engine.done == ["container removed", "cut removed"]
    broken = make_project("version: 1\nrun: {image: '{{ x }}', cmd: x}\n")
    assert "has errors" in (await shell(Partial(), broken, 4))[0]
    own = make_project("version: 1\nkind: build\nbuild: {dockerfile: Dockerfile}\n")
    (own / "Dockerfile").write_text("FROM scratch\n")
    assert "of your own" in (await shell(Partial(), own, 4))[0]


@pytest.mark.parametrize("outcome", [Outcome("cancelled"), CUT])
async def test_who_wants_it_no_more_is_not_kept_waiting(
    make_project: Callable[..., Path], outcome: Outcome
) -> None:
    endless = Script(line_seconds=0.01, endless=True)
    engine = replace(Partial(script=endless), outcome=outcome)
    unwanted = asyncio.Event()
    loop = asyncio.get_running_loop()

    def leave() -> None:
        assert engine.started.wait(10)
        loop.call_soon_threadsafe(unwanted.set)

    thread = threading.Thread(target=leave)
    thread.start()
    async with asyncio.timeout(10):
        await shell(engine, make_project(), 4, unwanted)
    thread.join()
    assert engine.done in ([], ["container removed", "cut removed"])


async def test_of_a_step_before_the_first_line_is_told(make_project: Callable[..., Path]) -> None:
    class Reporting(Partial):
        def build(self, request: BuildRequest, sink: Sink, report: Reporter) -> FakeBuild:
            for index, text in enumerate(("FROM x", "\nset -e\n  pip install numpi\n"), 1):
                report(StepReport(index, 5, text, "started"))
            return super().build(request, sink, report)

    _, said = await shell(Reporting(), make_project(), 4)
    assert said[:2] == ["  1/5  FROM x", "  2/5  set -e␤…"]
