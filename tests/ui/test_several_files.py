"""Files laid over each other on the screen: each value in its own file, there it is changed."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot

from pxtui import project
from pxtui.engine.fake import FakeEngine, Script
from pxtui.session import Session
from pxtui.settings import Settings
from pxtui.ui.app import PxtuiApp
from pxtui.ui.dialogs.add import Add
from pxtui.ui.field import Field
from pxtui.ui.panes.file import File
from pxtui.ui.panes.file_marks import notes
from pxtui.ui.panes.file_view import FileView
from tests.ui import example as x
from tests.ui.seeing import press, until, words

Make = Callable[..., Path]
On = Callable[..., contextlib.AbstractAsyncContextManager[tuple[PxtuiApp, Pilot[int]]]]
FIRST = """\
version: 1
kind: job
declarations:
  lr: 0.1
  batch: 64
  spare: 1
run:
  image: busybox:1
  cmd: train --lr={{ lr }} --batch={{ batch }}
"""
OVER = "version: 1\nkind: job\n\ndeclarations:\n  lr: 0.5\n"


@pytest.fixture
def on_files(make_project: Make) -> On:
    @contextlib.asynccontextmanager
    async def on(
        *over: str, first: str = FIRST, size: tuple[int, int] = (120, 40)
    ) -> AsyncIterator[tuple[PxtuiApp, Pilot[int]]]:
        named = {f"over{n}.yml": text for n, text in enumerate(over, 1)}
        root = make_project(first, **named)
        found = project.find(root, None, [root / name for name in named])
        settings = Settings(engine="fake")
        async with Session(found, settings, lambda: FakeEngine(Script())) as session:
            app = PxtuiApp(session)
            async with app.run_test(size=size) as pilot:
                await until(pilot, lambda: session.state.engine is not None)
                yield app, pilot

    return on


@pytest.fixture
def opened_in_editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where an editor of the name `vi` writes what it was started with."""
    script, args = tmp_path / "vi", tmp_path / "args"
    script.write_text(f'#!/bin/sh\necho "$@" > {args}\n')
    script.chmod(0o755)
    monkeypatch.setenv("VISUAL", str(script))
    monkeypatch.setattr(PxtuiApp, "suspend", lambda self: contextlib.nullcontext())
    return args


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (60, 60)])
async def test_the_file_of_the_current_row_is_shown(on_files: On, size: tuple[int, int]) -> None:
    async with on_files(OVER, size=size) as (app, pilot):
        await until(pilot, lambda: "over1.yml · 2 of 2 ─" in words(app))
        assert "lr: 0.5" in words(app)
        assert "busybox:1" not in _file_lines(app)
        assert app.body.query_one(FileView).here == 5
        await press(pilot, "down")
        await until(pilot, lambda: "polyaxonfile.yml · 1 of 2 ─" in words(app))
        assert "batch: 64" in _file_lines(app)
        await press(pilot, "up")
        await until(pilot, lambda: "over1.yml · 2 of 2 ─" in words(app))


async def test_a_file_without_values_is_shown_by_a_key_and_edited(
    on_files: On, opened_in_editor: Path
) -> None:
    over = "version: 1\nkind: job\nrun:\n  cmd: c {{ lr }}\n"
    async with on_files(over, OVER) as (app, pilot):
        await until(pilot, lambda: "over2.yml · 3 of 3 ─" in words(app))
        await press(pilot, "1", "n")
        await until(pilot, lambda: "polyaxonfile.yml · 1 of 3 ─" in words(app))
        await press(pilot, "n", "home", "down")
        await until(pilot, lambda: "over1.yml · 2 of 3 ─" in words(app))
        app.session.reload()
        await press(pilot, "e")
        await until(pilot, opened_in_editor.exists)
        await until(pilot, lambda: len(opened_in_editor.read_text().split()) == 2)
    assert opened_in_editor.read_text().split() == ["+2", str(app.session.root / "over1.yml")]


async def test_what_is_said_of_all_files_names_none(on_files: On) -> None:
    async with on_files(OVER, size=(80, 24)) as (app, pilot):
        await press(pilot, "1")
        await until(pilot, lambda: "2 files ✓ valid · " in words(app))


async def test_one_file_has_no_head(on_files: On) -> None:
    async with on_files() as (app, pilot):
        await until(pilot, lambda: "lr: 0.1" in words(app))
        assert " of 1" not in words(app)


async def test_marks_stand_in_the_file_that_they_are_about(on_files: On) -> None:
    over = OVER + "  batch: 32\nrun:\n  image: busybox:2\n  cmd: c {{ lr }} {{ batch }}\n"
    async with on_files(over) as (app, pilot):
        app.session.edit(("declarations", "lr"), "0.7")
        app.session.edit(("declarations", "new"), "1")
        await until(pilot, lambda: "~ 1 value more in the next run" in words(app))
        assert "~ 0.7 in the next run" in _file_lines(app)
        await press(pilot, *["down"] * 2)
        await until(pilot, lambda: "polyaxonfile.yml · 1 of 2" in words(app))
        assert "in the next run" not in _file_lines(app)
        assert re.search("spare: 1 .* nothing uses spare", _file_lines(app))
        state = replace(app.session.state, engine=x.ENGINE)
    said = [notes(state, file) for file in ("polyaxonfile.yml", "over1.yml")]
    assert ["not here yet" in one.values() for one in said] == [False, True], "the last one wins"


async def test_a_problem_is_shown_in_its_own_file_and_edited_there(
    on_files: On, opened_in_editor: Path
) -> None:
    over = "version: 1\nkind: job\nrun:\n  cmd: c {{ nope }} {{ lr }} {{ batch }} {{ spare }}\n"
    async with on_files(over) as (app, pilot):
        assert app.body.query_one(File).file == "polyaxonfile.yml"
        await until(pilot, lambda: "over1.yml line 4:" in words(app))
        await press(pilot, "exclamation_mark")
        await until(pilot, lambda: "over1.yml · 2 of 2" in words(app))
        assert "4 !" in _file_lines(app)
        await press(pilot, "e")
        await until(pilot, opened_in_editor.exists)
        await until(pilot, lambda: len(opened_in_editor.read_text().split()) == 2)
        assert app.body.query_one(File).file == "over1.yml", "the row was not left for another"
    root = app.session.root
    assert opened_in_editor.read_text().split() == ["+4", str(root / "over1.yml")]


async def test_an_error_stands_at_the_row_of_its_own_file_only(on_files: On) -> None:
    first = FIRST.replace("  lr: 0.1\n", "  lr: 0.1\n  depth: '{{ nope }}'\n")
    over = "version: 1\nkind: job\n\ndeclarations:\n  spare: 3\n"  # in line 5 too
    async with on_files(over, first=first) as (app, pilot):
        await until(pilot, lambda: bool(app.form.columns.errors))
        assert [*app.form.columns.errors] == [("declarations", "depth")]


@pytest.mark.parametrize(("downs", "place"), [(0, "+5 over1.yml"), (1, "+5 polyaxonfile.yml")])
async def test_the_editor_opens_the_file_of_the_row(
    on_files: On, opened_in_editor: Path, downs: int, place: str
) -> None:
    async with on_files(OVER) as (_, pilot):
        await press(pilot, *["down"] * downs, "e")
        await until(pilot, opened_in_editor.exists)
        await until(pilot, lambda: len(opened_in_editor.read_text().split()) == 2)
    line, file = opened_in_editor.read_text().split()
    assert f"{line} {Path(file).name}" == place


async def test_a_text_is_checked_against_all_files_and_written_to_its_own(on_files: On) -> None:
    first = FIRST.replace("lr: 0.1", "lr: {start: 1}")  # alone it could be another map
    async with on_files(OVER, first=first) as (app, pilot):
        await press(pilot, "enter", "ctrl+u", *"{end: 2}", "enter")
        await until(pilot, lambda: "another file would then say more" in words(app))
        assert app.screen.query_one("#field", Field).has_class("-refused")
        assert app.session.state.edits == ()
        await press(pilot, "ctrl+u", *"0.7", "enter")
        await until(pilot, lambda: "lr  float · 0.5 in over1.yml" in words(app))
        await press(pilot, "down", "enter", "ctrl+u", *"32", "enter")
        await until(pilot, lambda: len(app.session.state.edits) == 2)
        await press(pilot, "ctrl+s")
        told = "written to polyaxonfile.yml and over1.yml: lr, batch"
        await until(pilot, lambda: told in words(app))
    root = app.session.root
    assert (root / "over1.yml").read_text() == OVER.replace("0.5", "0.7")
    assert (root / "polyaxonfile.yml").read_text() == first.replace("64", "32")


async def test_what_is_added_is_checked_against_all_files(on_files: On) -> None:
    over = "version: 1\nkind: job\ndeclarations: {lr: 0.5}\n"
    first = FIRST.replace("lr: 0.1", "lr: {end: 1}")  # alone it could be added to
    async with on_files(over, first=first) as (app, pilot):
        await press(pilot, "plus", *"lr.start: 1", "enter")
        await until(pilot, lambda: "✗" in words(app))
        assert isinstance(app.screen, Add)
        await press(pilot, "ctrl+u", *"new: 1", "enter")
        await until(pilot, lambda: "changes nothing · not in over1.yml yet" in words(app))


async def test_a_secret_that_a_later_file_hides_is_not_shown_either(on_files: On) -> None:
    first = FIRST.replace("  lr: 0.1\n", "  opt: {api_key: canary}\n  lr: 0.1\n")
    async with on_files("version: 1\ndeclarations:\n  opt: 3\n", first=first) as (app, pilot):
        await press(pilot, "down")
        await until(pilot, lambda: "polyaxonfile.yml · 1 of 2" in words(app))
        assert "api_key: •" in _file_lines(app)
        assert "canary" not in words(app)


def _file_lines(app: PxtuiApp) -> str:
    """The lines of the file as they are seen."""
    view = app.body.query_one(FileView)
    rows = [view.line(at, view.size.width) for at in range(view.count())]
    return "\n".join("".join(piece.text for piece in row) for row in rows)
