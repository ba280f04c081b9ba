"""The kind of some lines by their bytes: plain text, dressed with colours, or busy."""

from __future__ import annotations

import re

PLAIN, DRESSED, BUSY = 0, 1, 2
"""Plain: ASCII, shown as it stands. Dressed: with colours, tabs, `\\r\\n` or other characters, but
each line stands for itself. Busy: more, which only a `Screen` can tell. A mixture is its highest.
"""
_SGR = re.compile(rb"\x1b\[[0-9;:]{0,64}m")
_C1 = re.compile(rb"\xc2[\x80-\x9f]")
_CUT = re.compile(rb"\x1b(?:\[[0-9;:]{0,64})?\Z|\r\Z|[\xc0-\xff][\x80-\xbf]{0,2}\Z")


def kind_of(data: bytes) -> int:
    """The kind of some whole lines."""
    if b"\x08" in data or b"\x00" in data or b"\x07" in data or b"\x0e" in data or b"\x0f" in data:
        return BUSY
    kind = PLAIN if data.isascii() and b"\t" not in data else DRESSED
    first = data.find(b"\r")
    if first >= 0:
        if data[first + 1 : first + 2] != b"\n" or data.count(b"\r") != data.count(b"\r\n"):
            return BUSY
        kind = DRESSED
    if b"\x1b" in data:
        if len(_SGR.findall(data)) != data.count(b"\x1b"):
            return BUSY
        kind = DRESSED
    if kind == DRESSED and b"\xc2" in data and _C1.search(data):
        return BUSY
    return kind


def kind_of_start(data: bytes) -> int:
    """The kind of the start of a line, which may be cut anywhere."""
    found = _CUT.search(data, max(0, len(data) - 80))
    return kind_of(data[: found.start()] if found else data)
