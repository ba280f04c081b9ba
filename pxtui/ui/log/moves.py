"""How the cursor of a selection moves: by characters, words, rows and pages of the lines shown."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from typing import Protocol

from pxtui.ui.laid import cell_at, index_at
from pxtui.ui.log.place import Shown
from pxtui.ui.log.selection import At, cluster

END = sys.maxsize
"""A cell behind every row."""
_WORD = re.compile(r"\w+|[^\w\s]+")


class Page(Protocol):
    """The lines through which the cursor moves."""

    @property
    def shown(self) -> Shown:
        """Those that are shown."""

    def text(self, line: int) -> str:
        """The text of one."""

    def parts(self, line: int) -> Sequence[tuple[int, int]]:
        """The characters of each of its rows as (start, end)."""


def settled(page: Page, at: At) -> At:
    """The nearest place on a character of a line that is shown."""
    shown = page.shown
    if not shown.count:
        return At(0, 0)
    line = shown.line(min(shown.position(at.line), shown.count - 1))
    return At(line, _within(page.text(line), at.char if line == at.line else 0))


def _within(text: str, index: int) -> int:
    return cluster(text, min(max(0, index), len(text) - 1))[0] if text else 0


def left(page: Page, at: At) -> At:
    """A character to the left, in its line."""
    return At(at.line, _within(page.text(at.line), at.char - 1))


def right(page: Page, at: At) -> At:
    """A character to the right, in its line."""
    text = page.text(at.line)
    return At(at.line, _within(text, cluster(text, at.char)[1]))


def start(page: Page, at: At) -> At:
    """The start of the line."""
    return At(at.line, 0)


def text_start(page: Page, at: At) -> At:
    """The first character of the line that is not a space."""
    text = page.text(at.line)
    return At(at.line, _within(text, len(text) - len(text.lstrip())))


def end(page: Page, at: At) -> At:
    """The end of the line."""
    return At(at.line, _within(page.text(at.line), END))


def top(page: Page, at: At) -> At:
    """The start of the first line."""
    return At(page.shown.line(0), 0) if page.shown.count else at


def bottom(page: Page, at: At) -> At:
    """The start of the last line."""
    return At(page.shown.line(page.shown.count - 1), 0) if page.shown.count else at


def word(page: Page, at: At) -> At:
    """The start of the next word."""
    starts = _starts(page.text(at.line), at.char + 1)
    if starts:
        return At(at.line, starts[0])
    below = _beside(page, at.line, 1)
    return end(page, at) if below is None else text_start(page, At(below, 0))


def word_back(page: Page, at: At) -> At:
    """The start of the word, or of the one before."""
    before = [start for start in _starts(page.text(at.line)) if start < at.char]
    if before:
        return At(at.line, before[-1])
    above = _beside(page, at.line, -1)
    if above is None:
        return At(at.line, 0)
    return At(above, (_starts(page.text(above)) or [0])[-1])


def _starts(text: str, first: int = 0) -> list[int]:
    """Where words begin; never in the middle of what stands in one place."""
    found = (found.start() for found in _WORD.finditer(text))
    return [at for at in found if at >= first and cluster(text, at)[0] == at]


def _beside(page: Page, line: int, by: int) -> int | None:
    position = page.shown.position(line) + by
    return page.shown.line(position) if 0 <= position < page.shown.count else None


def cell_of(page: Page, at: At) -> int:
    """The cell of its row in which a character stands."""
    text = page.text(at.line)
    first, last = _part(page, at)[1]
    return cell_at(text[first:last], min(at.char, last) - first)


def rows(page: Page, at: At, by: int, cell: int) -> At:
    """So many rows further down or up, at a cell or before it; as far as there are any."""
    part, _ = _part(page, at)
    line, part = at.line, part + by
    while part < 0 and (above := _beside(page, line, -1)) is not None:
        line, part = above, part + len(page.parts(above))
    while part >= len(page.parts(line)) and (below := _beside(page, line, 1)) is not None:
        line, part = below, part - len(page.parts(line))
    parts = page.parts(line)
    return in_cell(page, line, parts[min(max(0, part), len(parts) - 1)], cell)


def in_cell(page: Page, line: int, part: tuple[int, int], cell: int) -> At:
    """The character of a row that stands in a cell, or the row's last one."""
    text, (first, last) = page.text(line), part
    return At(line, _within(text, min(first + index_at(text[first:last], cell), max(0, last - 1))))


def _part(page: Page, at: At) -> tuple[int, tuple[int, int]]:
    """Which of its line's rows a character stands in."""
    parts = page.parts(at.line)
    found = max((n for n, (first, _) in enumerate(parts) if first <= at.char), default=0)
    return found, parts[found]


Move = Callable[[Page, At], At]
MOVES: dict[str, Move] = {
    **{"left": left, "right": right, "word": word, "word_back": word_back, "start": start},
    **{"text_start": text_start, "end": end, "top": top, "bottom": bottom},
}
"""The moves that have no amount, by name."""
