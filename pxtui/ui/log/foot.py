"""The row below a log: where the view stands in it, in as many words as there is room for."""

from __future__ import annotations

from collections.abc import Sequence

from pxtui.ui import words
from pxtui.ui.draw import Block, Row, cut, row, spread, width_of
from pxtui.ui.log.finding import Finding
from pxtui.ui.log.selecting import SelectingView

Pair = tuple[str, str]


class LogFoot(Block):
    """Where the view stands in its log."""

    DEFAULT_CSS = "LogFoot { height: 1; }"

    def __init__(self, view: SelectingView, finding: Finding) -> None:
        super().__init__()
        self._view, self._finding = view, finding

    def rows(self, width: int) -> Sequence[Row]:
        """The longest note that fits, in a hairline."""
        if self._view.folder is None:
            return [spread((), (), width, "─", "hair")]
        notes = self._notes()
        note = next((note for note in notes if width_of(note) < width), notes[-1])
        return [spread((), note, width, "─", "hair")]

    def _notes(self) -> list[Row]:
        """The same in fewer and fewer words."""
        view = self._view
        if view.selection is not None:
            shown = self._finding.filtered
            kept: Row = row((f"filter: {cut(shown, 24)} · ", "soft")) if shown else ()
            return [*((*kept, *note) for note in view.told()), *view.told()]
        where = (*self._found(), *self._where())
        count = self._count()
        left_out = f" · {words.size(view.lines.cut)} left out" if view.lines.cut else ""
        unwrapped = " · not wrapped" if not view.wrap else ""
        around = " · ( ) lines around" if self._finding.filtered else ""
        rest = f"{count}{left_out}{unwrapped}"
        ends = (f"{rest}{around}", rest, f"{count}{left_out}", count, left_out)
        notes = [row(*where, (f" · {end}" if end and end != left_out else end, "soft"))
                 for end in ends]  # fmt: skip
        return [*notes, row(*where), row(*self._found() or self._where())]

    def _count(self) -> str:
        finding, total = self._finding, self._view.lines.total
        if not finding.filtered:
            return words.number(total, "line")
        around = f" ±{finding.context}" if finding.context else ""
        more = "+" if finding.filtering else ""
        shown = f"{self._view.place.shown.count:,}{more} of {words.number(total, 'line')}"
        return f"filter: {cut(finding.filtered, 24)}{around} · {shown}"

    def _where(self) -> tuple[Pair, ...]:
        view = self._view
        if view.follow:
            reading = "reading" if view.behind else "ended" if view.ended else "following"
            return ((reading, "ink"),)
        if view.new:
            return (("F", "key b"), (f" {view.new:,} new", "ink"))
        return (("F", "key b"), (" follows", "soft"))

    def _found(self) -> tuple[Pair, ...]:
        finding = self._finding
        if finding.trouble:
            return ((f"{cut(finding.trouble, 40)} · ", "warn"),)
        if not finding.sought:
            return ()
        more = "+" if finding.seeking else ""
        if not finding.found and not more:
            return ((f"nothing has {cut(finding.sought, 20)} · ", "warn"),)
        at = f"{finding.which:,} of " if finding.which else ""
        return ((f"{at}{finding.found:,}{more} ", "ink"), ("n N", "key b"), (" · ", "soft"))
