"""Where the finished lines of a log stand: an index of spans of about 64 KiB, not of lines."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable
from itertools import accumulate
from itertools import count as count_from
from operator import add
from typing import NamedTuple

from pxtui.logs.kinds import BUSY, DRESSED, PLAIN
from pxtui.logs.line import SGR
from pxtui.logs.pens import NO_PEN, Pen, pen_after

FULL = 65_536
"""Bytes from which on a span does not grow."""
_BLOCKS = 8
"""Spans whose lines are held."""


class Block(NamedTuple):
    """The lines of a span."""

    first: int
    """Number of the first line."""
    raw: list[bytes]
    ends: list[int]
    """Where each one's last byte, the newline, stands in its file."""
    kind: int
    pens: list[Pen]
    """In which each line starts; none where none has a sequence."""
    spooled: int
    """The first line's number in the spool, where it stands there."""

    def pen(self, index: int) -> Pen:
        """The pen in which a line starts."""
        return self.pens[index] if self.pens else NO_PEN


class Spans:
    """Changed at its end only; `read` gets bytes of the log or, for BUSY, of the spool."""

    def __init__(self, read: Callable[[int, int, int], bytes]) -> None:
        self._read = read
        self._first, self._at, self._size = array("Q"), array("Q"), array("Q")
        self._kind, self._spooled = bytearray(), array("Q")
        self._pens: dict[int, Pen] = {}
        """In which a span starts, where that is known."""
        self._held: OrderedDict[tuple[int, int], Block] = OrderedDict()
        self.lines = 0
        self.all_plain = True
        """Every line stands in the log just as it is shown."""

    def append(
        self, kind: int, at: int, size: int, lines: int, pen: Pen | None = None, spooled: int = 0
    ) -> None:
        """Lines at the end; `pen`, where it is known, is that in which they start.

        `spooled`: number of the first one in the spool, for BUSY.
        """
        self.all_plain = self.all_plain and kind == PLAIN
        last = len(self._first) - 1
        if (
            last >= 0
            and pen is None
            and self._at[last] + self._size[last] == at
            and (self._kind[last] == BUSY) == (kind == BUSY)
            and self._size[last] + size <= FULL
        ):
            self._size[last] += size
            self._kind[last] = max(self._kind[last], kind)
        else:
            if pen is not None:
                self._pens[last + 1] = pen
            self._first.append(self.lines)
            self._at.append(at)
            self._size.append(size)
            self._kind.append(kind)
            self._spooled.append(spooled)
        self.lines += lines

    def shorten(self, count: int) -> list[tuple[int, int]]:
        """Take lines off the end; bytes and lines that were taken off the spool."""
        spooled, left = [], min(count, self.lines)
        while left:
            last = len(self._first) - 1
            block = self.block(self.lines - 1)
            held = self.lines - self._first[last]
            taken = min(left, held)
            size = sum(map(len, block.raw[held - taken :])) + taken
            size = min(size, self._size[last])
            if self._kind[last] == BUSY:
                spooled.append((size, taken))
            if taken == held:
                for values in (self._first, self._at, self._size, self._spooled, self._kind):
                    values.pop()
                self._pens.pop(last, None)
            else:
                self._size[last] -= size
            self.lines -= taken
            left -= taken
            self._held.clear()
        return spooled

    def block(self, line: int) -> Block:
        """The lines of the span in which a line stands."""
        span = bisect_right(self._first, line) - 1
        key = (span, self._size[span])
        block = self._held.get(key)
        if block is None:
            block = self._held[key] = self._block(span)
            if len(self._held) > _BLOCKS:
                self._held.popitem(last=False)
        else:
            self._held.move_to_end(key)
        return block

    def text(self, line: int) -> tuple[int, int, bytes, int]:
        """The span in which a line stands: kind, number of its first line, bytes, lines."""
        span = bisect_right(self._first, line) - 1
        return self._kind[span], self._first[span], self._bytes(span), self._count(span)

    def starts(self, size: int) -> array[int]:
        """Of blocks of about so many bytes of a plain log: offset and first line, then the end."""
        table = array("Q")
        for at, first in zip(self._at, self._first, strict=True):
            if not table or at - table[-2] >= size:
                table.extend((at, first))
        table.extend((self._at[-1] + self._size[-1], self.lines) if self._at else (0, 0))
        return table

    def pen_at_end(self) -> Pen:
        """The pen after the last line."""
        return self._pen(len(self._first))

    def _count(self, span: int) -> int:
        after = self._first[span + 1] if span + 1 < len(self._first) else self.lines
        return after - self._first[span]

    def _bytes(self, span: int) -> bytes:
        return self._read(self._kind[span], self._at[span], self._size[span])

    def _block(self, span: int) -> Block:
        data, kind, count = self._bytes(span), self._kind[span], self._count(span)
        raw = data.split(b"\n")[:count]
        raw += [b""] * (count - len(raw))  # a log that was cut under us
        ends = list(map(add, accumulate(map(len, raw)), count_from(self._at[span])))
        pens: list[Pen] = []
        pen = NO_PEN if kind == BUSY else self._pen(span)
        if kind == DRESSED and (pen != NO_PEN or b"\x1b" in data):
            for line in raw:
                pens.append(pen)
                pen = _after(line, pen)
        elif pen != NO_PEN:
            pens = [pen] * count
        return Block(self._first[span], raw, ends, kind, pens, self._spooled[span])

    def _pen(self, span: int) -> Pen:
        """The pen in which a span starts: what the spans before it left."""
        at, passed = span, list[bytes]()
        while at > 0 and at not in self._pens:
            at -= 1
            if self._kind[at] == DRESSED and b"\x1b" in (data := self._bytes(at)):
                reset = max(data.rfind(b"\x1b[m"), data.rfind(b"\x1b[0m"))
                passed.append(data[max(0, reset) :])
                if reset >= 0:
                    pen = NO_PEN
                    break
        else:
            pen = self._pens.get(at, NO_PEN)
        for data in reversed(passed):
            pen = _after(data, pen)
        if span < len(self._first):
            self._pens[span] = pen
        return pen


def _after(data: bytes, pen: Pen) -> Pen:
    """The pen after some bytes."""
    if b"\x1b" in data:
        for params in SGR.findall(data.decode("latin-1")):
            pen = pen_after(params, pen)
    return pen
