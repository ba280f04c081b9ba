"""R: a run of its own in this terminal, and back."""

from __future__ import annotations

import os
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from pxtui.state import State, apply
from pxtui.ui import run_actions
from pxtui.ui.run_here import child_command
from tests.ui import example as x
from tests.ui import scenes
from tests.ui.seeing import press, until, words
from tests.ui.stub import StubSession
from tests.ui.test_editor import SuspendedApp
from tests.ui.test_terminal import LIMIT, Terminal

TRUSTED = (*x.OPENED, x.TRUSTED)


def state(*events: object) -> State:
    made = State()
    for event in events:
        made = apply(made, event)  # type: ignore[arg-type]
    return made


def test_the_command_names_project_file_and_engine_but_no_values() -> None:
    edited = (x.loaded(lr="geheim"), *TRUSTED[1:])
    head = [sys.executable, "-P", "-m", "pxtui", "-C", "/p"]
    tail = ["run", "--tty", "--draft"]
    file = ["-f", f"/p/{x.FILE}"]
    assert child_command(Path("/p"), state(*edited)) == [*head, *file, "--engine", "docker", *tail]
    laid_over = (*edited[:1], replace(x.FILE_TEXT, over=(("b.yml", ""), ("/c.yml", ""))))
    over = ["-f", "/p/b.yml", "-f", "/c.yml"]
    assert child_command(Path("/p"), state(*laid_over)) == [*head, *file, *over, *tail]
    for name, isolated, kind in (
        ("docker ssh:box", True, ["--engine", "docker"]), ("podman", True, ["--engine", "podman"]),
        ("no container (venv)", False, ["--engine", "local"]), ("strange", True, []),
    ):  # fmt: skip
        seen = replace(x.ENGINE, name=name, isolated=isolated)
        assert child_command(Path("/p"), state(seen)) == [*head, *kind, *tail]


@pytest.mark.parametrize(
    ("child", "said"),
    [
        (["true"], "the run in this terminal ended with exit code 0"),
        (["sh", "-c", "exit 3"], "! the run in this terminal ended with exit code 3"),
        (["sh", "-c", "kill -9 $$"], "! the run in this terminal ended by signal 9"),
        (["nosuchpython"], "the run in this terminal did not start: No such file"),
    ],
)
async def test_its_end_is_said_and_the_list_is_looked_at(
    child: list[str], said: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(run_actions, "child_command", lambda root, state: child)
    session = StubSession(tmp_path, *TRUSTED)
    app = SuspendedApp(session, now=lambda: x.NOW)
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, "R")
        await until(pilot, lambda: said in words(app))
        assert session.asked == [("reload",)]
        assert not app.suspended
        assert not app.terminal_lent


@pytest.mark.parametrize(
    ("events", "said"),
    [
        (x.OPENED, "nothing was run here yet · r shows what will be done and asks once"),
        ((*TRUSTED, scenes.NO_ENGINE), "no engine answers"),
        (scenes._invalid(), "the polyaxonfile has 2 errors"),
    ],
)
async def test_nothing_runs_before_it_may(
    events: tuple[object, ...], said: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ran: list[int] = []
    monkeypatch.setattr(run_actions, "child_command", lambda root, state: ran.append(1))
    session = StubSession(tmp_path, *events)  # type: ignore[arg-type]
    app = SuspendedApp(session, now=lambda: x.NOW)
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, "R")
        await until(pilot, lambda: said in words(app))
        assert ran == []


def test_the_terminal_is_the_runs_until_enter(tmp_path: Path) -> None:
    script = "echo what is it; read answer; echo you said $answer; stty raw -echo; exit 3"
    (tmp_path / "child.sh").write_text(script)
    terminal = Terminal(tmp_path, "tests.ui.in_a_terminal")
    try:
        end = time.monotonic() + LIMIT
        while not (tmp_path / "begun").exists():
            assert time.monotonic() < end
            terminal.read()
        os.write(terminal.main, b"R")
        terminal.until(b"what is it")
        terminal.process.send_signal(signal.SIGINT)  # as ctrl+c does to all in the terminal
        os.write(terminal.main, b"forty-two\n")
        terminal.until(b"you said forty-two")
        terminal.until(b"ended with exit code 3")
        terminal.until(b"press Enter to go back")
        assert not (tmp_path / "reloaded").exists()
        terminal.output = b""
        os.write(terminal.main, b"\n")
        terminal.until(b"\x1b[?1049h")
        terminal.until(b"the run in this terminal")
        end = time.monotonic() + LIMIT
        while not (tmp_path / "reloaded").exists():
            assert time.monotonic() < end
            terminal.read()
        os.write(terminal.main, b"q")
        assert terminal.ended() == 0
        assert terminal.is_restored()
    finally:
        terminal.close()
