"""The two message lines and the row of keys at the bottom; none of them ever takes a key."""

from __future__ import annotations

from collections.abc import Sequence

from pxtui.events import Notice
from pxtui.logs.text import clean_line
from pxtui.polyaxonfile.problems import Problem
from pxtui.state import State
from pxtui.ui.draw import Block, Piece, Row, cut, row, spread, width_of
from pxtui.ui.prospect import asks_first, hindrance

_GLYPHS = {
    "good": ("✓ ", "good"),
    "info": ("  ", "ink"),
    "warning": ("! ", "warn"),
    "error": ("✗ ", "bad"),
}


class Messages(Block):
    """First line: what was told last, or a problem. Second: the row under the cursor, or a hint."""

    DEFAULT_CSS = "Messages { height: 3; padding: 0 1; }"

    def __init__(self) -> None:
        super().__init__()
        self._first: Row = ()
        self._prompt: Row = ()
        self._cursor: Row = ()
        self._state = State()
        self._notice: Notice | None = None
        self._problems: tuple[Problem, ...] = ()
        self._at = 0

    def rows(self, width: int) -> Sequence[Row]:
        """The hairline and both lines."""
        line = Piece("─" * width, "hair")
        first, over = _fitted(self._prompt or self._first, width)
        hints = [self._cursor] if self._cursor else _hints(self._state)
        second = next((hint for hint in hints if width_of(hint) + 2 <= width), ())
        return [(line,), first, over or (Piece("  "), *second)]

    def say(self, text: str, severity: str = "info", hint: str = "") -> None:
        """Say something in the first line."""
        end = (f" · {hint}" if hint else "", "soft")
        self._first = row(_GLYPHS[severity], (text, "ink"), end)
        self.refresh()

    def prompt(self, *parts: tuple[str, str]) -> None:
        """Put a prompt over the first line; nothing takes it away."""
        self._prompt = row(*parts)
        self.refresh()

    def show(self, state: State, cursor: Row) -> None:
        """Show what is new in the state, and what the cursor stands on."""
        problems = state.reading.problems if state.reading else ()
        if problems != self._problems:
            self._problems, self._at = problems, 0
            self._first = self._problem()
        if state.notice is not None and state.notice is not self._notice:
            self._notice = state.notice
            self.say(state.notice.text, state.notice.severity, state.notice.hint)
        self._state, self._cursor = state, cursor
        self.refresh()

    def _problem(self) -> Row:
        if not self._problems:
            return ()
        problem = self._problems[self._at]
        glyph = ("✗ ", "bad") if problem.severity == "error" else ("! ", "warn")
        count = len(self._problems)
        which = f"{self._at + 1} of {count}  " if count > 1 else ""
        hint = f" · {problem.hint}" if problem.hint else ""
        return row(
            glyph, (which, "soft"), (f"line {problem.line}: ", "soft"), (problem.message, "ink"),
            (hint, "soft"),
        )  # fmt: skip

    def next_problem(self) -> Problem | None:
        """The problem that is shown now, after moving to the next one."""
        if not self._problems:
            return None
        shown = self._first == self._problem()
        self._at = (self._at + shown) % len(self._problems)
        self._first = self._problem()
        self.refresh()
        return self._problems[self._at]


def _fitted(pieces: Row, width: int) -> tuple[Row, Row]:
    """The row without what does not fit: a hint is dropped whole, a long text goes on below."""
    if width_of(pieces) > width and len(pieces) > 2:
        pieces = pieces[:-1]
    if width_of(pieces) <= width or not pieces:
        return pieces, ()
    *head, last = pieces
    room = width - width_of(head)
    text = clean_line(last.text)
    at = text.rfind(" ", room // 2, room) + 1 or room
    over = row("  ", (cut(text[at:], width - 2), last.tone))
    return (*head, Piece(text[:at], last.tone)), over


def _hints(state: State) -> list[Row]:
    """What a person may want to know now: the longest that fits is shown."""
    if state.no_file is not None:
        return [row(("pxtui demo", "key b"), (" writes an example project to try", "soft"))]
    if state.reading is not None and state.resolved is None:
        return [row(("!", "key b"), (" goes through the problems · ", "soft"), ("e", "key b"),
                    (" opens the file in your editor", "soft"))]  # fmt: skip
    if state.engine is not None and not state.engine.ok:
        long = "values can be changed and saved; building and running wait for the engine"
        return [row((long, "soft")), row(("building and running wait for the engine", "soft"))]
    if state.runs:
        return [row(("the run has its own copy of the code: a change does not reach it", "soft"))]
    if asks_first(state) and not hindrance(state):
        asks = (Piece("r", "key b"), Piece(" shows what will be done and asks once", "soft"))
        return [row(("opening ran nothing and wrote nothing · ", "soft"), *asks), asks]
    if state.edits:
        return [row(("^s", "key b"), (" writes the changed values to the file", "soft"))]
    return []


Key = tuple[str, str, str]
"""A key as shown, what it does in a word, and the action of a click."""


class KeyBar(Block):
    """The keys that matter now; at the right end the project."""

    GROUND = "band"
    DEFAULT_CSS = "KeyBar { height: 1; background: $px-band; padding: 0 1; }"

    def __init__(self, name: str, folder: str) -> None:
        super().__init__()
        self._keys: tuple[Key, ...] = ()
        self.name_shown, self._folder = name, folder

    def show(self, keys: tuple[Key, ...], name: str) -> None:
        """Show these keys, the last ones give way first."""
        if (keys, name) != (self._keys, self.name_shown):
            self._keys, self.name_shown = keys, name
            self.refresh()

    def rows(self, width: int) -> Sequence[Row]:
        """Keys at the left, project at the right."""
        name = row((cut(self.name_shown, 20), "ink"))
        full = (*name, Piece(f"  {cut(self._folder, 30)}", "soft"))
        left = self._fitting(width - width_of(name) - 2)
        if width_of(left) + width_of(full) + 2 <= width:
            return [spread(left, full, width)]
        return [spread(left, name, width)]

    def _fitting(self, room: int) -> Row:
        """The last three keys (commands, help, quit) always stand; of the others, what fits."""
        ends = [self._piece(key) for key in self._keys[-3:]]
        left: list[Row] = []
        for key in self._keys[:-3]:
            pieces = self._piece(key)
            if sum(map(width_of, [*left, pieces, *ends])) > room:
                break
            left.append(pieces)
        return tuple(piece for pieces in [*left, *ends] for piece in pieces)

    def _piece(self, key: Key) -> Row:
        shown, word, act = key
        return (Piece(shown, "key b", act), Piece(f" {word}", "soft", act), Piece("  "))
