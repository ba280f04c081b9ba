"""Images of a session: tidied after a build, removed by a person, missed when a run starts."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from pxtui import history, project
from pxtui.engine import FoundImage
from pxtui.engine.fake import FakeEngine, Script
from pxtui.errors import EngineError, NoEngine
from pxtui.events import Dropped, Finished, ImageGone, Notice, Queued, Started
from pxtui.places import ProjectPlaces
from pxtui.session import images
from pxtui.session.link import Link
from pxtui.state import Image, State, apply
from tests.cli.test_runs import made as run_made
from tests.session.conftest import ENDLESS, Driven, Open

Make = Callable[..., Path]


@pytest.fixture
def root(make_project: Make) -> Path:
    return make_project()


@pytest.fixture
def places(root: Path) -> ProjectPlaces:
    return project.find(root).places


@pytest.fixture
def engine(places: ProjectPlaces) -> FakeEngine:
    """Six images of the code, the first the oldest, and one of another project."""
    made = FakeEngine()
    for n in range(6):
        tag, at = f"pxtui/{places.project}:{n}", time.time() - 100 + n
        made.found[f"i{n}"] = FoundImage(
            f"i{n}", "code", places.project, "k", str(n), (tag,), at, 100
        )
    made.found["other"] = FoundImage("other", "code", "0" * 12, "k", "s", ("t",), 1.0, 100)
    return made


def nothing() -> frozenset[str]:
    return frozenset()


def test_the_newest_stay_and_what_a_kept_run_names(
    root: Path, engine: FakeEngine, places: ProjectPlaces
) -> None:
    run_made(places, 1, image="i0")
    images.tidy(engine, root, 2, lambda: frozenset({f"pxtui/{places.project}:2"}))
    assert set(engine.found) == {"i0", "i2", "i4", "i5", "other"}
    assert images.folder(places.project) == str(root)
    history.remove(places, history.read_all(places)[0].id)
    images.tidy_soon(engine, root, 2, nothing).join(10)
    assert set(engine.found) == {"i4", "i5", "other"}


def test_it_ends_where_another_build_begins(root: Path, engine: FakeEngine) -> None:
    answers = [frozenset[str](), None]
    images.tidy(engine, root, 2, lambda: answers.pop(0))
    assert set(engine.found) == {"i1", "i2", "i3", "i4", "i5", "other"}


def test_what_is_wanted_only_now_stays(root: Path, engine: FakeEngine) -> None:
    images.tidy(engine, root, 2, lambda: frozenset(["i1"]))
    assert "i1" in engine.found


def test_every_trouble_is_only_logged(
    root: Path,
    engine: FakeEngine,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.INFO, "pxtui")

    def busy(image: str) -> None:
        raise EngineError(f"{image} is busy")

    monkeypatch.setattr(engine, "remove_image", busy)
    images.tidy(engine, root, 2, nothing)
    assert len(engine.found) == 7
    assert "i3 stays: i3 is busy" in caplog.text

    def gone(project: str = "") -> tuple[FoundImage, ...]:
        raise NoEngine("it is gone")

    monkeypatch.setattr(engine, "list_images", gone)
    images.tidy(engine, root, 2, nothing)
    assert "not tidied: it is gone" in caplog.text


def test_what_a_session_needs_after_a_build() -> None:
    started = Started("build", "b1", 1, "asked", 0.0, "t")
    finished = Finished("build", "b1", "done", None, "new", 1.0, "", None, 2.0)
    state = apply(State(image=Image("old", "t")), started)
    assert images.in_use(state, finished) == frozenset({"old", "new"})
    assert images.in_use(apply(state, finished), finished) == frozenset({"new"})
    assert (
        images.in_use(apply(state, Started("build", "b2", 2, "asked", 0.0, "t")), finished) is None
    )


def test_a_wrong_note_of_a_folder_is_not_believed(root: Path, places: ProjectPlaces) -> None:
    assert images.folder(places.project) == images.folder("") == ""
    images.remember(root)
    written = (places.home / "root").stat()
    images.remember(root)
    assert (places.home / "root").stat() == written
    assert images.folder(places.project) == str(root)
    (places.home / "root").write_text("/etc")
    assert images.folder(places.project) == ""


async def test_a_session_shows_and_removes_its_images(root: Path, opened: Open) -> None:
    async with opened(root, Script(step_seconds=0.005)) as driven:
        session = driven.session
        session.build()
        await driven.trusted()
        await driven.finished(1, "build")
        found = await images.look(session)
        assert [one.image.kind for one in found] == ["environment", "code"]
        done = await images.remove_one(session, found[1])
        assert [one.image.id for one in done.images] == [found[1].image.id]
        assert [one.image.kind for one in await images.look(session)] == ["environment"]


async def test_a_session_without_an_engine_says_why(root: Path, opened: Open) -> None:
    async with opened(root, Script(down="nothing answers")) as driven:
        await driven.session.ready()
        with pytest.raises(EngineError, match="nothing answers"):
            await images.look(driven.session)


async def built(driven: Driven) -> str:
    """Build; the image."""
    driven.session.build()
    await driven.trusted()
    await driven.finished(1, "build")
    assert driven.state.image
    return driven.state.image.id


def run_notices(driven: Driven) -> list[str]:
    return [e.text for e in driven.told if isinstance(e, Notice) and "built again" in e.text]


async def test_a_removal_in_the_app_is_known_to_the_session(root: Path, opened: Open) -> None:
    async with opened(root) as driven:
        image = await built(driven)
        held = next(one for one in await images.look(driven.session) if one.image.id == image)
        await images.remove_one(driven.session, held)
        assert driven.state.image is None
        driven.session.run()
        (run,) = await driven.finished()
        assert (run.outcome, run.number) == ("done", 1)
        assert len(driven.engine.requests) == 2
        assert not run_notices(driven), "that is an ordinary build"


async def test_a_run_whose_image_was_removed_outside_is_built_first_and_keeps_its_values(
    root: Path, opened: Open
) -> None:
    async with opened(root, Script(step_seconds=0.005, line_seconds=0.005)) as driven:
        driven.engine.remove_image(await built(driven))
        driven.session.edit(("declarations", "lr"), "0.7")
        driven.session.run()
        await driven.until(lambda: driven.state.queue or driven.state.building)
        driven.session.edit(("declarations", "lr"), "0.8")
        (run,) = await driven.finished()
        assert (run.outcome, run.number) == ("done", 1)
        assert driven.engine.specs[0].cmd.endswith('--lr="0.7"')
        assert len(run_notices(driven)) == 1
        assert len(driven.engine.requests) == 2
        assert [r.number for r in history.read_all(driven.session.project.places)] == [1]
        assert driven.state.image_is_current


async def test_all_that_wait_for_the_image_wait_for_one_build(root: Path, opened: Open) -> None:
    async with opened(root, ENDLESS) as driven:
        image = await built(driven)
        driven.session.run()
        await driven.speaks()
        for count, lr in enumerate(("0.2", "0.3"), 1):
            driven.session.edit(("declarations", "lr"), lr)
            driven.session.run(on_busy="queue")
            await driven.until(lambda n=count: len(driven.state.queue) == n)  # type: ignore[misc]
        driven.engine.images.discard(image)
        for count in (1, 2, 3):
            await driven.until(lambda n=count: len(driven.engine.specs) == n and driven.state.runs)  # type: ignore[misc]
            driven.session.stop()
            await driven.finished(count)
        assert ['"0.2"' in s.cmd or '"0.3"' in s.cmd for s in driven.engine.specs] == [
            False, True, True,
        ]  # fmt: skip
        assert len(driven.engine.requests) == 2
        assert len(run_notices(driven)) == 1


async def test_a_build_that_fails_ends_what_waits_for_it(root: Path, opened: Open) -> None:
    async with opened(root) as driven:
        driven.engine.remove_image(await built(driven))
        driven.engine.script = replace(driven.engine.script, fail_step=2)
        driven.engine.environments.clear()
        driven.session.run()
        *_, build = await driven.finished(2, "build")
        assert build.outcome == "failed"
        assert not driven.state.queue
        assert driven.state.wish is None
        assert not driven.of(Queued)[1:]
        assert not history.read_all(driven.session.project.places)


async def test_an_image_that_goes_each_time_is_built_once_more_only(
    root: Path, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(root) as driven:
        await built(driven)
        monkeypatch.setattr(driven.engine, "images", Forgetful())
        driven.session.run()
        (run,) = await driven.finished()
        assert run.outcome == "failed"
        assert len(driven.engine.requests) == 2
        await driven.until(lambda: driven.state.image is None)


class Forgetful(set[str]):
    """What is put in is gone at once."""

    def add(self, image: str) -> None:
        """Nothing is kept."""


async def test_a_repeated_run_of_an_image_that_is_gone(root: Path, opened: Open) -> None:
    async with opened(root) as driven:
        image = await built(driven)
        driven.session.run()
        await driven.finished()
        driven.engine.images.discard(image)
        driven.session.repeat()
        *_, second = await driven.finished(2)
        assert (second.outcome, len(driven.engine.requests)) == ("done", 2)
        (root / "train.py").write_text("print('another')\n")
        await driven.until(lambda: not driven.state.image_is_current)
        driven.engine.images.clear()
        driven.session.repeat()
        await driven.until(lambda: driven.of(Dropped))
        assert [e.message for e in driven.told if isinstance(e, Dropped)] == [
            "the image of that run was removed, and the project is another now: press r"
        ]
        assert not driven.state.queue
        assert len(driven.engine.requests) == 2


async def test_the_connection_sees_that_the_image_is_gone(root: Path, opened: Open) -> None:
    async with opened(root) as driven:
        teller, image = driven.session._parts.teller, await built(driven)
        look = Link(
            lambda: driven.engine,
            str,
            print,
            keep_trying=False,
            beside=partial(images.miss, teller),
        ).work
        look()
        assert not driven.of(ImageGone)
        driven.engine.remove_image(image)
        look()
        await driven.until(lambda: driven.of(ImageGone))
        assert driven.state.image is None
        look()
        assert len(driven.of(ImageGone)) == 1
