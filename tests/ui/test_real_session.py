"""The app on a real session with the scripted engine: what a person does and sees."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pxtui import project
from pxtui.engine.fake import FakeEngine, Script
from pxtui.session import Session
from pxtui.settings import Settings
from pxtui.ui.app import PxtuiApp
from pxtui.ui.panes.build import Build
from pxtui.ui.panes.run import Run
from tests.shared import SHARED
from tests.ui.seeing import press, until, words

Make = Callable[..., Path]


def session_on(root: Path, script: Script) -> Session:
    return Session(project.find(root), Settings(engine="fake"), lambda: FakeEngine(script))


async def test_from_opening_to_the_log_of_a_run_by_keys_alone(make_project: Make) -> None:
    script = Script(lines=("trained\n", "!careful\n"), line_seconds=0.0, step_seconds=0.0)
    async with session_on(make_project(), script) as session:
        app = PxtuiApp(session)
        async with app.run_test(size=(120, 40)) as pilot:
            await until(pilot, lambda: session.state.engine is not None)
            assert "python3 train.py" in words(app)
            await press(pilot, "down", "enter")
            await press(pilot, "home", "shift+end", "0", ".", "5", "enter")
            await until(pilot, lambda: '--lr="0.5"' in words(app))
            assert "1 of 2 changed" in words(app)
            await press(pilot, "r")
            await until(pilot, lambda: session.state.question is not None)
            await until(pilot, lambda: "do nothing" in words(app))
            await press(pilot, "enter")
            await until(pilot, lambda: session.state.last is not None)
            await until(pilot, lambda: bool(session.state.history) and "trained" in words(app))
            seen = words(app)
            assert app.body.tab is Run
            assert "! careful" in seen
            assert "✓ done" in seen
            assert "lr 0.5" in seen
            await press(pilot, "3")
            await until(pilot, lambda: app.body.tab is Build and "✓ built" in words(app))
            await press(pilot, "ctrl+s")
            await until(pilot, lambda: not session.state.edits)
            assert "lr: 0.5" in (session.root / "polyaxonfile.yml").read_text()


async def test_a_run_is_stopped_and_left(make_project: Make) -> None:
    script = Script(endless=True, line_seconds=0.01, step_seconds=0.0)
    async with session_on(make_project(), script) as session:
        app = PxtuiApp(session)
        async with app.run_test(size=(80, 24)) as pilot:
            await press(pilot, "r")
            await until(pilot, lambda: "do nothing" in words(app))
            await press(pilot, "enter")
            await until(pilot, lambda: bool(session.state.runs))
            await until(pilot, lambda: "● running" in words(app))
            await press(pilot, "r")
            await until(pilot, lambda: "is still running" in words(app))
            await press(pilot, "escape")
            await until(pilot, lambda: session.state.question is None)
            await press(pilot, "s")
            await until(pilot, lambda: not session.state.runs)
            await until(pilot, lambda: "stopped" in words(app))


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_no_engine_is_said_and_the_file_can_be_edited(
    make_project: Make, size: tuple[int, int]
) -> None:
    async with session_on(make_project(), Script(down="nothing answers at /x.sock")) as session:
        app = PxtuiApp(session)
        async with app.run_test(size=size) as pilot:
            await until(pilot, lambda: "no engine" in words(app))
            await until(pilot, lambda: "none: nothing" in words(app))
            assert "/x.sock" in words(app)
            await press(pilot, "r")
            await until(pilot, lambda: session.state.wish is None)
            assert "--lr=" in words(app)


async def test_no_polyaxonfile_says_what_to_do(tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    async with session_on(folder, Script()) as session:
        app = PxtuiApp(session)
        async with app.run_test(size=(120, 40)) as pilot:
            await until(pilot, lambda: "pxtui demo" in words(app))
            assert "no polyaxonfile in" in words(app)
            (folder / "polyaxonfile.yml").write_text("version: 1\nrun:\n  image: a\n  cmd: b\n")
            session.reload()
            await until(pilot, lambda: "version: 1" in words(app))


SPECIAL = {
    **dict.fromkeys(("fifo", "dir", "devnull", "devzero", "socket"), "not a regular file"),
    "proc": "no file on a disk",
    **dict.fromkeys(("huge", "sparse"), "is the most"),
    **dict.fromkeys(("dangling", "loop", "immutable"), "no polyaxonfile"),
    **dict.fromkeys(("hard", "link", "ro-dir"), "batch_size"),
}


@pytest.fixture(scope="module")
def special(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if SHARED is None:
        pytest.skip("the shared files are not here")
    folder = tmp_path_factory.mktemp("special")
    make = SHARED / "nasty-polyaxonfiles/make_special.sh"
    subprocess.run(["bash", str(make), str(folder)], check=True)
    return folder


@pytest.mark.parametrize(("name", "shown"), SPECIAL.items())
async def test_what_is_no_plain_file_opens_too(special: Path, name: str, shown: str) -> None:
    file = special / name / "polyaxonfile.yml"
    session = Session(
        project.find(special / name, file), Settings(engine="fake"), lambda: FakeEngine(Script())
    )
    async with session:
        app = PxtuiApp(session)
        async with app.run_test(size=(120, 40)) as pilot:
            await until(pilot, lambda: shown in words(app))
            await press(pilot, "question_mark", "escape", "exclamation_mark", "ctrl+s", "q")
            await until(pilot, lambda: not app.is_running)
