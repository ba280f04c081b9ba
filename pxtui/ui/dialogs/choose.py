"""A question with its facts and its choices: the default has the cursor, Esc takes the safe one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from pxtui.logs.text import clean
from pxtui.ui.dialogs.panel import Dialog, PanelLines
from pxtui.ui.draw import Row, row
from pxtui.ui.panes.gets import folded

SAFE = ("no", "stay", "cancel", "keep")
LABEL = 11


class Choices(PanelLines):
    """The choices, one a row."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "take", "choose", id="choose.take", tooltip="Take this choice."),
        Binding("tab", "move(1)", "next", id="choose.next", show=False, tooltip="The next choice."),
        Binding("shift+tab", "move(-1)", "previous", id="choose.previous", show=False,
                tooltip="The choice before."),
    ]  # fmt: skip

    def line(self, index: int, width: int) -> Row:
        """A choice, marked where the cursor is."""
        here = index == self.cursor
        words = self.shown[index][0].text
        return row((" ↵  " if here else "    ", "key b"), (words, "strong b" if here else "ink"))

    def action_take(self) -> None:
        """Take the choice under the cursor."""
        self.post_message(Choose.Taken(self.cursor))

    def on_click(self, event: events.Click) -> None:
        """A click takes a choice."""
        super().on_click(event)
        self.action_take()


class Choose(Dialog[str]):
    """Ends with the key of the choice that was taken."""

    DEFAULT_CSS = """
    Choose #facts { height: auto; max-height: 60vh; margin: 1 0; }
    """

    class Taken(events.Event):
        """A choice was taken."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    def __init__(
        self,
        text: str,
        choices: Sequence[tuple[str, str]],
        default: str,
        facts: Sequence[tuple[str, str]] = (),
        question: str = "",
    ) -> None:
        super().__init__()
        self._text, self._choices, self._default = text, choices, default
        self._facts = facts
        self.question = question
        """Id of the session's question, if it is one."""

    def compose(self) -> ComposeResult:
        """Question, facts, choices."""
        width = max(20, min(84, int(self.app.size.width * 0.94)) - 6)
        head = [row((part, "strong b")) for part in folded(clean(self._text), width)]
        with Vertical(id="panel"):
            yield PanelLines(head, name_id="question")
            if self._facts:
                yield PanelLines(self._fact_rows(width), name_id="facts")
            else:
                yield PanelLines([()], name_id="gap")
            words = [row(words) for _, words in self._choices]
            yield Choices(words, name_id="choices", with_cursor=True)

    def _fact_rows(self, width: int) -> list[Row]:
        rows = []
        for label, text in self._facts:
            lines = [
                part for line in clean(text).split("\n") for part in folded(line, width - LABEL)
            ]
            for at, part in enumerate(lines):
                rows.append(row((f"{label if not at else '':<{LABEL}}", "soft"), part))
        return rows

    def on_mount(self) -> None:
        """The default choice has the cursor."""
        choices = self.query_one(Choices)
        choices.focus()
        keys = [key for key, _ in self._choices]
        choices.cursor = keys.index(self._default) if self._default in keys else 0

    def on_choose_taken(self, event: Taken) -> None:
        """End with it."""
        self.dismiss(self._choices[event.index][0])

    def action_leave(self) -> None:
        """End with the choice that does the least."""
        keys = [key for key, _ in self._choices]
        self.dismiss(next((key for key in keys if key in SAFE), keys[-1]))
