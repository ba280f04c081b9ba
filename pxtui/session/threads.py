"""Blocking work in daemon threads of our own: the default executor's would hold the exit."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable
from typing import TypeVar

LOG = logging.getLogger("pxtui")
T = TypeVar("T")


def start(name: str, work: Callable[[], None]) -> threading.Thread:
    """Run `work` in a daemon thread named `pxtui <name>`; an error in it is in the debug log."""

    def logged() -> None:
        try:
            work()
        except Exception:
            LOG.exception("in the thread %s", name)
            raise

    thread = threading.Thread(target=logged, name=f"pxtui {name}", daemon=True)
    thread.start()
    return thread


async def in_thread(name: str, function: Callable[[], T]) -> T:
    """The result of a blocking function; cancelling stops the waiting, not the function."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type]  # no error: it is a T

    def work() -> None:
        result, failure = None, None
        try:
            result = function()
        except BaseException as error:
            failure = error
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, result, failure)

    start(name, work)
    return await future
