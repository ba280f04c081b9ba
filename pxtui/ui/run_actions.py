"""What the keys do that build, run and stop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from pxtui.events import OnBusy, WatchMode
from pxtui.logs.text import clean_line
from pxtui.session.before import step_to_enter
from pxtui.state import Run
from pxtui.ui import words
from pxtui.ui.acting import ActingApp
from pxtui.ui.dialogs.choose import Choose
from pxtui.ui.dialogs.chord import WatchChord
from pxtui.ui.draw import cut
from pxtui.ui.messages import Messages
from pxtui.ui.prospect import asks_first, hindrance, run_follows
from pxtui.ui.run_here import child_command, run_command, run_here
from pxtui.ui.told import WHILE_BUSY

LONG = 60.0
"""Seconds after which a job rings the bell at its end, and a run is not stopped unasked."""


class RunActions(ActingApp, inherit_bindings=False):
    """Building, running, stopping, watching."""

    def action_run(self) -> None:
        """Run the values on screen."""
        self.follows = True
        if run_follows(self.session.state):
            self.say("a run follows this build already: it takes the values and code of its end")
        self.session.run()

    def action_build(self) -> None:
        """Build the image."""
        self.follows = True
        self.session.build()

    def action_repeat(self) -> None:
        """Run again as the run under the cursor, or as the newest."""
        chosen = self.under_cursor
        if chosen is not None and not chosen.id:
            self.say(f"{chosen.name} waits already")
            return
        self.follows = True
        self.session.repeat(chosen.id if chosen is not None else None)

    async def action_run_here(self) -> None:
        """Run in this terminal; what goes on goes on meanwhile."""
        state = self.session.state
        why = hindrance(state)
        if why or state.engine is None:
            self.say(why or "the engine has not answered yet", "warning")
            return
        if asks_first(state):
            self.say("nothing was run here yet", hint="r shows what will be done and asks once")
            return
        await self._lend(child_command(self.session.root, state))
        self.session.reload()

    async def action_attach(self) -> None:
        """The terminal of a live run, to answer what it asks."""
        run, state = self._live(), self.session.state
        if run is None:
            self.say("no run is going")
        elif not any(label == "terminal" for label, _ in run.got):
            self.say(
                f"#{run.started.number} has no terminal",
                hint="tty = true gives the runs one, R runs in this one",
            )
        elif self._has_containers():
            command = run_command(self.session.root, state, "attach", run.started.number)
            await self._lend(command, "terminal", stays=False)

    def _has_containers(self) -> bool:
        engine = self.session.state.engine
        if engine is not None and engine.ok and engine.isolated:
            return True
        self.say("this needs a container engine", "warning")
        return False

    async def action_shell(self) -> None:
        """A shell in the container of a live run, else before the step that failed."""
        run = self._live()
        if run is None:
            await self._shell_before()
        elif self._has_containers():
            state, number = self.session.state, run.started.number
            command = run_command(self.session.root, state, "shell", number)
            await self._lend(command, "shell", stays=False)

    async def _shell_before(self) -> None:
        state = self.session.state
        step = step_to_enter(state)
        if step is None:
            self.say("no run is going, and no step of the newest build failed")
        elif self._has_containers():
            what = ("build", f"--shell-before={step.index}")
            command = child_command(self.session.root, state, what)
            await self._lend(command, "shell", stays=False)

    async def _lend(self, command: Sequence[str], what: str = "run", *, stays: bool = True) -> None:
        """Let a command have the terminal, and say how it ended."""
        self.terminal_lent = True
        try:
            trouble = await run_here(self, command, what, stays=stays)
        finally:
            self.terminal_lent = False
        self.say(*trouble)

    def action_stop(self) -> None:
        """Stop the run under the cursor or the newest, else what goes on, else what waits."""
        state, chosen = self.session.state, self.under_cursor
        run = self._live()
        if chosen is not None and chosen.wait:
            self.session.unqueue(chosen.wait)
        elif run is not None:
            self._stop(run)
        elif state.building is not None:
            self.session.stop()
        elif state.queue:
            self.session.unqueue()
        else:
            self.say("nothing is running")

    def _live(self) -> Run | None:
        """The live run under the cursor, else the newest."""
        runs, chosen = self.session.state.runs, self.under_cursor
        here = [run for run in runs if chosen is not None and run.started.id == chosen.id]
        return next(reversed(here or runs), None)

    def _goes_on(self, run: Run) -> bool:
        return any(live.started.id == run.started.id for live in self.session.state.runs)

    def _stop(self, run: Run) -> None:
        number, age = run.started.number, self.now() - run.started.at
        if run.deadline is not None:
            self.say(f"#{number} was asked to stop · S kills it now")
        elif age <= LONG:
            self.session.stop(run.started.id)
        else:
            text = f"Stop #{number}? It has run for {words.elapsed(age)}."
            choices = (("stop", "stop it"), ("keep", "let it run"))
            stop = lambda: self.session.stop(run.started.id)  # noqa: E731
            self.sure(text, choices, "stop", stop, is_asked=lambda: self._goes_on(run))

    def action_kill(self) -> None:
        """Kill the run under the cursor, or the newest."""
        run = self._live()
        if run is None:
            self.say("nothing is running")
            return
        text = f"Kill #{run.started.number}? It gets no time to save anything."
        choices = (("kill", "kill it"), ("keep", "let it run"))
        kill = lambda: self.session.kill(run.started.id)  # noqa: E731
        self.sure(text, choices, "keep", kill, is_asked=lambda: self._goes_on(run))

    def action_watch(self) -> None:
        """Ask for the second key: off, build, build and run; pause, leave out, while a run goes."""
        state = self.session.state
        keys = [("w", "off"), ("b", "build"), ("r", "build and run")]
        if state.watching.mode != "off":
            keys += [("p", "pause" if state.held is None else "go on")]
        if state.held is not None and state.held.path:
            keys += [("i", f"leave {cut(clean_line(state.held.path), 30)} out")]
        keys += [("o", "while a run goes")]
        words = [part for key, name in keys for part in ((key, "key b"), (f" {name}  ", "soft"))]
        self.screen_stack[0].query_one(Messages).prompt(("watch  ", "strong b"), *words)
        self.push_screen(WatchChord(), self._watch)

    def _watch(self, choice: str | None) -> None:
        self.screen_stack[0].query_one(Messages).prompt()
        state = self.session.state
        match choice:
            case None:
                pass
            case "pause" if state.watching.mode == "off":
                self.say("the watch is off")
            case "pause":
                self.session.pause()
            case "ignore":
                self.session.pause(leave_out=True)
            case "on-busy":
                choices = tuple((key, text) for key, text in WHILE_BUSY.items())
                self.push_screen(
                    Choose("A change while a run is going", choices, state.watching.on_busy),
                    self._on_busy,
                )
            case mode:
                self.session.watch(cast(WatchMode, mode))

    def _on_busy(self, choice: str | None) -> None:
        if choice is not None:
            self.session.watch(self.session.state.watching.mode, cast(OnBusy, choice))
