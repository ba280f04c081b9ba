"""`pxtui runs`: the runs of a project on disk and on its engine."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import replace

import click

from pxtui import history
from pxtui.cli import objects
from pxtui.cli.follow import Follow
from pxtui.cli.options import FAILED, NO_ENGINE, USAGE, Where, fail, say, where_options
from pxtui.engine import FoundRun
from pxtui.errors import EngineError, NoEngine, PxtuiError
from pxtui.events import Outcome
from pxtui.history import Record
from pxtui.logs.text import clean, clean_line
from pxtui.places import ProjectPlaces
from pxtui.session import link

POLL = 0.1


@click.group("runs")
@where_options
def command(where: Where) -> None:
    """List runs, show one, its log; remove those that are not needed."""


def _places(where: Where) -> ProjectPlaces:
    return where.project().places


def _record(places: ProjectPlaces, name: str) -> Record:
    """The run of a number (`3`, `#3`), an id, or `last`."""
    records = history.read_all(places)
    meant = [r for r in records if name in (str(r.number), f"#{r.number}", r.id)]
    if name == "last":
        meant = list(records[-1:])
    if not meant:
        fail(PxtuiError(f"there is no run {name}", "pxtui runs list shows them"), USAGE)
    return meant[0]


def outcome(record: Record) -> str:
    """State of a run in words."""
    if record.outcome is None:
        return "running"
    code = f" {record.exit_code}" if record.exit_code else ""
    return f"{record.outcome}{code}"


def _truth(where: Where, records: tuple[Record, ...]) -> tuple[Record, ...]:
    """The records, those without an end as the engine knows them."""
    if all(record.outcome for record in records):
        return records
    project = where.project()
    try:
        engine = link.opener(where.settings().engine, project.places)()
        engine_id = engine.info().id
        found = {run.id: run for run in engine.runs(project.places.project)}
    except EngineError as error:
        say(f"pxtui: what is still running is not known: {clean_line(str(error))}")
        return records
    return tuple(_with_truth(r, engine_id, found.get(r.id)) for r in records)


def _with_truth(record: Record, engine_id: str, found: FoundRun | None) -> Record:
    if record.outcome is not None or record.engine != engine_id or (found and found.running):
        return record
    if found is None or found.exit_code is None:
        return replace(record, outcome="lost")
    ended: Outcome = "failed" if found.exit_code else "done"
    return replace(record, outcome=ended, exit_code=found.exit_code)


@command.command("list")
@where_options
@click.option("--json", "as_json", is_flag=True, help="One JSON object a run on stdout.")
def list_runs(where: Where, as_json: bool) -> None:
    """Number, state, seconds, what differed from the file, the last line."""
    records = _truth(where, history.read_all(_places(where)))
    if not records:
        say("nothing was run here yet")
    for record in records:
        if as_json:
            click.echo(json.dumps(_object(record), default=str))
            continue
        differs = " ".join(f"{n}={t}" for n, t in record.differs) or "as in the file"
        seconds = f"{record.seconds:.1f} s" if record.seconds is not None else "—"
        click.echo(
            f"#{record.number:<4} {outcome(record):<12} {seconds:>9}  {clean_line(differs)}"
            f"  {clean_line(record.message or record.last_line)}".rstrip()
        )


def _object(record: Record) -> dict[str, object]:
    return {
        "v": objects.V,
        "id": record.id,
        "number": record.number,
        "state": record.outcome or "running",
        "exit_code": record.exit_code,
        "started": record.started,
        "seconds": record.seconds,
        "engine": record.engine,
        "image": record.image,
        "cmd": record.cmd,
        "declarations": dict(record.resolved.get("params", {})),
        "differs": dict(record.differs),
        "message": record.message or None,
        "last_line": record.last_line or None,
    }


@command.command("show")
@where_options
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
@click.argument("run")
def show(where: Where, as_json: bool, run: str) -> None:
    """Everything that is known of RUN (a number, an id, or `last`)."""
    places = _places(where)
    (record,) = _truth(where, (_record(places, run),))
    if as_json:
        click.echo(json.dumps(_object(record), default=str))
        return
    rows = [
        ("run", f"#{record.number} · {record.id}"),
        ("state", outcome(record)),
        ("message", record.message),
        ("started", time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(record.started))),
        ("seconds", f"{record.seconds:.1f}" if record.seconds is not None else ""),
        ("engine", record.engine),
        ("image", record.image),
        ("command", record.cmd),
        *(("value", f"{n} = {v}") for n, v in dict(record.resolved.get("params", {})).items()),
        ("folder", str(places.run(record.id))),
    ]
    for label, text in rows:
        if text:
            click.echo(f"{label:<8} {clean(text)}")


@command.command("logs")
@where_options
@click.option("--follow", is_flag=True, help="Go on until the run has ended.")
@click.argument("run", default="last")
def logs(where: Where, follow: bool, run: str) -> None:
    """The whole log of RUN (a number, an id, or `last`), cleaned."""
    places = _places(where)
    record = _record(places, run)
    reader = Follow(places.run(record.id))
    while True:
        now = history.read(places, record.id)
        over = not follow or now is None or now.outcome is not None
        for line in reader.lines(last=over):
            sys.stdout.write(clean(line.text) + "\n")
        if over:
            return
        sys.stdout.flush()
        time.sleep(POLL)


@command.command("rm")
@where_options
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.argument("runs", nargs=-1, required=True)
def remove(where: Where, yes: bool, runs: tuple[str, ...]) -> None:
    """Remove RUNS that have ended, each with its container, log and outputs."""
    project = where.project()
    records = [_record(project.places, run) for run in runs]
    for record in records:
        say(f"#{record.number} {outcome(record)}: {project.places.run(record.id)}")
    if not yes:
        if not sys.stdin.isatty():
            fail(PxtuiError("nothing was removed: there is nobody to ask", "add --yes"), USAGE)
        click.confirm("Remove container, log and outputs of these?", abort=True, err=True)
    try:
        engine = link.opener(where.settings().engine, project.places)()
        engine_id = engine.info().id
        found = {f.id: f for f in engine.runs(project.places.project)}
        for record in records:
            _check(record, found.get(record.id), engine_id)
        for record in records:
            engine.remove(record.id)
            history.remove(project.places, record.id)
            say(f"removed #{record.number}")
    except NoEngine as error:
        fail(error, NO_ENGINE)
    except EngineError as error:
        fail(error, FAILED)
    except OSError as error:
        fail(PxtuiError(f"it could not be removed: {error}"), FAILED)


def _check(record: Record, found: FoundRun | None, engine_id: str) -> None:
    if record.engine != engine_id:
        fail(PxtuiError(f"#{record.number} is on {record.engine}, not on {engine_id}"), USAGE)
    if found is not None and found.running:
        fail(PxtuiError(f"#{record.number} is still running", "stop it first"), USAGE)
