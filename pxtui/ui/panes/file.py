"""File: the polyaxonfile as it is on disk, its problems at their lines, and the first build."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from textual.app import ComposeResult

from pxtui.logs.text import clean_line
from pxtui.polyaxonfile.path import Path
from pxtui.polyaxonfile.problems import Problem
from pxtui.polyaxonfile.reading import Declaration
from pxtui.polyaxonfile.secret import DOTS
from pxtui.state import State
from pxtui.ui import words
from pxtui.ui.dotted import dotted
from pxtui.ui.draw import Block, Row, cut, row, spread
from pxtui.ui.pane import Pane
from pxtui.ui.panes.columns import TAKEN_OUT, errors_of
from pxtui.ui.panes.file_view import FileView
from pxtui.ui.panes.gets import folded


class _FirstBuild(Block):
    """What the first build of this project will do."""

    DEFAULT_CSS = "_FirstBuild { height: auto; }"

    def __init__(self) -> None:
        super().__init__()
        self.state = State()

    def rows(self, width: int) -> Sequence[Row]:
        state = self.state
        resolved = state.reading.shown if state.reading else None
        if resolved is None:
            return [()]
        present = state.engine.base_present if state.engine else None
        local = state.engine is not None and not state.engine.isolated
        known = {True: "here", False: "not here yet", None: ""}[present]
        does = [("use" if present else "pull", resolved.image, known)] if not local else []
        does += [("run", step, "") for step in resolved.steps]
        size = words.size(state.tree.size) if state.tree and not state.tree.error else ""
        does.append(("copy", f"your code{', ' + size if size else ''}", "at each change"))
        rows: list[Row] = [
            (),
            spread(row(("The first build will", "strong b")), (), width, "─", "hair"),
        ]
        for index, (verb, text, note) in enumerate(does, 1):
            first, *rest = folded(clean_line(text), width - 12 - (len(note) + 2 if note else 0))
            left = row((f" {index:<3}", "strong b"), (f"{verb:<6}", "soft"), first)
            rows.append(spread(left, row((note, "soft")) if note else (), width))
            rows += [row(" " * 10, part) for part in rest]
        return rows


class _NoFile(Block):
    """What was looked for, and what to do."""

    DEFAULT_CSS = "_NoFile { height: auto; padding: 1 0 0 0; }"

    def __init__(self) -> None:
        super().__init__()
        self.message = self.folder = ""

    def rows(self, width: int) -> Sequence[Row]:
        room = max(20, width - 4)
        told = [row("    ", part) for part in folded(clean_line(self.message), room)]
        return [
            row((" !  ", "warn"), ("no polyaxonfile in ", "ink"), (self.folder, "strong")),
            *told,
            (),
            row("    ", ("pxtui demo", "key b"), (" writes an example project to try", "soft")),
            row("    ", ("pxtui -C DIR", "key b"), (" opens another folder", "soft")),
            row(("    a file that is written here now is opened at once", "soft")),
        ]


class File(Pane):
    """The polyaxonfile."""

    NUMBER = "1"
    TITLE = "File"
    DEFAULT_CSS = """
    File { height: 1fr; }
    File FileView { height: auto; }
    """

    def __init__(self) -> None:
        super().__init__(id="file")
        self.over = 0
        """How many files are laid over this one."""
        self._state: State | None = None
        self._seen: object = None
        self._placed: Mapping[Problem, Problem] = {}
        self._of_rows: Mapping[Path, Problem] = {}

    def compose(self) -> ComposeResult:
        """The text, and below it the first build."""
        yield FileView()
        yield _NoFile()
        yield _FirstBuild()

    def show(self, state: State, now: float) -> None:
        """Show the file of the state."""
        self._state = state
        view, first = self.query_one(FileView), self.query_one(_FirstBuild)
        nothing = self.query_one(_NoFile)
        nothing.display, view.display = state.no_file is not None, state.no_file is None
        if state.no_file is not None:
            nothing.folder, nothing.message = state.no_file.folder, state.no_file.message
            nothing.refresh(layout=True)
        seen = (state.file_text, state.reading, state.base, state.edits, _base_present(state))
        if seen != self._seen:
            self._seen = seen
            self._show_text(state)
        new = state.build is None and state.image is None and not state.history
        first.state = state
        first.display = new and state.resolved is not None and self.size.height > 20
        first.refresh(layout=True)
        self.fit()

    def _show_text(self, state: State) -> None:
        if state.file_text is None:
            self._placed = {}
            self.query_one(FileView).set([], (), {})
            return
        texts = _texts(state, state.file_text.text.removeprefix("\ufeff"))
        texts = texts[:-1] if texts[-1] == "" else texts
        self._placed = _on_disk(state)
        if state.reading is not None:
            self._of_rows = errors_of(state.reading.declarations, state.reading.problems)
        problems = tuple(self._placed.values())
        view = self.query_one(FileView)
        view.set([t.removesuffix("\r") for t in texts], problems, _notes(state))

    def fit(self) -> None:
        """The text takes what the first build leaves."""
        first = self.query_one(_FirstBuild)
        rows = len(first.rows(self.size.width)) if first.display else 0
        self.query_one(FileView).styles.max_height = max(3, self.size.height - rows)

    def on_resize(self) -> None:
        """Share the height out anew."""
        if self._state is not None:
            self.show(self._state, 0)

    def go_to(self, problem: Problem) -> bool:
        """Put the cursor on the line of a problem, if it is one of this file."""
        placed = self._placed.get(problem)
        if placed is None:
            return False
        view = self.query_one(FileView)
        view.show_line(placed.line)
        self.screen.set_focus(view)
        return True

    @property
    def line(self) -> int:
        """The line (from 1) under the cursor."""
        return self.query_one(FileView).here

    @property
    def problem(self) -> Problem | None:
        """The problem under the cursor, as the working set has it."""
        here = self.query_one(FileView).problem
        return next((p for p, placed in self._placed.items() if placed == here), None)

    def hint(self) -> Row:
        """What Enter does with the problem under the cursor."""
        problem = self.problem
        reading = self._state.base if self._state else None
        narrow = self.screen.has_class("-compact")
        if problem is None and reading is not None and (narrow or self.over):
            laid = words.number(self.over, "file is laid over it", "files are laid over it")
            over = (f" · {laid}" if self.over else "", "soft")
            return row((clean_line(reading.file), "strong b"), " ", *self._valid(), over)
        if problem is None:
            return ()
        if problem.fix:
            what = f" mends it: {clean_line(problem.hint)}" if problem.hint else " mends it"
            return row(("↵", "key b"), (what, "soft"))
        if problem in self._of_rows.values():
            return row(("↵", "key b"), (" changes the value in the form", "soft"))
        return row(("↵", "key b"), (f" opens your editor at line {self.line}", "soft"))

    def note(self) -> Row:
        """Whether the file is valid, its era, and how many files are laid over it."""
        return (*self._valid(), *row((f" · +{self.over}" if self.over else "", "soft")))

    def _valid(self) -> Row:
        reading = self._state.base if self._state else None
        if reading is None:
            return ()
        errors = sum(p.severity == "error" for p in reading.problems)
        state = ("✓", "good") if not errors else ("✗", "bad")
        word = " valid" if not errors else f" {words.number(errors, 'error')}"
        return row(state, (word, "ink"), (f" · {reading.era}" if reading.era else "", "soft"))


def _declared(state: State) -> Sequence[Declaration]:
    return state.base.declarations if state.base else ()


def _texts(state: State, text: str) -> list[str]:
    """The lines, with dots for secrets; what has rows and no secrets was read and has none."""
    rows = _declared(state)
    secrets = tuple(d.path for d in rows if d.secret)
    return (dotted(text, secrets) if secrets or not rows else text).split("\n")


def _base_present(state: State) -> bool | None:
    return state.engine.base_present if state.engine is not None else None


def _on_disk(state: State) -> Mapping[Problem, Problem]:
    """The problems of the working set, each at its line of the file as it is on disk."""
    if state.reading is None or state.file_text is None:
        return {}
    files = (state.file_text.file, state.reading.file)
    problems = [p for p in state.reading.problems if p.file in files]
    if not state.edits or state.base is None:
        return {p: p for p in problems}
    lines = {d.path: d.line for d in state.base.declarations}
    known = {(p.code, p.message): p.line for p in state.base.problems}
    rows = {d.line: lines[d.path] for d in state.reading.declarations if d.path in lines}
    return {
        p: replace(p, line=known.get((p.code, p.message)) or rows.get(p.line, p.line))
        for p in problems
    }


def _notes(state: State) -> dict[int, str]:
    """What is to be said of lines without a problem: edits, and an image that is not there."""
    notes: dict[int, str] = {}
    edits = dict(state.edits)
    texts = state.file_text.text.split("\n") if state.file_text else []
    for item in _declared(state):
        in_line = "".join(texts[item.line - 1 : item.line])
        if item.path in edits and str(item.path[-1]) in in_line:
            text = DOTS if item.secret else edits[item.path]
            said = TAKEN_OUT if text is None else f"{cut(text, 24)} in the next run"
            notes[item.line - 1] = f"~ {said}"
    known = {d.path for d in _declared(state)}
    added = [path for path, text in edits.items() if text is not None and path not in known]
    if added:
        section = re.compile(rf"{re.escape(str(added[0][0]))}\s*:")
        at = next((i for i, text in enumerate(texts) if section.match(text)), None)
        if at is not None:
            notes[at] = f"~ {words.number(len(added), 'value')} more in the next run"
    if _base_present(state) is False:
        at = next((i for i, text in enumerate(texts) if re.match(r"\s*image:\s*\S", text)), None)
        if at is not None:
            notes[at] = "not here yet"
    return notes
