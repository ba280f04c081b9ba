"""The last line so far of each live run, read from its log now and then and off the loop."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from pxtui.logs import tail
from pxtui.logs.reader import LogReader
from pxtui.session import threads


class LastLines:
    """Looks only at logs that have grown."""

    def __init__(self, folder: Callable[[str], Path]) -> None:
        self._folder = folder
        self._seen: dict[str, tuple[int, str]] = {}
        self._busy = False

    async def look(self, runs: Sequence[str]) -> Mapping[str, str]:
        """The last lines of these runs by id; while an earlier look goes on, what is known."""
        if not self._busy:
            self._busy = True
            try:
                self._seen = await threads.in_thread("last lines", lambda: self._read(runs))
            finally:
                self._busy = False
        return {run: line for run, (_, line) in self._seen.items()}

    def _read(self, runs: Sequence[str]) -> dict[str, tuple[int, str]]:
        return {run: self._one(run) for run in runs}

    def _one(self, run: str) -> tuple[int, str]:
        before = self._seen.get(run, (0, ""))
        reader = LogReader(self._folder(run))
        size = reader.size
        reader.close()
        return before if size == before[0] else (size, tail.read(self._folder(run)).last_line)
