"""What the keys do with the polyaxonfile and with what the project needs."""

from __future__ import annotations

from textual import on

from pxtui.needs import Need
from pxtui.polyaxonfile.problems import Problem
from pxtui.ui.dialogs.choose import Choose
from pxtui.ui.editor import editor_command, run_editor
from pxtui.ui.log.errors import Spot
from pxtui.ui.log_actions import LogActions
from pxtui.ui.messages import Messages
from pxtui.ui.panes.file import File
from pxtui.ui.panes.file_view import FileView
from pxtui.ui.panes.gets import Gets
from pxtui.ui.panes.next_run import NextRun
from pxtui.ui.value_actions import ValueActions


class FileActions(ValueActions, LogActions, inherit_bindings=False):
    """Editor, problems, decisions."""

    _problem = 0
    """How often the next problem was asked for: what is to decide comes first, then the file."""

    async def action_edit(self) -> None:
        """Open the polyaxonfile in the person's editor, or what a traceback in the log names.

        What goes on goes on meanwhile.
        """
        text, spot = self.session.state.file_text, self.traceback()
        if spot is not None:
            named = spot.file.relative_to(self.session.root)
            self.say(f"{named}, line {spot.line}: as the traceback in the log says")
        elif text is None:
            self.say("there is no polyaxonfile to edit", "warning")
            return
        else:
            file, line = self._here(text.file)
            spot = Spot(self.session.root / file, line)
        self.terminal_lent = True
        try:
            trouble = await run_editor(self, editor_command(*spot))
        finally:
            self.terminal_lent = False
        if trouble:
            self.say(trouble, "error")
        self.session.reload()

    def _here(self, file: str) -> tuple[str, int]:
        """The file and the line under the cursor; else the first line of this file."""
        pane = self.body.focused()
        if isinstance(pane, File):
            return pane.file, pane.line
        if isinstance(pane, NextRun) and pane.on_disk is not None:
            return pane.on_disk.file, pane.on_disk.line
        return file, 1

    def action_problem(self) -> None:
        """Go to the next thing to decide, of the log's errors, or of the file's problems."""
        state, log = self.session.state, self.log_focused()
        to_decide = sum(not need.decided for need in state.needs)
        problems = len(state.reading.problems) if state.reading else 0
        if state.conflicts:
            self.choose_sides(saving=False)
            return
        if log is not None and not to_decide:
            log.next_error()
            return
        if to_decide + problems == 0:
            self.say("the file has no problems, and nothing is to decide")
            return
        at, self._problem = self._problem % (to_decide + problems), self._problem + 1
        if at < to_decide and self._next_need():
            return
        problem = self.screen_stack[0].query_one(Messages).next_problem()
        if problem is not None:
            self._go_to(problem)

    def _go_to(self, problem: Problem) -> None:
        """The line of the problem in the file, and the row of the form that it is about."""
        self.follows = False
        self.body.zoom(None)
        self.body.choose(File)
        row = self.form.columns.row_of(problem)
        if row is not None:
            self.form.go_to(row.path)
        self.body.query_one(File).go_to(problem)

    @on(FileView.Mend)
    def _mend(self) -> None:
        problem = self.body.query_one(File).problem
        if problem is None:
            self.say("no problem stands in this line", hint="e opens your editor here")
        elif problem.fix:
            self.session.edit_all(problem.fix)
            what = problem.hint or f"line {problem.line}"
            self.say(f"mended: {what}", hint="u undoes it, ctrl+s writes it", stays=True)
        elif (row := self.form.columns.row_of(problem)) is not None and row.editable:
            self.form.change(row.path)
        else:
            self.run_worker(self.action_edit())

    def _next_need(self) -> bool:
        self.body.zoom(None)
        return self.body.query_one(Gets).next_need()

    def decide(self, need: Need) -> None:
        """Ask what becomes of a need; Esc decides nothing, whatever the choices are called."""
        keys = {str(at): key for at, (key, _) in enumerate(need.choices)}
        words = [(str(at), text) for at, (_, text) in enumerate(need.choices)]
        default = next((at for at, key in keys.items() if key == need.decided), "0")
        self.push_screen(
            Choose(need.text, (*words, ("later", "decide later")), default),
            lambda choice: self._decided(need.id, keys.get(choice or "")),
        )

    def _decided(self, need: str, choice: str | None) -> None:
        if choice is not None:
            self.session.decide(need, choice)
