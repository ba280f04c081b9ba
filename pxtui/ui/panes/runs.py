"""Runs: waiting, going on and past; Enter shows a run's log."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message

from pxtui.logs.text import clean_line
from pxtui.state import State
from pxtui.ui import words
from pxtui.ui.draw import Lines, Piece, Row, cut, padded, row
from pxtui.ui.listed import ListedRun, listed_runs
from pxtui.ui.pane import Bar, LeftPane


class RunRows(Lines):
    """One row a run."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "show log", id="runs.open",
                tooltip="Show the run's log in Run."),
    ]  # fmt: skip

    class Opened(Message):
        """A run was chosen."""

        def __init__(self, run: str) -> None:
            super().__init__()
            self.run = run

    def __init__(self) -> None:
        super().__init__(with_cursor=True)
        self.runs: tuple[ListedRun, ...] = ()
        self.shown = ""
        """The run whose log stands in Run."""
        self._differs = 0

    def set(self, runs: tuple[ListedRun, ...]) -> None:
        """Show these; the cursor stays on its run."""
        current = self.current
        self.runs = runs
        self._differs = max((len(clean_line(r.differs)) for r in runs), default=0)
        if current is not None and current.id:
            at = next((i for i, r in enumerate(runs) if r.id == current.id), self.cursor)
            # A reader is not moved along by a new row above; one at the top stays at the newest.
            self.cursor = at if self.cursor else 0
        self.renew()

    @property
    def current(self) -> ListedRun | None:
        """The run under the cursor."""
        return self.runs[self.cursor] if self.cursor < len(self.runs) else None

    def count(self) -> int:
        """As many as there are runs."""
        return len(self.runs)

    def line(self, index: int, width: int) -> Row:
        """Number, state, what differs from the file, last line if it fits."""
        run = self.runs[index]
        here = run.id == self.shown and run.id
        number = Piece(padded(str(run.number), 4, right=True), "strong b" if here else "ink")
        state = (Piece(f"  {run.glyph} ", run.tone), Piece(padded(run.word, 8) + " ", run.tone))
        room = width - 17
        differs = run.differs or "as in the file"
        columns = max(14, min(self._differs, room // 2))
        told = run.last_line or run.message
        if not told or self.tall > 1 or room < columns + 20:
            return (number, *state, Piece(cut(differs, room), "ink" if run.differs else "soft"))
        middle = Piece(padded(differs, columns) + "  ", "ink" if run.differs else "soft")
        tone = "bad" if run.tone == "bad" else "soft"
        return (number, *state, middle, Piece(cut(told, room - columns - 2), tone))

    def second(self, index: int, width: int) -> Row:
        """The last line, where rows are short."""
        run = self.runs[index]
        told = run.last_line or run.message
        if run.is_live:
            told = f"since {words.clock(run.started)}"
        elif not run.id:
            told = "waits for its turn"
        tone = "bad" if run.tone == "bad" else "soft"
        return row(" " * 17, (cut(told, width - 17), tone))

    def renew(self) -> None:
        """Short rows have a second one below them, unless there is no room for any."""
        narrow = self.size.width < 60 and not any(
            self.screen.has_class(name) for name in ("-compact", "-tiny")
        )
        self.tall = 2 if narrow else 1
        super().renew()

    def action_open(self) -> None:
        """Say which run was chosen."""
        if self.current is not None and self.current.id:
            self.post_message(self.Opened(self.current.id))


class Runs(LeftPane):
    """The runs of this project."""

    NUMBER = "6"
    TITLE = "Runs"
    DEFAULT_CSS = "Runs RunRows { height: 1fr; }"

    class Chosen(Message):
        """The log of a run is to be shown."""

        def __init__(self, run: str) -> None:
            super().__init__()
            self.run = run

    def __init__(self) -> None:
        super().__init__(id="runs")

    def compose(self) -> ComposeResult:
        """Head and rows."""
        yield Bar(self.NUMBER, self.TITLE)
        yield RunRows()

    def show(self, state: State, now: float) -> None:
        """Show all runs."""
        rows = self.query_one(RunRows)
        runs = listed_runs(state)
        if runs != rows.runs:
            rows.set(runs)
        past = sum(1 for run in runs if run.seconds is not None)
        self.query_one(Bar).note((words.number(past, "past run"), "soft") if past else "")

    @property
    def number_shown(self) -> str:
        """The number of the run whose log stands in Run: `#12`."""
        rows = self.query_one(RunRows)
        return next((run.name for run in rows.runs if run.id == rows.shown != ""), "")

    def mark_shown(self, run: str) -> None:
        """Say which run's log stands in Run."""
        rows = self.query_one(RunRows)
        if rows.shown != run:
            rows.shown = run
            rows.refresh()

    def wanted(self, width: int) -> int:
        """Head and rows."""
        rows = self.query_one(RunRows)
        return 1 + rows.count() * rows.tall

    def hint(self) -> Row:
        """How the run ended and its last line."""
        run = self.query_one(RunRows).current
        if run is None:
            return ()
        took = f" in {words.took(run.seconds)}" if run.seconds is not None else ""
        told = run.last_line or run.message
        state = (f"  {run.glyph} {run.word}{took}", run.tone)
        return row((run.name, "strong b"), state, (f" · {told}" if told else "", "soft"))

    @on(RunRows.Opened)
    def _opened(self, event: RunRows.Opened) -> None:
        event.stop()
        self.post_message(self.Chosen(event.run))
