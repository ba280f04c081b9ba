"""The options of what a run gets: variables, mounts, GPUs, limits; they go before all settings."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import click

from pxtui.cli.options import Where

R = TypeVar("R")

PLATFORM = click.option(
    "--platform", metavar="OS/ARCH", help="Build and run for another machine: linux/amd64 (slow)."
)

RUN = (
    click.option(
        "--env",
        multiple=True,
        metavar="NAME[=VALUE]",
        help="A variable for the run, yours or this value; never in the image.",
    ),
    click.option(
        "--env-file",
        "env_files",
        multiple=True,
        metavar="FILE",
        help="Variables for the run, one NAME=VALUE a line.",
    ),
    click.option(
        "--mount",
        "mounts",
        multiple=True,
        metavar="SRC:DST[:rw]",
        help="A file or folder of the engine's machine, read-only unless :rw.",
    ),
    click.option("--gpus", metavar="auto|all|0,1|none", help="GPUs for the run (auto)."),
    click.option("--shm-size", metavar="SIZE", help="Size of /dev/shm (half of the memory)."),
    click.option("--memory", metavar="SIZE", help="Limit of the run's memory."),
    click.option("--cpus", metavar="NUMBER", help="Limit of the run's processors."),
    PLATFORM,
    click.option(
        "--publish",
        multiple=True,
        metavar="[[ADDR:]HOST:]PORT",
        help="Make a port of the run one of the engine's machine (127.0.0.1).",
    ),
    click.option("--user", metavar="me|image|UID[:GID]", help="Who the command runs as (image)."),
    click.option(
        "--cache-volume/--no-cache-volume",
        "cache",
        default=None,
        help="Keep what pip, Hugging Face and torch load for the next run (kept).",
    ),
)
_SETTINGS = {
    **{name: name for name in ("env", "mounts", "gpus", "memory", "cpus", "platform", "publish")},
    **{"user": "user", "cache": "cache", "env_files": "env-files", "shm_size": "shm-size"},
}
"""Parameters and the settings that they say."""


def run_options(command: Callable[..., R]) -> Callable[..., R]:
    """Add the options RUN below `where_options`: what they say is in the flags of its `where`."""
    return _added(command, RUN)


def build_options(command: Callable[..., R]) -> Callable[..., R]:
    """Those of them that say what an image is."""
    return _added(command, (PLATFORM,))


def _added(command: Callable[..., R], options: tuple[Callable[..., Any], ...]) -> Callable[..., R]:
    @functools.wraps(command)
    def with_flags(where: Where, **given: Any) -> R:
        said = {name: given.pop(name) for name in _SETTINGS if name in given}
        flags = {**where.flags, **_flags(said)}
        return command(where=replace(where, flags=flags), **given)

    decorated: Callable[..., R] = with_flags
    for option in reversed(options):
        decorated = option(decorated)
    return decorated


def _flags(said: dict[str, Any]) -> dict[str, Any]:
    """By the names of the settings; places are those of the current folder."""
    flags = {_SETTINGS[n]: value for n, value in said.items() if value not in (None, ())}
    if "mounts" in flags:
        flags["mounts"] = tuple(map(_with_whole_source, flags["mounts"]))
    if "env-files" in flags:
        flags["env-files"] = tuple(map(_readable, flags["env-files"]))
    return flags


def _with_whole_source(mount: str) -> str:
    source, colon, rest = mount.partition(":")
    return _whole(source) + colon + rest if source and colon else mount


def _readable(file: str) -> str:
    path = _whole(file)
    if not os.path.isfile(path):
        raise click.UsageError(f"--env-file: there is no file {path}")
    return path


def _whole(path: str) -> str:
    return os.path.abspath(os.path.expanduser(path))
