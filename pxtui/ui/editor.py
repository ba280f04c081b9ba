"""The person's own editor on a file of the project, at a line of it."""

from __future__ import annotations

import asyncio
import os
import shlex
from collections.abc import Sequence
from pathlib import Path

from textual.app import App, SuspendNotSupported

TAKES_LINE = ("vi", "vim", "nvim", "nano", "emacs", "micro", "kak", "joe", "mcedit", "ne")
"""Editors that go to a line given as `+12`."""
TAKES_COLON = {"hx": (), "helix": (), "zed": (), "subl": (), "code": ("-g",), "codium": ("-g",)}
"""Editors that go to a line given as `file:12`, and the option that they need for it."""


def editor_command(file: Path, line: int) -> list[str]:
    """The editor that the environment names, vi if it names none, at a line where it can."""
    named = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    try:
        words = shlex.split(named) or ["vi"]
    except ValueError:  # a quote that is never closed
        words = named.split()
    name = Path(words[0]).name
    if line > 1 and name in TAKES_COLON:
        return [*words, *TAKES_COLON[name], f"{file}:{line}"]
    at = [f"+{line}"] if line > 1 and name in TAKES_LINE else []
    return [*words, *at, str(file)]


async def run_editor(app: App[int], command: Sequence[str]) -> str:
    """Hand the terminal to the editor; all else goes on. Why it failed, or nothing."""
    try:
        # No frame may be drawn into the editor's screen. What is raised in here would leave the
        # terminal suspended for good.
        with app.suspend(), app.batch_update():
            return await _ended(command)
    except SuspendNotSupported:
        return "this terminal cannot be handed to an editor"


async def _ended(command: Sequence[str]) -> str:
    """Wait for the editor; what was wrong with how it began or ended, or nothing."""
    name = command[0]
    try:
        code = await (await asyncio.create_subprocess_exec(*command)).wait()
    except OSError as error:
        return f"{name}: {error.strerror} · set $EDITOR to your editor"
    if code < 0:
        return f"{name} was ended by signal {-code}"
    return f"{name} ended with exit code {code}" if code else ""
