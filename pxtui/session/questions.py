"""The questions to the person, in words."""

from __future__ import annotations

from pxtui.events import Asked, TreeSeen
from pxtui.needs import Need
from pxtui.places import new_id
from pxtui.project import Project
from pxtui.run import OUTPUTS, WORKDIR
from pxtui.state import State

SHOWN_NOTES = 5


def facts(project: Project, state: State) -> tuple[tuple[str, str], ...]:
    """What a build and run will do and get, as label and text."""
    resolved, engine, tree = state.resolved, state.engine, state.tree
    if resolved is None or engine is None:
        return ()
    image = resolved.image
    if not engine.isolated:
        image = f"{image}: not used, nothing is isolated"
    elif engine.base_present is False:
        image = f"{image}: pulled from its registry"
    size = "this folder"
    if tree and not tree.error:
        files = "1 file" if tree.files == 1 else f"{tree.files:,} files"
        unit, name = (1e6, "MB") if tree.size >= 1e6 else (1e3, "kB")
        size = f"{files}, {tree.size / unit:.1f} {name}"
    return (
        ("engine", engine.name if engine.isolated is False else f"{engine.name} at {engine.id}"),
        ("image", image),
        *(("step", step) for step in resolved.steps),
        ("command", resolved.cmd or "none"),
        ("code", f"{size}, copied to {WORKDIR if engine.isolated else 'a folder of the run'}"),
        *(("left out", note) for note in _left_out(tree)),
        ("mounts", f"only {OUTPUTS}: a folder of the run, kept" if engine.isolated else "none"),
    )


def _left_out(tree: TreeSeen | None) -> tuple[str, ...]:
    notes = tree.skipped if tree else ()
    more = (f"and {len(notes) - SHOWN_NOTES} more",) if len(notes) > SHOWN_NOTES else ()
    return (*notes[:SHOWN_NOTES], *more)


def trust(project: Project, state: State) -> Asked:
    """The question before the first build or run of a project on an engine."""
    goal = state.wish.goal if state.wish else "build"
    words = "build and run" if goal == "run" else "build"
    asks = asked_for(state)
    name = (state.resolved.project if state.resolved else None) or project.root.name
    text = f"{words.capitalize()} {name} here?"
    choices = [("yes", f"{words}; do not ask again for this project"), ("no", "do nothing")]
    if asks:
        choices[0] = ("yes", f"{words}, and give it what it asks for; do not ask again")
        choices.insert(1, ("bare", f"{words}, without what it asks for"))
    if state.engine is not None and not state.engine.isolated:
        choices.insert(1, ("steps", "the same, and steps of any kind may run on this machine"))
    return Asked(new_id(), "trust", text, facts(project, state), tuple(choices), "yes")


def asked_for(state: State) -> tuple[Need, ...]:
    """What the project's own settings ask for and the person has not decided on."""
    return tuple(need for need in state.needs if need.asked and not need.decided)


def busy(state: State) -> Asked:
    """The question when a run is wanted while another is going."""
    going = ", ".join(f"#{run.started.number}" for run in state.runs)
    choices = (
        ("queue", f"queue it: it starts when {going} has ended"),
        ("restart", f"stop {going}, then start it"),
        ("beside", "start it beside"),
        ("no", "leave it"),
    )
    return Asked(new_id(), "busy", f"{going} is still running.", (), choices, "queue")
