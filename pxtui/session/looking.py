"""Looking at the project: its polyaxonfile, its tree, its needs, at hints and without any."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import replace

from pxtui import places, project
from pxtui.engine import BuildRequest
from pxtui.errors import PxtuiError
from pxtui.events import (
    Event,
    Hinted,
    ImageSeen,
    NeedsSeen,
    TreeSeen,
)
from pxtui.image import context
from pxtui.image.plan import Staging, plan
from pxtui.needs import Need
from pxtui.polyaxonfile.reading import Resolved
from pxtui.session import threads, watching
from pxtui.session.guard import Plan
from pxtui.session.needs import surroundings
from pxtui.session.parts import Parts
from pxtui.session.working import WorkingSet
from pxtui.state import State, target

QUIET = 0.12
"""Seconds without a further hint after which the tree is looked at."""
QUIET_AT_MOST = 2.0
FILE_LOOKS = 2.0
"""Seconds after which the polyaxonfile is read again where no hint came."""
IDLE = 10.0
"""Seconds without a hint after which the tree is looked at all the same."""
IDLE_SHARE = 300
"""Such looks are this many times as far apart as the last one took, if that is more."""


async def look(parts: Parts) -> None:
    """Look at the polyaxonfile and the tree; tell what changed, and wish what the watch says."""
    async with parts.looking:
        doubts, began = parts.doubts, time.monotonic()
        await _read_again(parts)
        before, parts.unlooked = parts.unlooked or parts.teller.state, None
        seen, paths = await threads.in_thread("look", lambda: _look(parts))
        needs = await _needs(parts, seen)
        _tell_needs(parts, needs)
        watching.tell_tree(parts, before, seen, paths)
        if parts.doubts != doubts:
            parts.doubt()
        parts.look_took = time.monotonic() - began
        parts.looked.set()
        await find_image(parts)


def _tell_needs(parts: Parts, needs: tuple[Need, ...]) -> None:
    told = NeedsSeen(needs, surroundings(parts.settings, needs))
    state = parts.teller.state
    if (state.needs, state.surroundings) != (told.needs, told.surroundings):
        parts.teller.tell(told)


def _look(parts: Parts) -> tuple[TreeSeen, tuple[str, ...]]:
    """The tree as it is now, and what the steps get of it."""
    seen, paths = parts.needs.look(parts.tree)
    resolved = parts.teller.state.resolved
    if resolved is not None and not seen.error:
        staging = _staged(parts, resolved)
        notes, warnings = staging.notes, staging.warnings
        seen = replace(seen, notes=notes, warnings=warnings, staged=staging.digest)
    return seen, paths


def _staged(parts: Parts, resolved: Resolved) -> Staging:
    reading = parts.teller.state.reading
    return context.stage(parts.project.root, resolved.steps, reading.era if reading else "")


async def work(parts: Parts, change: Callable[[WorkingSet], Iterable[Event]]) -> State:
    """Let the working set do something, and tell what came of it; what was so before."""
    async with parts.reading:
        before = parts.teller.state
        for event in await threads.in_thread("working set", lambda: change(parts.working)):
            parts.teller.tell(event)
    return before


async def _read_again(parts: Parts) -> bool:
    """Read the polyaxonfile; whether it is another one."""
    before = await work(parts, WorkingSet.refresh)
    changed = parts.teller.state.base != before.base
    if changed and parts.unlooked is None:
        parts.unlooked = before
    return changed


async def follow_file(parts: Parts) -> None:
    """Read the polyaxonfile at every hint, at once, and now and then without one.

    It may lie, or its link may lead, where nothing is watched.
    """
    while True:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FILE_LOOKS):
                await parts.touched.wait()
        hinted = parts.touched.is_set()
        parts.touched.clear()
        if await _read_again(parts) and not hinted:
            parts.doubt()


async def _needs(parts: Parts, seen: TreeSeen) -> tuple[Need, ...]:
    engine = parts.teller.state.engine
    remote = engine is not None and engine.remote
    listing = parts.tree.listing
    return await threads.in_thread("needs", lambda: parts.needs.gather(seen, listing, remote))


async def decide(parts: Parts, need: str, choice: str) -> None:
    """Keep what the person decided on a need, and look at the tree with it."""
    project.write_decision(parts.project.places, need, choice)
    before, seen = parts.teller.state, parts.teller.state.tree
    if seen is not None:
        _tell_needs(parts, await _needs(parts, seen))
    parts.guard.edited(Plan.of(before), Plan.of(parts.teller.state))
    parts.teller.tell(Hinted())
    await look(parts)


async def follow_hints(parts: Parts) -> None:
    """Look at the tree when hints have been quiet for a moment, until cancelled."""
    while True:
        await parts.hinted.wait()
        latest = time.monotonic() + QUIET_AT_MOST
        while parts.hinted.is_set() and time.monotonic() < latest:
            parts.hinted.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(QUIET):
                    await parts.hinted.wait()
        parts.hinted.clear()
        await look(parts)


async def look_when_idle(parts: Parts) -> None:
    """Look now and then though nothing was hinted: hints get lost; until cancelled."""
    pause = IDLE
    while True:
        parts.looked.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await parts.looked.wait()
        if parts.looked.is_set():
            continue  # somebody has looked meanwhile
        parts.touched.set()
        await look(parts)
        watching.catch_up(parts)
        pause = max(IDLE, parts.look_took * IDLE_SHARE)


async def find_image(parts: Parts) -> None:
    """Ask the engine for an image of what is wanted, so that the screen need not say it is not."""
    state, engine, listing = parts.teller.state, parts.link.engine, parts.tree.listing
    answers = state.engine is not None and state.engine.ok
    if not (parts.attended and answers and engine and listing and state.resolved):
        return
    if state.image_is_current or state.building or not state.resolved.image:
        return
    resolved = state.resolved
    with contextlib.suppress(PxtuiError, OSError):
        request = await request_of(parts, resolved, listing)
        image = await threads.in_thread("find", lambda: engine.find(request))
        if image is not None:
            parts.teller.tell(ImageSeen(image, target(resolved, listing.signature)))


async def request_of(parts: Parts, resolved: Resolved, listing: context.Listing) -> BuildRequest:
    """What an engine is asked to build."""
    staged = await threads.in_thread("stage", lambda: _staged(parts, resolved))
    return BuildRequest(
        id=places.new_id(),
        project=parts.project.places.project,
        root=parts.project.root,
        plan=plan(resolved, staged, _owner(parts)),
        listing=listing,
        allow_steps=parts.allow_steps,
        platform=parts.settings.platform,
        pip_cache=parts.settings.pip_cache,
        trees=parts.trees,
    )


def _owner(parts: Parts) -> str:
    """Who the code in the image belongs to: the person, where runs are to be theirs."""
    return f"{os.getuid()}:{os.getgid()}" if parts.settings.user == "me" else ""
