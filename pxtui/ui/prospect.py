"""What the keys r and b will do now, in words."""

from __future__ import annotations

from pxtui.events import TreeSeen
from pxtui.needs import Need
from pxtui.polyaxonfile.reading import Reading
from pxtui.state import State
from pxtui.ui import words
from pxtui.ui.draw import Row, row
from pxtui.ui.listed import next_number, when


def hindrance(state: State) -> str:
    """Why nothing can be run now; empty if it can."""
    if state.no_file is not None:
        return "there is no polyaxonfile"
    if state.reading is None:
        return "the polyaxonfile is being read"
    if state.resolved is None:
        return errors_words(state.reading, state.base)
    if not (state.resolved.image or state.resolved.dockerfile):
        return "the polyaxonfile names no image"
    if not state.resolved.cmd:
        return "the polyaxonfile has no cmd"
    if state.engine is not None and not state.engine.ok:
        return "no engine answers"
    if state.tree is not None and state.tree.error:
        return _too_big(state.tree, state.needs) or state.tree.error
    return ""


def only_changes(state: State) -> bool:
    """Whether the errors are those of the changed values: the file itself is valid."""
    base = state.base
    return state.reading is not None and not state.resolved and base is not None and base.valid


def is_unreadable(state: State) -> bool:
    """Whether the file cannot be made out at all: no value of it is known."""
    return state.base is not None and not state.base.valid and not state.base.era


def kept_words(state: State) -> str:
    """That changed values wait for a file that is broken or gone."""
    count = words.number(len(state.edits), "changed value")
    return f"{count} {'is' if len(state.edits) == 1 else 'are'} kept"


def errors_words(reading: Reading, base: Reading | None) -> str:
    """How many errors there are, and whether the file has them or the changed values."""
    errors = words.number(sum(p.severity == "error" for p in reading.problems), "error")
    if base is not None and base.valid:
        return f"the changed values have {errors}"
    with_them = " with the changed values" if base != reading else ""
    return f"the polyaxonfile has {errors}{with_them}"


def _too_big(tree: TreeSeen, needs: tuple[Need, ...]) -> str:
    """Of a tree that waits for decisions: the first thing to decide on."""
    waiting = [need.subject for need in needs if need.blocks and not need.decided]
    sizes = {path: size for path, size, _ in tree.heavy}
    first = next((path for path in waiting if path in sizes), None)
    if first is None:
        return ""
    more = f", and {len(waiting) - 1} more" if len(waiting) > 1 else ""
    return f"{first} has {words.size(sizes[first])}{more}: decide with !"


def run_follows(state: State) -> bool:
    """Whether a run was asked for that this build is made for, or that waits for it."""
    wish = state.wish
    return bool(state.building and wish and wish.goal == "run" and not state.question)


def run_words(state: State) -> str:
    """What `r` does, in a few words."""
    if run_follows(state):
        return "a run follows this build"
    following = next_number(state) + len(state.queue)
    if state.runs:
        return f"queue as #{following}, or ask"
    if state.queue:
        return f"queue as #{following}"
    if state.building is not None:
        return (
            "run after this build"
            if state.building.started.target == state.target
            else ("build anew, then run")
        )
    if state.image_is_current:
        return "run"
    return "build again, then run" if has_failed(state) else "build, then run"


def has_failed(state: State) -> bool:
    """Whether what is wanted now is what the last build failed to make."""
    return state.failed == state.target != ""


def image_words(state: State, now: float) -> tuple[str, str]:
    """Which image was built last, after a build: `12:01:53 · 3 min ago`, and of which session."""
    finished = state.build.finished if state.build is not None else None
    name, at = (finished.good if finished is not None else None) or ("", 0.0)
    note = " (of an earlier session)"
    if state.image is not None and (state.image.at or state.image.id != name):
        at, note = state.image.at, ""
    if not at:
        return "none yet" if state.image is None else "one from before", ""
    told, clock = when(at, now), words.clock(at)
    return clock if ":" in told else f"{clock} · {told}", note


def asks_first(state: State) -> bool:
    """Whether this project was never run on this engine."""
    return state.engine is not None and state.engine.ok and state.engine.id not in state.trusted


def prospect(state: State) -> tuple[Row, ...]:
    """What `r` and `b` do, with the gutter of a list."""
    why = hindrance(state)
    if why:
        rows = [row((" !  ", "warn"), (why, "warn"))]
        if only_changes(state):
            rows.append(row("    ", ("the file itself is valid", "soft")))
        elif state.edits and (is_unreadable(state) or state.no_file is not None):
            rows.append(row("    ", (kept_words(state), "soft")))
        return tuple(rows)
    note = ""
    if state.runs:
        note = f" · after #{next_number(state) + len(state.queue) - 1}"
    elif asks_first(state):
        note = " · asks once first"
    runs = row((" r  ", "key b"), run_words(state), (note, "soft"))
    if run_follows(state):
        runs = row((" r  ", "key b"), "a run follows", (", with the values of then", "soft"))
    local = state.engine is not None and not state.engine.isolated
    if state.image_is_current:
        ready = "environment is ready" if local else "image is ready, no build needed"
        return (runs, row((" ✓  ", "good"), (ready, "soft")))
    failed = " · the last build failed" if has_failed(state) else ""
    return (runs, row((" b  ", "key b"), "only build", (failed, "soft")))
