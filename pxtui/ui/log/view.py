"""The view of a growing log: what stands on the screen, drawn; and taking in what came."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from textual import events
from textual.geometry import Region
from textual.strip import Strip
from textual.timer import Timer

from pxtui.logs.lines import Lines
from pxtui.logs.query import Query
from pxtui.ui.draw import strip, theme_tokens
from pxtui.ui.laid import index_at
from pxtui.ui.log import times
from pxtui.ui.log.intake import Intake
from pxtui.ui.log.marked import Marked
from pxtui.ui.log.place import Place
from pxtui.ui.log.rows import Drawn, Look, Part, draw, width_of_text
from pxtui.ui.log.shown import ABOVE, AllLines, SomeLines

FRAME = 1 / 30
"""Seconds between two looks at the log of a visible view."""
SLOW = 2.0
"""Seconds between two looks where nothing is expected to come."""
FLOOD = 7_000
"""Lines that come at once from which on frames are left out (about 20 MB/s)."""
LEFT_OUT = 2
"""How many after each that is drawn: nobody reads a flood, and keys are answered sooner."""
BUDGET = 0.004
"""Seconds of a frame in which what came is taken in; the rest is, in a thread."""
TIMES = 56
"""A view at least this wide shows times, if not asked for others."""


class LogView(Marked):
    """The lines of one log."""

    def __init__(self) -> None:
        super().__init__()
        self.ended = False
        self.intake = Intake(self.lines)
        self.here = -1
        """The line that was gone to."""
        self.decorate: Callable[[int], Sequence[Part]] = lambda number: ()
        """What else is set off in a line, by its number."""
        self.looked: Callable[[], bool] = lambda: False
        """Called after each look at the log; whether there is something else to show."""
        self.times: times.Mode | None = None
        self.look = Look((), 0, timed=False)
        self._seen, self._skip = -1, 0
        self._frames: Timer | None = None
        """Looks at a log that grows."""

    def open(self, folder: Path | None) -> None:
        """Show the log in a job's folder."""
        if folder == self.folder:
            return
        self.intake.close()
        self.folder, self.lines, self.ended = folder, Lines(folder), False
        self.intake = Intake(self.lines)
        self.read_marks()
        self.every = AllLines(self.lines, self.marks)
        self.place = Place(self.every)
        self.here, self._seen = -1, -1
        self.poll()
        if self._seen < 0:
            self.renew()

    def show_query(self, query: Query | None) -> None:
        """Mark what is looked for in the text."""
        self.here = -1
        self.look = self.look._replace(query=query)
        self.refresh()
        self.renew()

    def show_only(self, numbers: Sequence[int] | None) -> None:
        """Show only the lines with these numbers, rising, or all; the place stays."""
        self.every.scattered = numbers is not None
        self.place.shown = self.every if numbers is None else SomeLines(self.every, numbers)
        self.renew()

    def on_mount(self) -> None:
        """Look at the log from now on."""
        self._frames = self.set_interval(FRAME, self.poll)
        self.set_interval(SLOW, self.poll)
        self.app.theme_changed_signal.subscribe(self, lambda _: self.renew())

    def on_unmount(self) -> None:
        """Let go of the log."""
        self.intake.close()

    def on_resize(self, event: events.Resize) -> None:
        """Lay the lines out anew."""
        self.renew()

    def on_show(self) -> None:
        """Take up what came while the view was hidden."""
        self.poll()

    def poll(self) -> None:
        """Take in what came and show it, if anyone can see it."""
        if not self.is_attached:
            return
        self._pace()
        if not self.is_on_screen:
            return
        if self.lines.replaced:
            folder, self.folder = self.folder, None
            self.open(folder)
            return
        if self._skip:
            self._skip -= 1
            return
        if self.intake.advance(BUDGET, ended=self.ended):
            self.run_worker(self._rest(self.intake))
        if self.looked() or self.lines.version != self._seen:
            before = self.every.count
            self.renew()
            self._skip = LEFT_OUT if self.every.count - before > FLOOD else 0

    def _pace(self) -> None:
        """Look at each frame only where something may come: that many looks cost."""
        if self._frames is None:
            return
        searched = self.look.query is not None or self.every.scattered
        whole = self.ended and not self.behind and not searched
        at_rest = whole and self.lines.version == self._seen
        if at_rest or self.folder is None or not self.is_on_screen:
            self._frames.pause()
        else:
            self._frames.resume()

    async def _rest(self, intake: Intake) -> None:
        await intake.rest(ended=self.ended)
        if intake is self.intake:
            self.renew()

    @property
    def behind(self) -> bool:
        """Whether what came is still being taken in."""
        return self.intake.behind

    def renew(self) -> None:
        """Draw what stands on the screen now: the rows that are others than before."""
        if not self.is_attached:
            return
        self._seen = self.lines.version
        self._pace()
        size = self.scrollable_content_region.size
        self.place.height = max(1, size.height)
        tokens = theme_tokens(self.app.theme_variables)
        look = self.look._replace(tokens=tokens, width=size.width, timed=self.mode != "off")
        self.every.width = max(8, size.width - look.text_at) if self.wrap else 0
        self.every.renew()
        before, self._drawn = self._drawn, [self._row(*row) for row in self.place.screen()]
        if look != self.look:
            self.look = look
            self.refresh()
        else:
            rows = max(len(before), len(self._drawn))
            fresh = [y for y in range(rows) if before[y : y + 1] != self._drawn[y : y + 1]]
            self.refresh(*(Region(0, y, size.width, 1) for y in fresh)) if fresh else None
        self.show_bar()
        self.post_message(self.Changed())

    def _row(self, number: int, part: int) -> tuple[int, Drawn]:
        line, (start, end) = self.every.text(number), self.every.rows(number)[part]
        if end < 0:
            text = self.marks.get(ABOVE if start < 0 else number, "")
            return number, Drawn(line, start, end, rule=text)
        here, parts = number == self.here, tuple(self.decorate(number))
        first = start == 0
        at = self._time(number) if first and self.mode != "off" else ""
        return number, Drawn(line, start, end, at, first, here, parts)

    @property
    def mode(self) -> times.Mode:
        """Which times stand beside the lines."""
        return self.times or ("clock" if self.size.width >= TIMES else "off")

    def _time(self, number: int) -> str:
        shown, at = self.place.shown, self.every.text(number).time
        since = self.began or self.every.text(0).time
        if self.mode == "delta":
            position = shown.position(number)
            since = self.every.text(shown.line(position - 1)).time if position else at
        return times.shown(self.mode, at, since)

    def render_line(self, y: int) -> Strip:
        """Draw a row of the screen."""
        if not self.look.tokens:
            return Strip.blank(self.size.width)  # it was never looked at the log
        if y < len(self._drawn):
            return draw(self._drawn[y][1], self.look)
        return strip((), self.look.width, self.look.tokens)

    def position_at(self, x: int, y: int) -> tuple[int, int] | None:
        """The line, and which of its characters, that stand in a cell of the view."""
        if not 0 <= y < len(self._drawn):
            return None
        number, drawn = self._drawn[y]
        if drawn.rule is not None:
            return None
        cell = max(0, x - self.look.text_at) + self.look.aside
        return number, drawn.start + index_at(drawn.line.text[drawn.start : drawn.end], cell)

    def text(self, line: int) -> str:
        """The text of a line."""
        return self.every.text(line).text

    def parts(self, line: int) -> Sequence[tuple[int, int]]:
        """The characters of each row of a line as (start, end), without rules."""
        return [row for row in self.every.rows(line) if row[1] >= 0]

    def action_wrap(self) -> None:
        """Wrap, or do not."""
        self.wrap, self.look = not self.wrap, self.look._replace(aside=0)
        self.refresh()
        self.renew()

    def action_aside(self, by: int) -> None:
        """Move sideways where lines are not wrapped, as far as the longest one goes."""
        if not self.wrap:
            longest = max((width_of_text(drawn.line) for _, drawn in self._drawn), default=0)
            most = max(0, longest - (self.look.width - self.look.text_at))
            self.look = self.look._replace(aside=min(max(0, self.look.aside + by), most))
            self.refresh()

    def action_times(self) -> None:
        """Other times, or none."""
        self.times = times.after(self.mode)
        self.renew()
