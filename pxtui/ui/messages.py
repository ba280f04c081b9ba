"""The two message lines and the row of keys at the bottom; none of them ever takes a key."""

from __future__ import annotations

from collections.abc import Sequence

from pxtui.events import Event, FileText, Notice, Saved, Started
from pxtui.logs.text import clean_line
from pxtui.polyaxonfile.problems import Problem
from pxtui.state import State, apply
from pxtui.ui.draw import Block, Piece, Row, cut, row, spread, width_of
from pxtui.ui.panes import drafted
from pxtui.ui.prospect import asks_first, hindrance, is_unreadable, kept_words
from pxtui.ui.told import message

_GLYPHS = {
    "good": ("✓ ", "good"),
    "info": ("  ", "ink"),
    "warning": ("! ", "warn"),
    "error": ("✗ ", "bad"),
}


BRIEF = 10.0
"""Seconds after which what was only said in passing goes."""


class Messages(Block):
    """First line: what was told last, or a problem. Second: the row under the cursor, or a hint."""

    DEFAULT_CSS = "Messages { height: 3; padding: 0 1; }"

    def __init__(self) -> None:
        super().__init__()
        self._first: Row = ()
        """What was said last; what is so now stands there without it."""
        self._brief = self._stays = False
        self._since: float | None = None
        self._prompt: Row = ()
        self._cursor: Row = ()
        self._state = self._heard = State()
        self._acted = self._saved = False
        """Something was built, run or saved in this session; that it was saved was said last."""
        self._notice: Notice | None = None
        self._problems: tuple[Problem, ...] = ()
        self._at = 0

    def rows(self, width: int) -> Sequence[Row]:
        """The hairline and both lines."""
        line = Piece("─" * width, "hair")
        first, over = _fitted(self._prompt or self._first or self._standing(), width)
        said = {piece.text for piece in first if piece.tone == "ink"}
        new = not any(piece.text in said for piece in self._cursor)
        hints = [self._cursor] if self._cursor and new else _hints(self._state, self._acted)
        second = next((hint for hint in hints if width_of(hint) + 2 <= width), ())
        return [(line,), first, over or (Piece("  "), *second)]

    def say(
        self, text: str, severity: str = "info", hint: str = "", *, stays: bool = False
    ) -> None:
        """Say something in the first line, or nothing any more (no text).

        It `stays` when what follows is only what it led to.
        """
        end = (f" · {hint}" if hint else "", "soft")
        self._first = row(_GLYPHS[severity], (text, "ink"), end) if text else ()
        self._brief, self._since, self._stays = severity == "info", None, stays
        self.refresh()

    def begin(self, state: State) -> None:
        """What is heard from now on happens after this state."""
        self._heard = state

    def hear(self, event: Event) -> None:
        """Say what an event says to the person; what it makes untrue is said no longer."""
        before, self._heard = self._heard, apply(self._heard, event)
        if _truth(before) != _truth(self._heard) and not self._stays:
            self._first = ()
        self._acted = self._acted or isinstance(event, Started | Saved)
        told = message(event, self._heard)
        if isinstance(event, Notice):
            self._notice = told = event
        if self._saved and isinstance(event, FileText):
            self._first = ()  # another program wrote the file since
        if told is not None:
            self.say(told.text, told.severity, told.hint)
        self._saved = isinstance(event, Saved) or (self._saved and told is None)
        self.refresh()

    def prompt(self, *parts: tuple[str, str]) -> None:
        """Put a prompt over the first line; nothing takes it away."""
        self._prompt = row(*parts)
        self.refresh()

    def show(self, state: State, cursor: Row, now: float) -> None:
        """Show what is new in the state, and what the cursor stands on."""
        problems = state.reading.problems if state.reading else ()
        if problems != self._problems:
            self._problems, self._at = problems, 0
            if not self._stays:
                self._first = ()
        if state.notice is not None and state.notice is not self._notice:
            self._notice = state.notice
            self.say(state.notice.text, state.notice.severity, state.notice.hint)
        if self._brief and self._since is None:
            self._since = now
        elif self._brief and self._since is not None and now - self._since >= BRIEF:
            self._first, self._brief, self._stays = (), False, False
        self._state, self._cursor = state, cursor
        self.refresh()

    @property
    def is_brief(self) -> bool:
        """Whether what is said goes by itself soon."""
        return bool(self._brief and self._first)

    def _standing(self) -> Row:
        """What is so until it changes: no engine answers, or a problem of the file."""
        engine = self._state.engine
        broken = bool(self._problems) and self._state.resolved is None
        if engine is None or engine.ok or broken:
            return self._problem()
        return row(("! ", "warn"), (f"no engine: {engine.note}", "ink"))

    def _problem(self) -> Row:
        if not self._problems:
            return ()
        files = drafted.texts(self._state)
        problem = drafted.placed(self._state, self._problems[self._at], files)
        glyph = ("✗ ", "bad") if problem.severity == "error" else ("! ", "warn")
        count = len(self._problems)
        which = f"{self._at + 1} of {count}  " if count > 1 else ""
        hint = f" · {problem.hint}" if problem.hint else ""
        file = f"{problem.file} " if self._is_named(problem) else ""
        return row(
            glyph, (which, "soft"), (f"{file}line {problem.line}: ", "soft"),
            (problem.message, "ink"), (hint, "soft"),
        )  # fmt: skip

    def _is_named(self, problem: Problem) -> bool:
        """Whether it has to be said which file a problem is of."""
        text, reading = self._state.file_text, self._state.reading
        files = [name for name, _ in text.files] if text else [reading.file] if reading else []
        return files != [problem.file]

    def next_problem(self) -> Problem | None:
        """The problem that is shown now, after moving to the next one."""
        if not self._problems:
            return None
        shown = (self._first or self._standing()) == self._problem()
        self._at = (self._at + shown) % len(self._problems)
        self._first, self._brief, self._stays = self._problem(), False, False
        self.refresh()
        return self._problems[self._at]


def _truth(state: State) -> tuple[object, ...]:
    """What messages speak of: one that was said before it changed may not be so any more."""
    engine, build = state.engine, state.build
    down = (engine.name, engine.note) if engine is not None and not engine.ok else None
    return (
        down,
        state.no_file is not None,
        state.reading is not None and state.resolved is None,
        state.tree.error if state.tree is not None else "",
        tuple((run.started.id, run.deadline) for run in state.runs),
        len(state.queue),
        (build.started.id, build.finished is not None) if build is not None else None,
    )


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


def _hints(state: State, acted: bool) -> list[Row]:
    """What a person may want to know now: the longest that fits is shown."""
    if state.no_file is not None and state.edits:
        return [row((f"{kept_words(state)} · ", "soft"), ("^s", "key b"),
                    (" twice writes the file anew", "soft"))]  # fmt: skip
    if state.no_file is not None:
        return [row(("pxtui demo", "key b"), (" writes an example project to try", "soft"))]
    if state.reading is not None and state.resolved is None:
        keys = row(("!", "key b"), (" goes through the problems · ", "soft"), ("e", "key b"),
                   (" opens the file in your editor", "soft"))  # fmt: skip
        down = state.engine is not None and not state.engine.ok
        note = f"no engine: {state.engine.note}" if state.engine is not None else ""
        if is_unreadable(state) and state.edits:
            keys = row((f"{kept_words(state)} · ", "soft"), ("e", "key b"),
                       (" opens the file in your editor", "soft"))  # fmt: skip
        return [row(("! ", "warn"), (note, "soft")), keys] if down else [keys]
    if state.engine is not None and not state.engine.ok:
        long = "values can be changed and saved; building and running wait for the engine"
        return [row((long, "soft")), row(("building and running wait for the engine", "soft"))]
    if state.runs:
        return [row(("the run has its own copy of the code: a change does not reach it", "soft"))]
    if asks_first(state) and not hindrance(state):
        asks = (Piece("r", "key b"), Piece(" shows what will be done and asks once", "soft"))
        opened = row(("opening ran nothing and wrote nothing · ", "soft"), *asks)
        return [asks] if acted else [opened, asks]
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
