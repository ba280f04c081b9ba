"""Copying to the person's clipboard, through the terminal."""

from __future__ import annotations

import base64
import os
import subprocess

from textual.app import App

from pxtui.session import threads

TMUX = 2.0
"""Seconds that tmux may take."""


async def copy(app: App[int], text: str) -> str:
    """Ask the terminal to copy a text; how that was done, in words."""
    app.copy_to_clipboard(text)
    if not os.environ.get("TMUX"):
        return "copied through the terminal (OSC 52)"
    # as it comes configured, tmux drops that sequence; asked itself, it keeps and hands it on
    if await threads.in_thread("copy", lambda: _given_to_tmux(text)):
        return "copied through tmux"
    data = base64.b64encode(text.encode("utf-8", "replace")).decode()
    if app._driver is not None:
        app._driver.write(f"\x1bPtmux;\x1b\x1b]52;c;{data}\x07\x1b\\")
    return "sent through tmux (OSC 52): copied if its allow-passthrough is on"


def _given_to_tmux(text: str) -> bool:
    try:
        done = subprocess.run(
            ["tmux", "load-buffer", "-w", "-"],
            input=text.encode("utf-8", "replace"),
            capture_output=True,
            timeout=TMUX,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
