"""Inspect: everything that is known of one run."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from textual.app import ComposeResult
from textual.containers import Vertical

from pxtui.events import PastRun, Queued
from pxtui.logs.text import clean, clean_line
from pxtui.polyaxonfile.secret import DOTS
from pxtui.state import Run, State
from pxtui.ui import words
from pxtui.ui.dialogs.panel import Dialog, PanelLines
from pxtui.ui.draw import Row, row
from pxtui.ui.listed import ListedRun
from pxtui.ui.panes.gets import folded

Fact = tuple[str, str]
LABEL = 14


def details(state: State, run: ListedRun) -> tuple[Fact, ...]:
    """Label and text of all that is known, a label with an empty text is the head of a section."""
    past = next((p for p in state.history if p.id == run.id), None)
    live = next((r for r in state.runs if r.started.id == run.id), None)
    wait = next((q for q in state.queue if run.wait and q.id == run.wait), None)
    queued = live.started.queued if live is not None else wait
    return (*_head(run, past), *_ran(past, live, queued), *_given(past, live), *_wrote(run, past))


def _head(run: ListedRun, past: PastRun | None) -> Iterator[Fact]:
    yield (
        "state",
        f"{run.glyph} {run.word}"
        + (f": {run.message}" if run.message not in ("", run.word) else ""),
    )
    if run.label or run.starred:
        yield "label", " ".join(text for text in ("★" * run.starred, run.label) if text)
    if run.id:
        yield "started", _moment(run.started)
    if run.seconds is not None:
        yield "ended", f"{_moment(run.started + run.seconds)}, after {words.took(run.seconds)}"
    if run.last_line and run.last_line not in run.message:
        yield "last line", run.last_line
    if past is not None and past.foreign:
        yield "held by", "another pxtui"


def _ran(past: PastRun | None, live: Run | None, queued: Queued | None) -> Iterator[Fact]:
    command, values, image = "", tuple[Fact, ...](), ""
    if queued is not None:
        command, image = queued.resolved.shown, queued.image
        values = tuple((n, DOTS if n in queued.secrets else text) for n, text in queued.values)
    elif past is not None:
        command, values, image = past.cmd, past.values, past.image
    elif live is not None:
        command = live.started.cmd
    differs = dict(past.differs if past else queued.differs if queued else ())
    yield "command", command
    if values:
        yield "declarations", ""
    for name, text in values:
        yield f"{'~' if name in differs else ' '} {name}", text
    yield "surroundings", ""
    if image:
        yield "image", image
    if past is not None and past.engine:
        yield "engine", past.engine


def _given(past: PastRun | None, live: Run | None) -> Iterator[Fact]:
    yield from (live.got if live is not None and live.got else past.got if past is not None else ())


def _wrote(run: ListedRun, past: PastRun | None) -> Iterator[Fact]:
    if run.outputs or run.kept or past is not None:
        yield "kept", ""
    if run.outputs:
        size = f", {words.size(run.outputs_size)}" if run.outputs_size else ""
        yield "outputs", f"{run.outputs}{size}"
        for path, count in run.biggest:
            yield f"{words.size(count):>10}", path
    elif run.seconds is not None:
        yield "outputs", "it wrote nothing"
    if run.kept:
        yield "container", f"{run.kept}: its files could not be taken out"
    if past is not None:
        yield "log", f"{past.folder}/log"


def _moment(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at))


class Inspect(Dialog[None]):
    """A run's facts in full; they scroll."""

    DEFAULT_CSS = """
    Inspect > #panel { width: 110; }
    Inspect #facts { height: auto; max-height: 80vh; }
    """

    def __init__(self, name: str, facts: Sequence[Fact]) -> None:
        super().__init__()
        self._headline, self._facts = name, facts

    def compose(self) -> ComposeResult:
        """The name, and a row or more a fact."""
        width = max(20, min(110, int(self.app.size.width * 0.94)) - 5)
        rows: list[Row] = [row((self._headline, "strong b"))]
        for label, text in self._facts:
            rows += self._rows(label, text, width) if text else [(), row((label, "strong b"))]
        with Vertical(id="panel"):
            lines = PanelLines(rows, name_id="facts")
            lines.can_focus = True
            yield lines

    def _rows(self, label: str, text: str, width: int) -> Iterator[Row]:
        parts = [p for line in clean(text).split("\n") for p in folded(line, width - LABEL - 2)]
        name = clean_line(label)
        long = len(name) >= LABEL
        if long:  # a name that is too long for its column has a row of its own
            yield row((f"  {name}", "soft"))
        for at, part in enumerate(parts):
            head = "" if at or long else name
            yield row((f"  {head:<{LABEL}}", "soft"), part)
