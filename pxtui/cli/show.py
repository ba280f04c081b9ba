"""`pxtui show`: what would be built and run."""

from __future__ import annotations

import click

from pxtui.cli import check, objects
from pxtui.cli.options import INVALID, Where, say, where_options
from pxtui.image import context
from pxtui.image.dockerfile import dockerfile
from pxtui.image.plan import plan
from pxtui.logs.text import clean, clean_line
from pxtui.polyaxonfile.reading import Resolved


@click.command("show")
@where_options
@click.option("--dockerfile", "as_dockerfile", is_flag=True, help="The Dockerfile of the image.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
@click.pass_context
def command(ctx: click.Context, where: Where, as_dockerfile: bool, as_json: bool) -> None:
    """Show image, steps, variables and command, with the declarations filled in."""
    project = where.project()
    reading = check.read(project.file, where)
    for problem in reading.problems:
        say(clean_line(str(problem)))
    if reading.resolved is None or reading.shown is None:
        if as_json:
            problems = [objects.problem(p) for p in reading.problems]
            click.echo(objects.dumped({"v": objects.V, **objects.NOTHING, "problems": problems}))
        ctx.exit(INVALID)
    if as_dockerfile:
        staged = context.stage(project.root)
        click.echo(clean(dockerfile(plan(reading.resolved, staged))), nl=False)
    elif as_json:
        problems = [objects.problem(p) for p in reading.problems]
        shown = {**objects.resolved(reading.shown), "problems": problems}
        click.echo(objects.dumped(shown))
    else:
        _show(reading.shown)


def _show(resolved: Resolved) -> None:
    rows = [
        ("kind", resolved.kind),
        ("project", resolved.project or "—"),
        ("image", resolved.image or "—"),
        *(("step", step) for step in resolved.steps),
        *(("env", f"{name}={text}") for name, text in resolved.env),
        *(("value", f"{name} = {value}") for name, value in resolved.params.items()),
        ("command", resolved.cmd or "—"),
    ]
    for label, text in rows:
        click.echo(f"{label:<8} {clean(text)}")
