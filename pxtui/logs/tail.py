"""The end of a job's log: its last line, and the exception that ended it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pxtui.logs.screen import Screen, last_exception
from pxtui.logs.store import LogReader

LAST_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Tail:
    """Clean text for one line each, empty where there is none."""

    last_line: str
    exception: str


def read(folder: Path) -> Tail:
    """Look at the last 64 KiB of the log in a job's folder."""
    screen = Screen()
    lines = [
        line.text for piece in LogReader(folder).last(LAST_BYTES) for line in screen.feed(*piece)
    ]
    lines += [line.text for line in screen.close()]
    shown = [line for line in lines if line.strip()]
    return Tail(shown[-1] if shown else "", last_exception(shown))
