"""The field that opens over a row of the form: it takes one value, or leaves it as it was."""

from __future__ import annotations

from collections.abc import Callable
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

    class Told(Message):
        """Something to be said to the person."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(
        self, accepted: Callable[[Declaration, str], None], closed: Callable[[], None]
    ) -> None:
        """What gets a value that was typed, and is told when the row has the keys again."""
        super().__init__(self._accept, name_id="field")
        self._accepted, self._done = accepted, closed
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
        self.action_select_all()
        self.display = True
        self.screen.set_focus(self)  # at once: the next key, already typed, is meant for it

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
        self._done()

    @property
    def _typed(self) -> str:
        """What was typed, as it may be said."""
        return DOTS if self.password else self.value

    async def _accept(self, text: str) -> None:
        item = self.item
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
        accepted = self.item
        self.close()
        if changed:
            self._accepted(accepted, text)

    @on(Field.Blurred)
    def _left(self, event: Field.Blurred) -> None:
        event.stop()
        # A terminal in the background takes the focus too, and gives it back.
        if self.item is None or not self.app.app_focus or self.screen.focused is self:
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
