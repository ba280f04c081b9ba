"""The output of a container: read in large pieces, and taken apart into stdout and stderr."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from pxtui.engine import Stream

READ = 262_144
"""Bytes that are read at once where there are as many."""
GATHER = 0.002
"""Seconds in which more may come where there was little: a reader that is woken for every line of a
flood takes the engine's time, and the command's."""
_HEADER = struct.Struct(">BxxxI")
_STREAMS: dict[int, Stream] = {0: "stdout", 1: "stdout", 2: "stderr"}


def gathered(response: Any) -> Iterator[bytes]:
    """The bytes of an answer that goes on while the container does; the first at once."""
    answer = response.raw._fp
    if answer.chunked:
        # a chunk for each line of a log: the library's own way is one call a line
        return _unchunked(_reads(answer.fp.read1))
    return _reads(response.raw.read1)


def _reads(read: Callable[[int], bytes]) -> Iterator[bytes]:
    while data := read(READ):
        yield data
        if len(data) < READ // 4:
            time.sleep(GATHER)


def _unchunked(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """What stands in the chunks of HTTP, to the empty one."""
    rest = b""
    left = 0  # of a chunk, with the end of line behind it
    for piece in pieces:
        data = rest + piece
        at, size = 0, len(data)
        out: list[bytes] = []
        while at < size:
            if not left:
                end = data.find(b"\r\n", at)
                if end < 0:
                    break
                left = int(data[at:end].partition(b";")[0], 16) + 2
                at = end + 2
                if left == 2:
                    yield b"".join(out)
                    return
            out.append(data[at : at + max(0, left - 2)])
            took = min(left, size - at)
            at += took
            left -= took
        rest = data[at:]
        yield b"".join(out)


def frames(pieces: Iterable[bytes]) -> Iterator[tuple[bytes, Stream]]:
    """Take the engine's frames apart; neighbours of one stream come together, nothing is held.

    A program that writes each line by itself has a frame for each: the loop is kept short.
    """
    rest = b""
    left, stream = 0, _STREAMS[1]
    for piece in pieces:
        data = rest + piece
        at, size = 0, len(data)
        out: list[bytes] = []
        while at < size:
            if not left:
                if size - at < _HEADER.size:
                    break
                kind, left = _HEADER.unpack_from(data, at)
                at += _HEADER.size
                of = _STREAMS.get(kind, "stderr")
                if of != stream:
                    if whole := b"".join(out):
                        yield whole, stream
                    out, stream = [], of
            part = data[at : at + left]
            out.append(part)
            at += len(part)
            left -= len(part)
        rest = data[at:]
        if whole := b"".join(out):
            yield whole, stream


def plain(pieces: Iterable[bytes]) -> Iterator[tuple[bytes, Stream]]:
    """The output of a container that has a terminal: it has no frames, and one stream."""
    for piece in pieces:
        if piece:
            yield piece, "tty"
