"""A run in the person's terminal: its keys go to the container, the output to screen and log."""

from __future__ import annotations

import atexit
import contextlib
import os
import select
import sys
import termios
import threading
import tty
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from pxtui.engine import Outcome, Sink
from pxtui.engine.docker.connection import Client, Way, pieces
from pxtui.engine.docker.container import Container
from pxtui.engine.docker.failures import telling
from pxtui.engine.docker.run import DockerRun
from pxtui.engine.docker.size import resize
from pxtui.errors import EngineError

LOOK = 0.1
"""Seconds between two looks at the size of the terminal."""
_KEYS = 4096
_DETACH = "ctrl-^,ctrl-^,ctrl-^"
"""Instead of the engine's own `ctrl-p,ctrl-q`: ctrl-p is a key of every prompt."""
_AS_USUAL = b"\x1b[0m\x1b[?25h\x1b[?1000;1002;1003;1006;2004l"
"""Colours and the cursor as usual, no mouse: what a program that was killed leaves behind."""


class Terminal:
    """The terminal of this process: raw between `take` and `give_back`, else as it was."""

    def __init__(self) -> None:
        try:
            self._keys, self._screen = sys.stdin.fileno(), sys.stdout.fileno()
        except (OSError, ValueError):
            raise EngineError("there is no terminal to run in") from None
        self._lock = threading.Lock()
        self._before: list[Any] | None = None
        self._over = False

    def take(self) -> None:
        """Let every key, ctrl-c too, be a byte; once it was given back it is not taken again."""
        with self._lock:
            if self._over or self._before is not None:
                return
            try:
                self._before = termios.tcgetattr(self._keys)
                tty.setraw(self._keys, termios.TCSANOW)
            except termios.error as error:
                raise EngineError(f"there is no terminal: {error.args[-1]}") from None
            atexit.register(self.give_back)

    def give_back(self) -> None:
        """As it was; any number of times, from any thread."""
        with self._lock:
            self._over = True
            if self._before is None:
                return
            atexit.unregister(self.give_back)
            self.show(_AS_USUAL)
            with contextlib.suppress(termios.error):  # it may be gone
                termios.tcsetattr(self._keys, termios.TCSANOW, self._before)
            self._before = None

    @property
    def size(self) -> os.terminal_size:
        """Columns and lines."""
        return os.get_terminal_size(self._screen)

    def keys(self) -> bytes | None:
        """What was typed, None for nothing within LOOK, no bytes if it is gone or given back."""
        try:
            typed, _, _ = select.select([self._keys], [], [], LOOK)
            if self._over:
                return b""
            return os.read(self._keys, _KEYS) if typed else None
        except OSError:
            return b""

    def show(self, data: bytes) -> None:
        """Write all of it; a terminal that is gone takes nothing."""
        with contextlib.suppress(OSError):
            while data:
                data = data[os.write(self._screen, data) :]


class TerminalRun(DockerRun):
    """A run that has this process's terminal from its start to its end."""

    def __init__(self, way: Way, made: Container, sink: Sink) -> None:
        super().__init__(way, made, sink)
        self._is_plain = True
        self._terminal = Terminal()
        self._keyboard: Any = None
        self._typing = threading.Thread(target=self._type, name="keys", daemon=True)

    def wait(self) -> Outcome:
        """Hand the terminal over, follow the run to its end, take the terminal back."""
        try:
            return super().wait()
        finally:
            self._terminal.give_back()
            if self._typing.ident is not None:
                self._typing.join()

    def close(self) -> None:
        """Let go of it; the terminal is as before when this returns."""
        super().close()
        self._terminal.give_back()

    def resize(self, columns: int, rows: int) -> None:
        """It has the size of this process's terminal, whatever that of a pane is."""

    def _output(self, client: Client) -> Iterable[bytes]:
        params = {"stream": "1", "stdin": "1", "stdout": "1", "stderr": "1", "detachKeys": _DETACH}
        answer = client.stream("/containers/{0}/attach", self.container, params=params)
        self._keyboard = keys_of(answer)
        return self._shown(pieces(answer))

    def _shown(self, output: Iterable[bytes]) -> Iterator[bytes]:
        for data in output:
            self._terminal.show(data)
            yield data

    def _start(self, client: Client) -> Outcome | None:
        self._terminal.take()
        refused = super()._start(client)
        if refused is None:
            self._typing.start()
        return refused

    def _type(self) -> None:
        with (
            contextlib.suppress(EngineError, OSError),
            self._way.client() as client,
            telling("the keys", self._way.found),
        ):
            tell = lambda *size: resize(client, self.container, *size)  # noqa: E731
            pass_on(self._terminal, self._keyboard, tell)


def keys_of(answer: Any) -> Any:
    """What the keys are written to: the connection of an answer that does not end."""
    return answer.raw._fp.fp.raw._sock


def pass_on(terminal: Terminal, keyboard: Any, resized: Callable[[int, int], bool]) -> None:
    """Pass on keys and size until the terminal is gone or given back; raises OSError."""
    told, typed = None, None
    while typed != b"":
        if typed:
            keyboard.sendall(typed)
        size = terminal.size
        if told != size and resized(size.columns, size.lines):
            told = size
        typed = terminal.keys()
