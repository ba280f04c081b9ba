"""The person's terminal in a container that runs: a shell in it, or the terminal of its command."""

from __future__ import annotations

import contextlib
import threading

from docker.errors import APIError

from pxtui.engine import Outcome
from pxtui.engine.docker.connection import ACTION, QUERY, Client, Way, pieces
from pxtui.engine.docker.failures import telling
from pxtui.engine.docker.size import resize
from pxtui.engine.docker.terminal import Terminal, keys_of, pass_on
from pxtui.errors import EngineError

LET_GO = "ctrl-]"
"""The key that gives the terminal of a command back, and leaves the command to itself."""
_SHELL = ("/bin/sh", "-c", "command -v bash >/dev/null && exec bash; exec sh")
_ALL = {"stream": "1", "stdin": "1", "stdout": "1", "stderr": "1"}


class Entered:
    """A terminal that is lent from `wait` on until the shell, or the command, ends."""

    def __init__(self, way: Way, container: str, *, as_shell: bool) -> None:
        self._way, self._container = way, container
        self._shell = as_shell
        self._exec = ""
        self._terminal = Terminal()
        self._client: Client | None = None
        self._closed = False

    def wait(self) -> Outcome:
        """Hand the terminal over and take it back; the exit code is that of the shell."""
        try:
            with self._way.client() as client, telling("the terminal", self._way.found):
                self._client = client
                return self._lend(client)
        except EngineError as error:
            if self._closed:
                return Outcome("cancelled")
            return Outcome("failed", message=str(error))

    def close(self) -> None:
        """Give the terminal back, from any thread; what runs goes on."""
        self._closed = True
        self._terminal.give_back()
        if self._client is not None:
            self._client.cut()

    def _lend(self, client: Client) -> Outcome:
        params = _ALL | {"detachKeys": LET_GO}
        if self._shell:
            self._exec = self._made(client)
            start = {"Detach": False, "Tty": True}
            answer = client.stream("/exec/{0}/start", self._exec, json=start)
        else:
            answer = client.stream("/containers/{0}/attach", self._container, params=params)
        keyboard = keys_of(answer)
        typing = threading.Thread(target=self._type, args=(keyboard,), name="keys", daemon=True)
        try:
            self._terminal.take()
            typing.start()
            for data in pieces(answer):
                self._terminal.show(data)
        finally:
            self._terminal.give_back()
            if typing.ident is not None:
                typing.join()
        return self._ended(client)

    def _made(self, client: Client) -> str:
        config = {
            "AttachStdin": True,
            "AttachStdout": True,
            "AttachStderr": True,
            "Tty": True,
            "Env": ["TERM=xterm-256color"],
            "Cmd": list(_SHELL),
        }
        path = "/containers/{0}/exec"
        made = client.call("post", path, self._container, json=config, timeout=ACTION)
        return str(made.json()["Id"])

    def _type(self, keyboard: object) -> None:
        with (
            contextlib.suppress(EngineError, OSError),
            self._way.client() as client,
            telling("the keys", self._way.found),
        ):
            pass_on(self._terminal, keyboard, lambda *size: self._resize(client, *size))

    def _resize(self, client: Client, columns: int, rows: int) -> bool:
        if not self._shell:
            return resize(client, self._container, columns, rows)
        params = {"h": rows, "w": columns}
        try:
            client.call("post", "/exec/{0}/resize", self._exec, params=params, timeout=QUERY)
        except APIError:
            return False
        return True

    def _ended(self, client: Client) -> Outcome:
        if not self._shell:
            return Outcome("done")
        code = client.call("get", "/exec/{0}/json", self._exec, timeout=QUERY).json()["ExitCode"]
        return Outcome("failed" if code else "done", code)
