"""The bytes of one job on disk, in order of arrival, and an index of when they came.

`log` holds the bytes as they came. `log.idx` starts with HEADER and goes on with fixed records of
24 bytes, RECORD: offset in `log` (u64), value (u64), kind (u8), padding. A chunk record says that
the bytes from its offset on came at the time `value` (ns since the epoch) from the stream `kind`.
A line record (kind LINE) says that line number `value` starts at the offset; one stands about every
LINE_EVERY bytes. A cut record (kind CUT) says that `value` bytes were left out at the offset.

A chunk record is written before its bytes, so a reader that looks at the log's size first and at
the index after it knows the stream of every byte it reads, in whatever process the writer lives.
"""

from __future__ import annotations

import errno
import os
import struct
import threading
import time
from array import array
from bisect import bisect_right
from pathlib import Path
from typing import Literal, NamedTuple

Stream = Literal["stdout", "stderr", "tty"]
"""The same as `pxtui.engine.Stream`, which stands a layer above."""

HEADER = b"pxtui log index\x00\x01\x00\x00\x00\x00\x00\x00\x00"
RECORD = struct.Struct("<QQB7x")
KINDS: dict[Stream, int] = {"stdout": 0, "stderr": 1, "tty": 2}
LINE = 16
CUT = 17
LINE_EVERY = 65_536

CHUNK_NS = 100_000_000
"""Pieces of one stream that come closer together than this share a chunk record."""
CUT_NS = 1_000_000_000
"""While a log is cut, the index says this often how much was left out."""

_STREAMS: dict[int, Stream] = {kind: stream for stream, kind in KINDS.items()}


class Piece(NamedTuple):
    """Bytes that came together, or nearly: one stream, one time (seconds since the epoch)."""

    data: bytes
    stream: Stream
    time: float


def remove(folder: Path) -> None:
    """Remove the log of a job, if it has one."""
    for name in ("log.idx", "log"):
        (folder / name).unlink(missing_ok=True)


class LogWriter:
    """Writes one job's log; nothing it does raises, what is wrong stands in `trouble`.

    The files are made by the first write: a writer that is handed to an engine which keeps the
    store by itself (local) never touches the files of that engine's writer.
    """

    def __init__(self, folder: Path, max_size: int) -> None:
        self.folder = folder
        self.max_size = max_size
        self.size = 0
        """Bytes in `log`."""
        self.left_out = 0
        """Bytes that are not in it."""
        self.trouble = ""
        """Why nothing is kept any more (a full disk), in one line."""
        self._lock = threading.Lock()
        self._log = self._index = -1
        self._closed = False
        self._kind = -1
        self._chunk_time = self._cut_time = 0
        self._lines = self._marked = 0
        self._whole_line = True

    def write(self, data: bytes, stream: Stream) -> None:
        """Append a piece; what does not fit is counted and left out."""
        with self._lock:
            if self._closed or not data:
                return
            before = self.size
            room = 0 if self.trouble else self.max_size - before
            try:
                if room > 0:
                    self._append(data if len(data) <= room else data[:room], KINDS[stream])
            except OSError as error:
                self._fail(error)
            self.left_out += len(data) - (self.size - before)
            if self.left_out:
                self._tell_cut()

    def close(self) -> None:
        """End the log, with a line that says how much was left out; closing twice is fine."""
        with self._lock:
            if not self._closed:
                self._closed = True
                if self.left_out:
                    self._end_cut()
                for fd in (self._log, self._index):
                    if fd >= 0:
                        os.close(fd)

    def _open(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # New files, not shorter ones: readers of an older log keep what they were reading.
        remove(self.folder)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND
        self._index = os.open(self.folder / "log.idx", flags, 0o600)
        self._to_index(HEADER)
        self._log = os.open(self.folder / "log", flags, 0o600)

    def _append(self, data: bytes, kind: int) -> None:
        if self._log < 0:
            self._open()
        now = time.time_ns()
        if kind != self._kind or now - self._chunk_time >= CHUNK_NS:
            self._to_index(RECORD.pack(self.size, now, kind))
            self._kind, self._chunk_time = kind, now
        start = self.size
        self._to_log(data)
        self._whole_line = data.endswith(b"\n")
        self._lines += data.count(b"\n")
        if self.size - self._marked >= LINE_EVERY and (newline := data.rfind(b"\n")) >= 0:
            self._marked = start + newline + 1
            self._to_index(RECORD.pack(self._marked, self._lines, LINE))

    def _to_log(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            written = os.write(self._log, rest)
            self.size += written
            rest = rest[written:]

    def _to_index(self, record: bytes) -> None:
        written = os.write(self._index, record)
        if written != len(record):
            # Half a record would shift all that follow.
            os.ftruncate(self._index, os.fstat(self._index).st_size - written)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _fail(self, error: OSError) -> None:
        self.trouble = f"the log is not kept any more: {error.strerror or type(error).__name__}"
        self._whole_line = False

    def _tell_cut(self) -> None:
        now = time.time_ns()
        if self._log < 0 or self.trouble or now - self._cut_time < CUT_NS:
            return
        self._cut_time = now
        try:
            self._to_index(RECORD.pack(self.size, self.left_out, CUT))
        except OSError as error:
            self._fail(error)

    def _end_cut(self) -> None:
        reason = self.trouble or "log.max-size"
        line = "" if self._whole_line else "\n"
        mark = f"{line}[pxtui: log cut here: {self.left_out:,} bytes left out ({reason})]\n"
        try:
            if self._log < 0:
                self._open()
            self._to_index(RECORD.pack(self.size, self.left_out, CUT))
            self._to_log(mark.encode())
        except OSError as error:
            self._fail(error)


class LogReader:
    """Reads a log, also while it grows; what is not there (yet) reads as empty.

    An index that is lost or damaged costs the times and the streams, never bytes.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._log = self._index = -1
        self._index_read = 0
        self._starts = array("Q")
        self._times = array("Q")
        self._kinds = bytearray()
        self._line_starts = array("Q", [0])
        self._line_numbers = array("Q", [0])
        self._cut = 0

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
        pieces = []
        chunk = bisect_right(self._starts, offset) - 1
        at = offset
        while at < end:
            known = chunk + 1 < len(self._starts)
            until = min(end, self._starts[chunk + 1]) if known else end
            if until > at:
                pieces.append(Piece(data[at - offset : until - offset], *self._chunk(chunk)))
            at, chunk = max(at, until), chunk + 1
        return pieces

    def last(self, count: int) -> list[Piece]:
        """The last `count` bytes, as pieces."""
        return self.read(max(0, self.size - count), count)

    def line_start(self, number: int) -> int:
        """Offset at which a line starts (the first is 0); the log's size if there is none."""
        size = self.size
        if size:
            self._refresh()
        near = bisect_right(self._line_numbers, number) - 1
        at, left = self._line_starts[near], number - self._line_numbers[near]
        while left and at < size and (block := os.pread(self._log, LINE_EVERY, at)):
            found = block.count(b"\n")
            if found < left:
                at, left = at + len(block), left - found
                continue
            for _ in range(left):
                at = at + block.index(b"\n") + 1
                block = block[block.index(b"\n") + 1 :]
            return at
        return min(at, size) if not left else size

    def _open(self) -> bool:
        if self._log < 0:
            try:
                self._log = os.open(self._folder / "log", os.O_RDONLY)
                self._index = os.open(self._folder / "log.idx", os.O_RDONLY)
                if os.pread(self._index, len(HEADER), 0) != HEADER:
                    os.close(self._index)
                    self._index = -1
                self._index_read = len(HEADER)
            except OSError:
                pass
        return self._log >= 0

    def _refresh(self) -> None:
        """Take in the index's new records; one that is half written waits for its other half."""
        while self._index >= 0 and (data := os.pread(self._index, 1 << 20, self._index_read)):
            whole = len(data) - len(data) % RECORD.size
            if not whole:
                return
            self._index_read += whole
            for offset, value, kind in RECORD.iter_unpack(data[:whole]):
                self._take(offset, value, kind)

    def _take(self, offset: int, value: int, kind: int) -> None:
        if kind == CUT:
            self._cut = value
        elif kind == LINE and offset > self._line_starts[-1]:
            self._line_starts.append(offset)
            self._line_numbers.append(value)
        elif kind in _STREAMS and (not self._starts or offset >= self._starts[-1]):
            # A record that goes back is damage (a crash of the machine), not news.
            self._starts.append(offset)
            self._times.append(value)
            self._kinds.append(kind)

    def _chunk(self, chunk: int) -> tuple[Stream, float]:
        if chunk < 0:
            return "stdout", os.fstat(self._log).st_mtime
        return _STREAMS[self._kinds[chunk]], self._times[chunk] / 1e9
