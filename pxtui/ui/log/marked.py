"""The rules in a log: where its run began, and those that the person draws."""

from __future__ import annotations

import time
from pathlib import Path

from pxtui.ui import words
from pxtui.ui.log import marks
from pxtui.ui.log.moving import Moving
from pxtui.ui.log.rows import Drawn
from pxtui.ui.log.shown import ABOVE


class Marked(Moving):
    """Rules stand after lines, and one above the first."""

    def __init__(self) -> None:
        super().__init__()
        self.folder: Path | None = None
        self.began = 0.0
        """When what the log is of began; 0: not known."""
        self._drawn: list[tuple[int, Drawn]] = []
        """The rows on the screen, and the numbers of their lines."""
        self._mark = ABOVE - 1
        """The rule that was gone to."""

    def read_marks(self) -> None:
        """Those that the person drew in this log before; nothing is above its first line yet."""
        self.marks = {n: words.clock(at) for n, at in marks.read(self.folder).items()}
        self.began, self._mark = 0.0, ABOVE - 1

    def begin(self, text: str, at: float) -> None:
        """What the rule above the first line says, and the time from which times are counted."""
        if (text, at) != (self.marks.get(ABOVE), self.began):
            self.marks[ABOVE], self.began = text, at
            self.renew()

    def action_mark(self) -> None:
        """Draw a rule after what is the last line now."""
        number, now = self.lines.total - 1, time.time()
        if number >= 0 and self.folder is not None and number not in self.marks:
            self.marks[number] = words.clock(now)
            self.renew()
            try:
                marks.add(self.folder, number, now)
            except OSError as error:
                self.post_message(self.Said(f"the mark is not kept: {error.strerror}"))

    def action_next_mark(self) -> None:
        """Begin the screen with the next rule, around the end."""
        seen = [(number, drawn) for number, drawn in self._drawn if drawn.rule is not None]
        rules = [ABOVE if drawn.start == ABOVE else number for number, drawn in seen]
        top = self._drawn[0] if self._drawn else (0, None)
        last = self._mark if self._mark in rules else top[0] - (top not in seen)
        if self.follow:
            last = self.lines.total
        found = sorted(self.marks)
        if found:
            self._mark = next((number for number in found if number > last), found[0])
            index = ABOVE if self._mark == ABOVE else len(self.every.text(self._mark).text) + 1
            self.place.to(max(0, self._mark), index)
            self.renew()
