"""However the app ends, the terminal is as it was and the exit code says why."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
LIMIT = 30.0
RESTORED = ("\x1b[?1049l", "\x1b[?1000l", "\x1b[?1003l", "\x1b[?2004l", "\x1b[?25h")


class Terminal:
    """The app in a terminal of its own."""

    def __init__(self, folder: Path, module: str = "tests.ui.signalled") -> None:
        self.main, side = pty.openpty()
        self.before = termios.tcgetattr(side)
        self.side = side
        self.output = b""
        self.process = subprocess.Popen(
            [sys.executable, "-m", module],
            stdin=side,
            stdout=side,
            stderr=side,
            cwd=folder,
            env={**os.environ, "TERM": "xterm-256color", "PYTHONPATH": str(ROOT)},
            start_new_session=True,
        )

    def read(self, seconds: float = 0.05) -> None:
        while select.select([self.main], [], [], seconds)[0]:
            try:
                data = os.read(self.main, 65536)
            except OSError:
                return
            if not data:
                return
            self.output += data

    def until(self, text: bytes) -> None:
        end = time.monotonic() + LIMIT
        while text not in self.output:
            assert time.monotonic() < end, self.output[-2000:]
            self.read()

    def ended(self) -> int:
        end = time.monotonic() + LIMIT
        while self.process.poll() is None:
            assert time.monotonic() < end, "it does not end"
            self.read()
        self.read()
        return self.process.returncode

    def is_restored(self) -> bool:
        text = self.output.decode(errors="replace")
        same = termios.tcgetattr(self.side)[3] == self.before[3]
        return same and all(text.rfind(end) > text.rfind("\x1b[?1049h") for end in RESTORED)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.main)
        os.close(self.side)


@pytest.fixture
def terminal(tmp_path: Path):  # type: ignore[no-untyped-def]
    opened = Terminal(tmp_path)
    opened.until(b"Next run")
    opened.until(b"\x1b[?1049h")
    end = time.monotonic() + LIMIT
    while not (tmp_path / "begun").exists():
        assert time.monotonic() < end
        opened.read()
    yield opened
    opened.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT])
def test_a_signal_ends_it(terminal: Terminal, number: signal.Signals) -> None:
    terminal.process.send_signal(number)
    assert terminal.ended() == 128 + number
    assert terminal.is_restored()


def test_q_ends_it_soon_and_says_what_is_kept(terminal: Terminal) -> None:
    start = time.monotonic()
    os.write(terminal.main, b"q")
    assert terminal.ended() == 0
    assert time.monotonic() - start < 3
    assert terminal.is_restored()
    plain = re.sub(rb"\x1b\[[^a-zA-Z]*[a-zA-Z]", b"", terminal.output)
    assert b"kept as a draft" in plain


def test_a_crash_in_a_handler_ends_it_with_1(terminal: Terminal) -> None:
    os.write(terminal.main, b"b")
    assert terminal.ended() == 1
    assert terminal.is_restored()
    assert b"broken in a handler" in terminal.output


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        (b"j\r0.22\r\x13", b"lr: 0.22\n"),
        (b"\r64\rj\r0.5\rr\x13", b"batch_size: 64   # images\n  lr: 0.5\n"),
        (b"j\r\x1b[200~0.07\x1b[201~5\r\x13", b"lr: 0.075\n"),
        (b"+q1: 1\r\r\x1b[27u:w\r", b"lr: 0.1\n  q1: 1\n"),
    ],
)
def test_keys_of_one_read_act_in_their_order(
    make_project: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, typed: bytes, text: bytes
) -> None:
    root = make_project()
    file = root / "polyaxonfile.yml"
    before = file.read_bytes()
    monkeypatch.setenv("PXTUI_ENGINE", "fake")
    opened = Terminal(root, "pxtui")
    try:
        opened.until(b"Next run")
        opened.until(b"What the run gets")
        os.write(opened.main, typed)
        end = time.monotonic() + LIMIT
        while file.read_bytes() == before:
            assert time.monotonic() < end, opened.output[-2000:]
            opened.read()
        head, tail = before.split(b"lr: 0.1\n")
        if b"batch" in text:
            head = head.removesuffix(b"batch_size: 128   # images\n  ")
        assert file.read_bytes() == head + text + tail
        assert opened.process.poll() is None
    finally:
        opened.close()


def test_a_terminal_that_is_closed_ends_it(terminal: Terminal) -> None:
    os.close(terminal.side)
    os.close(terminal.main)
    terminal.process.send_signal(signal.SIGHUP)
    assert terminal.process.wait(LIMIT) in (128 + signal.SIGHUP, 1, -signal.SIGHUP)
    terminal.main, terminal.side = os.openpty()
