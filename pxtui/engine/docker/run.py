"""Runs on a container engine: created, attached, started, followed to the engine's own verdict."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable
from typing import Any

from docker.errors import APIError

from pxtui.engine import Outcome, Result, Sink
from pxtui.engine.docker import outputs
from pxtui.engine.docker.connection import ACTION, QUERY, Client, Way
from pxtui.engine.docker.container import Container, seconds
from pxtui.engine.docker.failures import explanation, one_line, telling
from pxtui.engine.docker.frames import frames, gathered, plain
from pxtui.engine.docker.size import Size
from pxtui.errors import EngineError, EngineLost

_SIGNALS = {134: "SIGABRT", 137: "SIGKILL", 139: "SIGSEGV", 143: "SIGTERM"}
_REMOVED = "the container was removed from outside"
_SENT, _SENT_FAR = 0.1, 2.0
"""Seconds that `stop` waits so that its request is on its way even if the app ends right after."""
_NO_GPUS = "the engine cannot give GPUs"


class DockerRun:
    """A container that `wait` starts (or takes up) and follows to its end."""

    def __init__(self, way: Way, made: Container, sink: Sink, started: bool = False) -> None:
        self.container = made.id
        self.notes = made.notes
        self.got = made.got
        self._made = made
        self._way, self._sink = way, sink
        self._client: Client | None = None
        self._lock = threading.Lock()
        self.begun = threading.Event()
        self._adopted = started
        self._started = started
        self._unwanted = False
        self._let_go = False
        self._asked = False
        self._is_plain = made.size is not None
        self._size = Size(way, made.id, made.size)

    def wait(self) -> Outcome:
        """Start it, read to the end, ask for the outcome."""
        try:
            with self._way.client() as client, telling("the run", self._way.found):
                self._client = client
                return self._follow(client)
        except EngineLost as error:
            message = f"the engine is gone, what became of the run is unknown: {error.message}"
        except EngineError as error:
            if not self._let_go:
                return Outcome("failed", message=str(error))
            message = ""
        finally:
            self.begun.set()
            self._size.end()
        return Outcome("lost", message="let go" if self._let_go else message)

    def stop(self, grace: float) -> None:
        """Hand the engine one request to stop it; the engine counts the grace."""
        self._end("stop", {"t": max(0, round(grace))}, grace)

    def kill(self) -> None:
        """Kill it now."""
        self._end("kill", {"signal": "SIGKILL"}, 0)

    def close(self) -> None:
        """Let go of it: the run goes on."""
        self._let_go = True
        if self._client is not None:
            self._client.cut()

    def resize(self, columns: int, rows: int) -> None:
        """Its terminal, if it has one, has this size from now on."""
        self._size.want(columns, rows)

    def _follow(self, client: Client) -> Outcome:
        if self._let_go:
            return Outcome("lost", message="let go")
        try:
            output = self._output(client)
        except APIError as error:
            if error.status_code == 404:
                return Outcome("failed", message=_REMOVED)
            raise
        refused = None if self._adopted else self._start(client)
        self.begun.set()
        if refused is not None:
            return refused
        if self._is_plain:
            self._size.follow(client)
        for data, stream in plain(output) if self._is_plain else frames(output):
            self._sink.write(data, stream)
        # the end of the output is no outcome: it ends in the same way when the engine dies
        return self._verdict(client)

    def _output(self, client: Client) -> Iterable[bytes]:
        """Its output as it comes: attached before the start, or its whole log."""
        if self._adopted:
            found = client.call("get", "/containers/{0}/json", self.container).json()
            self._is_plain = bool(found["Config"].get("Tty"))  # the log of a terminal has no frames
            params = {"follow": "1", "stdout": "1", "stderr": "1", "tail": "all"}
            path = "/containers/{0}/logs"
            return gathered(client.stream(path, self.container, method="get", params=params))
        params = {"stream": "1", "stdout": "1", "stderr": "1"}
        return gathered(client.stream("/containers/{0}/attach", self.container, params=params))

    def _start(self, client: Client) -> Outcome | None:
        with self._lock:
            if self._unwanted:
                return Outcome("cancelled", message="stopped before it began")
            try:
                client.call("post", "/containers/{0}/start", self.container, timeout=ACTION)
            except APIError as error:
                return _not_started(explanation(error))
            self._started = True
        return None

    def _verdict(self, client: Client) -> Outcome:
        try:
            client.call("post", "/containers/{0}/wait", self.container, timeout=(ACTION, None))
            found = client.call("get", "/containers/{0}/json", self.container).json()
        except APIError as error:
            if error.status_code == 404:
                return Outcome("failed", message=_REMOVED)
            raise
        if self._let_go:
            return Outcome("lost", message="let go")
        state = found["State"]
        if state.get("StartedAt", "").startswith("0001"):
            return Outcome("failed", message="it was created and never started")
        code = int(state["ExitCode"])
        taken = self._taken(client, found)
        told = (self._cause(state, code), taken.note, taken.left)
        result: Result = "done" if code == 0 else "failed"
        return Outcome(
            result,
            code,
            "; ".join(part for part in told if part),
            found["Image"],
            ended=seconds(str(state.get("FinishedAt", ""))) or None,
            out_of_memory=bool(state.get("OOMKilled")),
            kept=str(found["Name"]).lstrip("/") if taken.left else "",
        )

    def _cause(self, state: dict[str, Any], code: int) -> str:
        if state.get("OOMKilled"):
            return (
                f"out of memory ({code}, OOMKilled)"
                if code
                else "a process was killed at the memory limit (OOMKilled)"
            )
        if state.get("Error"):
            return one_line(state["Error"])
        if code in (126, 127):
            words = "cannot be executed" if code == 126 else "was not found"
            return f"the command {words} ({code})"
        if self._adopted and code == 255:
            return "the engine did not see how it ended, or it ended with 255"
        if self._asked or code not in _SIGNALS:
            return ""
        return f"ended by {_SIGNALS[code]} ({code}), not by pxtui"

    def _taken(self, client: Client, found: dict[str, Any]) -> outputs.Taken:
        kind = self._way.found.kind
        try:
            with telling("its files", self._way.found):
                return outputs.take(client, found, self._made.outputs, kind)
        except EngineLost:
            raise  # the run is taken up again, and so are its files
        except EngineError as error:
            return outputs.Taken(left=f"its files are still in its container: {error.message}")

    def _end(self, action: str, params: dict[str, Any], grace: float) -> None:
        with self._lock:
            if not self._started:
                self._unwanted = True
                return
        self._asked = True

        def ask() -> None:
            what = f"the run cannot be asked to {action}"
            # whether it ended is seen by who waits for it
            with (
                contextlib.suppress(EngineError),
                self._way.client() as client,
                telling(what, self._way.found),
            ):
                _ask(client, self.container, action, params, grace)

        thread = threading.Thread(target=ask, name=action, daemon=True)
        thread.start()
        thread.join(_SENT_FAR if self._way.found.remote else _SENT)


def _not_started(text: str) -> Outcome:
    lower = text.lower()
    if "could not select device driver" in lower or "nvidia-container-cli" in lower:
        remedy = "install the NVIDIA Container Toolkit there, or run with `--gpus none`"
        return Outcome("failed", message=f"{_NO_GPUS} ({text}): {remedy}")
    code = None
    if "not found" in lower or "no such file" in lower:
        code = 127
    elif "permission denied" in lower or "exec format" in lower:
        code = 126
    return Outcome("failed", code, f"the command could not be started: {text}")


def _ask(client: Client, container: str, action: str, params: dict[str, Any], grace: float) -> None:
    def send() -> None:
        path = f"/containers/{{0}}/{action}"
        client.call("post", path, container, params=params, timeout=QUERY + grace)

    try:
        send()
    except APIError as error:
        if "paused" not in explanation(error):
            raise
        client.call("post", "/containers/{0}/unpause", container)
        send()
