"""The last pass: nothing that acts is left, and clean text is handed back as it is."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wcwidth import wcwidth

from pxtui.logs.text import (
    _TABLE,
    NARROW,
    NARROW_OR_RETURN,
    NARROW_OR_WIDE,
    cells_of,
    clean,
    clean_line,
)

ANY_TEXT = st.text(alphabet=st.characters())
"""Every code point, lone surrogates included."""


BIDI = {*"\u061c\u200e\u200f", *map(chr, range(0x202A, 0x202F)), *map(chr, range(0x2066, 0x206A))}


def acting(text: str) -> list[str]:
    """The characters that are controls, reorder text, or are none at all."""
    kinds = ("Cc", "Cs", "Zl", "Zp")
    return [c for c in text if c in BIDI or (unicodedata.category(c) in kinds and c not in "\n\t")]


@given(ANY_TEXT)
def test_nothing_that_acts_is_left(text: str) -> None:
    cleaned = clean(text)
    assert not acting(cleaned)
    assert clean(cleaned) is cleaned
    cleaned.encode()


@given(st.binary())
def test_bytes_are_cleaned_too(data: bytes) -> None:
    assert not acting(clean(data))


@given(ANY_TEXT)
def test_a_line_is_one_line(text: str) -> None:
    line = clean_line(text)
    assert len(line.splitlines()) <= 1
    assert "\t" not in line


@pytest.mark.parametrize("code", [*range(0x20), 0x7F, *range(0x80, 0xA0), 0x202E, 0x2066, 0x2028])
def test_each_of_them_alone(code: int) -> None:
    assert not acting(clean(chr(code)))
    assert clean_line(chr(code)).isprintable()


def test_clean_text_is_the_same_object() -> None:
    for text in ("plain", "two\nlines\t!", "naïve ✓ 日本語 👩\u200d🔬 שלום"):
        assert clean(text) is text


def test_what_is_replaced_is_visible() -> None:
    assert clean("a\x07b\x7f\x9b\u202e\ud800\r\n") == "a␇b␡\ufffd<202E>\ufffd\n"
    assert clean_line("a\r\nb\tc") == "a␤b c"


def test_marks_do_not_pile_up() -> None:
    assert clean("Z" + "\u0301" * 500 + "!") == "Z" + "\u0301" * 4 + "!"
    assert len(clean("a" + "\u200d" * 500)) == 5


@pytest.mark.parametrize(
    ("pattern", "widths"), [(NARROW, {1}), (NARROW_OR_RETURN, {1}), (NARROW_OR_WIDE, {1, 2})]
)
def test_what_is_told_by_its_code_has_that_width(
    pattern: re.Pattern[str], widths: set[int]
) -> None:
    known = [c for c in map(chr, range(0x110000)) if c != "\r" and pattern.fullmatch(c)]
    assert {wcwidth(c) for c in known} == widths
    text = "".join(known)
    assert clean(text) is text


def test_cells() -> None:
    assert cells_of("ab") == ["", "a", "b"]
    assert cells_of("日x") == ["", "日", "", "x"]
    assert cells_of("\u0301e\u0301日\u0301!") == ["\u0301", "e\u0301", "日\u0301", "", "!"]
    assert cells_of("a" + "\u0301" * 9) == ["", "a" + "\u0301" * 4]


def test_all_that_is_replaced_is_not_printable() -> None:
    """`clean` looks at nothing else where all is printable."""
    assert not [chr(c) for c in _TABLE if chr(c).isprintable()]
