"""A command broken at its options, with the words marked that differ from the file's command.

Nothing is ever left out: joined by the spaces at which it was broken, the lines are the command.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from rich.cells import cell_len

from pxtui.ui.draw import Piece, Row

Span = tuple[int, int]
MOST_WORDS = 2_000
"""Commands with more words are not compared: it would take too long."""


@dataclass(frozen=True, slots=True)
class CommandLine:
    """A line of a broken command: where it stands in the command."""

    start: int
    end: int
    follows: bool
    """It goes on a line that was too long."""


def changed_spans(cmd: str, base: str) -> tuple[Span, ...]:
    """Where the command differs from another: words, of an option only what follows its `=`."""
    new, old = _words(cmd), _words(base)
    if cmd == base or max(len(new), len(old)) > MOST_WORDS:
        return ()
    texts = [cmd[a:b] for a, b in new], [base[a:b] for a, b in old]
    spans: list[Span] = []
    for kind, a1, a2, b1, b2 in SequenceMatcher(None, *texts, autojunk=False).get_opcodes():
        for i in range(a1, a2) if kind != "equal" else ():
            before = texts[1][b1 + i - a1] if i - a1 < b2 - b1 else ""
            head = texts[0][i].partition("=")[0] + "="
            same = len(head) if before.startswith(head) and texts[0][i] != head else 0
            spans.append((new[i][0] + same, new[i][1]))
    return tuple(spans)


def _words(cmd: str) -> list[Span]:
    return [found.span() for found in re.finditer(r"\S+", cmd)]


def broken(cmd: str, width: int) -> list[CommandLine]:
    """Break a command before its options and operators, and where a line is too long."""
    lines: list[CommandLine] = []
    start = 0
    for at in [*_breaks(cmd), len(cmd)]:
        if at <= start and cmd:
            continue
        lines += _fitted(cmd, start, at, width)
        start = at + 1
    return lines


def flowed(cmd: str, width: int) -> list[CommandLine]:
    """Break a command only where a line is full."""
    return _fitted(cmd, 0, len(cmd), width)


def drawn(cmd: str, line: CommandLine, changed: tuple[Span, ...]) -> Iterator[Piece]:
    """The pieces of one line; what changed is bold on tint."""
    at = line.start
    for start, end in changed:
        start, end = max(start, line.start), min(end, line.end)
        if start < end:
            yield Piece(cmd[at:start])
            yield Piece(cmd[start:end], "key b @tint")
            at = end
    yield Piece(cmd[at : line.end])


def rows(cmd: str, base: str, width: int, *, compact: bool = False) -> list[Row]:
    """The command with its gutter (not where it is compact), broken to the width."""
    changed = changed_spans(cmd, base)
    lines = flowed(cmd, width) if compact else broken(cmd, width - 4)
    result = []
    for line in lines:
        marked = any(start < line.end and end > line.start for start, end in changed)
        gutter = Piece(" ~  " if marked else "    ", "key b")
        indent = Piece("  " if line.follows else "")
        pieces = tuple(drawn(cmd, line, changed))
        result.append((indent, *pieces) if compact else (gutter, indent, *pieces))
    return result


def changed_row(cmd: str, before: str, width: int, *, compact: bool = False) -> int | None:
    """The first row with something that differs from another command, if there is one."""
    changed = changed_spans(cmd, before)
    lines = flowed(cmd, width) if compact else broken(cmd, width - 4)
    ends = (at for at, line in enumerate(lines) if changed and changed[0][0] < line.end)
    return next(ends, None)


def _breaks(cmd: str) -> Iterator[int]:
    """The spaces before an option with a value, and before an operator, outside of quotes."""
    quote = ""
    line = 0
    for at, char in enumerate(cmd):
        if char == "\n":
            yield at
        elif quote:
            quote = "" if char == quote and cmd[at - 1] != "\\" else quote
        elif char in "'\"":
            quote = char
        elif char == " " and _starts_line(cmd, at + 1, line):
            line = at
            yield at


def _starts_line(cmd: str, at: int, line: int) -> bool:
    if cmd.startswith(("&&", "||", "| "), at):
        return True
    if not re.compile(r"--?[A-Za-z]").match(cmd, at):
        return False
    # A switch without a value stays beside the option before it.
    switch = re.compile(r"--?[\w.-]+(?= -| &&| \|| ;|$)").match(cmd, at)
    return not (switch and line and switch.end() - line < 40)


def _fitted(cmd: str, start: int, end: int, width: int) -> list[CommandLine]:
    """One line, or more where it is too long: broken at spaces if there are any."""
    lines = []
    first = True
    while True:
        room = max(8, width - (0 if first else 2))
        if end - start <= 2 * room and cell_len(cmd[start:end]) <= room:
            lines.append(CommandLine(start, end, not first))
            return lines
        stop = start + _fitting(cmd[start:end], room)
        space = cmd.rfind(" ", start + 1, stop + 1)
        stop, after = (space, space + 1) if space > start else (stop, stop)
        lines.append(CommandLine(start, stop, not first))
        start, first = after, False


def _fitting(text: str, room: int) -> int:
    """How many characters fit, at least one."""
    if text[: 2 * room].isascii():
        return room
    cells = 0
    for at, char in enumerate(text[: 2 * room]):
        cells += cell_len(char)
        if cells > room:
            return max(1, at)
    return min(len(text), 2 * room)
