"""The events of a session in the words of a person, for the list in Watch."""

from __future__ import annotations

from pxtui import events as e
from pxtui.state import State
from pxtui.ui import words
from pxtui.ui.draw import Row, row
from pxtui.ui.listed import ended
from pxtui.ui.prospect import errors_words

LEADS_TO = {"build": "a build", "run": "a build and a run", "none": "nothing"}

WHILE_BUSY = {
    "queue": "one next run waits for its end",
    "restart": "it is stopped and the next one starts",
    "beside": "the next one starts beside it",
    "ignore": "the change is left out",
}
"""What a change leads to while a run is going."""


def changed_words(changed: e.Changed) -> str:
    """Which files changed: `train.py, utils/io.py and 3 more`."""
    named = ", ".join(changed.paths[:3])
    more = changed.total - min(3, len(changed.paths))
    return f"{named} and {more} more" if more > 0 and named else named or "files"


def in_words(event: e.Event) -> Row:
    """One event as a row; empty for what is not worth one."""
    match event:
        case e.Loaded():
            changed = f", {len(event.edits)} changed" if event.edits else ""
            return row(("the polyaxonfile was read", "ink"), (changed, "soft"))
        case e.Invalid():
            return row(("✗ ", "bad"), errors_words(event.reading, event.base))
        case e.NoFile():
            return row(("! ", "warn"), event.message)
        case e.EngineSeen():
            glyph = ("✓ ", "good") if event.ok else ("! ", "warn")
            return row(
                glyph, event.name or "no engine", (f" · {event.note}" if event.note else "", "soft")
            )
        case e.Changed():
            return row(
                f"{changed_words(event)} changed",
                (f" · leads to {LEADS_TO[event.leads_to]}", "soft"),
            )
        case e.Dropped() if event.message:
            return row(("! " if event.severity == "error" else "", "warn"), event.message)
        case e.Asked():
            return row(("! ", "warn"), event.text)
        case e.Answered():
            return row(f"answered: {event.choice}")
        case e.Notice():
            return row(event.text, (f" · {event.hint}" if event.hint else "", "soft"))
        case e.Saved():
            return row(("✓ ", "good"), f"written to {event.file}: {', '.join(event.names)}")
        case e.Watching():
            return row(f"watch {watch_words(event.mode)}")
        case e.Held():
            return row(("! ", "warn"), held_words(event))
        case e.GoesOn():
            return row("the watch goes on")
        case _:
            return _job_in_words(event)


def _job_in_words(event: e.Event) -> Row:
    match event:
        case e.Started():
            job = f"#{event.number}" if event.phase == "run" else "build"
            why = f" · {event.cause}" if event.cause not in ("", "asked") else ""
            return row(
                ("● ", "good"),
                f"{job} {'found again' if event.adopted else 'started'}",
                (why, "soft"),
            )
        case e.Queued():
            return row(("◌ ", "soft"), "a run waits", (f" · {event.cause}", "soft"))
        case e.Unqueued():
            many = "a waiting run was" if event.id else "waiting runs were"
            return row(f"{many} taken back")
        case e.Stopping():
            return row("the run was asked to stop")
        case e.Finished():
            glyph, word, tone = ended(event)
            told = f" · {event.message}" if event.message else ""
            job = f"#{event.number}" if event.phase == "run" and event.number else event.phase
            return row(
                (f"{glyph} ", tone),
                f"{job} {word}",
                (f" in {words.took(event.seconds)}{told}", "soft"),
            )
        case _:
            return ()


def message(event: e.Event, state: State) -> e.Notice | None:
    """What an event says to the person at once, in the first message line."""
    match event:
        case e.Dropped() if event.message:
            return e.Notice(event.severity, event.message)
        case e.Saved():
            return e.Notice("good", f"written to {event.file}: {', '.join(event.names)}")
        case e.Held():
            return e.Notice(
                "info" if event.why == "asked" else "warning",
                held_words(event),
                "w p goes on · 5 shows what waits",
            )
        case e.GoesOn():
            return e.Notice("info", "the watch goes on")
        case e.Changed() if event.leads_to != "none":
            leads = f"leads to {LEADS_TO[event.leads_to]}"
            return e.Notice("info", f"{changed_words(event)} changed", leads)
        case e.Finished(phase="build", outcome="failed"):
            return e.Notice("error", event.message or "the build failed")
        case e.Finished(phase="build", outcome="done"):
            keeps = f"#{state.runs[-1].started.number} keeps its own copy" if state.runs else ""
            return e.Notice("good", f"image built in {words.took(event.seconds)}", keeps)
        case e.Finished(phase="run") if event.outputs_size:
            return _written(event)
        case _:
            return None


def _written(event: e.Finished) -> e.Notice:
    """How a run ended and what it wrote."""
    glyph, word, _ = ended(event)
    path, size = next(iter(event.biggest), ("", 0))
    named = f", most of it {path}" if path and 2 * size > event.outputs_size else ""
    wrote = words.size(event.outputs_size) + named
    text = f"#{event.number} {word} in {words.took(event.seconds)} and wrote {wrote}"
    if event.outcome == "done":
        return e.Notice("good", text, "o opens it")
    return e.Notice("info", f"{glyph} {text}", "o opens it")


def watch_words(mode: e.WatchMode) -> str:
    """A watch mode: `off`, `build`, `build and run`."""
    return {"off": "off", "build": "build", "run": "build and run"}[mode]


def held_words(held: e.Held) -> str:
    """That the watch pauses, and why."""
    return f"the watch pauses: {held.text}" if held.text else "the watch pauses"


def pending_words(pending: e.Pending | None) -> str:
    """How much has changed since: `3 files changed since`."""
    if pending is None or not pending.total:
        return "nothing has changed since"
    return f"{words.number(pending.total, 'file')} changed since"
