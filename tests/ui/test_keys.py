"""Keys: each has an id and words, the help shows them all, they do what they say."""

from __future__ import annotations

import inspect
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.app import App
from textual.binding import Binding
from textual.widget import Widget

from pxtui import events as e
from pxtui.ui.actions import KeyedApp
from pxtui.ui.app import PxtuiApp
from pxtui.ui.dialogs.choose import Choose
from pxtui.ui.dialogs.help import Help
from pxtui.ui.dialogs.palette import Command, fitting
from pxtui.ui.keys import ALIASES, BINDINGS
from pxtui.ui.layout import PANES
from pxtui.ui.panes.build import Build
from pxtui.ui.panes.file import File
from pxtui.ui.panes.run import Run
from pxtui.ui.panes.runs import RunRows
from pxtui.ui.panes.watch import Watch
from tests.ui import example as x
from tests.ui import scenes
from tests.ui.seeing import press, until, words
from tests.ui.stub import StubSession, write_log

SIZE = (120, 40)
RUNNING = (x.loaded(), x.FILE_TEXT, x.ENGINE, x.TRUSTED, x.TREE, *x.built())


def app_on(
    *events: e.Event, root: Path = Path("/home/you/code/mnist"), **more: Any
) -> tuple[PxtuiApp, StubSession]:
    session = StubSession(root, *events)
    return PxtuiApp(session, now=lambda: x.NOW, **more), session


def ours() -> list[tuple[type, Binding]]:
    """All bindings that pxtui makes, with the class that has them."""
    found: dict[type[Any], None] = {KeyedApp: None}
    todo: list[type[Any]] = [Widget]
    while todo:
        for cls in todo.pop().__subclasses__():
            todo.append(cls)
            if cls.__module__.startswith("pxtui.") and "BINDINGS" in vars(cls):
                found[cls] = None
    return [(cls, b) for cls in found for b in cls.BINDINGS]


def test_every_binding_has_an_id_and_words() -> None:
    seen: set[str] = set()
    for cls, binding in ours():
        assert isinstance(binding, Binding), cls
        assert binding.id, (cls, binding)
        assert binding.description, binding
        assert binding.tooltip, binding
        assert binding.id not in seen, binding.id
        seen.add(binding.id)
    assert set(ALIASES) <= seen


def test_every_action_is_there() -> None:
    for cls, binding in ours():
        name = binding.action.partition("(")[0].removeprefix("app.")
        owner = App if binding.action.startswith("app.") else cls
        assert inspect.isfunction(getattr(owner, f"action_{name}", None)), binding


def test_panes_have_numbers_of_their_own() -> None:
    numbers = [pane.NUMBER for pane in PANES if pane.NUMBER]
    assert len(set(numbers)) == len(numbers)
    keys = {b.key for b in BINDINGS if isinstance(b, Binding)}
    assert set(numbers) <= keys


async def test_help_shows_every_key_of_the_app() -> None:
    app, _ = app_on(*x.OPENED)
    async with app.run_test(size=(120, 100)) as pilot:
        await press(pilot, "question_mark")
        await until(pilot, lambda: isinstance(app.screen, Help))
        seen = words(app)
        for binding in BINDINGS:
            assert isinstance(binding, Binding)
            if binding.id != "how-to-quit":
                assert binding.tooltip.rstrip(".")[:40] in seen
        assert seen.index("Change the value") < seen.index("everywhere")
        await press(pilot, "escape")
        assert len(app.screen_stack) == 1


async def test_a_keymap_changes_keys_footer_and_help() -> None:
    app, session = app_on(*x.OPENED, keymap={"run": "R"})
    async with app.run_test(size=(120, 100)) as pilot:
        await until(pilot, lambda: "R run" in words(app))
        await press(pilot, "r")
        assert ("run",) not in session.asked
        await press(pilot, "R")
        assert ("run",) in session.asked


async def test_numbers_tabs_and_brackets_choose_panes() -> None:
    app, _ = app_on(*RUNNING, x.HISTORY)
    async with app.run_test(size=SIZE) as pilot:
        for key, tab in (("3", Build), ("4", Run), ("5", Watch), ("1", File), ("]", Build)):
            await press(pilot, "right_square_bracket" if key == "]" else key)
            assert app.body.tab is tab
            assert app.screen.query_one(tab).display
        await press(pilot, "6")
        assert isinstance(app.focused, RunRows)
        await press(pilot, "tab")
        assert app.focused is not None
        assert not isinstance(app.focused, RunRows)


async def test_the_tab_follows_what_happens_until_one_is_chosen() -> None:
    app, session = app_on(*x.OPENED)
    build, run = x.built()[0], x.started("run1", 1, x.NOW)
    async with app.run_test(size=SIZE) as pilot:
        session.tell(build)
        await until(pilot, lambda: app.body.tab is Build)
        session.tell(*x.built()[1:], run)
        await until(pilot, lambda: app.body.tab is Run)
        await press(pilot, "1")
        session.tell(x.built("b2")[0])
        await until(pilot, lambda: session.heard)
        await pilot.pause()
        assert app.body.tab is File
        await press(pilot, "b")
        session.tell(x.built("b3")[0])
        await until(pilot, lambda: app.body.tab is Build)


async def test_watch_takes_a_second_key() -> None:
    app, session = app_on(*x.OPENED)
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "w")
        await until(pilot, lambda: "w off  b build  r build and run" in words(app))
        await press(pilot, "r")
        await until(pilot, lambda: ("watch", "run") in session.asked)
        await until(pilot, lambda: "◉ watch build and run" in words(app))
        await press(pilot, "w", "x")
        assert len(app.screen_stack) == 1
        assert [a for a in session.asked if a[0] == "watch"] == [("watch", "run")]
        assert ("run",) not in session.asked


async def test_the_watch_pauses_goes_on_and_leaves_a_file_out_by_its_second_key() -> None:
    app, session = app_on(*x.OPENED)
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "w", "p")
        await until(pilot, lambda: "the watch is off" in words(app))
        assert not session.asked
        session.tell(e.Watching("build"))
        await press(pilot, "w")
        await until(pilot, lambda: "p pause" in words(app))
        await press(pilot, "p")
        assert session.asked.pop() == ("pause",)
        session.tell(e.Held("loop", "out\x1b[31m.log changes", path="out\x1b[31m.log"))
        session.tell(e.Pending(("out\x1b[31m.log", "a.py"), 2))
        await until(pilot, lambda: "watch paused · 2 files" in words(app))
        assert "the watch pauses: out" in words(app)
        assert "[31m" in words(app), "it is shown, not obeyed"
        await press(pilot, "5", "w")
        await until(pilot, lambda: "p go on" in words(app) and "i leave out" in words(app))
        await press(pilot, "i")
        assert session.asked.pop() == ("leave out",)
        await press(pilot, "w", "o")
        await until(pilot, lambda: "A change while a run is going" in words(app))
        await press(pilot, "down", "enter")
        assert session.asked.pop() == ("watch", "build", "restart")
        session.tell(e.GoesOn())
        await until(pilot, lambda: "◉ watch build" in words(app) and "paused" not in words(app))


async def test_the_question_on_leaving_is_about_what_runs_now() -> None:
    app, session = app_on(*RUNNING, x.started("r1", 1, x.NOW), x.started("r2", 2, x.NOW))
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "q")
        await until(pilot, lambda: "2 runs are going" in words(app))
        session.tell(e.Finished("run", "r1", "done", 0, None, 3.0, "", None, x.NOW))
        await until(pilot, lambda: "#2 is running" in words(app))
        assert len(app.screen_stack) == 2
        session.tell(e.Finished("run", "r2", "done", 0, None, 3.0, "", None, x.NOW))
        await until(pilot, lambda: "nothing is running any more · q quits" in words(app))
        assert len(app.screen_stack) == 1
        assert app.is_running


async def test_stop_asks_for_an_old_run_and_kill_always() -> None:
    app, session = app_on(*RUNNING, x.started("r1", 1, x.NOW - 30))
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "s")
        assert ("stop", "r1") in session.asked
        session.asked.clear()
        session.tell(x.started("r2", 2, x.NOW - 61))
        await press(pilot, "s")
        await until(pilot, lambda: "Stop #2?" in words(app))
        assert session.asked == []
        await press(pilot, "enter")
        assert session.asked == [("stop", "r2")]
        await press(pilot, "S")
        await until(pilot, lambda: "Kill #2?" in words(app))
        await press(pilot, "enter")
        assert session.asked == [("stop", "r2")]
        await press(pilot, "S", "up", "enter")
        assert session.asked == [("stop", "r2"), ("kill", "r2")]


@pytest.mark.parametrize(("key", "asked"), [("s", "Stop #1?"), ("S", "Kill #1?")])
async def test_what_ended_by_itself_is_not_asked_about(key: str, asked: str) -> None:
    app, session = app_on(*RUNNING, x.started("r1", 1, x.NOW - 61))
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: "s stop" in words(app))
        await press(pilot, key)
        await until(pilot, lambda: asked in words(app))
        session.tell(e.Finished("run", "r1", "done", 0, "i", 1.0, "", None, x.NOW))
        await until(pilot, lambda: asked not in words(app))
        await until(pilot, lambda: "s stop" not in words(app))


async def test_stopping_counts_down() -> None:
    app, _ = app_on(*RUNNING, x.started("r1", 1, x.NOW - 30), e.Stopping("r1", x.NOW + 7))
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: "killed in 7 s" in words(app))
        await press(pilot, "4")
        await until(pilot, lambda: "was asked to stop" in words(app))


async def test_quitting_asks_only_while_a_run_goes_on() -> None:
    app, _ = app_on(*x.OPENED)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("q")
        await until(pilot, lambda: not app.is_running)
    assert app.return_code == 0

    app, session = app_on(*RUNNING, x.started("r1", 1, x.NOW - 30))
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "q")
        await until(pilot, lambda: "#1 is running" in words(app))
        await press(pilot, "escape")
        assert app.is_running
        await press(pilot, "q")
        await pilot.press("enter")
        await until(pilot, lambda: not app.is_running)
    assert session.asked[-1] == ("leave", "leave")


async def test_ctrl_q_does_not_ask_even_from_a_field() -> None:
    app, _ = app_on(*RUNNING, x.started("r1", 1, x.NOW - 30))
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "2", "enter")
        await pilot.press("ctrl+q")
        await until(pilot, lambda: not app.is_running)


@pytest.mark.parametrize(("typed", "asked"), [("w", ("save",)), ("b", ("build",))])
async def test_the_palette_takes_what_vi_has_taught(typed: str, asked: tuple[str]) -> None:
    app, session = app_on(*x.OPENED)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("colon", typed, "enter")
        await until(pilot, lambda: asked in session.asked)


async def test_the_palette_quits_and_changes_the_theme() -> None:
    app, _ = app_on(*x.OPENED)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("colon", *"latte", "enter")
        await until(pilot, lambda: app.theme == "catppuccin-latte")
        await pilot.press("colon", "q", "enter")
        await until(pilot, lambda: not app.is_running)


def test_what_is_typed_in_full_goes_first() -> None:
    commands = [Command("watch", "", "a"), Command("write", "", "b", "w"), Command("how", "", "c")]
    assert [c.action for c in fitting(commands, ":w")] == ["b", "a", "c"]
    assert fitting(commands, "nothing") == []


async def test_zoom_gives_one_pane_the_body_and_q_takes_it_back() -> None:
    app, _ = app_on(*x.OPENED)
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "1", "z")
        assert not app.screen.query_one("#left").display
        await press(pilot, "q")
        assert app.screen.query_one("#left").display
        assert app.is_running


async def test_a_question_is_answered_withdrawn_and_left() -> None:
    app, session = app_on(*x.OPENED)
    async with app.run_test(size=SIZE) as pilot:
        session.tell(*scenes._asked(Path()))
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await until(pilot, lambda: "Build and run mnist here?" in words(app))
        await press(pilot, "escape")
        assert session.asked[-1] == ("answer", "q1", "no")
        session.tell(*scenes._asked(Path()))
        await until(pilot, lambda: isinstance(app.screen, Choose))
        session.tell(e.Withdrawn("q1"))
        await until(pilot, lambda: len(app.screen_stack) == 1)
        session.tell(*scenes._asked(Path()))
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await press(pilot, "enter")
        assert session.asked[-1] == ("answer", "q1", "yes")


async def test_a_problem_is_shown_at_its_line() -> None:
    app, _ = app_on(*scenes._invalid())
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "exclamation_mark")
        await until(pilot, lambda: "2 of 3" in words(app))
        assert app.body.tab is File
        await until(pilot, lambda: "learning_rate is not declared" in words(app))


async def test_enter_in_runs_shows_the_log_of_a_run() -> None:
    app, _ = app_on(*RUNNING, x.HISTORY)
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "6", "down", "enter")
        await until(pilot, lambda: "4 Run #10" in words(app))
        assert app.screen.query_one(Run).shown == "run10"


async def test_a_long_job_rings_the_bell(monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[int] = []
    monkeypatch.setattr(PxtuiApp, "bell", lambda self: rung.append(1))
    app, session = app_on(*RUNNING, x.started("r1", 1, x.NOW - 90))
    async with app.run_test(size=SIZE) as pilot:
        session.tell(e.Finished("run", "r1", "done", 0, None, 59.0, "", None, x.NOW))
        await until(pilot, lambda: session.heard)
        assert rung == []
        session.tell(x.started("r2", 2, x.NOW))
        session.tell(e.Finished("run", "r2", "done", 0, None, 61.0, "", None, x.NOW))
        await until(pilot, lambda: rung == [1])


async def test_the_editor_gets_the_file_and_the_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import contextlib

    script = tmp_path / "vi"
    script.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/args\n')
    script.chmod(0o755)
    monkeypatch.setenv("VISUAL", str(script))
    monkeypatch.setattr(PxtuiApp, "suspend", lambda self: contextlib.nullcontext())
    app, session = app_on(*x.OPENED, root=tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "down", "e")
        await until(pilot, lambda: ("reload",) in session.asked)
        assert (tmp_path / "args").read_text().split() == ["+9", str(tmp_path / x.FILE)]
        monkeypatch.setenv("VISUAL", "/nowhere/edit")
        await press(pilot, "e")
        await until(pilot, lambda: "set $EDITOR" in words(app))


async def test_a_message_goes_when_it_is_not_so_any_more() -> None:
    app, session = app_on(*RUNNING)
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "s")
        await until(pilot, lambda: "nothing is running" in words(app))
        session.tell(x.started("r1", 1, x.NOW))
        await until(pilot, lambda: "● running" in words(app))
        await until(pilot, lambda: "nothing is running" not in words(app))
        session.tell(scenes.NO_ENGINE, e.Dropped("docker: nobody is there", "error"))
        await until(pilot, lambda: "docker: nobody is there" in words(app))
        assert "✓ image" not in words(app)
        session.tell(x.ENGINE)
        await until(pilot, lambda: "nobody is there" not in words(app))
        session.tell(scenes.NO_ENGINE)
        await until(pilot, lambda: "! no engine: nothing answers" in words(app))


async def test_what_is_said_in_passing_goes_by_itself() -> None:
    session = StubSession(Path("/home/you/code/mnist"), *RUNNING)
    clock = [x.NOW]
    app = PxtuiApp(session, now=lambda: clock[0])
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "s")
        await until(pilot, lambda: "nothing is running" in words(app))
        app.refresh_state()
        clock[0] += 11
        app.refresh_state()
        await until(pilot, lambda: "nothing is running" not in words(app))


async def test_opening_did_nothing_is_said_only_while_it_is_so() -> None:
    app, session = app_on(*x.OPENED)
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "5")
        await until(pilot, lambda: "opening ran nothing" in words(app))
        session.tell(e.Saved(x.FILE, ("lr",)))
        await until(pilot, lambda: "written to" in words(app))
        await until(pilot, lambda: "opening ran nothing" not in words(app))


async def test_a_changed_file_does_not_take_a_live_log_away() -> None:
    app, session = app_on(*RUNNING)
    build = x.built("b2")[0]
    assert isinstance(build, e.Started)
    async with app.run_test(size=SIZE) as pilot:
        session.tell(x.started("r1", 1, x.NOW))
        await until(pilot, lambda: app.body.tab is Run)
        for cause in ("watch", "changed"):
            session.tell(replace(build, cause=cause))
            await until(pilot, lambda: session.heard)
            await pilot.pause()
            assert app.body.tab is Run
        session.tell(replace(build, id="b3"))
        await until(pilot, lambda: app.body.tab is Build)


async def test_a_watched_run_does_not_take_a_log_away_that_is_being_read(tmp_path: Path) -> None:
    for run in ("r1", "r2", "r3"):
        write_log(tmp_path / "run" / run, *((x.NOW, "stdout", f"{run} {n}\n") for n in range(90)))
    session = StubSession(Path("/home/you/code/mnist"), *RUNNING, logs=tmp_path)
    app = PxtuiApp(session, now=lambda: x.NOW)
    async with app.run_test(size=SIZE) as pilot:
        session.tell(x.started("r1", 1, x.NOW))
        await until(pilot, lambda: "r1 89" in words(app))
        await press(pilot, "4", "g")
        await until(pilot, lambda: "r1 0" in words(app))
        session.tell(replace(x.started("r2", 2, x.NOW), cause="changed"))
        await until(pilot, lambda: "#2 started · Enter in Runs shows it" in words(app))
        assert "r1 0" in words(app)
        await press(pilot, "F")
        session.tell(replace(x.started("r3", 3, x.NOW), cause="changed"))
        await until(pilot, lambda: "r3 89" in words(app))
        await press(pilot, "g")
        session.tell(x.started("r2", 2, x.NOW))
        await until(pilot, lambda: "r2 89" in words(app))


async def test_a_stopped_build_has_no_step_that_goes_on() -> None:
    app, _ = app_on(
        *x.OPENED,
        x.built()[0],
        x.step("b1", 1, "FROM a", cached=True),
        x.step("b1", 2, "RUN b", state="started", seconds=None),
        e.Finished("build", "b1", "cancelled", None, None, 3.0, "stopped", None, x.NOW),
    )
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "3")
        await until(pilot, lambda: "not finished" in words(app))
        assert "going on" not in words(app)
        assert "1 of 4 steps cached" in words(app)


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_find_works_on_the_log_that_is_shown(tmp_path: Path, size: tuple[int, int]) -> None:
    write_log(tmp_path / "run" / "r1", *((x.NOW, "stdout", f"line {n}\n") for n in range(90)))
    session = StubSession(Path("/home/you/code/mnist"), *RUNNING, logs=tmp_path)
    app = PxtuiApp(session, now=lambda: x.NOW)
    async with app.run_test(size=size) as pilot:
        await press(pilot, "slash")
        await until(pilot, lambda: "no log is shown" in words(app))
        session.tell(x.started("r1", 1, x.NOW))
        await until(pilot, lambda: "line 89" in words(app))
        await press(pilot, "2", "slash", *"ne", "enter")
        await until(pilot, lambda: "90 of 90" in words(app))
        await press(pilot, "2", "n")
        await until(pilot, lambda: "1 of 90" in words(app))
        await press(pilot, "slash", *"zebra", "enter")
        await until(pilot, lambda: "nothing has zebra" in words(app))


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_a_log_that_is_followed_ends_at_its_end(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    lines = "".join(f"line {n}\n" for n in range(90))
    error = 'Traceback (most recent call last):\n  File "a", line 1\nValueError: it is no number\n'
    write_log(tmp_path / "run" / "r1", (x.NOW, "stdout", lines + error))
    session = StubSession(Path("/home/you/code/mnist"), *RUNNING, logs=tmp_path)
    app = PxtuiApp(session, now=lambda: x.NOW)
    said = "ValueError: it is no number"
    async with app.run_test(size=size) as pilot:
        session.tell(x.started("r1", 1, x.NOW))
        await until(pilot, lambda: "following · 93 lines" in words(app))
        past = replace(x.past(1, "failed", exit_code=1, last="other"), id="r1", message=said)
        session.tell(
            e.Finished("run", "r1", "failed", 1, None, 9.0, said, "/out", x.NOW, number=1),
            e.History((past,)),
        )
        await until(pilot, lambda: "ended · 93 lines" in words(app))
        await until(pilot, lambda: "outputs in /out" in words(app))
        view = app.screen.query_one(Run).log_part.view
        bar = view.vertical_scrollbar
        await until(pilot, lambda: bar.position == bar.window_virtual_size - bar.window_size > 0)
        assert view.follow
        left = 32 if size[0] == 80 else 48
        right = "\n".join(line[left:] for line in words(app).splitlines())
        assert right.count(said) == 2  # in the log, and below it


async def test_the_first_cell_is_of_one_run() -> None:
    ends = (
        e.Finished("run", "run19", "done", 0, None, 20.0, "", None, x.NOW, number=19),
        e.Finished("run", "run18", "done", 0, None, 309.0, "", None, x.NOW, number=18),
    )
    past = x.past(18, "done", seconds=309.0), x.past(19, "done", seconds=20.0)
    app, _ = app_on(*RUNNING, *ends, e.History(past))
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: "#18  5:09" in words(app))


async def test_a_run_of_another_pxtui_is_said_to_be_one() -> None:
    held = replace(x.past(18, "done", ("secs", "40")), outcome="running", foreign=True)
    app, _ = app_on(*RUNNING, e.History((held,)))
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: "● not ours secs 40" in words(app))


async def test_quitting_says_that_waiting_runs_are_dropped() -> None:
    resolved = x.reading().resolved
    assert resolved is not None
    queued = e.Queued(resolved, "sha256:1", x.current_target(), "asked", ())
    app, session = app_on(*RUNNING, queued, queued)
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "q")
        await until(pilot, lambda: "2 waiting runs will be dropped" in words(app))
        await press(pilot, "escape")
        session.tell(x.started("r1", 1, x.NOW))
        await press(pilot, "q")
        await until(pilot, lambda: "#1 is running; 2 waiting runs" in words(app))


async def test_enter_alone_in_the_palette_runs_nothing(tmp_path: Path) -> None:
    session = StubSession(tmp_path, *x.OPENED)
    app = PxtuiApp(session)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("colon", "enter")
        assert session.asked == []
        await pilot.press("w", "enter")
        await until(pilot, lambda: ("save",) in session.asked)
