"""The runs of a session: each in a thread that starts it, reads it and asks for its outcome."""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, replace

from pxtui import history, places
from pxtui.engine import Engine, Outcome, RunJob, Sink
from pxtui.errors import EngineError, EngineLost, ImageGoneError, StateError
from pxtui.events import Event, Finished, Given, ImageGone, Notice, Queued, Started, Stopping
from pxtui.history import Record
from pxtui.logs.store import LogWriter
from pxtui.places import ProjectPlaces
from pxtui.run import RunSpec, Surroundings, environment
from pxtui.session import threads, variables
from pxtui.session.builds import UNFORESEEN
from pxtui.session.ends import write_end
from pxtui.settings import Settings

LOST = Outcome("lost", message="the engine has it no more, and nobody saw its end")


class Runs:
    """Starts, adopts and stops runs; `tell` may be called from any thread."""

    def __init__(
        self,
        project: ProjectPlaces,
        owner: str,
        tell: Callable[[Event], None],
        tell_now: Callable[[Event], None],
        settings: Settings,
        name: str,
    ) -> None:
        self._places = project
        self._settings = settings
        self._name = name
        self._owner = owner
        self._tell = tell
        self._tell_now = tell_now
        self._jobs: dict[str, RunJob] = {}
        self._begun: dict[str, threading.Event | None] = {}
        """Of each run that was told as started: what is set when the engine has it going."""
        self._stopped: set[str] = set()
        self._leaving = False
        # until a view says its own: the terminal that pxtui was started in
        self._size: tuple[int, int] = shutil.get_terminal_size()

    def start(self, engine: Engine, engine_id: str, queued: Queued, tty: bool = False) -> None:
        """Start a waiting run; its Finished follows whatever happens.

        Raises StartError if the person's variables cannot be read.
        """
        own = self._variables(queued.surroundings)
        run_id = places.new_id()
        folder = places.private_dir(self._places.run(run_id))
        outputs = self._places.outputs(run_id, self._settings.outputs, self._name)
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
            values=queued.values,
            secrets=queued.secrets,
            surroundings=asdict(queued.surroundings),
            outputs=str(places.private_dir(outputs)),
        )
        history.write(self._places, record)
        self._places.point_to_latest(outputs)
        spec = RunSpec(
            id=run_id,
            name=places.container_name(self._places.project, run_id),
            image=queued.image,
            cmd=queued.resolved.cmd,
            env=environment(queued.resolved, run_id),
            labels=self._labels(run_id, queued.target, str(outputs)),
            outputs=str(outputs),
            folder=str(folder),
            surroundings=queued.surroundings,
            variables=own,
            tty=tty,
            size=self._size,
        )
        self._begin(engine, record, lambda sink: engine.run(spec, sink), queued=queued)

    def _variables(self, wanted: Surroundings) -> tuple[tuple[str, str], ...]:
        typed = dict(item.split("=", 1) for item in self._settings.env if "=" in item)
        found, missing = variables.values(wanted, typed, os.environ)
        for name in missing:
            self._tell_now(Notice("warning", f"{name} is not set here: the run does not get it"))
        return found

    def _labels(self, run_id: str, target: str, outputs: str) -> tuple[tuple[str, str], ...]:
        return (
            (places.LABEL_V, "1"),
            (places.LABEL_PROJECT, self._places.project),
            (places.LABEL_ID, run_id),
            (places.LABEL_OWNER, self._owner),
            (places.LABEL_KIND, "run"),
            (places.LABEL_SIGNATURE, target),
            (places.LABEL_OUTPUTS, outputs),
        )

    def adopt(self, engine: Engine, record: Record) -> None:
        """Take up a run that an earlier pxtui left, its whole log read anew; it is ours now."""
        record = replace(
            record, owner=self._owner, outcome=None, exit_code=None, seconds=None, message=""
        )
        with contextlib.suppress(StateError):
            history.write(self._places, record)
        self._begin(engine, record, lambda sink: engine.adopt(record.id, sink), queued=None)

    def _begin(
        self,
        engine: Engine,
        record: Record,
        make: Callable[[Sink], RunJob],
        queued: Queued | None,
    ) -> None:
        self._tell_now(
            Started(
                "run",
                record.id,
                record.number,
                record.cause,
                record.started,
                record.target,
                record.differs,
                record.shown,
                adopted=queued is None,
                queued=queued,
            )
        )
        self._begun[record.id] = None
        threads.start(f"run {record.number}", lambda: self._work(engine, record, make))

    def _work(self, engine: Engine, record: Record, make: Callable[[Sink], RunJob]) -> None:
        log = LogWriter(self._places.run(record.id), self._settings.log_max_size)
        outcome = UNFORESEEN
        try:
            job = make(log)
            self._jobs[record.id] = job
            self._begun[record.id] = job.begun
            for note in job.notes:
                self._tell(Notice("info", f"#{record.number}: {note}"))
            record = replace(record, got=job.got or record.got)
            with contextlib.suppress(StateError):  # its end will be written, or say why not
                history.write(self._places, record)
            self._tell(Given(record.id, record.got))
            job.resize(*self._size)
            if record.id in self._stopped:
                job.stop(0)
            outcome = job.wait()
        except EngineLost as error:
            outcome = Outcome("lost", message=str(error))
        except EngineError as error:
            if isinstance(error, ImageGoneError):
                self._tell(ImageGone(record.image))
            outcome = Outcome("failed", message=str(error))
        finally:
            self._begun.pop(record.id, None)
            log.close()
            if not self._leaving:
                outcome = replace(outcome, log=outcome.log or log.trouble)
                self._finish(engine, record, outcome)
            self._jobs.pop(record.id, None)

    def _finish(self, engine: Engine, record: Record, outcome: Outcome) -> None:
        stopped = record.id in self._stopped
        record = write_end(self._places, record, outcome, engine, stopped=stopped)
        self._tell(
            Finished(
                "run",
                record.id,
                record.outcome or "lost",
                record.exit_code,
                record.image,
                record.seconds or 0.0,
                record.message,
                history.outputs(self._places, record) or None,
                time.time(),
                number=record.number,
                outputs_size=record.outputs_size,
                biggest=record.biggest,
                kept=record.kept,
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

    def resize(self, columns: int, rows: int, run_id: str | None = None) -> None:
        """Let the terminal of a run have this size; of all, and of those to come, without one."""
        if run_id is None:
            self._size = columns, rows
        for one, job in list(self._jobs.items()):
            if run_id in (None, one):
                job.resize(columns, rows)

    @property
    def beginning(self) -> bool:
        """Whether a run is not quite started: to let go of it now would end it."""
        return any(begun is None or not begun.is_set() for begun in list(self._begun.values()))

    def let_go(self) -> None:
        """Leave every run to itself; its record stays open for the next pxtui."""
        self._leaving = True
        for job in list(self._jobs.values()):
            job.close()

    def lost(self, record: Record) -> None:
        """Note a run of which neither the engine nor anybody else knows the end."""
        write_end(self._places, record, LOST, None)
