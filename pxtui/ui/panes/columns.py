"""What the rows of the form are made from, and where its columns stand."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from pxtui.logs.text import clean_line
from pxtui.polyaxonfile.modern import Mapped
from pxtui.polyaxonfile.path import Edits, Path
from pxtui.polyaxonfile.problems import Problem
from pxtui.polyaxonfile.reading import Declaration
from pxtui.polyaxonfile.secret import DOTS
from pxtui.state import State
from pxtui.ui.panes import drafted
from pxtui.ui.prospect import is_unreadable, kept_words
from pxtui.ui.tried import tried

WIDE_VALUE = 12
"""Cells of the value column; a longer text goes on over the columns behind it."""
TAKEN_OUT = "taken out"
_BREAK = re.compile(r"\r\n?|\n")


class Columns:
    """The rows of a state: what the next run has, and what was taken out of the file."""

    def __init__(self, state: State) -> None:
        reading = state.reading
        self.base = {d.path: d for d in state.base.declarations} if state.base else {}
        self.edits: Edits = dict(state.edits)
        self.several = state.file_text is not None and bool(state.file_text.over)
        """Whether several files are laid over each other."""
        self.sound = state.resolved is not None
        self._removed = [path for path, text in self.edits.items() if text is None]
        present = [self._in_file(d) for d in (reading.declarations if reading else ())]
        there = {d.path for d in present}
        self.gone = frozenset(p for p in self._removed if p not in there and p in self.base)
        self.declarations: tuple[Declaration, ...] = tuple(self._with_gone(present))
        self.empty = _empty(state)
        """What is said where there are no rows."""
        self.errors = errors_of(present, state)
        source = drafted.source(state) if any(not d.given for d in present) else None
        self.in_place = isinstance(source, Mapped) and not source.has_params
        """Whether a changed input takes the place of its default."""
        self.conflicts = {conflict.path: conflict for conflict in state.conflicts}
        self.tried = tried(state)
        names = max((len(d.name) for d in self.declarations), default=4)
        self.name_width = min(max(4, names), 18)
        values = [len(self.text(d)) for d in self.declarations]
        self.value_width = max([5, *(v for v in values if v <= WIDE_VALUE)])
        files = [len(shown(d)) for p, d in self.base.items() if p in self.edits]
        self.file_width = min(10, max([4, *files])) if self.edits else 0
        self.type_width = max([4, *(len(d.type) for d in self.declarations)])

    def _in_file(self, item: Declaration) -> Declaration:
        """A row by its place in the file, where lists still have what was taken out of them."""
        if self._removed:
            path = _in_file(item.path, self._removed)
            if path != item.path:
                name = ".".join(map(str, path[-len(item.name.split(".")) :]))
                item = replace(item, path=path, name=name)
        base = self.base.get(item.path)
        # what is typed over a secret is one too, whatever its type
        return replace(item, secret=True) if base is not None and base.secret else item

    def _with_gone(self, present: Sequence[Declaration]) -> Iterable[Declaration]:
        """What was taken out stands where it stood in the file."""
        if not self.gone:
            return present
        behind: dict[Path | None, list[Declaration]] = defaultdict(list)
        there, last = {d.path for d in present}, None
        for path, item in self.base.items():
            if path in self.gone:
                behind[last].append(replace(item, editable=False))
            elif path in there:
                last = path
        rows = [*behind[None]]
        for item in present:
            rows += [item, *behind[item.path]]
        return rows

    @property
    def value_at(self) -> int:
        """The cell at which values start."""
        return 4 + self.name_width + 2

    def at(self, path: Path) -> int | None:
        """The row of a place."""
        return next((i for i, d in enumerate(self.declarations) if d.path == path), None)

    def name_at(self, path: Path) -> str:
        """The name of the row of a place; empty where none is."""
        return next((d.name for d in self.declarations if d.path == path), "")

    def row_of(self, problem: Problem) -> Declaration | None:
        """The row that an error is about."""
        return next((d for d in self.declarations if self.errors.get(d.path) == problem), None)

    def text(self, item: Declaration) -> str:
        """The value as it is shown."""
        return TAKEN_OUT if item.path in self.gone else shown(item)

    def before(self, item: Declaration) -> str:
        """The value in the file, where it is another one there."""
        if item.path not in self.edits:
            return ""
        base = self.base.get(item.path)
        return shown(base) if base is not None and (base.given or base.text) else "—"

    def note(self, item: Declaration) -> tuple[tuple[str, ...], str]:
        """What is said of a row, longest first, and its tone."""
        base = self.base.get(item.path)
        if item.path in self.gone:
            return ("",), "soft"
        if item.path in self.errors:
            message = clean_line(self.errors[item.path].message)
            return (message, message.partition(": ")[0], "error"), "bad"
        if item.path in self.conflicts:
            return ("changed in the file too", "conflict"), "warn"
        if not item.given and item.path not in self.edits:
            return (f"{item.type}, by default", "default"), "soft"
        if not item.used:
            return ("nothing uses it", "not used"), "warn"
        if base is not None and base.type != item.type and base.type != "null":
            return (f"{item.type}, was {base.type}", item.type), "warn"
        if item.hint:
            return (clean_line(item.hint), f"! {item.type}"), "warn"
        return (item.type,), "soft"

    def behind(self, width: int) -> tuple[bool, bool]:
        """Whether there is room for the file's values, and for types; a column goes as a whole."""
        room = width - self.value_at - self.value_width
        file = self.file_width > 0 and room >= self.file_width + 2
        return file, room - file * (self.file_width + 2) >= self.type_width + 2

    def tried_in(self, item: Declaration, room: int) -> str:
        """The values tried before that there is room for."""
        texts = ""
        for value in self.tried.get(item.name, ()):
            longer = f"{texts} {clean_line(value.text)}".strip()
            if len(longer) > room:
                break
            texts = longer
        return texts


def shown(declaration: Declaration) -> str:
    """A value as the form shows it: as typed, a bool as a switch, a secret as dots."""
    if declaration.secret and declaration.text:
        return DOTS
    if declaration.type == "bool":
        return "on" if declaration.value else "off"
    return clean_line(one_line(declaration.text))


def one_line(text: str) -> str:
    """A text over several lines in one."""
    first, *more = _BREAK.split(text)
    return " ".join([first.rstrip(), *(line.strip() for line in more)]) if more else text


def _empty(state: State) -> str:
    if not is_unreadable(state) and state.no_file is None:
        return "nothing is declared"
    why = "there is no file" if state.no_file is not None else "the file cannot be read"
    return f"{why}: {kept_words(state)}" if state.edits else why


def _in_file(path: Path, removed: Sequence[Path]) -> Path:
    """Where a place of the working set is in the file: what is taken out of a list counts there."""
    steps: Path = ()
    for step in path:
        if isinstance(step, int):
            out = sorted(p[-1] for p in removed if p[:-1] == steps and isinstance(p[-1], int))
            for index in out:
                step += index <= step
        steps = (*steps, step)
    return steps


def errors_of(rows: Sequence[Declaration], state: State) -> Mapping[Path, Problem]:
    """The first error of each row: the one in its lines, by name where a line has several rows."""
    told = state.reading.problems if state.reading else ()
    problems = [problem for problem in told if problem.severity == "error"]
    if not problems:
        return {}
    crowds: dict[str, dict[int, list[Declaration]]] = defaultdict(lambda: defaultdict(list))
    for item in rows:
        crowds[item.file][item.line].append(item)
    starts = {file: sorted(crowd) for file, crowd in crowds.items()}
    texts = drafted.texts(state)
    found: dict[Path, Problem] = {}
    for problem in problems:
        lines = texts[problem.file].lines if problem.file in texts else ()
        start = _start(problem.line, starts.get(problem.file, ()), lines)
        crowd = crowds[problem.file][start] if start else []
        for item in crowd:
            named = str(item.path[-1]) in problem.message
            if item.path not in found and (named or len(crowd) == 1):
                found[item.path] = problem
    return found


def _start(line: int, starts: Sequence[int], lines: Sequence[str]) -> int:
    """The line at which the row begins that a line belongs to; 0 where it belongs to none."""
    at = bisect_right(starts, line)
    if not at or starts[at - 1] == line:
        return line if at else 0
    first, *more = lines[starts[at - 1] - 1 : line] or [""]
    inside = all(not text.strip() or _indent(text) > _indent(first) for text in more)
    return starts[at - 1] if more and inside else 0


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip(" "))
