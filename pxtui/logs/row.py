"""One row of a stream's screen: cells that are printed over and erased, without an end."""

from __future__ import annotations

from itertools import groupby

from pxtui.logs.line import MAX_LINE, Line, Span, joined, over
from pxtui.logs.pens import NO_PEN, Pen
from pxtui.logs.store import Stream
from pxtui.logs.text import MARKS, NARROW, cells_of


class Row:
    """Text appended in one pen after the other (narrow only), or cells once that is not enough.

    A row that the cursor came back to is made of its line, so it is the same whether that line
    was kept as a row, as a line or in a file; it is laid out only if something changes in it.
    """

    __slots__ = ("_cells", "_line", "_parts", "_pens", "_touched", "extent")

    def __init__(self, line: Line | None = None) -> None:
        self._line = line
        """What it was when the cursor came back to it; None once something has changed."""
        self._parts: list[tuple[str, Pen]] = []
        self._cells: list[str] | None = None
        self._pens: list[Pen] = []
        self._touched = line is not None
        """More happened to it than appending: blanks at its end are no one's."""
        self.extent = 0
        """Cells up to the last one that was printed, those beyond MAX_LINE included."""

    @property
    def empty(self) -> bool:
        """Nothing stands in it."""
        return not self.extent if self._line is None else not self._line.text

    @property
    def untouched(self) -> bool:
        """It is as a new one."""
        return self._line is None and not self.extent

    def touch(self) -> None:
        """Something was printed over."""
        self._touched = True

    def put(self, at: int, text: str, pen: Pen) -> int:
        """Print clean text; where it ends."""
        if self._line is not None:
            self._lay_out(self._line)
        if text.isascii() or NARROW.fullmatch(text):
            end = at + len(text)
            if self._cells is None and at == self.extent:
                if at < MAX_LINE:
                    self._parts.append((text[: MAX_LINE - at], pen))
            elif at == 0 and end >= self.extent > 0:
                self._parts, self._cells = [(text[:MAX_LINE], pen)], None
                self._touched = True
            else:
                self._overlay(at, list(text), pen)
        else:
            marks, *cells = cells_of(text)
            if marks and 0 < at <= min(self.extent, MAX_LINE):
                self._mark(at, marks)
            if not cells:
                return at
            end = at + len(cells)
            self._overlay(at, cells, pen)
        self.extent = max(self.extent, end)
        return end

    def erase(self, start: int, end: int | None = None) -> None:
        """Blank the cells from `start` on, up to `end`."""
        if self._line is not None:
            self._lay_out(self._line)
        if start >= self.extent:
            return
        if start == 0 and (end is None or end >= self.extent):
            self._parts, self._cells, self._pens = [], None, []
            self._touched, self.extent = False, 0
            return
        cells = self._as_cells()
        self._touched = True
        if end is None or end >= self.extent:
            self._halve(start)
            del cells[start:], self._pens[start:]
            self.extent = start
        elif start < len(cells):
            end = min(end, len(cells))
            self._halve(start)
            self._halve(end)
            cells[start:end] = [" "] * (end - start)
            self._pens[start:end] = [NO_PEN] * (end - start)

    def line(self, stream: Stream, time: float) -> Line:
        """The row as a line."""
        if self._line is not None:
            return self._line
        text, spans = joined(self._parts if self._cells is None else self._runs(self._cells))
        if self.extent > MAX_LINE:
            text += over(self.extent - MAX_LINE)
        elif self._touched and text.endswith(" "):
            text = text.rstrip(" ")
            spans = tuple(
                Span(start, min(end, len(text)), pen)
                for start, end, pen in spans
                if start < len(text)
            )
        return Line(text, stream, time, spans)

    def _lay_out(self, line: Line) -> None:
        self._line = None
        at = 0
        for start, end, pen in (*line.spans, Span(len(line.text), len(line.text), NO_PEN)):
            for text, ink in ((line.text[at:start], NO_PEN), (line.text[start:end], pen)):
                if text:
                    self.put(self.extent, text, ink)
            at = end
        if self.extent > MAX_LINE:  # its end is the mark of `over`
            mark = line.text[len("".join(self._runs_text())) :]
            self.extent = MAX_LINE + int("".join(filter(str.isdigit, mark)))

    def _runs_text(self) -> list[str]:
        return [text for text, _ in self._parts] if self._cells is None else self._cells

    def _runs(self, cells: list[str]) -> list[tuple[str, Pen]]:
        """The cells as parts in one pen each."""
        runs, at = [], 0
        for pen, group in groupby(self._pens):
            end = at + sum(1 for _ in group)
            runs.append(("".join(cells[at:end]), pen))
            at = end
        return runs

    def _as_cells(self) -> list[str]:
        if self._cells is None:
            self._cells, self._pens = [], []
            for text, pen in self._parts:
                self._cells += text
                self._pens += [pen] * len(text)
            self._parts = []
        return self._cells

    def _halve(self, at: int) -> None:
        """What begins at this cell is cut off: of a wide character before it a blank stays."""
        cells = self._cells
        if cells is not None and 0 < at < len(cells) and not cells[at]:
            cells[at - 1] = cells[at] = " "

    def _mark(self, at: int, marks: str) -> None:
        cells = self._as_cells()
        base = at - 1 if cells[at - 1] else at - 2
        cells[base] = (cells[base] + marks)[: MARKS + 1]
        self._touched = self._touched or at < self.extent

    def _overlay(self, at: int, new: list[str], pen: Pen) -> None:
        if at >= MAX_LINE:
            return
        cells = self._as_cells()
        if at > len(cells):
            self._pens += [NO_PEN] * (at - len(cells))
            cells += [" "] * (at - len(cells))
        end = min(at + len(new), MAX_LINE)
        if at < self.extent:
            self._touched = True
            self._halve(at)
            self._halve(end)
        cells[at:end] = new[: end - at]
        self._pens[at:end] = [pen] * (end - at)
        if end - at < len(new) and not new[end - at]:
            cells[end - 1] = " "
