"""The exceptions that Python tracebacks in a log end with."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

_EXCEPTION = re.compile(r"(?:[^\W\d]\w*\.)*[^\W\d]\w*(?:: .*)?")
RANK = re.compile(r"\[rank\d+\]:\s?")
"""What PyTorch puts before each line of a traceback where several processes train."""
_CAUSED = "The above exception was the direct cause of the following exception:"
_LAUNCHER = re.compile(r"\S*(?:ChildFailedError|CalledProcessError)\b")
"""Raised by what started the program: the program's own exception stands before it."""


class Raised(NamedTuple):
    """The exception that ends a traceback."""

    line: str
    at: int
    """Index of the line."""
    caused: bool
    """The one before led to it."""


def exceptions(lines: Iterable[str]) -> list[Raised]:
    """The exceptions of all Python tracebacks."""
    found: list[Raised] = []
    inside = caused = False
    before = ""
    for at, text in enumerate(lines):
        line = RANK.sub("", text, count=1) if text.startswith("[rank") else text
        if line.startswith("Traceback (most recent call last):"):
            inside, caused = True, before == _CAUSED
        elif line.startswith('  File "'):
            inside = True
        elif inside and line and not line.startswith(" "):
            inside = False
            if _EXCEPTION.fullmatch(line):
                launcher = bool(found) and _LAUNCHER.match(line) is not None
                found.append(Raised(line, at, caused or launcher))
            caused = False
        before = line or before
    return found


def last_exception(lines: Iterable[str]) -> str:
    """The line that names the exception of the last Python traceback; empty if there is none."""
    found = [raised.line for raised in exceptions(lines)]
    while len(found) > 1 and _LAUNCHER.match(found[-1]):
        found.pop()
    return found[-1] if found else ""


def last_line(lines: Iterable[str]) -> str:
    """The last line that is not blank."""
    return next((line for line in reversed(list(lines)) if line.strip()), "")
