"""The lines of the polyaxonfile as they are drawn, with what is to be said of them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from pxtui.logs.text import clean_line
from pxtui.polyaxonfile.problems import Problem
from pxtui.ui.draw import Lines, Piece, Row, cut, row, spread, width_of
from pxtui.ui.laid import folded

IN_THE_NEXT_RUN = " in the next run"
"""The end of a note of a change, which goes first where there is no room."""
MOST_BRIEF = 5
"""Cells below which the text of a note says nothing."""
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
    """The lines of the file, made when they are seen; a problem stands beside or below its line.

    The cursor is drawn while the keys go to it.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "mend", "mend", id="file.mend",
                tooltip="Mend the problem under the cursor, where that can be done for you."),
        Binding("n", "next", "next file", id="file.next", show=False,
                tooltip="Show the next of several files that are laid over each other."),
    ]  # fmt: skip

    class Mend(Message):
        """The problem under the cursor is to be mended."""

    class Next(Message):
        """The next of several files is to be shown."""

    def __init__(self) -> None:
        super().__init__(with_cursor=True)
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
            here, self._rows = self.here, []
            for index, text in enumerate(self._texts):
                start = 0
                for part in folded(shown(text), max(8, self._width - 7)):
                    self._rows.append((index, start, -1))
                    start += len(part)
                for at in range(1 if self._beside(index) else 0, self._told(index)):
                    self._rows.append((index, 0, at))
            self.cursor = self._row_of(here)
        super().renew()

    @property
    def here(self) -> int:
        """The line (from 1) under the cursor."""
        return self._rows[self.cursor][0] + 1 if self.cursor < len(self._rows) else 1

    @property
    def problem(self) -> Problem | None:
        """The problem under the cursor; of several in a line, one that can be mended."""
        told = self._problems.get(self.here - 1, [])
        if not told:
            return None
        below = self._rows[self.cursor][2] if self.cursor < len(self._rows) else -1
        return told[below] if below >= 0 else next((p for p in told if p.fix), told[0])

    def is_marked(self, index: int) -> bool:
        """The line under the cursor, while the keys go here."""
        return self.has_focus and index == self.cursor

    def on_focus(self) -> None:
        """The cursor is seen."""
        self.refresh()

    def on_blur(self) -> None:
        """The cursor is not seen any more."""
        self.refresh()

    def action_mend(self) -> None:
        """Ask for it."""
        self.post_message(self.Mend())

    def action_next(self) -> None:
        """Ask for it."""
        self.post_message(self.Next())

    def _told(self, index: int) -> int:
        return len(self._problems.get(index, ()))

    def _beside(self, index: int) -> str:
        """What stands at the right of a line, if it fits."""
        told = self._problems.get(index)
        room = self.size.width - 6 - width_of(highlighted(self._texts[index])) - 3
        if not told:
            note = self._notes.get(index, "")
            return next((t for t in (note, _shorter(note, room)) if len(t) <= room), "")
        text = clean_line(told[0].message)
        return next((t for t in (text, text.partition(": ")[0]) if t and len(t) <= room), "")

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
        """Bring a line (from 1) into view, under the cursor."""
        self.cursor = self._row_of(line)
        self.scroll_to(y=max(0, self.cursor - self.size.height // 2), animate=False)

    def _row_of(self, line: int) -> int:
        return next((i for i, place in enumerate(self._rows) if place[0] == line - 1), 0)


def _shorter(note: str, room: int) -> str:
    """A note of a change without its end; where that is too long too, cut, or its mark alone."""
    brief = note.removesuffix(IN_THE_NEXT_RUN)
    if not note.startswith("~") or len(brief) <= room:
        return brief
    return cut(brief, room) if room >= MOST_BRIEF else "~"


def _tone(problems: Sequence[Problem]) -> str:
    return "bad" if any(p.severity == "error" for p in problems) else "warn"
