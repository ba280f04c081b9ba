"""File: the polyaxonfile as it is on disk, its problems at their lines, and the first build."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache

from textual.app import ComposeResult

from pxtui.logs.text import clean_line
from pxtui.polyaxonfile.problems import Problem
from pxtui.polyaxonfile.reading import Declaration
from pxtui.polyaxonfile.secret import DOTS
from pxtui.state import State
from pxtui.ui import log_lines, words
from pxtui.ui.dotted import dotted
from pxtui.ui.draw import Block, Lines, Piece, Row, cut, row, spread, width_of
from pxtui.ui.pane import Pane
from pxtui.ui.panes.gets import folded

_TEMPLATE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}")
_COMMENT = re.compile(r"(?:^|\s)#.*$")
_PAIR = re.compile(r"^(\s*(?:- +)?[^\s#'\"{\[][^#:]*:)(\s+)(\S.*)$")


def shown(text: str) -> str:
    """A line of the file as it is drawn."""
    return clean_line(text.expandtabs(4))


@lru_cache(maxsize=512)
def highlighted(text: str) -> Row:
    """A line of YAML: values strong, templates in the key colour, comments soft."""
    text = shown(text)
    comment = _COMMENT.search(text) if "'" not in text and '"' not in text else None
    body, rest = (text[: comment.start()], text[comment.start() :]) if comment else (text, "")
    pair = _PAIR.match(body)
    head, value = (pair[1] + pair[2], pair[3]) if pair else (body, "")
    pieces = [*_templates(head, "ink"), *_templates(value, "strong"), Piece(rest, "soft")]
    return tuple(piece for piece in pieces if piece.text)


def _templates(text: str, tone: str) -> Iterator[Piece]:
    at = 0
    for found in _TEMPLATE.finditer(text):
        yield Piece(text[at : found.start()], tone)
        yield Piece(found[0], "key")
        at = found.end()
    yield Piece(text[at:], tone)


def sliced(pieces: Row, start: int, end: int | None) -> Row:
    """The part of a row between two characters."""
    cut_out, at = [], 0
    for piece in pieces:
        last = None if end is None else max(0, end - at)
        cut_out.append(piece._replace(text=piece.text[max(0, start - at) : last]))
        at += len(piece.text)
    return tuple(cut_out)


class FileView(Lines):
    """The lines of the file, made when they are seen; a problem stands beside or below its line."""

    def __init__(self) -> None:
        super().__init__()
        self._texts: list[str] = []
        self._problems: dict[int, list[Problem]] = {}
        self._notes: dict[int, str] = {}
        self._rows: list[tuple[int, int, int]] = []
        """Line (from 0), where its part begins, and which problem stands below (-1: the line)."""
        self._width = 0

    def set(self, texts: list[str], problems: Sequence[Problem], notes: dict[int, str]) -> None:
        """Show a text with what is to be said of its lines."""
        by_line: dict[int, list[Problem]] = defaultdict(list)
        for problem in problems:
            by_line[min(max(1, problem.line), max(1, len(texts))) - 1].append(problem)
        if (texts, dict(by_line), notes) != (self._texts, self._problems, self._notes):
            self._texts, self._problems, self._notes = texts, dict(by_line), notes
            self._width = -1
            self.renew()

    def renew(self) -> None:
        """Lay problems out beside their lines, or below where there is no room."""
        if self._width != self.size.width:
            self._width = self.size.width
            self._rows = []
            for index, text in enumerate(self._texts):
                start = 0
                for part in log_lines.folded(shown(text), max(8, self._width - 7)):
                    self._rows.append((index, start, -1))
                    start += len(part)
                for at in range(1 if self._beside(index) else 0, self._told(index)):
                    self._rows.append((index, 0, at))
        super().renew()

    def _told(self, index: int) -> int:
        return len(self._problems.get(index, ()))

    def _beside(self, index: int) -> str:
        """What stands at the right of a line, if it fits."""
        told = self._problems.get(index)
        text = clean_line(told[0].message) if told else self._notes.get(index, "")
        room = self.size.width - 6 - width_of(highlighted(self._texts[index])) - 3
        brief = text.partition(": ")[0]
        return next((t for t in (text, brief) if t and len(t) <= room), "")

    def count(self) -> int:
        """Lines, and problems below them."""
        return len(self._rows)

    def line(self, index: int, width: int) -> Row:
        """Number, mark, text, and what is to be said."""
        at, start, below = self._rows[index]
        told = self._problems.get(at, [])
        if below >= 0:
            return row("     ", (cut(told[below].message, width - 5), _tone([told[below]])))
        tone = _tone(told) if told else "soft"
        following = self._rows[index + 1 : index + 2]
        end = following[0][1] if following and following[0][0] == at else 0
        text = sliced(highlighted(self._texts[at]), start, end or None)
        if start:
            return (Piece("     "), *text)
        left = (Piece(f"{at + 1:>2} ", tone), Piece("! " if told else "  ", f"{tone} b"), *text)
        note = self._beside(at)
        return spread(left, row((note, tone)) if note else (), width)

    def show_line(self, line: int) -> None:
        """Bring a line (from 1) into view."""
        at = next((i for i, place in enumerate(self._rows) if place[0] == line - 1), 0)
        self.scroll_to(y=max(0, at - self.size.height // 2), animate=False)


def _tone(problems: Sequence[Problem]) -> str:
    return "bad" if any(p.severity == "error" for p in problems) else "warn"


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
        self._state: State | None = None

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
        if state.file_text is not None:
            secrets = tuple(d.path for d in _declared(state) if d.secret)
            texts = dotted(state.file_text.text.removeprefix("\ufeff"), secrets).split("\n")
            texts = texts[:-1] if texts[-1] == "" else texts
            problems = state.reading.problems if state.reading else ()
            view.set([t.removesuffix("\r") for t in texts], problems, _notes(state))
        else:
            view.set([], (), {})
        new = state.build is None and state.image is None and not state.history
        first.state = state
        first.display = new and state.resolved is not None and self.size.height > 20
        first.refresh(layout=True)
        self.fit()

    def fit(self) -> None:
        """The text takes what the first build leaves."""
        first = self.query_one(_FirstBuild)
        rows = len(first.rows(self.size.width)) if first.display else 0
        self.query_one(FileView).styles.max_height = max(3, self.size.height - rows)

    def on_resize(self) -> None:
        """Share the height out anew."""
        if self._state is not None:
            self.show(self._state, 0)

    def show_line(self, line: int) -> None:
        """Bring a line (from 1) into view."""
        self.query_one(FileView).show_line(line)

    def note(self) -> Row:
        """Whether the file is valid, and its era."""
        reading = self._state.base if self._state else None
        if reading is None:
            return ()
        errors = sum(p.severity == "error" for p in reading.problems)
        state = ("✓", "good") if not errors else ("✗", "bad")
        word = " valid" if not errors else f" {words.number(errors, 'error')}"
        return row(state, (word, "ink"), (f" · {reading.era}" if reading.era else "", "soft"))


def _declared(state: State) -> Sequence[Declaration]:
    return state.base.declarations if state.base else ()


def _notes(state: State) -> dict[int, str]:
    """What is to be said of lines without a problem: edits, and an image that is not there."""
    notes: dict[int, str] = {}
    edits = dict(state.edits)
    for item in _declared(state):
        if item.path in edits:
            text = DOTS if item.secret else cut(edits[item.path], 24)
            notes[item.line - 1] = f"~ {text} in the next run"
    if state.engine is not None and state.engine.base_present is False and state.file_text:
        texts = state.file_text.text.split("\n")
        at = next((i for i, text in enumerate(texts) if re.match(r"\s*image:\s*\S", text)), None)
        if at is not None:
            notes[at] = "not here yet"
    return notes
