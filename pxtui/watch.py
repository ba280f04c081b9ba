"""Hints that something below a folder changed; the tree itself is the truth."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

STEP_MS = 50
DEBOUNCE_MS = 100
POLL_MS = 1_000
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
        self._others = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="pxtui watch", daemon=True)

    def start(self) -> None:
        """Begin, without waiting for the watches to be set."""
        self._thread.start()

    def close(self) -> None:
        """End it; the thread ends within a fraction of a second."""
        self._stop.set()

    def renew(self) -> None:
        """Other folders are ignored from now on: watch anew."""
        self._others.set()

    def _watch(self) -> None:
        failures = 0
        while not self._stop.is_set():
            try:
                self._follow(polling=failures > len(BACKOFF))
            except Exception as error:
                # The library raises its own, OSError and RuntimeError; all mean: start again.
                # A folder that went away before it could be watched is no failure.
                gone = isinstance(error, FileNotFoundError) and self._root.exists()
                limit = _limit(error)
                if limit and failures <= len(BACKOFF):
                    failures = len(BACKOFF)
                failures += not gone
                if not self._root.exists():
                    failures = self._say_gone()
                elif not gone and failures in (1, len(BACKOFF) + 1):
                    self._trouble(_advice(error, limit, polling=failures > len(BACKOFF)))
            self._hint()
            self._stop.wait(BACKOFF[max(0, min(failures, len(BACKOFF)) - 1)])

    def _say_gone(self) -> int:
        """The folder is waited for, however long that takes; it counts as one failure."""
        self._trouble(f"{self._root} is gone: watching goes on when it is back")
        while not self._root.exists() and not self._stop.wait(BACKOFF[1]):
            pass
        return 1

    def _follow(self, *, polling: bool) -> None:
        """Watch the folders that there are now, until there are others."""
        # It takes a while to import, for which the first frame should not wait.
        import watchfiles

        self._others.clear()
        folders = self._folders(self._ignored())
        batches = watchfiles.watch(
            *folders,
            # by itself it would follow links, into data that is mounted and not watched
            recursive=False,
            watch_filter=None,
            debounce=DEBOUNCE_MS,
            step=STEP_MS,
            rust_timeout=200,
            yield_on_timeout=True,
            stop_event=self._stop,
            raise_interrupt=False,
            force_polling=polling or None,
            poll_delay_ms=POLL_MS,
            # what cannot be read is left out here: with the library's own way a folder for which
            # no watch is left would be left out too, without a word
            ignore_permission_denied=False,
        )
        fresh = True
        for batch in batches:
            if fresh:
                # the watches are set: what changed before they were is not told by them
                self._hint()
                fresh = False
            if self._others.is_set():
                return
            if not batch:
                continue  # the library only looked whether it shall end
            ignored = self._ignored()
            if any(not ignored(self._relative(path)) for _, path in batch):
                self._hint()
            # one that was replaced at once has the old name, and the watch went with the old one
            came = {path for change, path in batch if change is not watchfiles.Change.modified}
            replaced = not came.isdisjoint(folders)
            if replaced or self._folders(ignored) != folders:
                return

    def _folders(self, ignored: Callable[[str], bool]) -> list[str]:
        """The folders of the tree, links not followed, without those that are ignored."""
        found = [str(self._root)]
        for here, names, _ in os.walk(self._root):
            if here != found[0] and os.access(here, os.R_OK | os.X_OK):
                found.append(here)
            names[:] = sorted(
                name for name in names if not ignored(self._relative(os.path.join(here, name)))
            )
        return found

    def _relative(self, path: str) -> str:
        return os.path.relpath(path, self._root)


def _limit(error: Exception) -> str:
    """The setting of the system whose limit is reached; empty if it is something else."""
    text = str(error)
    if "watch limit" in text or "MaxFilesWatch" in text:
        return "fs.inotify.max_user_watches"
    return "fs.inotify.max_user_instances" if "os error 24" in text else ""


def _advice(error: Exception, limit: str, *, polling: bool) -> str:
    lines = str(error).splitlines()
    text = lines[0] if lines else type(error).__name__
    if limit:
        text = f"the system's limit of watches is reached (sysctl {limit})"
    if polling:
        return f"watching by looking again and again: {text}"
    return f"watching was interrupted and begins again: {text}"
