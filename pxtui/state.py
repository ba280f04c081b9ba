"""What is so: the State, made from the events and from nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import assert_never

from pxtui.events import (
    BY_WATCH,
    Answered,
    Asked,
    Changed,
    Closing,
    Conflict,
    Conflicted,
    Dropped,
    EngineSeen,
    Event,
    FileText,
    Finished,
    Given,
    GoesOn,
    Held,
    Hinted,
    History,
    ImageGone,
    ImageSeen,
    Invalid,
    Loaded,
    NeedsSeen,
    NoFile,
    Notice,
    PastRun,
    Pending,
    Queued,
    Saved,
    Started,
    Step,
    Stopping,
    TreeSeen,
    Trusted,
    Unqueued,
    Watching,
    Wished,
    Withdrawn,
)
from pxtui.needs import Need
from pxtui.polyaxonfile.path import Path
from pxtui.polyaxonfile.reading import Reading, Resolved
from pxtui.run import USUAL, Surroundings

RECENT_CHANGES = 200
NOT_WATCHING = Watching("off")


@dataclass(frozen=True, slots=True)
class Build:
    """The newest build of this session."""

    started: Started
    steps: tuple[Step, ...] = ()
    """The last that was told of each instruction, in order."""
    closing: bool = False
    finished: Finished | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """A run that goes on."""

    started: Started
    got: tuple[tuple[str, str], ...] = ()
    """What the engine gave it, as label and text."""
    deadline: float | None = None
    """When it will be killed if it has not stopped by then."""


@dataclass(frozen=True, slots=True)
class Image:
    """The newest good image of this session and what it was made from."""

    id: str
    target: str
    at: float = 0.0
    """When it was built, in seconds since the epoch; 0: before this session."""


@dataclass(frozen=True, slots=True)
class State:
    """Everything that is shown and decided on; widgets keep only cursor, focus and scroll."""

    reading: Reading | None = None
    """The working set as read."""
    base: Reading | None = None
    """The file as read."""
    edits: tuple[tuple[Path, str | None], ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    """What was changed here and in the file: chosen by the person before anything is written."""
    file_text: FileText | None = None
    no_file: NoFile | None = None
    engine: EngineSeen | None = None
    trusted: frozenset[str] = frozenset()
    tree: TreeSeen | None = None
    fresh: bool = False
    """The tree was looked at since it was last doubted."""
    needs: tuple[Need, ...] = ()
    surroundings: Surroundings = USUAL
    """What a run queued now would get."""
    changes: tuple[Changed, ...] = ()
    wish: Wished | None = None
    question: Asked | None = None
    build: Build | None = None
    image: Image | None = None
    failed: str = ""
    """The target whose build failed last: not tried again unasked."""
    queue: tuple[Queued, ...] = ()
    runs: tuple[Run, ...] = ()
    """Live ones, in order of their start."""
    history: tuple[PastRun, ...] = ()
    last: Finished | None = None
    """How the last job ended (skipped builds left out)."""
    watching: Watching = NOT_WATCHING
    held: Held | None = None
    """Why the watch pauses; None: it does not."""
    pending: Pending | None = None
    """What changed since it pauses."""
    notice: Notice | None = None

    @property
    def resolved(self) -> Resolved | None:
        """The working set, filled in, where it has no errors."""
        return self.reading.resolved if self.reading else None

    @property
    def building(self) -> Build | None:
        """The build that goes on."""
        return self.build if self.build and self.build.finished is None else None

    @property
    def target(self) -> str:
        """What an image has to hold to be the working set on the tree; empty if not known."""
        if self.resolved is None or self.tree is None or self.tree.error:
            return ""
        return target(self.resolved, self.tree.signature)

    @property
    def environment(self) -> str:
        """What an image has to hold beside the code; empty if the two are not made apart."""
        if self.resolved is None or self.tree is None or not self.resolved.image:
            return ""
        return target(self.resolved, self.tree.staged)

    @property
    def image_is_current(self) -> bool:
        """Whether the newest image holds the last tree that was seen."""
        return self.image is not None and self.image.target == self.target != ""


def target(resolved: Resolved, signature: str) -> str:
    """What an image is made from: environment and tree, as 16 hex digits. Not the command."""
    own = (resolved.dockerfile, resolved.context)
    environment = (resolved.image, *own, resolved.env, resolved.steps, signature)
    return hashlib.sha256(repr(environment).encode()).hexdigest()[:16]


def apply(state: State, event: Event) -> State:
    """The state after an event; with a wish go its question and what waits for its build."""
    state = _applied(state, event)
    if state.wish is None and state.question is not None:
        state = replace(state, question=None)
    if state.wish is None and state.building is None and not all(q.image for q in state.queue):
        state = replace(state, queue=tuple(q for q in state.queue if q.image))
    return state


def _applied(state: State, event: Event) -> State:
    match event:
        case Loaded() | Invalid():
            return replace(
                state, reading=event.reading, base=event.base, edits=event.edits, no_file=None
            )
        case NoFile():
            return replace(state, no_file=event, reading=None, base=None, file_text=None)
        case Conflicted():
            return replace(state, conflicts=event.conflicts)
        case FileText():
            return replace(state, file_text=event)
        case EngineSeen():
            return replace(state, engine=event)
        case Trusted():
            return replace(state, trusted=state.trusted | {event.engine})
        case ImageSeen():
            return replace(state, image=Image(event.image, event.target))
        case ImageGone():
            return _image_gone(state, event)
        case TreeSeen():
            return replace(state, tree=event, fresh=True)
        case NeedsSeen():
            return replace(state, needs=event.needs, surroundings=event.surroundings)
        case Hinted():
            return replace(state, fresh=False)
        case Changed():
            return replace(state, changes=(*state.changes, event)[-RECENT_CHANGES:])
        case Watching() | Held() | Pending() | GoesOn():
            return _apply_watch(state, event)
        case Notice():
            return replace(state, notice=event)
        case Given():
            return _with_got(state, event)
        case Saved():
            return state
        case History():
            return replace(state, history=event.runs)
        case Wished() | Dropped() | Asked() | Answered() | Withdrawn():
            return _apply_wish(state, event)
        case Started() | Step() | Closing() | Queued() | Unqueued() | Stopping() | Finished():
            return _apply_job(state, event)
        case _:
            assert_never(event)


def _apply_watch(state: State, event: Watching | Held | Pending | GoesOn) -> State:
    match event:
        case Watching():
            state = replace(state, watching=event)
            return replace(state, held=None, pending=None) if event.mode == "off" else state
        case Held():
            wish = state.wish
            if wish is not None:  # of a wish that was asked for only the change is left out
                wish = None if wish.cause in BY_WATCH else replace(wish, with_change=False)
            return replace(state, held=event, pending=None, wish=wish)
        case Pending():
            return replace(state, pending=event)
        case GoesOn():
            return replace(state, held=None, pending=None)
        case _:
            assert_never(event)


def _image_gone(state: State, event: ImageGone) -> State:
    if state.image is not None and state.image.id == event.image:
        state = replace(state, image=None)
    if not event.needed:
        return state  # what waits for it finds out when its turn comes
    queue = tuple(
        replace(q, image="", again=True) if q.image == event.image else q for q in state.queue
    )
    return replace(state, queue=queue)


def _with_got(state: State, event: Given) -> State:
    runs = [replace(r, got=event.got) if r.started.id == event.id else r for r in state.runs]
    return replace(state, runs=tuple(runs))


def _apply_wish(state: State, event: Wished | Dropped | Asked | Answered | Withdrawn) -> State:
    match event:
        case Wished(cause="watch" | "changed") if state.held is not None:
            return state
        case Wished():
            # a watched change is told by the look that saw it, so it doubts nothing
            fresh = state.fresh and event.cause == "changed"
            return replace(state, wish=_merged(state.wish, event), fresh=fresh)
        case Dropped():
            return replace(state, wish=None)
        case Asked():
            return replace(state, question=event)
        case Answered():
            return replace(_answered(state, event), question=None)
        case Withdrawn():
            gone = state.question is not None and state.question.id == event.id
            return replace(state, question=None) if gone else state
        case _:
            assert_never(event)


def _merged(old: Wished | None, new: Wished) -> Wished:
    """Wishes that come while one is open are one: what was asked for is never made less."""
    if old is None:
        return new
    return replace(
        new,
        goal="run" if "run" in (old.goal, new.goal) else "build",
        cause=next(c for c in ("asked", "changed", new.cause) if c in (old.cause, new.cause)),
        on_busy=new.on_busy or old.on_busy,
        no_cache=old.no_cache or new.no_cache,
        pull=old.pull or new.pull,
        tty=old.tty or new.tty,
        with_change=old.with_change or not BY_WATCH.isdisjoint((old.cause, new.cause)),
    )


def _answered(state: State, event: Answered) -> State:
    if event.kind == "trust" or state.wish is None:
        return state if event.choice != "no" else replace(state, wish=None)
    match event.choice:
        case "queue" | "restart" | "beside":
            return replace(state, wish=replace(state.wish, on_busy=event.choice))
        case _:
            return replace(state, wish=_change_alone(state))


def _change_alone(state: State) -> Wished | None:
    """What a watched change leads to where the person's own wish was taken back."""
    mode, wish = state.watching.mode, state.wish
    if mode == "off" or wish is None or not wish.with_change:
        return None
    return Wished(mode, "changed", state.watching.on_busy)


def _apply_job(
    state: State, event: Started | Step | Closing | Queued | Unqueued | Stopping | Finished
) -> State:
    match event:
        case Started(phase="build"):
            return replace(state, build=Build(event))
        case Started():
            queue = _without(state.queue, event.queued)
            return replace(state, runs=(*state.runs, Run(event)), queue=queue)
        case Step():
            return _with_build(state, event.id, lambda b: replace(b, steps=_with_step(b, event)))
        case Closing():
            return _with_build(state, event.id, lambda b: replace(b, closing=True))
        case Queued():
            return replace(state, queue=_with_queued(state.queue, event), wish=None)
        case Unqueued():
            kept = tuple(q for q in state.queue if not _taken_back(q, event))
            return replace(state, queue=kept)
        case Stopping():
            runs = tuple(
                replace(r, deadline=event.deadline) if r.started.id == event.id else r
                for r in state.runs
            )
            return replace(state, runs=runs)
        case Finished(phase="build"):
            return _build_finished(state, event)
        case Finished():
            runs = tuple(r for r in state.runs if r.started.id != event.id)
            return replace(state, runs=runs, last=event)
        case _:
            assert_never(event)


def _with_build(state: State, build_id: str, change: Callable[[Build], Build]) -> State:
    if state.build is None or state.build.started.id != build_id:
        return state
    return replace(state, build=change(state.build))


def _with_step(build: Build, step: Step) -> tuple[Step, ...]:
    others = tuple(s for s in build.steps if s.index != step.index)
    return tuple(sorted((*others, step), key=lambda s: s.index))


def _with_queued(queue: tuple[Queued, ...], new: Queued) -> tuple[Queued, ...]:
    """What was asked for waits in order; what a change leads to waits once, with the newest."""
    if new.cause in BY_WATCH:
        queue = tuple(q for q in queue if q.cause not in BY_WATCH)
    return (*queue, new)


def _taken_back(queued: Queued, event: Unqueued) -> bool:
    if event.id is not None:
        return queued.id == event.id
    return queued.cause in BY_WATCH or not event.by_watch


def _without(queue: tuple[Queued, ...], started: Queued | None) -> tuple[Queued, ...]:
    if started is None or started not in queue:
        return queue
    at = queue.index(started)
    return queue[:at] + queue[at + 1 :]


def _served(state: State, image: Image) -> Wished | None:
    """What is left of the wish after a good build: a watched change wants the newest tree."""
    wish = state.wish
    if wish is None:
        return None
    follows = wish.cause in BY_WATCH or wish.with_change
    if follows and image.target != state.target:
        return wish
    return None if wish.goal == "build" else replace(wish, built=True)


def _image(state: State, build: Build, event: Finished) -> Image:
    """The image of a good build; one that was found again may be known already."""
    known = state.image.at if state.image and state.image.id == event.image else 0.0
    at = event.at if event.outcome == "done" else known
    return Image(event.image or "", event.target or build.started.target, at)


def _build_finished(state: State, event: Finished) -> State:
    """A build that was closed for a newer one leaves the wish open; another failure ends it."""
    build = state.build
    if build is None or build.started.id != event.id:
        return state
    sizes = dict(event.sizes)
    steps = tuple(replace(step, size=sizes.get(step.index)) for step in build.steps)
    state = replace(state, build=replace(build, steps=steps, finished=event))
    if event.outcome != "skipped":
        state = replace(state, last=event)
    if event.outcome in ("done", "skipped"):
        image = _image(state, build, event)
        queue = tuple(
            q if q.image else replace(q, image=image.id, target=image.target) for q in state.queue
        )
        wish = _served(state, image)
        return replace(state, image=image, failed="", wish=wish, queue=queue)
    if build.closing:
        return state
    tried = event.outcome == "failed" and not event.moved
    failed = build.started.target if tried else state.failed
    return replace(state, failed=failed, wish=_outlived(state, build, event))


def _outlived(state: State, build: Build, event: Finished) -> Wished | None:
    """What is left of the wish after a failed build: a watched change wants the newest tree."""
    wish = state.wish
    newer = event.moved or state.target != build.started.target
    if wish is None or event.outcome != "failed" or not newer:
        return None
    if wish.cause in BY_WATCH:
        return wish
    wish = replace(wish, with_change=wish.with_change or event.moved)
    return _change_alone(replace(state, wish=wish))
