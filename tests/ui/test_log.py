"""The log view: it follows, it stays where a person reads, it is bounded, it finds."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import ClassVar

import pytest
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.pilot import Pilot

from pxtui.logs.line import Line
from pxtui.logs.store import LogWriter
from pxtui.ui import keys, log_lines, theme
from pxtui.ui.draw import PREFIX
from pxtui.ui.log_lines import LogLines
from pxtui.ui.log_view import LogPart, LogView
from pxtui.ui.ordered import OrderedApp
from tests.ui.seeing import press, until, words


class LogApp(OrderedApp):
    """A log part alone."""

    BINDINGS: ClassVar[list[BindingType]] = [
        b for b in keys.BINDINGS if isinstance(b, Binding) and (b.id or "").startswith("log.")
    ]

    def get_css_variables(self) -> dict[str, str]:
        variables = super().get_css_variables()
        ours = {PREFIX + name: value for name, value in theme.tokens(variables).items()}
        self.theme_variables = {**variables, **ours}
        return self.theme_variables

    def compose(self) -> ComposeResult:
        yield LogPart()

    def action_find(self) -> None:
        self.query_one(LogPart).ask()

    def action_next_match(self, by: int) -> None:
        self.view.next_match(by)

    @property
    def view(self) -> LogView:
        return self.query_one(LogView)


def shows(app: LogApp, text: str) -> bool:
    return text in words(app)


def told(first: int, count: int) -> bytes:
    return b"".join(b"line %d\n" % n for n in range(first, first + count))


@pytest.fixture
def writer(tmp_path: Path) -> LogWriter:
    return LogWriter(tmp_path / "job", 1 << 30)


def top(app: LogApp) -> list[str]:
    """What is read, without the scrollbar."""
    return [line[:79] for line in words(app).splitlines()[:15]]


async def opened(pilot: Pilot[int], app: LogApp, writer: LogWriter) -> None:
    app.view.open(writer.folder)
    app.view.focus()
    await pilot.pause()


async def test_the_end_is_followed_while_it_grows(writer: LogWriter) -> None:
    app = LogApp()
    async with app.run_test(size=(80, 20)) as pilot:
        await opened(pilot, app, writer)
        for first in range(0, 2_000, 500):
            writer.write(told(first, 500), "stdout")
            last = f"line {first + 499}"
            await until(pilot, partial(shows, app, last))
        assert app.view.follow
        await until(pilot, lambda: "following · 2,000 lines" in words(app))


async def test_new_lines_do_not_move_what_is_read(writer: LogWriter) -> None:
    app = LogApp()
    writer.write(told(0, 500), "stdout")
    async with app.run_test(size=(80, 20)) as pilot:
        await opened(pilot, app, writer)
        await until(pilot, lambda: "line 499" in words(app))
        await press(pilot, "pageup", "pageup")
        seen = top(app)
        writer.write(told(500, 312), "stdout")
        await until(pilot, lambda: "312 new" in words(app))
        assert top(app) == seen
        await press(pilot, "F")
        await until(pilot, lambda: "line 811" in words(app) and "following" in words(app))


async def test_what_is_let_go_above_does_not_move_what_is_read(
    writer: LogWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_lines, "KEPT", 1_000)
    monkeypatch.setattr(log_lines, "SPARE", 100)
    app = LogApp()
    writer.write(told(0, 1_000), "stdout")
    async with app.run_test(size=(80, 20)) as pilot:
        await opened(pilot, app, writer)
        await until(pilot, lambda: "line 999" in words(app))
        await press(pilot, "up")
        seen = top(app)
        writer.write(told(1_000, 500), "stdout")
        await until(pilot, lambda: "500 new" in words(app))
        await until(pilot, lambda: top(app) == seen)
        assert len(app.view.log_lines.lines) == 1_000
        await until(pilot, lambda: "older ones in the log file" in words(app))


async def test_wrapped_lines_keep_every_character(writer: LogWriter) -> None:
    app = LogApp()
    text = "".join(chr(ord("a") + n % 26) for n in range(300))
    writer.write(text.encode() + b"\n", "stdout")
    async with app.run_test(size=(80, 20)) as pilot:
        await opened(pilot, app, writer)
        await until(pilot, lambda: "xyz" in words(app))
        rows = [line[11:].strip() for line in words(app).splitlines()[:6]]
        assert "".join(rows) == text
        await press(pilot, "W")
        await until(pilot, lambda: "not wrapped" in words(app))
        await press(pilot, *["right"] * 30)
        await until(pilot, lambda: text[240:290] in words(app))


async def test_find_goes_to_matches_and_counts_them(writer: LogWriter) -> None:
    app = LogApp()
    writer.write(told(0, 300), "stdout")
    async with app.run_test(size=(80, 20)) as pilot:
        await opened(pilot, app, writer)
        await until(pilot, lambda: "line 299" in words(app))
        await press(pilot, "slash", *"line")
        await press(pilot, "space", "1", "2", "enter")
        await until(pilot, lambda: "11 of 11" in words(app))
        await press(pilot, "n")
        await until(pilot, lambda: "1 of 11" in words(app))
        await until(pilot, lambda: "line 12 " in words(app))
        await press(pilot, "N")
        await until(pilot, lambda: "11 of 11" in words(app))
        await press(pilot, "escape")
        await until(pilot, lambda: " of 11" not in words(app))


async def test_a_reader_far_behind_says_what_it_leaves_out(
    writer: LogWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_lines, "BEHIND", 10_000)
    monkeypatch.setattr(log_lines, "RESUME", 1_000)
    writer.write(told(0, 10_000), "stdout")
    app = LogApp()
    async with app.run_test(size=(80, 20)) as pilot:
        await opened(pilot, app, writer)
        await until(pilot, lambda: "line 9999" in words(app))
        await press(pilot, "home")
        await until(pilot, lambda: "bytes are not shown here" in words(app))
        await until(pilot, lambda: "older ones in the log file" in words(app))


async def test_stderr_is_marked_and_the_unfinished_line_is_shown(writer: LogWriter) -> None:
    app = LogApp()
    writer.write(b"fine\n", "stdout")
    writer.write(b"careful\n", "stderr")
    writer.write(b"10 %\r20 %", "stdout")
    async with app.run_test(size=(80, 20)) as pilot:
        await opened(pilot, app, writer)
        await until(pilot, lambda: "20 %" in words(app))
        assert "! careful" in words(app)
        assert "10 %" not in words(app)
        writer.write(b"\r100 %\n", "stdout")
        await until(pilot, lambda: "100 %" in words(app))
        assert "20 %" not in words(app)


def test_rows_and_lines_agree_at_every_width() -> None:
    texts = ["", "short", "a long line with words " * 9, "äöü€" * 40, "日本語" * 30, "x" * 500]
    for width in (8, 20, 57, 80):
        lines = LogLines()
        lines._append([Line(text, "stdout", 0.0) for text in texts])
        lines.wrap(width)
        found = [lines.at(row) for row in range(lines.rows)]
        parts: dict[int, str] = {}
        for place in found:
            assert place is not None
            parts[place[0]] = parts.get(place[0], "") + place[2]
        assert [parts[index] for index in range(len(texts))] == texts
        assert lines.at(lines.rows) is None
        assert [found[lines.row_of(index)] for index in range(len(texts))] == [
            place for place in found if place is not None and place[3]
        ]
