"""The finished lines of a log: where they stand (`Spans`), read from the log or from the spool."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pxtui.logs import line as lines_of
from pxtui.logs.kinds import BUSY, DRESSED, PLAIN
from pxtui.logs.line import MAX_LINE, SGR, Line, joined
from pxtui.logs.pens import NO_PEN, Pen, pen_after
from pxtui.logs.reader import LogReader
from pxtui.logs.spans import Block, Spans
from pxtui.logs.spool import Spool
from pxtui.logs.text import clean


class Kept:
    """Grows at its end, and gives back lines from there."""

    def __init__(self, reader: LogReader, spool: Spool) -> None:
        self._reader, self._spool = reader, spool
        self._spans = Spans(self._read)
        self.pen_at_end = self._spans.pen_at_end
        self.starts = self._spans.starts

    @property
    def count(self) -> int:
        """How many lines there are."""
        return self._spans.lines

    @property
    def all_plain(self) -> bool:
        """Whether every line stands in the log just as it is shown."""
        return self._spans.all_plain

    def add(self, kind: int, at: int, size: int, count: int, pen: Pen | None) -> None:
        """Lines that stand in the log; `pen`, where it is known: in which they start."""
        self._spans.append(kind, at, size, count, pen)

    def add_made(self, lines: Sequence[Line]) -> None:
        """Lines that a screen made; raises OSError."""
        at, before = self._spool.size, self._spool.lines
        size = self._spool.append(lines)
        self._spans.append(BUSY, at, size, len(lines), spooled=before)

    def give_back(self, count: int) -> list[Line]:
        """Take lines off the end."""
        count = min(count, self.count)
        lines = self.get(self.count - count, count)
        for size, spooled in self._spans.shorten(count):
            self._spool.shorten(size, spooled)
        return lines

    def get(self, first: int, count: int) -> list[Line]:
        """Lines from a number on."""
        found: list[Line] = []
        while len(found) < count and first + len(found) < self.count:
            block = self._spans.block(first + len(found))
            start = first + len(found) - block.first
            until = min(len(block.raw), start + count - len(found))
            found += [self._line(block, index) for index in range(start, until)]
        return found

    def text(self, line: int) -> tuple[int, int, str]:
        """The text of the lines about a line: number of the first, how many, the text."""
        kind, first, data, count = self._spans.text(line)
        text = self._text(kind, first, data, count)
        return first, count, text if text.endswith("\n") else text + "\n"

    def _read(self, kind: int, at: int, size: int) -> bytes:
        return self._spool.read(at, size) if kind == BUSY else self._reader.raw(at, size)

    def _line(self, block: Block, index: int) -> Line:
        raw = block.raw[index]
        if block.kind == BUSY:
            pieces = SGR.split(raw.decode("utf-8", "replace"))
            pens = [NO_PEN, *(pen_after(params, NO_PEN) for params in pieces[1::2])]
            text, spans = joined(zip(pieces[::2], pens, strict=True))
            return Line(text, *self._spool.when(block.spooled + index), spans)
        return lines_of.read(raw, *self._reader.when(block.ends[index]), block.pen(index))[0]

    def _text(self, kind: int, first: int, data: bytes, count: int) -> str:
        """The text of a span's lines, quickly where that is possible."""
        if kind == DRESSED and len(data) > MAX_LINE and max(map(len, data.split(b"\n"))) > MAX_LINE:
            return "".join(line.text + "\n" for line in self.get(first, count))
        text = data.decode("utf-8", "replace")
        if kind == PLAIN:
            return text
        if "\x1b" in text:
            text = SGR.sub("", text)
        if kind == DRESSED:
            text = clean(text.replace("\r\n", "\n"))
            if "\t" in text:
                text = _TABS_AT_END.sub("", text)
                text = text.expandtabs(8) if text.isascii() else _without_tabs(text)
        return text


_TABS_AT_END = re.compile(r"\t+$", re.MULTILINE)
"""A tab is a move: it leaves no blanks behind at the end of a line."""


def _without_tabs(text: str) -> str:
    """Lines with wide characters: tabs go by cells."""
    lines = [
        lines_of.read(line.encode(), "stdout", 0.0, NO_PEN)[0].text if "\t" in line else line
        for line in text.split("\n")
    ]
    return "\n".join(lines)
