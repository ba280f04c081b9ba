"""Bytes of a log → clean lines, as a terminal without colours would show them.

A small state machine takes the escape sequences out, left to right and once; what it leaves goes
through `clean`, so a mistake here is ugly at worst. The result does not depend on how the bytes
were cut into pieces. Sequences that move the cursor to other lines are dropped.
"""

from __future__ import annotations

import codecs
import re

from pxtui.logs.line import MAX_LINE, Line
from pxtui.logs.store import Stream
from pxtui.logs.text import clean

MAX_STRING = 4_096
"""Characters after which a control string (a title, a picture) is given up and shown as text."""

_ACTS = re.compile(
    r"\x1b\[[0-9;:]{0,64}m"  # a colour, in one piece: nearly all that comes
    r"|\x08+|[\x00\x07\r\x0e\x0f\x1b\x90\x98\x9b-\x9f]"
)
_PARAMETERS = re.compile(r"[ -?]*")
_STRING = re.compile(r"[^\x07\x18\x1a\x1b\x9c\r]*")
_STRING_STARTS = "]PX^_k\x90\x98\x9d\x9e\x9f"
_STRING_ENDS = "\x07\x18\x1a\x9c"


class _Row:
    """The unfinished line of one stream: its text so far, and the escape sequence it is in."""

    def __init__(self) -> None:
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.time = 0.0
        self._start()

    def _start(self) -> None:
        self.mode = ""
        """In text (empty), after ESC, in its intermediates (`ESC (`), in a CSI, in a string."""
        self._parts: list[str] = []
        self._length = self._over = self._string_left = 0
        self._parameters = ""
        self._before = ("", 0)
        """What stood in the line before the last carriage return, and how much was cut of it."""

    @property
    def fresh(self) -> bool:
        """Nothing has come since the last newline."""
        return not (self.mode or self._parts or self._before[0])

    def put(self, text: str) -> None:
        """Take text without newlines."""
        at = 0
        while at < len(text):
            if not self.mode:
                at = self._text(text, at)
            elif self.mode == "string":
                at = self._string(text, at)
            elif self.mode == "csi":
                at = self._csi(text, at)
            else:
                at = self._escape(text, at)

    def shown(self) -> str:
        """The line as it is now: what followed the last carriage return, if anything did."""
        text, over = ("".join(self._parts), self._over) if self._parts else self._before
        if "\t" in text:
            text = text.expandtabs(8)
        return clean(text) + (f"… +{over:,} characters" if over else "")

    def end(self) -> str:
        """The line at its newline; the next one starts."""
        text = self.shown()
        self._start()
        return text

    def _text(self, text: str, at: int) -> int:
        found = _ACTS.search(text, at)
        if not found:
            self._add(text[at:])
            return len(text)
        if found.start() > at:
            self._add(text[at : found.start()])
        char = text[found.start()]
        if char == "\r":
            self._return()
        elif char == "\x08":
            self._back(found.end() - found.start())
        elif char in _STRING_STARTS:
            self._begin_string()
        elif char == "\x9b":
            self.mode, self._parameters = "csi", ""
        elif found[0] == "\x1b":
            self.mode = "escape"
        return found.end()

    def _escape(self, text: str, at: int) -> int:
        char = text[at]
        if self.mode == "escape" and char == "[":
            self.mode, self._parameters = "csi", ""
        elif self.mode == "escape" and char in _STRING_STARTS and char < "\x7f":
            self._begin_string()
        elif " " <= char <= "/":
            self.mode = "intermediate"
        else:
            self.mode = ""
            if not "0" <= char <= "~":
                return at
        return at + 1

    def _csi(self, text: str, at: int) -> int:
        found = _PARAMETERS.match(text, at)
        end = found.end() if found else at
        self._parameters = (self._parameters + text[at : min(end, at + 8)])[:8]
        if end == len(text):
            return end
        self.mode = ""
        if not "@" <= text[end] <= "~":
            return end
        if text[end] == "K":
            # Erase: to the end what an earlier state left there, with 1 and 2 this state too.
            self._before = ("", 0)
            if self._parameters in ("1", "2"):
                self._parts, self._length, self._over = [], 0, 0
        elif text[end] == "G" and self._parameters in ("", "0", "1"):
            self._return()
        return end + 1

    def _begin_string(self) -> None:
        self.mode, self._string_left = "string", MAX_STRING

    def _string(self, text: str, at: int) -> int:
        found = _STRING.match(text, at, at + self._string_left + 1)
        end = found.end() if found else at
        if end - at > self._string_left:
            self.mode = ""
            return at + self._string_left
        self._string_left -= end - at
        if end == len(text):
            return end
        self.mode = ""
        return end + 1 if text[end] in _STRING_ENDS else end

    def _add(self, text: str) -> None:
        room = MAX_LINE - self._length
        self._over += max(0, len(text) - room)
        if room > 0:
            kept = text[:room]
            self._parts.append(kept)
            self._length += len(kept)

    def _back(self, count: int) -> None:
        cut = min(count, self._over)
        self._over -= cut
        count -= cut
        while count and self._parts:
            last = self._parts.pop()
            self._length -= min(count, len(last))
            if len(last) > count:
                self._parts.append(last[:-count])
            count -= min(count, len(last))

    def _return(self) -> None:
        if self._parts:
            self._before = ("".join(self._parts), self._over)
            self._parts, self._length, self._over = [], 0, 0


class Screen:
    """Turns pieces of a log into lines; each stream has its own unfinished line."""

    def __init__(self) -> None:
        self._rows: dict[Stream, _Row] = {}

    def feed(self, data: bytes, stream: Stream, time: float = 0.0) -> list[Line]:
        """Take a piece in order of arrival; the lines that it ended."""
        row = self._rows.get(stream)
        if row is None:
            row = self._rows[stream] = _Row()
        row.time = time
        *ended, rest = row.decoder.decode(data).split("\n")
        lines = []
        for text in ended:
            plain = text.isascii() and text.isprintable() and len(text) <= MAX_LINE
            if not (plain and row.fresh):
                row.put(text)
                text = row.end()
            lines.append(Line(text, stream, time))
        row.put(rest)
        return lines

    @property
    def tail(self) -> tuple[Line, ...]:
        """The unfinished lines as they are now, at most one a stream."""
        return tuple(
            Line(row.shown(), stream, row.time)
            for stream, row in self._rows.items()
            if not row.fresh
        )

    def close(self) -> list[Line]:
        """The log has ended: the unfinished lines; a sequence cut off by the end is dropped."""
        for row in self._rows.values():
            row.put(row.decoder.decode(b"", True))
        lines = [line for line in self.tail if line.text]
        self._rows.clear()
        return lines
