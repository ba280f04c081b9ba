"""What a person looks for in a log: a pattern, and the cheapest way to find its lines.

The meaning is that of Python's `re` on each line by itself. `regex` stands in for it where a line
is looked at in our own process: it can give up after a while.
"""

from __future__ import annotations

import re
import warnings
from typing import Literal, NamedTuple

import regex

from pxtui.errors import PxtuiError
from pxtui.logs.text import clean_line

TIMEOUT = 0.02
"""Seconds after which a line is not looked at any longer in our own process."""
MAX_PATTERN = 1_000
"""Characters of a pattern."""

_HINT = "a ( [ { . * + ? that is meant as it stands is written with \\ before it"
_NO_LETTER_OF_THE_TEXT = re.compile(r"\\N\{[^}]*\}|\\.|\(\?P[<=]\w*|\(\?[A-Za-z]+")
"""Escapes, names of groups and flags: a capital in them says nothing about case."""

_IN_SET = (
    r"""(?:[a-z]-[a-z]|[A-Z]-[A-Z]|[0-9]-[0-9]|[A-Za-z0-9 _.,:;/=%+*?!@\#$'"<>(){}|]|\\[dw.\-+*])"""
)
_COMMON = re.compile(
    rf"""
      (?P<letter>   [^\x00-\x1f\x7f-\x9f\ud800-\udfff\\.^$*+?{{}}()\[\]|] )
    | \\(?P<meant>  [.^$*+?{{}}()\[\]|\\\-\#&~] )
    | (?P<one>      \\[dwS] | \. | \[{_IN_SET}+-?\] )
    | (?P<wide>     \\[sWD] | \[\^{_IN_SET}+-?\] )
    | (?P<place>    \\b | \^ | \$ | \((?:\?:)? | \| )
    | (?P<close>    \) )
    | (?P<repeat>   (?<![\^$(|:])(?<!\\b)
                    (?:[*+?]|\{{[0-9]{{1,3}}(?:,[0-9]{{0,3}})?\}}) \??(?![+*?]) )
    """,
    re.VERBOSE,
)
"""One part of a pattern that means the same in Python and in Rust, line by line, on ASCII text."""

_SIGN = re.compile(
    r"\\.|\[(?P<first>\^?\]?)(?P<set>(?:\\.|[^\]\\])*)\]|\{(?!\d+(?:,\d*)?\}|,\d*\})", re.DOTALL
)
_BLOCK_WIDE = {"\\s": r"[^\S\n]", "\\W": r"[^\w\n]", "\\D": r"[^\d\n]"}
"""The same for text of many lines: a match never spans a newline."""


class BadQuery(PxtuiError):
    """What was typed is not a pattern; the message says what is wrong and where."""


class Plan(NamedTuple):
    """How a child process is to look for a pattern."""

    way: Literal["literal", "block", "lines"]
    """For a text as it stands; with the pattern over many lines at once; line by line."""
    pattern: str
    fold: bool
    """Case does not matter."""
    rust: str
    """The pattern for ripgrep, if it means the same there; on ASCII text only."""


class Query:
    """A pattern as it was typed; it takes `!` at its start for "all but" only if told to."""

    def __init__(self, typed: str, *, inverts: bool = False) -> None:
        self.typed = typed
        self.inverse = inverts and typed.startswith("!")
        self.pattern = typed[1:] if self.inverse else typed
        letters = _NO_LETTER_OF_THE_TEXT.sub("", self.pattern)
        self.fold = letters != letters.upper() and letters == letters.lower()
        _check(self.pattern, self.fold)
        flags = regex.IGNORECASE if self.fold else 0
        try:
            self._regex = regex.compile(_for_regex(self.pattern), flags | regex.VERSION0)
        except (regex.error, ValueError, RecursionError, OverflowError) as error:
            raise BadQuery(f"the pattern is not right: {clean_line(str(error))}", _HINT) from error

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Query) and (self.pattern, self.fold, self.inverse) == (
            other.pattern,
            other.fold,
            other.inverse,
        )

    def __hash__(self) -> int:
        return hash((self.pattern, self.fold, self.inverse))

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where the pattern is in a line; nothing if that takes too long."""
        try:
            found = [match.span() for match in self._regex.finditer(text, timeout=TIMEOUT)]
        except TimeoutError:
            return []
        return [(start, end) for start, end in found if end > start]

    def has(self, text: str) -> bool:
        """Whether a line is looked for (with inverse: it has not the pattern)."""
        try:
            return self.look(text)
        except TimeoutError:
            return False

    def look(self, text: str, seconds: float = TIMEOUT) -> bool:
        """The same; raises TimeoutError if that takes longer."""
        return (self._regex.search(text, timeout=seconds) is None) is self.inverse

    def plan(self) -> Plan:
        """How to look for the pattern, whatever `inverse` says."""
        parts = _common_parts(self.pattern)
        if parts is None or (self.fold and not self.pattern.isascii()):
            return Plan("lines", self.pattern, self.fold, "")
        # The file has ASCII only: so may the classes, which is up to four times as fast.
        rust = "(?-u)" + self.pattern if self.pattern.isascii() else ""
        if all(kind in ("letter", "meant") for kind, _ in parts):
            return Plan("literal", "".join(part for _, part in parts), self.fold, rust)
        if re.compile(self.pattern).search(""):
            return Plan("lines", self.pattern, self.fold, rust)
        return Plan("block", _block_pattern(parts), self.fold, rust)


def problems_query() -> Query:
    """What "next error" looks for: tracebacks, errors, panics, what the system killed."""
    return Query(_PROBLEMS)


def _check(pattern: str, fold: bool) -> None:
    if not pattern:
        raise BadQuery("there is nothing to look for")
    if len(pattern) > MAX_PATTERN:
        raise BadQuery(f"the pattern is longer than {MAX_PATTERN:,} characters")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            re.compile(pattern, re.IGNORECASE if fold else 0)
    except re.error as error:
        where = "" if error.pos is None else f", character {error.pos + 1}"
        message = f"the pattern is not right: {clean_line(error.msg)}{where}"
        raise BadQuery(message, _HINT) from error
    except (ValueError, RecursionError, OverflowError) as error:
        raise BadQuery(f"the pattern is not right: {clean_line(str(error))}", _HINT) from error


def _for_regex(pattern: str) -> str:
    """A pattern of `re` for `regex`, where [ in a set and a lone { have a meaning of their own."""

    def meant(found: re.Match[str]) -> str:
        if found["set"] is not None:
            inside = re.sub(r"(\\.)|\[", lambda part: part[1] or r"\[", found["set"])
            first = found["first"].replace("]", r"\]")
            return f"[{first}{inside}]"
        return r"\{" if found[0] == "{" else found[0]

    return _SIGN.sub(meant, pattern)


def _common_parts(pattern: str) -> list[tuple[str, str]] | None:
    parts, at = [], 0
    while at < len(pattern):
        found = _COMMON.match(pattern, at)
        if not found or not found.lastgroup:
            return None
        parts.append((found.lastgroup, found[found.lastgroup]))
        at = found.end()
    return parts


def _block_pattern(parts: list[tuple[str, str]]) -> str:
    out = []
    for kind, part in parts:
        if kind == "wide":
            part = _BLOCK_WIDE.get(part) or "[^\\n" + part[2:]
        elif kind == "meant":
            part = "\\" + part
        out.append(part)
    return "".join(out)


_PROBLEMS = "|".join(
    (
        r"Traceback \(most recent call last\)",
        r"(?:^|[^\w=.-])(?:ERROR|FATAL|CRITICAL|PANIC)(?:$|[^\w=.-])",
        # What an exception or a compiler says, not a metric: no number follows.
        r"(?:\b[Ee]rror|[a-z]Error|Exception): *(?:$|[^+.0-9 -])",
        r"\bError response from daemon\b",
        r"^(?:\w+\.)*[A-Z]\w*(?:Error|Exception)$",
        r"\berror(?:\[E| [A-Z]+)[0-9]+\b",
        r"\blevel=(?:error|fatal|panic|critical)\b",
        r"\b(?:fatal|panic): ",
        r"\bpanicked at\b",
        r"\b(?:[Ss]egmentation fault|[Bb]us error|[Ii]llegal instruction|core dumped)\b",
        r"\b[Oo]ut of memory\b",
        r"\bOOM ?[Kk]illed\b|\boom-kill",
        r"(?:^|: +[0-9]+ |\] +[0-9]+ )Killed\b",
        r"\bERR!",
        r"^E: ",
        r"^[EF][0-9]{4} [0-9]{2}:",
        r": [EF] tensorflow/",
    )
)
