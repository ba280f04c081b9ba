"""What the keys do with the values of the next run: change, add, take out, choose, write."""

from __future__ import annotations

from textual import on

from pxtui.events import Conflict
from pxtui.polyaxonfile.path import Path
from pxtui.polyaxonfile.secret import DOTS
from pxtui.ui.acting import ActingApp
from pxtui.ui.allowed import Addition
from pxtui.ui.dialogs.add import Add
from pxtui.ui.dialogs.choose import Choose
from pxtui.ui.panes.columns import TAKEN_OUT
from pxtui.ui.panes.next_run import NextRun
from pxtui.ui.panes.row_hint import listed


class ValueActions(ActingApp, inherit_bindings=False):
    """Edits of the working set; each is a call of the session."""

    @property
    def form(self) -> NextRun:
        """The pane of the values."""
        return self.body.query_one(NextRun)

    def action_undo(self) -> None:
        """Undo a change of a value."""
        self.session.undo()

    def action_redo(self) -> None:
        """Redo it."""
        self.session.redo()

    def action_save(self) -> None:
        """Write the changed values."""
        self.session.save()

    @on(NextRun.Reset)
    def _reset(self, event: NextRun.Reset) -> None:
        self.session.reset(event.path)

    @on(NextRun.Told)
    def _told_by_form(self, event: NextRun.Told) -> None:
        self.say(event.text, "warning")

    @on(NextRun.Edited)
    def _edited(self, event: NextRun.Edited) -> None:
        item, text = event.item, event.text
        if text is None:
            self._take_out(item.path, item.name)
        elif item.shared:
            self._ask_where(event, text)
        else:
            self.session.edit(item.path, text)

    def _take_out(self, path: Path, name: str) -> None:
        if path in self.form.columns.base:
            self.session.edit(path, None)
        else:
            self.session.reset(path)
        self.say(f"{name} is taken out of the next run", hint="u brings it back", stays=True)

    def _ask_where(self, event: NextRun.Edited, text: str) -> None:
        """A value that follows another: change that one, or give this one its own."""
        item, columns = event.item, self.form.columns
        others = [d.name for d in columns.declarations
                  if item.shared in (d.path, d.shared) and d.path != item.path]  # fmt: skip
        also = f"; this changes {listed(others)} too" if others else ""
        name = columns.name_at(item.shared) or ".".join(map(str, item.shared))
        choices = (
            ("own", f"only here: {item.name} gets its own value"),
            ("shared", f"at {name}, which it follows{also}"),
        )
        typed = DOTS if item.secret else text
        paths = {"own": item.path, "shared": item.shared}

        def chosen(choice: str | None) -> None:
            if choice:
                self.session.edit(paths[choice], text)
            else:
                self.say(f"{item.name}: {typed} was not taken", "warning")

        question = f"{item.name} has its value from another place. Where is {typed} to stand?"
        self.push_screen(Choose(question, choices, "own"), chosen)

    def action_add(self) -> None:
        """Type a value that the file does not have yet."""
        state = self.session.state
        if state.file_text is None or state.reading is None:
            self.say("there is no polyaxonfile to add a value to", "warning")
            return
        self.push_screen(Add(state.file_text, state.reading.declarations), self._added)

    def _added(self, new: Addition | None) -> None:
        if new is None:
            return
        self.form.seek(new.path)
        self.session.edit(new.path, new.text)
        told = f"{new.name} is added to the next run"
        self.say(told, hint="u takes it out, ctrl+s writes it", stays=True)

    def choose_sides(self, *, saving: bool) -> None:
        """Ask about each value that was changed here and in the file; the last answer saves."""
        conflicts = self.session.state.conflicts
        if conflicts and len(self.screen_stack) == 1:
            self._choose_side(conflicts, saving)

    def _choose_side(self, conflicts: tuple[Conflict, ...], saving: bool) -> None:
        one, *rest = conflicts
        self.form.go_to(one.path)
        choices = [
            ("mine", "yours", _said(one.mine, TAKEN_OUT)),
            ("theirs", "in the file now", _said(one.theirs, "nothing")),
            ("base", "before both", _said(one.base, "nothing")),
            ("later", "decide later", "nothing is written until then"),
        ]
        if one.base == DOTS:
            del choices[2]  # nobody but the file of then knows it
        more = f" · {len(rest)} more" if rest else ""

        def chosen(choice: str | None) -> None:
            if choice == "base":
                self.session.edit(one.path, one.base)
            elif choice in ("mine", "theirs"):
                self.session.settle(one.path, "mine" if choice == "mine" else "theirs")
            else:
                why = f"{one.name} was changed here and in the file: nothing is written yet"
                self.say(why, "warning", "! or ctrl+s asks again")
                return
            if rest:
                self._choose_side(tuple(rest), saving)
            elif saving:
                self.session.save()

        text = f"{one.name} was changed here and in the file. Which one is it?{more}"
        words = [(key, f"{label:<17}{said}") for key, label, said in choices]
        self.push_screen(Choose(text, words, "later"), chosen)


def _said(text: str | None, nothing: str) -> str:
    return nothing if text is None else text or "(empty)"
