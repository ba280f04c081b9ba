"""What is told and kept of a build's steps beyond the engine's word: usual seconds, and why."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property

from pxtui.engine import BuildRequest, Outcome, StepReport
from pxtui.errors import PxtuiError
from pxtui.events import Started, Step
from pxtui.history.builds import BuildRecord, BuiltStep, newest_good, usual
from pxtui.image.context import Listing
from pxtui.image.reason import ASKED, CODE, GONE, Made, code_change, reasons

FAILED = "it failed in the build before"
STOPPED = "it was stopped in the build before"
UNREACHED = "the build before did not come so far"
PULLED = "it was pulled"


class Explained:
    """One build's steps as they are told; it takes the reports of one thread.

    `engine` is the id of the engine, `listing_of` gives the listing of a tree by its signature, if
    it is still known.
    """

    def __init__(
        self,
        request: BuildRequest,
        engine: str,
        earlier: Sequence[BuildRecord],
        listing_of: Callable[[str], Listing | None],
    ) -> None:
        self._request, self._engine = request, engine
        # another engine has other images and takes other times
        earlier = [record for record in earlier if record.engine == engine]
        self._listing_of = listing_of
        self._usual = usual(earlier)
        self._last = earlier[-1] if earlier else None
        newest = newest_good(earlier)
        self.good = (newest.image, newest.started + newest.seconds) if newest else None
        """Image and time of the newest good build before; None: not known."""
        good = next((record for record in reversed(earlier) if record.is_good), self._last)
        self._before = good.made if good and good.made.parts else None
        self._made = Made(())
        self._reasons: dict[int, str] = {}
        with contextlib.suppress(PxtuiError):  # the engine says what is wrong with a plan
            self._become(Made.of(request.plan, request.listing.signature))
        self._first = 0
        """The first step that was not cached; 0: none yet."""
        self._steps: dict[int, BuiltStep] = {}

    def _become(self, made: Made) -> None:
        self._made, self._reasons = made, reasons(self._before, made)

    def step(self, report: StepReport) -> Step:
        """A report with all that is known beyond it."""
        base = report.base
        if base and self._made.parts:
            self._become(self._made.on(base))
        usually, why = self._usual.get(report.text), ""
        if not report.cached and not self._first and self._made.parts:
            why = self._why(report)
            if report.state != "started":
                self._first = report.index
                is_base = report.index == 1 and self._made.parts[0].kind == "base"
                why = why or (PULLED if is_base else GONE)
        # what began and of whose end nothing follows was stopped
        state = "stopped" if report.state == "started" else report.state
        self._steps[report.index] = BuiltStep(
            report.index, report.text, state, report.cached, report.seconds, why, usual=usually
        )
        return Step(
            self._request.id, report.index, report.total, report.text, report.state, report.cached,
            report.seconds, usual=usually, why=why,
        )  # fmt: skip

    def _why(self, report: StepReport) -> str:
        """What is known of why it is not cached; empty: nothing is another."""
        if self._request.no_cache:
            return ASKED
        place = self._place(report)
        last = self._last if self._is_again(place) else None
        step = last and last.step(report.index)
        if step and step.state == "failed":
            return FAILED
        why = self._reasons.get(place, "")
        if why == CODE:
            return self._code
        if step and step.state == "stopped":
            return why or STOPPED
        return why or (UNREACHED if last and step is None else "")

    @cached_property
    def _code(self) -> str:
        """What changed in the tree; a tree can be big, it is looked through once."""
        old = self._listing_of(self._before.signature) if self._before else None
        return code_change(old, self._request.listing) if old else CODE

    def _place(self, report: StepReport) -> int:
        """The number of the instruction that is reported.

        An engine that has steps of its own makes all before the code anew if any is another; those
        of a Dockerfile of the project's own are not known, so whatever is another is told.
        """
        if self._request.plan.own is not None:
            return min(self._reasons, default=0)
        if report.total == len(self._made.parts):
            return report.index
        if report.index == report.total:
            return len(self._made.parts)
        return min(self._reasons, default=0)

    def _is_again(self, place: int) -> bool:
        """Whether the build before was not good, and the same up to this place."""
        if self._last is None or self._last.is_good:
            return False
        return all(index > place for index in reasons(self._last.made, self._made))

    def record(self, started: Started, outcome: Outcome, seconds: float) -> BuildRecord:
        """What is kept of it."""
        made = self._made
        if outcome.signature and made.parts:
            made = made.holding(outcome.signature)
        sizes = dict(outcome.sizes)
        steps = [replace(step, size=sizes.get(i)) for i, step in sorted(self._steps.items())]
        kept = BuildRecord(
            started.id, self._engine, started.cause, started.at, seconds, outcome.result,
            outcome.exit_code, outcome.message, outcome.image or "", made, tuple(steps),
        )  # fmt: skip
        ended = tuple(step for step in steps if step.state != "stopped")
        return replace(kept, steps=ended) if kept.is_good else kept
