"""What a shell makes of a value that stands bare in a command."""

from __future__ import annotations

import re

_ALWAYS = r"\$[\w({\[@*#?$!-]|`"
_BARE = re.compile(
    rf"{_ALWAYS}|[;|&<>()\n'\"\\*?]|\[[^\s\]]+\]|\{{[^\s{{}}]*(?:,|\.\.)[^\s{{}}]*\}}"
)
_IN_DOUBLE = re.compile(rf"{_ALWAYS}|\"|\\(?:[$`\"\\\n]|$)")
_AT_START = re.compile(r"(?:^|(?<=\s))(?:#|(?:[A-Za-z_]\w*=(?:\S*:)?)?~)")
"""At the start of a word, a home folder also after `NAME=`."""


def acted_on(text: str, quote: str, before: str) -> str:
    """The first sign of a text that the shell acts on; empty for none.

    `quote` is the one around it, `before` what stands before it in the same word.
    """
    if quote == "'":
        return "'" if "'" in text else ""
    if quote:
        found = _IN_DOUBLE.search(text)
        return found[0] if found else ""
    word = before + text
    starts = [one[0] for one in _AT_START.finditer(word) if one.end() > len(before)]
    found = _BARE.search(text)
    return starts[0][-1] if starts else found[0] if found else ""


def splits(text: str, quote: str) -> bool:
    """Whether the shell makes several words of a text."""
    return not quote and len(text.split()) > 1
