"""Selecting in a log with the mouse: drag, double and triple click; release copies."""

from __future__ import annotations

from pathlib import Path

from textual import events
from textual.timer import Timer

from pxtui.ui.laid import cell_at
from pxtui.ui.log.selection import At, Selection, word_at
from pxtui.ui.log.view import LogView

STEP = 1 / 20
"""Seconds between two steps of the view while the mouse is held above or below it."""


class Dragging(LogView):
    """A log of which the mouse selects."""

    def __init__(self) -> None:
        super().__init__()
        self.selection: Selection | None = None
        self._pressed: At | None = None
        self._drags = False
        self._pointer = (0, 0)
        self._scrolling: Timer | None = None

    def select(self, selection: Selection | None) -> None:
        """Select this, or nothing."""
        self.selection = selection

    def action_copy(self) -> None:
        """Copy what is selected."""
        raise NotImplementedError

    def open(self, folder: Path | None) -> None:
        """Nothing of another log is selected."""
        if folder != self.folder:
            self._let_go_of()
            self.select(None)
        super().open(folder)

    def bring(self, at: At) -> None:
        """Bring a character on the screen, if it is not there."""
        self.renew()
        drawn = [(n, d.start, d.end, d.line.text) for n, d in self._drawn if d.rule is None]
        seen = any(
            n == at.line and first <= at.char and (at.char < last or last == len(text))
            for n, first, last, text in drawn
        )
        if not seen:
            below = bool(drawn) and (at.line, at.char) > drawn[0][:2]
            self.place.to(at.line, at.char, self.place.height - 1 if below else 0)
            self.renew()
        self._bring_aside(at)

    def _bring_aside(self, at: At) -> None:
        if not self.wrap:
            cell, room = cell_at(self.text(at.line), at.char), self.look.width - self.look.text_at
            over = max(0, cell + 2 - room - self.look.aside) - max(0, self.look.aside - cell)
            if over:
                self.action_aside(over)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """What is pressed is where a drag begins."""
        if event.button == 1 and self.place.shown.count:
            self._pressed, self._drags = self._under(event.x, event.y), False
            self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Select as far as the mouse has come; the text under it stands still."""
        if self._pressed is None:
            return
        if event.button != 1:  # it was let go of where nobody could see it
            self._let_go_of()
            return
        self._pointer = (event.x, event.y)
        if not self._drags and self._under(*self._pointer) == self._pressed:
            return
        if not self._drags:
            self.place.leave()
            self.select(None)
            self._drags = True
        self._reach()
        outside = not 0 <= event.y < self.place.height
        if outside and self._scrolling is None:
            self._scrolling = self.set_interval(STEP, self._scroll)
        elif not outside:
            self._stop_scrolling()

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """What was dragged over is copied."""
        if self._pressed is None:
            return
        self._let_go_of()
        if self._drags and self.selection is not None:
            self.action_copy()

    def on_click(self, event: events.Click) -> None:
        """Twice takes the word, three times the line, once lets go of what was selected."""
        if event.button != 1 or self._drags or not self.place.shown.count:
            self._drags = False
            return
        at = self._under(event.x, event.y)
        if event.chain == 1:
            self.select(None)
            return
        self.place.leave()
        whole = Selection(At(at.line, 0), At(at.line, 0), whole=True)
        self.select(word_at(at.line, self.text(at.line), at.char) if event.chain == 2 else whole)
        self.action_copy()

    def _let_go_of(self) -> None:
        self._pressed = None
        self.release_mouse()
        self._stop_scrolling()

    def _stop_scrolling(self) -> None:
        if self._scrolling is not None:
            self._scrolling.stop()
            self._scrolling = None

    def _scroll(self) -> None:
        """Go on above or below; faster the further away the mouse is."""
        y, height = self._pointer[1], self.place.height
        self.action_by(y if y < 0 else max(0, y - height + 1))
        self._reach()

    def _reach(self) -> None:
        if self._pressed is not None:
            self.select(Selection(self._pressed, self._under(*self._pointer)))

    def _under(self, x: int, y: int) -> At:
        """The character in a cell, or the nearest to it."""
        if y < 0:
            x, y = 0, 0
        if y >= len(self._drawn):
            x, y = self.look.width, len(self._drawn) - 1
        number, drawn = self._drawn[y]
        found = self.position_at(x, y)
        if found is None:  # a rule
            return At(number, max(0, min(drawn.start, len(drawn.line.text))))
        if found[1] >= drawn.end < len(drawn.line.text):
            return At(number, max(drawn.start, drawn.end - 1))
        return At(*found)
