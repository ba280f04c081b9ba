"""The cursor of one stream of a log: where the next character goes, and the rows from there on."""

from __future__ import annotations

from collections.abc import Callable

from pxtui.logs.line import Line
from pxtui.logs.pens import Pen
from pxtui.logs.row import Row
from pxtui.logs.store import Stream
from pxtui.logs.text import NARROW_OR_RETURN, clean

REACH = 64
"""Finished lines, of all streams, that the cursor can go up."""
FAR = 512
"""Columns that a move to the right can reach: a few bytes must not make a long line."""
MOST = 99_999
"""The highest number that a sequence needs."""


class Cursor:
    """Rows that it leaves downwards are finished, and come back when it goes up to them again."""

    def __init__(
        self, stream: Stream, done: list[Line], back: Callable[[Stream, int], list[Line]]
    ) -> None:
        self.time = 0.0
        """When the last piece came."""
        self.stream = stream
        self._done = done
        self._back = back
        self._rows = [Row()]
        self._at = 0

    @property
    def fresh(self) -> bool:
        """It stands at the start of an empty row with none below."""
        return not self._at and len(self._rows) == 1 and self._rows[0].untouched

    @property
    def below(self) -> int:
        """Rows below it."""
        return len(self._rows) - 1

    def live(self) -> list[Line]:
        """Its row and those below, down to the last one that holds anything."""
        last = max((i for i, row in enumerate(self._rows) if not row.empty), default=-1)
        return [row.line(self.stream, self.time) for row in self._rows[: last + 1]]

    def draw(self, text: str, pen: Pen) -> None:
        """Print text and act on carriage returns."""
        row = self._rows[0]
        if not NARROW_OR_RETURN.fullmatch(text):
            for index, part in enumerate(text.split("\r")):
                self._at = row.put(0 if index else self._at, clean(part), pen) if part else 0
            return
        first, *others = text.split("\r")
        if first:
            self._at = row.put(self._at, first, pen)
        if others:
            redraws = [*filter(None, others)]
            if redraws:
                row.put(0, _overlaid(redraws), pen)
            if len(redraws) > 1:
                row.touch()
            self._at = len(others[-1])

    def newline(self) -> None:
        """Go to the start of the next row."""
        self._at = 0
        self._leave()
        if not self._rows:
            self._rows.append(Row())

    def _leave(self) -> None:
        self._done.append(self._rows.pop(0).line(self.stream, self.time))

    def tab(self) -> None:
        """Go to the next column that is a multiple of 8."""
        self._at += 8 - self._at % 8

    def left(self, count: int) -> None:
        """Go left, as far as it goes."""
        self._at = max(0, self._at - (count or 1))

    def right(self, count: int) -> None:
        """Go right, not very far."""
        self.column(self._at + (count or 1) + 1)

    def column(self, number: int) -> None:
        """Go to a column; the first is 1."""
        self._at = min(max(number - 1, 0), max(self._at, FAR - 1))

    def up(self, count: int) -> None:
        """Go up as far as there are rows within reach."""
        self._rows[:0] = map(Row, self._back(self.stream, count or 1))

    def down(self, count: int) -> None:
        """Go down to the lowest row at most."""
        for _ in range(min(count or 1, self.below)):
            self._leave()

    def up_to_start(self, count: int) -> None:
        """Go up, to the start of the row."""
        self.up(count)
        self._at = 0

    def down_to_start(self, count: int) -> None:
        """Go down, to the start of the row."""
        self.down(count)
        self._at = 0

    def erase_in_row(self, how: int) -> None:
        """Blank the row from the cursor on (0), up to it (1), or all of it (2)."""
        if how < 3:
            row, at = self._rows[0], self._at
            row.erase(0 if how else at, at + 1 if how == 1 else None)

    def erase_below(self, how: int) -> None:
        """Blank all from the cursor on."""
        if how == 0:
            self.erase_in_row(0)
            self._rows[1:] = [Row() for _ in self._rows[1:]]

    def erase(self, count: int) -> None:
        """Blank some characters."""
        self._rows[0].erase(self._at, self._at + (count or 1))


MOVES: dict[str, Callable[[Cursor, int], None]] = {
    "A": Cursor.up,
    "B": Cursor.down,
    "C": Cursor.right,
    "D": Cursor.left,
    "E": Cursor.down_to_start,
    "F": Cursor.up_to_start,
    "G": Cursor.column,
    "J": Cursor.erase_below,
    "K": Cursor.erase_in_row,
    "X": Cursor.erase,
}
"""What a sequence does, by its last character and its first number (0 where none is given)."""


def _overlaid(redraws: list[str]) -> str:
    """What redraws of one row leave: the last one, and the ends of longer ones before it."""
    shown = redraws[-1]
    longest = max(map(len, redraws))
    if len(shown) < longest:
        for text in reversed(redraws):
            if len(text) > len(shown):
                shown += text[len(shown) :]
                if len(shown) == longest:
                    break
    return shown
