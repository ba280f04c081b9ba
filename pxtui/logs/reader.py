"""Reads the log of a job, in whatever process its writer lives: bytes, streams, times and marks."""

from __future__ import annotations

import os
from bisect import bisect_right
from collections import deque
from pathlib import Path
from typing import NamedTuple

from pxtui.logs.store import CUT, HEADER, KINDS, MARK, RECORD, Mark, Stream

_STREAMS: dict[int, Stream] = {kind: stream for stream, kind in KINDS.items()}
SLAB = 4096
"""Records of the index that are read at once."""


class Piece(NamedTuple):
    """Bytes that came together, or nearly: one stream, one time (seconds since the epoch)."""

    data: bytes
    stream: Stream
    time: float


class _Chunk(NamedTuple):
    offset: int
    stream: Stream
    time: float


class LogReader:
    """Reads a log, also while it grows; what is not there (yet) reads as empty.

    An index that is lost or damaged costs the times and the streams, never bytes.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.file = folder / "log"
        self._log = self._index = -1
        self._records = 0
        """Records that were read and found good."""
        self._newest = 0
        self._marks: deque[Mark] = deque()
        self._cut = 0
        self._seen, self._seen_until = _Chunk(0, "stdout", 0.0), 0
        """The chunk that was asked for last: neighbours mostly come from the same."""

    def close(self) -> None:
        """Let go of the files."""
        for fd in (self._log, self._index):
            if fd >= 0:
                os.close(fd)
        self._log = self._index = -1

    def __del__(self) -> None:
        self.close()  # many look once at a log and go

    @property
    def size(self) -> int:
        """Bytes in the log now."""
        return os.fstat(self._log).st_size if self._open() else 0

    @property
    def replaced(self) -> bool:
        """Whether the log that is read was taken away: the run's is read anew into another file."""
        return self._log >= 0 and os.fstat(self._log).st_nlink == 0

    @property
    def cut(self) -> int:
        """Bytes that were left out; 0 if the log is whole."""
        if self._open():
            self._refresh()
        return self._cut

    def read(self, offset: int, most: int = 1 << 20) -> list[Piece]:
        """Up to `most` bytes from an offset on, as pieces of one stream and time each."""
        end = min(self.size, offset + most)
        if end <= offset:
            return []
        self._refresh()
        data = os.pread(self._log, end - offset, offset)
        end = offset + len(data)
        chunks = self._chunks(offset, end)
        starts = [max(offset, chunk.offset) for chunk in chunks]
        return [
            Piece(data[start - offset : until - offset], chunk.stream, chunk.time)
            for chunk, start, until in zip(chunks, starts, [*starts[1:], end], strict=True)
            if until > start
        ]

    def last(self, count: int) -> list[Piece]:
        """The last `count` bytes, as pieces."""
        return self.read(max(0, self.size - count), count)

    def raw(self, offset: int, size: int) -> bytes:
        """Some bytes of the log, whatever they are."""
        return os.pread(self._log, size, offset) if self._open() else b""

    def marks(self) -> deque[Mark]:
        """The marks that came and were not taken away from here; look at `size` before."""
        if self._open():
            self._refresh()
        return self._marks

    def when(self, offset: int) -> tuple[Stream, float]:
        """The stream and the time of a byte."""
        if not self._seen.offset <= offset < self._seen_until:
            self._refresh()
            self._seen = self._chunks(offset, offset + 1)[-1]
            after = bisect_right(range(self._records), offset, key=self._offset)
            self._seen_until = self._offset(after) if after < self._records else offset + 1
        return self._seen.stream, self._seen.time

    def _open(self) -> bool:
        if self._log < 0:
            try:
                self._log = os.open(self._folder / "log", os.O_RDONLY)
                self._index = os.open(self._folder / "log.idx", os.O_RDONLY)
                if os.pread(self._index, len(HEADER), 0) != HEADER:
                    os.close(self._index)
                    self._index = -1
            except OSError:
                pass
        return self._log >= 0

    def _slab(self, record: int, count: int) -> bytes:
        data = os.pread(self._index, count * RECORD.size, len(HEADER) + record * RECORD.size)
        return data[: len(data) - len(data) % RECORD.size]

    def _refresh(self) -> None:
        """Take in the index's new records, up to a damaged one or one that is half written."""
        while self._index >= 0 and (data := self._slab(self._records, SLAB)):
            for offset, value, kind in RECORD.iter_unpack(data):
                if offset < self._newest:
                    return  # damage (a crash of the machine), not news
                self._newest = offset
                self._records += 1
                if kind == CUT:
                    self._cut = value
                elif MARK <= kind < CUT:
                    self._marks.append(Mark(offset, value, kind - MARK))

    def _offset(self, record: int) -> int:
        return int(RECORD.unpack(self._slab(record, 1))[0])

    def _chunks(self, start: int, end: int) -> list[_Chunk]:
        """The chunks of these bytes, at least one."""
        at = bisect_right(range(self._records), start, key=self._offset)
        found = [self._chunk_before(at)]
        while at < self._records and (slab := self._slab(at, min(SLAB, self._records - at))):
            for offset, value, kind in RECORD.iter_unpack(slab):
                if offset >= end:
                    return found
                if kind in _STREAMS:
                    found.append(_Chunk(offset, _STREAMS[kind], value / 1e9))
            at += SLAB
        return found

    def _chunk_before(self, record: int) -> _Chunk:
        """The last chunk before this record."""
        while record > 0:
            first = max(0, record - 64)
            for offset, value, kind in [*RECORD.iter_unpack(self._slab(first, record - first))][
                ::-1
            ]:
                if kind in _STREAMS:
                    return _Chunk(offset, _STREAMS[kind], value / 1e9)
            record = first
        return _Chunk(0, "stdout", os.fstat(self._log).st_mtime)
