"""The app: layout, keys, and following the session's events; all that is shown is its State."""

from __future__ import annotations

import gc
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.message import Message
from textual.screen import Screen

from pxtui.events import BY_WATCH, Asked, Conflicted, Event, Finished, Invalid, Loaded, Started
from pxtui.session import Session
from pxtui.ui import theme as themes
from pxtui.ui import words
from pxtui.ui.actions import KeyedApp
from pxtui.ui.bound import keys_by_id
from pxtui.ui.dialogs.choose import Choose
from pxtui.ui.draw import PREFIX, Lines
from pxtui.ui.ending import Ending
from pxtui.ui.field import Field
from pxtui.ui.keys import BINDINGS, footer
from pxtui.ui.last_lines import LastLines
from pxtui.ui.layout import Body
from pxtui.ui.listed import newest_started
from pxtui.ui.log.view import LogView
from pxtui.ui.messages import KeyBar, Messages
from pxtui.ui.pane import Pane
from pxtui.ui.panes.build import Build
from pxtui.ui.panes.form import Form
from pxtui.ui.panes.gets import Gets
from pxtui.ui.panes.run import Run
from pxtui.ui.panes.runs import Runs
from pxtui.ui.run_actions import LONG
from pxtui.ui.status import StatusLine

MANY = 1000
SECOND = 1.0
AGES = 20.0
"""Seconds after which it is shown anew how old things are."""
"""Declarations of a file that is big."""


class Main(Screen[None], inherit_bindings=False):
    """The one screen below the dialogs; its keys are the app's."""

    class Uncovered(Message):
        """The dialog or help over it is gone."""

    def on_screen_resume(self) -> None:
        """What ended meanwhile took its keys along."""
        self.post_message(self.Uncovered())


class PxtuiApp(KeyedApp):
    """The screen of one session."""

    TITLE = "pxtui"
    ENABLE_COMMAND_PALETTE = False
    CSS = """
    Screen { background: $px-ground; color: $px-ink; }
    Dialog { background: $px-ground 50%; }
    WatchChord { background: transparent; }
    * {
        scrollbar-background: $px-ground; scrollbar-background-hover: $px-ground;
        scrollbar-background-active: $px-ground; scrollbar-corner-color: $px-ground;
        scrollbar-color: $px-hair; scrollbar-color-hover: $px-soft;
        scrollbar-color-active: $px-key;
        link-background-hover: $px-tint; link-style-hover: none;
    }
    """

    def __init__(
        self,
        session: Session,
        *,
        theme: str | None = None,
        keymap: Mapping[str, str] | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(session, now)
        self._pending, self._counted, self._shown_at = False, False, 0.0
        self._last_lines = LastLines(lambda run: session.folder("run", run))
        self.theme = theme if theme in themes.THEMES else themes.DARK
        if keymap:
            self.set_keymap(dict(keymap))

    def get_css_variables(self) -> dict[str, str]:
        """The theme's variables and our tokens."""
        variables = super().get_css_variables()
        ours = {PREFIX + name: value for name, value in themes.tokens(variables).items()}
        self.theme_variables = {**variables, **ours}
        return self.theme_variables

    def get_default_screen(self) -> Screen[None]:
        """A screen without keys of its own."""
        return Main(id="_default")

    def compose(self) -> ComposeResult:
        """Status line, panes, messages, keys."""
        home, folder = str(self.session.root.home()), str(self.session.root)
        yield StatusLine()
        yield Body()
        yield Messages()
        yield KeyBar(self.session.root.name, folder.replace(home, "~", 1))

    def on_mount(self) -> None:
        """Show what is so, and follow what happens; nothing else is awaited for the first frame."""
        self.screen.query_one(Form).focus()
        self.refresh_state()
        for event in self.session.opening:
            self.body.tell(event, self.now())
        self.screen.query_one(Messages).begin(self.session.state)
        self.run_worker(self._follow(self.session.listen()))
        self.call_after_refresh(self.session.begin)
        self.set_interval(SECOND, self._tick)

    def _tick(self) -> None:
        """Show that time goes by: each second what counts seconds, else only ages."""
        state = self.session.state
        if state.runs or self._counted:
            self.run_worker(self.look_at_logs())
        counts = bool(state.runs or state.building)
        counts = counts or self.screen_stack[0].query_one(Messages).is_brief
        if counts or self._counted or self.now() - self._shown_at >= AGES:
            self.refresh_state()
        self._counted = counts

    async def _follow(self, heard: AsyncIterator[Event]) -> None:
        async for event in heard:
            if not self.is_running:
                return  # the panes go one by one while the app ends
            self._told(event)

    def _told(self, event: Event) -> None:
        body = self.body
        body.tell(event, self.now())
        self.screen_stack[0].query_one(Messages).hear(event)
        match event:
            case Started(phase="build"):
                body.query_one(Build).open(self.session.folder("build", event.id))
                if event.cause not in BY_WATCH or not self.session.state.runs:
                    self._follow_to(Build)  # the watch does not take a live run's log away
            case Started() if self._is_reading and event.cause in BY_WATCH:
                self.say(f"#{event.number} started", hint="Enter in Runs shows it")
            case Started():
                self._open_run(event.id)
                self._follow_to(Run)
            case Finished() if event.seconds > LONG:
                self.bell()
            case Loaded() | Invalid() if len(event.reading.declarations) > MANY:
                gc.freeze()
            case Conflicted():
                self.follow_conflicts()
                if event.saving:
                    self.choose_sides(saving=True)
        if isinstance(event, Started | Finished) and event.phase == "run":
            self.leave_anew()
        self._show_soon()

    @on(Main.Uncovered)
    @on(Pane.Fits)
    def _show_soon(self) -> None:
        """Show the state once, whatever happens until then."""
        if not self._pending:
            self._pending = True
            self.call_later(self.refresh_state)

    @property
    def _is_reading(self) -> bool:
        """Whether the person has left the end of a run's log, or selects in it."""
        run = self.body.query_one(Run)
        view = run.log_part.view
        return bool(run.shown) and (not view.follow or view.selection is not None)

    def _follow_to(self, tab: type[Pane]) -> None:
        if self.follows:
            self.body.choose(tab)

    def refresh_state(self) -> None:
        """Hand the state down, and ask the person what the session asks."""
        self._pending = False
        if not self.is_running:
            return
        self._shown_at = self.now()
        state, now, screen = self.session.state, self.now(), self.screen_stack[0]
        newest = newest_started(state)
        if newest is not None and not self.body.query_one(Run).shown:
            self._open_run(newest.id)
        screen.query_one(StatusLine).show(state, now)
        self.body.show(state, now)
        self._show_bottom()
        self._ask()

    async def look_at_logs(self) -> None:
        """Show the last lines that the logs of live runs have so far."""
        live = [run.started.id for run in self.session.state.runs]
        lines = await self._last_lines.look(live) if live else {}
        if self.is_running and self.screen_stack:
            self.body.query_one(Runs).show_last_lines(lines)

    def _show_bottom(self) -> None:
        state, screen, pane = self.session.state, self.screen_stack[0], self.body.focused()
        cursor = pane.hint() if pane is not None else ()
        screen.query_one(Messages).show(state, cursor, self.now())
        name = (state.resolved.project if state.resolved else None) or self.session.root.name
        if screen is self.screen:
            keys = keys_by_id(self, screen)
            bound = {b.id: b.action for b in BINDINGS if isinstance(b, Binding)}
            shown = [
                (keys[name][0], word, f"app.{bound[name]}" if name in bound else "")
                for name, word in footer(state, pane)
                if name in keys
            ]
            if isinstance(screen.focused, Field):
                # Textual does not know that a field takes `+` too
                shown = [key for key in shown if key[0] != "+"]
                shown = [("↵", "accept", ""), ("esc", "leave as it was", ""), *shown]
            screen.query_one(KeyBar).show(tuple(shown), name)

    def _ask(self) -> None:
        question, shown = self.session.state.question, self.screen
        if isinstance(shown, Choose) and not shown.is_asked():
            shown.dismiss("")
            return
        open_id = shown.question if isinstance(shown, Choose) else ""
        if isinstance(shown, Choose) and open_id and (question is None or question.id != open_id):
            shown.dismiss("")
        elif question is not None and len(self.screen_stack) == 1:
            self._put(question)

    def _put(self, asked: Asked) -> None:
        dialog = Choose(asked.text, asked.choices, asked.default, asked.facts, asked.id)
        self.push_screen(dialog, lambda choice: self._answer(asked.id, choice or ""))

    def _answer(self, question: str, choice: str) -> None:
        if choice:
            self.session.answer(question, choice)

    def _open_run(self, run: str) -> None:
        self.body.query_one(Run).open(run, self.session.folder("run", run))
        self.body.query_one(Runs).mark_shown(run)

    @on(Runs.Chosen)
    def _run_chosen(self, event: Runs.Chosen) -> None:
        self._open_run(event.run)
        self.action_pane(Run.NUMBER)

    @on(Gets.Chosen)
    def _need_chosen(self, event: Gets.Chosen) -> None:
        self.decide(event.need)

    @on(LogView.Said)
    def _log_said(self, event: LogView.Said) -> None:
        self.say(event.text, event.severity, event.hint)

    @on(Lines.Moved)
    def _moved(self) -> None:
        if self.is_running and self.screen_stack:
            self.body.follow_row()
            self._show_bottom()

    def on_descendant_focus(self) -> None:
        """Keys and hint are those of the pane that has the focus."""
        if self.is_running and self.screen_stack:
            self.body.settle()
            self._show_bottom()

    def end_by(self, number: signal.Signals) -> bool:
        """End as a signal asks; what a person types in the editor is meant for the editor."""
        if self.terminal_lent and number in (signal.SIGINT, signal.SIGQUIT):
            return False
        self.exit(128 + number, return_code=128 + number)
        return True


async def run_app(
    session: Session, *, theme: str | None = None, keymap: Mapping[str, str] | None = None
) -> int:
    """Show the session until the person leaves; the exit code of the process."""
    app = PxtuiApp(session, theme=theme, keymap=keymap)
    gc.freeze()  # looking through all of a big file for garbage would hold up keys
    with Ending(session, app.end_by):
        await app.run_async()
    if session.state.edits:
        count = words.number(len(session.state.edits), "changed value")
        print(f"{count} not written to the file: kept as a draft", file=sys.stderr)
    return app.return_code or 0
