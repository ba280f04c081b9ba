"""A question with its facts and its choices: the default has the cursor, Esc takes the safe one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from pxtui.logs.text import clean
from pxtui.ui.dialogs.panel import Dialog, PanelLines
from pxtui.ui.draw import Block, ItemLines, Row, row
from pxtui.ui.panes.gets import folded

SAFE = ("", "no", "stay", "cancel", "keep")
LABEL = 11


class Choices(PanelLines, ItemLines):
    """The choices; one that is too long goes on below itself."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "take", "choose", id="choose.take", tooltip="Take this choice."),
        Binding("tab", "move(1)", "next", id="choose.next", show=False, tooltip="The next choice."),
        Binding("shift+tab", "move(-1)", "previous", id="choose.previous", show=False,
                tooltip="The choice before."),
    ]  # fmt: skip

    def __init__(self, choices: Sequence[str], width: int) -> None:
        parts = [folded(clean(words), width - 4) for words in choices]
        super().__init__([row(part) for p in parts for part in p], name_id="choices",
                         with_cursor=True)  # fmt: skip
        self.items = [index for index, p in enumerate(parts) for _ in p]

    def line(self, index: int, width: int) -> Row:
        """A row of a choice, marked where the cursor is."""
        here = self.is_marked(index)
        first = self.items.index(self.items[index]) == index
        words = self.shown[index][0].text
        mark = " ↵  " if here and first else "    "
        return row((mark, "key b"), (words, "strong b" if here else "ink"))

    def action_page(self, by: int) -> None:
        """Pages are those of the facts above."""
        for facts in self.screen.query(_FactLines):
            facts.action_page(by)

    def action_take(self) -> None:
        """Take the choice under the cursor."""
        if isinstance(self.screen, Choose):
            self.screen.take(self.chosen)

    def on_click(self, event: events.Click) -> None:
        """A click takes a choice."""
        super().on_click(event)
        self.action_take()


class _FactLines(PanelLines):
    """Facts, all that there is room for; the row below says that there are more."""

    DEFAULT_CSS = "_FactLines { margin: 1 0 0 0; }"


class _More(Block):
    """Where facts are out of view: how many, and the keys."""

    GROUND = "band"
    DEFAULT_CSS = "_More { height: 1; }"

    def rows(self, width: int) -> Sequence[Row]:
        facts = self.screen.query_one(_FactLines)
        above, height = facts.scroll_offset.y, facts.size.height
        below = facts.count() - height - above
        hidden = [f"{above} above"] * (above > 0) + [f"{below} more below"] * (below > 0)
        if not hidden or not height:
            return [()]
        return [row(("pgup pgdn", "key b"), (f"  {' · '.join(hidden)}", "soft"))]


class Choose(Dialog[str]):
    """Ends with the key of the choice that was taken; empty where it is left without one."""

    def __init__(
        self,
        text: str,
        choices: Sequence[tuple[str, str]],
        default: str,
        facts: Sequence[tuple[str, str]] = (),
        question: str = "",
        is_asked: Callable[[], bool] = lambda: True,
    ) -> None:
        super().__init__()
        self._text, self._choices, self._default = text, choices, default
        self._facts = facts
        self.question = question
        """Id of the session's question, if it is one."""
        self.is_asked = is_asked
        """Whether there still is what it asks about."""

    def compose(self) -> ComposeResult:
        """Question, facts, choices."""
        width = max(20, min(84, int(self.app.size.width * 0.94)) - 6)
        head = [row((part, "strong b")) for part in folded(clean(self._text), width)]
        with Vertical(id="panel"):
            yield PanelLines(head, name_id="question")
            if self._facts:
                yield _FactLines(self._fact_rows(width), name_id="facts")
                yield _More()
            else:
                yield PanelLines([()], name_id="gap")
            yield Choices([words for _, words in self._choices], width)

    def _fact_rows(self, width: int) -> list[Row]:
        rows, before = [], ""
        for name, text in self._facts:
            label, before = name if name != before else "", name
            lines = [
                part for line in clean(text).split("\n") for part in folded(line, width - LABEL - 1)
            ]
            for at, part in enumerate(lines):
                rows.append(row((f"{label if not at else '':<{LABEL}}", "soft"), part))
        return rows

    def on_mount(self) -> None:
        """The default choice has the cursor."""
        choices = self.query_one(Choices)
        self.set_focus(choices)
        keys = [key for key, _ in self._choices]
        choices.choose(keys.index(self._default) if self._default in keys else 0)
        for facts in self.query(_FactLines):
            self.watch(facts, "scroll_y", self._moved, init=False)

    def _moved(self) -> None:
        self.query_one(_More).refresh()

    def on_resize(self, event: events.Resize) -> None:
        """The facts take what question and choices leave; these are never cut."""
        others = sum(lines.count() for lines in self.query(PanelLines) if lines.id != "facts")
        for facts in self.query(_FactLines):
            facts.styles.max_height = max(2, event.size.height * 9 // 10 - others - 4)
            self.call_after_refresh(self._moved)

    def take(self, index: int) -> None:
        """End with a choice."""
        self.dismiss(self._choices[index][0])

    def action_leave(self) -> None:
        """End with the choice that does the least, or with none."""
        keys = [key for key, _ in self._choices]
        self.dismiss(next((key for key in SAFE if key in keys), ""))
