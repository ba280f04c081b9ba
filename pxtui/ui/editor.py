"""The person's own editor on the polyaxonfile."""

from __future__ import annotations

import asyncio
import os
import shlex
from collections.abc import Sequence
from pathlib import Path

from textual.app import App, SuspendNotSupported

TAKES_LINE = ("vi", "vim", "nvim", "nano", "emacs", "micro", "kak", "joe", "mcedit", "ne")
"""Editors that go to a line given as `+12`."""


def editor_command(file: Path, line: int) -> list[str]:
    """The editor that the environment names, vi if it names none, at a line where it can."""
    words = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi") or ["vi"]
    at = [f"+{line}"] if line > 1 and Path(words[0]).name in TAKES_LINE else []
    return [*words, *at, str(file)]


async def run_editor(app: App[int], command: Sequence[str]) -> str:
    """Hand the terminal to the editor; all else goes on. Why it failed, or nothing."""
    try:
        # No frame may be drawn into the editor's screen.
        with app.suspend(), app.batch_update():
            editor = await asyncio.create_subprocess_exec(*command)
            await editor.wait()
    except SuspendNotSupported:
        return "this terminal cannot be handed to an editor"
    except OSError as error:
        return f"{command[0]}: {error.strerror} · set $EDITOR to your editor"
    return ""
