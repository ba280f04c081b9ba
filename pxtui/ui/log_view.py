"""The view of a growing log: follows it until the person scrolls, finds, wraps."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from rich.cells import cell_len
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from pxtui.ui import words
from pxtui.ui.draw import Block, Piece, Row, cut, row, spread, strip, theme_tokens, width_of
from pxtui.ui.field import Field
from pxtui.ui.log_lines import LogLines

POLL = 1 / 20
"""Seconds between two looks at the log of a visible view."""
TIMES = 56
"""A view at least this wide shows when a line came."""
_FIGURE = re.compile(r"\b[A-Za-z_][\w./]*=(?=[-+]?\d)")
"""A name before a figure: soft, so that the figures stand out."""

KEYS: list[BindingType] = [
    Binding("F", "follow", "follow", id="log.follow", tooltip="Follow the log's end, or stop."),
    Binding("W", "wrap", "wrap", id="log.wrap",
            tooltip="Wrap long lines, or leave them on one row (left and right move)."),
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


class LogView(ScrollView, can_focus=True):
    """The lines of one log; `follow` is a state of its own, never guessed from the position."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    LogView { scrollbar-size: 1 1; overflow-x: hidden; overflow-y: auto; height: 1fr;
        scrollbar-gutter: stable;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = KEYS

    class Changed(Message):
        """What the foot of the view says may be different."""

    def __init__(self) -> None:
        super().__init__()
        self.log_lines = LogLines()
        self.folder: Path | None = None
        self.follow = True
        self.wrap = True
        self.ended = False
        self.new = 0
        """Lines that came since the view left the end."""
        self.query_text = ""
        self.matches: list[int] = []
        self.match = 0
        self._aside = 0

    def open(self, folder: Path | None) -> None:
        """Show the log in a job's folder."""
        if folder == self.folder:
            return
        self.log_lines.close()
        self.folder, self.log_lines = folder, LogLines(folder)
        self.follow, self.new, self.ended, self.query_text, self.matches = True, 0, False, "", []
        self._laid_out()
        self.poll()

    def on_mount(self) -> None:
        """Look at the log from now on."""
        self.set_interval(POLL, self.poll)

    def on_unmount(self) -> None:
        """Let go of the log."""
        self.log_lines.close()

    def on_resize(self, event: events.Resize) -> None:
        """Lay the lines out anew."""
        self._laid_out()
        self.call_after_refresh(self._to_end)

    def on_show(self) -> None:
        """Take up what came while the view was hidden."""
        self.poll()

    @property
    def text_at(self) -> int:
        """The cell at which the text of a line starts."""
        return 11 if self.size.width >= TIMES else 2

    def _laid_out(self) -> None:
        first = self.log_lines.at(self.scroll_offset.y)
        width = max(8, self.scrollable_content_region.width - self.text_at)
        self.log_lines.wrap(width if self.wrap else 0)
        self._renew()
        if not self.follow and first is not None:
            self.scroll_to(y=self.log_lines.row_of(first[0]), animate=False, force=True)

    def poll(self) -> None:
        """Read what came, if anyone can see it."""
        if not self.is_attached or not self.is_on_screen:
            return
        if self.log_lines.replaced:
            folder, self.folder = self.folder, None
            self.open(folder)
            return
        added, gone, changed = self.log_lines.poll(self.ended)
        if not changed:
            return
        if not self.follow:
            self.new += added
            if gone:
                self.scroll_to(y=max(0, self.scroll_offset.y - gone), animate=False, force=True)
        if gone and self.query_text:
            self.matches = self.log_lines.find(self.query_text)
            self.match = min(self.match, max(0, len(self.matches) - 1))
        self._renew()

    def _renew(self) -> None:
        size = Size(self.size.width, self.log_lines.rows)
        if size != self.virtual_size:
            self.virtual_size = size
        self._to_end()
        self.refresh()
        self.post_message(self.Changed())

    def _to_end(self) -> None:
        if self.follow:
            self.scroll_to(y=self.max_scroll_y, animate=False, force=True)

    def render_line(self, y: int) -> Strip:
        """Draw a visible row: time, `!` for stderr, text."""
        tokens = theme_tokens(self.app.theme_variables)
        width = self.scrollable_content_region.width
        found = self.log_lines.at(y + self.scroll_offset.y)
        if found is None:
            return strip((), width, tokens)
        index, line, part, first = found
        stderr = line.stream == "stderr"
        head = Piece(("! " if stderr else "  ") if first else "  ", "warn b")
        time = words.clock(line.time) if first and line.time else ""
        pieces: Row = (head,) if self.text_at == 2 else (Piece(f"{time:<9}", "soft"), head)
        text = part if self.wrap else part[self._aside :]
        here = bool(self.matches) and self.matches[self.match] == index
        body = _body(text, "warn" if stderr else "ink", self.query_text)
        return strip((*pieces, *body), width, tokens, "band" if here else "ground")

    def find(self, query: str) -> None:
        """Find a text and go to its last place before the end of the view."""
        self.query_text = query
        self.matches = self.log_lines.find(query) if query else []
        self.match = max(0, len(self.matches) - 1)
        if self.matches:
            self._go()
        self.refresh()
        self.post_message(self.Changed())

    def _go(self) -> None:
        self._leave()
        above = self.log_lines.row_of(self.matches[self.match]) - self.size.height // 2
        self.scroll_to(y=max(0, above), animate=False, force=True)
        self.refresh()

    def _leave(self) -> None:
        if self.follow:
            self.follow, self.new = False, 0
        self.post_message(self.Changed())

    def action_follow(self) -> None:
        """Follow, or stay."""
        if self.follow:
            self._leave()
        else:
            self.action_bottom()

    def action_bottom(self) -> None:
        """To the end, and follow."""
        self.follow, self.new = True, 0
        self._renew()

    def action_top(self) -> None:
        """To the first line that is kept."""
        self._leave()
        self.scroll_to(y=0, animate=False, force=True)

    def action_by(self, rows: int) -> None:
        """Scroll; upwards leaves the end."""
        if rows < 0:
            self._leave()
        self.scroll_to(y=self.scroll_offset.y + rows, animate=False, force=True)

    def action_pages(self, by: int) -> None:
        """Scroll by a page."""
        self.action_by(by * max(1, self.size.height - 1))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel leaves the end too."""
        event.stop()
        event.prevent_default()
        self.action_by(-3)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """A dragged scrollbar leaves the end too."""
        super().watch_scroll_y(old_value, new_value)
        if self.follow and new_value < old_value and new_value < self.max_scroll_y:
            self._leave()

    def action_wrap(self) -> None:
        """Wrap, or do not."""
        self.wrap, self._aside = not self.wrap, 0
        self._laid_out()

    def action_aside(self, by: int) -> None:
        """Move sideways where lines are not wrapped."""
        if not self.wrap:
            longest = max((cell_len(line.text) for line in self.log_lines.lines), default=0)
            self._aside = min(max(0, self._aside + by), max(0, longest - 8))
            self.refresh()

    def next_match(self, by: int) -> None:
        """The next match, around the end."""
        if self.query_text:
            self.matches = self.log_lines.find(self.query_text)
        if self.matches:
            self.match = (self.match + by) % len(self.matches)
            self._go()


def _body(text: str, tone: str, query: str) -> Row:
    """The text of a row: what was found marked, else figures set off from their names."""
    if query:
        flags = 0 if query != query.lower() else re.IGNORECASE
        return _marked(text, re.compile(re.escape(query), flags), tone, "key b @tint")
    return _marked(text, _FIGURE, tone, "soft") if tone == "ink" else (Piece(text, tone),)


def _marked(text: str, pattern: re.Pattern[str], tone: str, marked: str) -> Row:
    pieces, at = [], 0
    for found in pattern.finditer(text):
        pieces += [Piece(text[at : found.start()], tone), Piece(found[0], marked)]
        at = found.end()
    return (*pieces, Piece(text[at:], tone))


class _LogFoot(Block):
    """Where the view stands in its log."""

    DEFAULT_CSS = "_LogFoot { height: 1; }"

    def __init__(self, view: LogView) -> None:
        super().__init__()
        self._view = view

    def rows(self, width: int) -> Sequence[Row]:
        notes = self._notes()
        note = next((note for note in notes if width_of(note) < width), notes[-1])
        return [spread((), note, width, "─", "hair")]

    def _notes(self) -> list[Row]:
        """The same in fewer and fewer words."""
        view, lines = self._view, self._view.log_lines
        count = words.number(lines.total, "line")
        where: tuple[tuple[str, str], ...]
        if view.query_text and not view.matches:
            where = ((f"nothing has {cut(view.query_text, 20)}", "warn"),)
        elif view.query_text:
            where = ((f"{view.match + 1:,} of {len(view.matches):,} ", "ink"), ("n N", "key b"))
        elif view.folder is None:
            return [()]
        elif view.follow:
            where = (("ended" if view.ended else "following", "ink"),)
        elif view.new:
            where = (("F", "key b"), (f" {view.new:,} new", "ink"))
        else:
            where = (("F", "key b"), (" follows", "soft"))
        older = " · older ones in the log file" if lines.older else ""
        unwrapped = " · not wrapped" if not view.wrap else ""
        ends = (f"{older}{unwrapped}", " · older in the file" if older else unwrapped, "")
        return [*(row(*where, (f" · {count}{end}", "soft")) for end in ends), row(*where)]


class LogPart(Vertical):
    """A log view, its foot, and the field for what to find."""

    DEFAULT_CSS = """
    LogPart { height: 1fr; }
    LogPart Field { display: none; background: $px-band; }
    """

    class NothingFound(Message):
        """No line has what was to be found."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self) -> None:
        super().__init__()
        self.view = LogView()

    def compose(self) -> ComposeResult:
        """View, foot, field."""
        yield self.view
        yield _LogFoot(self.view)
        yield Field(self._found, placeholder="find")

    @on(LogView.Changed)
    def _changed(self, event: LogView.Changed) -> None:
        self.query_one(_LogFoot).refresh()

    def ask(self) -> None:
        """Let the person type what to find."""
        field = self.query_one(Field)
        field.value = ""
        field.display, self.query_one(_LogFoot).display = True, False
        self.screen.set_focus(field)

    async def _found(self, typed: str) -> None:
        self._close()
        self.view.find(typed)
        if self.view.query_text and not self.view.matches:
            self.post_message(self.NothingFound(typed))

    def _close(self) -> None:
        field = self.query_one(Field)
        if field.display:
            field.display, self.query_one(_LogFoot).display = False, True
            self.screen.set_focus(self.view)

    def leave_find(self) -> bool:
        """Be done with finding; whether there was anything to be done with."""
        busy = bool(self.view.query_text) or self.query_one(Field).display
        self._close()
        self.view.find("")
        return busy

    @on(Field.Blurred)
    def _blurred(self) -> None:
        field = self.query_one(Field)
        if self.screen.focused is field:
            return  # it was opened again before this was told
        field.display, self.query_one(_LogFoot).display = False, True

    def takes(self, event: events.Key | events.Paste) -> bool:
        """Esc leaves the field and what was found."""
        return isinstance(event, events.Key) and event.key == "escape" and self.leave_find()
