"""The commands of a build, one after another, each in a session that can be killed as a whole."""

from __future__ import annotations

import os
import selectors
import subprocess
import threading
import time
from pathlib import Path

from pxtui.engine import Sink
from pxtui.engine.supervisor import READ, die_with_parent, kill_session

DRAIN = 1.0
"""Seconds in which the rest of a command's output is read once it has ended."""


class Closed(Exception):
    """The build was closed from outside."""


class Commands:
    """Runs commands in the calling thread, their output to the sink."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._closed = threading.Event()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def close(self) -> None:
        """From any thread: kill what is going on, and start nothing more."""
        self._closed.set()
        with self._lock:
            # Not yet waited for, so the number is still its own.
            if self._process is not None and self._process.returncode is None:
                kill_session(self._process.pid)

    def check(self, wait: float = 0.0) -> None:
        """Raise Closed if it was closed, or is within `wait` seconds."""
        if self._closed.wait(wait):
            raise Closed

    def run(self, argv: list[str], cwd: Path, env: dict[str, str]) -> None:
        """Run a command to its end; raises CalledProcessError if it fails."""
        process = self._start(argv, cwd, env)
        with process, selectors.DefaultSelector() as selector:
            for pipe, stream in ((process.stdout, "stdout"), (process.stderr, "stderr")):
                assert pipe is not None  # noqa: S101  (asked for above)
                selector.register(pipe, selectors.EVENT_READ, stream)
            limit: float | None = None
            while limit is None or (selector.get_map() and time.monotonic() < limit):
                self._read(selector)
                with self._lock:
                    if limit is None and process.poll() is not None:
                        # What it left behind would keep the pipes open.
                        kill_session(process.pid)
                        limit = time.monotonic() + DRAIN
        self.check()
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, argv)

    def _start(self, argv: list[str], cwd: Path, env: dict[str, str]) -> subprocess.Popen[bytes]:
        with self._lock:
            self.check()
            self._process = subprocess.Popen(
                argv,
                cwd=cwd,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )
            return self._process

    def _read(self, selector: selectors.BaseSelector) -> None:
        for key, _ in selector.select(0.05):
            data = os.read(key.fd, READ)
            if data:
                self._sink.write(data, key.data)
            else:
                selector.unregister(key.fileobj)
