"""A new value: its name and what it is, typed in one field."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical

from pxtui.errors import EditError
from pxtui.events import FileText
from pxtui.logs.text import clean
from pxtui.polyaxonfile.reading import Declaration
from pxtui.polyaxonfile.secret import is_secret
from pxtui.ui.allowed import Addition, addition, name_of, refused
from pxtui.ui.dialogs.panel import PanelLines, TypingDialog
from pxtui.ui.draw import Row, row
from pxtui.ui.field import Field
from pxtui.ui.panes.gets import folded


class Add(TypingDialog[Addition]):
    """Ends with what is to be added; what cannot be is refused with its reason."""

    DEFAULT_CSS = """
    Add Field { margin: 1 0; background: $px-ground; }
    """

    def __init__(self, file: FileText, rows: Sequence[Declaration]) -> None:
        super().__init__()
        self._file, self._rows = file, rows

    def compose(self) -> ComposeResult:
        """Question, field, the reason or the keys."""
        with Vertical(id="panel"):
            yield PanelLines([row(("Add a value to the next run", "strong b"))], name_id="question")
            yield Field(self._entered, placeholder="momentum: 0.9   or   model.width: 64")
            yield PanelLines(_keys(), name_id="keys")

    @on(Field.Changed)
    def _typed(self, event: Field.Changed) -> None:
        event.input.password = is_secret(name_of(event.value), "str")
        self._say(_keys())

    async def _entered(self, typed: str) -> None:
        try:
            new = addition(typed, self._rows)
            secret = is_secret(new.name, "str")
            reason = await refused(self._file, new.path, new.text, secret=secret)
        except EditError as error:
            reason = error.message
        if not reason:
            self.dismiss(new)
            return
        width = self.query_one("#keys").size.width
        self._say([row(("✗ " if not at else "  ", "bad"), part)
                   for at, part in enumerate(folded(clean(reason), width - 2))])  # fmt: skip

    def _say(self, rows: list[Row]) -> None:
        lines = self.query_one("#keys", PanelLines)
        lines.shown = rows
        lines.renew()
        lines.refresh(layout=True)


def _keys() -> list[Row]:
    return [
        row(("↵", "key b"), (" adds it  ", "soft"), ("esc", "key b"), (" leaves it out", "soft"))
    ]
