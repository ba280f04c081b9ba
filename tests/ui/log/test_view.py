"""The log view: it follows, it stays where a person reads, it draws every line in its pens."""

from __future__ import annotations

import os
import stat
from functools import partial
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.strip import Strip

from pxtui.logs.store import LogWriter
from pxtui.ui import words as screen_words
from pxtui.ui.log import marks
from pxtui.ui.log import view as log_view
from tests.ui.log.app import LogApp, log_in, shows, told, top
from tests.ui.seeing import press, until, words
from tests.ui.stub import write_log

SIZE = (80, 20)


@pytest.fixture
def writer(tmp_path: Path) -> LogWriter:
    return log_in(tmp_path)


async def test_the_end_is_followed_while_it_grows(writer: LogWriter) -> None:
    app = LogApp()
    async with app.run_test(size=SIZE) as pilot:
        await app.show(pilot, writer)
        for first in range(0, 2_000, 500):
            writer.write(told(first, 500), "stdout")
            await until(pilot, partial(shows, app, f"line {first + 499}"))
        assert app.view.follow
        await until(pilot, lambda: "following · 2,000 lines" in words(app))


async def test_new_lines_do_not_move_what_is_read(writer: LogWriter) -> None:
    app = LogApp()
    writer.write(told(0, 500), "stdout")
    async with app.run_test(size=SIZE) as pilot:
        await app.show(pilot, writer)
        await until(pilot, lambda: "line 499" in words(app))
        await press(pilot, "pageup", "pageup")
        seen = top(app)
        writer.write(told(500, 312), "stdout")
        await until(pilot, lambda: "312 new" in words(app))
        assert top(app) == seen
        await press(pilot, "F")
        await until(pilot, lambda: "line 811" in words(app) and "following" in words(app))


async def test_every_line_can_be_reached(
    writer: LogWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_view, "BUDGET", 0.0)
    writer.write(told(0, 300_000), "stdout")
    app = LogApp()
    async with app.run_test(size=SIZE) as pilot:
        await app.show(pilot, writer)
        await until(pilot, lambda: "line 299999" in words(app) and "300,000 lines" in words(app))
        await press(pilot, "home")
        await until(pilot, lambda: "line 0 " in words(app) and "line 18 " in words(app))
        app.view.show_line(123_456)
        await until(pilot, lambda: "line 123456" in words(app))
        await press(pilot, "G")
        await until(pilot, lambda: "line 299999" in words(app))
        assert app.view.follow


async def test_the_bar_says_where_and_goes_there(writer: LogWriter) -> None:
    app = LogApp()
    writer.write(told(0, 1_000), "stdout")
    async with app.run_test(size=SIZE) as pilot:
        await app.show(pilot, writer)
        await until(pilot, lambda: "line 999" in words(app))
        bar = app.view.vertical_scrollbar
        assert bar.position == bar.window_virtual_size - bar.window_size == 981
        await pilot.mouse_down(app.view, offset=(79, 18))
        await pilot.hover(app.view, offset=(79, 9))
        await pilot.mouse_up(app.view, offset=(79, 9))
        await until(pilot, lambda: "follows" in words(app))
        assert 300 < bar.position < 700
        await pilot.mouse_down(app.view, offset=(79, 9))
        await pilot.hover(app.view, offset=(79, 18))
        await pilot.mouse_up(app.view, offset=(79, 18))
        await until(pilot, lambda: "line 999" in words(app))


async def test_the_wheel_moves_rows_of_a_long_line(writer: LogWriter) -> None:
    app = LogApp()
    writer.write(b"".join(b"%05d," % n for n in range(5_000)) + b"\n", "stdout")
    async with app.run_test(size=SIZE) as pilot:
        await app.show(pilot, writer)
        await until(pilot, lambda: "04999" in words(app))
        before = top(app)
        await pilot._post_mouse_events([_wheel_up()], app.view, offset=(5, 5))
        await until(pilot, lambda: top(app)[3:] == before[:-3])
        await press(pilot, "up")
        await until(pilot, lambda: top(app)[4:] == before[:-4])
        assert not app.view.follow


def _wheel_up() -> type:
    from textual import events

    return events.MouseScrollUp


async def test_wrapped_lines_keep_every_character_and_sideways_stops_at_the_end(
    writer: LogWriter,
) -> None:
    app = LogApp()
    text = "".join(chr(ord("a") + n % 26) for n in range(300))
    writer.write(text.encode() + b"\n", "stdout")
    async with app.run_test(size=SIZE) as pilot:
        await app.show(pilot, writer)
        await until(pilot, lambda: "xyz" in words(app))
        rows = [line[11:].strip() for line in words(app).splitlines()[:6]]
        assert "".join(rows) == text
        await press(pilot, "W")
        await until(pilot, lambda: "not wrapped" in words(app))
        await press(pilot, *["right"] * 40)
        await until(pilot, lambda: words(app).splitlines()[0].rstrip().endswith(text[-68:]))
        await press(pilot, "left")
        await until(pilot, lambda: text[300 - 68 - 8 : -8] in words(app))
        await press(pilot, "W")
        await until(pilot, lambda: text[:68] in words(app))


async def test_wide_characters_are_cut_right_at_the_edges(writer: LogWriter) -> None:
    app = LogApp()
    writer.write(("日本" * 60 + "\n" + "👩‍👩‍👧é" * 50 + "\n").encode(), "stdout")
    async with app.run_test(size=SIZE) as pilot:
        await app.show(pilot, writer)
        await until(pilot, lambda: "日" in words(app))
        assert sum(row.count("日本") for row in top(app)) == 60
        for whole in ("👩‍👩‍👧", "é"):
            assert sum(row.count(whole) for row in top(app)) == 50
        await press(pilot, "W", "t", "t", "t")
        for aside in range(1, 12):
            app.view.look = app.view.look._replace(aside=aside)
            widths = [strip.cell_length for strip in map(app.view.render_line, range(3))]
            assert widths == [79, 79, 79]
            assert app.view.render_line(0).text[2] == (" " if aside % 2 else "日本"[aside // 2 % 2])


async def test_stderr_is_marked_and_the_unfinished_line_is_shown(writer: LogWriter) -> None:
    app = LogApp()
    writer.write(b"fine\n", "stdout")
    writer.write(b"careful\n", "stderr")
    writer.write(b"10 %\r20 %", "stdout")
    async with app.run_test(size=SIZE) as pilot:
        await app.show(pilot, writer)
        await until(pilot, lambda: "20 %" in words(app))
        assert "! careful" in words(app)
        assert "10 %" not in words(app)
        writer.write(b"\r100 %\n", "stdout")
        await until(pilot, lambda: "100 %" in words(app))
        assert "20 %" not in words(app)


async def test_another_log_in_the_same_folder_is_shown_anew(writer: LogWriter) -> None:
    app = LogApp()
    writer.write(told(0, 100), "stdout")
    async with app.run_test(size=SIZE) as pilot:
        await app.show(pilot, writer)
        await until(pilot, lambda: "100 lines" in words(app))
        await press(pilot, "up")
        LogWriter(writer.folder, 1 << 30).write(b"begun anew\n", "stdout")
        await until(pilot, lambda: "begun anew" in words(app) and "1 line" in words(app))
        assert app.view.follow


async def test_times_are_the_clock_since_the_start_since_the_line_before_or_none(
    tmp_path: Path,
) -> None:
    at = 1_700_000_000.0
    lines = ((0.0, "a"), (0.5, "b"), (61.0, "c"), (4_000.0, "d"))
    write_log(tmp_path / "job", *((at + more, "stdout", text + "\n") for more, text in lines))
    app = LogApp()
    async with app.run_test(size=SIZE) as pilot:
        app.view.open(tmp_path / "job")
        app.view.focus()
        await until(pilot, lambda: f"{screen_words.clock(at + 61)}   c" in words(app))
        app.view.begin("#1", at - 60)
        await press(pilot, "t")
        await until(pilot, lambda: "    1:00   a" in words(app) and " 1:07:40   d" in words(app))
        await press(pilot, "t")
        await until(pilot, lambda: "  +0.5 s   b" in words(app) and "+1:05:39   d" in words(app))
        assert top(app)[1].strip() == "a"
        await press(pilot, "t")
        await until(pilot, lambda: top(app)[1] == "  a".ljust(79))
        await press(pilot, "t")
        await until(pilot, lambda: screen_words.clock(at) in words(app))


async def test_rules_stand_at_the_start_and_where_the_person_draws_them(
    writer: LogWriter, tmp_path: Path
) -> None:
    app = LogApp()
    async with app.run_test(size=SIZE) as pilot:
        await app.show(pilot, writer)
        app.view.begin("#12 started 14:03:11 lr=0.1", 0.0)
        writer.write(told(0, 100), "stdout")
        await until(pilot, lambda: "100 lines" in words(app))
        await press(pilot, "m")
        await until(pilot, lambda: top(app)[-1].startswith("── "))
        writer.write(told(100, 100), "stdout")
        await until(pilot, lambda: "200 lines" in words(app))
        await press(pilot, "m", "m", "apostrophe")
        await until(pilot, lambda: "── #12 started 14:03:11 lr=0.1 ──" in top(app)[0])
        await press(pilot, "apostrophe")
        await until(pilot, lambda: top(app)[0].startswith("── ") and "line 100 " in top(app)[1])
        await press(pilot, "apostrophe")
        await until(pilot, lambda: top(app)[-1].startswith("── ") and "line 199" in top(app)[-2])
        await press(pilot, "apostrophe")
        await until(pilot, lambda: "── #12 started" in top(app)[0])
    assert list(marks.read(writer.folder)) == [99, 199]
    assert stat.S_IMODE(os.stat(writer.folder / marks.FILE).st_mode) == 0o600
    again = LogApp()
    async with again.run_test(size=SIZE) as pilot:
        await again.show(pilot, writer)
        await until(pilot, lambda: top(again)[-1].startswith("── "))


async def test_a_mark_that_cannot_be_kept_is_told(
    writer: LogWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(marks, "add", full)
    app = LogApp()
    writer.write(told(0, 10), "stdout")
    async with app.run_test(size=SIZE) as pilot:
        await app.show(pilot, writer)
        await until(pilot, lambda: "10 lines" in words(app))
        await press(pilot, "m")
        await until(pilot, lambda: app.said == ["the mark is not kept: No space left on device"])


@pytest.mark.parametrize("text", ["", "x y\n", "9" * 99 + " 1\n", "-1 5\n", "\xff\n", "3 4"])
def test_marks_that_were_damaged_cost_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / marks.FILE).write_bytes(text.encode("latin-1"))
    assert marks.read(tmp_path) == ({3: 4.0} if text == "3 4" else {})


async def test_a_hidden_view_draws_nothing_and_shows_all_when_it_is_seen(
    writer: LogWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = LogApp()
    async with app.run_test(size=SIZE) as pilot:
        await app.show(pilot, writer)
        app.part.display = False
        await until(pilot, lambda: not app.view.is_on_screen)
        await pilot.pause(2 * log_view.FRAME)
        drawn: list[int] = []
        monkeypatch.setattr(app.view, "refresh", lambda *regions, **more: drawn.append(1))
        writer.write(told(0, 100), "stdout")
        await pilot.pause(3 * log_view.FRAME)
        assert not drawn
        monkeypatch.undo()
        app.part.display = True
        await until(pilot, lambda: "line 99" in words(app))


async def test_only_rows_that_are_others_are_drawn_anew(
    writer: LogWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = LogApp()
    writer.write(told(0, 10) + b"10 %", "stdout")
    async with app.run_test(size=SIZE) as pilot:
        await app.show(pilot, writer)
        await until(pilot, lambda: "10 %" in words(app))
        await _settled(pilot, app)
        drawn: list[int] = []
        real = app.view.render_line

        def render_line(y: int) -> Strip:
            drawn.append(y)
            return real(y)

        monkeypatch.setattr(app.view, "render_line", render_line)
        writer.write(b"\r20 %", "stdout")
        await until(pilot, lambda: "20 %" in words(app))
        assert set(drawn) == {10}


async def _settled(pilot: Pilot[int], app: LogApp) -> None:
    await until(pilot, lambda: app.view._seen == app.view.lines.version)
    await pilot.pause()
