"""Lines made by a screen, kept in files without a name beside the log: they go with the reader."""

from __future__ import annotations

import os
import struct
import tempfile
from collections.abc import Sequence
from pathlib import Path

from pxtui.logs.line import Line, written
from pxtui.logs.store import KINDS, Stream

_WHEN = struct.Struct("<dB")
_STREAMS: dict[int, Stream] = {number: stream for stream, number in KINDS.items()}


class Spool:
    """Text with SGR sequences, one line each, and beside it when each came and from where."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._text = self._when = -1
        self.size = 0
        """Bytes of text."""
        self.lines = 0

    def append(self, lines: Sequence[Line]) -> int:
        """Add lines at the end, all or none; the bytes of their text. Raises OSError."""
        if self._text < 0:
            self._open()
        text = "".join(written(line) + "\n" for line in lines).encode("utf-8", "replace")
        when = b"".join(_WHEN.pack(line.time, KINDS[line.stream]) for line in lines)
        _write(self._when, when, self.lines * _WHEN.size)
        _write(self._text, text, self.size)
        self.size += len(text)
        self.lines += len(lines)
        return len(text)

    def shorten(self, size: int, lines: int) -> None:
        """Take some text and lines off the end; what comes next stands in their place."""
        self.size -= size
        self.lines -= lines

    def read(self, offset: int, size: int) -> bytes:
        """Some of the text."""
        return os.pread(self._text, size, offset)

    def when(self, line: int) -> tuple[Stream, float]:
        """Stream and time of a line, counted from the spool's first."""
        time, stream = _WHEN.unpack(os.pread(self._when, _WHEN.size, line * _WHEN.size))
        return _STREAMS[stream], time

    def close(self) -> None:
        """The files are gone."""
        for fd in (self._text, self._when):
            if fd >= 0:
                os.close(fd)
        self._text = self._when = -1

    def _open(self) -> None:
        self._when = _nameless(self._folder)
        self._text = _nameless(self._folder)


def _nameless(folder: Path) -> int:
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            return os.dup(file.fileno())
    except PermissionError:  # another's log
        with tempfile.TemporaryFile() as file:
            return os.dup(file.fileno())


def _write(fd: int, data: bytes, at: int) -> None:
    rest = memoryview(data)
    while rest:
        count = os.pwrite(fd, rest, at)
        rest, at = rest[count:], at + count
