"""What to do next: a pure decision on the State, carried out by the session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pxtui.events import BY_WATCH, Queued, Wished
from pxtui.state import Build as Building
from pxtui.state import Image, State


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do until something is told."""


@dataclass(frozen=True, slots=True)
class Look:
    """Look at the tree before believing what is known of it."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask the person."""

    kind: Literal["trust", "busy"]


@dataclass(frozen=True, slots=True)
class Drop:
    """Give the wish up, and say why (nothing where the person knows)."""

    message: str
    severity: Literal["info", "error"] = "error"


@dataclass(frozen=True, slots=True)
class Build:
    """Build the target."""

    target: str
    cause: str
    no_cache: bool
    pull: bool


@dataclass(frozen=True, slots=True)
class CloseBuild:
    """Stop the build that goes on, since another is wanted; it is waited for."""

    id: str


@dataclass(frozen=True, slots=True)
class Enqueue:
    """Give the wished run its values and its image, and let it wait for its turn."""

    image: str
    target: str
    cause: str
    beside: bool
    restart: bool
    """Stop what is running, so that its turn comes."""


@dataclass(frozen=True, slots=True)
class Start:
    """Start the waiting run."""

    queued: Queued


Action = Wait | Look | Ask | Drop | Build | CloseBuild | Enqueue | Start


def decide(state: State) -> Action:
    """The next action; the same state always leads to the same one."""
    turn = _whose_turn(state)
    if turn is not None:
        return Start(turn)
    if state.wish is None or state.question is not None:
        return Wait()
    return _hindrance(state, state.wish) or _grant(state, state.wish)


def _whose_turn(state: State) -> Queued | None:
    """Who waits for a build has its turn after it, and is not overtaken."""
    beside = next((q for q in state.queue if q.beside and q.image), None)
    if beside is not None or state.runs:
        return beside
    return state.queue[0] if state.queue and state.queue[0].image else None


def _hindrance(state: State, wish: Wished) -> Action | None:
    """What stands in the way of a wish, in the order in which a person has to deal with it."""
    if state.resolved is None:
        return Drop("the polyaxonfile has errors" if state.reading else "there is no polyaxonfile")
    own = "" if state.resolved.image else state.resolved.dockerfile
    if not (state.resolved.image or own):
        return Drop("the polyaxonfile names no image: there is nothing to build")
    if wish.goal == "run" and not state.resolved.cmd:
        return Drop("the polyaxonfile has no cmd: there is nothing to run")
    if state.engine is None:
        return Wait()
    if not state.engine.ok:
        return Drop(state.engine.note)
    if own and not state.engine.isolated:
        return Drop(f"an image by {own} needs Docker or Podman: without a container there is none")
    if state.engine.id not in state.trusted:
        return Ask("trust")
    if wish.goal == "run" and state.runs and wish.on_busy == "ignore":
        return Drop("a run is going: this change is left out", "info")
    if wish.goal == "run" and state.runs and wish.on_busy is None:
        return Ask("busy")
    return None


def _grant(state: State, wish: Wished) -> Action:
    if wish.built and state.image is not None:
        return _enqueue(state.image, wish)
    if not state.fresh or state.tree is None:
        return Look()
    if state.tree.error:
        return Drop(state.tree.error)
    if state.building is not None:
        return _supersede(state, state.building, wish)
    anew = wish.no_cache or wish.pull or (wish.goal == "build" and wish.cause == "asked")
    anew = anew or not all(queued.image for queued in state.queue)
    if anew or not state.image_is_current:
        if state.failed == state.target and wish.cause != "asked":
            return Drop("this tree failed to build already: change it, or press b", "info")
        return Build(state.target, wish.cause, wish.no_cache, wish.pull)
    if wish.goal == "build" or state.image is None:
        return Drop("", "info")
    return _enqueue(state.image, wish)


def _supersede(state: State, building: Building, wish: Wished) -> Action:
    """A build of something older than what is wanted is closed, and waited for.

    But not for watched changes of the code alone: those could keep a long step from ever ending.
    """
    started = building.started
    if building.closing or started.target == state.target:
        return Wait()
    code_alone = started.environment == state.environment != ""
    if code_alone and (wish.cause in BY_WATCH or wish.with_change):
        return Wait()
    return CloseBuild(started.id)


def _enqueue(image: Image, wish: Wished) -> Action:
    beside, restart = wish.on_busy == "beside", wish.on_busy == "restart"
    return Enqueue(image.id, image.target, wish.cause, beside, restart)
