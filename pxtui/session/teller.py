"""The one place where events are told: the state is kept up to date and every listener hears."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from pxtui.events import Event
from pxtui.state import State, apply

LOG = logging.getLogger("pxtui")


def _kind(event: Event) -> str:
    """What is logged of an event: never a value of the person's."""
    job = getattr(event, "id", "")
    outcome = getattr(event, "outcome", getattr(event, "state", ""))
    return f"{type(event).__name__} {job} {outcome}".strip()


class Teller:
    """Holds the state; `tell` belongs to the loop's thread, `tell_soon` to any other."""

    def __init__(self) -> None:
        self.state = State()
        self.news = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._listeners: list[asyncio.Queue[Event | None]] = []

    def tell(self, event: Event) -> None:
        """Apply an event and pass it on."""
        LOG.debug("%s", _kind(event))
        self.state = apply(self.state, event)
        for queue in self._listeners:
            queue.put_nowait(event)
        self.news.set()

    def tell_soon(self, event: Event) -> None:
        """Tell from another thread; after the session's end it is told to nobody."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self.tell, event)

    def listen(self) -> AsyncIterator[Event]:
        """Every event from this call on, until `close`."""
        queue: asyncio.Queue[Event | None] = asyncio.Queue()
        self._listeners.append(queue)
        return self._drain(queue)

    async def _drain(self, queue: asyncio.Queue[Event | None]) -> AsyncIterator[Event]:
        while (event := await queue.get()) is not None:
            yield event

    def close(self) -> None:
        """End every listener after what was told so far."""
        for queue in self._listeners:
            queue.put_nowait(None)
