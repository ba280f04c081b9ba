"""The field that opens over a row of the form: it takes one value, or leaves it as it was."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.message import Message

from pxtui.events import FileText
from pxtui.polyaxonfile.reading import Declaration
from pxtui.polyaxonfile.secret import DOTS
from pxtui.ui.allowed import refused
from pxtui.ui.field import Field


class ValueField(Field):
    """The open field; Tab accepts as Enter does, for what was typed is not thrown away."""

    DEFAULT_CSS = """
    ValueField {
        layer: field; position: absolute; display: none;
        &.-refused { color: $px-bad; text-style: bold; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab,shift+tab", "submit", "accept", id="field.accept", show=False,
                tooltip="Accept what was typed."),
        Binding("escape", "leave", "leave as it was", id="field.leave", show=False,
                tooltip="Leave the value as it was."),
    ]  # fmt: skip

    class Accepted(Message):
        """A value was typed."""

        def __init__(self, item: Declaration, text: str) -> None:
            super().__init__()
            self.item, self.text = item, text

    class Told(Message):
        """Something to be said to the person."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Closed(Message):
        """The row has the keys again."""

    def __init__(self) -> None:
        super().__init__(name_id="field")
        self.item: Declaration | None = None
        """What it is open on."""
        self.file: FileText | None = None
        """Where the value is to stand."""

    def open(self, item: Declaration) -> None:
        """Open on a declaration; a secret is typed unseen."""
        self.item = item
        self.remove_class("-refused")
        self.password = item.secret
        self.value = one_line(item)
        self.display = True
        self.focus()

    def follow(self, item: Declaration | None) -> None:
        """The file is another: stay open on the declaration as it is now (None: it is gone)."""
        if self.item is None or (item is not None and item.editable):
            self.item = item
            return
        why = "is gone from the file" if item is None else "is not one value in the file any more"
        self.post_message(self.Told(f"{self.item.name} {why}: {self._typed} was not taken"))
        self.close()

    def close(self) -> None:
        """Leave the value as it is."""
        self.item = None
        self.display = False
        self.post_message(self.Closed())

    @property
    def _typed(self) -> str:
        """What was typed, as it may be said."""
        return DOTS if self.password else self.value

    @on(Field.Submitted)
    async def _accept(self, event: Field.Submitted) -> None:
        event.stop()
        item, text = self.item, self.value
        if item is None:
            return
        changed = text != one_line(item)
        reason = await refused(self.file, item.path, text, secret=item.secret) if changed else ""
        if self.item is None:
            return  # its row went away meanwhile
        self.set_class(bool(reason), "-refused")
        if reason:
            self.post_message(self.Told(reason))
            return
        if changed:
            self.post_message(self.Accepted(self.item, text))
        self.close()

    @on(Field.Blurred)
    def _left(self, event: Field.Blurred) -> None:
        event.stop()
        # A terminal in the background takes the focus too, and gives it back.
        if self.item is None or not self.app.app_focus:
            return
        item, self.item = self.item, None
        self.display = False
        if self.value != one_line(item):
            self.post_message(self.Told(f"{item.name}: {self._typed} was not taken"))

    def action_leave(self) -> None:
        """Leave the value as it was."""
        self.close()


def one_line(item: Declaration) -> str:
    """The text of a value in one line, where it may be put so: a list in brackets may."""
    lines = item.text.split("\n")
    if item.type not in ("list", "map") or any("#" in line for line in lines):
        return item.text
    return " ".join(line.strip() for line in lines)
