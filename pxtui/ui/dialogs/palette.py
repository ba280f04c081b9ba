"""The palette: type what to do; `:w` and `:q` work as in vi.

Textual's own palette finds its commands in the background, so that a quick `:w` Enter would be
lost; here what is typed and what Enter does are always the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from pxtui.ui.dialogs.panel import PanelLines, TypingDialog
from pxtui.ui.draw import Row, padded, row
from pxtui.ui.field import Field


class Command(NamedTuple):
    """One thing that can be done."""

    words: str
    key: str
    action: str
    alias: str = ""
    """What can be typed for it in full: `w`."""


def fitting(commands: Sequence[Command], typed: str) -> list[Command]:
    """The commands that fit what was typed, the best first."""
    typed = typed.strip().removeprefix(":").lower()
    if not typed:
        return list(commands)
    ranked = []
    for command in commands:
        words = command.words.lower()
        if command.alias == typed:
            rank = 0
        elif words.startswith(typed):
            rank = 1
        elif all(word in words for word in typed.split()):
            rank = 2
        else:
            continue
        ranked.append((rank, command))
    return [command for _, command in sorted(ranked, key=lambda pair: pair[0])]


class Palette(TypingDialog[str]):
    """Ends with the action of the command that was chosen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "by(-1)", "up", id="palette.up", show=False, tooltip="A row up."),
        Binding("down,tab", "by(1)", "down", id="palette.down", show=False, tooltip="A row down."),
    ]
    DEFAULT_CSS = """
    Palette { align: center top; }
    Palette > #panel { margin-top: 2; }
    Palette Field { margin-bottom: 1; background: $px-band; }
    """

    def __init__(self, commands: Sequence[Command]) -> None:
        super().__init__()
        self._commands = commands
        self._found = list(commands)
        self._moved = False

    def compose(self) -> ComposeResult:
        """The field and the commands that fit."""
        with Vertical(id="panel"):
            yield Field(self._entered, placeholder="what to do")
            lines = PanelLines([], name_id="commands", with_cursor=True)
            lines.can_focus = False
            yield lines

    def on_mount(self) -> None:
        """Show all."""
        self._show("")

    def _show(self, typed: str) -> None:
        self._found = fitting(self._commands, typed)
        lines = self.query_one(PanelLines)
        lines.shown = [_command_row(command) for command in self._found]
        lines.cursor = 0
        lines.renew()
        lines.styles.height = min(len(self._found), max(3, self.app.size.height - 10))

    @on(Field.Changed)
    def _typed(self, event: Field.Changed) -> None:
        self._show(event.value)

    async def _entered(self, typed: str) -> None:
        if not (typed.strip() or self._moved):
            return  # nothing was chosen yet: Enter alone must not run what stands first
        found = fitting(self._commands, typed)
        at = self.query_one(PanelLines).cursor
        self.dismiss(found[min(at, len(found) - 1)].action if found else None)

    def on_click(self, event: events.Click) -> None:
        """A click on a command takes it."""
        lines = self.query_one(PanelLines)
        if event.widget is lines and self._found:
            self.dismiss(self._found[lines.cursor].action)

    def action_by(self, rows: int) -> None:
        """Move through the commands."""
        self._moved = True
        self.query_one(PanelLines).action_move(rows)


def _command_row(command: Command) -> Row:
    alias = f":{command.alias}" if command.alias else ""
    key = padded(command.key, 4, right=True)
    return row((f"{key}  ", "key b"), f"{command.words}  ", (alias, "soft"))
