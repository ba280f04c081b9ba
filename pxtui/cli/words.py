"""Events in words, for stderr."""

from __future__ import annotations

from pxtui.events import (
    Changed,
    Dropped,
    EngineSeen,
    Event,
    Finished,
    Invalid,
    Loaded,
    NoFile,
    Notice,
    Started,
    Step,
    Stopping,
)
from pxtui.logs.text import clean_line


def of(event: Event) -> str | None:
    """One line (several for problems), cleaned; None for what needs no words."""
    match event:
        case Loaded() if event.reading.problems:
            return "\n".join(clean_line(str(p)) for p in event.reading.problems)
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
        case Stopping():
            return "stopping"
        case Finished():
            return _finished(event)
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
    how = "cached" if event.cached else f"{event.seconds or 0:.1f} s"
    return f"{mark} {event.index}/{event.total}  {how:>7}  {clean_line(event.text)}"


def _finished(event: Finished) -> str:
    what = "image" if event.phase == "build" else "run"
    mark = {"done": "✓", "skipped": "✓"}.get(event.outcome, "✗")
    words = "is up to date" if event.outcome == "skipped" else event.outcome
    code = f", exit code {event.exit_code}" if event.exit_code else ""
    message = f": {clean_line(event.message)}" if event.message else ""
    kept = f"\n  outputs: {clean_line(event.outputs)}" if event.outputs else ""
    return f"{mark} {what} {words} in {event.seconds:.1f} s{code}{message}{kept}"
