"""The text of many lines of a log, read in blocks and outside of the loop: to copy and to save."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from pxtui.logs.lines import Lines

BLOCK = 512
"""Lines that are read at once."""
NEAR = 16
"""Lines that are this near are read with those between them."""
SAVED = 1 << 20
"""Bytes of the log as it came that are copied at once."""


def numbered(lines: Lines, first: int, last: int) -> Iterator[tuple[int, str]]:
    """Lines from one number to another, both included, as far as there are any."""
    for start, text in lines.blocks(first):
        for first, line in enumerate(text[:-1].split("\n"), start):
            if first > last:
                return
            yield first, line
        first += 1
    for number, rest in enumerate(lines.get(first, max(0, last + 1 - first)), first):
        yield number, rest.text


def only(lines: Lines, numbers: Sequence[int]) -> Iterator[tuple[int, str]]:
    """Those lines of a rising list of numbers; near ones are read together."""
    at = 0
    while at < len(numbers):
        first = numbers[at]
        until = at + 1
        while until < len(numbers) and numbers[until] - numbers[until - 1] <= NEAR:
            if numbers[until] - first >= BLOCK:
                break
            until += 1
        got = lines.get(first, numbers[until - 1] - first + 1)
        for number in numbers[at:until]:
            if number - first < len(got):
                yield number, got[number - first].text
        at = until


def whole(lines: Lines) -> Iterator[bytes]:
    """All lines there are now, each with its newline."""
    ended = 0
    for first, text in lines.blocks(0):
        ended = first + text.count("\n")
        yield text.encode("utf-8", "replace")
    for _, text in numbered(lines, ended, lines.total - 1):
        yield f"{text}\n".encode("utf-8", "replace")


def ended_by_newlines(texts: Iterable[tuple[int, str]]) -> Iterator[bytes]:
    """Lines as a file has them."""
    return (f"{text}\n".encode("utf-8", "replace") for _, text in texts)


def as_it_came(folder: Path) -> Iterator[bytes]:
    """The bytes of a log."""
    with (folder / "log").open("rb") as file:
        while data := file.read(SAVED):
            yield data


def save(path: Path, pieces: Iterable[bytes], *, replace: bool) -> int:
    """Write a file, whole or not at all; its size. FileExistsError where it would replace one."""
    part = path.with_name(f".{path.name[:200]}.{secrets.token_hex(4)}.part")
    size = 0
    try:
        with part.open("xb") as file:
            for piece in pieces:
                size += file.write(piece)
        if path.exists() and not replace:
            raise FileExistsError(17, "it has come to be there meanwhile", str(path))
        os.replace(part, path)
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink()
        raise
    return size
