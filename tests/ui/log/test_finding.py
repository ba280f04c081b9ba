"""Search and filter of the log view: jumps, counts, the way around, lines around, position."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.events import Key
from textual.pilot import Pilot

from pxtui.logs.store import LogWriter
from pxtui.ui.field import Field
from tests.ui.log.app import LogApp, log_in, told, top
from tests.ui.seeing import press, until, words

SIZE = (80, 20)
KEYS = {
    " ": "space", "=": "equals_sign", "!": "exclamation_mark", "(": "left_parenthesis",
    "\\": "backslash", "$": "dollar_sign", ".": "full_stop",
}  # fmt: skip


@pytest.fixture
def writer(tmp_path: Path) -> LogWriter:
    return log_in(tmp_path)


async def typed(pilot: Pilot[int], key: str, text: str) -> None:
    await press(pilot, key, *(KEYS.get(char, char) for char in text), "enter")


async def test_find_goes_to_matches_around_the_end_and_counts_them(writer: LogWriter) -> None:
    app = LogApp()
    writer.write(told(0, 300), "stdout")
    async with app.run_test(size=SIZE) as pilot:
        await app.show(pilot, writer)
        await until(pilot, lambda: "line 299" in words(app))
        await typed(pilot, "slash", "LINE 12".lower())
        await until(pilot, lambda: "11 of 11 n N" in words(app) and "line 129" in words(app))
        await press(pilot, "n")
        await until(pilot, lambda: "1 of 11" in words(app) and "line 12 " in words(app))
        await press(pilot, "n")
        await until(pilot, lambda: "2 of 11" in words(app) and "line 120" in words(app))
        await press(pilot, "N", "N")
        await until(pilot, lambda: "11 of 11" in words(app))
        assert not app.view.follow
        writer.write(b"and line 12 again\n", "stdout")
        await until(pilot, lambda: "11 of 12" in words(app) and "1 new" in words(app))
        await press(pilot, "n")
        await until(pilot, lambda: "12 of 12" in words(app) and "again" in words(app))
        await press(pilot, "escape")
        await until(pilot, lambda: " of 12" not in words(app))


async def test_what_is_not_there_and_what_is_no_pattern_is_said(writer: LogWriter) -> None:
    app = LogApp()
    writer.write(told(0, 30), "stdout")
    async with app.run_test(size=SIZE) as pilot:
        await app.show(pilot, writer)
        await until(pilot, lambda: "line 29" in words(app))
        await typed(pilot, "slash", "zebra")
        await until(pilot, lambda: "nothing has zebra" in words(app))
        await typed(pilot, "slash", "li(ne")
        await until(pilot, lambda: len(app.said) == 2)
        assert app.said[0] == "nothing has zebra"
        assert "the pattern is not right" in app.said[1]
        assert "li(ne" in words(app)
        await press(pilot, "escape")
        await until(pilot, lambda: "nothing has zebra" in words(app))
        await until(pilot, lambda: app.said[2:] == [""])  # it is said no longer
        await press(pilot, "escape")
        await until(pilot, lambda: "zebra" not in words(app))
        assert len(app.said) == 3


async def test_esc_lets_go_of_what_is_selected_before_the_search(writer: LogWriter) -> None:
    app = LogApp()
    writer.write(told(0, 300), "stdout")
    async with app.run_test(size=SIZE) as pilot:
        await app.show(pilot, writer)
        await until(pilot, lambda: "line 299" in words(app))
        await typed(pilot, "ampersand", "2")
        await typed(pilot, "slash", "29")
        await until(pilot, lambda: "filter: 2" in words(app) and "n N" in words(app))
        await press(pilot, "V")
        await until(pilot, lambda: "selected" in words(app) and "filter: 2" in words(app))
        await press(pilot, "escape")
        await until(pilot, lambda: "selected" not in words(app) and "n N" in words(app))
        await press(pilot, "escape")
        await until(pilot, lambda: "n N" not in words(app) and "filter: 2" in words(app))
        await press(pilot, "escape")
        await until(pilot, lambda: "filter: 2" not in words(app))


async def test_what_joins_characters_can_be_typed(writer: LogWriter) -> None:
    app = LogApp()
    writer.write("a\nthe 👩\u200d💻 b\nc\n".encode(), "stdout")
    async with app.run_test(size=SIZE) as pilot:
        await app.show(pilot, writer)
        await until(pilot, lambda: "the" in words(app))
        await press(pilot, "slash")
        field = app.query_one(Field)
        for char in ("👩", "\u200d", "💻", "\u202e", "\x01"):
            assert field.takes(Key("?", char)) == (char not in "\u202e\x01")
        assert field.value == "👩\u200d💻"
        await press(pilot, "enter")
        await until(pilot, lambda: "1 of 1" in words(app))


async def test_a_filter_shows_only_its_lines_and_the_place_stays(writer: LogWriter) -> None:
    app = LogApp()
    writer.write(told(0, 1_000), "stdout")
    async with app.run_test(size=SIZE) as pilot:
        await app.show(pilot, writer)
        await until(pilot, lambda: "line 999" in words(app))
        app.view.show_line(500)
        await until(pilot, lambda: "line 500" in words(app))
        before = top(app)
        await typed(pilot, "ampersand", "7$")
        await until(pilot, lambda: "filter: 7$ · 100 of 1,000 lines" in words(app))
        await until(pilot, lambda: top(app)[0].endswith("line 497".ljust(68)))
        assert all("7 " in row[-69:] for row in top(app))
        await press(pilot, "right_parenthesis")
        await until(pilot, lambda: "7$ ±1 · 300 of 1,000" in words(app))
        await until(pilot, lambda: "line 496" in words(app) or "line 498" in words(app))
        await press(pilot, "left_parenthesis", "left_parenthesis", "escape")
        await until(pilot, lambda: top(app) == before)


async def test_a_filter_of_lines_without_something_follows_and_is_searched(
    writer: LogWriter,
) -> None:
    app = LogApp()
    writer.write(told(0, 100), "stdout")
    async with app.run_test(size=SIZE) as pilot:
        await app.show(pilot, writer)
        await until(pilot, lambda: "line 99" in words(app))
        await typed(pilot, "ampersand", "!1")
        await until(pilot, lambda: "filter: !1 · 81 of 100 lines" in words(app))
        writer.write(told(100, 101), "stdout")
        await until(pilot, lambda: "· 82 of 201 lines" in words(app))
        assert app.view.follow
        await until(pilot, lambda: "line 200" in words(app) and "line 199" not in words(app))
        await typed(pilot, "slash", "2")
        await until(pilot, lambda: "18 of 18" in words(app))
        await press(pilot, "n")
        await until(pilot, lambda: "1 of 18" in words(app) and "line 2 " in words(app))
        await press(pilot, "escape", "escape")
        await until(pilot, lambda: "201 lines" in words(app) and "filter" not in words(app))
        await press(pilot, "right_parenthesis")
        await until(pilot, lambda: app.said == ["no filter: & shows only the lines with a text"])


async def test_another_log_is_shown_without_what_was_looked_for(
    writer: LogWriter, tmp_path: Path
) -> None:
    app = LogApp()
    other = LogWriter(tmp_path / "other", 1 << 30)
    other.write(told(0, 50), "stdout")
    writer.write(told(0, 100), "stdout")
    async with app.run_test(size=SIZE) as pilot:
        await app.show(pilot, writer)
        await typed(pilot, "slash", "line 9")
        await typed(pilot, "ampersand", "line 9")
        await until(pilot, lambda: "11 of 100 lines" in words(app))
        app.view.open(other.folder)
        await until(pilot, lambda: "following · 50 lines" in words(app))


async def test_a_long_log_is_searched_from_where_the_person_is(writer: LogWriter) -> None:
    app = LogApp()
    writer.write(told(0, 400_000), "stdout")
    async with app.run_test(size=SIZE) as pilot:
        await app.show(pilot, writer)
        await until(pilot, lambda: "400,000 lines" in words(app))
        await typed(pilot, "slash", "line 399")
        await until(pilot, lambda: "1,111 of 1,111 n N" in words(app))
        await press(pilot, "n")
        await until(pilot, lambda: "1 of 1,111 n N" in words(app) and "line 399 " in words(app))
