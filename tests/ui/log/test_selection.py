"""What is selected is the text between two places, however it is drawn and whatever comes after."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pxtui.logs.text import clean_line
from pxtui.ui.laid import rows_of
from pxtui.ui.log import moves
from pxtui.ui.log.selection import At, Selection, cluster, word_at

WIDE = "a日本é\u0301👩\u200d🔬 z"
TEXTS = st.lists(
    st.one_of(
        st.text("ab c日é\u0301👩\u200d🔬.", max_size=30), st.text(max_size=20).map(clean_line)
    ),
    min_size=1,
    max_size=12,
)


class Pages:
    """Lines laid out at a width, of which some are shown."""

    def __init__(self, texts: Sequence[str], width: int = 0, only: Sequence[int] = ()) -> None:
        self.texts, self.width, self.height = texts, width, 5
        self.only = list(only) or list(range(len(texts)))

    @property
    def shown(self) -> Pages:
        return self

    @property
    def count(self) -> int:
        return len(self.only)

    @property
    def end(self) -> int:
        return len(self.texts)

    def line(self, position: int) -> int:
        return self.only[position]

    def position(self, line: int) -> int:
        return sum(number < line for number in self.only)

    def starts(self, line: int) -> Sequence[int]:
        return [start for start, _ in self.parts(line)]

    def text(self, line: int) -> str:
        return self.texts[line]

    def parts(self, line: int) -> Sequence[tuple[int, int]]:
        return rows_of(self.texts[line], self.width)


@st.composite
def selections(draw: st.DrawFn) -> tuple[list[str], Selection]:
    texts = draw(TEXTS)

    def at() -> At:
        line = draw(st.integers(0, len(texts) - 1))
        return At(line, draw(st.integers(0, len(texts[line]))))

    return texts, Selection(at(), at(), draw(st.booleans()))


def test_both_ends_are_taken() -> None:
    texts = list(enumerate(["one", "two", "three"]))
    assert Selection(At(0, 1), At(0, 1)).text(texts) == "n"
    assert Selection(At(2, 1), At(0, 2)).text(texts) == "e\ntwo\nth"
    assert Selection(At(2, 1), At(0, 2), whole=True).text(texts) == "one\ntwo\nthree"
    assert Selection(At(0, 3), At(1, 9)).text(texts) == "\ntwo"


def test_what_stands_in_one_place_is_taken_whole() -> None:
    scientist = WIDE.index("👩")
    assert Selection(At(0, 4), At(0, 3)).text([(0, WIDE)]) == "é\u0301"
    assert Selection(At(0, scientist), At(0, scientist)).text([(0, WIDE)]) == "👩\u200d🔬"


def test_only_lines_that_are_shown_are_taken() -> None:
    shown = [(1, "b"), (4, "e"), (6, "g")]
    assert Selection(At(0, 0), At(5, 0), whole=True).text(shown) == "b\ne"


def test_a_word_is_a_name_a_path_or_a_figure() -> None:
    text = 'File "/code/train-a.py", loss=0.25'
    assert word_at(3, text, 9).text([(3, text)]) == "/code/train-a.py"
    assert word_at(3, text, text.index("0.25")).text([(3, text)]) == "0.25"
    assert word_at(3, text, text.index("=")).text([(3, text)]) == "="
    assert word_at(3, text, 99).text([(3, text)]) == ""


@given(selections(), st.integers(0, 30))
def test_the_rows_of_a_selection_are_its_text(
    drawn: tuple[list[str], Selection], width: int
) -> None:
    texts, selection = drawn
    lines = []
    for number in range(selection.first.line, selection.last.line + 1):
        text = texts[number]
        start, end = selection.range_in(number, text)
        assert 0 <= start <= end <= len(text)
        cuts = [(max(a, start), min(b, end)) for a, b in rows_of(text, width)]
        lines.append("".join(text[a:b] for a, b in cuts if a < b))
    assert selection.text(enumerate(texts)) == "\n".join(lines)
    assert selection.swapped().text(enumerate(texts)) == "\n".join(lines)


@given(selections(), TEXTS)
def test_it_stays_on_its_text_while_lines_arrive(
    drawn: tuple[list[str], Selection], more: list[str]
) -> None:
    texts, selection = drawn
    before = selection.text(enumerate(texts))
    assert selection.clamped(len(texts) + len(more)) == selection
    assert selection.text(enumerate(texts + more)) == before


@given(selections(), st.integers(0, 12))
def test_lines_that_are_taken_back_are_no_longer_selected(
    drawn: tuple[list[str], Selection], taken: int
) -> None:
    texts, selection = drawn
    left = texts[: max(0, len(texts) - taken)]
    clamped = selection.clamped(len(left))
    if selection.last.line < len(left):
        assert clamped == selection
    whole = selection._replace(whole=True).text(enumerate(left)) if left else ""
    got = clamped.text(enumerate(left))
    assert got in whole or selection.first.line >= len(left)


def test_much_is_made_piece_by_piece() -> None:
    def endless(taken: list[int]):  # type: ignore[no-untyped-def]
        for number in itertools.count():
            taken.append(number)
            yield number, "x" * 100

    asked: list[int] = []
    pieces = Selection(At(5, 0), At(10**9, 0)).pieces(endless(asked))
    assert sum(len(piece) for piece in itertools.islice(pieces, 100)) == 100 * 101 - 1
    assert len(asked) == 105
    assert list(Selection(At(0, 0), At(2, 0), whole=True).pieces(endless(asked)))[2:] == [
        "\n" + "x" * 100
    ]


@given(TEXTS, st.integers(0, 30), st.data())
def test_moves_end_on_a_character_that_is_shown(
    texts: list[str], width: int, data: st.DataObject
) -> None:
    only = data.draw(st.sets(st.integers(0, len(texts) - 1), min_size=1).map(sorted))
    page = Pages(texts, width, only)
    at = moves.settled(page, At(data.draw(st.integers(0, 20)), data.draw(st.integers(0, 99))))
    names = st.sampled_from([*moves.MOVES, "up", "down", "page"])
    for name in data.draw(st.lists(names, max_size=8)):
        if name in moves.MOVES:
            at = moves.MOVES[name](page, at)
        else:
            by = {"up": -1, "down": 1, "page": 5}[name]
            at = moves.rows(page, at, by, data.draw(st.integers(0, 40)))
        assert at.line in only
        text = texts[at.line]
        assert at.char == (cluster(text, at.char)[0] if text else 0)
        assert at.char < max(1, len(text))


@given(TEXTS, st.integers(4, 30))
def test_right_and_word_reach_the_end_and_go_back(texts: list[str], width: int) -> None:
    page = Pages(texts, width)
    for forth, back in (("right", "left"), ("word", "word_back")):
        at = At(0, 0)
        for _ in range(400):
            at = moves.MOVES[forth](page, at)
        assert at == moves.end(page, At(at.line, 0))
        assert forth == "right" or at.line == len(texts) - 1
        for _ in range(400):
            at = moves.MOVES[back](page, at)
        assert at == At(0, 0)


def test_rows_keep_to_their_cell() -> None:
    page = Pages(["0123456789", "日本語", "", "abcdef"], 5)
    at = At(0, 8)
    assert moves.cell_of(page, at) == 3
    seen = [moves.rows(page, at, by, 3) for by in range(-3, 9)]
    assert seen == [
        *[At(0, 3)] * 3, At(0, 8), At(1, 1), At(1, 2), At(2, 0), At(3, 3), *[At(3, 5)] * 4
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "index", "to"),
    [
        ("word", 0, At(0, 2)), ("word", 2, At(0, 6)), ("word", 6, At(0, 7)), ("word", 12, At(1, 0)),
        ("word_back", 6, At(0, 2)), ("word_back", 3, At(0, 2)), ("word_back", 2, At(0, 0)),
        ("text_start", 6, At(0, 2)), ("start", 6, At(0, 0)), ("end", 0, At(0, 13)),
        ("bottom", 0, At(1, 0)), ("top", 3, At(0, 0)),
    ],
)  # fmt: skip
def test_moves(name: str, index: int, to: At) -> None:
    assert moves.MOVES[name](Pages(["  loss=0.25 ab", "é"]), At(0, index)) == to
