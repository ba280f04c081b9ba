"""Next run: the declarations as a form; values are changed in place."""

from __future__ import annotations

from typing import Protocol, cast

from textual import on
from textual.app import ComposeResult
from textual.geometry import Region
from textual.message import Message

from pxtui.logs.text import clean_line
from pxtui.polyaxonfile.path import Path
from pxtui.polyaxonfile.reading import Declaration
from pxtui.state import State
from pxtui.ui.draw import Block, Row, row
from pxtui.ui.pane import Bar, LeftPane
from pxtui.ui.panes.columns import Columns
from pxtui.ui.panes.form import Form
from pxtui.ui.panes.row_hint import hint
from pxtui.ui.panes.value_field import ValueField, one_line

_OPPOSITE = {
    "true": "false", "false": "true", "True": "False", "False": "True", "TRUE": "FALSE",
    "FALSE": "TRUE", "yes": "no", "no": "yes", "Yes": "No", "No": "Yes", "YES": "NO", "NO": "YES",
    "on": "off", "off": "on", "On": "Off", "Off": "On", "ON": "OFF", "OFF": "ON",
}  # fmt: skip


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


class Edits(Protocol):
    """What the keys lead to: calls, no messages, for the next key comes after them."""

    def edited(self, item: Declaration, text: str | None) -> None:
        """A value was typed (None: it is to be no more)."""

    def put_back(self, path: Path) -> None:
        """A value is to be the file's again."""


class NextRun(LeftPane):
    """The values of the next run: shown, changed, taken back."""

    NUMBER = "2"
    TITLE = "Next run"
    DEFAULT_CSS = """
    NextRun { layers: base field; }
    NextRun Form { height: 1fr; }
    """

    class Told(Message):
        """Something to be said to the person."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self) -> None:
        super().__init__(id="next-run")
        self._state: State | None = None
        self._seen: object = None
        self._sought: Path | None = None
        self._turned: dict[Path, str] = {}
        """Switches as they were turned since the rows were shown."""

    @property
    def _edits(self) -> Edits:
        return cast(Edits, self.app)

    def compose(self) -> ComposeResult:
        """Head, names of the columns, rows, keys, and the field."""
        yield Bar(self.NUMBER, self.TITLE)
        yield _ColumnNames()
        yield Form(self._change, self._reset)
        yield _FormKeys()
        yield ValueField(self._accepted, self._field_closed)

    def on_mount(self) -> None:
        """The field stays over its row."""
        self.watch(self.query_one(Form), "scroll_y", self._place_field, init=False)

    def on_resize(self) -> None:
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
        seen = (
            state.reading, state.base, state.edits, state.conflicts, state.history, self.compact,
        )  # fmt: skip
        if seen == self._seen:
            return
        self._seen = seen
        self._turned.clear()
        form.columns = Columns(state)
        form.renew()
        self._follow_row()
        if self._sought is not None and self.go_to(self._sought):
            self._sought = None
        self.query_one(_ColumnNames).display = form.current is not None and not self.compact
        self.query_one(_ColumnNames).refresh()
        self._note(len(state.edits), len(form.columns.declarations))

    def _note(self, changed: int, count: int) -> None:
        bar = self.query_one(Bar)
        if changed:
            is_part = not self.compact and changed <= count
            words = f"{changed} of {count} changed" if is_part else f"{changed} changed"
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
        """What is to be said of the row under the cursor."""
        form = self.query_one(Form)
        return hint(form.columns, form.current, self.app.size.width) if form.current else ()

    @property
    def columns(self) -> Columns:
        """The rows as they are shown."""
        return self.query_one(Form).columns

    def seek(self, path: Path) -> None:
        """Put the cursor on a row that is about to come."""
        self._sought = path

    def go_to(self, path: Path) -> bool:
        """Put the cursor on a row, if it is there."""
        form = self.query_one(Form)
        at = form.columns.at(path)
        if at is not None:
            form.cursor = at
        return at is not None

    @property
    def current(self) -> Declaration | None:
        """The row under the cursor."""
        return self.query_one(Form).current

    @property
    def on_disk(self) -> Declaration | None:
        """The row under the cursor as its file has it, where it does."""
        item = self.current
        return self.columns.base.get(item.path, item) if item is not None else None

    def change(self, path: Path) -> None:
        """Open the field on a row."""
        if self.go_to(path):
            self._change()

    def _change(self) -> None:
        item = self.current
        if item is None:
            return
        if item.path in self.columns.gone:
            self.post_message(self.Told(f"{item.name} is taken out: = brings it back"))
        elif not item.editable:
            self.post_message(self.Told(f"{item.name} is edited in the editor: press e"))
        elif one_line(item) != clean_line(one_line(item)):
            told = f"{item.name} has characters that cannot be shown: press e to edit the file"
            self.post_message(self.Told(told))
        elif item.type == "bool" and item.text in _OPPOSITE:
            self._turned[item.path] = _OPPOSITE[self._turned.get(item.path, item.text)]
            self._edits.edited(item, self._turned[item.path])
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
        at = form.columns.at(field.item.path)
        field.follow(None if at is None else form.columns.declarations[at])
        if at is not None and field.item is not None:
            form.cursor = at
            self.call_after_refresh(self._place_field)

    def take_out(self) -> None:
        """The declaration under the cursor is to be no more."""
        item = self.current
        if item is None or item.path in self.columns.gone:
            return
        if item.given:
            self._edits.edited(item, None)
        else:
            told = f"{item.name} is the default of an input: the file gives nothing to take out"
            self.post_message(self.Told(told))

    def _reset(self) -> None:
        item = self.current
        if item is not None:
            self._edits.put_back(item.path)

    def _accepted(self, item: Declaration, text: str) -> None:
        self._edits.edited(item, text)

    @on(ValueField.Told)
    def _told(self, event: ValueField.Told) -> None:
        event.stop()
        self.post_message(self.Told(event.text))

    def _field_closed(self) -> None:
        self.screen.set_focus(self.query_one(Form))
