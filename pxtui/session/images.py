"""Images of ours on the engine: told with what names them, removed, tidied after a build."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pxtui import history, places
from pxtui.engine import Engine, FoundImage
from pxtui.errors import EngineError, PxtuiError
from pxtui.events import BY_WATCH, Dropped, Finished, ImageGone, Notice, Queued, Unqueued, Wished
from pxtui.image import housekeeping
from pxtui.places import ProjectPlaces
from pxtui.session import threads
from pxtui.session.teller import Teller
from pxtui.state import State

if TYPE_CHECKING:
    from pxtui.session.session import Session

LOG = logging.getLogger("pxtui")
ROOT = "root"
"""File of a project's state folder that says where the project is."""


@dataclass(frozen=True, slots=True)
class Held:
    """An image, and what is known of it beside the engine."""

    image: FoundImage
    folder: str
    """The project's folder; empty where it is not known."""
    runs: tuple[int, ...]
    """Numbers of the kept runs that name it."""
    alone: int | None
    """Bytes that go with it; None: not known, others may share them."""

    @property
    def name(self) -> str:
        """What a person calls it by: its tag without what all tags of the project begin with."""
        tags = self.image.tags
        return tags[0].rpartition(":")[2] if tags else short(self.image.id)


def short(image: str) -> str:
    """An image's id as it is shown."""
    return image.removeprefix("sha256:")[:12] if image.startswith("sha256:") else image


def age(image: FoundImage, now: float) -> str:
    """How old an image is: `12m`, `3h`, `7d`."""
    seconds = max(0, int(now - image.created))
    for unit, size in (("d", 86_400), ("h", 3_600)):
        if seconds >= 2 * size:
            return f"{seconds // size}{unit}"
    return f"{seconds // 60}m"


def held(engine: Engine) -> tuple[Held, ...]:
    """All images of ours, of every project, oldest first; raises EngineError."""
    images = engine.list_images()
    alone = housekeeping.alone(images)
    named = {project: _named(project) for project in {image.project for image in images}}
    folders = {project: folder(project) for project in named}
    return tuple(
        Held(
            image,
            folders[image.project],
            tuple(
                number
                for name, number in named[image.project]
                if name == image.id or name in image.tags
            ),
            alone.get(image.id),
        )
        for image in images
    )


def _of(project: str) -> ProjectPlaces:
    return ProjectPlaces(project, places.state_home() / project)


def _named(project: str) -> tuple[tuple[str, int], ...]:
    """Image and number of each kept run."""
    records = history.read_all(_of(project)) if project else ()
    return tuple((record.image, record.number) for record in records)


def folder(project: str) -> str:
    """Where a project is, if it was noted and that is true."""
    try:
        root = (_of(project).home / ROOT).read_text(errors="surrogateescape") if project else ""
    except OSError:
        return ""
    return root if root and places.project_id(Path(root)) == project else ""


def remember(root: Path) -> None:
    """Note where a project is, so that its images can be told by its folder."""
    home = ProjectPlaces.of(root).home
    data = os.fsencode(root)
    try:
        if (home / ROOT).read_bytes() == data:
            return
    except OSError:
        pass
    places.write_private(home / ROOT, data)


@dataclass(frozen=True, slots=True)
class Removed:
    """What came of removing images."""

    images: tuple[Held, ...]
    freed: int
    """Bytes; at most so many, where what images share is not known."""
    exact: bool
    failed: tuple[tuple[Held, EngineError], ...]


def remove(engine: Engine, images: Iterable[Held]) -> Removed:
    """Remove images one by one; what the engine refuses stays. Raises EngineError if it is gone."""
    before = engine.list_images()
    gone, failed = list[Held](), list[tuple[Held, EngineError]]()
    for one in images:
        try:
            engine.remove_image(one.image.id)
        except EngineError as error:
            failed.append((one, error))
        else:
            gone.append(one)
    ids = {image.id for image in engine.list_images()}
    left = [image for image in before if image.id in ids]
    freed = housekeeping.total(before) - housekeeping.total(left)
    return Removed(tuple(gone), freed, is_exact(gone), tuple(failed))


def is_exact(images: Iterable[Held]) -> bool:
    """Whether sizes of these are without what they share."""
    return all(one.alone is not None for one in images)


def tidy(
    engine: Engine, project: Path, keep: int, needed: Callable[[], Collection[str] | None]
) -> None:
    """Remove what the policy lets go of a project's images; every trouble is only logged.

    `needed` is asked before each removal: images that are current or waited for, None if it has to
    end, as another build has begun.
    """
    try:
        remember(project)
        own = ProjectPlaces.of(project).project
        kept = {name for name, _ in _named(own)}
        for image in housekeeping.goes(engine.list_images(own), keep, kept, time.time()):
            now = needed()
            if now is None:
                return
            if not housekeeping.is_needed(image, now):
                _let_go(engine, image)
    except (PxtuiError, OSError) as error:
        LOG.info("images are not tidied: %s", error)


def _let_go(engine: Engine, image: FoundImage) -> None:
    try:
        engine.remove_image(image.id)
    except EngineError as error:
        LOG.info("%s stays: %s", image.id, error)
    else:
        LOG.info("removed the old image %s", image.id)


def tidy_soon(
    engine: Engine, project: Path, keep: int, needed: Callable[[], Collection[str] | None]
) -> threading.Thread:
    """`tidy` in a thread of its own; it waits for nothing, and nothing waits for it."""
    return threads.start("images", partial(tidy, engine, project, keep, needed))


def in_use(state: State, build: Finished) -> frozenset[str] | None:
    """What a session needs after a build; None while another one goes on."""
    if state.building is not None and state.building.started.id != build.id:
        return None
    waiting = (*state.queue, *(run.started.queued for run in state.runs if run.started.queued))
    current = {state.image.id} if state.image else set[str]()
    return frozenset({build.image or "", *current, *(queued.image for queued in waiting)})


async def look(session: Session) -> tuple[Held, ...]:
    """The images of the session's project; raises EngineError."""
    engine, project = _engine(session), session.project.places.project
    found = await threads.in_thread("images", partial(held, engine))
    return tuple(one for one in found if one.image.project == project)


async def remove_one(session: Session, image: Held) -> Removed:
    """Remove an image on the session's engine, which the session then knows; raises EngineError."""
    done = await threads.in_thread("images", partial(remove, _engine(session), (image,)))
    for one in done.images:
        session._parts.teller.tell(ImageGone(one.image.id))
    session._parts.doubt()  # there may be another image of what is wanted
    return done


async def is_gone(engine: Engine, image: str) -> bool:
    """Whether the engine says that it has an image no more."""
    try:
        return await threads.in_thread("image", partial(engine.base, image)) is None
    except EngineError:
        return False


def miss(teller: Teller, engine: Engine) -> None:
    """Tell if the newest image is gone (from another thread); raises EngineError."""
    image = teller.state.image
    if image is not None and engine.base(image.id) is None:
        teller.tell_soon(ImageGone(image.id))


def build_first(teller: Teller, queued: Queued) -> None:
    """Let a run whose image is gone, and all that wait for that image, wait for a build.

    A repeated run is not what it was with another tree or environment: that one is given up.
    """
    state = teller.state
    if queued.cause == "repeated" and queued.target != state.target:
        teller.tell(Unqueued(id=queued.id))
        why = "the image of that run was removed, and the project is another now: press r"
        teller.tell(Dropped(why, "error", "run"))
        return
    cause = queued.cause if queued.cause in BY_WATCH else "its image was removed"
    teller.tell(Wished("build", cause))
    teller.tell(ImageGone(queued.image, needed=True))
    teller.tell(Notice("warning", "the image was removed: it is built again first"))


def _engine(session: Session) -> Engine:
    engine, seen = session._parts.link.engine, session.state.engine
    if engine is None or seen is None or not seen.ok:
        raise EngineError(seen.note if seen and seen.note else "the engine has not answered yet")
    return engine
