"""What the bindings say of themselves: keys as shown, help, commands of the palette."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from textual.app import App
from textual.binding import Binding
from textual.screen import Screen

from pxtui.ui.dialogs.help import Section
from pxtui.ui.dialogs.palette import Command

_SHOWN = {"⏎": "↵", "pgup": "PgUp", "pgdn": "PgDn", "pageup": "PgUp", "pagedown": "PgDn"}


def key_shown(app: App[int], binding: Binding) -> str:
    """A key as the screen names it."""
    text = app.get_key_display(binding)
    return _SHOWN.get(text, text)


def keys_by_id(app: App[int], screen: Screen[object]) -> dict[str, list[str]]:
    """The keys that lead to each binding now, in the order of the bindings."""
    keys: dict[str, list[str]] = {}
    for active in screen.active_bindings.values():
        if active.binding.id:
            keys.setdefault(active.binding.id, []).append(key_shown(app, active.binding))
    return keys


def help_sections(app: App[int], screen: Screen[object], pane: str) -> list[Section]:
    """All keys that work now: those of the focused pane first, then those of the app."""
    keys = keys_by_id(app, screen)
    bindings = sorted(screen.active_bindings.values(), key=lambda active: not active.binding.show)
    here: dict[str, str] = {}
    everywhere: dict[str, str] = {}
    for active in bindings:
        if active.binding.id:
            section = everywhere if active.node is app else here
            section.setdefault(active.binding.id, active.binding.tooltip.rstrip("."))
    return [
        (title, [(" ".join(keys[name]), text) for name, text in section.items()])
        for title, section in ((pane, here), ("everywhere", everywhere))
        if section
    ]


def commands(
    app: App[int], screen: Screen[object], aliases: Mapping[str, str], themes: Iterable[str]
) -> list[Command]:
    """What the palette offers: what the keys of the app do, and the themes."""
    keys = keys_by_id(app, screen)
    found = [
        Command(active.binding.tooltip.rstrip("."), keys[active.binding.id][0],
                active.binding.action, aliases.get(active.binding.id, ""))
        for active in screen.active_bindings.values()
        if active.node is app and active.binding.id and active.binding.id != "palette"
    ]  # fmt: skip
    unique = list({command.action: command for command in reversed(found)}.values())[::-1]
    return [*unique, *(Command(f"theme {name}", "", f"theme('{name}')") for name in themes)]
