"""The name that a person gives a run."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical

from pxtui.ui.dialogs.panel import PanelLines, TypingDialog
from pxtui.ui.draw import row
from pxtui.ui.field import Field


class Label(TypingDialog[str]):
    """Ends with the name; an empty one takes the name away."""

    DEFAULT_CSS = """
    Label Field { margin: 1 0; background: $px-ground; }
    """

    def __init__(self, run: str, label: str) -> None:
        super().__init__()
        self._run, self._label = run, label

    def compose(self) -> ComposeResult:
        """Question, field, keys."""
        field = Field(self._entered, placeholder="no label")
        field.value = self._label
        keys = row(
            ("↵", "key b"), (" keeps it  ", "soft"), ("esc", "key b"), (" as it was", "soft")
        )
        with Vertical(id="panel"):
            yield PanelLines([row((f"Label of {self._run}", "strong b"))], name_id="question")
            yield field
            yield PanelLines([keys], name_id="keys")

    def on_mount(self) -> None:
        """What is typed replaces the old name."""
        self.query_one(Field).action_select_all()

    async def _entered(self, typed: str) -> None:
        self.dismiss(typed)
