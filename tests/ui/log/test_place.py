"""Where a view stands: it follows until the person moves, and stays where the person reads."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from pxtui.ui.laid import rows_of
from pxtui.ui.log.place import Place


class Texts:
    """Lines of which only some may be shown."""

    def __init__(self, texts: Sequence[str] = ()) -> None:
        self.texts = list(texts)
        self.width = 10
        self.chosen: list[int] | None = None
        self.ruled: set[int] = set()

    @property
    def numbers(self) -> Sequence[int]:
        every = range(len(self.texts))
        return every if self.chosen is None else [n for n in self.chosen if n < len(every)]

    @property
    def count(self) -> int:
        return len(self.numbers)

    @property
    def end(self) -> int:
        return len(self.texts)

    def line(self, position: int) -> int:
        return self.numbers[position]

    def position(self, line: int) -> int:
        return bisect_left(self.numbers, line)

    def starts(self, line: int) -> Sequence[int]:
        text = self.texts[line]
        starts = [start for start, _ in rows_of(text, self.width)]
        return [*starts, len(text) + 1] if line in self.ruled else starts


def place_on(count: int, height: int = 5) -> tuple[Place, Texts]:
    texts = Texts([f"line {n}" for n in range(count)])
    place = Place(texts)
    place.height = height
    return place, texts


def seen(place: Place) -> list[int]:
    return [line for line, _ in place.screen()]


def test_old_lines_that_a_filter_hid_are_not_new() -> None:
    place, texts = place_on(20)
    texts.chosen = [3, 5]
    place.leave()
    texts.chosen = [3, 5, 7]  # it was still being looked for
    assert place.new == 0
    texts.chosen = None
    assert place.new == 0
    texts.texts.append("new")
    assert place.new == 1


def test_it_follows_until_it_is_left_and_counts_what_is_new() -> None:
    place, texts = place_on(20)
    assert seen(place) == [15, 16, 17, 18, 19]
    texts.texts += ["more"] * 7
    assert seen(place)[-1] == 26
    place.by(3)
    assert place.follow
    place.by(-2)
    assert (seen(place), place.new) == ([20, 21, 22, 23, 24], 0)
    texts.texts += ["more"] * 312
    assert (seen(place), place.new) == ([20, 21, 22, 23, 24], 312)
    place.by(10_000)
    assert (seen(place)[-1], place.follow) == (338, False)
    place.follow_end()
    assert (place.follow, place.new) == (True, 0)


def test_another_width_and_back_is_the_same_place() -> None:
    place, texts = place_on(0, height=3)
    texts.texts = ["x" * 95, "y" * 95, "z" * 95]
    place.by(-100)
    place.by(5)
    before = place.screen()
    for width in (33, 7, 0, 80, 3, 10):
        texts.width = width
        assert place.screen()
    assert place.screen() == before


def test_a_filter_and_back_is_the_same_place() -> None:
    place, texts = place_on(100)
    place.to(50)
    texts.chosen = [3, 40, 60, 61, 62, 63, 64, 65, 90]
    assert seen(place) == [60, 61, 62, 63, 64]
    texts.chosen = [3, 40]
    assert seen(place) == [3, 40]
    texts.chosen = []
    assert seen(place) == []
    texts.chosen = None
    assert seen(place)[0] == 50


def test_lines_that_are_taken_back_move_nothing_for_good() -> None:
    place, texts = place_on(100)
    place.by(-1)
    before = seen(place)
    taken, texts.texts = texts.texts[60:], texts.texts[:60]
    assert seen(place) == [55, 56, 57, 58, 59]
    texts.texts += taken
    assert seen(place) == before


def test_one_line_longer_than_the_screen() -> None:
    place, texts = place_on(0)
    texts.texts = ["x" * 65_536]
    assert place.screen()[-1] == (0, 6553)
    place.by(-100)
    assert place.screen()[-1] == (0, 6453)
    place.to_position(0)
    assert place.screen() == [(0, part) for part in range(5)]
    place.to(0, 30_000, above=2)
    assert place.screen()[2] == (0, 3000)


def test_a_line_is_shown_in_the_middle_or_as_near_as_can_be() -> None:
    place, _ = place_on(100)
    place.to(50, above=2)
    assert seen(place) == [48, 49, 50, 51, 52]
    place.to(1, above=2)
    assert seen(place)[0] == 0
    place.to(99, above=2)
    assert seen(place)[-1] == 99
    place.to(5_000, above=2)
    assert seen(place)[-1] == 99


def test_nothing_is_no_trouble() -> None:
    place, _ = place_on(0)
    for act in (place.leave, lambda: place.by(-3), lambda: place.by(3), lambda: place.to(7, 3, 2)):
        act()
        assert place.screen() == []
    place.to_position(4)
    place.follow_end()
    assert place.screen() == []


class Reading(RuleBasedStateMachine):
    """A person reads while lines come and go, and the pane changes."""

    def __init__(self) -> None:
        super().__init__()
        self.place, self.texts = place_on(0)
        self.wanted_follow = True

    def at_top(self) -> tuple[int, int] | None:
        rows = self.place.screen()
        return rows[0] if rows else None

    @property
    def at_the_end(self) -> bool:
        return self.place.top == self.place.end

    @rule(texts=st.lists(st.sampled_from(["", "a b c", "word " * 9, "日本" * 12]), max_size=30))
    def lines_come(self, texts: list[str]) -> None:
        before, new, clamped = self.at_top(), self.place.new, self.clamped
        self.texts.texts += texts
        if not self.place.follow:
            assert self.texts.chosen is not None or self.place.new == new + len(texts)
            if before is not None and not clamped:
                assert self.at_top() == before

    @property
    def clamped(self) -> bool:
        """The screen begins above the wanted row, because the lines end so soon."""
        return self.place.follow or self.place._wanted > self.place.end

    @precondition(lambda self: self.texts.texts)
    @rule(count=st.integers(1, 64))
    def the_last_lines_are_taken_back_and_come_again(self, count: int) -> None:
        before = self.place.screen()
        taken, self.texts.texts = self.texts.texts[-count:], self.texts.texts[:-count]
        self.never_blank()
        self.texts.texts += taken
        assert self.place.screen() == before

    @rule(rows=st.integers(-40, 40))
    def the_person_moves(self, rows: int) -> None:
        self.place.by(rows)
        self.wanted_follow = self.wanted_follow and rows >= 0

    @rule(line=st.integers(0, 80), index=st.integers(0, 60), above=st.integers(0, 9))
    def the_person_goes_to_a_line(self, line: int, index: int, above: int) -> None:
        self.place.to(line, index, above)
        self.wanted_follow = False
        if line < len(self.texts.texts) and self.texts.chosen is None and above < self.place.height:
            assert line in seen(self.place)

    @rule(position=st.integers(0, 80))
    def the_person_drags_the_bar(self, position: int) -> None:
        self.place.to_position(position)
        self.wanted_follow = False

    @rule()
    def the_person_follows(self) -> None:
        self.place.follow_end()
        self.wanted_follow = True

    @rule()
    def the_person_stops_following(self) -> None:
        before = self.place.screen()
        self.place.leave()
        self.wanted_follow = False
        assert self.place.screen() == before

    @rule(width=st.sampled_from([0, 8, 10, 33]), height=st.integers(1, 12))
    def the_pane_changes(self, width: int, height: int) -> None:
        before = self.place.screen()
        old = self.texts.width, self.place.height
        self.texts.width, self.place.height = width, height
        self.never_blank()
        self.texts.width, self.place.height = old
        assert self.place.screen() == before
        self.texts.width, self.place.height = width, height

    @rule(chosen=st.none() | st.sets(st.integers(0, 90), max_size=40))
    def the_filter_changes(self, chosen: set[int] | None) -> None:
        before, old = self.place.screen(), self.texts.chosen
        self.texts.chosen = None if chosen is None else sorted(chosen)
        self.never_blank()
        self.texts.chosen = old
        assert self.place.screen() == before
        self.texts.chosen = None if chosen is None else sorted(chosen)

    @rule(line=st.integers(0, 80))
    def a_rule_is_drawn(self, line: int) -> None:
        self.texts.ruled.add(line)

    @invariant()
    def only_the_person_says_whether_to_follow(self) -> None:
        assert self.place.follow == self.wanted_follow
        assert self.place.new == 0 or not self.place.follow

    @invariant()
    def never_blank(self) -> None:
        rows = self.place.screen()
        every = sum(len(self.texts.starts(line)) for line in self.texts.numbers)
        assert len(rows) == min(every, self.place.height)

    @invariant()
    def the_last_row_is_seen_while_following(self) -> None:
        if self.place.follow and self.texts.count:
            last = self.texts.numbers[-1]
            assert self.place.screen()[-1] == (last, len(self.texts.starts(last)) - 1)


Reading.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestReading = Reading.TestCase
