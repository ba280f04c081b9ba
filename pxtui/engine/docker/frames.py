"""The output of a container, taken apart into stdout and stderr."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

from pxtui.engine import Stream

_HEADER = struct.Struct(">BxxxI")
_STREAMS: dict[int, Stream] = {0: "stdout", 1: "stdout", 2: "stderr"}


def frames(pieces: Iterable[bytes]) -> Iterator[tuple[bytes, Stream]]:
    """Take the engine's frames apart; neighbours of one stream come together, nothing is held."""
    rest = b""
    left, stream = 0, _STREAMS[1]
    for piece in pieces:
        data = memoryview(rest + piece)
        at = 0
        out: list[bytes] = []
        out_stream = stream
        while at < len(data):
            if left == 0:
                if len(data) - at < _HEADER.size:
                    break
                kind, left = _HEADER.unpack_from(data, at)
                stream = _STREAMS.get(kind, "stderr")
                at += _HEADER.size
                continue
            if out and stream != out_stream:
                yield b"".join(out), out_stream
                out = []
            out_stream = stream
            out.append(bytes(data[at : at + left]))
            at += len(out[-1])
            left -= len(out[-1])
        rest = bytes(data[at:])
        if out:
            yield b"".join(out), out_stream


def plain(pieces: Iterable[bytes]) -> Iterator[tuple[bytes, Stream]]:
    """The output of a container that has a terminal: all is stdout."""
    for piece in pieces:
        yield piece, _STREAMS[1]
