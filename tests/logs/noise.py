"""Pieces of output that terminals act on, and the cuts that must not matter."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

WORDS = [
    word.decode("unicode_escape").encode("latin-1")
    for word in (
        rb"\x1b [ ] P _ \\ m K G A B C D E F J X 2 3 1;31 ?25h ; \x07 \r \n \r\n \x08 \t \x00 \x18"
        rb" \x7f \x9b k ( \xc2\x9b \xc2\x9d \xc3\xa9 \xe2\x96\x88 \xe2 \x88 \xf0\x9f \xed\xa0\x80"
        rb" \xe2\x80\xae \xe2\x80\xa8 \x1b[0m \x1b[32;44m \x1b[2K \x1b[K \x1b[1K \x1b[3X \x1b[2D"
        rb" \x1b[4C \x1b[A \x1b[2A \x1b[B \x1b[J \n\r \x1b[F \x1b[3G ]52;c;UFdORUQ= text \x20"
        rb" \xe6\x97\xa5 \xcc\x81 \xe2\x80\x8d \xf0\x9f\x98\x80 \xef\xb8\x8f \x01 \x0b longer"
    ).split()
]
CONTROLS = {
    *map(chr, (*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)))
}


def cut(data: bytes, at: Iterable[int]) -> list[bytes]:
    """The pieces between some offsets."""
    marks = [0, *sorted(at), len(data)]
    return [data[a:b] for a, b in itertools.pairwise(marks)]


def every_byte(data: bytes) -> list[bytes]:
    """Each byte a piece."""
    return [data[at : at + 1] for at in range(len(data))]
