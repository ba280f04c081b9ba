"""Build: the steps of the newest build, its log, how it ended."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from textual.app import ComposeResult

from pxtui.events import Finished, Step
from pxtui.logs.text import clean_line
from pxtui.state import Build as BuildState
from pxtui.state import State
from pxtui.ui import words
from pxtui.ui.draw import Block, Piece, Row, cut, padded, row, spread
from pxtui.ui.listed import ended
from pxtui.ui.log_view import LogPart
from pxtui.ui.pane import Pane
from pxtui.ui.panes.gets import folded

MOST_STEPS = 12
"""Steps that are shown at once; of more, the first ones give way."""


class _BuildSteps(Block):
    """The steps, and a sentence on the whole."""

    DEFAULT_CSS = "_BuildSteps { height: auto; }"

    def __init__(self) -> None:
        super().__init__()
        self.build: BuildState | None = None
        self.now = 0.0

    def rows(self, width: int) -> Sequence[Row]:
        build = self.build
        if build is None:
            return [row(("nothing was built yet · ", "soft"), ("b", "key b"), (" builds", "soft"))]
        room = max(3, min(MOST_STEPS, (self.parent_height() - 4) // 2))
        steps = build.steps[-room:]
        left_out = len(build.steps) - len(steps)
        rows = (
            [row((f"    {words.number(left_out, 'step')} before these", "soft"))]
            if left_out
            else []
        )
        rows += [_step(step, width, build.finished) for step in steps]
        return [*_result(build, self.now, width), *rows, ()]

    def parent_height(self) -> int:
        """The rows that the pane has."""
        return self.parent.size.height if isinstance(self.parent, Pane) else 24


def _result(build: BuildState, now: float, width: int) -> list[Row]:
    finished, cause = build.finished, clean_line(build.started.cause)
    why = f" · {cause}" if cause not in ("", "asked") else ""
    at = words.clock(build.started.at)
    if finished is None:
        doing = "being closed: a newer one is wanted" if build.closing else "building"
        time = words.elapsed(now - build.started.at)
        return [row(("● ", "good"), (doing, "ink"), (f" since {at} · {time}{why}", "soft"))]
    glyph, word, tone = ended(finished)
    said = {"done": "built", "skipped": "found again, nothing to build"}.get(finished.outcome, word)
    cached = sum(step.cached for step in build.steps)
    total = max((step.total for step in build.steps), default=0)
    steps = f" · {cached} of {words.number(total, 'step')} cached" if cached else ""
    rows = [
        row(
            (f"{glyph} ", tone), (said, tone),
            (f" {at} in {words.took(finished.seconds)}{steps}{why}", "soft"),
        )
    ]  # fmt: skip
    if finished.message:
        rows += [
            row("  ", (part, tone)) for part in folded(clean_line(finished.message), width - 2)
        ]
    return rows


def _step(step: Step, width: int, finished: Finished | None) -> Row:
    glyph, tone = {"started": ("●", "good"), "done": ("✓", "good"), "failed": ("✗", "bad")}[
        step.state
    ]
    good = finished is not None and finished.outcome in ("done", "skipped")
    if step.state == "started" and finished is not None:
        glyph, tone, told = ("✓", "good", "done") if good else ("○", "soft", "not finished")
    elif step.state == "started":
        told = "going on"
    elif step.cached:
        told = "cached"
    else:
        told = words.took(step.seconds) if step.seconds is not None else step.state
    left = (Piece(f" {glyph} ", tone), Piece(f"{step.index:>2}/{step.total:<3}", "soft"))
    column = max(8, len(told))
    text = cut(step.text, width - 11 - column)
    told = padded(told, column, right=True)
    return spread((*left, Piece(text, "ink")), row((told, "soft")), width)


class Build(Pane):
    """The newest build."""

    NUMBER = "3"
    TITLE = "Build"
    DEFAULT_CSS = "Build { height: 1fr; }"

    def __init__(self) -> None:
        super().__init__(id="build")

    def compose(self) -> ComposeResult:
        """Steps and log."""
        yield _BuildSteps()
        yield LogPart()

    def show(self, state: State, now: float) -> None:
        """Show the newest build of the state."""
        steps = self.query_one(_BuildSteps)
        if steps.build != state.build or state.building is not None:
            steps.build, steps.now = state.build, now
            steps.refresh(layout=True)
        part = self.query_one(LogPart)
        part.display = state.build is not None
        part.view.ended = state.build is not None and state.build.finished is not None

    def open(self, folder: Path) -> None:
        """Show the log in this folder."""
        self.query_one(LogPart).view.open(folder)

    @property
    def log_part(self) -> LogPart:
        """Its log."""
        return self.query_one(LogPart)
