"""The rows of a filtered log: the lines that were found, with some lines before and after each."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right

STEADY = 1_024
"""Lines this far before the end do not change any more; the others are mapped anew each time."""
AT_ONCE = 20_000
"""Hits that are mapped in one call: about 5 ms."""


class FilterRows:
    """Maps rows to line numbers, both ascending; grows with the hits."""

    def __init__(self, context: int = 0) -> None:
        self.context = context
        self.rows: array[int] = array("I")
        """The line numbers."""
        self._used = 0
        self._finished = 0

    def update(self, hits: array[int], finished: int) -> bool:
        """Take in hits of so many finished lines; whether all of them are in."""
        steady = max(0, min(finished, self._finished) - STEADY - self.context)
        used = min(self._used, bisect_left(hits, steady))
        if used:
            del self.rows[bisect_right(self.rows, hits[used - 1] + self.context) :]
        else:
            del self.rows[:]
        self._used = min(len(hits), max(used + AT_ONCE, self._used))
        self._finished = finished
        if self.context:
            self._with_context(hits[used : self._used], finished)
        else:
            self._used = len(hits)
            self.rows.extend(hits[used:])
        return self._used == len(hits)

    def _with_context(self, hits: array[int], finished: int) -> None:
        free = self.rows[-1] + 1 if self.rows else 0
        for hit in hits:
            end = min(hit + self.context + 1, finished)
            self.rows.extend(range(max(free, hit - self.context), end))
            free = max(free, end)
