"""`pxtui demo`: the example project, written on request and opened."""

from __future__ import annotations

import shlex
import sys
from dataclasses import replace
from pathlib import Path

import click

from pxtui import demo
from pxtui.cli.options import USAGE, Where, fail, say, where_options
from pxtui.errors import PxtuiError


@click.command("demo")
@where_options
@click.option("--no-open", is_flag=True, help="Only write the files.")
@click.argument(
    "into", type=click.Path(path_type=Path), default=Path("pxtui-demo"), metavar="[FOLDER]"
)
@click.pass_context
def command(ctx: click.Context, where: Where, no_open: bool, into: Path) -> None:
    """Write the example project into FOLDER (pxtui-demo) and open it; nothing is run."""
    try:
        demo.write(into)
    except PxtuiError as error:
        fail(error, USAGE)
    say(f"wrote the example project into {into}")
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    if no_open or where.open_app is None or not terminal:
        say(f"open it: pxtui -C {shlex.quote(str(into))}")
        return
    ctx.exit(where.open_app(replace(where, folder=into)))
