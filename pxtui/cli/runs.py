"""`pxtui runs`: the runs of a project on disk and on its engine."""

from __future__ import annotations

import sys
import threading
import time

import click

from pxtui import history
from pxtui.cli import objects
from pxtui.cli.follow import Follow
from pxtui.cli.known import ON_THIS_MACHINE, Known
from pxtui.cli.options import FAILED, NO_ENGINE, USAGE, Where, fail, say, where_options
from pxtui.errors import EngineError, PxtuiError
from pxtui.history import Record
from pxtui.logs.store import LogReader
from pxtui.logs.text import clean, clean_line
from pxtui.places import ProjectPlaces

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


@command.command("list")
@where_options
@click.option("--json", "as_json", is_flag=True, help="One JSON object a run on stdout.")
def list_runs(where: Where, as_json: bool) -> None:
    """Number, state, seconds, what differed from the file, the last line."""
    records = Known(where).records()
    if not records:
        say("nothing was run here yet")
    for record in records:
        if as_json:
            click.echo(objects.dumped(_object(_places(where), record)))
            continue
        differs = " ".join(f"{n}={t}" for n, t in record.differs) or "as in the file"
        seconds = f"{record.seconds:.1f} s" if record.seconds is not None else "—"
        click.echo(
            f"#{record.number:<4} {outcome(record):<12} {seconds:>9}  {clean_line(differs)}"
            f"  {clean_line(record.message or record.last_line)}".rstrip()
        )


def _object(places: ProjectPlaces, record: Record) -> dict[str, object]:
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
        "folder": str(places.run(record.id)),
        "outputs": history.outputs(places, record) or None,
    }


@command.command("show")
@where_options
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
@click.argument("run")
def show(where: Where, as_json: bool, run: str) -> None:
    """Everything that is known of RUN (a number, an id, or `last`)."""
    places = _places(where)
    record = Known(where).settled(_record(places, run))
    if as_json:
        click.echo(objects.dumped(_object(places, record)))
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
    places, known = _places(where), Known(where)
    record = known.settled(_record(places, run))
    reading: threading.Thread | None = None
    if known.is_running(record):
        reading = threading.Thread(
            target=known.follows, args=(record,), kwargs={"to_the_end": follow}, daemon=True
        )
        _begin(reading, LogReader(places.run(record.id)), known, record, follow)
    reader = Follow(places.run(record.id))
    while True:
        going = reading is not None and (reading.is_alive() or known.is_held(record))
        over = not (follow and going)
        for line in reader.lines(last=over):
            sys.stdout.write(clean(line.text) + "\n")
        sys.stdout.flush()
        if over:
            return
        time.sleep(POLL)


def _begin(
    reading: threading.Thread, before: LogReader, known: Known, record: Record, follow: bool
) -> None:
    """Start to read a log anew, and wait until the old one is replaced (or all is read)."""
    old = before.size > 0 and record.engine not in ON_THIS_MACHINE
    reading.start()
    while reading.is_alive() and (not follow or (old and not before.replaced)):
        reading.join(POLL)
        if follow and known.is_held(record):
            break
    before.close()


@command.command("rm")
@where_options
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.argument("runs", nargs=-1, required=True)
def remove(where: Where, yes: bool, runs: tuple[str, ...]) -> None:
    """Remove RUNS that have ended, each with its container, log and outputs."""
    known = Known(where)
    records = [known.settled(_record(known.places, run)) for run in runs]
    for record in records:
        say(f"#{record.number} {outcome(record)}: {known.places.run(record.id)}")
        if known.is_running(record):
            fail(PxtuiError(f"#{record.number} is still running", "stop it first"), USAGE)
    if not yes:
        if not sys.stdin.isatty():
            fail(PxtuiError("nothing was removed: there is nobody to ask", "add --yes"), USAGE)
        click.confirm("Remove container, log and outputs of these?", abort=True, err=True)
    for record in records:
        engine = known.engine(record)
        if engine is None:
            fail(PxtuiError(f"#{record.number} stays: its engine does not answer"), NO_ENGINE)
        try:
            history.empty(known.places, record.id)
            engine.remove(record.id)
            history.remove(known.places, record.id)
        except EngineError as error:
            fail(error, FAILED)
        except OSError as error:
            fail(PxtuiError(f"#{record.number} could not be removed: {error}"), FAILED)
        say(f"removed #{record.number}")
