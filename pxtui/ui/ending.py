"""The end that a signal asks for: it comes, whatever the terminal does."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import termios
import threading
from collections.abc import Callable

from pxtui.session import Session

SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT)
PATIENCE = 2.0
"""Seconds after which the process ends, tidy or not."""


class Ending:
    """Leads signals to `end`; where the terminal is gone, the process ends without a word to it.

    When a terminal goes away its processes get SIGHUP and SIGCONT. Textual takes the second for
    the way back from ctrl+z, starts to draw again, and would wait for the lost terminal for ever.
    """

    def __init__(self, session: Session, end: Callable[[signal.Signals], bool]) -> None:
        self._session = session
        self._end = end
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[None] | None = None

    def __enter__(self) -> None:
        for number in SIGNALS:
            self._loop.add_signal_handler(number, self._signalled, number)
        # not by the loop: it may wait already to draw on the terminal that is gone
        signal.signal(signal.SIGHUP, self._hung_up)

    def __exit__(self, *error: object) -> None:
        for number in SIGNALS:
            self._loop.remove_signal_handler(number)

    def _hung_up(self, *_: object) -> None:
        if _terminal_is_gone():
            signal.signal(signal.SIGALRM, lambda *_: os._exit(128 + signal.SIGHUP))
            signal.setitimer(signal.ITIMER_REAL, PATIENCE)
        self._loop.call_soon_threadsafe(self._signalled, signal.SIGHUP)

    def _signalled(self, number: signal.Signals) -> None:
        if number == signal.SIGHUP and _terminal_is_gone():
            if self._task is None:  # it may come twice: what closes is not cut short by the second
                self._task = self._loop.create_task(self._hang_up())
        elif self._end(number):
            self._insist(number)

    def _insist(self, number: signal.Signals) -> None:
        watchdog = threading.Timer(PATIENCE, os._exit, (128 + number,))
        watchdog.daemon = True
        watchdog.start()

    async def _hang_up(self) -> None:
        await self._session.close()
        os._exit(128 + signal.SIGHUP)


def _terminal_is_gone() -> bool:
    if sys.__stdin__ is None:
        return True
    try:
        termios.tcgetattr(sys.__stdin__.fileno())
    except (termios.error, OSError, ValueError):
        return True
    return False
