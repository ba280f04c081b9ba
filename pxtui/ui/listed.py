"""The runs of a State in one shape: waiting, going on, past; newest first."""

from __future__ import annotations

from dataclasses import dataclass

from pxtui.events import Finished, PastRun, Queued
from pxtui.state import Run, State
from pxtui.ui import words


@dataclass(frozen=True, slots=True)
class ListedRun:
    """One run as it is shown; a waiting one has no id yet, and the number that it will have."""

    id: str
    number: int
    glyph: str
    word: str
    tone: str
    differs: str
    started: float = 0.0
    seconds: float | None = None
    """None while it has not ended."""
    last_line: str = ""
    message: str = ""
    outputs: str = ""

    @property
    def is_live(self) -> bool:
        """It goes on."""
        return self.glyph == "●"

    @property
    def name(self) -> str:
        """Its number, as it is shown."""
        return f"#{self.number}"


_OUTCOMES = {
    "done": ("✓", "done", "good"),
    "failed": ("✗", "failed", "bad"),
    "cancelled": ("○", "stopped", "soft"),
    "lost": ("!", "lost", "warn"),
    "skipped": ("○", "skipped", "soft"),
    "running": ("●", "running", "good"),
}


def listed_runs(state: State) -> tuple[ListedRun, ...]:
    """All runs, newest first."""
    live = {run.started.id: run for run in state.runs}
    past = [run for run in state.history if run.id not in live]
    known = {run.id for run in past}
    runs = [_past(run, state.last) for run in past]
    runs += [_live(run) for run in state.runs if run.started.id not in known]
    runs.sort(key=lambda run: run.number, reverse=True)
    queued = [_queued(q, next_number(state) + i) for i, q in enumerate(state.queue)]
    return (*reversed(queued), *runs)


def next_number(state: State) -> int:
    """The number that the next run will have."""
    past = [run.number for run in state.history]
    return max([0, *past, *(run.started.number for run in state.runs)]) + 1


def newest_started(state: State) -> ListedRun | None:
    """The run that started last, whether it goes on or not."""
    return next((run for run in listed_runs(state) if run.id), None)


def ended(finished: Finished) -> tuple[str, str, str]:
    """Glyph, word and tone of how a job ended."""
    return _outcome(finished.outcome, finished.exit_code)


def _outcome(outcome: str, exit_code: int | None) -> tuple[str, str, str]:
    glyph, word, tone = _OUTCOMES[outcome]
    if outcome == "failed" and exit_code is not None:
        word = f"exit {exit_code}"
    return glyph, word, tone


def _live(run: Run) -> ListedRun:
    started = run.started
    word = "running" if run.deadline is None else "stopping"
    differs = words.differences(started.differs)
    return ListedRun(started.id, started.number, "●", word, "good", differs, started.at)


def _past(run: PastRun, last: Finished | None) -> ListedRun:
    fresh = last if last is not None and last.id == run.id and run.outcome == "running" else None
    outcome, code = (fresh.outcome, fresh.exit_code) if fresh else (run.outcome, run.exit_code)
    glyph, word, tone = _outcome(outcome, code)
    if outcome == "running" and run.foreign:
        word = "not ours"
    told = last if last is not None and last.id == run.id else None
    return ListedRun(
        run.id,
        run.number,
        glyph,
        word,
        tone,
        words.differences(run.differs),
        run.started,
        fresh.seconds if fresh else run.seconds,
        run.last_line,
        run.message or (told.message if told else ""),
        run.outputs or ((told.outputs or "") if told else ""),
    )


def _queued(queued: Queued, number: int) -> ListedRun:
    return ListedRun("", number, "◌", "queued", "soft", words.differences(queued.differs))
