"""Measures us and a peer in turn and prints medians and ratios; nothing is asserted."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from pxtui import demo
from pxtui.logs.screen import Screen
from pxtui.logs.store import LogWriter
from tests.benchmarks import form

ROUNDS = 7
PIECE = 1 << 18

MINIMAL = """
from textual.app import App
from textual.widgets import Static
class Minimal(App):
    def compose(self):
        yield Static("batch_size")
Minimal().run()
"""


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def compare(title: str, ours: Callable[[], object], peer: Callable[[], object], name: str) -> None:
    """Take turns, so that a noisy machine is noisy for both."""
    mine, theirs = [], []
    for _ in range(ROUNDS):
        mine.append(seconds(ours))
        theirs.append(seconds(peer))
    a, b = statistics.median(mine), statistics.median(theirs)
    print(f"{title:<44} {a * 1000:8.1f} ms   {name:<28} {b * 1000:8.1f} ms   {a / b:5.2f}x")


def process(*words: str) -> Callable[[], object]:
    return lambda: subprocess.run(words, capture_output=True, check=True)


def first_frame(words: list[str], text: bytes) -> None:
    """Start in a terminal of 120x40 until a text is drawn, then end it."""
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.update(COLUMNS="120", LINES="40", TERM="xterm-256color")
        os.execvp(words[0], words)
    seen = b""
    limit = time.monotonic() + 20
    while text not in re.sub(rb"\x1b\[[0-9;?]*[a-zA-Z]", b"", seen) and time.monotonic() < limit:
        if select.select([fd], [], [], 0.1)[0]:
            seen += os.read(fd, 1 << 16)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    os.close(fd)


def store(data: bytes, count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        writer = LogWriter(Path(folder), 1 << 40)
        for _ in range(count):
            writer.write(data, "stdout")
        writer.close()


def copy(data: bytes, count: int) -> None:
    with tempfile.TemporaryFile(buffering=0) as file:
        for _ in range(count):
            file.write(data)


def feed(data: bytes) -> None:
    screen = Screen()
    for at in range(0, len(data), PIECE):
        screen.feed(data[at : at + PIECE], "stdout")
        screen.take(0)
        screen.take(0)


def main() -> None:
    """All figures, in about a minute."""
    python = sys.executable
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "demo"
        demo.write(folder)
        os.environ["XDG_STATE_HOME"] = name
        file = str(folder / "polyaxonfile.yml")
        nothing = process(python, "-c", "pass")
        compare("pxtui --version", process(python, "-m", "pxtui", "--version"), nothing, "python")
        compare("pxtui --help", process(python, "-m", "pxtui", "--help"), nothing, "python")
        compare("pxtui check", process(python, "-m", "pxtui", "check", file), nothing, "python")
        app = [python, "-m", "pxtui", "-C", str(folder), "--engine", "fake"]
        compare(
            "first frame of the app",
            lambda: first_frame(app, b"batch_size"),
            lambda: first_frame([python, "-c", MINIMAL], b"batch_size"),
            "a minimal Textual app",
        )
    line = (
        b"step 100/469 loss=0.412 acc=0.871 and some words to make it a hundred bytes long ......\n"
    )
    piece = line * (PIECE // len(line))
    compare("100 MB into a log", lambda: store(piece, 400), lambda: copy(piece, 400), "plain write")
    text = (line * 100_000).decode()
    compare("10 MB to clean lines", lambda: feed(line * 100_000), text.splitlines, "str.splitlines")
    form.main()


if __name__ == "__main__":
    main()
