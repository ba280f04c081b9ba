"""Colours and emphasis: what SGR sequences mean, and that a pen can be written again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pxtui.logs.pens import (
    BOLD,
    DIM,
    ITALIC,
    NO_PEN,
    REVERSE,
    STRIKE,
    UNDERLINE,
    Pen,
    pen_after,
    sequence,
)

FULL = Pen(1, 2, BOLD | DIM | ITALIC | UNDERLINE | REVERSE | STRIKE)
COLORS = (
    st.none()
    | st.integers(0, 255)
    | st.tuples(st.integers(0, 255), st.integers(0, 255), st.integers(0, 255))
)
PENS = st.builds(Pen, COLORS, COLORS, st.integers(0, 63))


@pytest.mark.parametrize(
    ("params", "pen"),
    [
        ("", NO_PEN),
        ("0", NO_PEN),
        ("1", Pen(attrs=BOLD)),
        ("1;3;4;7;9", Pen(attrs=BOLD | ITALIC | UNDERLINE | REVERSE | STRIKE)),
        ("31;42", Pen(1, 2)),
        ("91;107", Pen(9, 15)),
        ("38;5;208", Pen(208)),
        ("48;5;16;1", Pen(None, 16, BOLD)),
        ("38;2;1;2;3", Pen((1, 2, 3))),
        ("38:2:1:2:3", Pen((1, 2, 3))),
        ("38:2::1:2:3", Pen((1, 2, 3))),
        ("48:5:7", Pen(None, 7)),
        ("38:5;1", Pen(attrs=BOLD)),
        ("38;2;256;0;0", NO_PEN),
        ("38;5", NO_PEN),
        ("58;5;1;3", Pen(attrs=ITALIC)),
        ("4:3", Pen(attrs=UNDERLINE)),
        ("1;4:0", Pen(attrs=BOLD)),
        ("5;8;73;99999999999", NO_PEN),
        ("31;;1", Pen(attrs=BOLD)),
        (";".join("1" * 5_000), Pen(attrs=BOLD)),
    ],
)
def test_what_a_sequence_means(params: str, pen: Pen) -> None:
    assert pen_after(params, NO_PEN) == pen


@pytest.mark.parametrize(
    ("params", "pen"),
    [
        ("", NO_PEN),
        ("22", FULL._replace(attrs=FULL.attrs & ~(BOLD | DIM))),
        ("23;24;27;29", FULL._replace(attrs=BOLD | DIM)),
        ("39", FULL._replace(fg=None)),
        ("49", FULL._replace(bg=None)),
        ("5;25;6;28", FULL),
    ],
)
def test_what_a_sequence_ends(params: str, pen: Pen) -> None:
    assert pen_after(params, FULL) == pen


@given(PENS, PENS)
def test_a_pen_can_be_written(pen: Pen, before: Pen) -> None:
    written = sequence(pen)
    assert written.startswith("\x1b[")
    assert written.endswith("m")
    assert pen_after(written[2:-1], before) == pen


@given(st.text(alphabet="0123456789;:", max_size=40), PENS)
def test_any_parameters_give_a_pen(params: str, pen: Pen) -> None:
    after = pen_after(params, pen)
    assert pen_after(sequence(after)[2:-1], NO_PEN) == after
