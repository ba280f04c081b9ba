"""`pxtui images`: the images that pxtui made on the engine, and their removal."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence

import click

from pxtui.cli import objects, removal
from pxtui.cli.options import FAILED, NO_ENGINE, USAGE, Where, fail, say, where_options
from pxtui.engine import Engine
from pxtui.errors import EngineError, PxtuiError
from pxtui.image import housekeeping
from pxtui.image.context import amount
from pxtui.logs.text import clean_line
from pxtui.session import images, link
from pxtui.session.images import Held

SHORTEST = 6
"""Digits of an id that are enough to name an image."""
every = click.option("--all", "of_all", is_flag=True, help="Of every project, not only this one.")


@click.group("images", invoke_without_command=True)
@where_options
@every
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
@click.pass_context
def command(ctx: click.Context, where: Where, of_all: bool, as_json: bool) -> None:
    """List the images that pxtui made: the environment of the steps, and the code over it."""
    if ctx.invoked_subcommand is not None:
        return
    project = where.project().places.project
    engine, name = _open(where)
    found = _of(_held(engine), "" if of_all else project)
    total = housekeeping.total(one.image for one in found)
    if as_json:
        told = {"v": objects.V, "engine": name, "project": project, "total": total}
        told["exact"] = images.is_exact(found)
        told["images"] = [_object(one) for one in found]
        click.echo(objects.dumped(told))
        return
    if not found:
        say("pxtui made no images here" if of_all else "there are no images of this project")
        return
    for line in _lines(found, of_all=of_all):
        click.echo(line)
    at_most = "" if images.is_exact(found) else "at most "
    click.echo(f"{_count(found)}, {at_most}{amount(total)}")


def _open(where: Where) -> tuple[Engine, str]:
    """The engine, and its id; ends the command where there is none."""
    try:
        engine = link.opener(where.settings().engine, where.project().places)()
        return engine, engine.info().id
    except EngineError as error:
        fail(error, NO_ENGINE)


def _held(engine: Engine) -> tuple[Held, ...]:
    try:
        return images.held(engine)
    except EngineError as error:
        fail(error, FAILED)


def _of(found: Sequence[Held], project: str) -> tuple[Held, ...]:
    return tuple(one for one in found if project in ("", one.image.project))


def _lines(found: Sequence[Held], *, of_all: bool) -> Iterator[str]:
    width = max(len(one.name) for one in found)
    known = any(one.alone is not None for one in found)
    for one in found:
        image = one.image
        alone = "" if one.alone is None else f"frees {amount(one.alone)}"
        parts = (
            f"{image.kind:<11}  {one.name:<{width}}  {images.age(image, time.time()):>5}",
            f"{amount(image.size):>8}",
            f"{alone:<14}" if known else "",
            (one.folder or image.project or "several projects") if of_all else "",
            " ".join(f"#{number}" for number in one.runs),
            "in use" if image.used else "",
        )
        yield clean_line("  ".join(part for part in parts if part).rstrip())


def _count(found: Sequence[Held]) -> str:
    return "1 image" if len(found) == 1 else f"{len(found)} images"


def _object(one: Held) -> dict[str, object]:
    image = one.image
    return {
        "id": image.id,
        "kind": image.kind,
        "project": image.project or None,
        "folder": one.folder or None,
        "tags": list(image.tags),
        "key": image.key,
        "signature": image.signature or None,
        "created": image.created,
        "size": image.size,
        "alone": one.alone,
        "shared": None if one.alone is None else image.size - one.alone,
        "used": image.used,
        "runs": list(one.runs),
    }


@command.command("rm")
@where_options
@every
@click.option("--older", callback=removal._age, metavar="AGE", help="Those made that long ago: 7d.")
@click.option("--all-code", is_flag=True, help="All that hold code; the environments stay.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.argument("wanted", metavar="[IMAGE]...", nargs=-1)
def remove(
    where: Where,
    of_all: bool,
    older: float | None,
    all_code: bool,
    yes: bool,
    wanted: tuple[str, ...],
) -> None:
    """Remove images by id or tag, or by age.

    None that a container uses. --older and --all-code leave those alone that a kept run names, and
    the environment of code that stays.
    """
    if not wanted and older is None and not all_code:
        raise click.UsageError("name images, or say --older AGE or --all-code")
    project = where.project().places.project
    engine, _ = _open(where)
    found = _of(_held(engine), "" if of_all else project)
    chosen = [_named(found, name) for name in wanted]
    if older is not None or all_code:
        chosen += [one for one in _old(found, older or 0, all_code) if one not in chosen]
    if not chosen:
        say("there is nothing to remove")
        return
    _ask(chosen, yes)
    _remove(engine, tuple(dict.fromkeys(chosen)))


def _named(found: Sequence[Held], name: str) -> Held:
    """The image of an id, the beginning of one, or a tag; ends the command if there is none."""
    plain = name.removeprefix("sha256:")
    meant = [one for one in found if name in (one.image.id, one.name, *one.image.tags)] or [
        one
        for one in found
        if len(plain) >= SHORTEST and one.image.id.removeprefix("sha256:").startswith(plain)
    ]
    if len(meant) != 1:
        what = f"{name} means several images" if meant else f"there is no image {name} of ours"
        fail(PxtuiError(what, "`pxtui images` shows them, with --all of every project"), USAGE)
    return meant[0]


def _old(found: Sequence[Held], older: float, all_code: bool) -> list[Held]:
    by_id = {one.image.id: one for one in found}
    gone = housekeeping.chosen(
        [one.image for one in found],
        before=time.time() - older,
        only_code=all_code,
        needed={one.image.id for one in found if one.runs},
    )
    return [by_id[image.id] for image in gone]


def _ask(chosen: Sequence[Held], yes: bool) -> None:
    for line in _lines(chosen, of_all=True):
        say(line)
    for one in chosen:
        if one.image.used:
            error = PxtuiError(
                f"a container uses {one.name}", "remove its run first: pxtui runs rm"
            )
            fail(error, USAGE)
    if yes:
        return
    if not sys.stdin.isatty():
        fail(PxtuiError("nothing was removed: there is nobody to ask", "add --yes"), USAGE)
    click.confirm("Remove these?", abort=True, err=True)


def _remove(engine: Engine, chosen: Sequence[Held]) -> None:
    try:
        done = images.remove(engine, chosen)
    except EngineError as error:
        fail(error, FAILED)
    for one, why in done.failed:
        say(clean_line(f"pxtui: {one.name} stays: {why}"))
    at_most = "" if done.exact else "at most "
    say(f"removed {_count(done.images)}, freed {at_most}{amount(done.freed)}")
    if done.failed:
        raise SystemExit(FAILED)
