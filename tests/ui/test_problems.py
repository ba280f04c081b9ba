"""Problems of the file: gone through one by one, mended where that can be done, else edited."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path

import pytest

from pxtui import events as e
from pxtui.polyaxonfile.problems import Problem
from pxtui.ui.app import PxtuiApp
from pxtui.ui.field import Field
from pxtui.ui.panes.file_view import FileView
from tests.ui import example as x
from tests.ui import scenes
from tests.ui.seeing import press, until, words
from tests.ui.stub import StubSession

SIZE = (120, 40)
MENDABLE = Problem(
    "W_DATE", "start: 2018-01-02 is a date: Polyaxon makes nothing of it", x.FILE, 10, 3,
    "put it in quotes", ((x.path("dropout"), '"2018-01-02"'), (x.path("epochs"), None)),
)  # fmt: skip


def app_on(
    *events: e.Event, root: Path = Path("/home/you/code/mnist")
) -> tuple[PxtuiApp, StubSession]:
    session = StubSession(root, *events)
    return PxtuiApp(session, now=lambda: x.NOW), session


def with_problems(*problems: Problem) -> tuple[e.Event, ...]:
    read = replace(x.reading(), problems=problems)
    return (e.Loaded(read, read, ()), x.FILE_TEXT, x.ENGINE, x.TREE)


@pytest.fixture
def opened_in_editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where an editor of the name `vi` writes what it was started with."""
    script, args = tmp_path / "vi", tmp_path / "args"
    script.write_text(f'#!/bin/sh\necho "$@" > {args}\n')
    script.chmod(0o755)
    monkeypatch.setenv("VISUAL", str(script))
    monkeypatch.setattr(PxtuiApp, "suspend", lambda self: contextlib.nullcontext())
    return args


@pytest.mark.parametrize("size", [SIZE, (80, 24)])
async def test_a_problem_that_can_be_mended_is_mended_by_enter(size: tuple[int, int]) -> None:
    app, session = app_on(*with_problems(MENDABLE))
    async with app.run_test(size=size) as pilot:
        await press(pilot, "exclamation_mark")
        assert isinstance(app.focused, FileView)
        assert app.focused.here == 10
        await until(pilot, lambda: "↵ mends it: put it in quotes" in words(app))
        await press(pilot, "enter")
        assert session.asked == [("edit_all", MENDABLE.fix)]
        session.tell(e.Invalid(replace(x.reading(), resolved=None), x.reading(), MENDABLE.fix))
        await until(pilot, lambda: "2 changed" in words(app) or "2 of " in words(app))
        assert "mended: put it in quotes · u undoes it" in words(app)


async def test_of_several_problems_in_a_line_the_one_under_the_cursor_is_mended() -> None:
    other = replace(MENDABLE, message="another", hint="other", fix=((x.path("lr"), "1"),))
    app, session = app_on(*with_problems(x.UNUSED, MENDABLE, other))
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "exclamation_mark", "enter")
        assert session.asked[0] == ("edit_all", MENDABLE.fix)
        await press(pilot, "down", "down", "enter")
        assert session.asked[-1] == ("edit_all", other.fix)


async def test_an_error_of_a_row_opens_its_field(opened_in_editor: Path) -> None:
    app, session = app_on(*scenes._field_error())
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "exclamation_mark")
        await until(pilot, lambda: "↵ changes the value in the form" in words(app))
        await press(pilot, "enter")
        field = app.screen.query_one("#field", Field)
        assert field.display
        assert field.value == "{{ epoch }}"
        await press(pilot, "1", "2", "enter")
        assert session.asked == [("edit", x.path("epochs"), "12")]
    assert not opened_in_editor.exists()


async def test_what_cannot_be_mended_is_opened_at_its_line(
    opened_in_editor: Path, tmp_path: Path
) -> None:
    app, session = app_on(*scenes._invalid(), root=tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "exclamation_mark", "exclamation_mark")
        await until(pilot, lambda: "↵ opens your editor at line 10" in words(app))
        await press(pilot, "exclamation_mark", "exclamation_mark")
        await until(pilot, lambda: "↵ opens your editor at line 21" in words(app))
        await press(pilot, "enter")
        await until(pilot, lambda: ("reload",) in session.asked)
    assert opened_in_editor.read_text().split() == ["+21", str(tmp_path / x.FILE)]


async def test_the_editor_opens_at_the_line_under_the_cursor(
    opened_in_editor: Path, tmp_path: Path
) -> None:
    app, session = app_on(*x.OPENED, root=tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "1", *["down"] * 4, "enter")
        await until(pilot, lambda: "no problem stands in this line" in words(app))
        await press(pilot, "e")
        await until(pilot, lambda: ("reload",) in session.asked)
    assert opened_in_editor.read_text().split()[0] == "+5"


async def test_the_editor_opens_at_the_line_of_the_file_not_of_the_working_set(
    opened_in_editor: Path, tmp_path: Path
) -> None:
    rows = tuple(replace(d, line=d.line - 1) for d in x.DECLARATIONS if d.name != "batch_size")
    told = replace(x.UNUSED, line=9)
    now = replace(x.reading(), declarations=rows, problems=(told,))
    edits = ((x.path("batch_size"), None),)
    app, session = app_on(e.Loaded(now, x.reading(), edits), x.FILE_TEXT, root=tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: "10 !   dropout: 0.5" in words(app))
        await press(pilot, "down", "down", "e")
        await until(pilot, lambda: ("reload",) in session.asked)
    assert opened_in_editor.read_text().split()[0] == "+10"
