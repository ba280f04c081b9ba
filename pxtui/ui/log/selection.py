"""What is selected in a log: two places in its lines, the text between them, and how they move."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import regex

_CLUSTER = regex.compile(r"\X")
_WORD = regex.compile(r"[\w./~%+@-]+")
"""What a double click takes: names, paths, figures."""
_NEAR = 64
"""No cluster of characters is looked for over more of them than this."""


class At(NamedTuple):
    """A character of a line; one behind its last is taken for its end."""

    line: int
    char: int


class Selection(NamedTuple):
    """From one place to another, both included; by whole lines if asked."""

    anchor: At
    cursor: At
    whole: bool = False

    @property
    def first(self) -> At:
        """The place that comes first."""
        return min(self.anchor, self.cursor)

    @property
    def last(self) -> At:
        """The place that comes last."""
        return max(self.anchor, self.cursor)

    def range_in(self, line: int, text: str) -> tuple[int, int]:
        """The selected characters of a line as (start, end); nothing: both are the same."""
        first, last = self.first, self.last
        if not first.line <= line <= last.line:
            return 0, 0
        start, end = 0, len(text)
        if line == first.line and not self.whole:
            start = cluster(text, first.char)[0]
        if line == last.line and not self.whole:
            end = cluster(text, last.char)[1]
        return start, end

    def clamped(self, total: int) -> Selection:
        """The same after lines were taken back: what stood on those ends at the last that is."""
        end = At(max(0, total - 1), sys.maxsize)
        anchor, cursor = (at if at.line < total else end for at in (self.anchor, self.cursor))
        return Selection(anchor, cursor, self.whole)

    def to(self, cursor: At) -> Selection:
        """The same with its cursor elsewhere."""
        return self._replace(cursor=cursor)

    def swapped(self) -> Selection:
        """The same with the cursor at the other end."""
        return self._replace(anchor=self.cursor, cursor=self.anchor)

    def pieces(self, numbered: Iterable[tuple[int, str]]) -> Iterator[str]:
        """The selected text out of the lines shown, rising by number; no newline at its end."""
        between = ""
        for line, text in numbered:
            if line > self.last.line:
                return
            if line >= self.first.line:
                start, end = self.range_in(line, text)
                yield between + text[start:end]
                between = "\n"

    def text(self, numbered: Iterable[tuple[int, str]]) -> str:
        """The selected text, as `pieces`."""
        return "".join(self.pieces(numbered))


def cluster(text: str, index: int) -> tuple[int, int]:
    """The characters that stand in one place with this one; behind the end none."""
    if index >= len(text):
        return len(text), len(text)
    if text.isascii():
        return index, index + 1
    near = _CLUSTER.finditer(text, max(0, index - _NEAR), index + _NEAR)
    return next(found.span() for found in near if found.end() > index)


def word_at(line: int, text: str, index: int) -> Selection:
    """The word at a character, or just that."""
    found = (found.span() for found in _WORD.finditer(text))
    start, end = next((span for span in found if span[0] <= index < span[1]), cluster(text, index))
    return Selection(At(line, start), At(line, max(start, end - 1)))
