"""What the keys do with the values of the next run: change, add, take out, choose, write."""

from __future__ import annotations

import asyncio
import contextlib
from typing import cast

from textual import on

from pxtui.events import Conflict
from pxtui.polyaxonfile.path import Path
from pxtui.polyaxonfile.reading import Declaration
from pxtui.polyaxonfile.secret import DOTS
from pxtui.session.edits import Side
from pxtui.ui.acting import ActingApp
from pxtui.ui.allowed import Addition
from pxtui.ui.dialogs.add import Add
from pxtui.ui.dialogs.choose import Choose
from pxtui.ui.panes.columns import TAKEN_OUT
from pxtui.ui.panes.next_run import NextRun
from pxtui.ui.panes.row_hint import listed

PATIENCE = 2.0
"""Seconds that the keys wait for the session to take a choice."""
AGAIN = "again"
SIDES: tuple[Side, ...] = ("mine", "theirs", "base")


class ValueActions(ActingApp, inherit_bindings=False):
    """Edits of the working set; each is a call of the session."""

    _choosing: tuple[Choose, Conflict] | None = None
    """The dialog that asks for a side, and the conflict that it shows."""

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

    def put_back(self, path: Path) -> None:
        """Take a value back to what the file says."""
        self.session.reset(path)

    @on(NextRun.Told)
    def _told_by_form(self, event: NextRun.Told) -> None:
        self.say(event.text, "warning")

    def edited(self, item: Declaration, text: str | None) -> None:
        """Take what was typed into the next run; a value that follows another is asked about."""
        if text is None:
            self._take_out(item.path, item.name)
        elif item.shared:
            self._ask_where(item, text)
        else:
            self.session.edit(item.path, text)

    def _take_out(self, path: Path, name: str) -> None:
        if any(p[: len(path)] == path for p in self.form.columns.base):  # a list has rows below
            self.session.edit(path, None)
        else:
            self.session.reset(path)
        self.say(f"{name} is taken out of the next run", hint="u brings it back", stays=True)

    def _ask_where(self, item: Declaration, text: str) -> None:
        """A value that follows another: change that one, or give this one its own."""
        columns = self.form.columns
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
        if self.session.state.conflicts and len(self.screen_stack) == 1:
            self._choose_side(saving)

    def follow_conflicts(self) -> None:
        """Ask anew where the texts that are asked about are not those of the file any more."""
        if self._choosing is not None:
            dialog, shown = self._choosing
            if shown.number not in {c.number for c in self.session.state.conflicts}:
                dialog.dismiss(AGAIN)

    def _choose_side(self, saving: bool, said: str = "") -> None:
        one, *rest = self.session.state.conflicts
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

        text = f"{said}{one.name} was changed here and in the file. Which one is it?{more}"
        words = [(key, f"{label:<17}{shown}") for key, label, shown in choices]
        dialog = Choose(text, words, "later")
        self._choosing = (dialog, one)
        self.push_screen(dialog, lambda choice: self._side_chosen(one, choice, saving))

    async def _side_chosen(self, one: Conflict, choice: str | None, saving: bool) -> None:
        """Take it; what is still to choose is what the session says after that."""
        self._choosing = None
        texts = dict(zip(SIDES, (one.mine, one.theirs, one.base), strict=True))
        if choice in texts:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PATIENCE):
                    await self.session.settle(one, choice)
        elif choice != AGAIN:
            why = f"{one.name} was changed here and in the file: nothing is written yet"
            self.say(why, "warning", "! or ctrl+s asks again")
            return
        left = self.session.state.conflicts
        if left:
            again = any(c.path == one.path for c in left)
            self._choose_side(saving, "The file was changed again. " if again else "")
        elif choice == AGAIN:
            self.say(f"{one.name} is the same here and in the file now", hint="ctrl+s writes")
        elif saving:
            self.session.save()
        else:
            stands = _said(texts[cast(Side, choice)], "nothing")
            self.say(f"{one.name}: {stands} stands", "good", "ctrl+s writes it")


def _said(text: str | None, nothing: str) -> str:
    return nothing if text is None else text or "(empty)"
