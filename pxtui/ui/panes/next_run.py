"""Next run: the declarations as a form; values are changed in place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.message import Message

from pxtui.errors import PxtuiError
from pxtui.logs.text import clean_line
from pxtui.polyaxonfile.document import Document
from pxtui.polyaxonfile.reading import Declaration, Path
from pxtui.state import State
from pxtui.ui.draw import Block, Lines, Piece, Row, cut, padded, row
from pxtui.ui.field import Field
from pxtui.ui.pane import Bar, LeftPane

_OPPOSITE = {
    "true": "false", "false": "true", "True": "False", "False": "True", "TRUE": "FALSE",
    "FALSE": "TRUE", "yes": "no", "no": "yes", "Yes": "No", "No": "Yes", "YES": "NO", "NO": "YES",
    "on": "off", "off": "on", "On": "Off", "Off": "On", "ON": "OFF", "OFF": "ON",
}  # fmt: skip
WIDE_VALUE = 12
"""Cells of the value column; a longer text goes on over the columns behind it."""


class _Columns:
    """Where the columns of the form stand, and what the rows are made from."""

    def __init__(self, state: State) -> None:
        reading = state.reading
        self.declarations = reading.declarations if reading else ()
        self.base = {d.path: d for d in state.base.declarations} if state.base else {}
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


def shown(declaration: Declaration) -> str:
    """A value as the form shows it: as typed, a bool as a switch."""
    if declaration.type == "bool":
        return "on" if declaration.value else "off"
    return clean_line(declaration.text.replace("\n", " "))


class Form(Lines):
    """The rows of the form; the pane above it holds the field that opens over a row."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,c", "change", "change", id="form.change",
                tooltip="Change the value: a field opens, a switch turns."),
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
        return (*pieces, Piece("  " + fits, tone)) if fits else tuple(pieces)

    def head(self) -> Row:
        """The names of the columns."""
        columns = self.columns
        with_file, with_type = columns.behind(self.scrollable_content_region.width)
        value = padded("value", columns.value_width, right=True)
        file = "  " + padded("file", columns.file_width, right=True) if with_file else ""
        name = padded("name", columns.name_width)
        return row(("    ", "soft"), (f"{name}  {value}{file}{'  type' * with_type}", "soft"))

    def action_change(self) -> None:
        """Ask for the field."""
        self.post_message(self.Change())

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


class ValueField(Field):
    """The field over a row; Tab accepts as Enter does, for what was typed is not thrown away."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab,shift+tab", "submit", "accept", id="field.accept", show=False,
                tooltip="Accept what was typed."),
    ]  # fmt: skip


class NextRun(LeftPane):
    """The values of the next run: shown, changed, taken back."""

    NUMBER = "2"
    TITLE = "Next run"
    DEFAULT_CSS = """
    NextRun { layers: base field; }
    NextRun Form { height: 1fr; }
    NextRun Field {
        layer: field; position: absolute; display: none;
        &.-refused { color: $px-bad; text-style: bold; }
    }
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
        self._open: Declaration | None = None

    def compose(self) -> ComposeResult:
        """Head, names of the columns, rows, keys, and the field."""
        yield Bar(self.NUMBER, self.TITLE)
        yield _ColumnNames()
        yield Form()
        yield _FormKeys()
        yield ValueField(name_id="field")

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
        form = self.query_one(Form)
        self.query_one(_ColumnNames).display = form.current is not None and not self.compact
        self.query_one(_FormKeys).display = bool(state.edits) and not self.compact
        self.call_after_refresh(self._placed)
        seen = (state.reading, state.base, state.edits, self.compact)
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
        base = self.query_one(Form).columns.base.get(item.path)
        if not item.hint and item.used and item.editable and item == base:
            return ()
        parts = [(item.name, "strong b"), (f"  {item.type}", "soft")]
        if item.hint:
            parts.append((f" · {clean_line(item.hint)}", "warn"))
        if not item.used:
            parts.append((" · nothing uses it: changing it changes nothing", "warn"))
        if base is not None and base.text != item.text:
            parts.append((f" · {clean_line(base.text)} in the file", "soft"))
        if not item.editable:
            parts.append((" · e edits it in the editor", "soft"))
        return row(*parts)

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
            self._open_field(item)

    def _open_field(self, item: Declaration) -> None:
        field = self.query_one("#field", Field)
        self._open = item
        self._place_field()
        field.remove_class("-refused")
        field.value = item.text
        field.display = True
        field.focus()

    def _place_field(self) -> None:
        """Put the open field over its row, which stays in view."""
        if self._open is None:
            return
        form, field = self.query_one(Form), self.query_one("#field", Field)
        form.scroll_to_region(Region(0, form.cursor, 1, 1), animate=False, force=True)
        top = form.region.y - self.region.y + form.cursor - form.scroll_offset.y
        left = form.columns.value_at
        field.styles.offset = (left, top)
        field.styles.width = max(6, self.size.width - left)

    def _follow_row(self) -> None:
        """The rows are others: the open field goes with its own, or is closed where it is gone."""
        if self._open is None:
            return
        path, form = self._open.path, self.query_one(Form)
        at = next((i for i, d in enumerate(form.columns.declarations) if d.path == path), None)
        if at is not None and form.columns.declarations[at].editable:
            form.cursor = at
            self._open = form.columns.declarations[at]
            self.call_after_refresh(self._place_field)
            return
        why = "is gone from the file" if at is None else "is not one value in the file any more"
        typed = self.query_one("#field", Field).value
        self.post_message(self.Told(f"{self._open.name} {why}: {typed} was not taken"))
        self.close_field()

    @on(Form.Reset)
    def _reset(self, event: Form.Reset) -> None:
        event.stop()
        item = self.query_one(Form).current
        if item is not None:
            self.post_message(self.Reset(item.path))

    @on(Field.Submitted)
    def _accept(self, event: Field.Submitted) -> None:
        event.stop()
        if self._open is None:
            return
        reason = self._refusal(self._open.path, event.value)
        event.input.set_class(bool(reason), "-refused")
        if reason:
            self.post_message(self.Told(reason))
            return
        if event.value != self._open.text:
            self.post_message(self.Edited(self._open.path, event.value))
        self.close_field()

    def _refusal(self, path: Path, text: str) -> str:
        """Why the text cannot stand at its place in the file; empty if it can."""
        file = self._state.file_text if self._state else None
        try:
            if file is not None:
                Document.parse(file.text.encode(), file.file).set(path, text)
        except (PxtuiError, UnicodeEncodeError) as error:
            return str(error)
        return ""

    def close_field(self) -> None:
        """Leave the field; the row has the keys again."""
        self._open = None
        self.query_one("#field", Field).display = False
        self.query_one(Form).focus()

    @on(Field.Blurred)
    def _left(self) -> None:
        # A terminal in the background takes the focus too, and gives it back.
        if self._open is None or not self.app.app_focus:
            return
        item, field = self._open, self.query_one("#field", Field)
        self._open = None
        field.display = False
        if field.value != item.text:
            self.post_message(self.Told(f"{item.name}: {field.value} was not taken"))

    def on_key(self, event: events.Key) -> None:
        """Esc leaves the field as it was."""
        if event.key == "escape" and self._open is not None:
            event.stop()
            self.close_field()
