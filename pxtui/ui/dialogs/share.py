"""The forms in which a run can be handed on, in full; one of them is copied."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from pxtui.logs.text import clean
from pxtui.ui.dialogs.panel import Dialog, PanelLines
from pxtui.ui.draw import ItemLines, Row, row
from pxtui.ui.panes.gets import folded


class Forms(ItemLines, PanelLines):
    """Each form with its number and name, and its whole text below."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "take", "copy", id="share.take", tooltip="Copy the form at the cursor."),
        *(
            Binding(str(n), f"take({n})", f"copy {n}", id=f"share.{n}", show=False,
                    tooltip=f"Copy form {n}.")
            for n in (1, 2, 3)
        ),
    ]  # fmt: skip

    def __init__(
        self, forms: Sequence[tuple[str, str]], width: int, take: Callable[[int], None]
    ) -> None:
        rows: list[Row] = []
        items: list[int] = []
        for index, (name, text) in enumerate(forms):
            made = [row((f" {index + 1}  ", "key b"), (name, "strong b"))]
            for line in clean(text).split("\n"):
                made += [row("    ", part) for part in folded(line, width - 4)]
            made.append(())
            rows += made
            items += [index] * len(made)
        super().__init__(rows, name_id="forms", with_cursor=True)
        self.items, self._take = items, take

    def is_marked(self, index: int) -> bool:
        """The rows of the form but the empty one below it."""
        return bool(index < len(self.shown) and self.shown[index]) and super().is_marked(index)

    def action_take(self, number: int = 0) -> None:
        """Take the form of this number, else the one at the cursor."""
        index = number - 1 if number else self.chosen
        if index in self.items:
            self._take(index)

    def on_click(self, event: events.Click) -> None:
        """A click takes a form."""
        super().on_click(event)
        self.action_take()


class Share(Dialog[str]):
    """Ends with the text of the form that was chosen."""

    DEFAULT_CSS = """
    Share > #panel { width: 110; }
    Share Forms { height: auto; max-height: 60vh; margin-top: 1; }
    """

    def __init__(self, title: str, forms: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self._headline, self._forms = title, forms

    def compose(self) -> ComposeResult:
        """Head, forms, keys."""
        width = max(20, min(110, int(self.app.size.width * 0.94)) - 5)
        last = str(len(self._forms))
        keys = row(
            ("1", "key b"), ("–", "soft"), (last, "key b"), (" or ", "soft"), ("↵", "key b"),
            (" copies  ", "soft"), ("esc", "key b"), (" leaves", "soft"),
        )  # fmt: skip
        with Vertical(id="panel"):
            yield PanelLines([row((self._headline, "strong b"))], name_id="question")
            yield Forms(self._forms, width, self._taken)
            yield PanelLines([keys], name_id="keys")

    def on_mount(self) -> None:
        """The first form has the cursor."""
        self.set_focus(self.query_one(Forms))

    def _taken(self, index: int) -> None:
        self.dismiss(self._forms[index][1])
