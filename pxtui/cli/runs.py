"""`pxtui runs`: the runs of a project on disk and on its engine."""

from __future__ import annotations

import sys
import threading
import time
from dataclasses import replace
from typing import Any

import click

from pxtui import history
from pxtui.cli import enter, objects, removal
from pxtui.cli.follow import Follow
from pxtui.cli.known import ON_THIS_MACHINE, Known, named, outcome
from pxtui.cli.options import Where, say, where_options
from pxtui.history import Mark, Record
from pxtui.image.context import amount
from pxtui.logs.reader import LogReader
from pxtui.logs.text import clean, clean_line
from pxtui.places import ProjectPlaces
from pxtui.polyaxonfile.secret import without

POLL = 0.1


@click.group("runs")
@where_options
def command(where: Where) -> None:
    """List runs, show one, its log; remove those that are not needed."""


def _places(where: Where) -> ProjectPlaces:
    return where.project().places


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
        else:
            click.echo(_line(record, history.read_mark(_places(where), record.id)))


def _line(record: Record, mark: Mark) -> str:
    differs = " ".join(f"{n}={t}" for n, t in record.differs) or "as in the file"
    seconds = f"{record.seconds:.1f} s" if record.seconds is not None else "—"
    size = amount(record.outputs_size) if record.outputs_size else ""
    parts = (mark.label and f"“{mark.label}”", differs, record.message or record.last_line)
    told = "  ".join(clean_line(part) for part in parts if part)
    star = "★" if mark.starred else " "
    return f"#{record.number:<4}{star}{outcome(record):<12} {seconds:>9} {size:>8}  {told}"


def _object(places: ProjectPlaces, record: Record) -> dict[str, object]:
    mark = history.read_mark(places, record.id)
    return {
        "v": objects.V,
        "id": record.id,
        "number": record.number,
        "label": mark.label or None,
        "starred": mark.starred,
        "state": record.outcome or "running",
        "exit_code": record.exit_code,
        "started": record.started,
        "seconds": record.seconds,
        "engine": record.engine,
        "image": record.image,
        "cmd": record.shown,
        "declarations": _declarations(record),
        "differs": dict(record.differs),
        "got": [list(pair) for pair in record.got],
        "message": record.message or None,
        "last_line": record.last_line or None,
        "folder": str(places.run(record.id)),
        "outputs": history.outputs(places, record) or None,
        "outputs_size": record.outputs_size,
        "outputs_files": objects.files(record.biggest),
        "kept": record.kept or None,
    }


def _declarations(record: Record) -> dict[str, Any]:
    """The values that it ran with; no text of them has a secret one."""
    params = dict(record.resolved.get("params", {}))
    hidden = frozenset(filter(None, (_at(params, name) for name in record.secrets)))
    shown: dict[str, Any] = _veiled(params, hidden)
    return shown


def _at(params: Any, name: str) -> str:
    """The value of a declaration `a.b`, as text."""
    if isinstance(params, dict):
        if name in params:
            return str(params[name])
        first, _, rest = name.partition(".")
        return _at(params.get(first), rest)
    return ""


def _veiled(value: Any, hidden: frozenset[str]) -> Any:
    if isinstance(value, dict):
        return {key: _veiled(item, hidden) for key, item in value.items()}
    if isinstance(value, list):
        return [_veiled(item, hidden) for item in value]
    return without(str(value), hidden) if isinstance(value, str) or str(value) in hidden else value


@command.command("show")
@where_options
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
@click.argument("run")
def show(where: Where, as_json: bool, run: str) -> None:
    """Everything that is known of RUN (a number, an id, or `last`)."""
    places = _places(where)
    record = Known(where).named(run)
    if as_json:
        click.echo(objects.dumped(_object(places, record)))
        return
    mark = history.read_mark(places, record.id)
    rows = [
        ("run", f"{'★ ' if mark.starred else ''}#{record.number} · {record.id}"),
        ("label", mark.label),
        ("state", outcome(record)),
        ("message", record.message),
        ("started", time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(record.started))),
        ("seconds", f"{record.seconds:.1f}" if record.seconds is not None else ""),
        ("engine", record.engine),
        ("image", record.image),
        ("command", record.shown),
        *(("value", f"{n} = {v}") for n, v in _declarations(record).items()),
        *(("got", f"{label}: {text}") for label, text in record.got),
        ("folder", str(places.run(record.id))),
        ("outputs", history.outputs(places, record)),
        ("size", amount(record.outputs_size) if record.outputs_size else ""),
        *(("file", f"{amount(size):>8}  {path}") for path, size in record.biggest),
        ("kept", record.kept and f"{record.kept}: the container has files that are nowhere else"),
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
    record = known.named(run)
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


@command.command("path")
@where_options
@click.argument("run", default="last")
def path(where: Where, run: str) -> None:
    """The folder of what RUN wrote."""
    places = _places(where)
    record = named(places, run)
    folder = record.outputs or str(places.run(record.id) / "outputs")
    # a script gets it as it is, a terminal never what could be a sequence
    click.echo(clean_line(folder) if sys.stdout.isatty() else folder)


@command.command("label")
@where_options
@click.argument("run")
@click.argument("text")
def label(where: Where, run: str, text: str) -> None:
    """Name RUN; an empty TEXT takes the name back."""
    _mark(where, run, label=text)


@command.command("star")
@where_options
@click.option("--off", is_flag=True, help="Take the star back.")
@click.argument("run")
def star(where: Where, off: bool, run: str) -> None:
    """Star RUN: `rm --older` and `rm --keep` leave it alone."""
    _mark(where, run, starred=not off)


def _mark(where: Where, run: str, **changes: Any) -> None:
    places = _places(where)
    record = named(places, run)
    history.write_mark(places, record.id, replace(history.read_mark(places, record.id), **changes))


command.add_command(enter.shell)
command.add_command(enter.attach)
command.add_command(removal.remove)
