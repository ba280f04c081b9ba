"""The runs of a session: each in a thread that starts it, reads it and asks for its outcome."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, replace

from pxtui import history, places
from pxtui.engine import Engine, Outcome, RunJob, Sink
from pxtui.errors import EngineError, EngineLost
from pxtui.events import Event, Finished, Notice, Queued, Started, Stopping
from pxtui.history import Record
from pxtui.logs.store import LogWriter
from pxtui.places import ProjectPlaces
from pxtui.run import RunSpec, environment
from pxtui.session import threads
from pxtui.session.builds import UNFORESEEN
from pxtui.session.ends import write_end

LOST = Outcome("lost", message="the engine has it no more, and nobody saw its end")


class Runs:
    """Starts, adopts and stops runs; `tell` may be called from any thread."""

    def __init__(
        self,
        project: ProjectPlaces,
        owner: str,
        tell: Callable[[Event], None],
        tell_now: Callable[[Event], None],
        log_size: int,
    ) -> None:
        self._places = project
        self._owner = owner
        self._tell = tell
        self._tell_now = tell_now
        self._log_size = log_size
        self._jobs: dict[str, RunJob] = {}
        self._stopped: set[str] = set()
        self._leaving = False

    def start(self, engine: Engine, engine_id: str, queued: Queued) -> None:
        """Start a waiting run; its Finished follows whatever happens."""
        run_id = places.new_id()
        folder = places.private_dir(self._places.run(run_id))
        record = Record(
            id=run_id,
            number=history.next_number(self._places),
            engine=engine_id,
            image=queued.image,
            target=queued.target,
            cause=queued.cause,
            owner=self._owner,
            started=time.time(),
            differs=queued.differs,
            resolved=asdict(queued.resolved),
        )
        history.write(self._places, record)
        spec = RunSpec(
            id=run_id,
            name=places.container_name(self._places.project, run_id),
            image=queued.image,
            cmd=queued.resolved.cmd,
            env=environment(queued.resolved, run_id),
            labels=self._labels(run_id, queued.target),
            outputs=str(places.private_dir(folder / "outputs")),
            folder=str(folder),
        )
        self._begin(record, lambda sink: engine.run(spec, sink), queued=queued)

    def _labels(self, run_id: str, target: str) -> tuple[tuple[str, str], ...]:
        return (
            (places.LABEL_V, "1"),
            (places.LABEL_PROJECT, self._places.project),
            (places.LABEL_ID, run_id),
            (places.LABEL_OWNER, self._owner),
            (places.LABEL_KIND, "run"),
            (places.LABEL_SIGNATURE, target),
        )

    def adopt(self, engine: Engine, record: Record) -> None:
        """Take up a run that an earlier pxtui left, its whole log read anew; it is ours now."""
        record = replace(record, owner=self._owner)
        history.write(self._places, record)
        self._begin(record, lambda sink: engine.adopt(record.id, sink), queued=None)

    def _begin(self, record: Record, make: Callable[[Sink], RunJob], queued: Queued | None) -> None:
        self._tell_now(
            Started(
                "run",
                record.id,
                record.number,
                record.cause,
                record.started,
                record.target,
                record.differs,
                record.cmd,
                adopted=queued is None,
                queued=queued,
            )
        )
        threads.start(f"run {record.number}", lambda: self._work(record, make))

    def _work(self, record: Record, make: Callable[[Sink], RunJob]) -> None:
        log = LogWriter(self._places.run(record.id), self._log_size)
        outcome = UNFORESEEN
        try:
            job = make(log)
            self._jobs[record.id] = job
            for note in job.notes:
                self._tell(Notice("info", f"#{record.number}: {note}"))
            stopped = record.id in self._stopped
            outcome = Outcome("cancelled") if stopped else job.wait()
        except EngineLost as error:
            outcome = Outcome("lost", message=str(error))
        except EngineError as error:
            outcome = Outcome("failed", message=str(error))
        finally:
            log.close()
            if not self._leaving:
                self._finish(record, outcome)
            self._jobs.pop(record.id, None)

    def _finish(self, record: Record, outcome: Outcome) -> None:
        record = write_end(self._places, record, outcome, stopped=record.id in self._stopped)
        self._tell(
            Finished(
                "run",
                record.id,
                record.outcome or "lost",
                record.exit_code,
                record.image,
                record.seconds or 0.0,
                record.message,
                history.outputs(self._places, record.id) or None,
                time.time(),
                number=record.number,
            )
        )

    def stop(self, run_id: str, grace: float) -> None:
        """Ask a run to stop; after the grace it is killed."""
        self._stopped.add(run_id)
        self._tell_now(Stopping(run_id, time.time() + grace))
        job = self._jobs.get(run_id)
        if job is not None:
            threads.start("stop", lambda: job.stop(grace))

    def kill(self, run_id: str) -> None:
        """Kill a run now."""
        self._stopped.add(run_id)
        self._tell_now(Stopping(run_id, time.time()))
        job = self._jobs.get(run_id)
        if job is not None:
            threads.start("kill", job.kill)

    def let_go(self) -> None:
        """Leave every run to itself; its record stays open for the next pxtui."""
        self._leaving = True
        for job in list(self._jobs.values()):
            job.close()

    def lost(self, record: Record) -> None:
        """Note a run of which neither the engine nor anybody else knows the end."""
        write_end(self._places, record, LOST)
