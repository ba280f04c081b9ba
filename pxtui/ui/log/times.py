"""The times beside the lines of a log."""

from __future__ import annotations

from typing import Literal, get_args

from pxtui.ui import words

Mode = Literal["clock", "since", "delta", "off"]
_LEAST = 0.05
"""Seconds between two lines that are told."""


def after(mode: Mode) -> Mode:
    """The next one."""
    modes: tuple[Mode, ...] = get_args(Mode)
    return modes[(modes.index(mode) + 1) % len(modes)]


def shown(mode: Mode, at: float, since: float) -> str:
    """A time in at most eight cells; empty where it is not known, or says nothing."""
    if not at or mode == "off":
        return ""
    if mode == "clock":
        return words.clock(at)
    if not since:
        return ""
    seconds = max(0.0, at - since)
    if mode == "since":
        return f"{words.elapsed(seconds):>8}"
    return f"{'+' + words.took(seconds):>8}" if seconds >= _LEAST else ""
