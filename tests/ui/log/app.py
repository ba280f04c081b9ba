"""An app that shows one log, with the keys of a log."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.pilot import Pilot

from pxtui.logs.store import LogWriter
from pxtui.ui import keys, theme
from pxtui.ui.draw import PREFIX
from pxtui.ui.log.part import LogPart
from pxtui.ui.log.view import LogView
from pxtui.ui.ordered import OrderedApp
from tests.ui.seeing import words


class LogApp(OrderedApp):
    """A log part alone."""

    CSS = "Screen { background: $px-ground; color: $px-ink; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        b for b in keys.BINDINGS if isinstance(b, Binding) and (b.id or "").startswith("log.")
    ]

    def __init__(self, theme_name: str = theme.DARK) -> None:
        super().__init__()
        self.theme = theme_name
        self.said: list[str] = []

    def get_css_variables(self) -> dict[str, str]:
        variables = super().get_css_variables()
        ours = {PREFIX + name: value for name, value in theme.tokens(variables).items()}
        self.theme_variables = {**variables, **ours}
        return self.theme_variables

    def compose(self):  # type: ignore[no-untyped-def]
        yield LogPart()

    @on(LogView.Said)
    def _said(self, event: LogView.Said) -> None:
        self.said.append(event.text)

    def action_find(self) -> None:
        self.part.ask()

    def action_filter(self) -> None:
        self.part.ask(to_filter=True)

    def action_next_match(self, by: int) -> None:
        self.part.finding.next(by)

    @property
    def part(self) -> LogPart:
        return self.query_one(LogPart)

    @property
    def view(self) -> LogView:
        return self.query_one(LogView)

    async def show(self, pilot: Pilot[int], writer: LogWriter) -> None:
        """Show what is written, and give it the keys."""
        self.view.open(writer.folder)
        self.view.focus()
        await pilot.pause()


def told(first: int, count: int) -> bytes:
    """Numbered lines."""
    return b"".join(b"line %d\n" % n for n in range(first, first + count))


def log_in(folder: Path) -> LogWriter:
    """A log that may grow as it likes."""
    return LogWriter(folder / "job", 1 << 30)


def shows(app: LogApp, text: str) -> bool:
    """Whether it is on the screen."""
    return text in words(app)


def top(app: LogApp) -> list[str]:
    """What is read, without the scrollbar and the foot."""
    return [line[:-1] for line in words(app).splitlines()[:-1]]
