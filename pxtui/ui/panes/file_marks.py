"""What is said of the lines of the files on disk: problems, edits, and what must not be read."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

from pxtui.polyaxonfile.path import Path
from pxtui.polyaxonfile.problems import Problem
from pxtui.polyaxonfile.reading import Declaration
from pxtui.polyaxonfile.secret import DOTS
from pxtui.polyaxonfile.source import Source
from pxtui.state import State
from pxtui.ui import words
from pxtui.ui.dotted import dotted
from pxtui.ui.draw import cut
from pxtui.ui.panes import drafted
from pxtui.ui.panes.columns import TAKEN_OUT, one_line
from pxtui.ui.panes.file_view import IN_THE_NEXT_RUN

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
    files = drafted.texts(state)
    return {p: drafted.placed(state, p, files) for p in state.reading.problems if p.file in files}


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
    edits, on_line = dict(state.edits), defaultdict[int, list[tuple[str, str | None]]](list)
    for item in _declared(state):
        if item.path in edits:
            its_file, line = _place(state, item)
            text = edits[item.path]
            shown = text and (DOTS if item.secret else cut(one_line(text), 24))
            if its_file == file and 0 < line <= len(texts):
                on_line[line - 1].append((item.name, shown))
    return {at: _changed_words(values) for at, values in on_line.items()}


def _changed_words(values: Sequence[tuple[str, str | None]]) -> str:
    """What the next run has instead of the values of one line."""
    if len(values) == 1:
        text = values[0][1]
        return f"~ {TAKEN_OUT}" if text is None else f"~ {text}{IN_THE_NEXT_RUN}"
    named = [f"{name} {TAKEN_OUT if text is None else text}" for name, text in values]
    return f"~ {', '.join(named)}{IN_THE_NEXT_RUN}"


def _place(state: State, item: Declaration) -> tuple[str, int]:
    """File and line that a changed value gets: its own, where it follows another."""
    path, source = item.path, None
    if item.shared or not item.given:
        source = drafted.source(state)
    if source is None or source.node(path) is None:
        return item.file, item.line
    while _is_merged(source, path):
        path = path[:-1]  # the map that has it through a merge key gets a value of its own
    return source.file_of(path), source.position(path, of_key=True)[0]


def _is_merged(source: Source, path: Path) -> bool:
    """Whether the line of a value is that of the one it follows."""
    follows = source.shared(path)
    places = {source.position(follows, of_key=of_key) for of_key in (False, True)}
    return bool(follows) and source.position(path, of_key=True) in places


def _added(state: State, file: str, texts: Sequence[str]) -> dict[int, str]:
    known = {d.path for d in _declared(state)}
    added = [path for path, text in state.edits if text is not None and path not in known]
    here = [path for path in added if _file_of(state, path) == file]
    if not here:
        return {}
    at = _line(texts, re.compile(rf"{re.escape(str(here[0][0]))}\s*:"))
    return {} if at is None else {at: f"~ {words.number(len(here), 'value')} more{IN_THE_NEXT_RUN}"}


def _file_of(state: State, path: Path) -> str:
    """The file that an added value goes to."""
    rows = state.reading.declarations if state.reading else ()
    first = state.file_text.file if state.file_text else ""
    return next((d.file for d in rows if d.path[: len(path)] == path), first)


def _line(texts: Sequence[str], pattern: re.Pattern[str]) -> int | None:
    return next((at for at, text in enumerate(texts) if pattern.match(text)), None)


def _declared(state: State) -> Sequence[Declaration]:
    return state.base.declarations if state.base else ()
