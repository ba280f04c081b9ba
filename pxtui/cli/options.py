"""The options that every command takes: where the project is, which values and which engine."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

from pxtui import project, settings
from pxtui.errors import PxtuiError, SettingsError
from pxtui.logs.text import clean_line

R = TypeVar("R")

FAILED = 1
USAGE = 2
INVALID = 3
NO_ENGINE = 4


@dataclass(frozen=True)
class Where:
    """What the options before and after the command say together."""

    folder: Path = Path()
    files: tuple[Path, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    flags: Mapping[str, Any] = field(default_factory=dict)
    log_level: str | None = None
    allow_steps: bool = False
    open_app: Callable[[Where], int] | None = None
    """Starts the app, which the command line does not know."""

    def project(self) -> project.Project:
        """The project that is meant; ends the command where that cannot be."""
        if not self.folder.is_dir():
            raise click.UsageError(f"there is no folder {self.folder}")
        if len(self.files) > 1:
            raise click.UsageError("one -f FILE is taken so far; merging several is not there yet")
        return project.find(self.folder, self.files[0] if self.files else None)

    def settings(self) -> settings.Settings:
        """The settings for it; ends the command where one cannot be used."""
        try:
            return settings.load(self.folder, self.flags, os.environ)
        except SettingsError as error:
            fail(error, USAGE)


WHERE = (
    click.option(
        "-C", "folder", type=click.Path(path_type=Path), metavar="DIR", help="The project's folder."
    ),
    click.option(
        "-f",
        "files",
        multiple=True,
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="The polyaxonfile, if it has another name.",
    ),
    click.option(
        "-P",
        "names",
        multiple=True,
        metavar="NAME=TEXT",
        help="A declaration's value for this time, typed as in the file.",
    ),
    click.option(
        "--engine",
        type=click.Choice(settings.ENGINES),
        help="Where to build and run (auto: the container engine that is configured).",
    ),
    click.option(
        "--log-level",
        type=click.Choice(["debug", "info", "warning"]),
        help="Write a debug log (doctor tells where).",
    ),
    click.option(
        "--allow-steps",
        is_flag=True,
        help="Without a container: let steps that are not plain pip run on this machine.",
    ),
)
OPTIONS = ("folder", "files", "names", "engine", "log_level", "allow_steps")


def where_options(command: Callable[..., R]) -> Callable[..., R]:
    """Add the options WHERE; the command gets one `where`, what it says itself goes first."""

    @click.pass_context
    def with_where(ctx: click.Context, /, **given: Any) -> R:
        above = ctx.obj if isinstance(ctx.obj, Where) else Where()
        ctx.obj = _over(above, {name: given.pop(name) for name in OPTIONS})
        return command(where=ctx.obj, **given)

    decorated: Callable[..., R] = functools.update_wrapper(with_where, command)
    for option in reversed(WHERE):
        decorated = option(decorated)
    return decorated


def _over(above: Where, given: Mapping[str, Any]) -> Where:
    """What a command itself says goes before what was said in front of it."""
    return replace(
        above,
        folder=above.folder if given["folder"] is None else given["folder"],
        files=given["files"] or above.files,
        names={**above.names, **_named(given["names"])},
        flags={**above.flags, **({"engine": given["engine"]} if given["engine"] else {})},
        log_level=given["log_level"] or above.log_level,
        allow_steps=given["allow_steps"] or above.allow_steps,
    )


def _named(pairs: tuple[str, ...]) -> dict[str, str]:
    names: dict[str, str] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not name or not equals:
            raise click.UsageError(f"-P takes NAME=TEXT, not {pair!r}")
        if name in names:
            raise click.UsageError(f"-P {name} is given twice")
        names[name] = text
    return names


def say(text: str) -> None:
    """A line of narration, on stderr."""
    click.echo(text, err=True)


def fail(error: PxtuiError, code: int) -> NoReturn:
    """End the command with an error's words and an exit code."""
    say("pxtui: " + clean_line(str(error)))
    raise SystemExit(code)
