"""Bytes of a log → lines, as a terminal without width and height would show them.

Each stream has a cursor of its own; the pen is shared, in order of arrival. A row is finished when
the cursor has left it downwards, and comes back when the cursor goes up to it again. The result
does not depend on how the bytes were cut into pieces. What a terminal would act on otherwise is
dropped; every text goes through `clean`, so a mistake here is ugly at worst.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable

from pxtui.logs.cursor import MOST, MOVES, REACH, Cursor
from pxtui.logs.line import MAX_LINE, Line, simple
from pxtui.logs.pens import NO_PEN, pen_after
from pxtui.logs.store import KINDS, Stream

__all__ = ["REACH", "Screen"]

MAX_STRING = 4_096
"""Characters after which a control string (a title, a picture) is given up and shown as text."""
MAX_PARAMETERS = 256
"""Characters of a sequence's parameters; one with more is dropped."""

_ACTS = re.compile("[\x00\x07\x08\t\x0e\x0f\x1b\x90\x98\x9b-\x9f]")
_BACKSPACES = re.compile("\x08*")
_CSI = re.compile(r"\x1b\[([0-9;:]{0,64})([@-~])")
_PARAMETERS = re.compile(r"[ -?]*")
_STRING = re.compile(r"[^\x07\x18\x1a\x1b\x9c\r]*")
_STRING_STARTS = "]PX^_k\x90\x98\x9d\x9e\x9f"
_STRING_ENDS = "\x07\x18\x1a\x9c"


class Screen:
    """Takes pieces of a log, and holds the lines that they make until they are taken away."""

    def __init__(self, before: Callable[[int], list[Line]] | None = None) -> None:
        self._before = before
        """Gives back up to so many lines that were taken, the newest last, and forgets them."""
        self._done: list[Line] = []
        self._readers: dict[Stream, _Reader] = {}
        self.pen = NO_PEN
        self.reached = 0
        """How many lines up the cursor went, or would have gone, at most since this was reset."""

    @property
    def recent(self) -> list[Line]:
        """The finished lines that were not taken yet, the oldest first."""
        return self._done[:]

    @property
    def live(self) -> list[Line]:
        """The rows that may still change, down to each stream's last one that holds anything."""
        readers = [self._readers[stream] for stream in KINDS if stream in self._readers]
        return [line for reader in readers for line in reader.cursor.live()]

    @property
    def fresh(self) -> bool:
        """Nothing has come since the last newline, and nothing stands below it."""
        return all(reader.fresh and not reader.half for reader in self._readers.values())

    def feed(self, data: bytes, stream: Stream, time: float = 0.0) -> None:
        """Take a piece, in order of arrival."""
        reader = self._readers.get(stream)
        if reader is None:
            cursor = Cursor(stream, self._done, self._back)
            reader = self._readers[stream] = _Reader(self, cursor)
        reader.cursor.time = time
        *ended, rest = reader.decoder.decode(data).split("\n")
        if ended and not reader.fresh:
            reader.line(ended.pop(0))
        if reader.fresh and self.pen == NO_PEN and _plain(ended):
            self._done += [Line(text, stream, time) for text in ended]
        else:
            self._mixed(reader, ended)
        reader.put(rest)

    def _mixed(self, reader: _Reader, texts: list[str]) -> None:
        """Take whole lines of which some may be simple."""
        stream, time, fresh = reader.cursor.stream, reader.cursor.time, reader.fresh
        for text in texts:
            if fresh and (read := simple(text, stream, time, self.pen)) is not None:
                line, self.pen = read
                self._done.append(line)
            else:
                reader.line(text)
                fresh = reader.fresh

    def take(self, keep: int = REACH) -> list[Line]:
        """Take the finished lines away, except the last ones."""
        count = max(0, len(self._done) - keep)
        taken = self._done[:count]
        del self._done[:count]
        return taken

    def close(self) -> None:
        """The log has ended: live rows are finished, a sequence that was cut off is dropped."""
        for reader in self._readers.values():
            reader.put(reader.decoder.decode(b"", True))
        self._done += self.live
        self._readers.clear()

    def _back(self, stream: Stream, count: int) -> list[Line]:
        """The last finished lines of a stream, as far as they are within reach."""
        done = self._done
        below = sum(reader.cursor.below for reader in self._readers.values())
        reach = REACH - below
        short = len(done) < reach and sum(line.stream == stream for line in done) < count
        if short and self._before:
            done[:0] = self._before(REACH - len(done))
        found: list[Line] = []
        at = end = len(done)
        while len(found) < count and at > max(0, end - reach):
            at -= 1
            if done[at].stream == stream:
                found.append(done.pop(at))
        self.reached = max(self.reached, min(below + max(count, end - at), REACH))
        return found[::-1]


def _plain(texts: list[str]) -> bool:
    """Whether all of it can be shown as it stands."""
    text = "".join(texts)
    return text.isascii() and text.isprintable() and max(map(len, texts), default=0) <= MAX_LINE


class _Reader:
    """Reads the text of one stream: what is printed, and the sequences that its cursor obeys."""

    def __init__(self, screen: Screen, cursor: Cursor) -> None:
        self.screen = screen
        self.cursor = cursor
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._mode = ""
        """In text (empty), after ESC, in its intermediates (`ESC (`), in a CSI, in a string."""
        self._parameters = ""
        self._string_left = 0

    @property
    def fresh(self) -> bool:
        """In no sequence, and the cursor as at the start."""
        return not self._mode and self.cursor.fresh

    @property
    def half(self) -> bool:
        """Half a character has come."""
        return self.decoder.getstate()[0] != b""

    def line(self, text: str) -> None:
        """Take text up to a newline: a sequence ends there, whatever it is."""
        self.put(text)
        self._mode = ""
        self.cursor.newline()

    def put(self, text: str) -> None:
        """Take text without newlines."""
        at = 0
        while at < len(text):
            if not self._mode:
                at = self._text(text, at)
            elif self._mode == "string":
                at = self._string(text, at)
            elif self._mode == "csi":
                at = self._csi(text, at)
            else:
                at = self._escape(text, at)

    def _text(self, text: str, at: int) -> int:
        found = _ACTS.search(text, at)
        start = found.start() if found else len(text)
        if start > at:
            self.cursor.draw(text[at:start], self.screen.pen)
        if not found:
            return start
        char = text[start]
        if char == "\x1b":
            if whole := _CSI.match(text, start):
                self._act(whole[1], whole[2])
                return whole.end()
            self._mode = "escape"
        elif char == "\x08":
            run = _BACKSPACES.match(text, start)
            end = run.end() if run else start
            self.cursor.left(end - start)
            return end
        elif char == "\t":
            self.cursor.tab()
        elif char == "\x9b":
            self._mode, self._parameters = "csi", ""
        elif char in _STRING_STARTS:
            self._begin_string()
        return start + 1

    def _escape(self, text: str, at: int) -> int:
        char = text[at]
        if self._mode == "escape" and char == "[":
            self._mode, self._parameters = "csi", ""
        elif self._mode == "escape" and char in _STRING_STARTS and char < "\x7f":
            self._begin_string()
        elif " " <= char <= "/":
            self._mode = "intermediate"
        else:
            self._mode = ""
            if not "0" <= char <= "~":
                return at
        return at + 1

    def _csi(self, text: str, at: int) -> int:
        found = _PARAMETERS.match(text, at)
        end = found.end() if found else at
        room = MAX_PARAMETERS + 1 - len(self._parameters)
        self._parameters += text[at : min(end, at + room)]
        if end == len(text):
            return end
        self._mode = ""
        if not "@" <= text[end] <= "~":
            return end
        if len(self._parameters) <= MAX_PARAMETERS:
            self._act(self._parameters, text[end])
        return end + 1

    def _begin_string(self) -> None:
        self._mode, self._string_left = "string", MAX_STRING

    def _string(self, text: str, at: int) -> int:
        found = _STRING.match(text, at, at + self._string_left + 1)
        end = found.end() if found else at
        if end - at > self._string_left:
            self._mode = ""
            return at + self._string_left
        self._string_left -= end - at
        if end == len(text):
            return end
        self._mode = ""
        return end + 1 if text[end] in _STRING_ENDS else end

    def _act(self, parameters: str, final: str) -> None:
        if final == "m":
            if not parameters.strip("0123456789;:"):
                self.screen.pen = pen_after(parameters, self.screen.pen)
        elif final in MOVES and not parameters.strip("0123456789;"):
            MOVES[final](self.cursor, min(int(parameters.split(";", 1)[0] or 0), MOST))
