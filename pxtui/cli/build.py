"""`pxtui build`: build the image of the working set and the tree."""

from __future__ import annotations

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
@click.option("--dry-run", is_flag=True, help="Only tell what would be done.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line on stdout.")
def command(where: Where, no_cache: bool, pull: bool, dry_run: bool, as_json: bool) -> None:
    """Build the image: base, requirement and setup files, steps, code."""
    headless.run(
        where,
        lambda session: session.build(no_cache=no_cache, pull=pull),
        How(as_json, dry_run),
    )
