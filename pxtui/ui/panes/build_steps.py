"""The steps of a build as rows: text, size, seconds, what is usual, why, and what failed."""

from __future__ import annotations

from dataclasses import dataclass

from pxtui.events import Finished, Step
from pxtui.logs.text import clean_line
from pxtui.state import Build
from pxtui.ui import words
from pxtui.ui.draw import Piece, Row, cut, padded, row
from pxtui.ui.panes.gets import folded

LEAST_TEXT, BESIDE_USUAL = 16, 24
"""Cells of a step's text for which the sizes give way, and what is usual."""
MOST_TEXT = 84
"""Figures stand so near, however wide the pane is."""
WHOLE = 12
"""Rows of the whole text of a step that failed."""
WORTH = 1.0
"""Seconds below which it does not matter what is usual."""
_HEAD = 9
_GLYPHS = {"started": ("●", "good"), "done": ("✓", "good"), "failed": ("✗", "bad")}


@dataclass(frozen=True, slots=True)
class Told:
    """One step as it is shown."""

    step: Step
    glyph: str
    tone: str
    size: str
    time: str
    usual: str

    @property
    def going(self) -> bool:
        """It goes on."""
        return self.glyph == "●"


def told(step: Step, finished: Finished | None, elapsed: float) -> Told:
    """What is said of a step; `elapsed`: since it began, while it goes on."""
    glyph, tone = _GLYPHS[step.state]
    size = f"+{words.size(step.size)}" if step.size else ""
    usual = words.took(step.usual or 0.0)
    if step.state == "started" and finished is None:
        time = f"{int(elapsed)} s" if elapsed < 90 else words.elapsed(elapsed)
        worth = (step.usual or 0.0) >= WORTH
        return Told(step, glyph, tone, size, time, f" of about {usual}" * worth)
    if step.state == "started":
        good = finished is not None and finished.outcome in ("done", "skipped")
        glyph, tone, time = ("✓", "good", "done") if good else ("○", "soft", "not finished")
        return Told(step, glyph, tone, size, time, "")
    if step.cached:
        return Told(step, glyph, tone, size, "cached", "")
    seconds = step.seconds or 0.0
    compared = step.state == "done" and step.usual is not None
    worth = compared and max(seconds, step.usual or 0.0) >= WORTH
    return Told(step, glyph, tone, size, words.took(seconds), f" · usually {usual}" * worth)


def step_rows(build: Build, width: int, most: int, elapsed: float) -> list[Row]:
    """The last steps in at most so many rows, their figures in columns."""
    shown = [told(step, build.finished, elapsed) for step in build.steps]
    made = _made(shown, width)
    while sum(map(len, made)) + (len(made) < len(shown)) > most and len(made) > 1:
        del made[0]
    hidden = len(shown) - len(made)
    rows = [row((f"    {words.number(hidden, 'step')} before these", "soft"))] if hidden else []
    return [*rows, *(one for rows_of in made for one in rows_of)]


def _made(shown: list[Told], width: int) -> list[list[Row]]:
    columns = _columns(shown, width)
    first = next((one for one in shown if not one.step.cached and one.step.why), None)
    return [[*_rows(one, columns, width), *(_why(one, width) if one is first else ())]
            for one in shown]  # fmt: skip


def _columns(shown: list[Told], width: int) -> tuple[int, int, int]:
    """The widths of size, time and usual; 0 for what has no room."""
    size, time = (max((len(text) for text in texts), default=0) for texts in
                  ([one.size for one in shown], [one.time for one in shown]))  # fmt: skip
    usual = max((len(one.usual) for one in shown), default=0)
    room = width - _HEAD - time - 2 - LEAST_TEXT
    if size and size + 2 > room:
        size = 0
    if usual > room + LEAST_TEXT - BESIDE_USUAL - (size + 2 if size else 0):
        usual = 0
    return size, time, usual


def _rows(one: Told, columns: tuple[int, int, int], width: int) -> list[Row]:
    size, time, usual = columns
    step = one.step
    figures = f"  {padded(one.size, size, right=True)}" if size else ""
    figures += f"  {padded(one.time, time, right=True)}{padded(one.usual, usual)}"
    if one.going and not usual:  # alone it may take the room of its text
        figures = f"  {one.time}{one.usual}".rjust(len(figures))
    room = max(8, min(MOST_TEXT, width - _HEAD - len(figures)))
    head = (Piece(f" {one.glyph} ", one.tone), Piece(f"{step.index:>2}/{step.total:<3}", "soft"))
    parts = _whole(step.text, room) if step.state == "failed" else [cut(_line(step.text), room)]
    tone = "ink" if one.going or not step.cached else "soft"
    first = row(*head, (padded(parts[0], room), tone), (figures, "ink" if one.going else "soft"))
    return [first, *(row(" " * _HEAD, (part, tone)) for part in parts[1:])]


def _whole(text: str, width: int) -> list[str]:
    """A step's whole text, line by line."""
    lines = [clean_line(line) for line in text.strip().splitlines()] or [""]
    parts = [part for line in lines for part in folded(line, width)]
    more = len(parts) - WHOLE
    return parts if more <= 0 else [*parts[:WHOLE], f"and {words.number(more, 'row')} more"]


def _why(one: Told, width: int) -> list[Row]:
    """Why the first step that was not cached was not."""
    because = "because "
    first, *more = folded(because + clean_line(one.step.why), width - _HEAD)
    head = row(" " * _HEAD, (because, "soft"), (first.removeprefix(because), "ink"))
    return [head, *(row(" " * _HEAD, (part, "ink")) for part in more)]


def _line(text: str) -> str:
    """A text of several lines in one."""
    return clean_line(" ".join(text.split()))


def failure(build: Build, finished: Finished) -> tuple[str, str]:
    """How a build failed and of what: the step's text, which stands below, is left out."""
    message = clean_line(finished.message)
    step = next((step for step in build.steps if step.state == "failed"), None)
    head, colon, rest = message.partition(": ")
    if (
        step is None
        or not head.startswith(f"step {step.index} of {step.total} failed")
        or not colon
    ):
        return message, ""
    # the text may be cut there, and may have an arrow itself
    at = rest.find(" → ", min(len(_line(step.text)), 200))
    cause = rest[at + 3 :] if at >= 0 else ""
    return head, cause if at >= 0 or _line(step.text).startswith(rest[:80]) else rest
