"""`pxtui trust`: the folders whose projects are built and run without a first question."""

from __future__ import annotations

from pathlib import Path

import click

from pxtui import trust
from pxtui.cli.options import FAILED, Where, say, where_options
from pxtui.errors import EngineError
from pxtui.logs.text import clean_line
from pxtui.session import link


@click.command("trust")
@where_options
@click.option(
    "--below",
    type=click.Path(file_okay=False, exists=True, path_type=Path),
    metavar="DIR",
    help="Trust every project below DIR on the engine of now.",
)
@click.option(
    "--forget",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Trust the projects below DIR no longer.",
)
@click.pass_context
def command(ctx: click.Context, where: Where, below: Path | None, forget: Path | None) -> None:
    """List the folders whose projects the app builds and runs without a first question.

    What a project asks for (mounts, your variables) is asked for all the same, and steps of any
    kind without a container too.
    """
    if forget is not None and not trust.forget_below(forget):
        say(f"pxtui: {clean_line(str(forget))} was not trusted")
        ctx.exit(FAILED)
    if below is not None:
        project, settings = where.project(), where.settings()
        try:
            engine = link.opener(settings.engine, project.places)()
            trust.trust_below(below, engine.info().id)
            engine.close()
        except EngineError as error:
            say(f"pxtui: {clean_line(str(error))}")
            ctx.exit(4)
    for folder, engine_id in trust.folders():
        click.echo(f"{clean_line(folder)}  on {clean_line(engine_id)}")
