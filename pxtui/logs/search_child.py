"""Finds the lines with a pattern in a process of its own: run by its path, standard library only.

Arguments: the way to look (see `query.Plan`), the pattern, whether case does not matter (1 or 0),
then nothing (standard input is the text) or a file, and which of how many shares of its blocks is
wanted (standard input says where each starts and with which line, in u64; the last pair is the
end). For each block comes, in u32 of this machine: how many lines it has, how many of them were
found, and those, counted from the block's first.
"""

from __future__ import annotations

import os
import re
import signal
import sys
from array import array
from collections.abc import Iterable, Iterator
from itertools import accumulate, compress, count, repeat
from operator import contains

BLOCK = 1 << 18
PATIENCE = 20
"""Seconds of CPU for one block: then a signal ends the process, as nothing else ends `re`."""


def piped(fd: int) -> Iterator[bytes]:
    """Blocks of whole lines, without the last newline of each."""
    parts: list[bytes] = []
    while data := os.read(fd, BLOCK):
        cut = data.rfind(b"\n")
        if cut < 0:
            parts.append(data)
            continue
        yield b"".join([*parts, data[:cut]])
        parts = [data[cut + 1 :]]
    if rest := b"".join(parts):
        yield rest


def share(fd: int, index: int, shares: int) -> Iterator[tuple[bytes, int]]:
    """Every so many-th block of a file, without the last newline, and how many lines it has."""
    table = array("Q", sys.stdin.buffer.read())
    for at in range(2 * index, len(table) - 2, 2 * shares):
        start, first, end, after = table[at : at + 4]
        yield os.pread(fd, end - start, start).removesuffix(b"\n"), after - first


class Finder:
    """Finds lines in a block, in the way that was cheaper for the block before."""

    def __init__(self, way: str, pattern: str, fold: bool) -> None:
        source = re.escape(pattern) if way == "literal" else pattern
        self._exact = re.compile(source, re.MULTILINE)
        self._folded = re.compile(source, re.MULTILINE | (re.IGNORECASE if fold else 0))
        self._needle = pattern.encode() if way == "literal" else b""
        self._fold = fold
        self._only_by_line = way == "lines"
        self._crowded = False

    def find(self, block: bytes, lines: int = 0) -> tuple[Iterable[int], int]:
        """The numbers of the lines that were found, and how many lines there are (0: unknown)."""
        wanted = self._exact
        if self._fold and (self._only_by_line or not block.isascii()):
            wanted = self._folded
        elif self._fold:
            block = block.lower()
        if self._needle and wanted is self._exact:
            if self._needle not in block:
                return (), lines or block.count(b"\n") + 1
            return self._literal(block)
        return self._pattern(wanted, block.decode("utf-8", "replace"), lines)

    def _literal(self, block: bytes) -> tuple[Iterable[int], int]:
        if self._crowded:
            lines = block.split(b"\n")
            found = map(contains, lines, repeat(self._needle))
            return self._by_line(found, len(lines))
        parts = block.split(self._needle)
        return self._numbers(map(bytes.count, parts, repeat(b"\n")))

    def _pattern(self, wanted: re.Pattern[str], text: str, known: int) -> tuple[Iterable[int], int]:
        if self._only_by_line or self._crowded:
            lines = text.split("\n")
            return self._by_line(map(bool, map(wanted.search, lines)), len(lines))
        at = [match.start() for match in wanted.finditer(text)]
        if known and not at:
            return (), known
        return self._numbers(map(text.count, repeat("\n"), [0, *at], [*at, len(text)]))

    def _by_line(self, found: Iterable[bool], lines: int) -> tuple[Iterable[int], int]:
        numbers = list(compress(count(), found))
        self._crowded = len(numbers) > lines // 2
        return numbers, lines

    def _numbers(self, newlines: Iterable[int]) -> tuple[Iterable[int], int]:
        """`newlines`: how many stand before the first match, between two, and after the last."""
        *numbers, last = accumulate(newlines)
        self._crowded = len(numbers) > (last + 1) // 2
        return dict.fromkeys(numbers), last + 1


def main(way: str, pattern: str, fold: str, *file: str) -> None:
    """Write what is found as it is found."""
    finder = Finder(way, pattern.encode().decode("unicode_escape"), fold == "1")
    blocks: Iterable[tuple[bytes, int]] = zip(piped(0), repeat(0))
    if file:
        blocks = share(os.open(file[0], os.O_RDONLY), *map(int, file[1:]))
    for block, known in blocks:
        signal.setitimer(signal.ITIMER_PROF, PATIENCE)
        found, lines = finder.find(block, known)
        numbers = array("I", found)
        out = memoryview(array("I", [lines, len(numbers)]).tobytes() + numbers.tobytes())
        while out:
            out = out[os.write(1, out) :]


if __name__ == "__main__":
    main(*sys.argv[1:])
