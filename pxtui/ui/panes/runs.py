"""Runs: waiting, going on and past; Enter shows a run's log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message

from pxtui.logs.text import clean_line
from pxtui.state import State
from pxtui.ui import words
from pxtui.ui.draw import Lines, Piece, Row, cut, padded, row, width_of
from pxtui.ui.listed import ListedRun, fitted, listed_runs, when
from pxtui.ui.pane import Bar, LeftPane

STATE = 8
"""Cells of the longest word of a state."""
ONE_ROW = 90
"""Cells from which all of a run stands in one row."""
DIFFERS = 60
TOOK, WHEN, SIZE = 8, 11, 8


class RunRows(Lines):
    """One row a run, or two where rows are short."""

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
        self.now = 0.0
        self.last_lines: Mapping[str, str] = {}
        """The last lines so far of live runs, by id."""
        self._digits = 2
        self._differs = 0

    def set(self, runs: tuple[ListedRun, ...]) -> None:
        """Show these; the cursor stays on its run."""
        current = self.current
        self.runs = runs
        self._digits = max((len(str(run.number)) for run in runs), default=2)
        self._differs = max((width_of(self._what(run, DIFFERS)) for run in runs[:200]), default=0)
        if current is not None:
            known = (i for i, r in enumerate(runs) if (r.id, r.wait) == (current.id, current.wait))
            at = next(known, self.cursor)
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
        """Number, state and what differs; then seconds, and all the rest if it fits."""
        run = self.runs[index]
        head, took = self._head(run), self._took(run)
        room = width - width_of(head)
        if width >= ONE_ROW:
            return (*head, *self._columns(run, room))
        # where there is hardly any room, what differs goes before how long it took
        what = self._what(run, room - len(took) - 2 if room >= 24 else room)
        gap = room - width_of(what) - len(took)
        if not took or gap < 2:
            return (*head, *what)
        return (*head, *what, Piece(" " * gap + took, "soft"))

    def second(self, index: int, width: int) -> Row:
        """When, the last line, and the size of what it wrote."""
        run = self.runs[index]
        size = words.size(run.outputs_size) if run.outputs_size else ""
        indent = width_of(self._head(run))
        began = f"{' ' * (self._digits + 3)}{padded(self._when(run), indent - self._digits - 4)} "
        room = width - indent - (len(size) + 2 if size else 0)
        told = Piece(padded(self.told(run), room), _tone(run))
        return (Piece(began, "soft"), told, Piece(f"  {size}" if size else "", "soft"))

    def _head(self, run: ListedRun) -> Row:
        here = run.id == self.shown and run.id
        number = padded(str(run.number), max(2, self._digits) + 1, right=True)
        return row(
            (number, "strong b" if here else "ink"),
            ("★" if run.starred else " ", "warn"),
            (f" {run.glyph} {padded(run.word, STATE)} ", run.tone),
        )

    def _what(self, run: ListedRun, room: int) -> Row:
        """The person's name for it, and what differs from the file."""
        label = cut(run.label, room)
        left = room - width_of((Piece(label),)) - 2 * bool(label)
        if label and left < 4:
            return (Piece(label, "strong"),)
        differing = [(clean_line(name), clean_line(text)) for name, text in run.differing]
        differs = fitted(differing, left) if differing else "as in the file"
        if len(differs) > left:
            differs = "" if label else "as in file" if not differing else cut(differs, left)
        tone = "ink" if differing else "soft"
        return row((f"{label}  " if label and differs else label, "strong"), (differs, tone))

    def _columns(self, run: ListedRun, room: int) -> Row:
        """Everything beside each other; the last line takes what is left."""
        width = max(14, min(self._differs, room // 3))
        what = self._what(run, width)
        gap = " " * (width - width_of(what))
        size = words.size(run.outputs_size) if run.outputs_size else ""
        facts = (
            f"{gap}{padded(self._took(run), TOOK, right=True)}"
            f"  {padded(self._when(run), WHEN)}{padded(size, SIZE, right=True)}  "
        )
        left = room - width - TOOK - 2 - WHEN - SIZE - 2
        return (*what, Piece(facts, "soft"), Piece(cut(self.told(run), left), _tone(run)))

    def _took(self, run: ListedRun) -> str:
        if run.seconds is not None:
            return words.took(run.seconds)
        return words.elapsed(self.now - run.started) if run.is_live else ""

    def _when(self, run: ListedRun) -> str:
        return when(run.started, self.now) if run.id else ""

    def told(self, run: ListedRun) -> str:
        """Why it failed, or the last line of its output, so far."""
        if not run.id:
            return "waits for its turn"
        return (self.last_lines.get(run.id, "") if run.is_live else "") or run.told

    def renew(self) -> None:
        """Short rows have a second one below them, unless there is no room for any."""
        small = any(self.screen.has_class(name) for name in ("-compact", "-tiny"))
        self.tall = 2 if self.size.width < ONE_ROW and not small else 1
        super().renew()

    def action_open(self) -> None:
        """Say which run was chosen."""
        if self.current is not None and self.current.id:
            self.post_message(self.Opened(self.current.id))


def _tone(run: ListedRun) -> str:
    return "bad" if run.tone == "bad" else "soft"


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
        rows.now = now
        if runs != rows.runs:
            rows.set(runs)
        elif runs and self.display:
            rows.refresh()  # times go on
        past = sum(1 for run in runs if run.seconds is not None)
        self.query_one(Bar).note((words.number(past, "past run"), "soft") if past else "")

    def show_last_lines(self, lines: Mapping[str, str]) -> None:
        """The last lines so far of live runs, by id."""
        rows = self.query_one(RunRows)
        if lines != rows.last_lines:
            rows.last_lines = lines
            rows.refresh()

    @property
    def selected(self) -> ListedRun | None:
        """The run under the cursor."""
        return self.query_one(RunRows).current

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
        """How the run ended and its last line; when and what it wrote, if that fits."""
        rows = self.query_one(RunRows)
        run = rows.current
        if run is None:
            return ()
        if not run.id:
            keys = row(("s", "key b"), (" takes it back", "soft"))
            return (*row((run.name, "strong b"), ("  ◌ waits for its turn · ", "soft")), *keys)
        took = f" in {words.took(run.seconds)}" if run.seconds is not None else ""
        made = row((run.name, "strong b"), (f"  {run.glyph} {run.word}{took}", run.tone))
        room = self.app.size.width - 4
        if told := rows.told(run):
            made = (*made, Piece(" · " + cut(told, room - width_of(made) - 3), "soft"))
        for text in (when(run.started, rows.now), f"wrote {run.wrote}" if run.wrote else ""):
            longer = (*made, Piece(f" · {text}", "soft"))
            made = longer if text and width_of(longer) <= room else made
        return made

    @on(RunRows.Opened)
    def _opened(self, event: RunRows.Opened) -> None:
        event.stop()
        self.post_message(self.Chosen(event.run))
