"""The runs of a State in one shape: waiting, going on, past; newest first."""

from __future__ import annotations

import time
from collections.abc import Sequence
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
    differing: tuple[tuple[str, str], ...]
    """Declarations that are not as in the file: name and text."""
    started: float = 0.0
    seconds: float | None = None
    """None while it has not ended."""
    last_line: str = ""
    message: str = ""
    outputs: str = ""
    outputs_size: int = 0
    biggest: tuple[tuple[str, int], ...] = ()
    kept: str = ""
    """The container that was kept because its files could not be taken out."""
    label: str = ""
    starred: bool = False
    wait: str = ""
    """Id of the wait of one that waits for its turn."""

    @property
    def is_live(self) -> bool:
        """It goes on."""
        return self.glyph == "●"

    @property
    def name(self) -> str:
        """Its number, as it is shown."""
        return f"#{self.number}"

    @property
    def differs(self) -> str:
        """What its values are where they are not the file's."""
        return words.differences(self.differing)

    @property
    def told(self) -> str:
        """Why it failed, else the last line of its output; may be empty."""
        message = "" if self.message == self.word else self.message
        if self.tone in ("bad", "warn"):
            return message or self.last_line
        return self.last_line or message

    @property
    def wrote(self) -> str:
        """Size of what it wrote and its biggest files: `98 MB: ep2.pt 97 MB, metrics.csv 2 kB`."""
        if not self.outputs_size:
            return ""
        named = ", ".join(f"{path} {words.size(size)}" for path, size in self.biggest[:3])
        return words.size(self.outputs_size) + (f": {named}" if named else "")


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
    live = {run.started.id for run in state.runs}
    known = {run.id: run for run in state.history}
    runs = [_past(run, state.last) for run in state.history if run.id not in live]
    runs += [_live(run, known.get(run.started.id)) for run in state.runs]
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


def when(at: float, now: float) -> str:
    """How long ago, the time of today, or the day: `2 min ago`, `12:04`, `21 Nov`, `2025-11-21`."""
    ago = now - at
    if ago < 60:
        return "just now"
    if ago < 3600:
        return f"{ago / 60:.0f} min ago" if ago < 3570 else "1 h ago"
    then, today = time.localtime(at), time.localtime(now)
    if then[:3] == today[:3]:
        return time.strftime("%H:%M", then)
    if then.tm_year == today.tm_year:
        return f"{then.tm_mday} {time.strftime('%b', then)}"
    return time.strftime("%Y-%m-%d", then)


def fitted(differing: Sequence[tuple[str, str]], width: int) -> str:
    """As many whole values as fit, and how many more there are; a value is never cut."""
    texts = [f"{name} {text}" for name, text in differing]
    for count in range(len(texts), 0, -1):
        more = len(texts) - count
        shown = " ".join([*texts[:count], *([f"+{more}"] if more else [])])
        if len(shown) <= width:
            return shown
    told = words.number(len(texts), "value")
    return f"{told} differ{'s' * (len(texts) == 1)}" if len(told) + 8 <= width else told


def _outcome(outcome: str, exit_code: int | None) -> tuple[str, str, str]:
    glyph, word, tone = _OUTCOMES[outcome]
    if outcome == "failed" and exit_code is not None:
        word = f"exit {exit_code}"
    return glyph, word, tone


def _live(run: Run, known: PastRun | None) -> ListedRun:
    started = run.started
    return ListedRun(
        started.id,
        started.number,
        "●",
        "running" if run.deadline is None else "stopping",
        "good",
        started.differs,
        started.at,
        label=known.label if known else "",
        starred=known is not None and known.starred,
    )


def _past(run: PastRun, last: Finished | None) -> ListedRun:
    told = last if last is not None and last.id == run.id else None
    fresh = told if run.outcome == "running" else None
    outcome, code = (fresh.outcome, fresh.exit_code) if fresh else (run.outcome, run.exit_code)
    glyph, word, tone = _outcome(outcome, code)
    if outcome == "running" and run.foreign:
        word = "not ours"
    return ListedRun(
        run.id,
        run.number,
        glyph,
        word,
        tone,
        run.differs,
        run.started,
        fresh.seconds if fresh else run.seconds,
        run.last_line,
        run.message or (told.message if told else ""),
        run.outputs or ((told.outputs or "") if told else ""),
        run.outputs_size or (told.outputs_size if told else 0),
        run.biggest or (told.biggest if told else ()),
        run.kept,
        run.label,
        run.starred,
    )


def _queued(queued: Queued, number: int) -> ListedRun:
    return ListedRun("", number, "◌", "queued", "soft", queued.differs, wait=queued.id)
