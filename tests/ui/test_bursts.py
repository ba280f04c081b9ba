"""Keys act in the order in which they were typed, also those that come together in one read."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual import events

from pxtui import events as e
from pxtui import project
from pxtui.engine.fake import FakeEngine, Script
from pxtui.session import Session
from pxtui.settings import Settings
from pxtui.ui import allowed
from pxtui.ui.app import PxtuiApp
from pxtui.ui.dialogs.add import Add
from pxtui.ui.dialogs.choose import Choose
from pxtui.ui.dialogs.chord import WatchChord
from pxtui.ui.dialogs.help import Help
from pxtui.ui.dialogs.inspect import Inspect
from pxtui.ui.dialogs.label import Label
from pxtui.ui.dialogs.leaving import leaving
from pxtui.ui.dialogs.palette import Command, Palette
from pxtui.ui.dialogs.panel import Once
from pxtui.ui.dialogs.share import Share
from pxtui.ui.field import Field
from pxtui.ui.panes.form import Form
from tests.ui import example as x
from tests.ui import scenes
from tests.ui.bursts import burst
from tests.ui.seeing import press, until, words
from tests.ui.stub import StubSession

SIZE = (120, 40)
Make = Callable[..., Path]


def app_on(*told: e.Event) -> tuple[PxtuiApp, StubSession]:
    session = StubSession(Path("/home/you/code/mnist"), *told)
    return PxtuiApp(session, now=lambda: x.NOW), session


DIALOGS: dict[str, Callable[[], Once[Any]]] = {
    "choose": lambda: Choose("Which?", (("a", "one"), ("b", "two")), "a"),
    "leaving": lambda: leaving((1,), 1),
    "add": lambda: Add(x.FILE_TEXT, x.DECLARATIONS),
    "label": lambda: Label("#1", "good"),
    "share": lambda: Share("Copy #1", (("command", "pxtui run"),)),
    "palette": lambda: Palette((Command("write", "^s", "save", "w"),)),
    "help": lambda: Help((("here", (("r", "run"),)),)),
    "inspect": lambda: Inspect("#1", (("state", "done"),)),
    "chord": WatchChord,
}
TYPED = {"add": ("q", "1", ":", " ", "1"), "palette": ("w",)}
TAKES = {"chord": "b", "help": "escape", "inspect": "escape"}


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize("key", ["enter", "escape"])
@pytest.mark.parametrize("name", DIALOGS)
async def test_a_dialog_ends_once_however_often_a_key_comes(
    name: str, key: str, at_once: bool
) -> None:
    app, _ = app_on(*x.OPENED)
    ended: list[object] = []
    async with app.run_test(size=SIZE) as pilot:
        app.push_screen(DIALOGS[name](), ended.append)
        if not at_once:
            await pilot.pause()
        keys = TYPED.get(name, ()) if key == "enter" else ()
        taken = TAKES.get(name, key) if key == "enter" else key
        burst(app, *keys, taken, taken)
        await until(pilot, lambda: len(app.screen_stack) == 1 and bool(ended))
        await pilot.pause()
        assert len(ended) == 1
        assert app.is_running


@pytest.mark.parametrize("name", DIALOGS)
async def test_a_dialog_that_has_ended_does_not_end_what_is_below(name: str) -> None:
    app, _ = app_on(*x.OPENED)
    ended: list[object] = []
    async with app.run_test(size=SIZE) as pilot:
        below, dialog = Help(()), DIALOGS[name]()
        app.push_screen(below)
        app.push_screen(dialog, ended.append)
        await pilot.pause()
        dialog.dismiss(None)
        dialog.dismiss(None)
        await pilot.pause()
        assert app.screen is below
        assert len(ended) == 1


async def test_what_follows_enter_acts_on_the_accepted_value() -> None:
    app, session = app_on(*x.OPENED)
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "down", "enter", *"0.43")
        burst(app, "enter", "r", "down", "ctrl+s")
        await until(pilot, lambda: ("save",) in session.asked)
        assert session.asked == [("edit", x.path("lr"), "0.43"), ("run",), ("save",)]
        assert app.screen.query_one(Form).cursor == 2


@pytest.mark.parametrize("accept", ["enter", "tab"])
async def test_what_follows_the_opening_goes_into_the_field(accept: str) -> None:
    app, session = app_on(*x.OPENED)
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "home")
        burst(app, "down", "enter", *"0.22", accept, "down", "down", "c", *"20", accept, "r")
        await until(pilot, lambda: ("run",) in session.asked)
        assert session.asked == [
            ("edit", x.path("lr"), "0.22"), ("edit", x.path("epochs"), "20"), ("run",),
        ]  # fmt: skip
        await pilot.pause()
        assert isinstance(app.focused, Form)


async def test_a_field_opened_again_at_once_stays_open() -> None:
    app, session = app_on(*x.OPENED)
    async with app.run_test(size=SIZE) as pilot:
        burst(app, "enter", *"64", "escape", "down", "enter", *"0.")
        await pilot.pause()
        await pilot.pause()
        burst(app, "5", "enter")
        await until(pilot, lambda: bool(session.asked))
        assert session.asked == [("edit", x.path("lr"), "0.5")]


async def test_a_paste_stands_in_the_order_of_the_keys() -> None:
    app, session = app_on(*x.OPENED)
    async with app.run_test(size=SIZE) as pilot:
        burst(app, "down", "enter")
        app.post_message(events.Paste("0.07\nr"))
        burst(app, "5", "enter", "r")
        await until(pilot, lambda: ("run",) in session.asked)
        assert session.asked == [("edit", x.path("lr"), "0.075"), ("run",)]


async def test_a_check_that_takes_long_holds_the_keys_behind_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(allowed, "DEAR", 0)
    app, session = app_on(*x.OPENED)
    async with app.run_test(size=SIZE) as pilot:
        burst(app, "down", "enter", *"0.43", "enter", "r", "down", "enter", "9", "enter")
        await until(pilot, lambda: len(session.asked) == 3)
        assert session.asked == [
            ("edit", x.path("lr"), "0.43"), ("run",), ("edit", x.path("dropout"), "9"),
        ]  # fmt: skip


async def test_a_switch_turned_twice_at_once_is_as_it_was() -> None:
    app, session = app_on(*x.OPENED)
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "end")
        burst(app, "space", "space")
        await until(pilot, lambda: len(session.asked) == 2)
        assert session.asked == [
            ("edit", x.path("use_amp"), "false"), ("edit", x.path("use_amp"), "true"),
        ]  # fmt: skip


async def test_what_is_taken_out_or_put_back_comes_before_the_run() -> None:
    app, session = app_on(*x.OPENED)
    async with app.run_test(size=SIZE) as pilot:
        burst(app, "equals_sign", "down", "delete", "r")
        await until(pilot, lambda: ("run",) in session.asked)
        assert session.asked == [
            ("reset", x.path("batch_size")), ("edit", x.path("lr"), None), ("run",),
        ]  # fmt: skip


async def test_a_value_is_added_and_run_in_one_burst() -> None:
    app, session = app_on(*x.OPENED)
    async with app.run_test(size=SIZE) as pilot:
        burst(app, "+", *"q1: 1", "enter", "enter", "escape", "r")
        await until(pilot, lambda: ("run",) in session.asked)
        assert session.asked == [("edit", x.path("q1"), "1"), ("run",)]
        assert not app.screen.query_one("#field", Field).display


async def test_a_command_acts_before_the_key_behind_it() -> None:
    app, session = app_on(*x.OPENED)
    async with app.run_test(size=SIZE) as pilot:
        burst(app, "colon", "w", "enter", "r", "slash", "escape", "w", "w", "r")
        await until(pilot, lambda: session.asked.count(("run",)) == 2)
        assert session.asked == [("save",), ("run",), ("watch", "off"), ("run",)]


async def test_a_choice_is_taken_before_the_key_behind_it() -> None:
    app, session = app_on(*scenes.RUN_STATE, e.Conflicted(scenes.CONFLICTS))
    async with app.run_test(size=SIZE) as pilot:
        burst(app, "exclamation_mark", "home", "enter", "home", "down", "enter", "ctrl+s")
        await until(pilot, lambda: ("save",) in session.asked)
        assert [asked[0] for asked in session.asked] == ["settle", "settle", "save"]


@asynccontextmanager
async def session_on(root: Path, script: Script):  # type: ignore[no-untyped-def]
    engine = FakeEngine(script)
    async with Session(project.find(root), Settings(engine="fake"), lambda: engine) as session:
        yield session


async def test_on_a_real_session_a_value_is_written_and_run_as_it_was_typed(
    make_project: Make,
) -> None:
    async with session_on(make_project(), Script(step_seconds=0.0, line_seconds=0.0)) as session:
        app = PxtuiApp(session)
        file = session.root / "polyaxonfile.yml"
        async with app.run_test(size=SIZE) as pilot:
            await until(pilot, lambda: session.state.engine is not None)
            burst(app, "down", "enter", *"0.22", "enter", "ctrl+s")
            await until(pilot, lambda: "lr: 0.22\n" in file.read_text())
            burst(app, "enter", *"0.5", "enter", "r")
            await until(pilot, lambda: "do nothing" in words(app))
            assert any('--lr="0.5"' in text for _, text in session.state.question.facts)
            burst(app, "enter", "enter")
            await until(pilot, lambda: bool(session.state.history))
            assert session.state.history[-1].differs == (("lr", "0.5"),)


async def test_enter_twice_on_a_question_queues_once(make_project: Make) -> None:
    script = Script(endless=True, line_seconds=0.01, step_seconds=0.0)
    async with session_on(make_project(), script) as session:
        app = PxtuiApp(session)
        async with app.run_test(size=SIZE) as pilot:
            await press(pilot, "r")
            await until(pilot, lambda: "do nothing" in words(app))
            await press(pilot, "enter")
            await until(pilot, lambda: bool(session.state.runs))
            await press(pilot, "r")
            await until(pilot, lambda: "is still running" in words(app))
            burst(app, "enter", "enter")
            await until(pilot, lambda: len(session.state.queue) == 1)
            assert app.is_running
            session.cancel()
            await until(pilot, lambda: not session.state.runs)
