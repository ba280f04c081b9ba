"""The pens in which programs print → styles that can be read in the theme."""

from __future__ import annotations

from functools import lru_cache

from rich.color import Color as RichColor
from rich.style import Style
from textual.color import Color

from pxtui.logs.pens import BOLD, DIM, ITALIC, REVERSE, STRIKE, UNDERLINE, Pen
from pxtui.ui import theme

Tokens = tuple[tuple[str, str], ...]

FLOOR = 3.0
"""Contrast below which a colour of a program's choosing is moved towards white or black."""
_FILLS = ("#000000", "#c0362c", "#2e8b57", "#c4a000", "#3465a4", "#8a4fa3", "#1b8a96", "#d3d7cf")
_BRIGHT_FILLS = ("#555753", "#ef5350", "#7bc96f", "#f2d45c", "#729fcf", "#b07cc6", "#4fc3c9",
                 "#ffffff")  # fmt: skip
"""The sixteen colours as grounds."""
_LEVELS = (0, 95, 135, 175, 215, 255)
_WHITE, _BLACK = Color(255, 255, 255), Color(0, 0, 0)


@lru_cache(maxsize=64)
def _colors(tokens: Tokens) -> tuple[Color, Color, tuple[Color, ...]]:
    """Ground, ink, and the sixteen colours of text."""
    named = dict(tokens)
    return Color.parse(named["ground"]), Color.parse(named["ink"]), theme.terminal(named)


@lru_cache(maxsize=4096)
def style_of_pen(pen: Pen, tokens: Tokens) -> Style:
    """How text in this pen is drawn; what the pen leaves open stays open."""
    ground, ink, sixteen = _colors(tokens)
    fill = None if pen.bg is None else _plain(pen.bg)
    text = None if pen.fg is None else _plain(pen.fg)
    if isinstance(pen.fg, int) and pen.fg < 16 and fill is None:
        text = sixteen[pen.fg]
    if pen.attrs & REVERSE:
        text, fill = ground if fill is None else fill, ink if text is None else text
    on = ground if fill is None else fill
    if pen.attrs & DIM:
        text = (ink if text is None else text).blend(on, 0.4)
    if fill is not None or text is not None:
        chosen = isinstance(pen.fg, tuple) or (pen.fg or 0) > 15 or pen.attrs & DIM
        text = _readable(ink if text is None else text, on, FLOOR if chosen else theme.READABLE)
    return Style(
        color=_rich(text),
        bgcolor=_rich(fill),
        bold=bool(pen.attrs & BOLD) or None,
        italic=bool(pen.attrs & ITALIC) or None,
        underline=bool(pen.attrs & UNDERLINE) or None,
        strike=bool(pen.attrs & STRIKE) or None,
    )


def _plain(color: int | tuple[int, int, int]) -> Color:
    """The colour itself, as terminals have it."""
    if isinstance(color, tuple):
        return Color(*color)
    number = color
    if number < 16:
        return Color.parse((*_FILLS, *_BRIGHT_FILLS)[number])
    if number >= 232:
        grey = 8 + 10 * (number - 232)
        return Color(grey, grey, grey)
    red, rest = divmod(number - 16, 36)
    green, blue = divmod(rest, 6)
    return Color(_LEVELS[red], _LEVELS[green], _LEVELS[blue])


def _readable(text: Color, on: Color, floor: float) -> Color:
    end = max(_WHITE, _BLACK, key=lambda color: theme.contrast(color, on))
    return theme.pushed(text, end, {"": on}, floor)


def _rich(color: Color | None) -> RichColor | None:
    return None if color is None else RichColor.from_rgb(color.r, color.g, color.b)
