"""Watch: what a change of a file leads to, and what happened lately."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from textual.app import ComposeResult

from pxtui.events import Event, Held
from pxtui.logs.text import clean, clean_line
from pxtui.state import State
from pxtui.ui import words
from pxtui.ui.draw import Block, Lines, Piece, Row, cut, row, spread
from pxtui.ui.pane import Pane
from pxtui.ui.panes.gets import folded
from pxtui.ui.told import (
    LEADS_TO,
    WHILE_BUSY,
    changed_words,
    held_words,
    in_words,
    pending_words,
    watch_words,
)

KEPT = 500
"""Events that are kept for the list."""
WAITING = 8
"""Files that are named of those that changed while the watch pauses."""
LABEL = 12


class _WatchMode(Block):
    """The mode, and the last changes with what they led to."""

    DEFAULT_CSS = "_WatchMode { height: auto; }"

    def __init__(self) -> None:
        super().__init__()
        self.state = State()

    def rows(self, width: int) -> Sequence[Row]:
        watching, waits = self.state.watching, self.state.resolved is None
        mode = watch_words(watching.mode)
        if watching.mode == "off":
            first = row(
                ("○ ", "soft"),
                "watch off",
                (" · a change leads to nothing · ", "soft"),
                ("w", "key b"),
                (" sets it", "soft"),
            )
            rows = [first]
        elif self.state.held is not None:
            rows = self._pause(self.state.held, width)
        else:
            rows = [
                row(
                    ("◉ ", "good"),
                    f"watch {mode}",
                    (f" · a change leads to {LEADS_TO[watching.mode]}", "soft"),
                )
            ]
        if waits and watching.mode != "off":
            rows.append(row(("  until the polyaxonfile can be run: nothing", "soft")))
        if watching.mode == "run":
            rows.append(row(("  while a run is going: ", "soft"), WHILE_BUSY[watching.on_busy]))
        rows += [(), _head("Changes", width)]
        if not self.state.changes:
            rows.append(row(("    none was seen", "soft")))
        for change in self.state.changes[:-6:-1]:
            left = row((f"{words.clock(change.at)} ", "soft"), "  ", changed_words(change))
            rows.append(spread(left, row((f"  {LEADS_TO[change.leads_to]}", "soft")), width))
        return [*rows, (), _head("Events", width)]

    def _pause(self, held: Held, width: int) -> list[Row]:
        """Why the watch pauses, what is another thing, what waits, and how it goes on."""
        pending = self.state.pending
        told = folded(clean(held_words(held)), width - 2)
        rows = [row(("  " if i else "‖ ", "warn b"), (part, "ink")) for i, part in enumerate(told)]
        keys = [("w p", "key b"), (" goes on with all that changed", "soft")]
        if held.path:
            keys = [*keys, ("   w i", "key b"), (" leaves the file out", "soft")]
        rows.append(row("  ", *keys))
        for label, text in held.facts:
            told = folded(clean_line(text), max(10, width - LABEL - 2))
            rows += [
                row("  ", (f"{'' if i else label:<{LABEL}}", "soft"), (part, "ink"))
                for i, part in enumerate(told)
            ]
        rows.append(row("  ", (pending_words(pending), "strong")))
        for path in pending.paths[:WAITING] if pending else ():
            rows.append(row("    ", (cut(clean_line(path), width - 4), "ink")))
        if pending and pending.total > WAITING:
            rows.append(row("    ", (f"and {pending.total - WAITING:,} more", "soft")))
        return rows


def _seen(state: State) -> tuple[object, ...]:
    return state.watching, state.changes, state.resolved is None, state.held, state.pending


def _head(name: str, width: int) -> Row:
    return spread(row((name, "strong b")), (), width, "─", "hair")


class _WatchEvents(Lines):
    """What happened, newest first."""

    DEFAULT_CSS = "_WatchEvents { height: 1fr; }"

    def __init__(self) -> None:
        super().__init__()
        self.events: deque[tuple[float, Row]] = deque(maxlen=KEPT)

    def count(self) -> int:
        return len(self.events)

    def line(self, index: int, width: int) -> Row:
        at, told = self.events[-1 - index]
        return (Piece(f"{words.clock(at)}   ", "soft"), *told)


class Watch(Pane):
    """Watch mode and events."""

    NUMBER = "5"
    TITLE = "Watch"
    DEFAULT_CSS = "Watch { height: 1fr; }"

    def __init__(self) -> None:
        super().__init__(id="watch")

    def compose(self) -> ComposeResult:
        """Mode, changes, events."""
        yield _WatchMode()
        yield _WatchEvents()

    def show(self, state: State, now: float) -> None:
        """Show mode and changes."""
        mode = self.query_one(_WatchMode)
        if _seen(mode.state) != _seen(state):
            mode.state = state
            mode.refresh(layout=True)

    def tell(self, event: Event, now: float) -> None:
        """Take an event into the list."""
        told = in_words(event)
        if told:
            view = self.query_one(_WatchEvents)
            view.events.append((now, told))
            view.renew()
