"""The second key of `w`: the watch mode, or its pause; asked for in the message line."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType

from pxtui.ui.dialogs.panel import Once

KEYS = ("w", "b", "r", "p", "i", "o")


class WatchChord(Once[str]):
    """Ends with the watch mode or what else was chosen; any other key leaves all as it was."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("w", "take('off')", "off", id="watch.off", tooltip="A change leads to nothing."),
        Binding("b", "take('build')", "build", id="watch.build",
                tooltip="A change leads to a build."),
        Binding("r", "take('run')", "build and run", id="watch.run",
                tooltip="A change leads to a build and a run."),
        Binding("p", "take('pause')", "pause", id="watch.pause",
                tooltip="Let the watch pause: changes are kept; or let it go on with them."),
        Binding("i", "take('ignore')", "leave out", id="watch.ignore",
                tooltip="Leave the file for which the watch pauses out of image and watch."),
        Binding("o", "take('on-busy')", "while a run goes", id="watch.on-busy",
                tooltip="What a change leads to while a run is going."),
    ]  # fmt: skip

    def action_take(self, mode: str) -> None:
        """End with this mode."""
        self.dismiss(mode)

    def takes(self, event: events.Key | events.Paste) -> bool:
        """Any other key: as it was."""
        other = not isinstance(event, events.Key) or event.key not in KEYS
        if other:
            self.dismiss(None)
        return other
