"""`pxtui check`: all problems of one or many polyaxonfiles."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from pxtui import project
from pxtui.bounded import read_polyaxonfile
from pxtui.cli import objects
from pxtui.cli.options import INVALID, Where, say, where_options
from pxtui.logs.text import clean_line
from pxtui.polyaxonfile.problems import PolyaxonfileError
from pxtui.polyaxonfile.reading import Reading
from pxtui.polyaxonfile.source import Version


@click.command("check")
@where_options
@click.option("--json", "as_json", is_flag=True, help="One JSON object a file on stdout.")
@click.argument("named", nargs=-1, type=click.Path(path_type=Path), metavar="[FILE]...")
@click.pass_context
def command(ctx: click.Context, where: Where, as_json: bool, named: tuple[Path, ...]) -> None:
    """Tell all problems as FILE:LINE:COLUMN: severity[code]: message; exit code 3 for errors."""
    if named and where.files:
        message = "-f lays files over each other, FILEs are checked one by one: give one of both"
        raise click.UsageError(message, ctx)
    valid = True
    first, *over = where.files or (where.project().file,)
    for file in map(_in_folder, named or (first,)):
        reading = read(file, where, () if named else over)
        valid = valid and reading.valid
        if as_json:
            click.echo(objects.dumped(objects.checked(str(file), reading)))
            continue
        for problem in reading.problems:
            click.echo(clean_line(str(problem)))
        if reading.valid:
            say(f"✓ {clean_line(str(file))} is valid (Polyaxon {reading.era})")
    ctx.exit(0 if valid else INVALID)


def _in_folder(file: Path) -> Path:
    """The polyaxonfile of a folder; else the file itself."""
    return file / project.find(file).file.name if file.is_dir() else file


def read(file: Path, where: Where, over: Sequence[Path] = ()) -> Reading:
    """Read a polyaxonfile, and what is laid over it; what is wrong stands in its problems."""
    try:
        first, *others = (Version(project.read(one, str(one)), str(one)) for one in (file, *over))
    except PolyaxonfileError as error:
        return Reading(str(file), "", (), None, error.problems)
    return read_polyaxonfile(first.data, first.file, {}, where.names, over=others, era=where.era)
