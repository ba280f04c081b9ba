"""How a person moves through a log: keys, wheel and scrollbar, all through one `Place`."""

from __future__ import annotations

from textual import events, on
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.reactive import Reactive
from textual.scroll_view import ScrollView
from textual.scrollbar import ScrollDown, ScrollTo, ScrollUp

from pxtui.logs.lines import Lines
from pxtui.ui.log.place import Place
from pxtui.ui.log.shown import AllLines

WHEEL = 3
"""Rows of one step of the wheel."""
ASIDE = 8

KEYS: list[BindingType] = [
    Binding("F", "follow", "follow", id="log.follow", tooltip="Follow the log's end, or stop."),
    Binding("W", "wrap", "wrap", id="log.wrap",
            tooltip="Wrap long lines, or leave them on one row (left and right move)."),
    Binding("t", "times", "times", id="log.times",
            tooltip="Times beside the lines: the clock, since the start, since the line before,"
            " none."),
    Binding("m", "mark", "mark", id="log.mark",
            tooltip="Draw a rule after the last line; it is kept with the log."),
    Binding("apostrophe", "next_mark", "next mark", id="log.next-mark",
            tooltip="Go to the next rule, from the last to the first."),
    Binding("left_parenthesis", "context(-1)", "less around", id="log.less-context", show=False,
            tooltip="Fewer lines around those of the filter."),
    Binding("right_parenthesis", "context(1)", "more around", id="log.more-context", show=False,
            tooltip="More lines around those of the filter."),
    Binding("up,k", "by(-1)", "up", id="log.up", show=False, tooltip="A row up."),
    Binding("down,j", "by(1)", "down", id="log.down", show=False, tooltip="A row down."),
    Binding("pageup", "pages(-1)", "page up", id="log.page-up", show=False,
            tooltip="A page up."),
    Binding("pagedown", "pages(1)", "page down", id="log.page-down", show=False,
            tooltip="A page down."),
    Binding("home,g", "top", "start", id="log.start", show=False, tooltip="The first line."),
    Binding("end,G", "bottom", "end", id="log.end", show=False,
            tooltip="The last line; the log is followed again."),
    Binding("left", "aside(-8)", "left", id="log.left", show=False, tooltip="To the left."),
    Binding("right", "aside(8)", "right", id="log.right", show=False, tooltip="To the right."),
]  # fmt: skip


class Moving(ScrollView, can_focus=True):
    """Stands somewhere in the lines of a log; Textual's own scrolling has no part in it."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    Moving { scrollbar-size: 1 1; overflow-x: hidden; overflow-y: scroll; height: 1fr; }
    """
    virtual_size: Reactive[Size] = Reactive(Size(0, 0))
    """As in Textual, but that more lines do not lay the whole screen out."""

    class Changed(Message):
        """What the foot of the view says may be different."""

    class Said(Message):
        """Something is to be said to the person."""

        def __init__(self, text: str, severity: str = "info", hint: str = "") -> None:
            super().__init__()
            self.text, self.severity, self.hint = text, severity, hint

    class Around(Message):
        """More or fewer lines are to be shown around those of the filter."""

        def __init__(self, by: int) -> None:
            super().__init__()
            self.by = by

    def __init__(self) -> None:
        super().__init__()
        self.lines = Lines()
        self.marks: dict[int, str] = {}
        self.every = AllLines(self.lines, self.marks)
        self.place = Place(self.every)
        self.wrap = True

    def renew(self) -> None:
        """Draw what stands on the screen now."""
        raise NotImplementedError

    @property
    def follow(self) -> bool:
        """Whether the end is followed."""
        return self.place.follow

    @property
    def new(self) -> int:
        """Lines that came since the end was left."""
        return self.place.new

    def show_bar(self) -> None:
        """Let the scrollbar say where in the log the screen is: its end is the log's."""
        place, bar = self.place, self.vertical_scrollbar
        top, end = place.top, place.end
        last = end.position + (end.part > 0)
        self.virtual_size = Size(self.size.width, last + place.height)
        bar.window_size, bar.window_virtual_size = place.height, self.virtual_size.height
        bar.position = last if top == end else top.position

    def action_follow(self) -> None:
        """Follow, or stay."""
        if self.follow:
            self.place.leave()
            self.renew()
        else:
            self.action_bottom()

    def action_bottom(self) -> None:
        """To the end, and follow."""
        self.place.follow_end()
        self.renew()

    def action_top(self) -> None:
        """To the first line."""
        self.place.to_position(0)
        self.renew()

    def action_by(self, rows: int) -> None:
        """Move by rows; upwards leaves the end."""
        self.place.by(rows)
        self.renew()

    def action_pages(self, by: int) -> None:
        """Move by a page."""
        self.action_by(by * max(1, self.place.height - 1))

    def show_line(self, number: int, index: int = 0) -> None:
        """Bring a character of a line into the middle of the screen."""
        self.place.to(number, index, self.place.height // 2)
        self.renew()

    @on(ScrollUp)
    @on(ScrollDown)
    def _bar_clicked(self, event: ScrollUp | ScrollDown) -> None:
        """A click above or below the bar."""
        event.stop()
        event.prevent_default()
        self.action_pages(-1 if isinstance(event, ScrollUp) else 1)

    @on(ScrollTo)
    def _bar_dragged(self, event: ScrollTo) -> None:
        """The bar was dragged; at its end the screen ends with the last line."""
        event.stop()
        event.prevent_default()
        if event.y is not None:
            self.place.to_position(round(event.y))
            self.renew()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel leaves the end too."""
        self._wheel(event, -WHEEL)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Further down."""
        self._wheel(event, WHEEL)

    def _wheel(self, event: events.MouseEvent, rows: int) -> None:
        event.stop()
        event.prevent_default()
        if event.shift or event.ctrl:
            self.action_aside(ASIDE if rows > 0 else -ASIDE)
        else:
            self.action_by(rows)

    def on_mouse_scroll_left(self, event: events.MouseScrollLeft) -> None:
        """To the left."""
        event.prevent_default()
        self.action_aside(-ASIDE)

    def on_mouse_scroll_right(self, event: events.MouseScrollRight) -> None:
        """To the right."""
        event.prevent_default()
        self.action_aside(ASIDE)

    def action_context(self, by: int) -> None:
        """Ask for more or fewer lines around those of the filter."""
        self.post_message(self.Around(by))

    def action_aside(self, by: int) -> None:
        """Move sideways where lines are not wrapped."""
        raise NotImplementedError
