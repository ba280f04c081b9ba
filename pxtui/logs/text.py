"""The last pass over foreign text: whatever came before, no control character is left after it."""

from __future__ import annotations

import re

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

_BAD = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff" + "".join(map(chr, _UNSEEN)) + f"]|{_PILE.pattern}"
)


def clean(text: str | bytes) -> str:
    """Text that can be shown: only newlines and tabs are left of all that is not a character."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    if text.isascii() and text.isprintable():
        return text
    if "\r\n" in text:
        text = text.replace("\r\n", "\n")
    return _PILE.sub(r"\1", text.translate(_TABLE)) if _BAD.search(text) else text


def clean_line(text: str | bytes) -> str:
    """Text for a place of one line (title, message, cell): newlines and tabs are shown too."""
    text = clean(text)
    return text.translate(_LINE_TABLE) if "\n" in text or "\t" in text else text
