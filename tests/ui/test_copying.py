"""Copying takes the way that there is, says which it was, and loses nothing that is too much."""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App

from pxtui.ui import copying
from tests.ui.test_terminal import ROOT

TEXT = "épôch 1\nepoch 2"
LIMIT = 20.0
SSH = ("SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT")


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*SSH, "DISPLAY", "WAYLAND_DISPLAY", "TMUX", "STY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr(sys, "platform", "linux")


class Driver:
    """What the terminal is sent."""

    def __init__(self) -> None:
        self.sent = ""

    def write(self, text: str) -> None:
        self.sent += text


async def copied(text: str, what: str = "") -> tuple[str, str]:
    app: Any = App()
    app._driver = driver = Driver()
    told = await copying.copy(app, text, what)
    return told, driver.sent


def tool(folder: Path, name: str, script: str = "") -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(
        script or f'#!/bin/sh\necho "$@" >{folder}/asked; cat >{folder}/got\n'
    )
    (folder / name).chmod(0o755)


def sent(text: str) -> str:
    return f"\x1b]52;c;{base64.b64encode(text.encode()).decode()}\x07"


async def test_the_terminal_is_asked() -> None:
    assert await copied(TEXT, "2 lines") == (
        "asked the terminal to copy 2 lines (OSC 52)", sent(TEXT)
    )  # fmt: skip
    assert (await copied(TEXT))[0] == "asked the terminal to copy (OSC 52)"


@pytest.mark.parametrize(
    ("display", "name", "asked"),
    [
        ("WAYLAND_DISPLAY", "wl-copy", ""),
        ("DISPLAY", "xclip", "-selection clipboard"),
        ("DISPLAY", "xsel", "--clipboard --input"),
        ("", "pbcopy", ""),
    ],
)
async def test_a_display_here_has_a_program(
    display: str, name: str, asked: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = tmp_path / "bin"
    tool(tools, name)
    monkeypatch.setenv("PATH", f"{tools}:/bin")
    monkeypatch.setattr(shutil, "which", lambda n: str(tools / n) if n == name else None)
    if display:
        monkeypatch.setenv(display, ":0")
    else:
        monkeypatch.setattr(sys, "platform", "darwin")
    assert await copied(TEXT, "2 lines") == (f"copied 2 lines through {name}", "")
    assert (tools / "asked").read_text().strip() == asked
    assert (tools / "got").read_text() == TEXT
    monkeypatch.setenv("SSH_CONNECTION", "1.2.3.4 1 5.6.7.8 22")
    assert (await copied(TEXT))[1] == sent(TEXT)


@pytest.mark.parametrize("script", ["#!/bin/sh\nexit 1\n", "#!/nowhere\n", "#!/bin/sh\nsleep 60\n"])
async def test_a_program_that_does_not_copy_is_passed_over(
    script: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool(tmp_path / "bin", "xclip", script)
    monkeypatch.setattr(copying, "PATIENCE", 0.2)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")
    monkeypatch.setattr(copying, "TOOLS", copying.TOOLS[1:2])
    monkeypatch.setenv("DISPLAY", ":0")
    assert (await copied(TEXT))[1] == sent(TEXT)


@pytest.mark.parametrize(
    ("name", "size", "why"),
    [
        ("TERM", 10, "this terminal has no clipboard"),
        ("", 60_000, "too much for the terminal"),
        ("", copying.MOST + 1, "too much to copy"),
    ],
)
async def test_what_cannot_be_copied_is_written_to_a_file_of_ones_own(
    name: str, size: int, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name:
        monkeypatch.setenv(name, "linux")
    for text in ("x" * size, "é" * size):
        told, sequence = await copied(text, "3 lines")
        path = copying.kept_in()
        assert (told, sequence) == (f"{why}: 3 lines written to {path}", "")
        assert path.read_text() == text
        assert path.stat().st_mode & 0o777 == 0o600


async def test_of_a_line_of_its_own_nothing_but_the_file_is_written(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("mine")
    copying.kept_in().parent.mkdir(parents=True)
    copying.kept_in().symlink_to(other)
    await copied("x" * 60_000)
    assert other.read_text() == "mine"
    assert not copying.kept_in().is_symlink()


async def test_no_way_at_all_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/proc/nowhere")
    told, _ = await copied("x" * 60_000)
    assert told.startswith("not copied: too much for the terminal, and /proc/nowhere")


@given(st.text(min_size=1, max_size=3000), st.integers(1, 30))
def test_screen_is_handed_pieces_that_it_takes(text: str, times: int) -> None:
    data = base64.b64encode((text * times).encode("utf-8", "replace")).decode()
    for environ in ({"STY": "1.a"}, {"TERM": "screen-256color"}):
        sequence = copying.osc_52(data, environ)
        parts = re.findall(r"\x1bP(.*?)\x1b\\", sequence, re.DOTALL)
        assert "".join(f"\x1bP{part}\x1b\\" for part in parts) == sequence
        assert all(len(part) <= 768 for part in parts)
        assert "".join(parts) == f"\x1b]52;c;{data}\x07"


def test_tmux_is_handed_an_envelope() -> None:
    sequence = copying.osc_52("YQ==", {"TMUX": "1", "TERM": "screen"})
    assert sequence == "\x1bPtmux;\x1b\x1b]52;c;YQ==\x07\x1b\\"


COPIER = """
import asyncio, sys
from textual.app import App
from pxtui.ui.copying import copy
class Sends:
    def write(self, text):
        sys.stdout.write(text)
        sys.stdout.flush()
async def main():
    app = App()
    app._driver = Sends()
    print(await copy(app, open("text").read()), file=open("told", "w"))
asyncio.run(main())
"""


@pytest.fixture
def copier(tmp_path: Path) -> str:
    (tmp_path / "copier.py").write_text(COPIER)
    (tmp_path / "text").write_text("".join(f"line {n} é\n" for n in range(400)))
    return f"cd {tmp_path}; PYTHONPATH={ROOT} {sys.executable} copier.py; sleep 60"


def come(is_so: Callable[[], object]) -> None:
    end = time.monotonic() + LIMIT
    while not is_so():
        assert time.monotonic() < end, "it never came to be so"
        time.sleep(0.02)


@pytest.mark.skipif(not shutil.which("tmux"), reason="there is no tmux")
def test_a_real_tmux_has_it(tmp_path: Path, copier: str) -> None:
    def tmux(*words: str) -> str:
        own = ["tmux", "-S", str(tmp_path / "socket"), "-f", "/dev/null", *words]
        return subprocess.run(own, capture_output=True, text=True, timeout=LIMIT).stdout

    tmux("new-session", "-d", "-x", "80", "-y", "24", copier)
    try:
        told = tmp_path / "told"
        come(lambda: told.exists() and told.read_text().endswith("\n"))
        assert told.read_text() == "copied through tmux\n"
        assert tmux("show-buffer") == (tmp_path / "text").read_text()
    finally:
        tmux("kill-server")


@pytest.mark.skipif(not shutil.which("screen"), reason="there is no GNU screen")
def test_a_real_screen_hands_it_on(tmp_path: Path, copier: str) -> None:
    import pty
    import select

    main, side = pty.openpty()
    rc = tmp_path / "screenrc"
    rc.write_text("startup_message off\n")
    (tmp_path / "s").mkdir(mode=0o700)
    screen = subprocess.Popen(
        ["screen", "-c", str(rc), "-S", "px", "sh", "-c", copier],
        stdin=side, stdout=side, stderr=side, start_new_session=True,
        env={**os.environ, "TERM": "xterm", "SCREENDIR": str(tmp_path / "s")},
    )  # fmt: skip
    wanted = sent((tmp_path / "text").read_text()).encode()
    output, end = b"", time.monotonic() + LIMIT
    try:
        while wanted not in output:
            assert time.monotonic() < end, output[-3000:]
            if select.select([main], [], [], 0.1)[0]:
                output += os.read(main, 65536)
        told = tmp_path / "told"
        come(lambda: told.exists() and told.read_text().endswith("\n"))
        assert told.read_text() == "asked the terminal to copy (OSC 52)\n"
    finally:
        quit_it = ["screen", "-S", "px", "-X", "quit"]
        own = {**os.environ, "SCREENDIR": str(tmp_path / "s")}
        subprocess.run(quit_it, env=own, capture_output=True, timeout=LIMIT)
        screen.kill()
        screen.wait()
        os.close(main)
        os.close(side)
