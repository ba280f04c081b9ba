"""`pxtui build`: build the image of the working set and the tree."""

from __future__ import annotations

import sys

import click

from pxtui.cli import headless
from pxtui.cli.headless import How
from pxtui.cli.options import Where, where_options
from pxtui.cli.run_options import build_options


@click.command("build")
@where_options
@build_options
@click.option("--no-cache", is_flag=True, help="Build every step anew.")
@click.option("--pull", is_flag=True, help="Ask the registry for a newer base image.")
@click.option(
    "--shell-on-failure",
    is_flag=True,
    help="If a step fails: a shell in this terminal, in the state before it.",
)
@click.option(
    "--shell-before",
    "before",
    type=click.IntRange(2),
    metavar="STEP",
    help="Build only what is before this step, and open a shell there.",
)
@click.option("--draft", is_flag=True, hidden=True, help="With the app's unwritten values.")
@click.option("--dry-run", is_flag=True, help="Only tell what would be done.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line on stdout.")
def command(
    where: Where,
    no_cache: bool,
    pull: bool,
    shell_on_failure: bool,
    before: int | None,
    draft: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Build the image: base, requirement and setup files, steps, code."""
    shell = shell_on_failure or before is not None
    if shell and as_json:
        raise click.UsageError("a shell does not go with --json")
    if shell and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise click.UsageError("a shell needs a terminal: stdin and stdout are to be one")
    how = How(
        as_json,
        dry_run,
        tty=shell,
        draft=draft,
        before=before or 0,
        shell_on_failure=shell_on_failure,
    )
    headless.run(where, lambda session: session.build(no_cache=no_cache, pull=pull), how)
