"""`pxtui run`: build if needed, run, stream the output, end with the command's exit code."""

from __future__ import annotations

import click

from pxtui.cli import headless
from pxtui.cli.options import Where, where_options


@click.command("run")
@where_options
@click.option("--dry-run", is_flag=True, help="Only tell what would be done.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line on stdout.")
def command(where: Where, dry_run: bool, as_json: bool) -> None:
    """Build if needed, then run the command of the polyaxonfile.

    Its stdout comes on stdout, all else on stderr; its exit code is the exit code.
    """
    headless.run(
        where, lambda session: session.run(on_busy="queue"), as_json=as_json, dry_run=dry_run
    )
