"""Tidying after a build: what the policy lets go is removed, silently and beside all else."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pxtui import history, project
from pxtui.engine import FoundImage
from pxtui.engine.fake import FakeEngine, Script
from pxtui.errors import EngineError, NoEngine
from pxtui.events import Finished, Started
from pxtui.places import ProjectPlaces
from pxtui.session import images
from pxtui.state import Image, State, apply
from tests.cli.test_runs import made as run_made
from tests.session.conftest import Open

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
