"""The builds of a session: one at a time, each in a thread, closed from outside."""

from __future__ import annotations

import itertools
import shutil
import time
from collections.abc import Callable

from pxtui.engine import BuildJob, BuildRequest, Engine, Outcome, StepReport
from pxtui.errors import EngineError
from pxtui.events import Event, Finished, Started, Step
from pxtui.logs.store import LogWriter
from pxtui.places import ProjectPlaces
from pxtui.session import threads

KEPT = 20
"""Logs of builds that are kept for a project."""


UNFORESEEN = Outcome("failed", message="an error in pxtui itself ended this, see the debug log")


class Builds:
    """Starts and closes builds; `tell` may be called from any thread, `tell_now` by the loop."""

    def __init__(
        self,
        places: ProjectPlaces,
        tell: Callable[[Event], None],
        tell_now: Callable[[Event], None],
        log_size: int,
    ) -> None:
        self._places = places
        self._tell = tell
        self._tell_now = tell_now
        self._log_size = log_size
        self._numbers = itertools.count(1)
        self._job: BuildJob | None = None
        self._closed = False

    def start(
        self,
        engine: Engine,
        request: BuildRequest,
        target_of: Callable[[str], str],
        cause: str,
    ) -> None:
        """Begin a build; its Finished follows whatever happens.

        `target_of` says what an image is that holds the tree of a signature.
        """
        self._job, self._closed = None, False
        target, number = target_of(request.listing.signature), next(self._numbers)
        started = Started("build", request.id, number, cause, time.time(), target)
        self._tell_now(started)
        threads.start("build", lambda: self._work(engine, request, started, target_of))

    def _work(
        self,
        engine: Engine,
        request: BuildRequest,
        started: Started,
        target_of: Callable[[str], str],
    ) -> None:
        sink = LogWriter(self._places.build(request.id), self._log_size)

        def report(step: StepReport) -> None:
            how = (step.state, step.cached, step.seconds, step.size)
            self._tell(Step(request.id, step.index, step.total, step.text, *how))

        outcome = UNFORESEEN
        try:
            self._job = engine.build(request, sink, report)
            if self._closed:
                self._job.close()
            outcome = self._job.wait()
        except EngineError as error:
            outcome = Outcome("failed", message=str(error))
        finally:
            sink.close()
            target = target_of(outcome.signature) if outcome.signature else ""
            self._tell(_finished(started, outcome, target))
        self._prune()

    def _prune(self) -> None:
        folder = self._places.home / "builds"
        logs = sorted(folder.iterdir()) if folder.is_dir() else []
        for old in logs[:-KEPT]:
            shutil.rmtree(old, ignore_errors=True)

    def close(self) -> None:
        """Stop the build that goes on, if there is one."""
        self._closed = True
        if self._job is not None:
            self._job.close()


def _finished(started: Started, outcome: Outcome, target: str) -> Finished:
    now = time.time()
    return Finished(
        "build",
        started.id,
        outcome.result,
        outcome.exit_code,
        outcome.image,
        now - started.at,
        outcome.message,
        None,
        now,
        target,
        started.number,
    )
