"""Twelve colour tokens made from any Textual theme, each readable on every ground it is used on.

And the sixteen colours of a terminal, for what programs print.
"""

from __future__ import annotations

from collections.abc import Mapping

from textual.color import Color
from textual.theme import BUILTIN_THEMES

DARK = "tokyo-night"
LIGHT = "catppuccin-latte"
THEMES = tuple(name for name in BUILTIN_THEMES if not name.startswith(("ansi", "textual-ansi")))
"""The themes that a person can choose: the ansi ones have no colours to reckon with."""
READABLE = 4.6
"""Contrast that every text token has on its grounds (WCAG asks for 4.5)."""
VISIBLE = 3.0
TEXT_TOKENS = ("ink", "strong", "soft", "key", "good", "warn", "bad")
GROUNDS = ("ground", "band", "tint")
_HUES = {True: ("#7aa2f7", "#bb9af7", "#7dcfff"), False: ("#1e66f5", "#8839ef", "#0f7f85")}
"""Blue, magenta and cyan in a dark and in a light theme."""


def tokens(theme: Mapping[str, str]) -> dict[str, str]:
    """The tokens, by name, from the variables of a theme."""
    background, foreground, primary = (
        Color.parse(theme[name]) for name in ("background", "foreground", "primary")
    )
    dark = background.brightness < 0.5
    end = Color(255, 255, 255) if dark else Color(0, 0, 0)
    ground = {
        "ground": background,
        "band": background.blend(foreground, 0.07),
        "tint": background.blend(primary, 0.20 if dark else 0.13),
    }
    text = {
        "ink": foreground,
        "strong": foreground.blend(end, 0.5),
        "soft": background.blend(foreground, 0.6),
        "key": primary,
        "good": Color.parse(theme["success"]),
        "warn": Color.parse(theme["warning"]),
        "bad": Color.parse(theme["error"]),
    }
    readable = {name: pushed(color, end, ground, READABLE) for name, color in text.items()}
    spark = pushed(background.blend(primary, 0.6), end, {"": background}, VISIBLE)
    hair = {"hair": background.blend(foreground, 0.23), "spark": spark}
    return {name: color.hex6 for name, color in {**ground, **hair, **readable}.items()}


def terminal(tokens: Mapping[str, str]) -> tuple[Color, ...]:
    """The sixteen colours in which programs print text, from the tokens: readable on the grounds.

    White is the ink and bright white the strongest text, whether the theme is dark or light.
    """
    colors = {name: Color.parse(color) for name, color in tokens.items()}
    dark = colors["ground"].brightness < 0.5
    end = Color(255, 255, 255) if dark else Color(0, 0, 0)
    hues = (
        *(colors[name] for name in ("bad", "good", "warn")),
        *(Color.parse(hue) for hue in _HUES[dark]),
    )
    black, white = colors["soft" if dark else "ink"], colors["soft" if not dark else "ink"]
    bright = (hue.blend(end, 0.25) for hue in hues)
    raw = (black, *hues, white, colors["soft"], *bright, colors["strong"])
    grounds = {name: colors[name] for name in GROUNDS}
    return tuple(pushed(color, end, grounds, READABLE) for color in raw)


def contrast(one: Color, other: Color) -> float:
    """The WCAG contrast of two colours, from 1 to 21."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: Color) -> float:
    linear = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in color.normalized)
    red, green, blue = linear
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def pushed(color: Color, end: Color, grounds: Mapping[str, Color], least: float) -> Color:
    """The colour, moved towards white or black as far as it takes to be read on the grounds."""
    for step in range(51):
        pushed = color.blend(end, step / 50)
        if all(contrast(pushed, ground) >= least for ground in grounds.values()):
            return pushed
    return end
