"""What all dialogs share: a panel of rows in the middle, on its own ground."""

from __future__ import annotations

from typing import ClassVar, Generic, TypeVar

from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from pxtui.ui.draw import Lines, Row
from pxtui.ui.field import Field

Result = TypeVar("Result")


class PanelLines(Lines):
    """Rows of a dialog."""

    GROUND: ClassVar[str] = "band"
    CURSOR: ClassVar[str] = "tint"
    DEFAULT_CSS = "PanelLines { height: auto; background: $px-band; }"

    def __init__(self, rows: list[Row], *, name_id: str, with_cursor: bool = False) -> None:
        super().__init__(name_id=name_id, with_cursor=with_cursor)
        self.shown = rows
        self.can_focus = with_cursor

    def count(self) -> int:
        """All rows."""
        return len(self.shown)

    def line(self, index: int, width: int) -> Row:
        """One of them."""
        return self.shown[index]


class Once(ModalScreen[Result], Generic[Result]):
    """A screen over the app that ends once, however many keys ask it to."""

    def dismiss(self, result: Result | None = None) -> AwaitComplete:
        """End with a result; what has ended already does not end what is below it."""
        if self.app.screen is not self:
            return AwaitComplete()
        return super().dismiss(result)


class Dialog(Once[Result], Generic[Result]):
    """A panel over the screen; Esc and q leave it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "leave", id="dialog.leave", tooltip="Leave without doing it."),
        Binding("q", "leave", "leave", id="dialog.leave-q", show=False, tooltip="Leave."),
    ]
    DEFAULT_CSS = """
    Dialog { align: center middle; }
    Dialog > #panel {
        width: 84; max-width: 94%; height: auto; max-height: 90%;
        background: $px-band; padding: 1 2;
    }
    """

    def action_leave(self) -> None:
        """Leave."""
        self.dismiss(None)


class TypingDialog(Dialog[Result], Generic[Result]):
    """A dialog in whose field a person types at once."""

    def on_mount(self) -> None:
        """The field has the keys, also those that come together with the one that opened it."""
        self.set_focus(self.query_one(Field))
