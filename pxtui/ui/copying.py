"""Copying to the person's clipboard, over whatever way there is, and saying which it was."""

from __future__ import annotations

import base64
import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from textual.app import App

from pxtui import places
from pxtui.errors import StateError
from pxtui.session import threads

PATIENCE = 2.0
"""Seconds that a program may take."""
MOST = 8 << 20
"""Characters that are copied at all; more is written to a file."""
OSC_52 = 74_994
"""Bytes of base64 that terminals take in one sequence."""
SCREEN = 760
"""Bytes that GNU screen hands on of one string, with some to spare."""
TOOLS = (
    ("WAYLAND_DISPLAY", ("wl-copy",)),
    ("DISPLAY", ("xclip", "-selection", "clipboard")),
    ("DISPLAY", ("xsel", "--clipboard", "--input")),
)


async def copy(app: App[int], text: str, what: str = "") -> str:
    """Copy a text, called `what` (such as `3 lines`); how that was done, in words."""
    return await copy_pieces(app, (text,), what)


async def copy_pieces(app: App[int], pieces: Iterable[str], what: str = "") -> str:
    """Copy what the pieces make together: they are asked for in a thread, whatever it takes."""
    name = f" {what}" if what else ""
    text, rest = await threads.in_thread("copy", lambda: _taken(pieces))
    if text is None:
        return await threads.in_thread("copy", lambda: _to_file(rest, name, "too much to copy"))
    app._clipboard = text  # what is pasted in a field of the app
    sequence, told = await threads.in_thread("copy", lambda: _copied(text, name))
    if sequence and app._driver is not None:
        app._driver.write(sequence)
    return told


def _copied(text: str, name: str) -> tuple[str, str]:
    """What the terminal has yet to be sent, and how it was done."""
    data = base64.b64encode(text.encode("utf-8", "replace")).decode()
    much = len(data) > OSC_52
    tool, tmux = _tool(text), _tmux(text, hands_on=not much)
    if tool or tmux:
        if much and not tool:
            return "", f"copied{name} into tmux's buffer only: too much for the terminal"
        return "", f"copied{name} through {' and '.join(filter(None, (tool, tmux)))}"
    if os.environ.get("TERM") in ("dumb", "linux"):
        return "", _to_file((text,), name, "this terminal has no clipboard")
    if much:
        return "", _to_file((text,), name, "too much for the terminal")
    if os.environ.get("TMUX"):
        return osc_52(data, os.environ), (
            f"sent{name} through tmux (OSC 52): copied if its allow-passthrough is on"
        )
    return osc_52(data, os.environ), f"asked the terminal to copy{name} (OSC 52)"


def _taken(pieces: Iterable[str]) -> tuple[str | None, Iterator[str]]:
    """The whole text, or None and all pieces again where it is more than is copied."""
    found, size, rest = list[str](), 0, iter(pieces)
    for piece in rest:
        found.append(piece)
        size += len(piece)
        if size > MOST:
            return None, (part for parts in (found, rest) for part in parts)
    return "".join(found), iter(())


def osc_52(data: str, environ: Mapping[str, str]) -> str:
    """The sequence that asks the terminal to copy, wrapped for what stands before the terminal."""
    sequence = f"\x1b]52;c;{data}\x07"
    if environ.get("TMUX"):
        return f"\x1bPtmux;{sequence.replace(chr(27), chr(27) * 2)}\x1b\\"
    if environ.get("STY") or environ.get("TERM", "").startswith("screen"):
        parts = [sequence[at : at + SCREEN] for at in range(0, len(sequence), SCREEN)]
        return "".join(f"\x1bP{part}\x1b\\" for part in parts)
    return sequence


def _tool(text: str) -> str:
    """The program that took the text for a display of this machine; empty if none did."""
    environ = os.environ
    if any(environ.get(name) for name in ("SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT")):
        return ""  # a display there may be, but it is not the one the person looks at
    here = [command for display, command in TOOLS if environ.get(display)]
    if sys.platform == "darwin":
        here = [("pbcopy",)]
    return next((c[0] for c in here if shutil.which(c[0]) and _handed(c, text)), "")


def _tmux(text: str, *, hands_on: bool) -> str:
    """That tmux has it: as it comes configured it drops OSC 52, asked itself it hands it on."""
    if not os.environ.get("TMUX"):
        return ""
    command = ("tmux", "load-buffer", *(["-w"] if hands_on else []), "-")
    return "tmux" if _handed(command, text) else ""


def _handed(command: tuple[str, ...], text: str) -> bool:
    """Whether a program took a text; one that stays to keep it is left alone."""
    quiet = subprocess.DEVNULL
    try:
        done = subprocess.run(
            command,
            input=text.encode("utf-8", "replace"),
            stdout=quiet,  # no pipe: xclip would hold it open for as long as it keeps the text
            stderr=quiet,
            timeout=PATIENCE,
            start_new_session=True,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def kept_in() -> Path:
    """The file for what could not be copied."""
    return places.state_home() / "copied.txt"


def _to_file(pieces: Iterable[str], name: str, why: str) -> str:
    """Write what cannot be copied to a file of the person's own; what to say of it."""
    path = kept_in()
    try:
        places.private_dir(path.parent)
        with contextlib.suppress(FileNotFoundError):
            path.unlink()  # it may be a link, or have another mode
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(fd, "w", encoding="utf-8", errors="replace", newline="") as file:
            file.writelines(pieces)
    except (OSError, StateError) as error:
        reason = error.strerror if isinstance(error, OSError) else error.message
        return f"not copied: {why}, and {path} cannot be written: {reason}"
    return f"{why}:{name or ' it'} written to {path}"
