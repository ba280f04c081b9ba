"""Keys that come together in one read, as a paste or a slow line brings them."""

from __future__ import annotations

from textual import events
from textual.app import App

NAMED = {"\r": "enter", "\x13": "ctrl+s", "\x1b": "escape", " ": "space", "+": "plus"}


def burst(app: App[int], *keys: str) -> None:
    """Send keys one right behind the other; a name of several letters is one key."""
    for key in keys:
        character = key if len(key) == 1 and key.isprintable() else None
        app.post_message(events.Key(NAMED.get(key, key), character))
