"""One row of a log, drawn: time, mark, and the text in its pens, with what is set off in it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from rich.cells import cell_len, split_graphemes
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from pxtui.logs.line import Line
from pxtui.logs.query import Query
from pxtui.logs.text import clean_line
from pxtui.ui.draw import Piece, Row, spread, strip, style_of
from pxtui.ui.log.tones import Tokens, style_of_pen

FIGURE = re.compile(r"\b[A-Za-z_][\w./]*=(?=[-+]?\d)")
"""A name before a figure: soft, so that the figures stand out."""
MATCH = "key b @tint"
TIME = 9
"""Cells of the time and the space behind it."""

Part = tuple[int, int, str]
"""Characters of a line from start to end, and the tone in which they are set off."""


class Look(NamedTuple):
    """What rows have in common."""

    tokens: Tokens
    width: int
    timed: bool
    """Each line begins with a time."""
    aside: int = 0
    """Cells of the text that are left out at the left."""
    query: Query | None = None

    @property
    def text_at(self) -> int:
        """The cell at which the text begins."""
        return TIME + 2 if self.timed else 2


class Drawn(NamedTuple):
    """A row: a part of a line, or a rule with a text."""

    line: Line
    start: int
    end: int
    time: str = ""
    first: bool = True
    """It is the first row of its line."""
    here: bool = False
    """It is a row of the line that was gone to."""
    parts: tuple[Part, ...] = ()
    rule: str | None = None


@lru_cache(maxsize=512)
def draw(drawn: Drawn, look: Look) -> Strip:
    """The row at the width of the view."""
    if drawn.rule is not None:
        return _rule(drawn.rule, look)
    stderr = drawn.line.stream == "stderr" and drawn.first
    head: Row = (Piece("! " if stderr else "  ", "warn b"),)
    if look.timed:
        head = (Piece(f"{drawn.time:<{TIME}}", "soft"), *head)
    ground = "band" if drawn.here else "ground"
    base = style_of(f"ink @{ground}", "", look.tokens)
    pieces = [Segment(piece.text, base + style_of(piece.tone, "", look.tokens)) for piece in head]
    segments = _segments(drawn, look, base)
    return Strip([*pieces, *segments]).adjust_cell_length(look.width, base).simplify()


def _rule(text: str, look: Look) -> Strip:
    words = (Piece("── ", "hair"), Piece(text, "soft"))
    return strip(spread(words, (), look.width, "─", "hair"), look.width, look.tokens)


def _segments(drawn: Drawn, look: Look, base: Style) -> list[Segment]:
    start, end, space = drawn.start, drawn.end, 0
    text, room = drawn.line.text, look.width - look.text_at
    if look.aside or end - start > room:
        start, end, space = _window(text, start, end, look.aside, room)
    if drawn.line.stream == "stderr" and not drawn.line.spans:
        base += style_of("warn", "", look.tokens)
    layers = list(_layers(drawn, look, start, end))
    edges = {start, end}
    for first, last, _ in layers:
        edges.update((max(start, first), min(end, last)))
    segments = [Segment(" " * space, base)] if space else []
    at = start
    for edge in sorted(edges)[1:]:
        style = base
        for first, last, over in layers:
            if first <= at < last:
                style += over
        segments.append(Segment(clean_line(text[at:edge]), style))
        at = edge
    if end == len(text):  # what is set off behind the end: a line's end, selected
        behind = [over for first, last, over in layers if first <= end < last]
        segments += [Segment(" ", base + over) for over in behind[-1:]]
    return segments


def _window(text: str, start: int, end: int, aside: int, room: int) -> tuple[int, int, int]:
    """The characters that are seen, and the cells in place of half a wide one at the left."""
    if text.isascii():
        return min(start + aside, end), min(start + aside + room, end), 0
    first, last, space, cells = end, end, 0, 0
    for at, _, size in split_graphemes(text[start:end])[0]:
        if first == end and cells >= aside:
            first, space = start + at, cells - aside
        cells += size
        if cells > aside + room:
            last = start + at
            break
    return min(first, last), last, space


def _layers(drawn: Drawn, look: Look, start: int, end: int) -> Iterable[tuple[int, int, Style]]:
    """What is drawn over the plain text, the later over the earlier."""
    line, tokens = drawn.line, look.tokens
    for span in _near(line.spans, start, end):
        yield span.start, span.end, style_of_pen(span.pen, tokens)
    if not line.spans and line.stream != "stderr":
        soft = style_of("soft", "", tokens)
        for found in FIGURE.finditer(line.text, start, end):
            yield found.start(), found.end(), soft
    if look.query is not None:
        matched = style_of(MATCH, "", tokens)
        for first, last in _near(matches(line.text, look.query), start, end):
            yield first, last, matched
    for first, last, tone in drawn.parts:
        yield first, last, style_of(tone, "", tokens)


def _near(spans: Sequence, start: int, end: int) -> Iterable:  # type: ignore[type-arg]
    """Those of many parts of a line, rising, that have any of these characters."""
    at = bisect_right(spans, start, key=lambda span: span[1])
    while at < len(spans) and spans[at][0] < end:
        yield spans[at]
        at += 1


@lru_cache(maxsize=128)
def matches(text: str, query: Query) -> list[tuple[int, int]]:
    """Where a line has what is looked for."""
    return query.spans(text)


def width_of_text(line: Line) -> int:
    """The cells that a line takes if it is not wrapped."""
    return len(line.text) if line.text.isascii() else cell_len(line.text)
