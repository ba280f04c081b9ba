"""A row of a log as it is drawn: its pens in the theme, what is set off, never a control."""

from __future__ import annotations

import time
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.segment import Segment
from textual.color import Color
from textual.theme import BUILTIN_THEMES

from pxtui.logs.line import Line, Span
from pxtui.logs.pens import BOLD, DIM, ITALIC, NO_PEN, REVERSE, STRIKE, UNDERLINE, Pen
from pxtui.logs.query import Query
from pxtui.ui import theme
from pxtui.ui.log.rows import Drawn, Look, draw
from pxtui.ui.log.tones import FLOOR, Tokens, style_of_pen

CONTROLS = {*map(chr, range(0x20)), *map(chr, range(0x7F, 0xA0))}


def tokens_of(name: str) -> Tokens:
    return tuple(theme.tokens(BUILTIN_THEMES[name].to_color_system().generate()).items())


DARK = tokens_of(theme.DARK)
NAMED = dict(DARK)


def segments(line: Line, look: Look | None = None, **more: object) -> list[Segment]:
    look = look or Look(DARK, 40, timed=False)
    return list(draw(Drawn(line, 0, len(line.text), **more), look))  # type: ignore[arg-type]


def color(segment: Segment) -> str:
    assert segment.style is not None
    assert segment.style.color is not None
    return segment.style.color.get_truecolor().hex.upper()


def test_text_is_ink_and_the_names_of_figures_are_soft() -> None:
    found = [(s.text, color(s)) for s in segments(Line("loss=0.5 x=y", "stdout", 0.0))]
    assert found == [
        ("  ", NAMED["warn"]),
        ("loss=", NAMED["soft"]),
        ("0.5 x=y" + " " * 26, NAMED["ink"]),
    ]


def test_stderr_is_marked_and_keeps_colours_of_its_own() -> None:
    text = Line("careful", "stderr", 0.0)
    mark, plain = segments(text)[:2]
    assert (mark.text, plain.text.rstrip()) == ("! ", "careful")
    assert color(mark) == color(plain) == NAMED["warn"]
    red = text._replace(spans=(Span(0, 4, Pen(1)),))
    found = segments(red)
    assert found[1].text == "care"
    assert color(found[2]) == NAMED["ink"]
    assert segments(text, first=False)[0].text.startswith("  ")


def test_matches_and_what_is_selected_stand_over_the_pens() -> None:
    line = Line("a red word here", "stdout", 0.0, (Span(2, 10, Pen(1, None, BOLD)),))
    look = Look(DARK, 40, timed=False, query=Query("word"))
    found = {s.text.strip(): s for s in segments(line, look, parts=((11, 15, "ink @hair"),))}
    assert color(found["word"]) == NAMED["key"]
    assert color(found["red"]) != NAMED["ink"]
    style = found["here"].style
    assert style is not None
    assert style.bgcolor is not None
    assert style.bgcolor.get_truecolor().hex.upper() == NAMED["hair"]


@pytest.mark.parametrize("name", theme.THEMES)
def test_every_pen_can_be_read_in_every_theme(name: str) -> None:
    tokens = tokens_of(name)
    ground, ink = (Color.parse(dict(tokens)[token]) for token in ("ground", "ink"))
    colors = (None, *range(16), 16, 21, 226, 232, 255, (255, 255, 255), (0, 0, 0), (250, 250, 90))
    for fg, bg, attrs in product(colors, (None, 0, 3, 7, 15, 226, (9, 9, 9)), (0, DIM, REVERSE)):
        style = style_of_pen(Pen(fg, bg, attrs), tokens)
        text = ink if style.color is None else Color.from_rich_color(style.color)
        on = ground if style.bgcolor is None else Color.from_rich_color(style.bgcolor)
        basic = (fg is None or fg in range(16)) and not attrs
        least = theme.READABLE if basic and bg is None else FLOOR
        assert theme.contrast(text, on) >= least - 0.1, (fg, bg, attrs)


@pytest.mark.parametrize("name", theme.THEMES)
def test_the_colours_of_a_terminal_can_be_read_on_every_ground(name: str) -> None:
    tokens = dict(tokens_of(name))
    sixteen = theme.terminal(tokens)
    assert len(sixteen) == 16
    for color_, ground in product(sixteen, theme.GROUNDS):
        assert theme.contrast(color_, Color.parse(tokens[ground])) >= 4.5
    assert len({color_.hex6 for color_ in sixteen[1:7]}) >= 4, "they can be told apart"


def test_emphasis_is_kept() -> None:
    style = style_of_pen(Pen(None, None, BOLD | ITALIC | UNDERLINE | STRIKE), DARK)
    assert (style.bold, style.italic, style.underline, style.strike) == (True,) * 4
    assert style.color is None
    assert style_of_pen(NO_PEN, DARK).bold is None


PENS = st.builds(Pen, st.none() | st.integers(0, 255), st.none(), st.integers(0, 63))
TEXTS = st.text(st.sampled_from("ab =1日本é\u0301👩\u200d👧\u200b\x1b\x00\t€"), max_size=60)


@given(TEXTS, st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60), PENS), max_size=4),
       st.integers(8, 50), st.integers(0, 20), st.booleans())  # fmt: skip
def test_a_row_is_as_wide_as_the_view_and_has_no_control(
    text: str, spans: list[tuple[int, int, Pen]], width: int, aside: int, timed: bool
) -> None:
    rising = sorted(spans, key=lambda span: span[:2])
    look = Look(DARK, width, timed=timed, aside=aside, query=Query("a|日"))
    strip = draw(Drawn(Line(text, "stdout", 0.0, tuple(Span(*s) for s in rising)), 0, len(text)),
                 look)  # fmt: skip
    assert strip.cell_length == width
    assert not CONTROLS & set(strip.text)


def test_a_row_of_a_very_long_line_costs_what_is_seen() -> None:
    text = "word " * 13_000
    spans = tuple(Span(at, at + 4, Pen(at % 7)) for at in range(0, len(text), 5))
    line, look = Line(text, "stdout", 0.0, spans), Look(DARK, 120, timed=True)
    began = time.perf_counter()
    for start in range(0, 65_000, 100):
        draw(Drawn(line, start, start + 100), look)
    assert time.perf_counter() - began < 2.0, "650 rows of 20 parts"
