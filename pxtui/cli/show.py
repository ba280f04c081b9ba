"""`pxtui show`: what would be built and run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

import click

from pxtui import bounded
from pxtui.cli import check, objects
from pxtui.cli.options import INVALID, Where, fail, say, where_options
from pxtui.errors import PxtuiError
from pxtui.facts import by_own
from pxtui.image import context, own
from pxtui.image.dockerfile import dockerfile
from pxtui.image.plan import Own, Staging, plan
from pxtui.logs.text import clean, clean_line
from pxtui.polyaxonfile import trials
from pxtui.polyaxonfile.matrix import Space
from pxtui.polyaxonfile.reading import Resolved
from pxtui.polyaxonfile.templating.rendering import Dear
from pxtui.project import Project, read_all

MAX_TRIALS = 1000
MAX_HERE = 8 * 1024
"""Bytes of files that as many trials are filled in from without a child with limits."""


@click.command("show")
@where_options
@click.option("--dockerfile", "as_dockerfile", is_flag=True, help="The Dockerfile of the image.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
@click.pass_context
def command(ctx: click.Context, where: Where, as_dockerfile: bool, as_json: bool) -> None:
    """Show image, steps, variables and command, with the declarations filled in."""
    project = where.project()
    reading = check.read(project.file, where, project.over)
    for problem in reading.problems:
        say(clean_line(str(problem)))
    if reading.resolved is None or reading.shown is None:
        if as_json:
            problems = [objects.problem(p) for p in reading.problems]
            click.echo(objects.dumped({"v": objects.V, **objects.NOTHING, "problems": problems}))
        ctx.exit(INVALID)
    if as_dockerfile:
        _show_dockerfile(project, reading.resolved, reading.era)
    elif as_json:
        problems = [objects.problem(p) for p in reading.problems]
        found = _trials(project, where) if reading.resolved.space else ()
        shown = {**objects.resolved(reading.shown, found), "problems": problems}
        click.echo(objects.dumped(shown))
    else:
        _show(reading.shown)


def _show_dockerfile(project: Project, resolved: Resolved, era: str) -> None:
    try:
        made = plan(resolved, Staging())
        if made.own is not None:
            _show_own(project, made.own, made.notes)
            return
        staged = context.stage(project.root, resolved.steps, era)
        text = dockerfile(plan(resolved, staged))
    except PxtuiError as error:
        fail(error, INVALID)
    for told in (*staged.notes, *staged.warnings):
        say(clean_line(told))
    click.echo(clean(text), nl=False)


def _show_own(project: Project, named: Own, notes: Iterable[str]) -> None:
    text = own.read(project.root, named)
    for told in notes:
        say(clean_line(told))
    click.echo(clean(text.decode(errors="replace")), nl=False)


def _trials(project: Project, where: Where) -> tuple[Mapping[str, Any], ...]:
    """The parameters of the first trials; none where they need too much."""
    versions = read_all(project)
    read = partial(trials.read, versions, where.names, MAX_TRIALS, era=where.era)
    if sum(len(version.data) for version in versions) <= MAX_HERE:
        try:
            return read()
        except Dear:
            pass
    try:
        return bounded.call(partial(read, trusted=True))
    except bounded.Overrun as error:
        say(f"only the first trial is told: {error.message}")
        return ()


def _show(resolved: Resolved) -> None:
    rows = [
        ("kind", resolved.kind),
        ("project", resolved.project or "—"),
        ("image", resolved.image or (by_own(resolved) if resolved.dockerfile else "—")),
        *(("step", step) for step in resolved.steps),
        *(("env", f"{name}={text}") for name, text in resolved.env),
        *(("value", f"{name} = {value}") for name, value in resolved.params.items()),
        ("command", resolved.cmd or "—"),
        *([("sweep", _sweep(resolved.space))] if resolved.space else ()),
    ]
    for label, text in rows:
        click.echo(f"{label:<8} {clean(text)}")


def _sweep(space: Space) -> str:
    """How many trials of what: `24 trials: lr (3) × batch_size (8), grid`."""
    total = "trials without end" if space.total is None else f"{space.total:,} trials"
    sizes = [one.kind if one.size is None else f"{one.size:,}" for one in space.distributions]
    names = " × ".join(f"{name} ({size})" for name, size in zip(space.names, sizes, strict=True))
    at_once = f", {space.concurrency} at once" if space.concurrency > 1 else ""
    return f"{total}: {names}, {space.search}{at_once}"
