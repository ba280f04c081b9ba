"""The bytes of one job on disk, in order of arrival, and an index of when they came.

`log` holds the bytes as they came. `log.idx` starts with HEADER and goes on with fixed records of
24 bytes, RECORD: offset in `log` (u64), value (u64), kind (u8), padding; offsets never fall. A
chunk record says that the bytes from its offset on came at the time `value` (ns since the epoch)
from the stream `kind`. A mark (MARK and a kind of `pxtui.logs.kinds`) stands about every MARK_EVERY
bytes and says of which kind the whole lines are that end at its offset and began at the mark before
it; if they are not busy, that there are `value`, and that each came from one stream. A cut record
(kind CUT) says that `value` bytes were left out at the offset.

A chunk record is written before its bytes, so a reader that looks at the log's size first and at
the index after it knows the stream of every byte it reads, in whatever process the writer lives.
"""

from __future__ import annotations

import contextlib
import errno
import os
import struct
import threading
import time
from collections import deque
from pathlib import Path
from typing import Literal, NamedTuple

from pxtui.logs.kinds import BUSY, PLAIN, kind_of

Stream = Literal["stdout", "stderr", "tty"]
"""The same as `pxtui.engine.Stream`, which stands a layer above."""

HEADER = b"pxtui log index\x00\x02\x00\x00\x00\x00\x00\x00\x00"
RECORD = struct.Struct("<QQB7x")
KINDS: dict[Stream, int] = {"stdout": 0, "stderr": 1, "tty": 2}
MARK = 16
CUT = 24
MARK_EVERY = 65_536
LONG = 262_144
"""A line of more bytes is busy: not all of it is shown."""

CHUNK_NS = 100_000_000
"""Pieces of one stream that come closer together than this share a chunk record."""
LAST = 65_536
"""Bytes of the end that are kept of a log that is cut, so that one sees how the job ended."""
CUT_NS = 1_000_000_000
"""While a log is cut, the index says this often how much was left out."""
SPARE = LAST + 32_768
"""Bytes of room that are taken up while a job goes on. On a full disk they are what its end is
written in: the marks and the end of its log first, then the record of how it ended."""
SAY = 8_192
"""Bytes of them for the line in the log that says at once why nothing follows."""


class Mark(NamedTuple):
    """Some whole lines that the writer has looked at."""

    end: int
    """The offset after the last one; the first one starts at the end of the mark before."""
    lines: int
    kind: int


def remove(folder: Path) -> None:
    """Remove the log of a job, if it has one."""
    for name in ("log.idx", "log", "marks", "spare"):
        (folder / name).unlink(missing_ok=True)


class _Marks:
    """Looks at what is written and says every MARK_EVERY bytes of which kind the lines were."""

    def __init__(self) -> None:
        self._size = self._marked = self._lines = 0
        self._kind = PLAIN
        self._stream = -1
        self._rest = b""
        """Of the unfinished line; all of it while the kind can be known."""

    def take(self, data: bytes, stream: int) -> Mark | None:
        """Look at a piece; the mark that is due after it."""
        if self._rest and stream != self._stream:
            self._kind = BUSY
        self._stream = stream
        self._size += len(data)
        cut = data.rfind(b"\n") + 1
        if not cut:
            self._rest += data
            if len(self._rest) > LONG:
                self._kind, self._rest = BUSY, b"\0"
            return None
        if self._kind != BUSY:
            # a piece is large, and mostly plain: then nothing of it is copied
            plain = kind_of(data) == PLAIN and (not self._rest or kind_of(self._rest) == PLAIN)
            kind = PLAIN if plain else kind_of(self._rest + data[:cut])
            self._kind = max(self._kind, kind)
            self._lines += data.count(b"\n")
        self._rest = data[cut:]
        end = self._size - len(self._rest)
        if end - self._marked < MARK_EVERY:
            return None
        mark = Mark(end, 0 if self._kind == BUSY else self._lines, self._kind)
        self._marked, self._lines, self._kind = end, 0, PLAIN
        return mark


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
        self._marks, self._end = _Marks(), _End()
        self._whole_line = True

    def write(self, data: bytes, stream: Stream) -> None:
        """Append a piece; what does not fit is counted and left out."""
        with self._lock:
            if self._closed or not data:
                return
            before = self.size
            room = 0 if self.trouble else self.max_size - before
            failed = None
            try:
                if room > 0:
                    self._append(data if len(data) <= room else data[:room], KINDS[stream])
            except OSError as error:
                failed = error
            out = len(data) - (self.size - before)
            if failed is not None:
                self._fail(failed)
            if out:
                self.left_out += out
                self._end.put(data[len(data) - out :], KINDS[stream])
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
                with contextlib.suppress(OSError):
                    (self.folder / "spare").unlink()

    def _open(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # New files, not shorter ones: readers of an older log keep what they were reading.
        remove(self.folder)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND
        self._index = os.open(self.folder / "log.idx", flags, 0o600)
        self._to_index(HEADER)
        self._log = os.open(self.folder / "log", flags, 0o600)
        with contextlib.suppress(OSError):  # hardly any room: then the end may not fit
            spare = os.open(self.folder / "spare", flags, 0o600)
            try:
                os.write(spare, bytes(SPARE))
            finally:
                os.close(spare)

    def _append(self, data: bytes, kind: int) -> None:
        if self._log < 0:
            self._open()
        now = time.time_ns()
        if kind != self._kind or now - self._chunk_time >= CHUNK_NS:
            self._to_index(RECORD.pack(self.size, now, kind))
            self._kind, self._chunk_time = kind, now
        self._to_log(data)
        self._whole_line = data.endswith(b"\n")
        mark = self._marks.take(data, kind)
        if mark is not None:
            self._to_index(RECORD.pack(mark.end, mark.lines, MARK + mark.kind))

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
        if self.trouble:
            return
        self.trouble = f"the log is not kept any more: {error.strerror or type(error).__name__}"
        self._whole_line = False
        with contextlib.suppress(OSError):
            os.truncate(self.folder / "spare", SPARE - SAY)
            self._say(f"{self.trouble}; what follows is left out")

    def _say(self, text: str) -> None:
        line = "" if self._whole_line else "\n"
        self._to_index(RECORD.pack(self.size, time.time_ns(), KINDS["stdout"]))
        self._to_log(f"{line}[pxtui: {text}]\n".encode())
        self._whole_line = True

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
        """Say how much is missing, and put the very end after that: it says what became of it."""
        reason = self.trouble or "log.max-size"
        end = self._end.whole_lines()
        self.left_out -= sum(len(data) for data, _ in end)
        with contextlib.suppress(OSError):
            os.truncate(self.folder / "spare", SPARE - SAY - LAST)
        try:
            if self._log < 0:
                self._open()
            self._to_index(RECORD.pack(self.size, self.left_out, CUT))
            self._say(f"log cut here: {self.left_out:,} bytes left out ({reason})")
            for data, kind in end:
                self._to_index(RECORD.pack(self.size, time.time_ns(), kind))
                self._to_log(data)
        except OSError as error:
            self._fail(error)


class _End:
    """The last LAST bytes or so of what is put in."""

    def __init__(self) -> None:
        self._pieces: deque[tuple[bytes, int]] = deque()
        self._size = 0

    def put(self, data: bytes, kind: int) -> None:
        """Put in what came last."""
        self._pieces.append((data[-LAST:], kind))
        self._size += len(self._pieces[-1][0])
        while self._size - len(self._pieces[0][0]) >= LAST:
            self._size -= len(self._pieces.popleft()[0])

    def whole_lines(self) -> list[tuple[bytes, int]]:
        """At most LAST bytes, from the first line on that is whole; nothing where none is."""
        pieces = list(self._pieces)
        while pieces and b"\n" not in pieces[0][0]:
            del pieces[0]
        if pieces:
            data, kind = pieces[0]
            data = data[max(0, sum(len(piece) for piece, _ in pieces) - LAST) :]
            pieces[0] = data[data.find(b"\n") + 1 :], kind
        return [piece for piece in pieces if piece[0]]
