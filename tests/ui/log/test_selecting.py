"""Text of a log is selected by keys and by mouse, and copied clean, while the log goes on."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual import events
from textual.pilot import Pilot

from pxtui.logs.store import LogWriter
from pxtui.ui.log import mouse
from pxtui.ui.log.selection import At
from tests.ui.log.app import LogApp, log_in, told, top
from tests.ui.seeing import press, until

SIZE = (60, 12)
LONG = "start " + " ".join(f"word{n}" for n in range(30))


@pytest.fixture(autouse=True)
def no_clipboard(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "TMUX", "STY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def writer(tmp_path: Path) -> LogWriter:
    return log_in(tmp_path)


class NotingApp(LogApp):
    """Notes which keys of the app acted."""

    def __init__(self) -> None:
        super().__init__()
        self.acted: list[str] = []

    def action_note(self, key: str) -> None:
        self.acted.append(key)


async def copied(app: LogApp, pilot: Pilot[int], *keys: str) -> str:
    """What is copied after these keys."""
    app.said.clear()
    await press(pilot, *keys)
    await until(pilot, lambda: any("(OSC 52)" in said for said in app.said))
    return app.clipboard


def cell(app: LogApp, text: str) -> tuple[int, int]:
    """Where a text stands in the view."""
    return next((row.index(text), y) for y, row in enumerate(top(app)) if text in row)


async def drag(app: LogApp, pilot: Pilot[int], first: str, last: str) -> None:
    """From the first character of a text to the last of another."""
    x, y = cell(app, last)
    await pilot.mouse_down(offset=cell(app, first))
    await move(pilot, x + len(last) - 1, y)


async def move(pilot: Pilot[int], x: int, y: int) -> None:
    """Move the mouse with its button held."""
    await pilot._post_mouse_events([events.MouseMove], offset=(x, y), button=1)


async def release(pilot: Pilot[int]) -> None:
    """Let its button go, where it is."""
    at = pilot.app.mouse_position
    await pilot._post_mouse_events([events.MouseUp], offset=at, button=1)


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        (("y",), "line 19"),
        (("V", "y"), "line 19"),
        (("V", "k", "k", "y"), "line 17\nline 18\nline 19"),
        (("V", "k", "enter"), "line 18\nline 19"),
        (("v", "w", "y"), "line 1"),
        (("v", "dollar_sign", "y"), "line 19"),
        (("v", "end", "o", "w", "y"), "19"),
        (("v", "k", "l", "v", "l", "l", "y"), "ine"),
        (("v", "k", "V", "y"), "line 18\nline 19"),
        (("v", "b", "y"), "18\nl"),
        (("V", "g", "o", "k", "y"), "\n".join(f"line {n}" for n in range(19))),
        (("g", "v", "w", "h", "y"), "line "),
        (("g", "V", "down", "y"), "line 0\nline 1"),
    ],
)
async def test_keys(keys: tuple[str, ...], text: str, writer: LogWriter) -> None:
    writer.write(told(0, 20), "stdout")
    app = LogApp()
    async with app.run_test(size=SIZE) as pilot:
        await app.show(pilot, writer)
        assert await copied(app, pilot, *keys) == text
        assert app.part.view.selection is None


async def test_while_it_goes_on_no_other_key_acts(writer: LogWriter) -> None:
    writer.write(told(0, 20), "stdout")
    app = NotingApp()
    async with app.run_test(size=SIZE) as pilot:
        await app.show(pilot, writer)
        for key in ("b", "w", "o", "r", "s", "delete", "e"):
            app.bind(key, f"note('{key}')")
        await press(pilot, "V", "b", "w", "h", "l", "o", "r", "s", "delete", "e")
        assert not app.acted
        assert app.part.view.selecting
        await press(pilot, "escape", "r")
        assert app.acted == ["r"]


async def test_the_cursor_goes_to_what_is_found(writer: LogWriter) -> None:
    writer.write(told(0, 200), "stdout")
    app = LogApp()
    async with app.run_test(size=SIZE) as pilot:
        await app.show(pilot, writer)
        await press(pilot, "slash", *"150", "enter")
        await until(pilot, lambda: app.part.view.here == 150)
        await press(pilot, "v")
        assert app.part.view.selection is not None
        assert app.part.view.selection.cursor == At(150, 5)
        await press(pilot, "slash", *"152", "enter")
        await until(pilot, lambda: app.part.view.here == 152)
        assert await copied(app, pilot, "y") == "150\nline 151\nline 1"
        assert app.said == ["asked the terminal to copy 3 lines (OSC 52)"]
        assert await copied(app, pilot, "y") == "line 152"


async def test_of_a_filter_only_what_it_shows_is_copied(writer: LogWriter) -> None:
    writer.write(told(0, 200), "stdout")
    app = LogApp()
    async with app.run_test(size=SIZE) as pilot:
        await app.show(pilot, writer)
        await press(pilot, "ampersand", *"7$", "enter")
        await until(pilot, lambda: app.part.view.place.shown.count == 20)
        assert await copied(app, pilot, "V", "k", "k", "y") == "line 177\nline 187\nline 197"
        assert app.said == ["asked the terminal to copy 3 lines (OSC 52)"]
        await press(pilot, "V", "k")
        await press(pilot, "escape", "escape")
        await until(pilot, lambda: app.part.view.place.shown.count == 200)


async def test_what_is_selected_stays_so_while_the_view_changes(writer: LogWriter) -> None:
    writer.write(told(0, 100), "stdout")
    app = LogApp()
    async with app.run_test(size=SIZE) as pilot:
        await app.show(pilot, writer)
        await press(pilot, "g", "v", *["j"] * 30, "l", "l")
        view, before = app.part.view, app.part.view.selection
        await press(pilot, "W", "t")
        await pilot.resize_terminal(30, 8)
        writer.write(told(100, 1000), "stdout")
        await until(pilot, lambda: view.lines.total == 1100)
        await press(pilot, "ampersand", *"7$", "enter")
        await until(pilot, lambda: view.place.shown.count == 110)
        assert view.selection == before
        assert await copied(app, pilot, "y") == "line 7\nline 17\nline 27"
        assert app.said == ["asked the terminal to copy 3 lines (OSC 52)"]


async def test_a_drag_over_wrapped_rows_is_copied_as_one_line(writer: LogWriter) -> None:
    writer.write(f"\x1b[31mbefore\x1b[0m\n{LONG}\nafter\n".encode(), "stdout")
    app = LogApp()
    async with app.run_test(size=SIZE) as pilot:
        await app.show(pilot, writer)
        await drag(app, pilot, "fore", "word20")
        await release(pilot)
        await until(pilot, lambda: bool(app.said))
        assert app.clipboard == "fore\n" + LONG[: LONG.index("word20") + 6]
        assert app.said == ["asked the terminal to copy 2 lines (OSC 52)"]
        assert app.part.view.selection is not None
        app.said.clear()
        await press(pilot, "ctrl+c")
        await until(pilot, lambda: bool(app.said))
        await pilot.click(offset=cell(app, "after"))
        await pilot.pause()
        assert app.part.view.selection is None


async def test_the_text_under_the_mouse_stands_still(writer: LogWriter) -> None:
    writer.write(told(0, 50), "stdout")
    app = LogApp()
    async with app.run_test(size=SIZE) as pilot:
        await app.show(pilot, writer)
        assert app.part.view.follow
        await drag(app, pilot, "line 42", "line 44")
        before = top(app)
        writer.write(told(50, 500), "stdout")
        await until(pilot, lambda: app.part.view.lines.total == 550)
        assert top(app) == before
        await release(pilot)
        await until(pilot, lambda: bool(app.said))
        assert app.clipboard == "line 42\nline 43\nline 44"
        await pilot.resize_terminal(40, 9)
        await until(pilot, lambda: app.part.view.size.width == 40)
        assert await copied(app, pilot, "y") == "line 42\nline 43\nline 44"


async def test_held_at_the_edge_it_goes_on(
    writer: LogWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mouse, "STEP", 0.01)
    writer.write(told(0, 200), "stdout")
    app = LogApp()
    async with app.run_test(size=SIZE) as pilot:
        await app.show(pilot, writer)
        await press(pilot, "g")
        await pilot.mouse_down(offset=cell(app, "line 3"))
        await move(pilot, 20, 11)
        view = app.part.view
        await until(pilot, lambda: view.selection is not None and view.selection.cursor.line > 60)
        await move(pilot, 20, 5)
        last = view.selection.cursor.line if view.selection is not None else 0
        await release(pilot)
        await until(pilot, lambda: bool(app.said))
        assert app.clipboard == "\n".join(f"line {n}" for n in range(3, last + 1))


async def test_twice_is_a_word_and_three_times_a_line(writer: LogWriter) -> None:
    writer.write(b"see /code/train.py now\n", "stdout")
    app = LogApp()
    async with app.run_test(size=SIZE) as pilot:
        await app.show(pilot, writer)
        for times, text in ((2, "/code/train.py"), (3, "see /code/train.py now")):
            app.said.clear()
            await pilot.click(offset=cell(app, "train"), times=times)
            await until(pilot, lambda: app.clipboard == text)  # noqa: B023


async def test_lines_that_are_taken_back_are_let_go(writer: LogWriter) -> None:
    writer.write(b"a\nb\nc\n", "stdout")
    app = LogApp()
    async with app.run_test(size=SIZE) as pilot:
        await app.show(pilot, writer)
        await press(pilot, "V", "g")
        writer.write(b"\x1b[3A\x1b[Jnew\n", "stdout")
        await until(pilot, lambda: "new" in "".join(top(app)))
        got = await copied(app, pilot, "y")
        assert got.rstrip("\n") == "new"


async def test_wide_and_empty_and_unwrapped_lines(writer: LogWriter) -> None:
    writer.write(f"日本語 text\n\n{LONG}\n".encode(), "stdout")
    app = LogApp()
    async with app.run_test(size=SIZE) as pilot:
        await app.show(pilot, writer)
        await press(pilot, "W", "g")
        x, y = cell(app, "日本語")
        await pilot.mouse_down(offset=(x + 3, y))  # the second half of the second character
        await move(pilot, x + 3, y + 1)
        await release(pilot)
        await until(pilot, lambda: bool(app.said))
        assert app.clipboard == "本語 text\n"
        await press(pilot, "escape", "G", "v", "end")
        assert "word29" in "".join(top(app))
        assert await copied(app, pilot, "o", "end", "b", "y") == "word29"


async def test_another_log_has_nothing_selected(writer: LogWriter, tmp_path: Path) -> None:
    writer.write(told(0, 5), "stdout")
    app = LogApp()
    async with app.run_test(size=SIZE) as pilot:
        await app.show(pilot, writer)
        await press(pilot, "V")
        app.view.open(tmp_path / "other")
        await pilot.pause()
        assert app.part.view.selection is None
        assert not app.part.view.selecting
        await press(pilot, "y", "v")
        assert app.said == ["there is nothing to copy", "there is nothing to select"]


async def test_the_foot_says_what_the_keys_do(writer: LogWriter) -> None:
    writer.write(told(0, 20), "stdout")
    app = LogApp()
    async with app.run_test(size=(90, 12)) as pilot:
        await app.show(pilot, writer)
        await press(pilot, "V", "k")
        foot = "\n".join(top(app)) + " ".join(
            s.text for s in app.screen._compositor.render_strips()
        )
        assert (
            "2 lines selected · y copies · esc lets go · by lines · v V anew · o other end" in foot
        )
