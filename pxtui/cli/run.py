"""`pxtui run`: build if needed, run, stream the output, end with the command's exit code."""

from __future__ import annotations

import sys

import click

from pxtui.cli import headless
from pxtui.cli.headless import How
from pxtui.cli.options import Where, where_options
from pxtui.cli.run_options import run_options


@click.command("run")
@where_options
@run_options
@click.option("--tty", is_flag=True, help="In this terminal, with its keys: pdb and input() work.")
@click.option("--detach", is_flag=True, help="Start it, tell its number and id, leave it going.")
@click.option("--draft", is_flag=True, hidden=True, help="With the app's unwritten values.")
@click.option("--dry-run", is_flag=True, help="Only tell what would be done.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line on stdout.")
def command(
    where: Where, tty: bool, detach: bool, draft: bool, dry_run: bool, as_json: bool
) -> None:
    """Build if needed, then run the command of the polyaxonfile.

    Its stdout comes on stdout, all else on stderr; its exit code is the exit code.
    """
    if tty and (detach or as_json):
        raise click.UsageError(f"--tty does not go with {'--detach' if detach else '--json'}")
    if tty and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise click.UsageError("--tty needs a terminal: stdin and stdout are to be one")
    how = How(as_json, dry_run, tty=tty, detach=detach, draft=draft)
    headless.run(where, lambda session: session.run(on_busy="queue", tty=tty), how)
