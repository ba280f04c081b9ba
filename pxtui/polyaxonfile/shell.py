"""What a shell makes of a value that stands bare in a command."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from functools import lru_cache

from pxtui.polyaxonfile import command

_ALWAYS = r"\$[\w({\[@*#?$!-]|`"
_BARE = re.compile(
    rf"\\[\s\S]?|{_ALWAYS}|[;|&<>()\n'\"*?]|\[[^\s\]]+\]|\{{[^\s{{}}]*(?:,|\.\.)[^\s{{}}]*\}}"
)
_IN_DOUBLE = re.compile(rf"{_ALWAYS}|\"|\\(?:[$`\"\\\n]|$)")
_HOME = r"(?:#|(?:[A-Za-z_]\w*=(?:\S*:)?)?~)"
_AT_START = re.compile(rf"(?:^|(?<=\s)){_HOME}")
"""At the start of a word, a home folder also after `NAME=`."""
_AFTER_BLANK = re.compile(rf"(?<=\s){_HOME}")
_ADDRESS = re.compile(r"(?:\S*=)?[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_DANGEROUS = ";&|<>$`\n"
"""What runs another command or writes a file."""

MAX_HEAD = 200
"""Characters of a value that are looked at together with what stands before it."""


def quoted(text: str) -> str:
    """A text in quotes for bash, as one word that the clean-up of a command leaves as it is."""
    plain = shlex.quote(text)
    if command.sanitised(plain) == plain:
        return plain
    return "$'" + "".join(map(_escaped, text)) + "'"


def _escaped(sign: str) -> str:
    if sign in "\\'":
        return f"\\{sign}"
    return "".join(f"\\x{byte:02x}" for byte in sign.encode()) if sign.isspace() else sign


def acted_on(text: str, quote: str, before: str) -> str:
    """The most dangerous sign of a text that the shell acts on; empty for none.

    `quote` is the one around it, `before` what stands before it in the same word.
    """
    if quote == "'":
        return "'" if "'" in text else ""
    if quote:
        return _worst(_signs(text, _IN_DOUBLE))
    head = before + text[:MAX_HEAD]
    starts = [one[0][-1] for one in _AT_START.finditer(head) if one.end() > len(before)]
    found = (*starts, *_signs(text, _AFTER_BLANK), *_signs(text, _BARE))
    is_address = _ADDRESS.match(head) and {*found} == {"?"}
    return "" if is_address else _worst(found)


@lru_cache(maxsize=64)
def _signs(text: str, pattern: re.Pattern[str]) -> tuple[str, ...]:
    """The different signs of a text, in its order; a long text may stand in many places."""
    found = (one[0] for one in pattern.finditer(text))
    signs = ("~" if one[-1] == "~" else one[0] if one[0] == "\\" else one for one in found)
    return tuple(dict.fromkeys(signs))


def _worst(signs: Iterable[str]) -> str:
    """The first of the dangerous ones, else the first."""
    return min(signs, key=lambda sign: sign[0] not in _DANGEROUS, default="")


def splits(text: str, quote: str) -> bool:
    """Whether the shell makes several words of a text."""
    return not quote and len(text.split()) > 1
