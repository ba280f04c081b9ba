"""A pen: the colours and the emphasis in which text of a log was printed (SGR)."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

Color = int | tuple[int, int, int] | None
"""Of the palette (0-255), red-green-blue, or the terminal's own."""

BOLD, DIM, ITALIC, UNDERLINE, REVERSE, STRIKE = 1, 2, 4, 8, 16, 32

MOST = 64
"""Numbers of one sequence that are looked at."""
_ON = {1: BOLD, 2: DIM, 3: ITALIC, 4: UNDERLINE, 7: REVERSE, 9: STRIKE, 21: UNDERLINE}
_OFF = {22: BOLD | DIM, 23: ITALIC, 24: UNDERLINE, 27: REVERSE, 29: STRIKE}


class Pen(NamedTuple):
    """Blinking and hidden text are not known: what is copied is what is seen."""

    fg: Color = None
    bg: Color = None
    attrs: int = 0


NO_PEN = Pen()


@lru_cache(maxsize=4096)
def pen_after(params: str, pen: Pen) -> Pen:
    """The pen after an SGR sequence with these parameters (`1;38;5;208`); unknown ones pass."""
    fg, bg, attrs = pen
    numbers = _numbers(params)
    at = 0
    while at < len(numbers):
        number, at = numbers[at], at + 1
        if number == 0:
            fg, bg, attrs = NO_PEN
        elif number in _ON:
            attrs |= _ON[number]
        elif number in _OFF:
            attrs &= ~_OFF[number]
        elif 30 <= number <= 37 or 90 <= number <= 97:
            fg = number - 30 if number < 40 else number - 82
        elif 40 <= number <= 47 or 100 <= number <= 107:
            bg = number - 40 if number < 50 else number - 92
        elif number == 39:
            fg = None
        elif number == 49:
            bg = None
        elif number in (38, 48, 58):
            color, at = _extended(numbers, at)
            if color is not None and number == 38:
                fg = color
            elif color is not None and number == 48:
                bg = color
    return Pen(fg, bg, attrs)


def _numbers(params: str) -> list[int]:
    """The numbers; one that no terminal knows is -1."""
    numbers: list[int] = []
    for part in params.split(";")[:MOST]:
        numbers += _with_colons(part.split(":")) if ":" in part else [_number(part)]
    return numbers


def _number(text: str) -> int:
    return (int(text) if len(text) < 6 and text.isdecimal() else -1) if text else 0


def _with_colons(parts: list[str]) -> list[int]:
    """The numbers of a parameter with parts of its own: a colour, or a kind of underline."""
    kind, *rest = map(_number, parts)
    if kind == 4:
        return [24 if rest[0] == 0 else 4]
    if kind in (38, 48, 58) and rest[0] == 5:
        return [kind, *rest, -1][:3]
    if kind in (38, 48, 58) and rest[0] == 2:
        rgb = rest[2:] if len(rest) > 4 else rest[1:]  # the longer form names a colour space
        return [kind, 2, *rgb, -1, -1, -1][:5]
    return [-1]


def _extended(numbers: list[int], at: int) -> tuple[Color, int]:
    """The colour after 38 or 48, and where the numbers go on."""
    kind = numbers[at] if at < len(numbers) else -1
    if kind == 5 and at + 1 < len(numbers):
        return (numbers[at + 1] if 0 <= numbers[at + 1] <= 255 else None), at + 2
    if kind == 2 and at + 3 < len(numbers):
        red, green, blue = numbers[at + 1 : at + 4]
        fits = all(0 <= part <= 255 for part in (red, green, blue))
        return ((red, green, blue) if fits else None), at + 4
    return None, at + 1


@lru_cache(maxsize=4096)
def sequence(pen: Pen) -> str:
    """The escape sequence that sets this pen, whatever was set before."""
    codes = ["0"]
    codes += [str(code) for code, bit in _ON.items() if pen.attrs & bit and code != 21]
    for color, base in ((pen.fg, 38), (pen.bg, 48)):
        if isinstance(color, int):
            codes += [str(base), "5", str(color)]
        elif color is not None:
            codes += [str(base), "2", *map(str, color)]
    return f"\x1b[{';'.join(codes)}m"
