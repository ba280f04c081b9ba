"""What a change of the project leads to: told before it happens, or kept while the watch pauses."""

from __future__ import annotations

import time

from pxtui.events import Changed, Dropped, Goal, GoesOn, Held, Pending, TreeSeen, Wished
from pxtui.image import context
from pxtui.session.guard import Plan
from pxtui.session.parts import Parts
from pxtui.state import State

SHOWN_PATHS = 20


def tell_tree(parts: Parts, before: State, seen: TreeSeen, paths: tuple[str, ...]) -> None:
    """Tell what is seen, what changed, and what follows."""
    teller = parts.teller
    teller.tell(seen)
    if before.reading is not None and before.reading != teller.state.reading:
        paths = (parts.project.shown_file, *paths)
    if before.tree is None:
        paths = ()
    if teller.state.held is not None:
        if paths:
            _tell_changed(parts, paths, "none")
        _pausing(parts, teller.state.held)
    elif paths:
        _follow(parts, before, paths)


def _tell_changed(parts: Parts, paths: tuple[str, ...], leads_to: Goal) -> None:
    parts.teller.tell(Changed(paths[:SHOWN_PATHS], len(paths), leads_to, time.time()))


def _pausing(parts: Parts, held: Held) -> None:
    """Tell what waits, and of a plan what it is by now."""
    if held.why == "plan" and parts.guard.agrees(Plan.of(parts.teller.state)):
        _tell_pending(parts)
        go_on(parts)  # what was changed elsewhere was changed back
        return
    now = parts.guard.difference(*_plan(parts)) if held.why == "plan" else None
    if now is not None and now.facts != held.facts:
        parts.teller.tell(now)
    _tell_pending(parts)


def _plan(parts: Parts) -> tuple[Plan | None, str]:
    """What would be done now, and its command as it is shown."""
    state = parts.teller.state
    shown = state.reading.shown if state.reading else None
    return Plan.of(state), shown.shown if shown else ""


def _follow(parts: Parts, before: State, paths: tuple[str, ...]) -> None:
    """Tell what a change leads to, and wish that, unless it has to be confirmed."""
    teller = parts.teller
    goal = _leads_to(before, teller.state)
    held = _judged(parts, paths, time.time()) if goal != "none" else None
    _tell_changed(parts, paths, "none" if held else goal)
    if held is not None:
        hold(parts, held, before)
    elif goal != "none":
        parts.left_out = False
        teller.tell(Wished(goal, "changed", teller.state.watching.on_busy))


def _judged(parts: Parts, paths: tuple[str, ...], now: float) -> Held | None:
    plan, shown = _plan(parts)
    return parts.guard.judge(paths, plan, now, shown)


def _leads_to(before: State, after: State) -> Goal:
    """What the watch makes of a change: nothing that builds or runs the same again."""
    mode = after.watching.mode
    if mode == "off" or after.resolved is None or after.held is not None:
        return "none"
    if after.target != before.target and not after.image_is_current:
        return mode
    command_changed = before.resolved is None or before.resolved.cmd != after.resolved.cmd
    return "run" if mode == "run" and command_changed else "none"


def hold(parts: Parts, held: Held, before: State | None = None) -> None:
    """Let the watch pause; where nobody is there to end the pause only this change is left out."""
    teller = parts.teller
    mode = teller.state.watching.mode
    if not parts.attended:
        parts.left_out = held.why == "loop"
        later = ": it waits until nothing changes, is then built, not run" if parts.left_out else ""
        teller.tell(Dropped(held.text + later, "info", "run" if mode == "run" else "build"))
        return
    parts.before_hold = before or teller.state
    parts.held_listing = parts.tree.before if before else parts.tree.listing
    teller.tell(held)
    _tell_pending(parts)


def _tell_pending(parts: Parts) -> None:
    """Tell what is another now than when the watch began to pause."""
    old, new, before = parts.held_listing, parts.tree.listing, parts.before_hold
    paths = context.changes(old, new) if old is not None and new is not None else ()
    if before is not None and before.reading != parts.teller.state.reading:
        paths = (parts.project.shown_file, *paths)
    told = Pending(paths[:SHOWN_PATHS], len(paths))
    if told != parts.teller.state.pending:
        parts.teller.tell(told)


def end_pause(parts: Parts, seen: Held) -> None:
    """Go on as the person wants it who has seen this pause; another plan is shown first."""
    state = parts.teller.state
    if state.held is None or state.held != seen:
        return  # it went on by itself, or what it shows is new
    changed = state.pending.total if state.pending else 0
    other = parts.guard.other_plan(changed, *_plan(parts)) if seen.why != "plan" else None
    if other is None:
        go_on(parts)
    else:
        parts.teller.tell(other)
        _tell_pending(parts)


def go_on(parts: Parts) -> None:
    """The person has seen what is so: it is agreed to, and what is not built yet is built."""
    teller, before = parts.teller, parts.before_hold
    parts.guard.agree(Plan.of(teller.state))
    let_go(parts)
    state = teller.state
    mode = state.watching.mode
    if mode == "off":
        return
    goal = _leads_to(before, state) if before is not None else "none"
    if goal != "none" or not state.image_is_current:
        teller.tell(Wished(mode if goal == "none" else goal, "watch", state.watching.on_busy))


def catch_up(parts: Parts) -> None:
    """Nothing changes any more: build what was left out, so that the image is the tree again.

    It is not run: a run that changes its own code would begin the loop anew.
    """
    state = parts.teller.state
    if not parts.left_out or state.wish or state.building:
        return
    parts.left_out = False
    if state.watching.mode != "off" and not state.image_is_current:
        parts.teller.tell(Wished("build", "changed", state.watching.on_busy))


def let_go(parts: Parts) -> None:
    """End the pause; nothing follows from it."""
    parts.before_hold = parts.held_listing = None
    if parts.teller.state.held is not None:
        parts.teller.tell(GoesOn())
