"""Search over a whole log of any size: child processes for the bulk, the rest line by line here."""

from __future__ import annotations

import time
from array import array
from bisect import bisect_left

from pxtui.logs.lines import Lines
from pxtui.logs.query import TIMEOUT, Query
from pxtui.logs.search_job import Job

FEW = 3_000
"""So many lines are looked at in our own process, a few at each poll."""
BUDGET = 0.004
"""Seconds for them at each poll."""
FIRST_BUDGET = 0.012
REACH = 64
"""Lines before the end that a cursor may have changed since they were looked at."""
PAUSE = 0.5
"""Seconds from the start of one job to the next."""


class Search:
    """The lines of a log that a query finds, as they are found and as the log grows."""

    def __init__(self, lines: Lines, query: Query) -> None:
        self.query = query
        self.hits: array[int] = array("I")
        """Numbers of the lines, ascending."""
        self.looked_at = 0
        """Finished lines below this number were looked at."""
        self.trouble = ""
        """Why it does not go on, in one line."""
        self._lines = lines
        self._job: Job | None = None
        self._job_began = -PAUSE
        self._low = 0
        """Lines from this number on have changed since the job began."""
        self._version = lines.version
        self._finished = lines.finished
        self._slow = False
        """A line took too long here: all is left to jobs."""
        self._closed = False

    @property
    def running(self) -> bool:
        """Whether a child is looking."""
        return self._job is not None

    def start(self) -> None:
        """Begin; poll shows what is found."""
        self._go_on()

    def poll(self) -> bool:
        """Take in what was found since; whether anything is new. Takes a few ms at most."""
        if self._closed:
            return False
        before = (len(self.hits), self.looked_at, self.running, self.trouble)
        dropped = self._drop_changed()
        self._take_found()
        self._go_on()
        kept = before[0] - len(dropped)
        same = self.hits[kept : before[0]] == dropped
        return not same or before != (len(self.hits), self.looked_at, self.running, self.trouble)

    def close(self) -> None:
        """End it at once."""
        self._closed = True
        if self._job is not None:
            self._job.close()
            self._job = None

    def first_screen(self, around: int, rows: int) -> list[int]:
        """The lines found nearest to a line, as far as they are found at once."""
        stop = time.monotonic() + FIRST_BUDGET
        found: list[int] = []
        up = down = max(0, min(around, self._lines.finished))
        while len(found) < rows and time.monotonic() < stop:
            above, below = max(0, up - 64), min(self._lines.finished, down + 64)
            if above == up and below == down:
                break
            found += self._found_here(above, up, stop) + self._found_here(down, below, stop)
            up, down = above, below
        return sorted(sorted(found, key=lambda number: abs(number - around))[:rows])

    def _found_here(self, first: int, end: int, stop: float) -> list[int]:
        found = []
        for number, line in enumerate(self._lines.get(first, end - first), first):
            left = stop - time.monotonic()
            if left <= 0:
                break
            try:
                if self.query.look(line.text, min(left, TIMEOUT)):
                    found.append(number)
            except TimeoutError:
                break
        return found

    def _drop_changed(self) -> array[int]:
        """Take back what was found in lines that may have changed; the hits among them."""
        finished, low = self._lines.finished, self._lines.finished
        if self._lines.version != self._version and self._lines.plain_file is None:
            low = max(0, min(finished, self._finished - REACH))
        self._version, self._finished = self._lines.version, finished
        self._low = min(self._low, low)
        dropped = self.hits[bisect_left(self.hits, low) :]
        del self.hits[len(self.hits) - len(dropped) :]
        self.looked_at = min(self.looked_at, low)
        return dropped

    def _take_found(self) -> None:
        job = self._job
        if job is None:
            return
        done = job.done
        while job.found:
            numbers, looked_at = job.found.popleft()
            looked_at = min(looked_at, self._low)
            if looked_at > self.looked_at:
                self.hits.extend(numbers[: bisect_left(numbers, looked_at)])
                self.looked_at = looked_at
        if done:
            self.trouble = job.trouble
            self._job = None

    def _go_on(self) -> None:
        left = self._lines.finished - self.looked_at
        if left <= 0 or self._job is not None or self.trouble or self._closed:
            return
        if left <= FEW and not self._slow:
            self._look_here()
        elif time.monotonic() - self._job_began >= PAUSE:
            self._job_began = time.monotonic()
            self._low = self._lines.finished
            self._job = Job(self._lines, self.query, self.looked_at, self._low)

    def _look_here(self) -> None:
        stop = time.monotonic() + BUDGET
        while time.monotonic() < stop:
            count = min(64, self._lines.finished - self.looked_at)
            for line in self._lines.get(self.looked_at, count) if count > 0 else ():
                try:
                    if self.query.look(line.text):
                        self.hits.append(self.looked_at)
                except TimeoutError:
                    self._slow = True
                    return
                self.looked_at += 1
            if count <= 0:
                return
