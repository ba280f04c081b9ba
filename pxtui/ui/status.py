"""The status line: what goes on or went last, and at the right image, watch mode, engine."""

from __future__ import annotations

from collections.abc import Sequence

from pxtui.facts import gpu_in_brief
from pxtui.logs.text import clean_line
from pxtui.session.before import failed_step
from pxtui.state import State
from pxtui.ui import words
from pxtui.ui.draw import Block, Piece, Row, cut, row, width_of
from pxtui.ui.listed import ended, listed_runs
from pxtui.ui.prospect import run_follows
from pxtui.ui.told import watch_words

NARROW = 100
"""A narrower line says the same in fewer words."""


class StatusLine(Block):
    """One row over the whole width."""

    GROUND = "band"
    DEFAULT_CSS = "StatusLine { height: 1; background: $px-band; }"

    def __init__(self) -> None:
        super().__init__()
        self._state, self._now = State(), 0.0

    def show(self, state: State, now: float) -> None:
        """Show the state as of this moment."""
        self._state, self._now = state, now
        self.refresh()

    def rows(self, width: int) -> Sequence[Row]:
        """Left and right end; of the left, the last thing gives way."""
        first, rest = self._left()
        right = self._right(width < NARROW)
        if width_of((*first, *right)) + 2 > width:
            right = right[-1:] if width > 40 else ()
        room = width - width_of((*first, *right)) - 4
        text = cut("".join(piece.text for piece in rest), max(0, room))
        shown = rest if width_of(rest) <= room else (Piece(text if room > 8 else "", "soft"),)
        gap = " " * max(0, width - width_of((*first, *shown, *right)) - 1)
        return [(*first, *shown, Piece(gap), *right)]

    def _left(self) -> tuple[Row, Row]:
        """The filled cell, and what follows it."""
        state, now = self._state, self._now
        if state.runs:
            started = state.runs[-1].started
            differs = words.differences(started.differs)
            stopping = state.runs[-1].deadline
            word = "● running " if stopping is None else "● stopping "
            more = f"  {len(state.runs)} runs" if len(state.runs) > 1 else ""
            left = f"  killed in {max(0, stopping - now):.0f} s" if stopping is not None else ""
            return row((f" {word}", "ground b @good")), row(
                (f" #{started.number}", "strong b"),
                (f"  {words.elapsed(now - started.at)}", "ink"),
                (f"{left}{more}  {differs}", "soft"),
            )
        if state.building is not None:
            build = state.building
            done = sum(step.state != "started" for step in build.steps)
            total = build.steps[-1].total if build.steps else 0
            steps = f"  {done} of {words.number(total, 'step')}" if total else ""
            time = words.elapsed(now - build.started.at)
            then = " · then run" if run_follows(state) else ""
            return row((" ● building ", "strong b @hair")), row(
                (f" {time}{then}", "ink"), (steps, "soft")
            )
        if state.last is not None:
            glyph, word, tone = ended(state.last)
            if state.last.phase == "build":
                word = {"done": "built", "failed": "build failed"}.get(state.last.outcome, word)
            fill = f"ground b @{tone}" if tone == "bad" else "strong b @hair"
            seconds = (f"  {words.took(state.last.seconds)}", "ink")
            run = next((r for r in listed_runs(state) if r.id == state.last.id), None)
            failed = failed_step(state.build) if state.last.phase == "build" else None
            if failed is not None:
                step = f"  step {failed.index} of {failed.total}"
                return row((f" {glyph} {word} ", fill)), row(seconds, (step, "soft"))
            if state.last.phase == "build" or not (run or state.last.number):
                return row((f" {glyph} {word} ", fill)), row(seconds)
            name, differs = (run.name, run.differs) if run else (f"#{state.last.number}", "")
            return row((f" {glyph} {word} ", fill)), row(
                (f" {name}", "strong b"), seconds, (f"  {differs}", "soft")
            )
        word = "nothing runs" if state.history else "nothing has run yet"
        return row((f" ○ {word} ", "strong b @hair")), ()

    def _right(self, narrow: bool) -> Row:
        parts = [self._image(narrow), self._watch(narrow), self._engine(narrow)]
        pieces: list[Piece] = []
        for part in parts:
            if part:
                pieces += [Piece("  " if narrow else "   "), *part] if pieces else [*part]
        return tuple(pieces)

    def _image(self, narrow: bool) -> Row:
        state = self._state
        local = state.engine is not None and not state.engine.isolated
        what = "environment" if local and not narrow else "image"
        if state.building is not None and state.runs:
            return row(("● ", "good"), (f"{what} ", "ink"), ("is being built", "soft"))
        if state.engine is not None and not state.engine.ok:
            return ()  # nobody can say whether it is there
        if state.image is None:
            return row(("○ ", "soft"), (what if narrow else f"{what} not built", "soft"))
        if state.resolved is None:  # it may hold what the file will say when it is mended
            return row(("○ ", "soft"), (what, "ink"), ("" if narrow else " is built", "soft"))
        if not state.image_is_current:
            of = f" of {words.clock(state.image.at)[:5]}" if state.image.at else ""
            return row(
                ("~ ", "key"),
                (what, "ink"),
                ("" if narrow else f"{of} lacks last change", "soft"),
            )
        if not state.fresh:
            return row(("✓ ", "good"), (what, "ink"), ("" if narrow else " is ready", "soft"))
        return row(("✓ ", "good"), (what, "ink"), ("" if narrow else " has last save", "soft"))

    def _watch(self, narrow: bool) -> Row:
        mode = self._state.watching.mode
        label = "" if narrow else "watch "
        if mode == "off":
            return row(("○ ", "soft"), ("watch" if narrow else "watch off", "soft"))
        if self._state.held is not None:
            total = self._state.pending.total if self._state.pending else 0
            waits = f" · {words.number(total, 'file')}" if total else ""
            return row(("‖ ", "warn"), (f"{label}paused", "warn"), (waits, "soft"))
        return row(("◉ ", "good"), (label, "ink"), (watch_words(mode), "soft"))

    def _engine(self, narrow: bool) -> Row:
        engine = self._state.engine
        if engine is None:
            return row(("◌ ", "soft"), ("engine", "soft"))
        if not engine.ok:
            return row(("! ", "warn"), ("no engine", "warn"))
        name = cut(clean_line(engine.name), 12 if narrow else 24)
        gpu, look = gpu_in_brief(self._state)
        return row((name, "ink"), (f" {gpu}" if gpu else "", "warn" if look else "soft"))
