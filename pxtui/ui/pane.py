"""What a pane is: it shows a State, has a number and a name, and says what its focus means."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.containers import Vertical
from textual.message import Message
from textual.widget import Widget

from pxtui.state import State
from pxtui.ui.draw import Block, Piece, Row, row, spread


class Bar(Block):
    """The head of a section in one row: `N Name ──── note`."""

    DEFAULT_CSS = "Bar { height: 1; }"

    def __init__(self, number: str, title: str) -> None:
        super().__init__()
        self._number, self._title = number, title
        self._note: Row = ()

    def note(self, *parts: str | tuple[str, str] | Piece) -> None:
        """Say something at the right end."""
        if (pieces := row(*parts)) != self._note:
            self._note = pieces
            self.refresh()

    def rows(self, width: int) -> Sequence[Row]:
        """The one row, in the key colour where the focus is."""
        focused = self.parent is not None and self.parent.has_pseudo_class("focus-within")
        number = Piece(f"{self._number} " if self._number else "", "key b" if focused else "soft")
        name = Piece(self._title, "key b" if focused else "strong b")
        line = "key" if focused else "hair"
        return [spread((number, name), self._note, width, "─", line)]


class Pane(Vertical):
    """A part of the screen that shows the State; what a person does in it is told by messages."""

    NUMBER: ClassVar[str] = ""
    TITLE: ClassVar[str] = ""
    DEFAULT_CSS = """
    Pane { height: auto; }
    """

    class Fits(Message):
        """It has another size than when it was shown the state."""

    def on_resize(self) -> None:
        """What is shown depends on the room for it."""
        self.post_message(self.Fits())

    def show(self, state: State, now: float) -> None:
        """Show the state as of this moment."""
        raise NotImplementedError

    def hint(self) -> Row:
        """What the row under the cursor is, for the second message line."""
        return ()

    def target(self) -> Widget | None:
        """What takes the keys when the pane is chosen."""
        return next((w for w in self.query("*") if w.focusable), None)

    def on_descendant_focus(self) -> None:
        """The head says where the focus is."""
        for bar in self.query(Bar):
            bar.refresh()

    def on_descendant_blur(self) -> None:
        """The head says where the focus is."""
        self.on_descendant_focus()


class LeftPane(Pane):
    """A pane of the left column, which shares its height out by what each pane wants."""

    def wanted(self, width: int) -> int:
        """The rows that would show all of it."""
        raise NotImplementedError

    def least(self) -> int:
        """The rows below which it says nothing."""
        return 4
