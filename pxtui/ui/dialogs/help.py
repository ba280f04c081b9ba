"""Help: every key that works here, of the focused pane first; made from the bindings."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical

from pxtui.ui.dialogs.panel import Dialog, PanelLines
from pxtui.ui.draw import Row, row
from pxtui.ui.panes.gets import folded

Section = tuple[str, Sequence[tuple[str, str]]]
"""A name, and keys with what they do."""


class Help(Dialog[None]):
    """A list of keys."""

    DEFAULT_CSS = """
    Help #keys { height: auto; max-height: 80vh; }
    """

    def __init__(self, sections: Sequence[Section]) -> None:
        super().__init__()
        self._sections = sections

    def compose(self) -> ComposeResult:
        """One section below the other."""
        width = max(20, min(84, int(self.app.size.width * 0.94)) - 5)
        rows: list[Row] = []
        for name, keys in self._sections:
            rows += [*([()] if rows else []), row((name, "strong b"))]
            for key, text in keys:
                first, *rest = folded(text, width - 16)
                rows.append(row((f"  {key:<13} ", "key b"), first))
                rows += [row(" " * 16, part) for part in rest]
        with Vertical(id="panel"):
            lines = PanelLines(rows, name_id="keys")
            lines.can_focus = True
            yield lines
