"""What a person sees, and waiting until they see it."""

from __future__ import annotations

import time
from collections.abc import Callable

from textual.app import App
from textual.pilot import Pilot

LIMIT = 15.0
"""Seconds after which what was waited for will not come."""


def words(app: App[int]) -> str:
    """The rows of the screen as plain text."""
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


async def until(pilot: Pilot[int], is_so: Callable[[], bool]) -> None:
    """Wait for a condition, with a limit."""
    end = time.monotonic() + LIMIT
    while not is_so():
        if time.monotonic() > end:
            raise AssertionError(f"it never came to be so; the screen:\n{words(pilot.app)}")
        await pilot.pause(0.005)


async def press(pilot: Pilot[int], *keys: str) -> None:
    """Press keys and let the app take them."""
    await pilot.press(*keys)
    await pilot.pause()
