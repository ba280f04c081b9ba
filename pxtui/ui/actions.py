"""What the keys of the app do: panes, zoom, palette, help, leaving; the rest by subject."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from textual.binding import BindingType

from pxtui.session import images
from pxtui.ui import theme as themes
from pxtui.ui.bound import commands, help_sections
from pxtui.ui.dialogs.help import Help
from pxtui.ui.dialogs.images import Images
from pxtui.ui.dialogs.leaving import Leaving, leaving
from pxtui.ui.dialogs.palette import Command, Palette
from pxtui.ui.file_actions import FileActions
from pxtui.ui.keys import ALIASES, BINDINGS
from pxtui.ui.layout import PANES, TABS
from pxtui.ui.list_actions import ListActions
from pxtui.ui.log.part import LogPart
from pxtui.ui.log_actions import LogActions
from pxtui.ui.panes.runs import Runs
from pxtui.ui.run_actions import RunActions

IMAGES = Command("Images of this project: their sizes, and which to remove", "", "images", "images")
"""Offered by the palette only: it is wanted too seldom for a key."""


class KeyedApp(RunActions, ListActions, FileActions, LogActions, inherit_bindings=False):
    """An app with the keys of `pxtui.ui.keys`; each is a call of the session, or of the body."""

    BINDINGS: ClassVar[list[BindingType]] = BINDINGS

    def action_pane(self, number: str) -> None:
        """Go to a pane; a tab stays in front from now on."""
        body = self.body
        pane = next(body.query_one(pane) for pane in PANES if number == pane.NUMBER)
        body.zoom(None)
        if isinstance(pane, TABS):
            self.follows = False
            body.choose(type(pane))
        elif isinstance(pane, Runs) and not pane.display:
            self.say("there are no runs yet")
            return
        target = pane.target()
        if target is not None:
            # at once: the next key, already typed, is meant for it
            self.screen.set_focus(target)

    def action_tab(self, by: int) -> None:
        """The tab before, or the next one."""
        at = (TABS.index(self.body.tab) + by) % len(TABS)
        self.action_pane(TABS[at].NUMBER)

    def action_zoom(self) -> None:
        """Give the focused pane the whole body, or share it again."""
        body = self.body
        body.zoom(None if body.zoomed else body.focused())

    def action_palette(self) -> None:
        """Type what to do."""
        found = commands(self, self.screen, ALIASES, themes.THEMES)
        self.push_screen(Palette([*found, IMAGES]), self._do)

    async def _do(self, action: str | None) -> None:
        if action:
            await self.run_action(action)

    def action_images(self) -> None:
        """Show the images of this project on the engine."""
        look, remove = partial(images.look, self.session), partial(images.remove_one, self.session)
        self.push_screen(Images(look, remove, self.now))

    def action_theme(self, name: str) -> None:
        """Take another theme."""
        self.theme = name

    def action_help(self) -> None:
        """The keys that work here."""
        pane = self.body.focused()
        name = (pane.TITLE if pane is not None else "") or "here"
        self.push_screen(Help(help_sections(self, self.screen, name)))

    def action_leave(self) -> None:
        """Leave find, then zoom, then the app."""
        body = self.body
        if any(part.leave_find() for part in body.query(LogPart) if part.is_on_screen):
            return
        if body.zoomed is not None:
            body.zoom(None)
            return
        state = self.session.state
        if not state.runs and not state.queue:
            self.exit(0)
            return
        numbers = [run.started.number for run in state.runs]
        self.push_screen(leaving(numbers, len(state.queue)), self._leave)

    def leave_anew(self) -> None:
        """A run began or ended: what is asked on leaving is asked of those that go on now."""
        if not isinstance(self.screen, Leaving):
            return
        self.screen.dismiss(None)
        state = self.session.state
        if state.runs or state.queue:
            self.action_leave()
        else:
            self.say("nothing is running any more", hint="q quits")

    def _leave(self, choice: str | None) -> None:
        if choice == "leave":
            self.session.leave("leave")
            self.exit(0)
        elif choice == "stop":
            self.session.leave("stop")
            self.exit(0)

    async def action_quit(self) -> None:
        """Quit without a question."""
        self.exit(0)

    def action_how_to_quit(self) -> None:
        """A terminal's habit, answered."""
        self.say("q quits, ctrl+q quits without a question")
