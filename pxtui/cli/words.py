"""Events in words, for stderr."""

from __future__ import annotations

from collections.abc import Iterator

from pxtui.events import (
    Changed,
    Dropped,
    EngineSeen,
    Event,
    Finished,
    Given,
    Invalid,
    Loaded,
    NoFile,
    Notice,
    Started,
    Step,
    Stopping,
)
from pxtui.image.context import amount
from pxtui.logs.text import clean_line
from pxtui.run import WORKDIR
from pxtui.session.questions import asked_for
from pxtui.state import State


def of(event: Event, before: State) -> str | None:
    """One line (several for problems), cleaned; None for what needs no words.

    `before`: what was so when it came.
    """
    match event:
        case Loaded() if (
            before.reading is None or before.reading.problems != event.reading.problems
        ):
            return "\n".join(clean_line(str(p)) for p in event.reading.problems) or None
        case Invalid():
            return "\n".join(clean_line(str(p)) for p in event.reading.problems)
        case NoFile():
            return (
                f"pxtui: there is no polyaxonfile in {clean_line(event.folder)}"
                " (-f FILE names one, pxtui demo writes an example)"
            )
        case EngineSeen(ok=False):
            return f"pxtui: {clean_line(event.note)}"
        case EngineSeen(isolated=False):
            return f"on {event.name}: the image is not used and nothing is isolated"
        case Changed():
            return _changed(event)
        case Started(phase="build"):
            return None
        case Started():
            return f"● run #{event.number}  {clean_line(event.cmd)}"
        case Step():
            return _step(event)
        case Given() if event.got:
            return "  given: " + clean_line("; ".join(map(" ".join, event.got)))
        case Stopping():
            return "stopping"
        case Finished():
            return _finished(event, before)
        case Dropped():
            return f"pxtui: {clean_line(event.message)}" if event.message else None
        case Notice():
            return clean_line(f"{event.text} ({event.hint})" if event.hint else event.text)
        case _:
            return None


def _changed(event: Changed) -> str:
    more = f" and {event.total - len(event.paths)} more" if event.total > len(event.paths) else ""
    leads = {"none": "", "build": " → build", "run": " → build and run"}[event.leads_to]
    return f"~ {clean_line(', '.join(event.paths))}{more} changed{leads}"


def _step(event: Step) -> str | None:
    if event.state == "started":
        return None
    mark = "✗" if event.state == "failed" else "✓"
    how = "cached" if event.cached else f"{_took(event.seconds)}{_usually(event)}"
    size = f"  +{amount(event.size)}" if event.size else ""
    why = f"  because {clean_line(event.why)}" if event.why else ""
    return f"{mark} {event.index}/{event.total} {clean_line(event.text)}  {how}{size}{why}"


def _took(seconds: float | None) -> str:
    return f"{seconds or 0:.{0 if seconds and seconds >= 9.95 else 1}f} s"


def _usually(event: Step) -> str:
    """Its usual seconds, where they are others; below a second they say nothing."""
    usual = event.usual
    if usual is None or max(usual, event.seconds or 0) < 1 or _took(usual) == _took(event.seconds):
        return ""
    return f" (usually {_took(usual)})"


def _finished(event: Finished, before: State) -> str:
    what = "image" if event.phase == "build" else "run"
    mark = {"done": "✓", "skipped": "✓"}.get(event.outcome, "✗")
    words = "is up to date" if event.outcome == "skipped" else event.outcome
    told = f"exit code {event.exit_code}"
    code = f", {told}" if event.exit_code and told not in event.message else ""
    message = f": {clean_line(event.message)}" if event.message else ""
    more = _outputs(event) if event.phase == "run" else _image(event, before)
    return f"{mark} {what} {words} in {event.seconds:.1f} s{code}{message}{more}"


def _image(event: Finished, before: State) -> str:
    """What its steps added; of a build that failed, which image is there all the same."""
    if event.outcome in ("failed", "lost") and before.image:
        return f"\n  the image built before is kept: {clean_line(before.image.id)}"
    sizes = ", ".join(f"{index}: {amount(size)}" for index, size in event.sizes if size)
    return f"\n  added by steps: {sizes}" if sizes else ""


def _outputs(event: Finished) -> str:
    if not event.outputs:
        return ""
    files = ", ".join(f"{clean_line(path)} {amount(size)}" for path, size in event.biggest)
    size = f"\n  {amount(event.outputs_size)}: {files}" if files else ""
    return f"\n  outputs: {clean_line(event.outputs)}{size}"


def remedies(state: State) -> Iterator[str]:
    """How to give a run what the project has or asks for and nothing was decided on, cleaned."""
    targets = {mount.target for mount in state.surroundings.mounts}
    for need in asked_for(state):
        name = clean_line(need.subject)
        if need.kind == "variable":
            yield f"the project asks for your variable {name}: --env {name} gives it"
        elif not any(need.subject.startswith(f"{need.source}:{target}") for target in targets):
            yield f"the project asks for a mount: --mount {name} gives it"
    for need in state.needs:
        place = f"{WORKDIR}/{need.subject}"
        if need.decided or need.kind not in ("link", "folder") or place in targets:
            continue
        mount = clean_line(f"--mount {need.source}:{place} gives it")
        if need.blocks:
            yield f"{clean_line(need.subject)}: name it in .dockerignore, then {mount}"
        else:
            yield f"{clean_line(need.subject)} is left out: {mount}"
