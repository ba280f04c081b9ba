"""The second key of `w`: off, build, or build and run; asked for in the message line."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType

from pxtui.ui.dialogs.panel import Once


class WatchChord(Once[str]):
    """Ends with the watch mode; any other key leaves it as it was."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("w", "take('off')", "off", id="watch.off", tooltip="A change leads to nothing."),
        Binding("b", "take('build')", "build", id="watch.build",
                tooltip="A change leads to a build."),
        Binding("r", "take('run')", "build and run", id="watch.run",
                tooltip="A change leads to a build and a run."),
    ]  # fmt: skip

    def action_take(self, mode: str) -> None:
        """End with this mode."""
        self.dismiss(mode)

    def takes(self, event: events.Key | events.Paste) -> bool:
        """Any other key: as it was."""
        other = not isinstance(event, events.Key) or event.key not in ("w", "b", "r")
        if other:
            self.dismiss(None)
        return other
