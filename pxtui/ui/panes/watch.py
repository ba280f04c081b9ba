"""Watch: what a change of a file leads to, and what happened lately."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from textual.app import ComposeResult

from pxtui.events import Event
from pxtui.state import State
from pxtui.ui import words
from pxtui.ui.draw import Block, Lines, Piece, Row, row, spread
from pxtui.ui.pane import Pane
from pxtui.ui.told import LEADS_TO, changed_words, in_words, watch_words

KEPT = 500
"""Events that are kept for the list."""
_BUSY = {
    "queue": "one next run waits for its end",
    "restart": "it is stopped and the next one starts",
    "beside": "the next one starts beside it",
    "ignore": "the change is left out",
}


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
            rows.append(row(("  while a run is going: ", "soft"), _BUSY[watching.on_busy]))
        rows += [(), _head("Changes", width)]
        if not self.state.changes:
            rows.append(row(("    none was seen", "soft")))
        for change in self.state.changes[:-6:-1]:
            left = row((f"{words.clock(change.at)} ", "soft"), "  ", changed_words(change))
            rows.append(spread(left, row((f"  {LEADS_TO[change.leads_to]}", "soft")), width))
        return [*rows, (), _head("Events", width)]


def _seen(state: State) -> tuple[object, ...]:
    return state.watching, state.changes, state.resolved is None


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
