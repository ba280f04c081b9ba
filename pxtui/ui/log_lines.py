"""The last lines of a growing log, bounded, with the rows that they take on the screen."""

from __future__ import annotations

import time
from bisect import bisect_right
from pathlib import Path

from rich.cells import cell_len, chop_cells

from pxtui.logs.line import Line
from pxtui.logs.screen import Screen
from pxtui.logs.store import LogReader

KEPT = 20_000
"""Lines that the view keeps; older ones are in the log file."""
SPARE = 4_000
"""They are let go in large pieces: this many more may stand there."""
PIECE = 8_192
BEHIND = 4 << 20
"""A reader that is further behind leaves out what is between."""
RESUME = 256 << 10
BUDGET = 0.008
"""Seconds that one look at the log may take."""


class LogLines:
    """Reads a log as it grows and knows which line stands on which row."""

    def __init__(self, folder: Path | None = None) -> None:
        self._reader = LogReader(folder) if folder else None
        self._screen = Screen()
        self._offset = 0
        self._partial = False
        self._finished = False
        self.lines: list[Line] = []
        self.tail: tuple[Line, ...] = ()
        self.total = 0
        """Lines that were read, the ones let go included."""
        self.skipped = 0
        """Bytes that were left out because the view could not follow."""
        self._width = 0
        self._ends: list[int] = []

    def close(self) -> None:
        """Let go of the files."""
        if self._reader is not None:
            self._reader.close()

    @property
    def replaced(self) -> bool:
        """Whether these are the lines of a log that has been begun anew."""
        return self._reader is not None and self._reader.replaced

    @property
    def older(self) -> bool:
        """Whether the file has lines that are not here any more."""
        return self.total > len(self.lines) or self.skipped > 0

    def poll(self, ended: bool) -> tuple[int, int, bool]:
        """Read what came: lines added, rows let go at the top, and whether anything changed."""
        reader = self._reader
        if reader is None or self._finished:
            return 0, 0, False
        size = reader.size
        before, limit = self._offset, time.monotonic() + BUDGET
        self._skip_ahead(size)
        added = 0
        while self._offset < size and time.monotonic() < limit:
            for piece in reader.read(self._offset, PIECE):
                added += self._add(self._screen.feed(*piece))
                self._offset += len(piece.data)
        if ended and self._offset >= reader.size:
            self._finished = True
            added += self._add(self._screen.close())
        changed = self._offset != before or self._finished
        if changed:
            self.tail = self._screen.tail
        return added, self._let_go(), changed

    def _skip_ahead(self, size: int) -> None:
        if size - self._offset <= BEHIND:
            return
        left_out = size - RESUME - self._offset
        self.skipped += left_out
        self._offset += left_out
        self._screen, self._partial = Screen(), True
        mark = f"[{left_out:,} bytes are not shown here: they are in the log file]"
        self._append([Line(mark, "tty", 0.0)])

    def _add(self, lines: list[Line]) -> int:
        if self._partial and lines:
            lines, self._partial = lines[1:], False
        self.total += len(lines)
        self._append(lines)
        return len(lines)

    def _append(self, lines: list[Line]) -> None:
        end, width = self._ends[-1] if self._ends else 0, self._width
        for line in lines:
            end += height(line.text, width)
            self._ends.append(end)
        self.lines += lines

    def _let_go(self) -> int:
        if len(self.lines) <= KEPT + SPARE:
            return 0
        count = len(self.lines) - KEPT
        rows = self._ends[count - 1]
        del self.lines[:count]
        self._ends = [end - rows for end in self._ends[count:]]
        return rows

    def wrap(self, width: int) -> None:
        """Lay the lines out at a width; 0 puts each on one row."""
        if width != self._width:
            self._width = width
            lines, self.lines, self._ends = self.lines, [], []
            self._append(lines)

    @property
    def rows(self) -> int:
        """Rows of all lines and of the unfinished ones."""
        tail = sum(height(line.text, self._width) for line in self.tail)
        return (self._ends[-1] if self._ends else 0) + tail

    def at(self, row: int) -> tuple[int, Line, str, bool] | None:
        """What stands on a row: index of the line, the line, its part, and if it is the first."""
        index = bisect_right(self._ends, row)
        start = self._ends[index - 1] if index else 0
        rest = [*self.lines[index : index + 1], *(self.tail if index >= len(self.lines) else ())]
        for line in rest:
            parts = folded(line.text, self._width)
            if row - start < len(parts):
                return index, line, parts[row - start], row == start
            start += len(parts)
            index += 1
        return None

    def row_of(self, index: int) -> int:
        """The first row of a line."""
        return self._ends[min(index, len(self._ends)) - 1] if index and self._ends else 0

    def find(self, query: str) -> list[int]:
        """The lines that have a text; small letters find capitals too."""
        if query != query.lower():
            return [i for i, line in enumerate(self.lines) if query in line.text]
        return [i for i, line in enumerate(self.lines) if query in line.text.lower()]


def height(text: str, width: int) -> int:
    """Rows that a line takes."""
    if not width or len(text) * 2 <= width or (len(text) <= width and text.isascii()):
        return 1
    return 1 if cell_len(text) <= width else len(wrapped(text, width))


def folded(text: str, width: int) -> list[str]:
    """A line in its rows; nothing of it is left out."""
    return [text] if height(text, width) == 1 else wrapped(text, width)


def wrapped(text: str, width: int) -> list[str]:
    """Rows of a line that is too long, broken after a space where one is near the end."""
    if not text.isascii():
        return chop_cells(text, width)
    rows, at = [], 0
    while len(text) - at > width:
        space = text.rfind(" ", at + width // 2, at + width)
        end = space + 1 if space >= 0 else at + width
        rows.append(text[at:end])
        at = end
    return [*rows, text[at:]]
