"""The lines of one log by number, whatever its size: finished ones, and those still changing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

from pxtui.logs.line import Line
from pxtui.logs.screen import Screen
from pxtui.logs.store import LogReader


class Lines:
    """Reads a log as it grows; any thread may call, one at a time gets in."""

    def __init__(self, folder: Path | None = None) -> None:
        self._reader = LogReader(folder) if folder else None
        self._screen = Screen()
        self._lock = threading.RLock()
        self._kept: list[Line] = []
        self._live: list[Line] = []
        self._at = 0
        self._ended = False
        self.version = 0
        """Grows with every change of what there is to see."""

    def close(self) -> None:
        """Let go of the files."""
        if self._reader is not None:
            self._reader.close()

    @property
    def replaced(self) -> bool:
        """Whether these are the lines of a log that has been begun anew."""
        return self._reader is not None and self._reader.replaced

    @property
    def finished(self) -> int:
        """Lines that have ended; falls by at most 64 when the cursor goes up to change some."""
        return len(self._kept)

    @property
    def total(self) -> int:
        """Lines that have ended and lines that still change."""
        return len(self._kept) + len(self._live)

    @property
    def cut(self) -> int:
        """Bytes that are not in the log because it was full."""
        return self._reader.cut if self._reader is not None else 0

    def advance(self, seconds: float, *, ended: bool = False) -> bool:
        """Take in what came, for about so many seconds at most; whether all of it was.

        `ended`: nobody writes to this log any more.
        """
        with self._lock:
            if self._reader is None or self._ended:
                return True
            before = self._at
            for piece in self._reader.read(self._at, 1 << 30):
                self._kept += self._screen.feed(*piece)
                self._at += len(piece.data)
            if ended:
                self._ended = True
                self._kept += self._screen.close()
            if self._at != before or ended:
                self._live = list(self._screen.tail)
                self.version += 1
            return True

    def get(self, first: int, count: int) -> list[Line]:
        """Lines from a number on (the first is 0), finished ones and then those still changing."""
        with self._lock:
            return [*self._kept, *self._live][first : first + count]

    def blocks(self, first: int) -> Iterator[tuple[int, str]]:
        """The clean text of all finished lines from a number on, newlines included, in pieces of
        whole lines, each with the number of its first line."""
        with self._lock:
            yield first, "".join(line.text + "\n" for line in self._kept[first:])

    @property
    def plain_file(self) -> Path | None:
        """The file that holds the finished lines just as they are shown, from the first on.

        None where it holds anything else: colours, tabs, carriage returns, non-ASCII text. It may
        hold more than the finished lines.
        """
        return None
