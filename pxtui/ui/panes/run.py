"""Run: the log of one run, and how it goes or ended."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, cast

from textual import on
from textual.app import ComposeResult

from pxtui.logs.text import clean_line
from pxtui.logs.tracebacks import last_exception
from pxtui.session import Session
from pxtui.state import State
from pxtui.ui import words
from pxtui.ui.draw import Block, Piece, Row, cut, row, width_of
from pxtui.ui.listed import ListedRun, fitted, listed_runs
from pxtui.ui.log.part import LogPart
from pxtui.ui.log.view import LogView
from pxtui.ui.pane import Pane
from pxtui.ui.panes.gets import folded

LAST = 400
"""Lines of the log in which the exception is that a run ended with."""


class _RunHead(Block):
    """When the run started and with what."""

    DEFAULT_CSS = """
    _RunHead { height: auto; margin-bottom: 1; }
    .-compact _RunHead, .-tiny _RunHead { margin-bottom: 0; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.run: ListedRun | None = None

    def rows(self, width: int) -> Sequence[Row]:
        run = self.run
        if run is None:
            return [row(("nothing has run yet · ", "soft"), ("r", "key b"), (" runs", "soft"))]
        label = f" {cut(run.label, 30)} ·" if run.label else ""
        name = row((run.name, "strong b"), (label, "ink"))
        started = Piece(f" started {words.clock(run.started)} · ", "soft")
        differing = [(clean_line(name), clean_line(text)) for name, text in run.differing]
        room = width - width_of((*name, started))
        differs = fitted(differing, room) if differing else "values as in the file"
        return [(*name, started, Piece(differs, "soft"))]


class _RunEnd(Block):
    """How it ended: state, exception, message, outputs; or when it will be killed."""

    DEFAULT_CSS = "_RunEnd { height: auto; }"

    def __init__(self) -> None:
        super().__init__()
        self.run: ListedRun | None = None
        self.exception = ""
        self.left: float | None = None

    def rows(self, width: int) -> Sequence[Row]:
        run = self.run
        if run is None:
            return []
        if run.is_live:
            return self._stopping(run)
        took = f" after {words.took(run.seconds)}" if run.seconds is not None else ""
        rows = [row((f"{run.glyph} {run.word}", f"{run.tone} b"), (took, "soft"))]
        told = self._causes(run)
        if run.kept:
            told.append((f"! files could not be taken out: container {run.kept} is kept", "warn"))
        if run.outputs:
            told.append((f"outputs in {run.outputs}", "soft"))
        if run.wrote:
            told.append((f"wrote {run.wrote}", "soft"))
        for text, tone in told:
            rows += [
                row("  ", (part, tone)) for part in folded(clean_line(text), width - 2) if part
            ]
        return rows

    def _causes(self, run: ListedRun) -> list[tuple[str, str]]:
        """The exception and the message, each said once."""
        exception, message = clean_line(self.exception).strip(), clean_line(run.message).strip()
        if message == run.word or message in exception:
            message = ""
        if exception and exception in message:
            exception, message = message, ""
        return [(exception, "bad b"), (message, "ink")]

    def _stopping(self, run: ListedRun) -> Sequence[Row]:
        if self.left is None:
            return []
        soon = f"{max(0, self.left):.0f} s" if self.left > 0 else "now"
        return [
            row(
                ("! ", "warn b"),
                (f"{run.name} was asked to stop", "warn"),
                (f" · killed in {soon} · ", "soft"),
                ("S", "key b"),
                (" kills now", "soft"),
            )
        ]


class Runner(Protocol):
    """What has runs: their terminals are as large as this pane."""

    session: Session


class Run(Pane):
    """One run: the newest that started, or the one that was chosen in Runs."""

    NUMBER = "4"
    TITLE = "Run"
    DEFAULT_CSS = "Run { height: 1fr; }"

    def __init__(self) -> None:
        super().__init__(id="run")
        self.shown = ""
        self._told = (0, 0)

    def compose(self) -> ComposeResult:
        """Head, log, end."""
        yield _RunHead()
        yield LogPart()
        yield _RunEnd()

    def open(self, run: str, folder: Path) -> None:
        """Show the log of a run."""
        self.shown = run
        self.query_one(_RunEnd).exception = ""
        self.query_one(LogPart).view.open(folder)

    def show(self, state: State, now: float) -> None:
        """Show how the run goes."""
        run = (
            next((r for r in listed_runs(state) if r.id == self.shown), None)
            if self.shown
            else None
        )
        live = next((r for r in state.runs if r.started.id == self.shown), None)
        head, end = self.query_one(_RunHead), self.query_one(_RunEnd)
        left = live.deadline - now if live is not None and live.deadline is not None else None
        part = self.query_one(LogPart)
        part.display = bool(self.shown)
        part.view.ended = run is not None and not run.is_live
        if (head.run, end.left) != (run, left):
            head.run, end.run, end.left = run, run, left
            if run is not None:
                part.view.begin(f"start of {run.name}", run.started)
            self._look_for_exception()
            head.refresh()
            end.refresh(layout=True)

    @on(LogView.Changed)
    def _log_changed(self) -> None:
        self._look_for_exception()
        view = self.log_part.view
        size = view.look.width - view.look.text_at, view.size.height
        if size != self._told and min(size) > 0:
            self._told = size
            cast(Runner, self.app).session.resize(*size)

    def _look_for_exception(self) -> None:
        """A failed run names its last exception where it cannot be missed."""
        end = self.query_one(_RunEnd)
        if end.exception or end.run is None or end.run.is_live or end.run.tone == "good":
            return
        lines = self.query_one(LogPart).view.lines
        first = max(0, lines.total - LAST)
        end.exception = last_exception(line.text for line in lines.get(first, LAST))
        if end.exception:
            end.refresh(layout=True)

    @property
    def log_part(self) -> LogPart:
        """Its log."""
        return self.query_one(LogPart)
