"""The runs that earlier pxtui left: found by label, taken up, listed, removed."""

from __future__ import annotations

import asyncio
from functools import partial

from pxtui import history, trust
from pxtui.engine import Engine, FoundRun
from pxtui.errors import EngineError
from pxtui.events import EngineSeen, Finished, Given, History, Notice, Trusted, Wished
from pxtui.history import Record
from pxtui.session import looking, threads
from pxtui.session.ends import forget
from pxtui.session.parts import Parts

FOREIGN = 2.0
"""Seconds between two looks at what another pxtui holds."""


async def when_connected(parts: Parts) -> None:
    """Take up what is found whenever the engine begins to answer; keep the list of runs."""
    events = parts.teller.listen()
    connected = await _connect(parts, parts.teller.state.engine, connected=False)
    await refresh(parts)
    async for event in events:
        if isinstance(event, EngineSeen):
            connected = await _connect(parts, event, connected=connected)
        elif isinstance(event, Given):
            await refresh(parts)
        elif isinstance(event, Finished):
            if event.phase == "run":
                await refresh(parts)
            if event.outcome == "lost":
                parts.link.check()


async def follow_foreign(parts: Parts) -> None:
    """Look now and then at runs that another pxtui holds: they end, or are left to us."""
    while True:
        await asyncio.sleep(FOREIGN)
        state = parts.teller.state
        held = any(run.foreign and run.outcome == "running" for run in state.history)
        if held and state.engine is not None and state.engine.ok:
            await adopt_runs(parts)


async def _connect(parts: Parts, seen: EngineSeen | None, *, connected: bool) -> bool:
    answers = seen is not None and seen.ok
    if seen is not None and answers and not connected:
        if trust.is_trusted(parts.project, seen.id):
            parts.teller.tell(Trusted(seen.id))
        await adopt_runs(parts)
        await looking.find_image(parts)
        _make_up_for_changes(parts)
    return answers


def _make_up_for_changes(parts: Parts) -> None:
    """What changed while no engine answered is built now, if the watch is on."""
    state = parts.teller.state
    if state.watching.mode != "off" and not state.image_is_current:
        parts.teller.tell(Wished(state.watching.mode, "watch", state.watching.on_busy))


async def adopt_runs(parts: Parts) -> None:
    """Take up every run without an end that nobody else holds."""
    engine, seen = parts.link.engine, parts.teller.state.engine
    if engine is None or seen is None:
        return
    places = parts.project.places
    try:
        found = {f.id: f for f in await threads.in_thread("find", lambda: _found(engine, parts))}
    except EngineError as error:
        parts.teller.tell(Notice("warning", f"earlier runs could not be found: {error}"))
        return
    live = {run.started.id for run in parts.teller.state.runs}
    for record in await threads.in_thread("history", lambda: history.read_all(places)):
        if record.engine == seen.id and record.id not in live:
            _adopt(parts, engine, record, found.get(record.id))
            if record.id in found and not found[record.id].running:
                # its end was written down, and then pxtui was killed
                threads.start("forget", partial(forget, engine, record))
    await refresh(parts)


def _found(engine: Engine, parts: Parts) -> tuple[FoundRun, ...]:
    return engine.runs(parts.project.places.project)


def _adopt(parts: Parts, engine: Engine, record: Record, found: FoundRun | None) -> None:
    """A run called lost is taken up again if the engine has it after all."""
    if record.outcome not in (None, "lost") or parts.owner.is_alive(record.owner):
        return
    if found is not None:
        parts.runs.adopt(engine, record)
    elif record.outcome is None:
        parts.runs.lost(record)


async def refresh(parts: Parts) -> None:
    """Tell the list of runs anew."""
    places = parts.project.places
    live = {run.started.id for run in parts.teller.state.runs}
    records = await threads.in_thread("history", lambda: history.read_all(places))
    parts.teller.tell(
        History(
            tuple(
                history.past(places, r, foreign=r.outcome is None and r.id not in live)
                for r in records
            )
        )
    )


async def remove(parts: Parts, run: str) -> None:
    """Remove a run that has ended: its container, then its folder."""
    places, tell = parts.project.places, parts.teller.tell
    record = history.read(places, run)
    live = {r.started.id for r in parts.teller.state.runs}
    if record is None or record.id in live or parts.owner.is_alive(record.owner):
        tell(Notice("warning", "only a run that has ended can be removed"))
        return
    seen, engine = parts.teller.state.engine, parts.link.engine
    if engine is None or seen is None or seen.id != record.engine:
        tell(Notice("warning", f"#{record.number} is on {record.engine}: remove it from there"))
        return

    def work() -> None:
        history.empty(places, run)
        engine.remove(run)
        history.remove(places, run)

    try:
        await threads.in_thread("remove", work)
    except (EngineError, OSError) as error:
        tell(Notice("error", f"#{record.number} could not be removed: {error}"))
    else:
        tell(Notice("good", f"removed #{record.number} with its container, log and outputs"))
    await refresh(parts)


async def mark(parts: Parts, run: str, label: str | None, starred: bool | None) -> None:
    """Keep the person's name and star of a run."""
    places = parts.project.places
    old = history.read_mark(places, run)
    new = history.Mark(
        old.label if label is None else label, old.starred if starred is None else starred
    )
    history.write_mark(places, run, new)
    await refresh(parts)


async def load_values(parts: Parts, run: str) -> None:
    """Take the values of a run into the working set."""
    record = history.read(parts.project.places, run)
    reading = parts.teller.state.reading
    if record is None or reading is None:
        parts.teller.tell(Notice("warning", "there is no such run, or no polyaxonfile"))
        return
    values = dict(record.values)
    now = {d.name: d for d in reading.declarations if d.editable}
    wanted = tuple((now[n].path, t) for n, t in values.items() if n in now and now[n].text != t)
    gone = [name for name in values if name not in {d.name for d in reading.declarations}]
    await looking.work(parts, lambda working: working.edit_all(wanted))
    told = f"the values of #{record.number} are in the form"
    if gone:
        left = ", ".join(gone)
        parts.teller.tell(Notice("warning", f"{told}, but the file has no {left} any more"))
    else:
        parts.teller.tell(Notice("good", told, "u undoes it, r runs it"))
