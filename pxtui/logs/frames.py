"""The files and lines that the tracebacks of a log name, the most telling ones first."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from pxtui.logs.tracebacks import RANK

_PYTHON = re.compile(r'^\s*File "([^"]+)", line (\d+)')
_OTHER = re.compile(r"^[\s│|>]*(?:File )?((?:[\w.@+-]*/)*[\w@+-]+\.\w{1,5})(?::| line )(\d+)\b")
"""As rich, IPython, pytest, gcc and shells write it: `train.py:12`."""
_SHELL = re.compile(r"^(\S+\.\w{1,5}): line (\d+): ")
_INSIDE = (" ", "\t", "│", "╭", "╰", "|")
"""How the lines of a traceback begin that are neither its first nor its last."""


class Frame(NamedTuple):
    """A place in a file, and the line of the log that names it."""

    file: str
    line: int
    at: int


def frame_of(text: str, at: int = 0) -> Frame | None:
    """The place that one line names."""
    text = RANK.sub("", text, count=1)
    for pattern in (_PYTHON, _SHELL, _OTHER):
        if (found := pattern.match(text)) is not None and len(found[2]) < 9:
            return Frame(found[1], int(found[2]), at)
    return None


def frames_near(texts: Sequence[str], at: int) -> list[Frame]:
    """The frames around a line: those of its own traceback first.

    From a frame, or the source below it, on downwards and then upwards; from the first or the last
    line of a traceback the innermost one first: that is where it was raised.
    """
    first, last = _traceback(texts, at)
    found = [f for n, text in enumerate(texts) if (f := frame_of(text, n)) is not None]
    own = [frame for frame in found if first <= frame.at <= last]
    here = max((frame.at for frame in own if frame.at <= at), default=last)
    inside = first < at < last or (first == at and frame_of(texts[at]) is not None)
    if inside:
        own = [f for f in own if f.at >= here] + [f for f in own[::-1] if f.at < here]
    else:
        own.reverse()
    after = [frame for frame in found if frame.at > last]
    before = [frame for frame in found if frame.at < first]
    return [*own, *after, *before[::-1]]


def _traceback(texts: Sequence[str], at: int) -> tuple[int, int]:
    """First and last line of the traceback that a line is of."""
    inside = [RANK.sub("", text, count=1).startswith(_INSIDE) for text in texts]
    first = at
    if inside[at] or (at and inside[at - 1]):  # in it, or the exception that ends it
        first = at if inside[at] else at - 1
        while first and inside[first]:
            first -= 1
    last = at + 1 if not inside[at] and first == at else at
    while last < len(texts) - 1 and inside[last]:
        last += 1
    return first, min(last, len(texts) - 1)
