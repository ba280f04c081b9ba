"""The output of a live job, line by line from its store, whatever the speed of the listener."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from pxtui.logs.line import Line
from pxtui.logs.reader import LogReader
from pxtui.logs.screen import REACH, Screen

PIECE = 1 << 20
QUIET = 1.0
"""Seconds without output after which nothing is held back."""


class Follow:
    """Reads what is new in a job's log at each call.

    A line that is finished is given out, but while the cursor goes up, as with nested progress
    bars, as many are held back as it reached: they may change.
    """

    def __init__(self, folder: Path) -> None:
        self._reader = LogReader(folder)
        self._screen = Screen(self._back)
        self._at = 0
        self._heard = 0.0
        self._held = 0
        """Lines to hold back."""
        self._since = 0
        """Lines that were finished since the cursor went up."""
        self._left = 0
        """Lines that are held back now."""
        self._given: list[Line] = []
        """The last lines that were given out."""
        self._again: list[Line] = []
        """Lines that were given out and may come again, unchanged: they are not said twice."""

    def lines(self, *, last: bool = False) -> Iterator[Line]:
        """The lines that were finished since the last call; with `last` the unfinished ones too."""
        now = time.monotonic()
        while pieces := self._reader.read(self._at, PIECE):
            self._heard = now
            for piece in pieces:
                self._at += len(piece.data)
                self._screen.feed(*piece)
                yield from self._give(self._hold())
        if last:
            self._screen.close()
            self._reader.close()
        if last or now - self._heard > QUIET:
            yield from self._give(0)

    def _hold(self) -> int:
        """How many lines to hold back after a piece."""
        screen = self._screen
        if screen.reached:
            self._held, self._since = max(self._held, screen.reached), 0
            screen.reached = 0
        elif self._held:
            self._since += len(screen.recent) - self._left
            if self._since >= REACH:
                self._held = 0
        return self._held

    def _give(self, keep: int) -> Iterator[Line]:
        lines = self._screen.take(keep)
        self._left = len(self._screen.recent)
        self._given = [*self._given, *lines[-REACH:]][-REACH:]
        for line in lines:
            if not self._again or not any(line is one for one in self._again):
                yield line

    def _back(self, count: int) -> list[Line]:
        back = self._given[-count:]
        del self._given[-count:]
        self._again = [*self._again, *back][-REACH:]
        return back
