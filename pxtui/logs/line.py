"""One line of a log as it is shown: clean text, and the pens of its parts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from pxtui.logs.pens import NO_PEN, Pen, pen_after, sequence
from pxtui.logs.store import Stream
from pxtui.logs.text import NARROW_OR_WIDE, clean

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


def simple(text: str, stream: Stream, time: float, pen: Pen) -> tuple[Line, Pen] | None:
    """A line of nothing but text, SGR, tabs and returns at its end, and the pen after it.

    None if it takes a `Screen` to tell.
    """
    if text.endswith("\r"):
        text = text.rstrip("\r")
    if "\x1b" in text:
        pieces = SGR.split(text)
        shown = "".join(pieces[::2])
    else:
        pieces, shown = [text], text
        if "\t" in text and pen == NO_PEN and text.isascii():  # in a pen: tabs are in none
            shown = text.rstrip("\t").expandtabs(8)
    if shown.isascii():
        if len(shown) > MAX_LINE or not shown.isprintable():
            return None
    elif len(shown) > MAX_LINE // 2 or not NARROW_OR_WIDE.fullmatch(shown):
        return None
    if len(pieces) == 1:
        spans = (Span(0, len(shown), pen),) if pen != NO_PEN and shown else ()
        return Line(shown, stream, time, spans), pen
    found, pen = _spans(pieces, pen)
    return Line(shown, stream, time, found), pen


def _spans(pieces: list[str], pen: Pen) -> tuple[tuple[Span, ...], Pen]:
    """The spans of pieces of text with the parameters of an SGR sequence between each two."""
    spans: list[Span] = []
    at = begun = 0
    ink = pen
    for index in range(0, len(pieces), 2):
        if index:
            pen = pen_after(pieces[index - 1], pen)
        if size := len(pieces[index]):
            if pen != ink:
                if at > begun and ink != NO_PEN:
                    spans.append(Span(begun, at, ink))
                begun, ink = at, pen
            at += size
    if at > begun and ink != NO_PEN:
        spans.append(Span(begun, at, ink))
    return tuple(spans), pen


def read(raw: bytes, stream: Stream, time: float, pen: Pen) -> tuple[Line, Pen]:
    """The line of some bytes without newlines, and the pen after it, just as a `Screen` has it."""
    read = simple(raw.decode("utf-8", "replace"), stream, time, pen)
    if read is not None:
        return read
    from pxtui.logs.screen import Screen  # it makes lines itself

    screen = Screen()
    screen.pen = pen
    screen.feed(raw + b"\n", stream, time)
    return screen.take(0)[0], screen.pen


def written(line: Line) -> str:
    """A line as text with SGR sequences, in no pen at its start and its end."""
    if not line.spans:
        return line.text
    out, at = [], 0
    for start, end, pen in line.spans:
        out += [line.text[at:start], sequence(pen), line.text[start:end], "\x1b[0m"]
        at = end
    return "".join([*out, line.text[at:]])
