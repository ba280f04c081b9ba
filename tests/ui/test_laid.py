"""Lines in rows: no character is lost, none is torn, no row is too wide; cells and characters."""

from __future__ import annotations

import time

from hypothesis import assume, given
from hypothesis import strategies as st
from rich.cells import cell_len, split_graphemes

from pxtui.ui.laid import cell_at, folded, index_at, rows_of

TEXTS = st.text(st.sampled_from("ab  日本é\u0301👩\u200d👧🙂\ufe0f€"), max_size=200)


@given(TEXTS, st.integers(2, 40))
def test_rows_keep_every_character_and_the_width(text: str, width: int) -> None:
    rows = rows_of(text, width)
    assert "".join(folded(text, width)) == text
    assert [start for start, _ in rows[1:]] == [end for _, end in rows[:-1]]
    assert all(end > start for start, end in rows) or rows == ((0, 0),)
    assert all(cell_len(text[start:end]) <= width for start, end in rows)
    whole = {start for start, _, _ in split_graphemes(text)[0]}
    assert all(start in whole for start, _ in rows[1:])


def test_words_are_kept_whole_where_that_leaves_half_a_row() -> None:
    assert folded("one two three", 8) == ["one two ", "three"]
    assert folded("été à l'été", 8) == ["été à ", "l'été"]
    assert folded("a" * 20, 8) == ["a" * 8, "a" * 8, "a" * 4]
    assert rows_of("a" * 20, 0) == ((0, 20),)
    assert rows_of("", 8) == ((0, 0),)


@given(TEXTS)
def test_the_character_in_a_cell_is_the_one_that_starts_there(text: str) -> None:
    assume(not text.startswith("\u200d"))  # Rich measures that and its next in two ways
    for start, _, size in split_graphemes(text)[0]:
        if size:
            assert index_at(text, cell_len(text[:start])) == start
    assert index_at(text, cell_len(text)) == len(text)
    assert index_at("abc", -1) == 0
    assert cell_at("日本x", 2) == 4


def test_a_very_long_line_is_laid_out_once() -> None:
    for text in ("x" * 65_536, "日" * 65_536):
        began = time.perf_counter()
        rows = rows_of(text, 100)
        assert len(rows) == (656 if text[0] == "x" else 1311)
        assert time.perf_counter() - began < 1.0
        began = time.perf_counter()
        for _ in range(100):
            rows_of(text, 100)
        assert time.perf_counter() - began < 0.1
