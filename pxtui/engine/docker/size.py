"""The size of a container's terminal: it follows the last one that was wanted."""

from __future__ import annotations

import contextlib
import threading

from docker.errors import APIError

from pxtui.engine.docker.connection import QUERY, Client, Way
from pxtui.engine.docker.failures import telling
from pxtui.errors import EngineError

SETTLE = 0.05
"""Seconds in which another size may come (a window that is dragged), or the container start."""


def resize(client: Client, container: str, columns: int, rows: int) -> bool:
    """Tell the container the size of its terminal; not taken while it does not quite run."""
    params = {"h": rows, "w": columns}
    try:
        client.call("post", "/containers/{0}/resize", container, params=params, timeout=QUERY)
    except APIError:
        return False
    return True


class Size:
    """What the terminal of one container is to be; told by a thread that lives while it must."""

    def __init__(self, way: Way, container: str, wanted: tuple[int, int] | None) -> None:
        self._way, self._container = way, container
        self._wanted = self._told = wanted or (0, 0)
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._followed = self._busy = False

    def want(self, columns: int, rows: int) -> None:
        """Have this size, now or once the container runs; returns at once, from any thread."""
        with self._lock:
            self._wanted = columns, rows
            begin = self._followed and not self._busy and self._wanted != self._told
            self._busy |= begin
        if begin:
            threading.Thread(target=self._work, name="size", daemon=True).start()

    def follow(self, client: Client) -> None:
        """From now on, for the container has started; the first at once: its program reads it."""
        wanted = self._wanted
        if any(wanted):  # else nobody has said a size, or a terminal of its own has it told
            self._told = wanted if resize(client, self._container, *wanted) else (0, 0)
        self._followed = True
        self.want(*self._wanted)

    def end(self) -> None:
        """Nothing more is told."""
        self._over.set()

    def _work(self) -> None:
        with (
            contextlib.suppress(EngineError),
            self._way.client() as client,
            telling("the size", self._way.found),
        ):
            while not self._over.wait(SETTLE):
                wanted = self._wanted
                told = resize(client, self._container, *wanted)
                with self._lock:
                    self._told = wanted if told else (0, 0)
                    self._busy = self._told != self._wanted
                    if not self._busy:
                        return
        self._busy = False
