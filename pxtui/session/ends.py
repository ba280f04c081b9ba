"""The end of a run, written down: by who saw it, or asked for later by who did not."""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
import time
from dataclasses import replace

from pxtui import died, history
from pxtui.engine import Engine, Outcome
from pxtui.errors import EngineError, StateError
from pxtui.history import Record
from pxtui.image.context import amount
from pxtui.logs import tail
from pxtui.logs.reader import LogReader
from pxtui.logs.store import LogWriter
from pxtui.logs.text import clean_line
from pxtui.places import ProjectPlaces
from pxtui.run import OUTPUTS

QUIET = 0.3
"""Seconds without new output after which a log that is read anew has all there is so far."""


BIGGEST = 5
"""Files of the outputs that are named."""


def write_end(
    places: ProjectPlaces,
    record: Record,
    outcome: Outcome,
    engine: Engine | None,
    *,
    stopped: bool = False,
) -> Record:
    """Write down how a run ended, and let the engine forget it if all of it is here.

    `stopped`: the person asked for it. Where it cannot be written (a full disk) the engine keeps
    the run, so that its end can be asked for again.
    """
    end = tail.read(places.run(record.id))
    size, biggest = _written(history.outputs(places, record))
    record = replace(
        record,
        outcome=outcome.result,
        exit_code=outcome.exit_code,
        seconds=max(0.0, (outcome.ended or time.time()) - record.started),
        message=outcome.message,
        last_line=end.last_line,
        kept=outcome.kept,
        outputs_size=size,
        biggest=biggest,
    )
    if stopped and outcome.result in ("done", "failed"):
        record = replace(record, outcome="cancelled", message=outcome.message or "stopped")
    elif outcome.result == "failed" or (outcome.result == "done" and outcome.out_of_memory):
        record = replace(record, message=_cause(record, outcome, end, engine))
    record = _with(record, outcome.log)
    try:
        history.write(places, record)
    except StateError as error:
        return _with(record, f"its end is not written down: {error}")
    if engine is not None:
        forget(engine, record)
    return record


def _with(record: Record, words: str) -> Record:
    return replace(record, message="; ".join(part for part in (record.message, words) if part))


def _cause(record: Record, outcome: Outcome, end: tail.Tail, engine: Engine | None) -> str:
    """One line: what the run died of, and what to do."""

    def how_full(place: str) -> str:
        with contextlib.suppress(EngineError, OSError):
            # the outputs of an engine on another machine are on its disk until the end
            if place == "outputs" and "engine" not in dict(record.got):
                disk = shutil.disk_usage(record.outputs)
                ours = f"{amount(record.outputs_size)} are this run's"
                return f"{amount(disk.free)} of {amount(disk.total)} free, {ours}"
            return engine.disk() if engine else ""
        return ""

    wanted = record.as_surroundings()
    known = died.End(
        exit_code=outcome.exit_code,
        words=end.words,
        exception=end.exception,
        message=outcome.message,
        out_of_memory=outcome.out_of_memory,
        memory=wanted.memory,
        shm=wanted.shm_size,
        mounts=tuple((mount.source, mount.target, mount.writable) for mount in wanted.mounts),
        got=record.got,
        values=record.values,
        outputs=(OUTPUTS, record.outputs),
        how_full=how_full,
    )
    return clean_line(died.explain(known))


def forget(engine: Engine, record: Record) -> None:
    """Let the engine forget a run whose end is written down and whose files are all here."""
    if record.outcome in (None, "lost") or record.kept:
        return
    with contextlib.suppress(EngineError):  # it goes with the next look at earlier runs
        engine.remove(record.id)


def _written(folder: str) -> tuple[int, tuple[tuple[str, int], ...]]:
    """Bytes of all files in a folder, and the biggest: path in it, bytes."""
    sizes: list[tuple[str, int]] = []
    for here, _, names in os.walk(folder) if folder else ():
        for name in names:
            path = os.path.join(here, name)
            with contextlib.suppress(OSError):
                sizes.append((os.path.relpath(path, folder), os.lstat(path).st_size))
    biggest = sorted(sizes, key=lambda one: (-one[1], one[0]))[:BIGGEST]
    return sum(size for _, size in sizes), tuple(biggest)


def take_up(
    places: ProjectPlaces, engine: Engine, record: Record, log_size: int, *, running: bool
) -> Record:
    """Read the log of a run that nobody holds anew, and its end if it has one.

    Of a run that is still going the log so far is read, and the run is left alone.
    """
    sink = LogWriter(places.run(record.id), log_size)
    try:
        job = engine.adopt(record.id, sink)
        if running:
            threading.Thread(target=job.wait, daemon=True).start()
            _until_quiet(places, record)
            job.close()
            return record
        outcome = job.wait()
    except EngineError:
        return record
    finally:
        sink.close()
    return write_end(places, record, replace(outcome, log=outcome.log or sink.trouble), engine)


def _until_quiet(places: ProjectPlaces, record: Record) -> None:
    reader, size = LogReader(places.run(record.id)), -1
    while reader.size != size:
        size = reader.size
        time.sleep(QUIET)
    reader.close()
