"""The last pass over foreign text: whatever came before, no control character is left after it."""

from __future__ import annotations

import re
from functools import lru_cache

_UNSEEN = (
    *(0xAD, 0x61C, 0x180E, 0x200B, 0x200E, 0x200F, 0xFEFF),
    *range(0x2028, 0x202F),
    *range(0x2060, 0x2070),
    *range(0xFFF9, 0xFFFC),
    *range(0x1D173, 0x1D17B),
    *range(0xE0000, 0xE0080),
)
"""What reorders, breaks or hides text; the joiners U+200C and U+200D stay, scripts need them."""

_TABLE: dict[int, str] = {
    **{c: chr(0x2400 + c) for c in range(0x20) if c not in (0x09, 0x0A)},
    0x7F: "␡",
    **dict.fromkeys((*range(0x80, 0xA0), *range(0xD800, 0xE000)), "\ufffd"),
    **{c: f"<{c:04X}>" for c in _UNSEEN},
}
_LINE_TABLE = {**_TABLE, 0x09: " ", 0x0A: "␤"}

_ABOVE = (
    "\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0e31\u0e34-\u0e3a"
    "\u0e47-\u0e4e\u1ab0-\u1aff\u1dc0-\u1dff\u200c\u200d\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f"
)
_PILE = re.compile(f"([{_ABOVE}]{{4}})[{_ABOVE}]+")
"""Marks piled on one character: four are more than any language needs."""

_BAD = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff" + "".join(map(chr, _UNSEEN)) + "]")

_ONE = (
    " -~\xa0-\xac\xae-\u02ff\u0370-\u0482\u048a-\u0556\u2010-\u2027\u2030-\u205e\u20a0-\u20bf"
    "\u2100-\u2319\u231c-\u2328\u232b-\u23e8\u2400-\u2426\u2500-\u25fc\u2600-\u2613\u2638-\u2647"
    "\u2706-\u2709\u270c-\u2727\u2758-\u2794\u2798-\u27af\u27c0-\u2b1a\ufffd"
)
"""Characters of one cell that are shown as they are: nearly all that comes."""
_TWO = (
    "\u3001-\u3029\u3041-\u3096\u30a1-\u30fa\u30fc-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3"
    "\uff01-\uff60\U0001f600-\U0001f64f\U0001f680-\U0001f6c5"
)
NARROW = re.compile(f"[{_ONE}]*")
NARROW_OR_RETURN = re.compile(f"[{_ONE}\r]*")
NARROW_OR_WIDE = re.compile(f"[{_ONE}{_TWO}]*")
_MARK = re.compile(f"[{_ABOVE}]")
MARKS = 4
"""Marks that one cell takes, as in `_PILE`."""


@lru_cache(maxsize=8192)
def _width(char: str) -> int:
    from wcwidth import wcwidth  # takes 30 ms

    return 0 if _MARK.match(char) else max(wcwidth(char), 0)


def cells_of(text: str) -> list[str]:
    """The cells of clean text: a wide character is followed by an empty one, marks join theirs.

    Marks that follow no character are the first item, all of them; it is empty where none do.
    """
    cells, last = [""], 0
    for char in text:
        width = 1 if char < "\u0300" else _width(char)
        if width:
            last = len(cells)
            cells += (char, "") if width == 2 else (char,)
        else:
            cells[last] = (cells[last] + char)[: MARKS + (last > 0)]
    return cells


def clean(text: str | bytes) -> str:
    """Text that can be shown: only newlines and tabs are left of all that is not a character."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    if "\r\n" in text:
        text = text.replace("\r\n", "\n")
    # all that the table has is not printable, and hardly anything else is
    flat = text.replace("\n", " ").replace("\t", " ")
    if not flat.isprintable() and _BAD.search(text):
        text = text.translate(_TABLE)
    return text if text.isascii() else _PILE.sub(r"\1", text)


def clean_line(text: str | bytes) -> str:
    """Text for a place of one line (title, message, cell): newlines and tabs are shown too."""
    text = clean(text)
    return text.translate(_LINE_TABLE) if "\n" in text or "\t" in text else text
