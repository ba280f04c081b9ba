"""What the keys of the app do."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, cast

from textual.app import App
from textual.binding import BindingType

from pxtui.events import WatchMode
from pxtui.session import Session
from pxtui.ui import theme as themes
from pxtui.ui import words
from pxtui.ui.bound import commands, help_sections
from pxtui.ui.dialogs.choose import Choose
from pxtui.ui.dialogs.chord import WatchChord
from pxtui.ui.dialogs.help import Help
from pxtui.ui.dialogs.leaving import leaving
from pxtui.ui.dialogs.palette import Palette
from pxtui.ui.editor import editor_command, run_editor
from pxtui.ui.keys import ALIASES, BINDINGS
from pxtui.ui.layout import PANES, TABS, Body
from pxtui.ui.log_view import LogPart
from pxtui.ui.messages import Messages
from pxtui.ui.panes.file import File
from pxtui.ui.panes.next_run import Form
from pxtui.ui.panes.runs import Runs

LONG = 60.0
"""Seconds after which a job rings the bell at its end, and a run is not stopped unasked."""


class KeyedApp(App[int], inherit_bindings=False):
    """An app with the keys of `pxtui.ui.keys`; each is a call of the session, or of the body."""

    BINDINGS: ClassVar[list[BindingType]] = BINDINGS

    def __init__(self, session: Session, now: Callable[[], float]) -> None:
        super().__init__()
        self.session, self.now = session, now
        self.follows = True
        """The tab in front is the one where something happens, until the person chooses one."""
        self.in_editor = False

    @property
    def body(self) -> Body:
        """All panes."""
        return self.screen_stack[0].query_one(Body)

    def say(self, text: str, severity: str = "info", hint: str = "") -> None:
        """Say something in the first message line."""
        self.screen_stack[0].query_one(Messages).say(text, severity, hint)

    def action_run(self) -> None:
        """Run the values on screen."""
        self.follows = True
        self.session.run()

    def action_build(self) -> None:
        """Build the image."""
        self.follows = True
        self.session.build()

    def action_repeat(self) -> None:
        """Run again as the newest run."""
        self.follows = True
        self.session.repeat()

    def action_stop(self) -> None:
        """Stop what goes on, or take waiting runs back."""
        state = self.session.state
        if not state.runs:
            if state.building is not None:
                self.session.stop()
            elif state.queue:
                self.session.unqueue()
            else:
                self.say("nothing is running")
            return
        run = state.runs[-1]
        age = self.now() - run.started.at
        if run.deadline is not None:
            self.say(f"#{run.started.number} was asked to stop · S kills it now")
        elif age <= LONG:
            self.session.stop()
        else:
            text = f"Stop #{run.started.number}? It has run for {words.elapsed(age)}."
            choices = (("stop", "stop it"), ("keep", "let it run"))
            self._sure(text, choices, "stop", self.session.stop)

    def action_kill(self) -> None:
        """Kill the newest run."""
        if not self.session.state.runs:
            self.say("nothing is running")
            return
        run = self.session.state.runs[-1].started
        text = f"Kill #{run.number}? It gets no time to save anything."
        choices = (("kill", "kill it"), ("keep", "let it run"))
        self._sure(text, choices, "keep", self.session.kill)

    def _sure(
        self, text: str, choices: tuple[tuple[str, str], ...], default: str, act: Callable[[], None]
    ) -> None:
        """Ask, and act if the answer is the first choice."""
        done = choices[0][0]
        self.push_screen(
            Choose(text, choices, default), lambda choice: act() if choice == done else None
        )

    def action_watch(self) -> None:
        """Ask for the second key: off, build, build and run."""
        self.screen_stack[0].query_one(Messages).prompt(
            ("watch  ", "strong b"), ("w", "key b"), (" off  ", "soft"), ("b", "key b"),
            (" build  ", "soft"), ("r", "key b"), (" build and run", "soft"),
        )  # fmt: skip
        self.push_screen(WatchChord(), self._watch)

    def _watch(self, mode: str | None) -> None:
        self.screen_stack[0].query_one(Messages).prompt()
        if mode:
            self.session.watch(cast(WatchMode, mode))

    async def action_edit(self) -> None:
        """Open the polyaxonfile in the person's editor; what goes on goes on meanwhile."""
        text = self.session.state.file_text
        if text is None:
            self.say("there is no polyaxonfile to edit", "warning")
            return
        form = self.screen_stack[0].query_one(Form)
        line = form.current.line if form.has_focus and form.current else 1
        self.in_editor = True
        try:
            trouble = await run_editor(self, editor_command(self.session.root / text.file, line))
        finally:
            self.in_editor = False
        if trouble:
            self.say(trouble, "error")
        self.session.reload()

    def action_undo(self) -> None:
        """Undo a change of a value."""
        self.session.undo()

    def action_redo(self) -> None:
        """Redo it."""
        self.session.redo()

    def action_save(self) -> None:
        """Write the changed values."""
        self.session.save()

    def action_problem(self) -> None:
        """Show the next problem at its line."""
        problem = self.screen_stack[0].query_one(Messages).next_problem()
        if problem is None:
            self.say("the file has no problems")
            return
        self.follows = False
        self.body.choose(File)
        self.body.query_one(File).show_line(problem.line)

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
            target.focus()

    def action_tab(self, by: int) -> None:
        """The tab before, or the next one."""
        at = (TABS.index(self.body.tab) + by) % len(TABS)
        self.action_pane(TABS[at].NUMBER)

    def _log_shown(self) -> LogPart | None:
        part = next((part for part in self.body.query(LogPart) if part.is_on_screen), None)
        if part is None:
            self.say("no log is shown: 3 is the build's, 4 the run's")
        return part

    def action_find(self) -> None:
        """Type what to find in the log that is shown."""
        part = self._log_shown()
        if part is not None:
            part.ask()

    def action_next_match(self, by: int) -> None:
        """The next match in the log that is shown, or the one before."""
        part = self._log_shown()
        if part is not None and part.view.query_text:
            part.view.next_match(by)
            if not part.view.matches:
                self.say(f"nothing has {part.view.query_text}")
        elif part is not None:
            self.say("nothing is looked for: / finds a text")

    def action_zoom(self) -> None:
        """Give the focused pane the whole body, or share it again."""
        body = self.body
        body.zoom(None if body.zoomed else body.focused())

    def action_palette(self) -> None:
        """Type what to do."""
        found = commands(self, self.screen, ALIASES, themes.THEMES)
        self.push_screen(Palette(found), self._do)

    def _do(self, action: str | None) -> None:
        if action:
            self.call_later(self.run_action, action)

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
