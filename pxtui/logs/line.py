"""One line of a log as it is shown: clean text, and the pens of its parts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from pxtui.logs.pens import NO_PEN, Pen, pen_after, sequence
from pxtui.logs.store import Stream
from pxtui.logs.text import clean

MAX_LINE = 65_536
"""Characters of a line that are kept for the view."""
SGR = re.compile(r"\x1b\[([0-9;:]{0,64})m")


class Span(NamedTuple):
    """A part of a line's text, `end` excluded, that was printed with a pen of its own."""

    start: int
    end: int
    pen: Pen


class Line(NamedTuple):
    """One line, and the time at which it ended (seconds since the epoch; 0: unknown)."""

    text: str
    stream: Stream
    time: float
    spans: tuple[Span, ...] = ()


def over(count: int) -> str:
    """What stands at the end of a line of which so many characters are not shown."""
    return f"… +{count:,} characters" if count else ""


def joined(parts: Iterable[tuple[str, Pen]]) -> tuple[str, tuple[Span, ...]]:
    """Text and spans of parts in one pen each; each part is cleaned."""
    texts: list[str] = []
    spans: list[Span] = []
    at = 0
    for raw, pen in parts:
        text = clean(raw)
        if text and pen != NO_PEN:
            if spans and spans[-1].end == at and spans[-1].pen == pen:
                spans[-1] = Span(spans[-1].start, at + len(text), pen)
            else:
                spans.append(Span(at, at + len(text), pen))
        texts.append(text)
        at += len(text)
    return "".join(texts), tuple(spans)


def parts_of(text: str, pen: Pen) -> tuple[list[tuple[str, Pen]], Pen]:
    """Text with no other sequences than SGR in its parts, and the pen at its end."""
    if "\x1b" not in text:
        return [(text, pen)], pen
    parts = []
    pieces = SGR.split(text)
    if pieces[0]:
        parts.append((pieces[0], pen))
    for params, part in zip(pieces[1::2], pieces[2::2], strict=True):
        pen = pen_after(params, pen)
        if part:
            parts.append((part, pen))
    return parts, pen


def written(line: Line) -> str:
    """A line as text with SGR sequences, in no pen at its start and its end."""
    if not line.spans:
        return line.text
    out, at = [], 0
    for start, end, pen in line.spans:
        out += [line.text[at:start], sequence(pen), line.text[start:end], "\x1b[0m"]
        at = end
    return "".join([*out, line.text[at:]])
