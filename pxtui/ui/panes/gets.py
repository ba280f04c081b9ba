"""What the run gets: code, image, engine, data, limits, variables; what is open is decided here."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message

from pxtui.facts import Fact, facts
from pxtui.logs.text import clean_line
from pxtui.needs import Need
from pxtui.state import State
from pxtui.ui.draw import ItemLines, Piece, Row, row
from pxtui.ui.pane import Bar, LeftPane

LABEL = 8
"""Cells of the labels."""
NARROW = 40
"""Cells of the pane below which marks and needs take less room."""


class Facts(ItemLines):
    """Labels and texts; a text that is too long goes on below itself."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "decide", "decide", id="gets.decide",
                tooltip="Decide what the run gets of this."),
    ]  # fmt: skip

    class Decide(Message):
        """The fact under the cursor is to be decided on."""

    def __init__(self) -> None:
        super().__init__(with_cursor=True)
        self.facts: tuple[Fact, ...] = ()
        self._rows: list[Row] = []

    @property
    def current(self) -> Fact | None:
        """The fact under the cursor."""
        return self.facts[self.chosen] if 0 <= self.chosen < len(self.facts) else None

    def set(self, facts: tuple[Fact, ...]) -> None:
        """Show these; the cursor stays on its fact, or goes to the next that is open."""
        at, before = self.chosen, self.current
        self.facts = facts
        self.renew()
        if before is None or not facts:
            return
        same = [i for i, fact in enumerate(facts) if _about(fact) == _about(before)]
        if same and not (before.need and before.look and not facts[same[0]].look):
            self.choose(same[0])
        else:
            following = [i for i, fact in enumerate(facts) if fact.need and fact.look]
            here = [i for i in following if i >= at]
            self.choose(next(iter((*here, *following, *same)), min(at, self.chosen)))

    def renew(self) -> None:
        """Fold the texts at the width that there is; the cursor stays on its fact."""
        at, width = self.chosen, self.scrollable_content_region.width or self.size.width or 44
        made = [self._folded(index, width) for index in range(len(self.facts))]
        self._rows = [part for parts in made for part in parts]
        self.items = [index for index, parts in enumerate(made) for _ in parts]
        super().renew()
        if 0 <= at < len(self.facts):
            self.choose(at)

    def _folded(self, index: int, width: int) -> list[Row]:
        fact = self.facts[index]
        narrow = width < NARROW
        gutter = 2 if narrow else 4
        again = index > 0 and self.facts[index - 1].label == fact.label
        # the words of a need name what it is about: they take the room of the label
        label = 0 if narrow and fact.need and fact.look else LABEL
        text = (narrow and fact.brief) or fact.text
        rows: list[Row] = []
        for part in folded(clean_line(text), width - gutter - label):
            first = not rows
            mark = ("!" if fact.look and first else " ").rjust(gutter // 2).ljust(gutter)
            head = Piece((fact.label if first and not again else "").ljust(label)[:label], "soft")
            rows.append((Piece(mark, "warn"), head, Piece(part, "warn" if fact.look else "ink")))
        return rows

    def wanted(self, width: int) -> int:
        """The rows at some width."""
        return sum(len(self._folded(index, width)) for index in range(len(self.facts)))

    def count(self) -> int:
        """The rows at the width that it has."""
        return len(self._rows)

    def line(self, index: int, width: int) -> Row:
        """One of them."""
        return self._rows[index]

    def is_marked(self, index: int) -> bool:
        """The cursor is seen while it has the keys."""
        return self.has_focus and super().is_marked(index)

    def next_open(self) -> bool:
        """Put the cursor on the first fact to decide, from there on the next; False if none is."""
        still_open = [i for i, fact in enumerate(self.facts) if fact.need and fact.look]
        if not still_open:
            return False
        later = [i for i in still_open if self.has_focus and i > self.chosen]
        self.choose((later or still_open)[0])
        return True

    def action_decide(self) -> None:
        """Say that it is to be decided on."""
        self.post_message(self.Decide())


def _about(fact: Fact) -> tuple[str, ...]:
    """What stays the same of a fact whose words change."""
    return (fact.need,) if fact.need else (fact.label, fact.text)


def folded(text: str, width: int) -> list[str]:
    """A text in lines, broken at spaces where there are any."""
    lines, rest = [], text
    while len(rest) > max(8, width):
        at = rest.rfind(" ", 1, max(8, width) + 1)
        if at <= 0:
            at = max(rest.rfind(sign, 8, max(8, width)) for sign in "/:") + 1 or max(8, width)
        lines.append(rest[:at])
        rest = rest[at:].lstrip()
    return [*lines, rest]


class Gets(LeftPane):
    """What the run gets."""

    TITLE = "What the run gets"
    DEFAULT_CSS = "Gets Facts { height: 1fr; }"

    class Chosen(Message):
        """A need is to be decided on."""

        def __init__(self, need: Need) -> None:
            super().__init__()
            self.need = need

    def __init__(self) -> None:
        super().__init__(id="gets")
        self._needs: dict[str, Need] = {}

    def compose(self) -> ComposeResult:
        """Head and facts."""
        yield Bar(self.NUMBER, self.TITLE)
        yield Facts()

    def show(self, state: State, now: float) -> None:
        """Show what is known."""
        self._needs = {need.id: need for need in state.needs}
        view = self.query_one(Facts)
        if (found := facts(state)) != view.facts:
            view.set(found)
        undecided = sum(not need.decided for need in state.needs)
        look = sum(fact.look for fact in found)
        note = f"{undecided} to decide" if undecided else f"{look} to look at" if look else ""
        note = note if self.size.width >= NARROW else note.partition(" ")[0]
        self.query_one(Bar).note(*([("! ", "warn"), (note, "soft")] if note else []))

    def wanted(self, width: int) -> int:
        """Head and facts."""
        return 1 + self.query_one(Facts).wanted(width)

    def hint(self) -> Row:
        """What can be decided on the fact under the cursor, or what was."""
        fact = self.query_one(Facts).current
        need = self._needs.get(fact.need) if fact is not None else None
        if need is None:
            return ()
        words = dict(need.choices)
        if need.decided:
            told = f" decides anew · now: {clean_line(words[need.decided])}"
            return row(("↵", "key b"), (told, "soft"))
        choices = (words.values(), words.keys())
        texts = [f" decides: {' · '.join(map(clean_line, said))}" for said in choices]
        told = next((text for text in texts if len(text) + 5 <= self.app.size.width), " decides")
        return row(("↵", "key b"), (told, "soft"))

    def next_need(self) -> bool:
        """Put the cursor on the next open need and take the keys; False if there is none."""
        view = self.query_one(Facts)
        found = view.next_open()
        if found:
            self.screen.set_focus(view)
        return found

    @on(Facts.Decide)
    def _decide(self, event: Facts.Decide) -> None:
        event.stop()
        fact = self.query_one(Facts).current
        if fact is not None and (need := self._needs.get(fact.need)) is not None:
            self.post_message(self.Chosen(need))
