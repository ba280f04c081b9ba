"""Build: the steps of the newest build, its log, how it ended, which image is good."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from textual.app import ComposeResult

from pxtui.events import Finished
from pxtui.logs.text import clean_line
from pxtui.session.before import step_to_enter
from pxtui.state import Build as BuildState
from pxtui.state import State
from pxtui.ui import words
from pxtui.ui.draw import Block, Row, row, width_of
from pxtui.ui.listed import ended
from pxtui.ui.log.part import LogPart
from pxtui.ui.log.view import LogView
from pxtui.ui.pane import Pane
from pxtui.ui.panes.build_steps import failure, step_rows
from pxtui.ui.panes.gets import folded
from pxtui.ui.prospect import image_words, run_words

LOG = 6
"""Rows that are left to the log, where there are enough."""
LOW = 22
"""A pane of fewer rows leaves out what stands elsewhere too."""
LAST = 400
"""Lines of the log that are looked at while no step has begun."""
PULLING = "pulling "
"""How a line of the log begins that says which base image is loaded."""


class _BuildSteps(Block):
    """The steps, and a sentence on the whole."""

    DEFAULT_CSS = "_BuildSteps { height: auto; }"

    def __init__(self) -> None:
        super().__init__()
        self.state, self.now = State(), 0.0
        self.doing: tuple[str, ...] = ()
        """What goes on while no step has begun."""
        self._step, self._since = ("", 0), 0.0
        self._made: Sequence[Row] = ()

    def show(self, state: State, now: float, doing: tuple[str, ...]) -> None:
        """Show the newest build of the state."""
        steps = state.build.steps if state.build is not None else ()
        step = (steps[-1].id, steps[-1].index) if steps else ("", 0)
        if step != self._step:
            self._step, self._since = step, now
        self.state, self.now, self.doing = state, now, doing
        made = self.rows(self.size.width)
        if made != self._made:
            self._made = made
            self.refresh(layout=True)

    def rows(self, width: int) -> Sequence[Row]:
        build, now = self.state.build, self.now
        if build is None:
            return [row(("nothing was built yet · ", "soft"), ("b", "key b"), (" builds", "soft"))]
        height, below = self.parent_height(), list[Row]()
        if build.finished is None:
            above = _going(build, now, self.doing, width)
        else:
            above = _ended(build, build.finished, width)[: max(3, height // 2)]
            if build.finished.outcome not in ("done", "skipped"):
                below = _after(self.state, now, width, low=height < LOW)
        room = height - LOG - len(above) - len(below)
        steps = step_rows(build, width, max(3, room), now - self._since)
        return [*above, *steps, *below, ()]

    def parent_height(self) -> int:
        """The rows that the pane has."""
        return self.parent.size.height if isinstance(self.parent, Pane) else 24


def _going(build: BuildState, now: float, doing: Sequence[str], width: int) -> list[Row]:
    """That it goes on, and what it does before the first step."""
    what = "being closed: a newer one is wanted" if build.closing else "building"
    time = f" since {words.clock(build.started.at)} · {words.elapsed(now - build.started.at)}"
    rows = [row(("● ", "good"), (what, "ink"), (time + _cause(build), "soft"))]
    return rows + [row("  ", (part, "ink")) for text in doing for part in folded(text, width - 2)]


def _cause(build: BuildState) -> str:
    cause = clean_line(build.started.cause)
    return f" · {cause}" if cause not in ("", "asked") else ""


def _ended(build: BuildState, finished: Finished, width: int) -> list[Row]:
    """How it ended, and of what."""
    glyph, word, tone = ended(finished)
    if finished.outcome == "skipped":
        glyph, word, tone = "✓", "found again, nothing to build", "good"
    said = "built" if finished.outcome == "done" else word
    if finished.outcome == "cancelled" and build.closing:
        said = "stopped: a newer one was wanted"
    message, why = failure(build, finished)
    if message.startswith("step "):
        said, message = message, why
    took, cached = f" in {words.took(finished.seconds)}", sum(step.cached for step in build.steps)
    total = max((step.total for step in build.steps), default=0)
    steps = f" · {cached} of {words.number(total, 'step')} cached" if cached else ""
    at = f" · {words.clock(build.started.at)}{took}"
    ends = (f"{at}{steps}{_cause(build)}", f"{at}{steps}", at, took, "")
    heads = [row((f"{glyph} ", tone), (said, tone), (end, "soft")) for end in ends]
    head = next((one for one in heads if width_of(one) <= width), None)
    if head is None:  # more than a row of words
        head, message = row((f"{glyph} ", tone), (word, tone), (at, "soft")), f"{said}: {message}"
    return [head, *(row("  ", (part, tone)) for part in folded(message, width - 2) if message)]


def _after(state: State, now: float, width: int, *, low: bool) -> list[Row]:
    """After a build without an image: the shell, the newest good image, what `r` does."""
    rows: list[Row] = []
    if (step := step_to_enter(state)) is not None:
        rows.append(row(("  E", "key b"), (f" opens a shell before step {step.index}", "soft")))
    image, note = image_words(state, now)
    good = row(("  newest good image: ", "soft"), (image, "ink"))
    if width_of(noted := row(*good, (note, "soft"))) <= width:
        good = noted
    if low:
        return [*rows, good]
    does = "uses it" if state.image_is_current else run_words(state)
    key = row(("r", "key b"), (f" {does}", "soft"))
    one = row(*good, (" · ", "soft"), *key)
    return [(), *rows, *([one] if width_of(one) <= width else [good, row("  ", *key)])]


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
        part, build = self.query_one(LogPart), state.build
        waits = state.building is not None and not state.building.steps
        self.query_one(_BuildSteps).show(state, now, _doing(part.view) if waits else ())
        part.display = build is not None
        part.view.ended = build is not None and build.finished is not None

    def open(self, folder: Path) -> None:
        """Show the log in this folder."""
        self.query_one(LogPart).view.open(folder)

    @property
    def log_part(self) -> LogPart:
        """Its log."""
        return self.query_one(LogPart)


def _doing(view: LogView) -> tuple[str, ...]:
    """What the log says of a pull, before any step has begun."""
    got = view.lines.get(max(0, view.lines.total - LAST), LAST)
    lines = [clean_line(line.text.strip()) for line in got if line.text.strip()]
    pulled = [line for line in lines if line.startswith(PULLING)]
    return tuple(dict.fromkeys([*pulled[-1:], *lines[-1:]]))
