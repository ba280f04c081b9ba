"""`--json`: events as objects, one a line; keys may be added, never removed."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pxtui.events import (
    Changed,
    Dropped,
    Event,
    Finished,
    Given,
    Invalid,
    Loaded,
    NoFile,
    Phase,
    Started,
    Step,
)
from pxtui.logs.text import clean, clean_line
from pxtui.polyaxonfile.problems import Problem
from pxtui.polyaxonfile.reading import Reading, Resolved

V = 1


def line(kind: str, **values: Any) -> str:
    """One object with its version, time and type."""
    return dumped({"v": V, "time": time.time(), "type": kind, **values})


def dumped(value: object) -> str:
    """JSON that every reader takes: an infinite number is its text."""
    return json.dumps(_finite(value), default=str, allow_nan=False)


def _finite(value: object) -> object:
    if isinstance(value, float) and not math.isfinite(value):
        return str(float(value))
    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value


def problem(problem: Problem) -> dict[str, Any]:
    """A problem as an object."""
    return {
        "code": problem.code,
        "severity": problem.severity,
        "message": problem.message,
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "hint": problem.hint or None,
    }


def resolved(resolved: Resolved, trials: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """What would be built and run, as an object; without `trials` the first is the only one."""
    space = resolved.space
    return {
        "v": V,
        "kind": resolved.kind,
        "project": resolved.project,
        "image": resolved.image or None,
        "steps": list(resolved.steps),
        "env": [list(pair) for pair in resolved.env],
        "cmd": resolved.cmd or None,
        "argv": ["/bin/bash", "-c", resolved.cmd] if resolved.cmd else None,
        "declarations": dict(resolved.params),
        "dockerfile": resolved.dockerfile or None,
        "context": resolved.context or None,
        "trials": [dict(trial) for trial in trials or (resolved.params,)],
        "trials_total": space.total if space else 1,
    }


NOTHING = dict.fromkeys(
    (
        *("kind", "project", "image", "steps", "env", "cmd", "argv", "declarations"),
        *("dockerfile", "context", "trials", "trials_total"),
    )
)
"""What `show` tells of a file that cannot be run."""


def checked(file: str, reading: Reading) -> dict[str, Any]:
    """A file and its problems, as an object."""
    shown = resolved(reading.shown) if reading.shown else None
    return {
        "v": V,
        "file": file,
        "valid": reading.valid,
        "era": reading.era,
        "problems": [problem(p) for p in reading.problems],
        "resolved": shown,
    }


def output(phase: Phase, job: str, stream: str, text: str) -> str:
    """One cleaned line of a job."""
    return line("output", phase=phase, id=job, stream=stream, text=clean(text))


def of(event: Event) -> str | None:
    """The object of an event; None for what is not told headless."""
    match event:
        case Loaded():
            resolved = event.reading.resolved
            project = resolved.project if resolved else None
            problems = [problem(p) for p in event.reading.problems]
            return line("loaded", file=event.reading.file, project=project, problems=problems)
        case Invalid():
            return line("invalid", problems=[problem(p) for p in event.reading.problems])
        case NoFile():
            missing = Problem("E_MISSING", f"no polyaxonfile in {event.folder}", event.folder)
            return line("invalid", problems=[problem(missing)])
        case Changed():
            paths = [clean(path) for path in event.paths]
            return line("changed", paths=paths, total=event.total, leads_to=event.leads_to)
        case Started():
            return line(
                "started", phase=event.phase, id=event.id, number=event.number, cause=event.cause
            )
        case Given():
            got = [[label, clean(text)] for label, text in event.got]
            return line("given", id=event.id, got=got)
        case Step():
            return _step(event)
        case Finished():
            return _finished(event)
        case Dropped():
            return _skipped(event)
        case _:
            return None


def _step(event: Step) -> str:
    return line(
        "step",
        phase="build",
        id=event.id,
        index=event.index,
        total=event.total,
        text=event.text,
        cached=event.cached,
        seconds=event.seconds,
        state=event.state,
        size=event.size,
        usual=event.usual,
        why=clean_line(event.why) or None,
    )


def _finished(event: Finished) -> str:
    return line(
        "finished",
        phase=event.phase,
        id=event.id,
        outcome=event.outcome,
        exit_code=event.exit_code,
        image=event.image,
        seconds=event.seconds,
        message=clean(event.message) or None,
        outputs=event.outputs,
        outputs_size=event.outputs_size,
        outputs_files=files(event.biggest),
        sizes=[list(pair) for pair in event.sizes],
    )


def files(biggest: Iterable[tuple[str, int]]) -> list[dict[str, Any]]:
    """The biggest files of a run's outputs, as objects."""
    return [{"path": clean(path), "size": size} for path, size in biggest]


def _skipped(event: Dropped) -> str | None:
    """A wish that was left out, or could not be begun; one that found all done has no words."""
    if not event.message:
        return None
    return line(
        "finished",
        phase=event.goal,
        id=None,
        outcome="failed" if event.severity == "error" else "skipped",
        exit_code=None,
        image=None,
        seconds=0.0,
        message=clean(event.message),
        outputs=None,
        outputs_size=0,
        outputs_files=[],
    )
