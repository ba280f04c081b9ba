"""What the session does: the actions that `schedule.decide` asks for, and the simple requests."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import assert_never

from pxtui import history, places, project, schedule, trust
from pxtui.engine import BuildRequest
from pxtui.errors import PxtuiError, StartError, StateError
from pxtui.events import (
    BY_WATCH,
    Answered,
    Closing,
    Dropped,
    Event,
    Held,
    Hinted,
    ImageSeen,
    NeedsSeen,
    Notice,
    OnBusy,
    Queued,
    TreeSeen,
    Trusted,
    Unqueued,
    Watching,
    WatchMode,
    Wished,
)
from pxtui.image import context
from pxtui.image.plan import Staging, plan
from pxtui.needs import Need
from pxtui.polyaxonfile.reading import Resolved
from pxtui.polyaxonfile.secret import DOTS
from pxtui.session import images, questions, threads, watching
from pxtui.session.guard import Plan
from pxtui.session.needs import LOOP, surroundings
from pxtui.session.parts import Parts
from pxtui.session.working import WorkingSet
from pxtui.state import State, target

QUIET = 0.05
"""Seconds without a further hint after which the tree is looked at."""
QUIET_AT_MOST = 2.0
FILE_LOOKS = 0.5
"""Seconds after which the polyaxonfile is read again where no hint came."""
IDLE = 10.0
"""Seconds without a hint after which the tree is looked at all the same."""
IDLE_SHARE = 300
"""Such looks are this many times as far apart as the last one took, if that is more."""


async def decide_and_act(parts: Parts) -> None:
    """Act whenever there is news, until cancelled."""
    teller = parts.teller
    while True:
        await teller.news.wait()
        teller.news.clear()
        while not isinstance(action := schedule.decide(teller.state), schedule.Wait):
            await _act(parts, action)


async def _act(parts: Parts, action: schedule.Action) -> None:
    state, tell = parts.teller.state, parts.teller.tell
    match action:
        case schedule.Look():
            await look(parts)
        case schedule.Ask():
            _ask(parts, action)
        case schedule.Drop():
            tell(
                Dropped(action.message, action.severity, state.wish.goal if state.wish else "build")
            )
        case schedule.Build():
            await _build(parts, action)
        case schedule.CloseBuild():
            tell(Closing(action.id))
            parts.builds.close()
        case schedule.Enqueue():
            _enqueue(parts, action)
        case schedule.Start():
            await _start(parts, action)
        case schedule.Wait():
            pass
        case _:
            assert_never(action)


async def _start(parts: Parts, action: schedule.Start) -> None:
    engine, seen = parts.link.engine, parts.teller.state.engine
    assert engine is not None  # noqa: S101  decide waits for the engine
    assert seen is not None  # noqa: S101
    gone = not action.queued.again and await images.is_gone(engine, action.queued.image)
    if schedule.decide(parts.teller.state) != action:
        return  # it was taken back meanwhile
    if gone:
        images.build_first(parts.teller, action.queued)
        return
    parts.guard.started("run", time.time())
    try:
        parts.runs.start(engine, seen.id, action.queued, tty=action.queued.tty)
    except (StateError, StartError) as error:
        parts.teller.tell(Unqueued(id=action.queued.id))
        parts.teller.tell(Dropped(str(error), "error", "run"))


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


async def edit(parts: Parts, change: Callable[[WorkingSet], Iterable[Event]]) -> None:
    """`work` for the person: what it makes of the commands is agreed to."""
    before = await work(parts, change)
    parts.guard.edited(Plan.of(before), Plan.of(parts.teller.state))


def wish(parts: Parts, wished: Wished) -> None:
    """Take up what the person asks for; a pause for what is on the screen is over with it."""
    state = parts.teller.state
    parts.guard.agree(Plan.of(state))
    if state.held is not None and state.held.why == "plan":
        watching.let_go(parts)
    parts.teller.tell(wished)


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


async def _build(parts: Parts, action: schedule.Build) -> None:
    engine, listing = parts.link.engine, parts.tree.listing
    resolved = parts.teller.state.resolved
    assert engine is not None  # noqa: S101  decide waits for engine, tree and a valid file
    assert listing is not None  # noqa: S101
    assert resolved is not None  # noqa: S101
    try:
        request = await request_of(parts, resolved, listing)
    except (PxtuiError, OSError) as error:
        parts.teller.tell(Dropped(str(error), "error"))
        return
    parts.guard.started("build", time.time())
    anew = replace(request, no_cache=action.no_cache or resolved.nocache, pull=action.pull)
    state = parts.teller.state
    where = state.engine.id if state.engine else ""
    parts.builds.start(
        engine,
        anew,
        lambda signature: target(resolved, signature),
        action.cause,
        where,
        state.environment,
    )


def _enqueue(parts: Parts, action: schedule.Enqueue) -> None:
    state = parts.teller.state
    assert state.resolved is not None  # noqa: S101  decide has seen it
    assert state.reading is not None  # noqa: S101
    queued = Queued(
        state.resolved,
        action.image,
        action.target,
        action.cause,
        _differs(state),
        action.beside,
        state.surroundings,
        tuple((d.name, d.text) for d in state.reading.declarations),
        tuple(d.name for d in state.reading.declarations if d.secret),
        state.wish is not None and state.wish.tty,
        places.new_id(),
    )
    parts.teller.tell(queued)
    if action.restart:
        for run in state.runs:
            parts.runs.stop(run.started.id, parts.settings.grace)


def _differs(state: State) -> tuple[tuple[str, str], ...]:
    """The declarations whose text is not the file's, as name and text."""
    if state.reading is None or state.base is None:
        return ()
    in_file = {d.name: d.text for d in state.base.declarations}
    return tuple(
        (d.name, DOTS if d.secret else d.text)
        for d in state.reading.declarations
        if in_file.get(d.name) != d.text
    )


def _ask(parts: Parts, action: schedule.Ask) -> None:
    state, tell = parts.teller.state, parts.teller.tell
    assert state.engine is not None  # noqa: S101  decide has seen it
    if action.kind == "busy":
        tell(questions.busy(state))
    elif parts.consented or trust.is_trusted(parts.project, state.engine.id):
        any_step = trust.is_trusted(parts.project, state.engine.id, any_step=True)
        parts.allow_steps = parts.allow_steps or any_step
        tell(Trusted(state.engine.id))
    else:
        tell(questions.trust(parts.project, state))


def answer(parts: Parts, question: str, choice: str) -> None:
    """Take an answer; consent is kept before anything is done with it."""
    asked = parts.teller.state.question
    if asked is None or asked.id != question or choice not in dict(asked.choices):
        return
    engine = parts.teller.state.engine
    if asked.kind == "trust" and choice in ("yes", "steps"):
        for need in questions.asked_for(parts.teller.state):
            project.write_decision(parts.project.places, need.id, "give")
    if asked.kind == "trust" and choice != "no" and engine is not None:
        parts.allow_steps = parts.allow_steps or choice == "steps"
        trust.trust(parts.project, engine.id, any_step=choice == "steps")
        if choice == "below":
            trust.trust_below(parts.project.root.parent, engine.id)
        parts.teller.tell(Trusted(engine.id))
    parts.teller.tell(Answered(asked.id, asked.kind, choice))


def stop(parts: Parts, run: str | None) -> None:
    """Stop a run, else close the build, else take the waiting runs back."""
    state, tell = parts.teller.state, parts.teller.tell
    live = [r.started.id for r in state.runs if run in (None, r.started.id)]
    if live:
        parts.runs.stop(live[-1], parts.settings.grace)
    elif state.building is not None and run is None:
        tell(Dropped())
        parts.builds.close()
    elif state.queue:
        tell(Unqueued(id=run))
    else:
        tell(Notice("info", "nothing is going on that could be stopped"))


def cancel(parts: Parts) -> None:
    """Stop the build and every run, and let nothing new begin."""
    tell, state = parts.teller.tell, parts.teller.state
    tell(Watching("off"))
    tell(Unqueued())
    tell(Dropped())
    parts.builds.close()
    for run in state.runs:
        parts.runs.stop(run.started.id, parts.settings.grace)


def kill(parts: Parts, run: str | None) -> None:
    """Kill a run at once."""
    live = [r.started.id for r in parts.teller.state.runs if run in (None, r.started.id)]
    if live:
        parts.runs.kill(live[-1])
    else:
        parts.teller.tell(Notice("info", "no run is going"))


async def watch(parts: Parts, mode: WatchMode, on_busy: OnBusy | None) -> None:
    """Set the watch; what is not built yet is built now."""
    teller = parts.teller
    before = teller.state.watching
    if on_busy is not None and on_busy != before.on_busy and parts.attended:
        project.write_on_busy(parts.project.places, on_busy)
    teller.tell(Watching(mode, on_busy or before.on_busy))
    if mode == before.mode and on_busy is not None:
        return  # only what follows while a run goes is another thing
    if mode == "off":
        if any(q.cause in BY_WATCH for q in teller.state.queue):
            teller.tell(Unqueued(by_watch=True))
        return
    await look(parts)
    watching.go_on(parts)


async def pause(parts: Parts) -> None:
    """Let the watch pause, or go on from a pause with what has changed meanwhile."""
    state = parts.teller.state
    if state.watching.mode == "off":
        parts.teller.tell(Notice("info", "the watch is off"))
    elif state.held is None:
        watching.hold(parts, Held("asked"))
    else:
        await look(parts)
        watching.go_on(parts)


async def ignore(parts: Parts) -> None:
    """Leave the file that changes by itself out of watch and image, and go on."""
    held = parts.teller.state.held
    if held is None or not held.path:
        parts.teller.tell(Notice("info", "there is no file to leave out"))
        return
    await decide(parts, f"{LOOP}{held.path}", "ignore")
    watching.go_on(parts)


def repeat(parts: Parts, run: str | None = None) -> None:
    """Let a run (the newest) have another turn, with its values and its image."""
    teller = parts.teller
    records = history.read_all(parts.project.places)
    if run is not None:
        records = tuple(record for record in records if record.id == run)
    engine = teller.state.engine
    if not records:
        teller.tell(Notice("info", "nothing was run yet"))
    elif engine is None or engine.id not in teller.state.trusted or not engine.ok:
        teller.tell(Notice("info", "press r first: this engine was not used in this session"))
    elif records[-1].engine != engine.id:
        teller.tell(Notice("info", "the last run was on another engine: press r"))
    else:
        last = records[-1]
        resolved = last.as_resolved()
        teller.tell(
            Queued(
                resolved,
                last.image,
                last.target,
                "repeated",
                last.differs,
                surroundings=last.as_surroundings(),
                values=last.values,
                secrets=last.secrets,
                id=places.new_id(),
            )
        )
