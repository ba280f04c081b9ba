"""Rows of plain text in named tones, and the two widgets that draw them: a block and a list.

All that the app shows goes through `strip`, where the last pass takes every control character
out: no text is ever read as markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import ClassVar, NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.color import Color as RichColor
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from pxtui.logs.text import clean_line

PREFIX = "px-"
"""Before the names of our tokens among the variables of the theme."""


class Piece(NamedTuple):
    """Some text of a row; `tone` is a token, perhaps with `b` (bold) and `@token` (ground)."""

    text: str
    tone: str = "ink"
    act: str = ""
    """The action of a click on it."""


Row = tuple[Piece, ...]


def row(*parts: str | tuple[str, str] | Piece) -> Row:
    """A row out of texts, pairs of text and tone, and pieces."""
    return tuple(Piece(part) if isinstance(part, str) else Piece(*part) for part in parts)


def width_of(pieces: Iterable[Piece]) -> int:
    """The cells that a row takes."""
    return sum(cell_len(clean_line(piece.text)) for piece in pieces)


def cut(text: str, width: int) -> str:
    """One line of text that fits: longer ones end in `…` (never used on a command)."""
    text = clean_line(text[: 8 * max(width, 1)])
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, width - 1) + "…" if width > 0 else ""


def padded(text: str, width: int, *, right: bool = False) -> str:
    """Text in a column of this width, to the left or right."""
    text = cut(text, width)
    space = " " * (width - cell_len(text))
    return space + text if right else text + space


def spread(left: Row, right: Row, width: int, fill: str = " ", tone: str = "ink") -> Row:
    """Left and right ends of a row; what is between is filled; a right end without room goes."""
    gap = width - width_of(left) - width_of(right)
    if right and gap < 1:
        return spread(left, (), width, fill, tone)
    if fill == " " or gap < 3:
        return (*left, Piece(" " * max(0, gap), tone), *right)
    start, end = " " if left else fill, " " if right else fill
    return (*left, Piece(start + fill * (gap - 2) + end, tone), *right)


@lru_cache(maxsize=4096)
def style_of(tone: str, act: str, tokens: tuple[tuple[str, str], ...]) -> Style:
    """The style of a tone in a theme."""
    colors = dict(tokens)
    color = ground = None
    bold = False
    for word in tone.split():
        if word == "b":
            bold = True
        elif word.startswith("@"):
            ground = RichColor.parse(colors[word[1:]])
        else:
            color = RichColor.parse(colors[word])
    style = Style(color=color, bgcolor=ground, bold=bold or None)
    return style + Style.from_meta({"@click": act}) if act else style


def theme_tokens(variables: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Our tokens among the variables of a theme."""
    size = len(PREFIX)
    return tuple((k[size:], v) for k, v in variables.items() if k.startswith(PREFIX))


def strip(
    pieces: Row, width: int, tokens: tuple[tuple[str, str], ...], ground: str = "ground"
) -> Strip:
    """Draw a row: cleaned, styled, cut and filled to the width."""
    base = style_of(f"ink @{ground}", "", tokens)
    segments = [
        Segment(clean_line(piece.text[: 8 * width]), base + style_of(piece.tone, piece.act, tokens))
        for piece in pieces
        if piece.text
    ]
    return Strip(segments).adjust_cell_length(width, base).simplify()


class Block(Widget):
    """A few rows that are drawn anew whenever they change; `rows` says what they are."""

    ALLOW_SELECT = False
    GROUND: ClassVar[str] = "ground"

    def rows(self, width: int) -> Sequence[Row]:
        """The rows at this width."""
        raise NotImplementedError

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many as there are rows."""
        return len(self.rows(width))

    def render_line(self, y: int) -> Strip:
        """Draw one of them."""
        rows = self.rows(self.size.width)
        pieces = rows[y] if y < len(rows) else ()
        return strip(pieces, self.size.width, theme_tokens(self.app.theme_variables), self.GROUND)


class Lines(ScrollView, can_focus=True):
    """A list of any length of which only the visible rows are made; with a cursor, if asked for."""

    ALLOW_SELECT = False
    GROUND: ClassVar[str] = "ground"
    CURSOR: ClassVar[str] = "band"
    DEFAULT_CSS = """
    Lines {
        scrollbar-size: 1 1;
        overflow-x: hidden;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "up", id="list.up", show=False, tooltip="One row up."),
        Binding("down,j", "move(1)", "down", id="list.down", show=False, tooltip="One row down."),
        Binding(
            "pageup", "page(-1)", "page up", id="list.page-up", show=False, tooltip="A page up."
        ),
        Binding(
            "pagedown",
            "page(1)",
            "page down",
            id="list.page-down",
            show=False,
            tooltip="A page down.",
        ),
        Binding(
            "home,g",
            "move(-1000000000)",
            "top",
            id="list.top",
            show=False,
            tooltip="The first row.",
        ),
        Binding(
            "end,G", "move(1000000000)", "end", id="list.end", show=False, tooltip="The last row."
        ),
    ]

    cursor: reactive[int] = reactive(0, init=False)

    class Moved(Message):
        """The cursor stands on another row."""

    def __init__(self, *, name_id: str | None = None, with_cursor: bool = False) -> None:
        super().__init__(id=name_id)
        self.with_cursor = with_cursor
        self.tall = 1
        """Rows of one item."""

    def count(self) -> int:
        """How many items there are."""
        raise NotImplementedError

    def line(self, index: int, width: int) -> Row:
        """The first row of an item; asked for visible ones only."""
        raise NotImplementedError

    def second(self, index: int, width: int) -> Row:
        """The second row of an item, where items have two."""
        return ()

    def is_marked(self, index: int) -> bool:
        """Whether an item is drawn as the one under the cursor."""
        return index == self.cursor

    def renew(self) -> None:
        """What is shown has changed."""
        count = self.count()
        size = Size(self.size.width, count * self.tall)
        if size != self.virtual_size:
            self.virtual_size = size
        if self.cursor >= count:
            self.cursor = max(0, count - 1)
        self.refresh()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many as there are rows."""
        return max(1, self.count() * self.tall)

    def render_line(self, y: int) -> Strip:
        """Draw a visible row."""
        width = self.scrollable_content_region.width
        index, part = divmod(y + self.scroll_offset.y, self.tall)
        pieces: Row = ()
        if index < self.count():
            pieces = self.second(index, width) if part else self.line(index, width)
        on_cursor = self.with_cursor and self.is_marked(index) and self.count() > 0
        ground = self.CURSOR if on_cursor else self.GROUND
        return strip(pieces, width, theme_tokens(self.app.theme_variables), ground)

    def on_resize(self, event: events.Resize) -> None:
        """The rows may be as many others at another width."""
        self.renew()

    def watch_cursor(self) -> None:
        """Bring the cursor into view."""
        self.scroll_to_region(
            Region(0, self.cursor * self.tall, 1, self.tall), animate=False, force=True
        )
        self.refresh()
        self.post_message(self.Moved())

    def action_move(self, by: int) -> None:
        """Move the cursor, or scroll where there is none."""
        if self.with_cursor:
            self.cursor = min(max(0, self.cursor + by), max(0, self.count() - 1))
        else:
            self.scroll_to(y=self.scroll_offset.y + by, animate=False)

    def action_page(self, by: int) -> None:
        """Move by a page."""
        self.action_move(by * max(1, self.size.height // self.tall - 1))

    def on_click(self, event: events.Click) -> None:
        """The cursor goes where the person clicked."""
        index = (event.y + self.scroll_offset.y) // self.tall
        if self.with_cursor and index < self.count():
            self.cursor = index


class ItemLines(Lines):
    """A list whose items take one row or more; the cursor goes by items."""

    items: Sequence[int] = ()
    """The item of each row."""

    @property
    def chosen(self) -> int:
        """The item under the cursor; -1 where there is none."""
        return self.items[self.cursor] if self.cursor < len(self.items) else -1

    def choose(self, item: int) -> None:
        """Put the cursor on an item."""
        self.cursor = self.items.index(item)

    def is_marked(self, index: int) -> bool:
        """All rows of the item."""
        return self.items[index] == self.chosen if index < len(self.items) else False

    def watch_cursor(self) -> None:
        """Bring the whole item into view."""
        super().watch_cursor()
        rows = self.items.count(self.chosen)
        self.scroll_to_region(Region(0, self.cursor, 1, rows), animate=False, force=True)

    def action_move(self, by: int) -> None:
        """Move by items."""
        if self.items:
            self.choose(min(max(0, self.chosen + by), self.items[-1]))
