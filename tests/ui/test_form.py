"""Next run and Will run: values are shown, changed and refused."""

from __future__ import annotations

import itertools
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pxtui import events as e
from pxtui.polyaxonfile.reading import Declaration, Reading
from pxtui.ui import command_lines
from pxtui.ui.app import PxtuiApp
from pxtui.ui.field import Field
from pxtui.ui.panes.next_run import Form
from pxtui.ui.panes.will_run import Command
from tests.ui import example as x
from tests.ui.seeing import press, until, words
from tests.ui.stub import StubSession

SIZE = (120, 40)


def app_on(*events: e.Event) -> tuple[PxtuiApp, StubSession]:
    session = StubSession(Path("/home/you/code/mnist"), *events)
    return PxtuiApp(session, now=lambda: x.NOW), session


async def test_enter_opens_a_field_and_enter_accepts_what_was_typed() -> None:
    app, session = app_on(*x.OPENED)
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "down", "enter")
        await press(pilot, "0", ".", "0", "5", "r")
        field = app.screen.query_one("#field", Field)
        assert field.value == "0.05r"
        await press(pilot, "backspace", "enter")
        assert ("edit", x.path("lr"), "0.05") in session.asked
        assert isinstance(app.focused, Form)
        assert not field.display


async def test_escape_leaves_the_value_as_it_was() -> None:
    app, session = app_on(*x.OPENED)
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "c", "9", "escape")
        assert session.asked == []
        assert not app.screen.query_one("#field", Field).display


async def test_an_unchanged_value_is_no_edit() -> None:
    app, session = app_on(*x.OPENED)
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "enter", "enter")
        assert session.asked == []


async def test_a_text_that_cannot_stand_in_the_file_marks_the_field_and_leaves_it_open() -> None:
    locked = e.FileText(x.FILE, x.TEXT.replace("batch_size: 128", "batch_size: [128]"))
    app, session = app_on(*x.OPENED, locked)
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "enter", "6", "4", "enter")
        field = app.screen.query_one("#field", Field)
        assert field.display
        assert field.has_class("-refused")
        assert "cannot be set" in words(app)
        assert session.asked == []


async def test_a_switch_turns_in_the_spelling_of_the_file() -> None:
    app, session = app_on(*x.OPENED)
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "end", "enter")
        assert session.asked[-1] == ("edit", x.path("use_amp"), "false")


async def test_the_values_own_keys_reach_the_session() -> None:
    app, session = app_on(*x.OPENED)
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "u", "U", "equals_sign", "f2")
        assert session.asked == [
            ("undo",), ("redo",), ("reset", x.path("batch_size")), ("save",),
        ]  # fmt: skip


async def test_a_list_is_changed_in_the_editor() -> None:
    reading = x.reading()
    item = replace(reading.declarations[0], editable=False, type="list", text="[1, 2]")
    reading = replace(reading, declarations=(item, *reading.declarations[1:]))
    app, session = app_on(e.Loaded(reading, reading, ()), x.FILE_TEXT)
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "enter")
        assert "press e" in words(app)
        assert session.asked == []


async def test_changes_stand_beside_the_values_of_the_file() -> None:
    app, _ = app_on(x.loaded(lr="0.01"), x.FILE_TEXT)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: "1 of 6 changed" in words(app))
        row = next(line for line in words(app).splitlines() if " lr " in line)
        assert row.split()[:4] == ["~", "lr", "0.01", "0.1"]
        assert "nothing uses it" in words(app) or "not used" in words(app)


async def test_twenty_thousand_declarations_are_a_window() -> None:
    many = tuple(
        Declaration(f"p{n}", ("declarations", f"p{n}"), str(n), "int", n, True, True)
        for n in range(20_000)
    )
    reading = Reading("polyaxonfile.yml", "", many, x.reading().resolved, ())
    app, _ = app_on(e.Loaded(reading, reading, ()))
    async with app.run_test(size=SIZE) as pilot:
        assert len(app.screen.query("*")) < 60
        await press(pilot, "end")
        await until(pilot, lambda: "p19999" in words(app))
        start = time.monotonic()
        await press(pilot, *["up"] * 20)
        assert time.monotonic() - start < 5


words_of_commands = st.lists(
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Cf", "Zl", "Zp"]), min_size=1).map(
        lambda text: text.strip() or "x"
    ),
    min_size=1,
    max_size=30,
)


@given(words_of_commands, st.integers(20, 100), st.booleans())
def test_a_broken_command_is_the_command(parts: list[str], width: int, compact: bool) -> None:
    cmd = " ".join(parts)
    lines = (command_lines.flowed if compact else command_lines.broken)(cmd, width)
    assert lines[0].start == 0
    assert lines[-1].end == len(cmd)
    for before, after in itertools.pairwise(lines):
        assert cmd[before.end : after.start] in ("", " ", "\n")


def test_only_what_changed_is_marked() -> None:
    base = 'python3 train.py --batch_size="128" --lr="0.1" --epochs=10 -v'
    cmd = 'python3 train.py --batch_size="128" --lr="0.01" --epochs=10 -v --amp'
    marked = [cmd[start:end] for start, end in command_lines.changed_spans(cmd, base)]
    assert marked == ['"0.01"', "--amp"]


def test_a_command_is_broken_at_its_options_and_switches_stay() -> None:
    cmd = 'python3 train.py --lr="0.1 --x" --epochs=10 --amp && tail -f log'
    lines = [cmd[line.start : line.end] for line in command_lines.broken(cmd, 60)]
    assert lines == [
        "python3 train.py", '--lr="0.1 --x"', "--epochs=10 --amp", "&& tail", "-f log",
    ]  # fmt: skip


def overflowing(app: PxtuiApp) -> list[Command]:
    return [c for c in app.screen.query(Command) if c.is_on_screen and c.can_focus]


@pytest.mark.parametrize("size", [SIZE, (80, 24)])
async def test_a_long_command_is_there_to_its_end(size: tuple[int, int]) -> None:
    reading = x.reading()
    assert reading.resolved is not None
    cmd = "python3 train.py " + " ".join(f"--option-{n}=value-{n}" for n in range(40))
    reading = replace(reading, resolved=replace(reading.resolved, cmd=cmd))
    app, _ = app_on(e.Loaded(reading, reading, ()), x.ENGINE)
    async with app.run_test(size=size) as pilot:
        command = next(c for c in app.screen.query("Command") if c.is_on_screen)
        command.focus()
        await press(pilot, "end")
        await until(pilot, lambda: "--option-39=value-39" in words(app))
        assert "…" not in words(app)
