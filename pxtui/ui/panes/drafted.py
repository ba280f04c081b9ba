"""The files as the working set would write them, and which of their lines is which on disk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from functools import lru_cache

from pxtui.polyaxonfile import opening
from pxtui.polyaxonfile.path import Path
from pxtui.polyaxonfile.problems import PolyaxonfileError, Problem
from pxtui.polyaxonfile.source import Source, Version
from pxtui.state import State

Files = tuple[tuple[str, str], ...]
"""Name and text of each file."""
_Edits = tuple[tuple[Path, str | None], ...]


@dataclass(frozen=True, slots=True)
class Drafted:
    """The text of one file with the changed values in it."""

    lines: tuple[str, ...]
    on_disk: tuple[int, ...]
    """For each line (from 0) its line of the file, from 1; of one to come, the line before it."""

    def line(self, line: int) -> int:
        """The line of the file where a line of the drafted text (from 1) is, or will come."""
        return self.on_disk[min(max(1, line), len(self.on_disk)) - 1]


def texts(state: State) -> Mapping[str, Drafted]:
    """Each file by its name."""
    files = state.file_text.files if state.file_text is not None else ()
    return _drafted(files, () if _keep_lines(state) else state.edits)


def placed(state: State, problem: Problem, files: Mapping[str, Drafted]) -> Problem:
    """The problem at its line of the file on disk, with what mends it; `files` as of `texts`."""
    file = files.get(problem.file)
    line = problem.line if file is None else file.line(problem.line)
    return replace(mended(state, problem), line=line)


def source(state: State) -> Source | None:
    """What the files on disk say; None where that cannot be made out."""
    return _opened(state.file_text.files) if state.file_text is not None else None


def mended(state: State, problem: Problem) -> Problem:
    """The problem; of a name that was taken out, bringing it back is what mends it."""
    edits = dict(state.edits)
    if problem.code != "E_UNDEFINED" or problem.fix or None not in edits.values():
        return problem
    name = problem.message.partition(" ")[0]
    for item in state.base.declarations if state.base is not None else ():
        is_meant = item.name == name or item.name.startswith(f"{name}.")
        if is_meant and item.path in edits and edits[item.path] is None:
            hint = f"bring {item.name} back (= on its row)"
            return replace(problem, hint=hint, fix=((item.path, item.text),))
    return problem


def _keep_lines(state: State) -> bool:
    """Whether the values change within their lines, as most do: no file need be written for it."""
    rows = {d.path: d for d in state.base.declarations} if state.base and state.edits else {}
    return all(
        text is not None and path in rows and not rows[path].shared and "\n" not in text
        and rows[path].given and "\n" not in rows[path].text
        for path, text in state.edits
    )  # fmt: skip


@lru_cache(maxsize=4)
def _opened(files: Files) -> Source | None:
    try:
        return opening.opened(*(Version(text.encode(), name) for name, text in files))
    except (PolyaxonfileError, UnicodeEncodeError):
        return None


@lru_cache(maxsize=4)
def _drafted(files: Files, edits: _Edits) -> Mapping[str, Drafted]:
    written = dict(files)
    if edits and (found := _opened(files)) is not None:
        changed, _ = opening.edited(found, dict(edits))
        written |= {version.file: version.data.decode() for version in changed.versions}
    return {name: _compared(text.split("\n"), written[name].split("\n")) for name, text in files}


def _compared(disk: Sequence[str], draft: Sequence[str]) -> Drafted:
    if disk == draft:
        return Drafted(tuple(draft), tuple(range(1, len(disk) + 1)))
    return Drafted(tuple(draft), tuple(_places(disk, draft)))


def _places(disk: Sequence[str], draft: Sequence[str], first: int = 0) -> Iterator[int]:
    """For each line of the draft its line on disk; of lines that changed, the one of its key."""
    for kind, a1, a2, b1, b2 in SequenceMatcher(None, disk, draft).get_opcodes():
        old, new = (
            [line.partition(":")[0] for line in lines] for lines in (disk[a1:a2], draft[b1:b2])
        )
        if kind == "replace" and (old, new) != (disk, draft):
            yield from _places(old, new, first + a1)
        else:
            for at in range(b2 - b1):
                yield first + (max(1 - first, a1) if kind == "insert" else min(a1 + 1 + at, a2))
