"""What a person looks for in a log, and the filter: over all lines, however many, as they come."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

from pxtui.logs.filter_rows import FilterRows
from pxtui.logs.query import Query
from pxtui.logs.search import Search
from pxtui.ui.log.view import LogView

COUNTED = 10_000
"""Of what is found inside a filter no more is counted."""
MOST_AROUND = 50
"""Lines that a filter shows on each side of one that it is for."""
NEAR = 200
"""Lines that are looked at for the first match, while all are being looked at."""


class Finding:
    """One search and one filter of a view."""

    def __init__(self, view: LogView) -> None:
        self._view, self._lines = view, view.lines
        self._search: Search | None = None
        self._filter: Search | None = None
        self._rows = FilterRows()
        self._pending = 0
        """The way to a match that is yet to be found; 0: none is waited for."""

    @property
    def sought(self) -> str:
        """What is looked for, as it was typed; empty if nothing is."""
        return self._search.query.typed if self._search is not None else ""

    @property
    def filtered(self) -> str:
        """What the filter is for, as it was typed; empty if there is none."""
        return self._filter.query.typed if self._filter is not None else ""

    @property
    def context(self) -> int:
        """Lines that the filter shows on each side."""
        return self._rows.context

    @property
    def seeking(self) -> bool:
        """Whether the search has yet to look at many lines."""
        return self._search is not None and self._goes_on(self._search)

    @property
    def filtering(self) -> bool:
        """Whether the filter has yet to look at many lines."""
        return self._filter is not None and self._goes_on(self._filter)

    def _goes_on(self, search: Search) -> bool:
        rest = self._view.lines.finished - search.looked_at
        return not search.trouble and (search.running or rest > NEAR)

    @property
    def trouble(self) -> str:
        """Why something is not looked for to its end."""
        both = (self._search, self._filter)
        return next((one.trouble for one in both if one is not None and one.trouble), "")

    def seek(self, query: Query, by: int = -1) -> None:
        """Look for something, and go to the last of it before the end of the screen, or on."""
        self.stop_search()
        self._search = Search(self._view.lines, query)
        self._search.start()
        self._view.show_query(query)
        self.next(by)

    def narrow(self, query: Query) -> None:
        """Show only the lines that have something, or with `!` those that have not."""
        self.stop_filter()
        self._filter = Search(self._view.lines, query)
        self._filter.start()
        self.around(0)

    def around(self, by: int) -> None:
        """Show more or fewer lines around those of the filter."""
        self._rows = FilterRows(min(max(0, self._rows.context + by), MOST_AROUND))
        if self._filter is not None:
            self._rows.update(self._filter.hits, self._view.lines.finished)
            self._view.show_only(self._rows.rows)

    def stop_search(self) -> None:
        """Be done with it."""
        if self._search is not None:
            self._search.close()
            self._search, self._pending = None, 0
            self._view.show_query(None)

    def stop_filter(self) -> None:
        """Show all lines again."""
        if self._filter is not None:
            self._filter.close()
            self._filter = None
            self._view.show_only(None)

    def close(self) -> None:
        """Be done with both: another log is shown."""
        self.stop_search()
        self.stop_filter()

    def poll(self) -> bool:
        """Take in what was found; whether there is something else to show."""
        if self._lines is not self._view.lines:
            self.close()
            self._lines = self._view.lines
        changed = False
        if self._filter is not None:
            finished = self._view.lines.finished
            changed = self._filter.poll()
            before = len(self._rows.rows)
            self._rows.update(self._filter.hits, finished)
            changed = changed or len(self._rows.rows) != before
        if self._search is not None:
            changed = self._search.poll() or changed
            if self._pending:
                self.next(self._pending)
        return changed

    @property
    def found(self) -> int:
        """Lines that have what is looked for, of those that are shown; at most COUNTED of some."""
        if self._search is None:
            return 0
        if self._filter is None:
            return len(self._search.hits)
        return sum(1 for _ in zip(range(COUNTED), self._both(0), strict=False))

    @property
    def which(self) -> int:
        """Which of them was gone to, from 1; 0: that is not known."""
        here, search = self._view.here, self._search
        if search is None or not 0 <= here < search.looked_at:
            return 0
        if self._filter is None:
            return bisect_right(search.hits, here)
        for number, line in enumerate(self._both(0), 1):
            if line >= here:
                return number
            if number == COUNTED:
                break
        return 0

    def next(self, by: int) -> None:
        """Go to the next match or the one before, around the end once all is looked at."""
        if self._search is None:
            return
        here = self._here(by)
        line = self._beside(self._search, here, by)
        if line is None and not self.seeking:
            line = self._beside(self._search, -1 if by > 0 else self._view.every.count, by)
        self._pending = by if line is None and self.seeking else 0
        if line is None and not self.seeking:
            self._view.post_message(LogView.Said(f"nothing has {self.sought}"))
        elif line is not None:
            self._view.here = line
            spans = self._search.query.spans(self._view.text(line))
            self._view.show_line(line, spans[0][0] if spans else 0)

    def _here(self, by: int) -> int:
        """The line from which the next one is looked for."""
        shown = [line for line, _ in self._view.place.screen()]
        if self._view.here in shown or not shown:
            return self._view.here
        return shown[0] - 1 if by > 0 else shown[-1] + 1

    def _beside(self, search: Search, line: int, by: int) -> int | None:
        """The nearest match below or above a line that is shown."""
        if by > 0 and line + 1 < search.looked_at:
            found = next(self._both(line + 1), None)
        elif by < 0 and line <= search.looked_at:
            found = self._before(search.hits, line)
        else:
            return self._near(search, line, by)
        return found

    def _near(self, search: Search, line: int, by: int) -> int | None:
        """The same where it was not looked yet, as far as it is found at once."""
        shown = self._view.place.shown
        found = [
            number
            for number in search.first_screen(line, NEAR)
            if (number - line) * by > 0 and shown.position(number + 1) > shown.position(number)
        ]
        return (min(found) if by > 0 else max(found)) if found else None

    def _both(self, first: int) -> Iterator[int]:
        """The lines from one on that were found and are shown, by leaps in both lists."""
        hits = self._search.hits if self._search is not None else ()
        shown, at = self._view.place.shown, bisect_left(hits, first)
        while at < len(hits):
            line = hits[at]
            position = shown.position(line)
            if position >= shown.count:
                return
            there = shown.line(position)
            if there == line:
                yield line
                at += 1
            else:
                at = bisect_left(hits, there, at)

    def _before(self, hits: Sequence[int], line: int) -> int | None:
        shown, at = self._view.place.shown, bisect_left(hits, line) - 1
        while at >= 0:
            line = hits[at]
            position = shown.position(line + 1) - 1
            if position < 0:
                return None
            there = shown.line(position)
            if there == line:
                return line
            at = bisect_right(hits, there, 0, at) - 1
        return None
