"""What a run gets beside its values, as labelled facts: the one source of every list of them."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass

from pxtui import gpus
from pxtui.errors import EngineError
from pxtui.events import EngineSeen
from pxtui.image.context import amount
from pxtui.image.plan import unused_beside_own
from pxtui.needs import Need
from pxtui.polyaxonfile.reading import Resolved
from pxtui.run import OUTPUTS, WORKDIR
from pxtui.state import State

SHOWN_NOTES = 5
_GIVEN = ("mount", "give")
"""Choices by which a run gets what a need is about."""
_CHOSEN = " GB free"
"""In what `gpus.give` says of a GPU that is given, and of no other."""
CACHES = "pip, Hugging Face, torch: kept"


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that the run gets, or that is to be decided; not cleaned."""

    label: str
    text: str
    look: bool = False
    """A person should look at it."""
    need: str = ""
    """Id of the Need that it tells of."""
    brief: str = ""
    """The text where there is little room, if it has another."""


def facts(state: State) -> tuple[Fact, ...]:
    """All that is known of what the next run gets, what is open first."""
    still_open = [Fact(_LABELS[n.kind], n.text, True, n.id) for n in state.needs if not n.decided]
    return (*still_open, *_engine(state.engine), *_image(state), *_tree(state), *_run(state))


_LABELS = {
    "link": "data", "folder": "data", "mount": "mounts", "variable": "env", "env-file": "env",
}  # fmt: skip


def _engine(engine: EngineSeen | None) -> Iterator[Fact]:
    if engine is None:
        return
    if not engine.ok:
        yield Fact("engine", f"none: {engine.note}", True)
    elif not engine.isolated:
        yield Fact("engine", engine.name, True)
        yield Fact("engine", "nothing is isolated", True)
    elif engine.remote:
        yield Fact("engine", f"{engine.name}, on another machine")
    else:
        place = engine.id.removeprefix("unix://")
        yield Fact("engine", f"{engine.name} at {place}", brief=engine.name)


def _image(state: State) -> Iterator[Fact]:
    engine, wanted = state.engine, state.surroundings.platform
    resolved = state.resolved
    image = resolved.image if resolved else ""
    if resolved and not image and resolved.dockerfile:
        yield from _own(resolved, state)
    if not image:
        return
    if engine is not None and not engine.isolated:
        yield Fact("image", f"{image} is not used", True)
        return
    yield Fact("image", image)
    if engine is None or engine.base_present is None:
        return
    here = "here" if engine.base_present else "not here yet: pulled first"
    yield Fact("image", here, brief=here.partition(":")[0])
    platform = wanted or engine.base_platform
    if platform and engine.platform and _machine(platform) != _machine(engine.platform):
        yield Fact("image", f"{platform}, emulated: slow", True)
    elif wanted:
        yield Fact("image", f"for {wanted}")


def _own(resolved: Resolved, state: State) -> Iterator[Fact]:
    """An image by a Dockerfile of the project's own."""
    engine, platform = state.engine, state.surroundings.platform
    local = engine is not None and engine.ok and not engine.isolated
    text = by_own(resolved)
    yield Fact("image", f"{text}: needs Docker or Podman" if local else text, local, brief=text)
    if platform:
        yield Fact("image", f"for {platform}")
    if unused := unused_beside_own(resolved):
        yield Fact("image", unused, True)


def by_own(resolved: Resolved) -> str:
    """What makes the image, in words: `by docker/Dockerfile in src/`."""
    there = posixpath.normpath(resolved.context or ".")
    return f"by {resolved.dockerfile}{'' if there == '.' else f' in {there}/'}"


def _is_own(state: State) -> bool:
    resolved = state.resolved
    return resolved is not None and not resolved.image and bool(resolved.dockerfile)


def _machine(platform: str) -> tuple[str, ...]:
    """System and architecture of a platform; a variant of it is no other machine."""
    return tuple(platform.split("/")[:2])


def _tree(state: State) -> Iterator[Fact]:
    """The code, and what does not come with it."""
    tree = state.tree
    if tree is None or state.no_file is not None:
        return
    waits = [need.subject for need in state.needs if need.blocks and not need.decided]
    if tree.error and waits:
        yield Fact("code", f"waits for a decision on {', '.join(waits)}")
    elif tree.error:
        yield Fact("code", tree.error, True)
    else:
        local = state.engine is not None and not state.engine.isolated
        place = "a copy" if local else "its Dockerfile" if _is_own(state) else WORKDIR
        text = f"{_number(tree.files, 'file')}, {amount(tree.size)}"
        yield Fact("code", f"{text} → {place}", brief=text)
    for warning in tree.warnings:
        yield Fact("steps", warning, True)
    for note in tree.notes:
        yield Fact("steps", note)
    for need in state.needs:
        if need.decided == "send":
            yield Fact("code", f"{need.subject} goes into each image", need=need.id)
        elif need.decided == "ignore":
            yield Fact("skipped", f"{need.subject}, as you decided", need=need.id)
    told = tuple(f"{need.subject}: " for need in state.needs)
    notes = [note for note in tree.skipped if not note.startswith(told)]
    # what is sent although it may be secret stands before what is left out
    notes.sort(key=lambda note: ": sent" not in note and "is sent" not in note)
    more = len(notes) - SHOWN_NOTES
    for note in (*notes[:SHOWN_NOTES], *([f"and {more} more"] if more > 0 else ())):
        yield Fact("skipped", note)


def _run(state: State) -> Iterator[Fact]:
    """What stands around the command."""
    if state.resolved is None:
        return
    engine = state.engine
    local = engine is not None and not engine.isolated
    yield from _mounts(state)
    yield from _gpu(state)
    if not local:
        yield from _limits(state)
        yield from (
            Fact("ports", f"{port.address}:{port.host} → {port.container}{_there(engine)}")
            for port in state.surroundings.publish
        )
        yield (
            Fact("cache", CACHES, brief="kept")
            if state.surroundings.cache
            else Fact("cache", "none")
        )
    where = "its WORKDIR" if _is_own(state) else WORKDIR
    kept = "kept in the run's folder" if local else f"{OUTPUTS}, new files in {where}"
    yield Fact("outputs", kept, brief="kept")
    yield from _variables(state)
    if state.surroundings.tty:
        keys = "without keys" if local else "a types to it"
        yield Fact("terminal", f"yes, {keys}", brief="yes")
    user = "me" if local else state.surroundings.user
    yield Fact("user", {"": "the image's", "me": "you"}.get(user, user))


def _mounts(state: State) -> Iterator[Fact]:
    local = state.engine is not None and not state.engine.isolated
    decided = {_mount_of(need): need.id for need in state.needs if need.decided in _GIVEN}
    for mount in state.surroundings.mounts:
        right = "a link, writable" if local else "writable" if mount.writable else "read-only"
        text = f"{mount.source}{_there(state.engine)} → {mount.target}, {right}"
        yield Fact("mounts", text, need=decided.get((mount.source, mount.target), ""))
    for need in state.needs:
        if need.kind == "mount" and need.decided == "no":
            yield Fact("mounts", f"{need.subject} is left out, as you decided", need=need.id)


def _mount_of(need: Need) -> tuple[str, str]:
    """Source and target of the mount that a need leads to."""
    if need.kind == "mount":
        target = need.subject.removeprefix(f"{need.source}:").removesuffix(":rw")
        return need.source, target
    return need.source, posixpath.join(WORKDIR, need.subject)


def _there(engine: EngineSeen | None) -> str:
    return " (on that machine)" if engine is not None and engine.remote else ""


def _gpu(state: State) -> Iterator[Fact]:
    wanted, engine = state.surroundings.gpus, state.engine
    if engine is None or not engine.ok:
        return
    if not engine.isolated:
        if wanted not in ("auto", gpus.ALL):
            yield Fact("gpu", f"{wanted}, by CUDA_VISIBLE_DEVICES")
        return
    try:
        given = gpus.give(engine.gpus, wanted)
    except EngineError as error:
        yield Fact("gpu", str(error), True)
        return
    barred = not given.ids and wanted == "auto" and bool(engine.gpus.devices)
    if given.ids or engine.gpus.why or wanted != "auto":
        yield from (Fact("gpu", part, barred) for part in given.text.split("; "))


def gpu_in_brief(state: State) -> tuple[str, bool]:
    """What the newest live run has, else the next would get; empty where nobody asks for any.

    The second: whether one was to be had and is not.
    """
    wanted, engine = state.surroundings.gpus, state.engine
    if engine is None or not engine.ok or wanted == "none" or not engine.isolated:
        return "", False
    if not engine.gpus.usable:
        asked = wanted != "auto" or bool(engine.gpus.devices)
        return ("no gpu" if asked else ""), asked
    got = dict(state.runs[-1].got).get("gpu") if state.runs else None
    try:
        told = gpus.give(engine.gpus, wanted).text if got is None else got
    except EngineError:
        return "no gpu", True
    if told.startswith("none"):
        return "no gpu", False
    given = [part.partition(" ")[0] for part in told.split("; ") if _CHOSEN in part]
    return f"gpu {','.join(given)}".strip(), False


def _limits(state: State) -> Iterator[Fact]:
    wanted, memory = state.surroundings, state.engine.memory if state.engine else 0
    if wanted.shm_size is not None:
        yield Fact("shm", amount(wanted.shm_size))
    elif memory:
        half = amount(memory // 2)
        yield Fact("shm", f"{half}, half of the memory", brief=half)
    if wanted.memory is not None:
        yield Fact("memory", f"{amount(wanted.memory)} at most")
    elif memory:
        yield Fact("memory", f"{amount(memory)}, no limit")
    if wanted.cpus is not None:
        yield Fact("cpus", f"{wanted.cpus:g} at most")


def _variables(state: State) -> Iterator[Fact]:
    """The names of what a run's environment has beside its image's; never a value."""
    if state.resolved is None:
        return
    own = 0 if _is_own(state) else len(state.resolved.env)
    more = f", {own} of the file" if own else ""
    yield Fact("env", f"PYTHONUNBUFFERED, POLYAXON_*{more}", brief=f"POLYAXON_*{more}")
    given = [need for need in state.needs if need.decided in _GIVEN]
    names = {need.subject: need.id for need in given if need.kind == "variable"}
    files = {need.source: need for need in given if need.kind == "env-file"}
    for name in state.surroundings.variables:
        yield Fact("env", f"your {name}", need=names.get(name, ""))
    for path in state.surroundings.env_files:
        need = files.get(path)
        name, about = (need.subject, need.id) if need else (path, "")
        yield Fact("env", f"the variables of {name}", need=about)
    for need in state.needs:
        if need.kind in ("variable", "env-file") and need.decided == "no":
            yield Fact("env", f"{need.subject} is not given, as you decided", need=need.id)


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'s' * (count != 1)}"
