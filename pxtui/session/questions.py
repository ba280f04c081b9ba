"""The questions to the person, in words."""

from __future__ import annotations

import os
from collections.abc import Iterator

from pxtui.events import Asked, EngineSeen
from pxtui.facts import Fact
from pxtui.facts import facts as gathered
from pxtui.needs import Need
from pxtui.places import new_id
from pxtui.project import Project
from pxtui.state import State


def facts(project: Project, state: State) -> tuple[tuple[str, str], ...]:
    """What a build and run will do and get, as label and text."""
    resolved = state.reading.shown if state.reading else None
    if resolved is None or state.engine is None:
        return ()
    found = gathered(state)
    steps = [Fact("steps", step) for step in resolved.steps]
    first = [fact for fact in found if fact.need and fact.look]
    image = [fact for fact in found if fact.label == "image"]
    at = next((i for i, fact in enumerate(found) if fact.label == "engine"), -1) + 1
    found = (*found[:at], *_power(state.engine), *found[at:])
    rest = [fact for fact in found if fact not in (*first, *image)]
    shown = (*first, *image, *steps, Fact("command", resolved.shown or "none"), *rest)
    return tuple((fact.label, f"! {fact.text}" if fact.look else fact.text) for fact in shown)


def _power(engine: EngineSeen) -> Iterator[Fact]:
    """What it means to be allowed to use a container engine."""
    if engine.isolated and "rootless" in engine.note:
        yield Fact("engine", "rootless: its containers are you, at most")
    elif engine.name.startswith(("docker", "podman")):
        yield Fact("engine", "whoever may use it is root on its machine")


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
    above = os.path.realpath(project.root.parent)
    if above not in ("/", os.path.expanduser("~")):
        choices.insert(-1, ("below", f"{words}; do not ask for any project below {above}"))
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
