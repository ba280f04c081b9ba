"""The lines that a view shows, all or some, with their text and the rows that they take."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence

from pxtui.logs.line import Line
from pxtui.logs.lines import Lines
from pxtui.ui.laid import rows_of

REACH = 64
"""So far back a line that has ended may still change."""
KEPT = 512
"""Lines that are kept here, because they are on the screen or near it."""
BLOCK = 64
"""So many are asked for at once."""
NONE = Line("", "stdout", 0.0)
ABOVE = -1
"""The character with which a rule above the first line begins; its line in the marks too."""


class AllLines:
    """All lines of a log; what was read of them is kept while it is so."""

    def __init__(self, lines: Lines, marks: Mapping[int, str]) -> None:
        """`marks`: rules that stand after lines, by the line's number."""
        self.lines, self.marks = lines, marks
        self.width = 0
        """Cells of a row; 0: a line takes one row, however long."""
        self.count = 0
        """As it was when `renew` was called: it does not change between two rows of a screen."""
        self.scattered = False
        """Lines are asked for that do not stand side by side."""
        self._sure: dict[int, Line] = {}
        self._unsure: dict[int, Line] = {}

    def renew(self) -> None:
        """Forget what may have changed."""
        self.count = self.lines.total
        self._unsure.clear()
        if len(self._sure) > KEPT:
            self._sure.clear()

    @property
    def end(self) -> int:
        """See `Shown`."""
        return self.count

    def line(self, position: int) -> int:
        """See `Shown`."""
        return position

    def position(self, line: int) -> int:
        """See `Shown`."""
        return min(max(0, line), self.count)

    def text(self, number: int) -> Line:
        """A line; an empty one where there is none any more."""
        found = self._sure.get(number) or self._unsure.get(number)
        if found is None:
            block = 1 if self.scattered else BLOCK
            self._read(number - number % block, block)
            found = self._unsure.get(number) or self._sure.get(number, NONE)
        return found

    def _read(self, first: int, count: int) -> None:
        sure = self.lines.finished - REACH
        got = self.lines.get(first, count)
        sure = min(sure, self.lines.finished - REACH)  # it may have fallen meanwhile
        for number, line in enumerate(got, first):
            (self._sure if number < sure else self._unsure)[number] = line

    def rows(self, number: int) -> Sequence[tuple[int, int]]:
        """The characters of each row of a line's text, and rules as (start, -1)."""
        text = self.text(number).text
        rows: Sequence[tuple[int, int]] = rows_of(text, self.width)
        if number == 0 and ABOVE in self.marks:
            rows = ((ABOVE, -1), *rows)
        if number in self.marks:
            rows = (*rows, (len(text) + 1, -1))
        return rows

    def starts(self, line: int) -> Sequence[int]:
        """See `Shown`."""
        return [start for start, _ in self.rows(line)]


class SomeLines:
    """Those lines of all whose numbers are in a rising list that may grow."""

    def __init__(self, every: AllLines, numbers: Sequence[int]) -> None:
        self.every, self.numbers = every, numbers

    @property
    def count(self) -> int:
        """See `Shown`."""
        return bisect_left(self.numbers, self.every.count)

    @property
    def end(self) -> int:
        """See `Shown`."""
        return self.every.count

    def line(self, position: int) -> int:
        """See `Shown`."""
        return self.numbers[position]

    def position(self, line: int) -> int:
        """See `Shown`."""
        return bisect_left(self.numbers, line, 0, self.count)

    def starts(self, line: int) -> Sequence[int]:
        """See `Shown`."""
        return self.every.starts(line)
