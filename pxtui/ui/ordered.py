"""Keys act in the order in which they were typed, also those that come in one read."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from textual import events
from textual.app import App
from textual.widget import AwaitMount


@runtime_checkable
class Taking(Protocol):
    """What takes keys or pastes by itself, before any binding."""

    def takes(self, event: events.Key | events.Paste) -> bool:
        """Whether that was for it."""


class OrderedApp(App[int], inherit_bindings=False):
    """An app in which each key has done all that it does before the next one is looked at."""

    async def on_event(self, event: events.Event) -> None:
        """Let keys and pastes act at once, each before the next one is looked at.

        Textual hands a key to the widget that has the focus and looks at the next one meanwhile:
        of those that come in one read, each would meet the screen as it was before the first.
        """
        if event.is_forwarded or not isinstance(event, events.Key | events.Paste):
            await super().on_event(event)
        else:
            await self._typed(event)

    async def _typed(self, event: events.Key | events.Paste) -> None:
        if isinstance(event, events.Key):
            self.app_focus = True
            if await self._check_bindings(event.key, priority=True):
                return
        if not self.screen.is_mounted:  # what a key opened takes the keys behind it
            await AwaitMount(self.screen, [self.screen])
        nodes = (self.focused or self.screen).ancestors_with_self
        if any(isinstance(node, Taking) and node.takes(event) for node in nodes):
            return
        if isinstance(event, events.Key):
            await self._check_bindings(event.key)
