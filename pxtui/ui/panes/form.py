"""The rows of the form, drawn as they are seen; what a key means for a row goes to the pane."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region

from pxtui.polyaxonfile.reading import Declaration
from pxtui.state import State
from pxtui.ui.draw import Lines, Piece, Row, cut, padded, row
from pxtui.ui.panes.columns import Columns

TRIED = 8
"""Cells below which values tried before have no column."""


class Form(Lines):
    """The rows of the form; the pane above it holds the field that opens over a row."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,c", "change", "change", id="form.change",
                tooltip="Change the value: a field opens, a switch turns."),
        Binding("space", "turn", "turn", id="form.turn", show=False, tooltip="Turn the switch."),
        Binding("equals_sign", "reset", "as in file", id="form.reset",
                tooltip="Take the value back to what the file says."),
    ]  # fmt: skip

    def __init__(self, change: Callable[[], None], reset: Callable[[], None]) -> None:
        """What is called where the value under the cursor is to be changed, or the file's again."""
        super().__init__(with_cursor=True)
        self._change, self._reset = change, reset
        self.columns = Columns(State())
        self._height = 0
        """Rows that it had until now."""

    def on_resize(self, event: events.Resize) -> None:
        """A row that was seen under the cursor is seen in fewer rows too."""
        top, before, self._height = self.scroll_offset.y, self._height, self.size.height
        if top <= self.cursor < top + before:
            self.scroll_to_region(Region(0, self.cursor, 1, 1), animate=False, force=True)

    @property
    def current(self) -> Declaration | None:
        """The declaration under the cursor."""
        rows = self.columns.declarations
        return rows[self.cursor] if self.cursor < len(rows) else None

    def count(self) -> int:
        """One row a declaration; one that says that there is none."""
        return max(1, len(self.columns.declarations))

    def line(self, index: int, width: int) -> Row:
        """Mark, name, value, value in the file, and what is to be said of it."""
        columns = self.columns
        if not columns.declarations:
            adds = (("+", "key b"), (" adds a value", "soft")) if columns.sound else ()
            return row("    ", (f"{columns.empty}{' · ' if adds else ''}", "soft"), *adds)
        item = columns.declarations[index]
        changed = item.path in columns.edits
        name = Piece(padded(item.name, columns.name_width), "strong b" if changed else "ink")
        text, tone = columns.text(item), _tone(columns, item)
        room = width - columns.value_at
        if len(text) > columns.value_width:
            mark = self._mark(item, said=False)
            return (*mark, name, Piece("  "), Piece(cut(text, room), tone))
        space = Piece("  " + " " * (columns.value_width - len(text)))
        behind = self._behind(item, width)
        said = bool(behind) and behind[-1].tone == "warn"
        return (*self._mark(item, said=said), name, space, Piece(text, tone), *behind)

    def _mark(self, item: Declaration, *, said: bool) -> Row:
        """The gutter: what is changed, and what is to be looked at."""
        columns = self.columns
        changed = item.path in columns.edits
        warned = columns.note(item)[1] == "warn" and not (said and item.used)
        if item.path in columns.errors:
            look = ("✗", "bad")
        elif warned or item.path in columns.conflicts:
            look = ("!", "warn")
        else:
            return row((" ~  ", "key b") if changed else "    ")
        glyph, tone = look
        return row((" ~", "key b"), (f"{glyph} ", tone)) if changed else row((f" {glyph}  ", tone))

    def _behind(self, item: Declaration, width: int) -> Row:
        columns = self.columns
        room = width - columns.value_at - columns.value_width
        pieces: list[Piece] = []
        with_file, with_type = columns.behind(width)
        if with_file:
            text = columns.before(item)
            pieces.append(Piece("  " + padded(text, columns.file_width, right=True), "soft"))
            room -= columns.file_width + 2
        note, tone = columns.note(item)
        fits = next((n for n in note if len(n) + 2 <= room), "") if with_type else ""
        if not fits:
            return tuple(pieces)
        room -= columns.type_width + 4
        told = columns.tried_in(item, room) if tone == "soft" and room >= TRIED else ""
        behind = (Piece("  " + padded(fits, columns.type_width), tone), Piece("  " + told, "soft"))
        return (*pieces, *(behind if told else [Piece("  " + fits, tone)]))

    def head(self) -> Row:
        """The names of the columns."""
        columns = self.columns
        width = self.scrollable_content_region.width
        with_file, with_type = columns.behind(width)
        value = padded("value", columns.value_width, right=True)
        file = "  " + padded("file", columns.file_width, right=True) if with_file else ""
        name = padded("name", columns.name_width)
        text = f"    {name}  {value}{file}"
        if with_type:
            text += f"  {padded('type', columns.type_width)}"
        if columns.tried and with_type and width - len(text) - 2 >= TRIED:
            text += "  tried"
        return row((text, "soft"))

    def action_change(self) -> None:
        """Ask for the field."""
        self._change()

    def action_turn(self) -> None:
        """Turn a switch."""
        if self.current is not None and self.current.type == "bool":
            self.action_change()

    def action_reset(self) -> None:
        """Ask for the file's value."""
        self._reset()


def _tone(columns: Columns, item: Declaration) -> str:
    """How a value is drawn: the person's own stands out, what nobody wrote stands back."""
    if item.path in columns.gone:
        return "soft"
    if item.path in columns.edits:
        return "key b @tint"
    return "ink" if item.given else "soft"
