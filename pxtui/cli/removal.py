"""`pxtui runs rm`: remove runs that were named, or that are old or many."""

from __future__ import annotations

import re
import sys
import time

import click

from pxtui import history
from pxtui.cli.known import Known, outcome
from pxtui.cli.options import FAILED, NO_ENGINE, USAGE, Where, fail, say, where_options
from pxtui.errors import EngineError, PxtuiError
from pxtui.history import Record
from pxtui.logs.text import clean_line

_UNITS = {"m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


def _age(_: click.Context, __: click.Parameter, text: str | None) -> float | None:
    """Seconds of `30m`, `12h`, `7d`."""
    if text is None:
        return None
    found = re.fullmatch(r"(\d{1,9})([mhdw])", text)
    if found is None:
        raise click.BadParameter("an age is a number and m, h, d or w: 30m, 12h, 7d")
    return int(found[1]) * _UNITS[found[2]]


@click.command("rm")
@where_options
@click.option("--older", callback=_age, metavar="AGE", help="Those that began that long ago: 7d.")
@click.option("--keep", type=click.IntRange(min=0), metavar="N", help="All but the newest N.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.argument("runs", nargs=-1)
def remove(
    where: Where, older: float | None, keep: int | None, yes: bool, runs: tuple[str, ...]
) -> None:
    """Remove RUNS that have ended, each with its container, log and outputs.

    --older and --keep leave those alone that have a star, still run, or have files in a container.
    """
    if not runs and older is None and keep is None:
        raise click.UsageError("name runs, or say --older AGE or --keep N")
    known = Known(where)
    records = [known.named(run) for run in runs]
    if older is not None or keep is not None:
        records += [r for r in _old(known, older, keep or 0) if r not in records]
    if not records:
        say("there is nothing to remove")
        return
    _ask(known, records, yes)
    for record in records:
        _remove(known, record)


def _old(known: Known, older: float | None, keep: int) -> list[Record]:
    """What is older and not among the newest, oldest first, but for what is to stay."""
    records = known.records()
    before = time.time() - (older or 0)
    return [
        record
        for record in records[: len(records) - keep]
        if record.started <= before
        and record.outcome is not None
        and not record.kept
        and not history.read_mark(known.places, record.id).starred
    ]


def _ask(known: Known, records: list[Record], yes: bool) -> None:
    for record in records:
        kept = f", with files that are only in {record.kept}" if record.kept else ""
        folder = known.places.run(record.id)
        say(clean_line(f"#{record.number} {outcome(record)}: {folder}{kept}"))
        if known.is_running(record):
            fail(PxtuiError(f"#{record.number} is still running", "stop it first"), USAGE)
    if yes:
        return
    if not sys.stdin.isatty():
        fail(PxtuiError("nothing was removed: there is nobody to ask", "add --yes"), USAGE)
    click.confirm("Remove container, log and outputs of these?", abort=True, err=True)


def _remove(known: Known, record: Record) -> None:
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
