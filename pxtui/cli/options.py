"""The options that every command takes: where the project is, which values and which engine."""

from __future__ import annotations

import contextlib
import functools
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

from pxtui import project, settings
from pxtui.errors import PxtuiError, SettingsError
from pxtui.logs.text import clean_line
from pxtui.polyaxonfile.spec import eras

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
    """The polyaxonfile, and others that are laid over it; empty: the one in the folder."""
    era: str = ""
    """The era to read it as; empty: the one that it is written in."""
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
        file, over = (self.files[0], self.files[1:]) if self.files else (None, ())
        return project.find(self.folder, file, over, self.era)

    def settings(self) -> settings.Settings:
        """The settings for it; ends the command where one cannot be used."""
        try:
            return settings.load(self.folder, self.flags, os.environ)
        except SettingsError as error:
            fail(error, USAGE)


def _era(ctx: click.Context, option: click.Parameter, name: str | None) -> str | None:
    if name is None:
        return None
    era = eras.named(name)
    if era is None:
        known = ", ".join(era.name for era in eras.ERAS)
        message = (
            f"there is no era {clean_line(name)!r}: give a version as 0.5.6, or one of {known}"
        )
        raise click.BadParameter(message, ctx, option)
    return era.name


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
        help="The polyaxonfile, if it has another name; further ones are laid over it.",
    ),
    click.option(
        "--era",
        metavar="VERSION",
        callback=_era,
        help="Read it as this version of Polyaxon did, as 0.0.5 (else: as the newest it fits).",
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
OPTIONS = ("folder", "files", "era", "names", "engine", "log_level", "allow_steps")


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
        era=given["era"] or above.era,
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


def no_output() -> None:
    """Give the streams up: what is left in their buffers must not fail again when Python ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            os.dup2(nowhere, stream.fileno())


def fail(error: PxtuiError, code: int) -> NoReturn:
    """End the command with an error's words and an exit code."""
    say("pxtui: " + clean_line(str(error)))
    raise SystemExit(code)
