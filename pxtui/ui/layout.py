"""The body of the screen: the list of panes, two columns or one, tabs, zoom, who has what room."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.geometry import Region

from pxtui.events import Event
from pxtui.state import State
from pxtui.ui.draw import Block, Piece, Row, spread, width_of
from pxtui.ui.listed import ended
from pxtui.ui.pane import LeftPane, Pane
from pxtui.ui.panes.build import Build
from pxtui.ui.panes.file import File
from pxtui.ui.panes.form import Form
from pxtui.ui.panes.gets import Gets
from pxtui.ui.panes.next_run import NextRun
from pxtui.ui.panes.run import Run
from pxtui.ui.panes.runs import Runs
from pxtui.ui.panes.watch import Watch
from pxtui.ui.panes.will_run import WillRun

LEFT: tuple[type[LeftPane], ...] = (NextRun, WillRun, Gets, Runs)
TABS: tuple[type[Pane], ...] = (File, Build, Run, Watch)
PANES: tuple[type[Pane], ...] = (*LEFT, *TABS)
"""All panes, in the order of the screen."""

WIDE, TALL, TINY = 110, 36, (60, 16)
LEFT_WIDTH = {"-huge": 60, "-wide": 44, "-stacked": 98, "-compact": 29, "-tiny": 38}
"""Cells of the left column's content, before it is laid out."""
AROUND = 5
"""Rows of the status line, the message lines and the keys."""


class Tabs(Block):
    """The names of the tabs in one row, the chosen one on tint, and a note of the chosen pane."""

    DEFAULT_CSS = "Tabs { height: 1; }"

    def __init__(self) -> None:
        super().__init__()
        self.chosen = "file"
        self._state = State()
        self._note: Row = ()

    def show(self, state: State, chosen: str, note: Row, run: str) -> None:
        """Show which tab is chosen."""
        labels = (self.chosen, self._note, self._labels())
        self.chosen, self._state, self._note, self._run = chosen, state, note, run
        if labels != (chosen, note, self._labels()):
            self.refresh()

    _run = ""

    def _labels(self) -> dict[str, str]:
        build = self._state.build
        mark = "" if build is None else ended(build.finished)[0] if build.finished else "●"
        return {"build": f" {mark}" if mark else "", "run": f" {self._run}" if self._run else ""}

    def rows(self, width: int) -> Sequence[Row]:
        """The names, hairline, note."""
        labels = self._labels() if width >= 60 else {}
        pieces = []
        for pane in TABS:
            key = pane.TITLE.lower()
            tone = "key b @tint" if key == self.chosen else "soft"
            text = f" {pane.NUMBER} {pane.TITLE}{labels.get(key, '')} "
            pieces.append(Piece(text, tone, f"app.pane('{pane.NUMBER}')"))
        room = width - width_of(pieces) - 4
        whole, brief = self._note, self._note[:-1]
        note = next((one for one in (whole, brief) if width_of(one) <= room), ())
        return [spread(tuple(pieces), note, width, "─", "hair")]


class Body(Vertical):
    """All panes."""

    DEFAULT_CSS = """
    Body { height: 1fr; }
    Body #columns { height: 1fr; }
    Body #left { width: 48; padding: 1 2 0 1; border-right: solid $px-hair; }
    Body #right { width: 1fr; padding: 1 1 0 2; }
    Body #left > Pane { margin-bottom: 1; }
    Body > WillRun { padding: 0 1; display: none; }
    Body.-huge #left { width: 64; }
    Body.-compact #left { width: 32; padding: 0 1 0 1; }
    Body.-compact #right { padding: 0 1 0 1; }
    Body.-compact #left > Pane { margin-bottom: 0; }
    Body.-stacked #columns { layout: vertical; }
    Body.-stacked #left { width: 1fr; height: auto; border-right: none; padding: 1 1 0 1; }
    Body.-stacked #right { height: 1fr; padding: 0 1; }
    Body.-zoomed #left { width: 1fr; height: 1fr; border-right: none; padding: 0 1; }
    Body.-zoomed #right { width: 1fr; padding: 0 1; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.tab: type[Pane] = File
        self.zoomed: Pane | None = None
        self._state, self._now = State(), 0.0
        self._shape = ""

    def compose(self) -> ComposeResult:
        """Two columns, and the command below them where they are narrow."""
        with Horizontal(id="columns"):
            with Vertical(id="left"):
                for pane in LEFT:
                    yield pane()
            with Vertical(id="right"):
                yield Tabs()
                for tab in TABS:
                    yield tab()
        yield WillRun(compact=True)

    def show(self, state: State, now: float) -> None:
        """Hand the state down to all panes."""
        self._state, self._now = state, now
        if not self._shape:
            self.shape()
        for pane in self.query(Pane):
            pane.show(state, now)
        self.follow_row()
        self.settle()

    def follow_row(self) -> None:
        """Show the file of the current row."""
        self.query_one(File).follow(self.query_one(NextRun).on_disk)

    def tell(self, event: Event, now: float) -> None:
        """Hand an event to the pane that lists them."""
        self.query_one(Watch).tell(event, now)

    def choose(self, tab: type[Pane]) -> None:
        """Put a tab in front."""
        self.tab = tab
        self.settle()

    def zoom(self, pane: Pane | None) -> None:
        """Give one pane the whole body, or none."""
        self.zoomed = pane
        self.settle()

    def focused(self) -> Pane | None:
        """The pane that has the focus."""
        widget = self.screen.focused
        return next((a for a in widget.ancestors if isinstance(a, Pane)), None) if widget else None

    def on_resize(self, event: events.Resize) -> None:
        """Take the shape that fits, and show everything anew in it."""
        self.shape()
        self.settle()
        self.call_after_refresh(lambda: self.show(self._state, self._now))

    def shape(self) -> None:
        """Huge, wide, stacked, compact, or so tiny that only one pane has room."""
        width, height = self.app.size
        shape = "-compact"
        if width < TINY[0] or height < TINY[1]:
            shape = "-tiny"
        elif width >= WIDE and height >= 28:
            shape = "-huge" if width >= 160 else "-wide"
        elif width < WIDE and height >= TALL:
            shape = "-stacked"
        self._shape = shape
        for widget in (self, self.screen):
            for name in LEFT_WIDTH:
                widget.set_class(name == shape, name)

    def settle(self) -> None:
        """Who is seen, and how many rows the panes of the left column have."""
        alone = self.zoomed
        if alone is None and self._shape == "-tiny":
            alone = self.focused() or self.query_one(NextRun)
        self.set_class(alone is not None, "-zoomed")
        for pane in self.query(LeftPane):
            pane.display = self._belongs(pane) and alone in (None, pane)
        for tab in TABS:
            shown = self.query_one(tab)
            shown.display = tab is self.tab if alone is None else alone is shown
        self.query_one("#left").display = alone is None or isinstance(alone, LeftPane)
        self.query_one("#right").display = not isinstance(alone, LeftPane)
        self._share(alone)
        current = self.query_one(self.tab)
        note = current.note() if isinstance(current, File) else ()
        run = self.query_one(Runs).number_shown
        self.query_one(Tabs).show(self._state, self.tab.TITLE.lower(), note, run)

    def _belongs(self, pane: Pane) -> bool:
        """Whether a pane of the left has its place now."""
        runs = bool(self._state.history or self._state.runs or self._state.queue)
        if isinstance(pane, Runs):
            return runs
        if isinstance(pane, Gets):
            return not runs or any(not need.decided for need in self._state.needs)
        if isinstance(pane, WillRun):
            return (pane.id == "will-run-below") == (self._shape == "-compact")
        return True

    def _share(self, alone: Pane | None) -> None:
        """Share the rows of the left column out: what they want, or less of the last ones first."""
        room = self.app.size.height - AROUND
        below = self.query_one("#will-run-below", WillRun)
        if below.display:
            rows = min(below.wanted(self.app.size.width - 2), 6)
            below.styles.height, room = rows, room - rows
        column = self.query_one("#left")
        panes = [pane for pane in column.query(LeftPane) if pane.display]
        if alone is not None:
            for pane in panes:
                pane.styles.height = "1fr"
            return
        width = column.size.width or LEFT_WIDTH[self._shape]
        wants = [pane.wanted(width) for pane in panes]
        if self._shape == "-stacked":
            room = max(12, room // 2)
        elif self._shape != "-compact":
            room -= 1 + len(panes)
        self._keep_row()
        for pane, rows in zip(panes, _shared(room, wants, [p.least() for p in panes]), strict=True):
            pane.styles.height = rows

    def _keep_row(self) -> None:
        """A row of the form that is seen under the cursor is seen in another height too."""
        form = self.query_one(Form)
        top = form.scroll_offset.y
        if top <= form.cursor < top + form.size.height:
            self.call_after_refresh(self._show_row)

    def _show_row(self) -> None:
        form = self.query_one(Form)
        form.scroll_to_region(Region(0, form.cursor, 1, 1), animate=False, force=True)


def _shared(room: int, wants: Sequence[int], least: Sequence[int]) -> list[int]:
    rows = list(wants)
    for at in reversed(range(len(rows))):
        excess = sum(rows) - room
        if excess <= 0:
            break
        rows[at] = max(min(rows[at], least[at]), rows[at] - excess)
    return [max(1, count) for count in rows]
