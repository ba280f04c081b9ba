"""`pxtui doctor`: what is wrong on this machine and in this project, and how to mend it."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Iterator
from pathlib import Path

import click

from pxtui import __version__, debug_log, gpus, history, places
from pxtui.bounded import read_polyaxonfile
from pxtui.cli.options import FAILED, INVALID, NO_ENGINE, Where, where_options
from pxtui.engine import Engine
from pxtui.errors import ContextError, EngineError, PxtuiError
from pxtui.image import context
from pxtui.logs.text import clean_line
from pxtui.polyaxonfile.problems import PolyaxonfileError
from pxtui.project import Project, read_all
from pxtui.session import link
from pxtui.settings import Settings

Finding = tuple[str, str, str, int]
"""Mark, label, text, exit code (0 where all is well)."""


@click.command("doctor")
@where_options
@click.pass_context
def command(ctx: click.Context, where: Where) -> None:
    """Look at settings, polyaxonfile, tree, engine, what runs left; nothing is changed."""
    project, settings = where.project(), where.settings()
    code = 0
    for mark, label, text, bad in _findings(where, project, settings):
        click.echo(f"{mark} {label:<12} {clean_line(text)}")
        code = code or bad
    ctx.exit(code)


def _findings(where: Where, project: Project, settings: Settings) -> Iterator[Finding]:
    yield "✓", "pxtui", f"{__version__}, Python {platform.python_version()}", 0
    yield from _file(project, where)
    yield from _tree(project, settings)
    yield from _engine(project, settings)
    disk = shutil.disk_usage(_existing(places.state_home()))
    records = history.read_all(project.places)
    yield "✓", "runs", f"{len(records)} of this project in {project.places.home}", 0
    yield "✓" if disk.free > 2e9 else "!", "disk", f"{disk.free / 1e9:.1f} GB free for them", 0
    yield "✓", "settings", f"{places.config_file()}", 0
    yield "✓", "debug log", f"{debug_log.path()} (--log-level debug writes it)", 0


def _existing(path: Path) -> Path:
    return path if path.exists() else _existing(path.parent)


def _file(project: Project, where: Where) -> Iterator[Finding]:
    try:
        first, *over = read_all(project)
    except PolyaxonfileError as error:
        problem = error.problems[0]
        hint = "pxtui demo writes an example, -f FILE names another"
        yield "✗", "polyaxonfile", f"{project.shown_file}: {problem.message} ({hint})", INVALID
        return
    reading = read_polyaxonfile(first.data, first.file, {}, where.names, over=over, era=project.era)
    if reading.valid:
        yield "✓", "polyaxonfile", f"{project.shown_file} is valid ({reading.era})", 0
    for problem in reading.problems:
        bad = problem.severity == "error"
        yield "✗" if bad else "!", "polyaxonfile", str(problem), INVALID if bad else 0


def _tree(project: Project, settings: Settings) -> Iterator[Finding]:
    limits = context.Limits(settings.context_max_size, settings.context_max_files)
    try:
        listing = context.look(project.root, limits, frozenset(project.shown_files), None)
    except ContextError as error:
        yield "✗", "code", str(error), FAILED
        return
    yield "✓", "code", f"{listing.files:,} files, {listing.size / 1e6:.1f} MB go into the image", 0
    for note in listing.skipped:
        yield "!", "left out", note, 0


def _engine(project: Project, settings: Settings) -> Iterator[Finding]:
    try:
        engine = link.opener(settings.engine, project.places)()
        info = engine.info()
    except EngineError as error:
        yield "✗", "engine", str(error), NO_ENGINE
        return
    note = f" · {info.note}" if info.note else ""
    yield "✓", "engine", f"{info.name} {info.version} at {info.id}{note}", 0
    if not info.isolated:
        yield "!", "engine", "the image is not used and nothing is isolated", 0
    yield "✓", "gpu", gpus.give(info.gpus, "auto").text, 0
    yield from _kept(engine, project)


def _kept(engine: Engine, project: Project) -> Iterator[Finding]:
    try:
        kept, disk = engine.runs(project.places.project), engine.disk()
    except PxtuiError as error:
        yield "!", "containers", str(error), 0
        return
    size = sum(run.size for run in kept) / 1e6
    text = f"{len(kept)} runs of this project are kept, {size:.1f} MB written in them"
    yield "✓", "containers", f"{text} (pxtui runs rm removes them)", 0
    if disk:
        yield "✓", "engine disk", disk, 0
