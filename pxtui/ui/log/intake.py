"""Takes in what comes in a log: a little at each frame, the rest in a thread."""

from __future__ import annotations

import threading

from pxtui.logs.lines import Lines
from pxtui.session.threads import in_thread

PIECE = 0.02
"""Seconds after which the thread lets the view get at the lines."""


class Intake:
    """Of one log; there is never more than one thread."""

    def __init__(self, lines: Lines) -> None:
        self.behind = False
        """The rest is being taken in, in a thread."""
        self._lines = lines
        self._stop = threading.Event()

    def advance(self, seconds: float, *, ended: bool) -> bool:
        """Take in what came; whether there is a rest, that is to be waited for."""
        if not self.behind and not self._lines.advance(seconds, ended=ended):
            self.behind = True
            return True
        return False

    async def rest(self, *, ended: bool) -> None:
        """Take in all that is there."""
        await in_thread("log", lambda: self._take_in(ended=ended))
        self.behind = False
        if self._stop.is_set():
            self._lines.close()

    def _take_in(self, *, ended: bool) -> None:
        while not self._stop.is_set() and not self._lines.advance(PIECE, ended=ended):
            pass

    def close(self) -> None:
        """Let go of the log."""
        self._stop.set()
        if not self.behind:
            self._lines.close()  # else when the thread is done
