"""What the keys do with the polyaxonfile and with what the project needs."""

from __future__ import annotations

from pxtui.needs import Need
from pxtui.ui.acting import ActingApp
from pxtui.ui.dialogs.choose import Choose
from pxtui.ui.editor import editor_command, run_editor
from pxtui.ui.messages import Messages
from pxtui.ui.panes.file import File
from pxtui.ui.panes.gets import Gets
from pxtui.ui.panes.next_run import Form


class FileActions(ActingApp, inherit_bindings=False):
    """Editor, undo, redo, save, problems, decisions."""

    _problem = 0
    """How often the next problem was asked for: what is to decide comes first, then the file."""

    async def action_edit(self) -> None:
        """Open the polyaxonfile in the person's editor; what goes on goes on meanwhile."""
        text = self.session.state.file_text
        if text is None:
            self.say("there is no polyaxonfile to edit", "warning")
            return
        form = self.screen_stack[0].query_one(Form)
        line = form.current.line if form.has_focus and form.current else 1
        self.terminal_lent = True
        try:
            trouble = await run_editor(self, editor_command(self.session.root / text.file, line))
        finally:
            self.terminal_lent = False
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
        """Go to the next thing to decide, or show the next problem of the file at its line."""
        state = self.session.state
        to_decide = sum(not need.decided for need in state.needs)
        problems = len(state.reading.problems) if state.reading else 0
        if to_decide + problems == 0:
            self.say("the file has no problems, and nothing is to decide")
            return
        at, self._problem = self._problem % (to_decide + problems), self._problem + 1
        if at < to_decide and self._next_need():
            return
        problem = self.screen_stack[0].query_one(Messages).next_problem()
        if problem is not None:
            self.follows = False
            self.body.choose(File)
            self.body.query_one(File).show_line(problem.line)

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
