"""A key typed in the form, in a real terminal, beside a lone Input; and in a form of 20,000."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.shared import SHARED

KEYS = 60
LIMIT = 30.0
LONE = """
from textual.app import App
from textual.widgets import Input
class Lone(App):
    def compose(self):
        yield Input("ready", compact=True, select_on_focus=False)
Lone().run()
"""
_ESCAPES = re.compile(rb"\x1b\[[0-9;?]*[a-zA-Z]")


class Terminal:
    """A program in a terminal of 120x40, and what it has drawn."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def read_until(self, text: bytes, limit: float = LIMIT) -> bytes:
        """Read until a text is drawn."""
        seen, end = b"", time.monotonic() + limit
        while text not in _ESCAPES.sub(b"", seen):
            if time.monotonic() > end:
                raise AssertionError(f"{text!r} was never drawn, but {seen[-300:]!r}")
            if select.select([self._fd], [], [], 0.05)[0]:
                seen += os.read(self._fd, 1 << 16)
        return seen

    def quiet(self) -> None:
        """Read until nothing more is drawn."""
        while select.select([self._fd], [], [], 0.15)[0]:
            os.read(self._fd, 1 << 16)

    def write(self, keys: bytes) -> None:
        os.write(self._fd, keys)

    def answered(self, key: bytes) -> float:
        """Seconds from a key to the first that is drawn after it."""
        began = time.perf_counter()
        self.write(key)
        if not select.select([self._fd], [], [], LIMIT)[0]:
            raise AssertionError(f"{key!r} draws nothing")
        took = time.perf_counter() - began
        self.quiet()
        return took


@contextmanager
def terminal(words: list[str]) -> Iterator[Terminal]:
    """Start a program; end it."""
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.update(COLUMNS="120", LINES="40", TERM="xterm-256color")
        os.execvp(words[0], words)
    try:
        yield Terminal(fd)
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(fd)


def typed(at: Terminal) -> float:
    """Milliseconds of a typed key, the median of many."""
    return 1000 * statistics.median(at.answered(b"x") for _ in range(KEYS))


def app(folder: str, file: str) -> list[str]:
    return [sys.executable, "-m", "pxtui", "-C", folder, "-f", file, "--engine", "fake"]


def thirty() -> str:
    names = [f"value_{n}" for n in range(30)]
    rows = "".join(f"  {name}: {n}\n" for n, name in enumerate(names))
    cmd = " ".join(f"--{name}={{{{ {name} }}}}" for name in names)
    head = "version: 1\nkind: experiment\ndeclarations:\n"
    return f"{head}{rows}build: {{image: python}}\nrun:\n  cmd: python {cmd}\n"


def main() -> None:
    """The ratio that the form is held to."""
    with tempfile.TemporaryDirectory() as name:
        os.environ["XDG_STATE_HOME"] = name
        file = Path(name) / "polyaxonfile.yml"
        file.write_text(thirty())
        with terminal(app(name, str(file))) as form, terminal([sys.executable, "-c", LONE]) as lone:
            form.read_until(b"value_9")
            form.quiet()
            form.write(b"\r")  # opens the field of the first row
            lone.read_until(b"ready")
            lone.quiet()
            ours, theirs = typed(form), typed(lone)
        print(f"a key in a form of 30: {ours:.1f} ms   in a lone Input: {theirs:.1f} ms"
              f"   {ours / theirs:.2f}x")  # fmt: skip
        if SHARED is None:
            return
        many = SHARED / "nasty-polyaxonfiles" / "bomb-many-keys.yml"
        with terminal(app(name, str(many))) as form:
            began = time.perf_counter()
            form.read_until(b"k9")
            opened = time.perf_counter() - began
            form.quiet()
            moved = [form.answered(b"j") for _ in range(KEYS)]
            form.write(b"\r")
            form.quiet()
            told = (opened, 1000 * statistics.median(moved), 1000 * max(moved), typed(form))
        print("20,000 fields: opened in {:.1f} s, a row down {:.0f} ms (at most {:.0f}),"
              " a key typed {:.0f} ms".format(*told))  # fmt: skip


if __name__ == "__main__":
    main()
