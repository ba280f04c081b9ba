"""What is said of the lines of the files on disk: problems, edits, and what must not be read."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from pxtui.polyaxonfile.path import Path
from pxtui.polyaxonfile.problems import Problem
from pxtui.polyaxonfile.reading import Declaration
from pxtui.polyaxonfile.secret import DOTS
from pxtui.state import State
from pxtui.ui import words
from pxtui.ui.dotted import dotted
from pxtui.ui.draw import cut
from pxtui.ui.panes.columns import TAKEN_OUT

_IMAGE = re.compile(r"\s*image:\s*\S")


def lines(state: State, text: str) -> list[str]:
    """The lines, with dots for secrets; one file that has rows and no secrets has none."""
    rows = _declared(state)
    secrets = tuple(d.path for d in rows if d.secret)
    several = state.file_text is not None and state.file_text.over
    shown = dotted(text, secrets) if secrets or several or not rows else text
    found = shown.split("\n")
    found = found[:-1] if found[-1] == "" else found
    return [line.removesuffix("\r") for line in found]


def on_disk(state: State) -> Mapping[Problem, Problem]:
    """The problems of the working set, each at its line of the file as it is on disk."""
    if state.reading is None or state.file_text is None:
        return {}
    names = {name for name, _ in state.file_text.files}
    problems = [p for p in state.reading.problems if p.file in names]
    if not state.edits or state.base is None:
        return {p: p for p in problems}
    places = {d.path: d.line for d in state.base.declarations}
    known = {(p.file, p.code, p.message): p.line for p in state.base.problems}
    rows = {(d.file, d.line): places[d.path]
            for d in state.reading.declarations if d.path in places}  # fmt: skip
    return {
        p: replace(
            p, line=known.get((p.file, p.code, p.message)) or rows.get((p.file, p.line), p.line)
        )
        for p in problems
    }


def notes(state: State, file: str) -> dict[int, str]:
    """What is to be said of lines (from 0) without a problem: edits, and an image not there yet."""
    if state.file_text is None:
        return {}
    texts = {name: text.split("\n") for name, text in state.file_text.files}
    said = {**_edited(state, file, texts[file]), **_added(state, file, texts[file])}
    if image_present(state) is False:
        found = {
            name: at for name, text in texts.items() if (at := _line(text, _IMAGE)) is not None
        }
        if [*found][-1:] == [file]:  # the last file that names one wins
            said[found[file]] = "not here yet"
    return said


def image_present(state: State) -> bool | None:
    """Whether the base image is on the engine (None: not known)."""
    return state.engine.base_present if state.engine is not None else None


def _edited(state: State, file: str, texts: Sequence[str]) -> dict[int, str]:
    said, edits = {}, dict(state.edits)
    for item in _declared(state):
        in_line = "".join(texts[item.line - 1 : item.line])
        if item.file == file and item.path in edits and str(item.path[-1]) in in_line:
            text = DOTS if item.secret else edits[item.path]
            shown = TAKEN_OUT if text is None else f"{cut(text, 24)} in the next run"
            said[item.line - 1] = f"~ {shown}"
    return said


def _added(state: State, file: str, texts: Sequence[str]) -> dict[int, str]:
    known = {d.path for d in _declared(state)}
    added = [path for path, text in state.edits if text is not None and path not in known]
    here = [path for path in added if _file_of(state, path) == file]
    if not here:
        return {}
    at = _line(texts, re.compile(rf"{re.escape(str(here[0][0]))}\s*:"))
    return {} if at is None else {at: f"~ {words.number(len(here), 'value')} more in the next run"}


def _file_of(state: State, path: Path) -> str:
    """The file that an added value goes to."""
    rows = state.reading.declarations if state.reading else ()
    first = state.file_text.file if state.file_text else ""
    return next((d.file for d in rows if d.path[: len(path)] == path), first)


def _line(texts: Sequence[str], pattern: re.Pattern[str]) -> int | None:
    return next((at for at, text in enumerate(texts) if pattern.match(text)), None)


def _declared(state: State) -> Sequence[Declaration]:
    return state.base.declarations if state.base else ()
