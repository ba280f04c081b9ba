"""File: the polyaxonfile as it is on disk, its problems at their lines, and the first build."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual import on
from textual.app import ComposeResult

from pxtui.facts import by_own
from pxtui.logs.text import clean_line
from pxtui.polyaxonfile.path import Path
from pxtui.polyaxonfile.problems import Problem
from pxtui.polyaxonfile.reading import Declaration
from pxtui.state import State
from pxtui.ui import words
from pxtui.ui.draw import Block, Row, cut, row, spread
from pxtui.ui.pane import Pane
from pxtui.ui.panes import drafted, file_marks
from pxtui.ui.panes.columns import errors_of
from pxtui.ui.panes.file_view import FileView
from pxtui.ui.panes.gets import folded
from pxtui.ui.prospect import kept_words, only_changes


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
        if resolved.image:
            does = [("use" if present else "pull", resolved.image, known)] if not local else []
            does += [("run", step, "") for step in resolved.steps]
        else:
            does = [("build", by_own(resolved), "")]
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
        self.message = self.folder = self.kept = ""

    def rows(self, width: int) -> Sequence[Row]:
        room = max(20, width - 4)
        told = [row("    ", part) for part in folded(clean_line(self.message), room)]
        return [
            row((" !  ", "warn"), ("no polyaxonfile in ", "ink"), (self.folder, "strong")),
            *told,
            *(
                [row("    ", (self.kept, "ink"), (" until it is here again", "soft"))]
                if self.kept
                else []
            ),
            (),
            row("    ", ("pxtui demo", "key b"), (" writes an example project to try", "soft")),
            row("    ", ("pxtui -C DIR", "key b"), (" opens another folder", "soft")),
            row(("    a file that is written here now is opened at once", "soft")),
        ]


class _Which(Block):
    """The name of the file, where there are several."""

    DEFAULT_CSS = "_Which { height: 1; display: none; }"

    def __init__(self) -> None:
        super().__init__()
        self.name_shown, self.at, self.count = "", 0, 0

    def rows(self, width: int) -> Sequence[Row]:
        which = f" · {self.at} of {self.count}"
        name = cut(self.name_shown, width - len(which))
        key = row(("n", "key b"), (" next file", "soft"))
        return [spread(row((name, "strong b"), (which, "soft")), key, width, "─", "hair")]


class File(Pane):
    """The polyaxonfile; of several laid over each other the one of the current row."""

    NUMBER = "1"
    TITLE = "File"
    DEFAULT_CSS = """
    File { height: 1fr; }
    File FileView { height: auto; }
    """

    def __init__(self) -> None:
        super().__init__(id="file")
        self._file = ""
        self._followed: Path | None = None
        self._state: State | None = None
        self._seen: object = None
        self._placed: Mapping[Problem, Problem] = {}
        self._of_rows: Mapping[Path, Problem] = {}

    def compose(self) -> ComposeResult:
        """Which file it is, its text, and below it the first build."""
        yield _Which()
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
            nothing.kept = kept_words(state) if state.edits else ""
            nothing.refresh(layout=True)
        seen = (state.file_text, state.reading, state.base, state.edits,
                file_marks.image_present(state), self.file)  # fmt: skip
        if seen != self._seen:
            self._seen = seen
            self._show_text(state)
        new = state.build is None and state.image is None and not state.history
        first.state = state
        first.display = new and state.resolved is not None and self.size.height > 20
        if first.display:
            first.refresh(layout=True)
        self.fit()

    def _show_text(self, state: State) -> None:
        if state.file_text is None:
            self._placed = {}
            self.query_one(FileView).set([], (), {})
            return
        texts = dict(state.file_text.files)
        self._placed = file_marks.on_disk(state)
        if state.reading is not None:
            self._of_rows = errors_of(state.reading.declarations, state)
        file = self.file
        which = self.query_one(_Which)
        which.display = len(texts) > 1
        which.name_shown, which.at, which.count = file, [*texts].index(file) + 1, len(texts)
        which.refresh()
        lines = file_marks.lines(state, texts[file].removeprefix("\ufeff"))
        problems = tuple(p for p in self._placed.values() if p.file == file)
        self.query_one(FileView).set(lines, problems, file_marks.notes(state, file))

    def fit(self) -> None:
        """The text takes what the first build leaves."""
        first = self.query_one(_FirstBuild)
        rows = len(first.rows(self.size.width)) if first.display else 0
        rows += self.query_one(_Which).display
        self.query_one(FileView).styles.max_height = max(3, self.size.height - rows)

    def on_resize(self) -> None:
        """Share the height out anew."""
        if self._state is not None:
            self.show(self._state, 0)

    def go_to(self, problem: Problem) -> bool:
        """Put the cursor on the line of a problem, if it is one of these files."""
        placed = self._placed.get(problem)
        if placed is None:
            return False
        self._turn_to(placed.file)
        view = self.query_one(FileView)
        view.show_line(placed.line)
        self.screen.set_focus(view)
        return True

    def follow(self, item: Declaration | None) -> None:
        """Show the file of a row when another row becomes the current one."""
        if item is None or item.path == self._followed:
            return
        self._followed = item.path
        if item.file != self.file:
            self._turn_to(item.file)
            self.query_one(FileView).show_line(item.line)

    @on(FileView.Next)
    def _next(self, event: FileView.Next) -> None:
        event.stop()
        text = self._state.file_text if self._state else None
        names = [name for name, _ in text.files] if text else [self.file]
        self._turn_to(names[(names.index(self.file) + 1) % len(names)])

    def _turn_to(self, file: str) -> None:
        self._file = file
        if self._state is not None:
            self.show(self._state, 0)

    @property
    def file(self) -> str:
        """The file that is shown, as a person names it."""
        text = self._state.file_text if self._state else None
        names = [name for name, _ in text.files] if text else [""]
        return self._file if self._file in names else names[0]

    @property
    def line(self) -> int:
        """The line (from 1) under the cursor."""
        return self.query_one(FileView).here

    @property
    def problem(self) -> Problem | None:
        """The problem under the cursor, as the working set has it, with what mends it."""
        here = self.query_one(FileView).problem
        told = next((p for p, placed in self._placed.items() if placed == here), None)
        return drafted.mended(self._state, told) if told and self._state else None

    def hint(self) -> Row:
        """What Enter does with the problem under the cursor."""
        problem = self.problem
        reading = self._state.base if self._state else None
        if problem is None and reading is not None and self.screen.has_class("-compact"):
            over = self._state.file_text.over if self._state and self._state.file_text else ()
            name = words.number(1 + len(over), "file") if over else clean_line(reading.file)
            return row((name, "strong b"), " ", *self.note())
        if problem is None:
            return ()
        if problem.fix:
            what = f" mends it: {clean_line(problem.hint)}" if problem.hint else " mends it"
            return row(("↵", "key b"), (what, "soft"))
        if problem in self._of_rows.values():
            return row(("↵", "key b"), (" changes the value in the form", "soft"))
        return row(("↵", "key b"), (f" opens your editor at line {self.line}", "soft"))

    def note(self) -> Row:
        """Whether the file is valid (several: together) and the changed values are, and its era."""
        reading = self._state.base if self._state else None
        if reading is None:
            return ()
        state = self._state
        errors = words.number(sum(p.severity == "error" for p in reading.problems), "error")
        said = row(("✗", "bad"), (f" {errors}", "ink"))
        if state is not None and reading.valid:
            said = row(("✓", "good"), (" valid", "ink"))
            if only_changes(state):
                said = row(*said, ", ", ("✗", "bad"), " changed values")
        return (*said, *row((f" · Polyaxon {reading.era}" if reading.era else "", "soft")))
