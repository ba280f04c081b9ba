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
from pxtui.ui.dotted import dotted
from pxtui.ui.field import Field
from pxtui.ui.panes.form import Form
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


async def test_a_plus_belongs_into_an_open_field() -> None:
    app, session = app_on(*x.OPENED)
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "down", "enter", *"1e", "plus", "3")
        await until(pilot, lambda: "↵ accept" in words(app))
        assert "+ add" not in words(app)
        await press(pilot, "enter")
        assert session.asked == [("edit", x.path("lr"), "1e+3")]


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
        await press(pilot, "enter", *"[64", "enter")
        field = app.screen.query_one("#field", Field)
        assert field.display
        assert field.has_class("-refused")
        assert "cannot be '[64': that is not one list" in words(app)
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


def with_rows(*declarations: Declaration) -> e.Loaded:
    reading = replace(x.reading(), declarations=declarations)
    return e.Loaded(reading, reading, ())


def row_of(app: PxtuiApp, text: str) -> int:
    return next(y for y, line in enumerate(words(app).splitlines()) if text in line)


async def test_an_open_field_goes_with_its_row() -> None:
    app, session = app_on(*x.OPENED)
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "down", "enter", "0", ".", "9", "9")
        more = x.declaration("above", "1", "int", 1, 8)
        session.tell(with_rows(more, *x.DECLARATIONS))
        await until(pilot, lambda: "above" in words(app))
        field = app.screen.query_one("#field", Field)
        await until(pilot, lambda: field.region.y == row_of(app, " lr "))
        assert "0.99" in words(app).splitlines()[field.region.y]
        await press(pilot, "enter")
        assert session.asked == [("edit", x.path("lr"), "0.99")]


async def test_an_open_field_whose_row_is_gone_is_closed_with_a_message() -> None:
    app, session = app_on(*x.OPENED)
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "down", "enter", "0", ".", "9", "9")
        session.tell(with_rows(x.DECLARATIONS[0], *x.DECLARATIONS[2:]))
        await until(pilot, lambda: "lr is gone from the file: 0.99 was not taken" in words(app))
        assert not app.screen.query_one("#field", Field).display
        assert isinstance(app.focused, Form)
        assert session.asked == []


@pytest.mark.parametrize("rows", [6, 60])
async def test_an_open_field_stays_over_its_row_on_a_resize(rows: int) -> None:
    many = [x.declaration(f"p{n}", str(n), "int", n, n) for n in range(rows)]
    app, _ = app_on(with_rows(*many), x.FILE_TEXT)
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, *["down"] * (rows // 2 + 2), "enter", "7", "7", "7")
        field = app.screen.query_one("#field", Field)
        for size in [(80, 24), SIZE, (100, 50), (80, 24), (58, 16), SIZE]:
            await pilot.resize_terminal(*size)
            name = f" p{rows // 2 + 2} "
            await until(
                pilot,
                lambda name=name: name in words(app) and field.region.y == row_of(app, name),  # type: ignore[misc]
            )
            assert "777" in words(app).splitlines()[field.region.y]
            assert app.focused is field


@pytest.mark.parametrize("key", ["tab", "shift+tab"])
async def test_tab_accepts_what_was_typed(key: str) -> None:
    app, session = app_on(*x.OPENED)
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "down", "enter", "0", ".", "9", key)
        assert session.asked == [("edit", x.path("lr"), "0.9")]
        assert isinstance(app.focused, Form)


async def test_a_terminal_in_the_background_keeps_what_is_typed() -> None:
    app, session = app_on(*x.OPENED)
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "down", "enter", "0", ".", "9")
        app.app_focus = False
        await pilot.pause()
        app.app_focus = True
        await press(pilot, "5", "enter")
        assert session.asked == [("edit", x.path("lr"), "0.95")]


def crowded(**values: str) -> e.Loaded:
    """Many declarations and a command that names them all."""
    names = [f"option_number_{n}" for n in range(40)]

    def made(texts: dict[str, str]) -> Reading:
        rows = tuple(
            x.declaration(n, texts.get(n, "1000000000"), "int", 1, 9, used=n != names[2])
            for n in names
        )
        cmd = "python3 train.py " + " ".join(f"--{d.name}={d.text}" for d in rows)
        resolved = x.reading().resolved
        assert resolved is not None
        return replace(x.reading(), declarations=rows, resolved=replace(resolved, cmd=cmd))

    edits = tuple((x.path(name), text) for name, text in values.items())
    return e.Loaded(made(values), made({}), edits)


@pytest.mark.parametrize("size", [SIZE, (100, 50), (80, 24)])
async def test_the_part_that_changed_last_is_in_view(size: tuple[int, int]) -> None:
    app, session = app_on(crowded(), x.FILE_TEXT, x.ENGINE)
    async with app.run_test(size=size) as pilot:
        command = next(c for c in app.screen.query(Command) if c.is_on_screen)
        await until(pilot, lambda: command.size.height >= (6 if size[0] > 80 else 3))
        session.tell(crowded(option_number_30="77"))
        await until(pilot, lambda: "--option_number_30=77" in words(app))
        session.tell(crowded(option_number_30="77", option_number_9="88"))
        await until(pilot, lambda: "--option_number_9=88" in words(app))
        command.focus()
        await press(pilot, "end")
        await until(pilot, lambda: "--option_number_39=" in words(app))


async def test_columns_without_room_go_as_a_whole_and_marks_stay() -> None:
    changes = {"option_number_1": "77", "option_number_2": "88"}
    app, session = app_on(crowded(), x.FILE_TEXT, x.ENGINE)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: " !  option_number_2 " in words(app))
        session.tell(crowded(**changes))
        await until(pilot, lambda: " ~! option_number_2 " in words(app))
        assert " ~  option_number_1 " in words(app)
        left = words(app).splitlines()[row_of(app, "  name  ")].split("│")[0]
        assert set(left.split()) <= {"name", "value", "file", "type"}


async def test_space_turns_a_switch_and_nothing_else() -> None:
    app, session = app_on(*x.OPENED)
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "space")
        assert session.asked == []
        assert not app.screen.query_one("#field", Field).display
        await press(pilot, "end", "space")
        assert session.asked == [("edit", x.path("use_amp"), "false")]


def ran(number: int, outcome: e.Outcome, lr: str) -> e.PastRun:
    values = (("batch_size", "128"), ("lr", lr), ("gone", "1"))
    return replace(x.past(number, outcome), values=values)


TRIED = e.History(
    (ran(1, "done", "0.5"), ran(2, "failed", "0.01"), ran(3, "done", "0.01"), ran(4, "done", "0.1"),
     ran(5, "cancelled", "1"), ran(6, "failed", "2"), ran(7, "done", "3"))
)  # fmt: skip


async def test_values_tried_before_stand_beside_a_field_newest_first() -> None:
    app, session = app_on(*x.OPENED, TRIED)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: "tried" in words(app))
        row = words(app).splitlines()[row_of(app, "    lr ")].split("│")[0]
        assert row.split() == ["lr", "0.1", "float", "3", "2", "1", "0.01"]
        assert "tried" not in words(app).splitlines()[-2]
        await press(pilot, "down")
        told = "tried 3 #7 ✓ · 2 #6 ✗ · 1 #5 ○ · 0.01 #3 ✓"
        await until(pilot, lambda: told in words(app))
        session.tell(x.loaded(lr="3"))
        told = "tried 2 #6 ✗ · 1 #5 ○ · 0.01 #3 ✓ · 0.1 #4 ✓"
        await until(pilot, lambda: "0.1 in the file · tried 2 #6 ✗" in words(app))


async def test_values_tried_before_give_way_where_there_is_no_room() -> None:
    long = e.History(tuple(ran(n, "done", f"{n}" * 20) for n in range(1, 5)))
    app, _ = app_on(*x.OPENED, long)
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "down")
        await until(pilot, lambda: f"tried {'4' * 20} #4 ✓ · {'3' * 20} #3 ✓" in words(app))
        assert "#2 ✓" not in words(app)


@pytest.mark.parametrize("size", [SIZE, (80, 24), (200, 60)])
async def test_a_secret_is_dots_wherever_it_would_be_shown(size: tuple[int, int]) -> None:
    tried = replace(x.past(3, "done"), values=(("api_key", "hunter2-before"),))
    app, session = app_on(*x.with_secret(), e.History((tried,)))
    async with app.run_test(size=size) as pilot:
        await press(pilot, "end")
        await until(pilot, lambda: "api_key  str · •••••• in the file" in words(app))
        assert "--key=••••••" in words(app)
        assert "hunter2" not in words(app)
        await press(pilot, "enter")
        field = app.screen.query_one("#field", Field)
        assert (field.password, field.value) == (True, "hunter2-typed")
        await press(pilot, "n", "e", "w")
        assert "hunter2" not in words(app)
        assert "new" not in words(app).splitlines()[field.region.y]
        await press(pilot, "enter")
        assert session.asked == [("edit", x.path("api_key"), "new")]
        await press(pilot, "up", "up", "enter")
        assert not field.password


async def test_a_secret_that_is_not_taken_is_not_repeated() -> None:
    app, session = app_on(*x.with_secret())
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "end", "enter", "s", "3", "c")
        app.screen.query_one(Command).can_focus = True
        app.screen.query_one(Command).focus()
        await until(pilot, lambda: "api_key: •••••• was not taken" in words(app))
        assert "s3c" not in words(app)
        locked = x.TEXT.replace("  use_amp: true", "  use_amp: true\n  api_key: [s3c]")
        session.tell(e.FileText(x.FILE, locked))
        app.screen.query_one(Form).focus()
        await press(pilot, "enter", *"[s3c", "enter")
        await until(pilot, lambda: "that is not one list" in words(app))
        assert "s3c" not in words(app)


SECRETS = """\
declarations:
  api_key: "se\\x41cret"  # a comment
  password: |
    secret one

    secret two
  nested: {token: secret, lr: 0.1}
  here: &it secret
  credentials: *it
  max_tokens: 12
"""


def test_secrets_of_a_file_are_dots_and_lines_stay_in_their_places() -> None:
    names = ("api_key", "password", "nested.token", "credentials")
    text = dotted(SECRETS, tuple(x.path(name) for name in names))
    assert "secret" not in text
    assert "x41" not in text
    assert len(text.split("\n")) == len(SECRETS.split("\n"))
    assert "max_tokens: 12" in text
    assert "lr: 0.1}" in text
    assert "# a comment" in text


INPUTS = """\
inputs:
- {name: api_key, type: str, default: canary, description: the key}
- {name: lr, type: float, value: 0.1}
component:
  inputs:
  - name: hf-token
    value: canary
params:
  password: {value: canary}
"""


def test_secrets_of_inputs_are_dots() -> None:
    text = dotted(INPUTS, ())
    assert "canary" not in text
    assert text.count("••••••") == 3
    assert "value: 0.1" in text
    assert "the key" in text


def test_secrets_of_a_file_that_cannot_be_read_are_dots_by_their_keys() -> None:
    broken = SECRETS.replace("  here: &it secret\n", "") + "  password:\n    - secret\nrun: [1\n"
    text = dotted(broken, ())
    assert "secret" not in text
    assert len(text.split("\n")) == len(broken.split("\n"))
    assert "max_tokens: 12" in text
    assert "run: [1" in text
