"""`pxtui watch`: the loop without a screen, until it is interrupted."""

from __future__ import annotations

from typing import cast

import click

from pxtui.cli import headless
from pxtui.cli.headless import How
from pxtui.cli.options import Where, where_options
from pxtui.cli.run_options import run_options
from pxtui.events import OnBusy
from pxtui.session import Session
from pxtui.settings import ON_BUSY


@click.command("watch")
@where_options
@run_options
@click.option("--no-run", is_flag=True, help="Only build.")
@click.option(
    "--on-busy",
    type=click.Choice(ON_BUSY),
    help="What a change leads to while a run is going (queue).",
)
@click.option("--dry-run", is_flag=True, help="Only tell what would be done.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line on stdout.")
def command(where: Where, no_run: bool, on_busy: str | None, dry_run: bool, as_json: bool) -> None:
    """Build and run now, and again at each change of the project."""
    policy = cast(OnBusy, on_busy or where.settings().on_busy)

    def request(session: Session) -> None:
        session.watch("build" if no_run else "run", policy)

    headless.run(where, request, How(as_json, dry_run, stays=True))
