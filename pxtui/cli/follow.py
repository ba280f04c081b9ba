"""The output of a live job, line by line from its store, whatever the speed of the listener."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pxtui.logs.line import Line
from pxtui.logs.screen import Screen
from pxtui.logs.store import LogReader

PIECE = 1 << 20


class Follow:
    """Reads what is new in a job's log at each call."""

    def __init__(self, folder: Path) -> None:
        self._reader = LogReader(folder)
        self._screen = Screen()
        self._at = 0

    def lines(self, *, last: bool = False) -> Iterator[Line]:
        """The lines that were finished since the last call; with `last` the unfinished one too."""
        while pieces := self._reader.read(self._at, PIECE):
            for piece in pieces:
                self._at += len(piece.data)
                yield from self._screen.feed(piece.data, piece.stream, piece.time)
        if last:
            yield from self._screen.close()
            self._reader.close()
