"""The lines of one log by number, whatever its size: finished ones, and those still changing.

Most of a log is plain or coloured text, of which a line is what stands between two newlines: of
that only the offsets of spans are kept, mostly those that the writer marked. The rest (`BUSY`:
progress bars, cursor movement, lines that two streams write at once) goes through a `Screen`, and
what comes out of it stands in a `Spool`.
"""

from __future__ import annotations

import os
import threading
import time
from array import array
from collections.abc import Iterator
from pathlib import Path

from pxtui.logs import line as lines_of
from pxtui.logs.kept import Kept
from pxtui.logs.kinds import BUSY, DRESSED, PLAIN, kind_of, kind_of_start
from pxtui.logs.line import Line
from pxtui.logs.pens import NO_PEN
from pxtui.logs.reader import LogReader, Piece
from pxtui.logs.screen import REACH, Screen
from pxtui.logs.spool import Spool
from pxtui.logs.store import LONG

READ = LONG
"""Bytes that are looked at in one go."""
READ_BUSY = 65_536
TURN = 0.0005
"""Seconds for which the log is left to who waits to get lines of it."""
STAY = 16_384
"""Bytes that go through the screen at least, once some have to: the index stays small."""


class Lines:
    """Reads a log as it grows; any thread may call, one at a time gets in."""

    def __init__(self, folder: Path | None = None) -> None:
        folder = folder or Path(os.devnull)  # of which nothing can be read
        self._reader, self._spool = LogReader(folder), Spool(folder)
        self._kept = Kept(self._reader, self._spool)
        self._screen = Screen(self._kept.give_back)
        self._lock = threading.RLock()
        self._wanted = False
        """Somebody waits to get lines."""
        self._at = 0
        """Up to here the log has been taken in."""
        self._marked = 0
        """The end of the last mark that was used."""
        self._busy_from = -1
        """Where the screen began to take the bytes; less than 0 while it does not."""
        self._was_busy = False
        self._recent: list[Line] = []
        self._changing: list[Line] = []
        self.finished = 0
        """Lines that have ended; falls by at most 64 when the cursor goes up to change some."""
        self.cut = 0
        """Bytes that are not in the log because it was full."""
        self._ended = False
        self.trouble = ""
        """Why no more lines can be shown (a full disk), in one line."""
        self.version = 0
        """Grows with every change of what there is to see."""

    def close(self) -> None:
        """Let go of the files."""
        with self._lock:
            self._ended = True
            self._reader.close()
            self._spool.close()

    @property
    def replaced(self) -> bool:
        """Whether these are the lines of a log that has been begun anew."""
        return self._reader.replaced

    @property
    def total(self) -> int:
        """Lines that have ended and lines that still change."""
        return self.finished + len(self._changing)

    @property
    def plain_file(self) -> Path | None:
        """The file that holds the finished lines just as they are shown, from the first on.

        None where it holds anything else: colours, tabs, carriage returns, non-ASCII text. It may
        hold more than the finished lines.
        """
        plain = self._kept.all_plain and self._busy_from < 0
        return self._reader.file if plain else None

    def starts(self, size: int) -> array[int]:
        """Of blocks of about so many bytes of `plain_file`: offset and first line, then the end."""
        with self._lock:
            return self._kept.starts(size)

    def advance(self, seconds: float, *, ended: bool = False) -> bool:
        """Take in what came, for about so many seconds at most; whether all of it was.

        `ended`: nobody writes to this log any more.
        """
        limit = time.monotonic() + seconds
        while True:
            with self._lock:
                if self._ended:
                    return True
                try:
                    more = self._take()
                    self.trouble = ""
                    if ended and not more:
                        self._end()
                except OSError as error:
                    self.trouble = f"lines cannot be kept: {error.strerror or error}"
                    more = False
                self._recent = self._screen.recent if self._busy_from >= 0 else []
                self.finished = self._kept.count + len(self._recent)
                self.cut = self._reader.cut
                if not more:
                    return True
            if time.monotonic() > limit:
                return False
            if self._wanted:
                time.sleep(TURN)  # a lock is not fair: who lets it go would have it again at once

    def get(self, first: int, count: int) -> list[Line]:
        """Lines from a number on (the first is 0), finished ones and then those still changing."""
        self._wanted = True
        with self._lock:
            self._wanted = False
            first = max(0, first)
            found = self._kept.get(first, count)
            if len(found) < count:
                after = max(0, first - self._kept.count)
                rest = [*self._recent, *self._changing]
                found += rest[after : after + count - len(found)]
            return found

    def blocks(self, first: int) -> Iterator[tuple[int, str]]:
        """The text of all finished lines from a number on, newlines included, in pieces of whole
        lines, each with the number of its first line."""
        while True:
            with self._lock:
                if first >= self._kept.count:
                    rest = self._recent[first - self._kept.count :]
                    break
                start, count, text = self._kept.text(first)
            if first > start:
                text = "\n".join(text.split("\n")[first - start :])
            yield first, text
            first = start + count
        if rest:
            yield first, "".join(line.text + "\n" for line in rest)

    def _take(self) -> bool:
        """Take in a part of what came; whether there was any that can be taken in."""
        size, marks = self._reader.size, self._reader.marks()
        while marks and marks[0].end <= self._at:
            self._marked = marks.popleft().end
        if self._busy_from < 0 and self._take_marked(size):
            return True
        most = READ if self._busy_from < 0 else READ_BUSY
        # a mark is of use only to who has taken in all before it, and nothing behind
        end = min(size, self._at + most, marks[0].end if marks else size)
        pieces = self._reader.read(self._at, end - self._at) if self._at < end else []
        if self._busy_from >= 0:
            return self._take_busy(pieces)
        return bool(pieces) and self._take_new(pieces)

    def _take_marked(self, size: int) -> bool:
        """Take in what the writer has looked at."""
        marks, before = self._reader.marks(), self._at
        while marks and self._marked == self._at and marks[0].kind in (PLAIN, DRESSED):
            if not self._at < marks[0].end <= size:
                break
            self._marked, lines, kind = marks.popleft()
            self._add(kind, self._marked - self._at, lines)
        return self._at > before

    def _take_new(self, pieces: list[Piece]) -> bool:
        """Take in what no mark stands after yet; the unfinished line waits for its end."""
        stream = pieces[0].stream
        same = next((at for at, one in enumerate(pieces) if one.stream != stream), len(pieces))
        data = b"".join(piece.data for piece in pieces[:same])
        cut = data.rfind(b"\n") + 1
        if cut:
            kind = kind_of(data[:cut])
            if kind == BUSY:
                return self._begin_busy()
            self._add(kind, cut, data.count(b"\n"))
            return True
        if same < len(pieces) or len(data) >= READ or kind_of_start(data) == BUSY:
            return self._begin_busy()
        screen = Screen()
        screen.pen = self._kept.pen_at_end() if not self._was_busy else self._screen.pen
        screen.feed(data, stream, pieces[0].time)
        if screen.live != self._changing:
            self._changing = screen.live
            self.version += 1
        return False

    def _take_busy(self, pieces: list[Piece]) -> bool:
        """Let the screen take what came; past STAY, up to where a line ends and all is at rest."""
        self._spool_all(REACH)
        for data, stream, when in pieces:
            cut = data.rfind(b"\n") + 1
            for part in (data[:cut], data[cut:]):
                self._screen.feed(part, stream, when)
                self._at += len(part)
                if self._at - self._busy_from >= STAY and self._screen.fresh:
                    self._end_busy()
                    return True
        self._changing = [] if self._busy_from < 0 else self._screen.live
        self.version += bool(pieces)
        return bool(pieces)

    def _begin_busy(self) -> bool:
        if not self._was_busy:
            self._screen.pen = self._kept.pen_at_end()
        self._busy_from = self._at
        return True

    def _end_busy(self) -> None:
        self._spool_all(0)
        self._busy_from, self._was_busy, self._changing = -1, True, []
        self.version += 1

    def _spool_all(self, keep: int) -> None:
        """Put what the screen has finished into the spool, all but the last few."""
        recent = self._screen.recent
        lines = recent[: max(0, len(recent) - keep)]
        if lines:
            self._kept.add_made(lines)
            self._screen.take(keep)

    def _end(self) -> None:
        """The unfinished lines have ended too."""
        rest = self._reader.raw(self._at, self._reader.size - self._at)
        if self._busy_from < 0 and rest:
            kind = kind_of(rest)
            if kind == BUSY:
                self._begin_busy()
                self._screen.feed(rest, *self._reader.when(self._at))
                self._at += len(rest)
            elif lines_of.read(rest, "stdout", 0.0, NO_PEN)[0].text:
                self._add(kind, len(rest), 1)
        if self._busy_from >= 0:
            self._screen.close()
            self._end_busy()
        self._ended, self._changing = True, []
        self.version += 1

    def _add(self, kind: int, size: int, count: int) -> None:
        """Lines that stand in the log as they are."""
        pen = self._screen.pen if self._was_busy else None
        self._kept.add(kind, self._at, size, count, pen)
        self._was_busy = False
        self._at += size
        self._changing = []
        self.version += 1
