"""The builds of a session: one at a time, each in a thread, closed from outside."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Callable
from dataclasses import replace

from pxtui.engine import BuildJob, BuildRequest, Engine, Outcome, StepReport
from pxtui.errors import EngineError, StateError
from pxtui.events import Event, Finished, Started
from pxtui.history import builds as history
from pxtui.image.context import Listing
from pxtui.logs.store import LogWriter
from pxtui.places import ProjectPlaces, private_dir
from pxtui.session import threads
from pxtui.session.explained import Explained

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
        self._earlier = history.Earlier(places)
        self._built: Listing | None = None
        """The tree of the newest good image of this session."""

    def start(
        self,
        engine: Engine,
        request: BuildRequest,
        target_of: Callable[[str], str],
        cause: str,
        engine_id: str = "",
        environment: str = "",
    ) -> None:
        """Begin a build; its Finished follows whatever happens.

        `target_of` says what an image is that holds the tree of a signature.
        """
        self._job, self._closed = None, False
        target, number = target_of(request.listing.signature), next(self._numbers)
        at = time.time()
        started = Started("build", request.id, number, cause, at, target, environment=environment)
        self._tell_now(started)
        threads.start("build", lambda: self._work(engine, request, started, target_of, engine_id))

    def _work(
        self,
        engine: Engine,
        request: BuildRequest,
        started: Started,
        target_of: Callable[[str], str],
        engine_id: str,
    ) -> None:
        finished = _finished(started, UNFORESEEN, "")
        try:
            finished = self._carry_out(engine, request, started, target_of, engine_id)
        finally:
            self._tell(finished)
        history.prune(self._places, self._earlier.look())

    def _carry_out(
        self,
        engine: Engine,
        request: BuildRequest,
        started: Started,
        target_of: Callable[[str], str],
        engine_id: str,
    ) -> Finished:
        folder = self._places.build(request.id)
        with contextlib.suppress(StateError):  # then the log says so
            private_dir(folder)
        told = Explained(
            request, engine_id, self._earlier.look(), lambda s: self._listing(request, s)
        )

        def report(step: StepReport) -> None:
            self._tell(told.step(step))

        with contextlib.closing(LogWriter(folder, self._log_size)) as sink:
            try:
                self._job = engine.build(request, sink, report)
                if self._closed:
                    self._job.close()
                outcome = self._job.wait()
            except EngineError as error:
                outcome = Outcome("failed", message=str(error))
        self._keep(request, told, started, outcome)
        target = target_of(outcome.signature) if outcome.signature else ""
        return replace(_finished(started, outcome, target), good=told.good)

    def _listing(self, request: BuildRequest, signature: str) -> Listing | None:
        """The tree of an image that was built before."""
        if self._built is not None and self._built.signature == signature:
            return self._built
        return request.trees.read(signature) if request.trees else None

    def _keep(
        self, request: BuildRequest, told: Explained, started: Started, outcome: Outcome
    ) -> None:
        if request.until:
            return  # a part of an image tells nothing of the whole
        if outcome.signature == request.listing.signature:
            self._built = request.listing
        # without its record a build is as good, only less can be said of the next
        with contextlib.suppress(StateError):
            history.write(self._places, told.record(started, outcome, time.time() - started.at))

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
        sizes=outcome.sizes,
        moved=outcome.moved,
    )
