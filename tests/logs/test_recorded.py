"""Recorded output of real programs: the lines are those of a real terminal emulator, colours too.

Recorded in a terminal of 100 columns, or (`*-pipe`) without one; hosts and paths were replaced.
"""

from __future__ import annotations

from pathlib import Path

import pyte
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pxtui.logs.line import Line
from pxtui.logs.pens import BOLD, ITALIC, NO_PEN, REVERSE, STRIKE, UNDERLINE, Color, Pen
from pxtui.logs.screen import Screen
from tests.logs.noise import cut, every_byte

RECORDED = sorted((Path(__file__).parent / "recorded").glob("*.out"))
ROWS, COLUMNS = 500, 300
ATTRS = {
    "bold": BOLD,
    "italics": ITALIC,
    "underscore": UNDERLINE,
    "reverse": REVERSE,
    "strikethrough": STRIKE,
}
BASIC = ("black", "red", "green", "brown", "blue", "magenta", "cyan", "white")

Shown = list[list[tuple[str, Pen]]]
"""Characters of each line with their pens; of blanks only the background counts."""


def seen(char: str, pen: Pen) -> tuple[str, Pen]:
    return char, pen if char != " " else Pen(None, pen.bg, 0)


def of_line(line: Line) -> list[tuple[str, Pen]]:
    pens = [NO_PEN] * len(line.text)
    for start, end, pen in line.spans:
        pens[start:end] = [pen] * (end - start)
    cells = [seen(char, pen) for char, pen in zip(line.text, pens, strict=True)]
    while cells and cells[-1] == (" ", NO_PEN):
        cells.pop()
    return cells


def rgb(digits: str) -> Color:
    red, green, blue = bytes.fromhex(digits)
    return red, green, blue


def color(name: str) -> Color:
    if name == "default":
        return None
    bright = name.startswith("bright")
    if name.removeprefix("bright") in BASIC:
        return BASIC.index(name.removeprefix("bright")) + 8 * bright
    return rgb(name)


def palette(pen: Pen) -> Pen:
    """The pen as pyte has it: it knows the colours from 16 on by their red, green and blue."""
    table = pyte.graphics.FG_BG_256

    def of(part: Color) -> Color:
        return rgb(table[part]) if isinstance(part, int) and part > 15 else part

    return pen._replace(fg=of(pen.fg), bg=of(pen.bg))


def of_pyte(data: bytes, rows: int = ROWS, columns: int = COLUMNS) -> Shown:
    screen = pyte.Screen(columns, rows)
    pyte.ByteStream(screen).feed(data)
    lines = []
    for y in range(rows):
        cells = []
        for x in range(max(screen.buffer[y], default=-1) + 1):
            cell = screen.buffer[y][x]
            if cell == screen.default_char:
                cells.append((" ", NO_PEN))
                continue
            attrs = sum(bit for name, bit in ATTRS.items() if getattr(cell, name))
            cells += [seen(c, Pen(color(cell.fg), color(cell.bg), attrs)) for c in cell.data]
        while cells and cells[-1][0] == " ":
            cells.pop()
        lines.append(cells)
    while lines and not lines[-1]:
        lines.pop()
    return lines


def lines_of(pieces: list[bytes], keep: int) -> list[Line]:
    taken: list[Line] = []

    def before(count: int) -> list[Line]:
        back = taken[-count:]
        del taken[-count:]
        return back

    screen = Screen(before)
    for piece in pieces:
        screen.feed(piece, "tty")
        taken += screen.take(keep)
    screen.close()
    return [*taken, *screen.recent]


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_recorded_output_is_shown_as_in_a_terminal(path: Path) -> None:
    data = path.read_bytes()
    lines = lines_of([data], 64)
    while lines and not lines[-1].text:
        lines.pop()
    ours = [[(char, palette(pen)) for char, pen in of_line(line)] for line in lines]
    theirs = of_pyte(data if b"\r\n" in data else data.replace(b"\n", b"\r\n"))
    assert ["".join(c for c, _ in line) for line in ours] == [
        "".join(c for c, _ in line) for line in theirs
    ]
    assert ours == theirs
    for size in (2, 7, 64, 1000):
        pieces = cut(data, range(size, len(data), size))
        for keep in (0, 3, 64):
            again = lines_of(pieces, keep)
            assert again[: len(lines)] == lines
            assert not any(line.text for line in again[len(lines) :])
    assert lines_of(every_byte(data), 64)[: len(lines)] == lines


WORDS = (
    b"a|bcd|longer words |\xc3\xa9|\xe2\x96\x88\xe2\x96\x88| |\r|\r\n|\r\n|\n\r|\x08|\x08\x08|\t|"
    b"\x1b[A|\x1b[2A|"
    b"\x1b[F|\x1b[3C|\x1b[D|\x1b[4D|\x1b[G|\x1b[5G|\x1b[K|\x1b[1K|\x1b[2K|\x1b[X|\x1b[3X|\x1b[J|\x1b[31m|"
    b"\x1b[1;38;5;100m|\x1b[m|\x1b]0;title\x07|\x1b[?25l|\x1b(B"
).split(b"|")


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=18).map(b"".join))
def test_random_output_is_shown_as_in_a_terminal(data: bytes) -> None:
    ours = [[(char, palette(pen)) for char, pen in of_line(line)] for line in lines_of([data], 64)]
    for line in ours:
        while line and line[-1][0] == " ":
            line.pop()
    while ours and not ours[-1]:
        ours.pop()
    assert ours == of_pyte(data, 20, 240)


def test_all_that_was_recorded_is_here() -> None:
    assert len(RECORDED) >= 12
    assert all(path.stat().st_size < 60_000 for path in RECORDED)
