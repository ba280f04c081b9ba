"""Will run: the command that the next run is given, and what the keys r and b will do."""

from __future__ import annotations

import re
from collections.abc import Sequence

from textual import events
from textual.app import ComposeResult
from textual.geometry import Region

from pxtui.logs.text import clean_line
from pxtui.polyaxonfile.secret import DOTS
from pxtui.state import State
from pxtui.ui import command_lines
from pxtui.ui.draw import Block, Lines, Row, row
from pxtui.ui.pane import Bar, LeftPane
from pxtui.ui.prospect import asks_first, hindrance, prospect, run_words

FAIR = 6
"""Rows of the command that are seen, however many values there are."""
_PARTS = re.compile(r"(\s+)")
_OTHER = DOTS + "•"
TALL_ENOUGH = 48
"""Rows of a screen of one column with room for them."""


class Command(Lines):
    """The command, never cut: it is broken at its options and scrolls if it has to."""

    def __init__(self, *, compact: bool) -> None:
        super().__init__()
        self._compact = compact
        self._made: dict[int, list[Row]] = {}
        self.cmd = self.base = self._before = ""
        self._revealed_at = 0

    def set(self, cmd: str, base: str) -> None:
        """Show a command beside the file's."""
        if (cmd, base) != (self.cmd, self.base):
            self._before = self.cmd if self.cmd and cmd != self.cmd else base
            self.cmd, self.base = cmd, base
            self._made = {}
            self.renew()
            self.call_after_refresh(self.reveal)

    def reveal(self) -> None:
        """Scroll to what was changed last, or else first; with no change nothing moves."""
        width = self.scrollable_content_region.width
        if not self.size.height or not self.cmd:
            return
        cmd = clean_line(self.cmd)
        rows = (
            command_lines.changed_row(cmd, clean_line(other), width, compact=self._compact)
            for other in (self._before, self.base)
        )
        at = next((row for row in rows if row is not None), None)
        if at is not None:
            self.scroll_to_region(Region(0, at, 1, 1), animate=False, force=True)
            self._revealed_at = self.scroll_offset.y

    def on_resize(self, event: events.Resize) -> None:
        """What was changed stays in view, unless the person has scrolled since."""
        if self.scroll_offset.y == self._revealed_at:
            self.call_after_refresh(self.reveal)

    def made(self, width: int) -> list[Row]:
        """All rows at this width."""
        if width not in self._made:
            cmd, base = clean_line(self.cmd), clean_line(self.base)
            rows = command_lines.rows(cmd, base, width, compact=self._compact)
            self._made[width] = rows if cmd else [row("" if self._compact else "    ", "—")]
        return self._made[width]

    def count(self) -> int:
        """The rows at the width that it has."""
        return len(self.made(self.scrollable_content_region.width or self.size.width or 40))

    def line(self, index: int, width: int) -> Row:
        """One of them."""
        rows = self.made(width)
        return rows[index] if index < len(rows) else ()

    def renew(self) -> None:
        """It takes keys only where it has to be scrolled."""
        super().renew()
        self.can_focus = self.count() > self.size.height > 0


class _Prospect(Block):
    DEFAULT_CSS = "_Prospect { height: auto; }"

    def __init__(self) -> None:
        super().__init__()
        self.lines: tuple[Row, ...] = ()

    def show(self, lines: tuple[Row, ...]) -> None:
        """Show others than before; to lay all out anew for the same ones costs."""
        if lines != self.lines:
            self.lines = lines
            self.refresh(layout=True)

    def rows(self, width: int) -> Sequence[Row]:
        return ((), *self.lines)


class WillRun(LeftPane):
    """The command and what comes before it; compact, it stands in full width below the columns."""

    TITLE = "Will run"
    DEFAULT_CSS = """
    WillRun Command { height: 1fr; }
    """

    def __init__(self, *, compact: bool = False) -> None:
        super().__init__(id="will-run-below" if compact else "will-run")
        self._compact = compact

    def compose(self) -> ComposeResult:
        """Head, command, and what the keys do (in the head where it is compact)."""
        yield Bar(self.NUMBER, self.TITLE)
        yield Command(compact=self._compact)
        if not self._compact:
            yield _Prospect()

    def show(self, state: State, now: float) -> None:
        """Show the command of the working set."""
        cmd = state.resolved.shown if state.resolved else ""
        self.query_one(Command).set(cmd, _before(state) or cmd)
        if self._compact:
            self._note(state)
        else:
            self.query_one(_Prospect).show(prospect(state))
            self._note_more()

    def on_mount(self) -> None:
        """The head says what is out of view."""
        if not self._compact:
            self.watch(self.query_one(Command), "scroll_y", self._note_more, init=False)

    def _note_more(self) -> None:
        command = self.query_one(Command)
        above, height = command.scroll_offset.y, command.size.height
        below = command.count() - height - above
        hidden = [f"{above} above"] * (above > 0) + [f"{below} more below"] * (below > 0)
        note = [(" · ".join(hidden), "soft")] if hidden and height > 0 else []
        self.query_one(Bar).note(*note)

    def _note(self, state: State) -> None:
        why = hindrance(state)
        if why:
            self.query_one(Bar).note(("! ", "warn"), (why, "warn"))
            return
        first = " · asks once first" if asks_first(state) else ""
        self.query_one(Bar).note(("r", "key b"), (f" {run_words(state)}{first}", "soft"))

    def wanted(self, width: int) -> int:
        """Head, command and what the keys do."""
        rows = len(self.query_one(Command).made(width))
        return 1 + rows + (0 if self._compact else len(self.query_one(_Prospect).rows(width)))

    def least(self) -> int:
        """Some of the command and all that the keys do."""
        if self._compact:
            return 2
        low = self.app.size.height < TALL_ENOUGH and self.screen.has_class("-stacked")
        rows = len(self.query_one(Command).made(self.size.width or 40))
        return 1 + max(2, min(rows, 2 if low else FAIR)) + len(self.query_one(_Prospect).rows(0))


def _before(state: State) -> str:
    """The command of the file; dots of a secret that was changed are others there."""
    base, now = state.base.resolved if state.base else None, state.resolved
    if base is None or now is None or not base.masked:
        return base.shown if base is not None else ""
    shown, said = _PARTS.split(base.masked), _PARTS.split(base.cmd)
    if len(shown) != len(said):  # blanks in a secret: nobody can tell which words are its
        return base.masked.replace(DOTS, _OTHER) if now.cmd != base.cmd else base.masked
    known = set(_PARTS.split(now.cmd))
    words = zip(shown, said, strict=True)
    return "".join(dots if word in known else dots.replace(DOTS, _OTHER) for dots, word in words)
