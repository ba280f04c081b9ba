"""The end of a job's log: its last line, the exception that ended it, and its last words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pxtui.logs.reader import LogReader
from pxtui.logs.screen import Screen
from pxtui.logs.tracebacks import exceptions, last_exception

LAST_BYTES = 65_536
NEAR = 40
"""Lines from the end in which an exception is taken for the end's own."""
FEW = 8
"""Lines that are looked at beside it."""
MESSAGE = 4
"""Lines of an exception's message that are looked at."""


@dataclass(frozen=True, slots=True)
class Tail:
    """Clean text for one line each, empty where there is none."""

    last_line: str
    exception: str
    words: tuple[str, ...] = ()
    """The lines in which the cause of a failure may stand."""


def read(folder: Path) -> Tail:
    """Look at the last 64 KiB of the log in a job's folder."""
    screen = Screen()
    for piece in LogReader(folder).last(LAST_BYTES):
        screen.feed(*piece)
    shown = [line.text for line in (*screen.recent, *screen.live) if line.text.strip()]
    return Tail(shown[-1] if shown else "", last_exception(shown), last_words(shown))


def last_words(lines: Sequence[str]) -> tuple[str, ...]:
    """The exceptions that ended a job and what came after them, or just its last lines."""
    raised = exceptions(lines)
    if not raised or raised[-1].at < len(lines) - NEAR:
        return tuple(lines[-FEW:])
    words: list[str] = []
    for one in raised:
        if not one.caused:
            words = []
        words += lines[one.at : one.at + MESSAGE]
    return (*words, *lines[max(raised[-1].at + MESSAGE, len(lines) - FEW) :])
