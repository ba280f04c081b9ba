"""Values tried before: what earlier runs had for each declaration, and how they ended."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import NamedTuple

from pxtui.state import State
from pxtui.ui.listed import listed_runs

MOST = 4
"""Of each declaration."""


class Tried(NamedTuple):
    """A value, and the newest run that had it."""

    text: str
    number: int
    glyph: str


def tried(state: State) -> Mapping[str, tuple[Tried, ...]]:
    """Values of earlier runs by name, newest first; not the present ones, and no secrets."""
    present = state.reading.declarations if state.reading else ()
    open_names = {d.name: d.text for d in present if not d.secret}
    glyphs = {run.id: run.glyph for run in listed_runs(state)}
    found: dict[str, dict[str, Tried]] = defaultdict(dict)
    for run in reversed(state.history):
        for name, text in run.values or run.differs:
            seen = found[name]
            wanted = name in open_names and text != open_names[name] and len(seen) < MOST
            if wanted and text not in seen:
                seen[text] = Tried(text, run.number, glyphs.get(run.id, ""))
    return {name: tuple(values.values()) for name, values in found.items() if values}
