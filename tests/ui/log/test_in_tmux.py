"""In a real tmux: what the mouse drags over is in its buffer, clean, while the log goes on."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.ui.test_terminal import ROOT

pytestmark = pytest.mark.skipif(not shutil.which("tmux"), reason="there is no tmux")
LIMIT = 30.0
SIZE = ("-x", "130", "-y", "40")
OTHERS = ("DISPLAY", "WAYLAND_DISPLAY", "COLUMNS", "LINES")
"""A desktop's clipboard, and the size of another terminal."""
LONG = (
    "a long line of words that goes on until it has to be wrapped: " + "and on " * 12 + "to its end"
)
LINES = ["\x1b[31mred\x1b[0m loss=0.25\n", f"{LONG}\n", "third\x07 日本\n", "!warned\r\n"]


class Tmux:
    """The app, with a fake engine, in a tmux of its own."""

    def __init__(self, folder: Path, project: Path) -> None:
        self.socket = str(folder / "socket")
        fake = json.dumps({"lines": LINES, "endless": True, "line_seconds": 0.1})
        env = {
            **{k: v for k, v in os.environ.items() if k not in OTHERS},
            **{"PXTUI_ENGINE": "fake", "PXTUI_FAKE": fake, "PYTHONPATH": str(ROOT)},
        }
        command = f"cd {project}; exec {sys.executable} -m pxtui"
        own = ["tmux", "-S", self.socket, "-f", "/dev/null", "new-session", "-d", *SIZE, command]
        subprocess.run(own, env=env, check=True, timeout=LIMIT)

    def __call__(self, *words: str) -> str:
        own = ["tmux", "-S", self.socket, *words]
        return subprocess.run(own, capture_output=True, text=True, timeout=LIMIT).stdout

    @property
    def log(self) -> Path:
        """The log of the run, which grows."""
        return next(Path(os.environ["XDG_STATE_HOME"]).glob("**/runs/*/log"))

    @property
    def screen(self) -> list[str]:
        return self("capture-pane", "-p").split("\n")

    def until(self, is_so: Callable[[], object]) -> None:
        end = time.monotonic() + LIMIT
        while not is_so():
            assert time.monotonic() < end, "\n".join(self.screen)
            time.sleep(0.05)

    def shows(self, text: str) -> None:
        self.until(lambda: any(text in row for row in self.screen))

    def keys(self, *keys: str) -> None:
        self("send-keys", *keys)

    def mouse(self, code: int, at: tuple[int, int], end: str = "M") -> None:
        """An event of the mouse, as terminals tell it."""
        self("send-keys", "-l", f"\x1b[<{code};{at[0] + 1};{at[1] + 1}{end}")

    def cell(self, text: str) -> tuple[int, int]:
        """The cell in which a text starts, of one-cell characters."""
        return next((row.index(text), y) for y, row in enumerate(self.screen) if text in row)


@pytest.fixture
def tmux(tmp_path: Path, make_project: Callable[..., Path]) -> Iterator[Tmux]:
    opened = Tmux(tmp_path, make_project())
    try:
        opened.shows("r  build, then run")
        opened.keys("r")
        opened.shows("↵  build and run")
        opened.keys("Enter")
        opened.shows("third")
        opened.keys("4", "g")
        opened.shows("new")
        yield opened
    finally:
        opened("kill-server")


def test_a_drag_in_the_real_app(tmux: Tmux) -> None:
    first, last = tmux.cell("loss=0.25"), tmux.cell("third")
    tmux.mouse(0, first)
    for y in range(first[1] + 1, last[1] + 1):
        tmux.mouse(32, (last[0] + 2, y))
    tmux.shows("3 lines selected")
    before, size = tmux.screen[first[1] : last[1] + 1], tmux.log.stat().st_size
    tmux.until(lambda: tmux.log.stat().st_size > size + 5 * len(LONG))
    assert tmux.screen[first[1] : last[1] + 1] == before
    tmux.mouse(0, (last[0] + 2, last[1]), "m")
    tmux.shows("copied 3 lines through tmux")
    assert tmux("show-buffer") == f"loss=0.25\n{LONG}\nthi"
    tmux.keys("V", "j", "y")
    tmux.shows("copied 4 lines through tmux")
    assert tmux("show-buffer") == f"red loss=0.25\n{LONG}\nthird 日本\nwarned"


def test_the_mouse_is_freed_and_taken_back(tmux: Tmux) -> None:
    assert tmux("display", "-p", "#{mouse_any_flag}") == "1\n"
    tmux.keys("M")
    tmux.shows("the mouse is the terminal's now · M takes it back")
    tmux.until(lambda: tmux("display", "-p", "#{mouse_any_flag}") == "0\n")
    tmux.keys("M")
    tmux.until(lambda: tmux("display", "-p", "#{mouse_any_flag}") == "1\n")
