"""Hints that something below a folder changed; the tree itself is the truth."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

STEP_MS = 10
DEBOUNCE_MS = 50
BACKOFF = (0.1, 0.5, 2.0, 5.0)


class Watcher:
    """A daemon thread that calls `hint` (from that thread) whenever it may be worth a look.

    Whatever stops the notifications (a limit of the system, a name that is not text, the folder
    gone) leads to a hint and a new start, and after the last back-off to polling; `trouble` is
    called with one line that says so.
    """

    def __init__(
        self,
        root: Path,
        ignored: Callable[[], Callable[[str], bool]],
        hint: Callable[[], None],
        trouble: Callable[[str], None],
    ) -> None:
        self._root = root
        self._ignored = ignored
        self._hint = hint
        self._trouble = trouble
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="pxtui watch", daemon=True)

    def start(self) -> None:
        """Begin, without waiting for the watches to be set."""
        self._thread.start()

    def close(self) -> None:
        """End it; the thread ends within a fraction of a second."""
        self._stop.set()

    def _watch(self) -> None:
        failures = 0
        while not self._stop.is_set():
            try:
                self._follow(polling=failures > len(BACKOFF))
            except Exception as error:
                # The library raises its own, OSError and RuntimeError; all mean: start again.
                failures += 1
                if failures == 1 or failures == len(BACKOFF) + 1:
                    self._trouble(_advice(error, polling=failures > len(BACKOFF)))
            self._hint()
            self._stop.wait(BACKOFF[max(0, min(failures, len(BACKOFF)) - 1)])

    def _follow(self, *, polling: bool) -> None:
        # It takes a while to import, for which the first frame should not wait.
        import watchfiles

        batches = watchfiles.watch(
            self._root,
            watch_filter=None,
            debounce=DEBOUNCE_MS,
            step=STEP_MS,
            rust_timeout=200,
            yield_on_timeout=False,
            stop_event=self._stop,
            raise_interrupt=False,
            force_polling=polling or None,
            ignore_permission_denied=True,
        )
        for batch in batches:
            ignored = self._ignored()
            if any(not ignored(self._relative(path)) for _, path in batch):
                self._hint()

    def _relative(self, path: str) -> str:
        return os.path.relpath(path, self._root)


def _advice(error: Exception, *, polling: bool) -> str:
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    if "watch limit" in text or "MaxFilesWatch" in text:
        text = (
            "the system's limit of watched folders is reached (sysctl fs.inotify.max_user_watches)"
        )
    if polling:
        return f"watching by looking again and again: {text}"
    return f"watching was interrupted and begins again: {text}"
