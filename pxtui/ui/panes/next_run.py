"""Next run: the declarations as a form; values are changed in place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.message import Message

from pxtui.logs.text import clean_line
from pxtui.polyaxonfile.path import Path
from pxtui.polyaxonfile.reading import Declaration
from pxtui.polyaxonfile.secret import DOTS
from pxtui.state import State
from pxtui.ui.draw import Block, Lines, Piece, Row, cut, padded, row, width_of
from pxtui.ui.pane import Bar, LeftPane
from pxtui.ui.panes.value_field import ValueField
from pxtui.ui.tried import tried

_OPPOSITE = {
    "true": "false", "false": "true", "True": "False", "False": "True", "TRUE": "FALSE",
    "FALSE": "TRUE", "yes": "no", "no": "yes", "Yes": "No", "No": "Yes", "YES": "NO", "NO": "YES",
    "on": "off", "off": "on", "On": "Off", "Off": "On", "ON": "OFF", "OFF": "ON",
}  # fmt: skip
TRIED = 8
"""Cells below which values tried before have no column."""
WIDE_VALUE = 12
"""Cells of the value column; a longer text goes on over the columns behind it."""


class _Columns:
    """Where the columns of the form stand, and what the rows are made from."""

    def __init__(self, state: State) -> None:
        reading = state.reading
        self.base = {d.path: d for d in state.base.declarations} if state.base else {}
        # what is typed over a secret is one too, whatever its type
        self.declarations = tuple(
            replace(d, secret=True) if d.path in self.base and self.base[d.path].secret else d
            for d in (reading.declarations if reading else ())
        )
        self.tried = tried(state)
        self.edits: Mapping[Path, str] = dict(state.edits)
        names = max((len(d.name) for d in self.declarations), default=4)
        self.name_width = min(max(4, names), 18)
        values = [len(shown(d)) for d in self.declarations]
        self.value_width = max([5, *(v for v in values if v <= WIDE_VALUE)])
        files = [len(shown(d)) for p, d in self.base.items() if p in self.edits]
        self.file_width = min(10, max([4, *files])) if self.edits else 0
        self.type_width = max([4, *(len(d.type) for d in self.declarations)])

    @property
    def value_at(self) -> int:
        """The cell at which values start."""
        return 4 + self.name_width + 2

    def warned(self, item: Declaration) -> bool:
        """Whether there is something to look at in a row."""
        return _note(item, self.base.get(item.path))[1] == "warn"

    def behind(self, width: int) -> tuple[bool, bool]:
        """Whether there is room for the file's values, and for types; a column goes as a whole."""
        room = width - self.value_at - self.value_width
        file = self.file_width > 0 and room >= self.file_width + 2
        return file, room - file * (self.file_width + 2) >= self.type_width + 2

    def tried_in(self, item: Declaration, room: int) -> str:
        """The values tried before that there is room for."""
        texts = ""
        for value in self.tried.get(item.name, ()):
            longer = f"{texts} {clean_line(value.text)}".strip()
            if len(longer) > room:
                break
            texts = longer
        return texts


def shown(declaration: Declaration) -> str:
    """A value as the form shows it: as typed, a bool as a switch, a secret as dots."""
    if declaration.secret and declaration.text:
        return DOTS
    if declaration.type == "bool":
        return "on" if declaration.value else "off"
    return clean_line(declaration.text.replace("\n", " "))


class Form(Lines):
    """The rows of the form; the pane above it holds the field that opens over a row."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,c", "change", "change", id="form.change",
                tooltip="Change the value: a field opens, a switch turns."),
        Binding("space", "turn", "turn", id="form.turn", show=False, tooltip="Turn the switch."),
        Binding("equals_sign", "reset", "as in file", id="form.reset",
                tooltip="Take the value back to what the file says."),
    ]  # fmt: skip

    class Change(Message):
        """The value under the cursor is to be changed."""

    class Reset(Message):
        """The value under the cursor is to be the file's again."""

    def __init__(self) -> None:
        super().__init__(with_cursor=True)
        self.columns = _Columns(State())

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
            return row("    ", ("nothing is declared", "soft"))
        item = columns.declarations[index]
        changed = item.path in columns.edits
        name = Piece(padded(item.name, columns.name_width), "strong b" if changed else "ink")
        text, tone = shown(item), "key b @tint" if changed else "ink"
        room = width - columns.value_at
        if len(text) > columns.value_width:
            mark = _mark(changed, columns.warned(item))
            return (*mark, name, Piece("  "), Piece(cut(text, room), tone))
        space = Piece("  " + " " * (columns.value_width - len(text)))
        behind = self._behind(item, changed, width)
        said = bool(behind) and behind[-1].tone == "warn"
        mark = _mark(changed, not item.used or (columns.warned(item) and not said))
        return (*mark, name, space, Piece(text, tone), *behind)

    def _behind(self, item: Declaration, changed: bool, width: int) -> Row:
        columns = self.columns
        room = width - columns.value_at - columns.value_width
        pieces: list[Piece] = []
        with_file, with_type = columns.behind(width)
        if with_file:
            before = columns.base.get(item.path) if changed else None
            text = shown(before) if before else ""
            pieces.append(Piece("  " + padded(text, columns.file_width, right=True), "soft"))
            room -= columns.file_width + 2
        note, tone = _note(item, columns.base.get(item.path))
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
        self.post_message(self.Change())

    def action_turn(self) -> None:
        """Turn a switch."""
        if self.current is not None and self.current.type == "bool":
            self.action_change()

    def action_reset(self) -> None:
        """Ask for the file's value."""
        self.post_message(self.Reset())


def _mark(changed: bool, warned: bool) -> Row:
    """The gutter: what is changed, and what is to be looked at."""
    if changed and warned:
        return row((" ~", "key b"), ("! ", "warn"))
    return row((" ~  ", "key b") if changed else (" !  ", "warn") if warned else "    ")


def _note(item: Declaration, base: Declaration | None) -> tuple[tuple[str, ...], str]:
    """What is said of a row, longest first, and its tone."""
    if not item.used:
        return ("nothing uses it", "not used"), "warn"
    if base is not None and base.type != item.type and base.type != "null":
        return (f"{item.type}, was {base.type}", item.type), "warn"
    if item.hint:
        return (clean_line(item.hint), f"! {item.type}"), "warn"
    return (item.type,), "soft"


class _ColumnNames(Block):
    DEFAULT_CSS = "_ColumnNames { height: 1; }"

    def rows(self, width: int) -> list[Row]:
        return [self.screen.query_one(Form).head()]


class _FormKeys(Block):
    """The keys of a form with changes."""

    DEFAULT_CSS = "_FormKeys { height: 1; }"

    def rows(self, width: int) -> list[Row]:
        return [
            row(
                (" ↵", "key b"),
                ("  change   ", "soft"),
                ("=", "key b"),
                (" as in file   ", "soft"),
                ("^s", "key b"),
                (" write file", "soft"),
            )
        ]


class NextRun(LeftPane):
    """The values of the next run: shown, changed, taken back."""

    NUMBER = "2"
    TITLE = "Next run"
    DEFAULT_CSS = """
    NextRun { layers: base field; }
    NextRun Form { height: 1fr; }
    """

    class Edited(Message):
        """A value was typed."""

        def __init__(self, path: Path, text: str) -> None:
            super().__init__()
            self.path, self.text = path, text

    class Reset(Message):
        """A value is to be the file's again."""

        def __init__(self, path: Path) -> None:
            super().__init__()
            self.path = path

    class Told(Message):
        """Something to be said to the person."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self) -> None:
        super().__init__(id="next-run")
        self._state: State | None = None
        self._seen: object = None

    def compose(self) -> ComposeResult:
        """Head, names of the columns, rows, keys, and the field."""
        yield Bar(self.NUMBER, self.TITLE)
        yield _ColumnNames()
        yield Form()
        yield _FormKeys()
        yield ValueField()

    def on_mount(self) -> None:
        """The field stays over its row."""
        self.watch(self.query_one(Form), "scroll_y", self._place_field, init=False)

    def on_resize(self, event: events.Resize) -> None:
        """The field stays over its row, the names over their columns."""
        self.call_after_refresh(self._placed)

    def _placed(self) -> None:
        self._place_field()
        self.query_one(_ColumnNames).refresh()

    def show(self, state: State, now: float) -> None:
        """Show the working set."""
        self._state = state
        self.query_one(ValueField).file = state.file_text
        form = self.query_one(Form)
        self.query_one(_ColumnNames).display = form.current is not None and not self.compact
        self.query_one(_FormKeys).display = bool(state.edits) and not self.compact
        self.call_after_refresh(self._placed)
        seen = (state.reading, state.base, state.edits, state.history, self.compact)
        if seen == self._seen:
            return
        self._seen = seen
        form.columns = _Columns(state)
        form.renew()
        self._follow_row()
        self.query_one(_ColumnNames).display = form.current is not None and not self.compact
        self.query_one(_ColumnNames).refresh()
        self._note(len(state.edits), form.count())

    def _note(self, changed: int, count: int) -> None:
        bar = self.query_one(Bar)
        if changed:
            words = f"{changed} changed" if self.compact else f"{changed} of {count} changed"
            bar.note((words, "key"))
        elif self._state is not None and self._state.reading is not None:
            bar.note(("as in the file", "soft"))
        else:
            bar.note()

    @property
    def compact(self) -> bool:
        """No room for the names of the columns."""
        return self.screen.has_class("-compact") or self.screen.has_class("-tiny")

    def wanted(self, width: int) -> int:
        """Head, names, rows, keys."""
        edits = bool(self._state and self._state.edits)
        return 1 + max(1, self.query_one(Form).count()) + (not self.compact) * (1 + edits)

    def hint(self) -> Row:
        """Name, type, what the command gets, and what is odd about it."""
        item = self.query_one(Form).current
        if item is None:
            return ()
        columns = self.query_one(Form).columns
        base, earlier = columns.base.get(item.path), columns.tried.get(item.name, ())
        plain = not item.hint and item.used and item.editable
        if plain and not earlier and (base is None or item.text == base.text):
            return ()
        parts = [(item.name, "strong b"), (f"  {item.type}", "soft")]
        if item.hint:
            parts.append((f" · {clean_line(item.hint)}", "warn"))
        if not item.used:
            parts.append((" · nothing uses it: changing it changes nothing", "warn"))
        if base is not None and base.text != item.text:
            parts.append((f" · {shown(base)} in the file", "soft"))
        if not item.editable:
            parts.append((" · e edits it in the editor", "soft"))
        told = [f"{cut(value.text, 24)} #{value.number} {value.glyph}" for value in earlier]
        room = self.app.size.width - width_of(row(*parts)) - 13
        while told and len(" · ".join(told)) > room:
            told.pop()
        return row(*parts, *([(f" · tried {' · '.join(told)}", "soft")] if told else []))

    @on(Form.Change)
    def _change(self, event: Form.Change) -> None:
        event.stop()
        item = self.query_one(Form).current
        if item is None:
            return
        if not item.editable:
            self.post_message(self.Told(f"{item.name} is edited in the editor: press e"))
        elif item.text != clean_line(item.text):
            told = f"{item.name} has characters that cannot be shown: press e to edit the file"
            self.post_message(self.Told(told))
        elif item.type == "bool" and item.text in _OPPOSITE:
            self.post_message(self.Edited(item.path, _OPPOSITE[item.text]))
        else:
            self.query_one(ValueField).open(item)
            self._place_field()

    def _place_field(self) -> None:
        """Put the open field over its row, which stays in view."""
        form, field = self.query_one(Form), self.query_one(ValueField)
        if field.item is None:
            return
        form.scroll_to_region(Region(0, form.cursor, 1, 1), animate=False, force=True)
        top = form.region.y - self.region.y + form.cursor - form.scroll_offset.y
        left = form.columns.value_at
        field.styles.offset = (left, top)
        field.styles.width = max(6, self.size.width - left)

    def _follow_row(self) -> None:
        """The rows are others: the open field goes with its own, or is closed where it is gone."""
        form, field = self.query_one(Form), self.query_one(ValueField)
        if field.item is None:
            return
        path = field.item.path
        at = next((i for i, d in enumerate(form.columns.declarations) if d.path == path), None)
        field.follow(None if at is None else form.columns.declarations[at])
        if at is not None and field.item is not None:
            form.cursor = at
            self.call_after_refresh(self._place_field)

    @on(Form.Reset)
    def _reset(self, event: Form.Reset) -> None:
        event.stop()
        item = self.query_one(Form).current
        if item is not None:
            self.post_message(self.Reset(item.path))

    @on(ValueField.Accepted)
    def _accepted(self, event: ValueField.Accepted) -> None:
        event.stop()
        self.post_message(self.Edited(event.path, event.text))

    @on(ValueField.Told)
    def _told(self, event: ValueField.Told) -> None:
        event.stop()
        self.post_message(self.Told(event.text))

    @on(ValueField.Closed)
    def _field_closed(self, event: ValueField.Closed) -> None:
        event.stop()
        self.query_one(Form).focus()
