"""What the session does: the actions that `schedule.decide` asks for, and the simple requests."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import assert_never

from pxtui import history, places, project, schedule, trust
from pxtui.errors import PxtuiError, StartError, StateError
from pxtui.events import (
    BY_WATCH,
    Answered,
    Closing,
    Dropped,
    Event,
    Held,
    Notice,
    OnBusy,
    Queued,
    Trusted,
    Unqueued,
    Watching,
    WatchMode,
    Wished,
)
from pxtui.polyaxonfile.secret import DOTS
from pxtui.session import images, looking, questions, watching
from pxtui.session.guard import Plan
from pxtui.session.needs import LOOP
from pxtui.session.parts import Parts
from pxtui.session.working import WorkingSet
from pxtui.state import State, target


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
            await looking.look(parts)
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


async def edit(parts: Parts, change: Callable[[WorkingSet], Iterable[Event]]) -> None:
    """`work` for the person: what it makes of the commands is agreed to."""
    before = await looking.work(parts, change)
    parts.guard.edited(Plan.of(before), Plan.of(parts.teller.state))


def wish(parts: Parts, wished: Wished) -> None:
    """Take up what the person asks for; a pause for what is on the screen is over with it."""
    state = parts.teller.state
    parts.guard.agree(Plan.of(state))
    if state.held is not None and state.held.why == "plan":
        watching.let_go(parts)
    parts.teller.tell(wished)


async def _build(parts: Parts, action: schedule.Build) -> None:
    engine, listing = parts.link.engine, parts.tree.listing
    resolved = parts.teller.state.resolved
    assert engine is not None  # noqa: S101  decide waits for engine, tree and a valid file
    assert listing is not None  # noqa: S101
    assert resolved is not None  # noqa: S101
    try:
        request = await looking.request_of(parts, resolved, listing)
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
    await looking.look(parts)
    watching.go_on(parts)


async def pause(parts: Parts) -> None:
    """Let the watch pause, or go on from a pause with what has changed meanwhile."""
    state = parts.teller.state
    if state.watching.mode == "off":
        parts.teller.tell(Notice("info", "the watch is off"))
    elif state.held is None:
        watching.hold(parts, Held("asked"))
    else:
        await looking.look(parts)
        watching.end_pause(parts, state.held)


async def ignore(parts: Parts) -> None:
    """Leave the file that changes by itself out of watch and image, and go on."""
    held = parts.teller.state.held
    if held is None or not held.path:
        parts.teller.tell(Notice("info", "there is no file to leave out"))
        return
    await looking.decide(parts, f"{LOOP}{held.path}", "ignore")
    watching.end_pause(parts, held)
    parts.teller.tell(Notice("info", f"{held.path} is left out of watch and image"))


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
