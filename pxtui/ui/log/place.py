"""Where a view stands in its lines, whatever their number, and how it moves."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple, Protocol


class Shown(Protocol):
    """The lines that are shown, each with its number in the log; some may be left out."""

    @property
    def count(self) -> int:
        """How many there are."""

    @property
    def end(self) -> int:
        """The number that the next line of the log gets, shown or not."""

    def line(self, position: int) -> int:
        """The number of the line at a position (the first is 0)."""

    def position(self, line: int) -> int:
        """How many of those that are shown stand before a line."""

    def starts(self, line: int) -> Sequence[int]:
        """With which of its characters each row of a line begins, rising."""


class Spot(NamedTuple):
    """A row: the position of its line, and which of the line's rows it is."""

    position: int
    part: int


class Place:
    """The first row on the screen, kept as a line and one of its characters.

    So it stays where it is when lines come, go, wrap or are filtered out. It follows the end
    until the person moves up, and again when the person says so; never by itself.
    """

    def __init__(self, shown: Shown) -> None:
        self.shown = shown
        self.height = 1
        """Rows of the screen."""
        self.follow = True
        self._line = self._index = 0
        self._left = 0
        """The number of the line that came first after the end was left."""

    @property
    def new(self) -> int:
        """Lines that came since the end was left."""
        if self.follow:
            return 0
        return max(0, self.shown.count - self.shown.position(self._left))

    @property
    def top(self) -> Spot:
        """The first row on the screen: never one that would leave rows below the end empty."""
        return self.end if self.follow else min(self._wanted, self.end)

    @property
    def _wanted(self) -> Spot:
        """The row of the character that the screen is to begin with."""
        position = self.shown.position(self._line)
        if position >= self.shown.count or self.shown.line(position) != self._line:
            return Spot(position, 0)
        starts = self.shown.starts(self._line)
        return Spot(position, max(0, bisect_right(starts, self._index) - 1))

    @property
    def end(self) -> Spot:
        """The first row of a screen whose last row is the last of all."""
        left = self.height
        for position in range(self.shown.count - 1, -1, -1):
            rows = self._rows(position)
            if rows >= left:
                return Spot(position, rows - left)
            left -= rows
        return Spot(0, 0)

    def screen(self) -> list[tuple[int, int]]:
        """The rows on the screen: the number of the line, and which of its rows."""
        position, part = self.top
        rows: list[tuple[int, int]] = []
        while position < self.shown.count and len(rows) < self.height:
            line = self.shown.line(position)
            rows += [(line, at) for at in range(part, len(self.shown.starts(line)))]
            position, part = position + 1, 0
        return rows[: self.height]

    def leave(self) -> None:
        """Stay here while the log grows."""
        if self.follow:
            top = self.top
            self.follow = False
            self._left = self.shown.end
            self._stand(top)

    def follow_end(self) -> None:
        """Go to the end, and stay there while the log grows."""
        self.follow = True

    def by(self, rows: int) -> None:
        """Move by rows; upwards leaves the end."""
        if rows >= 0 and self.follow:
            return
        self.leave()
        if self.shown.count:
            self._stand(min(self._walked(self.top, rows), self.end))

    def to(self, line: int, index: int = 0, above: int = 0) -> None:
        """Leave the end, and have a line's character on the screen with so many rows above it."""
        self.leave()
        self._line, self._index = line, index
        if above and self.shown.count:
            last = self.shown.count - 1
            self._stand(self._walked(min(self._wanted, Spot(last, 1 << 30)), -above))

    def to_position(self, position: int) -> None:
        """Leave the end, and begin the screen with the line at a position."""
        self.leave()
        self._stand(min(Spot(max(0, position), 0), self.end))

    def _stand(self, spot: Spot) -> None:
        if self.shown.count:
            self._line = self.shown.line(spot.position)
            self._index = self.shown.starts(self._line)[spot.part]

    def _rows(self, position: int) -> int:
        return len(self.shown.starts(self.shown.line(position)))

    def _walked(self, spot: Spot, rows: int) -> Spot:
        """The row so many rows further down or up, as far as there are any."""
        position, part = spot.position, spot.part + rows
        while part < 0 and position > 0:
            position -= 1
            part += self._rows(position)
        while position < self.shown.count - 1 and part >= (here := self._rows(position)):
            part -= here
            position += 1
        return Spot(position, min(max(0, part), self._rows(position) - 1))
