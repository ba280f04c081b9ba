"""What the keys do with one run of the list: look into it, take it up, name it, hand it on."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys

from pxtui.logs.text import clean_line
from pxtui.ui import sharing, words
from pxtui.ui.acting import ActingApp
from pxtui.ui.copying import copy
from pxtui.ui.dialogs.inspect import Inspect, details
from pxtui.ui.dialogs.label import Label
from pxtui.ui.dialogs.share import Share
from pxtui.ui.listed import ListedRun
from pxtui.ui.panes.next_run import NextRun

KEEP = ("keep", "keep it")


class ListActions(ActingApp, inherit_bindings=False):
    """Inspect, load, star, label, outputs, remove, share."""

    def _started(self) -> ListedRun | None:
        """The run that is meant, if it has started."""
        run = self.meant
        if run is None:
            self.say("there are no runs yet")
        elif not run.id:
            self.say(f"{run.name} has not started yet", hint="s takes it back")
            return None
        return run

    def action_inspect(self) -> None:
        """Show everything that is known of a run."""
        run = self.meant
        if run is None:
            self.say("there are no runs yet")
        else:
            self.push_screen(Inspect(run.name, details(self.session.state, run)))

    def action_load(self) -> None:
        """Take the values of a run into the form."""
        if run := self._started():
            self.session.load(run.id)

    def action_star(self) -> None:
        """Star a run, or take its star away."""
        if run := self._started():
            self.session.mark(run.id, starred=not run.starred)

    def action_label(self) -> None:
        """Name a run."""
        if run := self._started():
            dialog = Label(run.name, run.label)
            self.push_screen(dialog, lambda label: self._labelled(run.id, label))

    def _labelled(self, run: str, label: str | None) -> None:
        if label is not None:
            self.session.mark(run, label=label.strip())

    def action_outputs(self) -> None:
        """Open the folder of what a run wrote, or say where it is."""
        run = self._started()
        if run is None:
            return
        if not run.outputs:
            self.say(f"{run.name} has written nothing" + (" yet" if run.is_live else ""))
            return
        self.run_worker(self._open(run.outputs))

    async def _open(self, folder: str) -> None:
        opener = _opener()
        if opener is None:
            self.say(f"{clean_line(folder)} · {await copy(self, folder)}", "good")
            return
        quiet = asyncio.subprocess.DEVNULL
        try:
            opened = await asyncio.create_subprocess_exec(
                opener, folder, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True
            )
            trouble = f"exit code {code}" if (code := await opened.wait()) else ""
        except OSError as error:
            trouble = str(error.strerror)
        if trouble:
            name = opener.rpartition("/")[2]
            self.say(f"{name}: {trouble}", "warning", f"the folder is {clean_line(folder)}")

    def action_remove(self) -> None:
        """Take out a value, or remove a run with its log and outputs; a starred one twice asked."""
        pane = self.body.focused()
        if isinstance(pane, NextRun):
            pane.take_out()
            return
        run = self.under_cursor
        if run is None:
            self.say("choose the run to remove in Runs", hint="6 goes there")
        elif run.wait:
            self.session.unqueue(run.wait)
        elif run.is_live:
            self.say(f"{run.name} has not ended: s stops it")
        else:
            self._remove(run)

    def _remove(self, run: ListedRun) -> None:
        what = f"{words.size(run.outputs_size)} of outputs" if run.outputs_size else "outputs"
        facts = [("label", run.label)] if run.label else []
        facts += [("outputs", run.outputs)] if run.outputs else []

        def remove() -> None:
            self.session.remove(run.id)

        def again() -> None:
            text = f"{run.name} is starred. Really remove it for good?"
            self.sure(text, (("remove", "remove the starred run"), KEEP), "keep", remove)

        text = f"Remove {run.name} with its log and {what}?"
        if run.starred:
            text = f"{run.name} is starred ★. {text}"
        choices = (("remove", "remove it"), KEEP)
        self.sure(text, choices, "keep", again if run.starred else remove, facts)

    def action_share(self) -> None:
        """Choose a form of a run, or of the next one, and copy it."""
        run = self.under_cursor
        if run is not None and not run.id:
            self.say(f"{run.name} has not started yet")
        else:
            self.run_worker(self._share(run), group="share", exclusive=True)

    async def _share(self, run: ListedRun | None) -> None:
        shared = await sharing.gather(self.session, run)
        if shared is None:
            why = f"what {run.name} ran" if run else "the polyaxonfile"
            self.say(f"there is nothing to share: {why} cannot be read", "warning")
            return
        name = run.name if run else "the next run"
        engine = self.session.state.engine
        forms = sharing.forms(shared, in_container=engine is None or engine.isolated)
        self.push_screen(Share(f"Copy {name}", forms), self._taken)

    def _taken(self, text: str | None) -> None:
        if text:
            self.run_worker(self._copy(text))

    async def _copy(self, text: str) -> None:
        self.say(await copy(self, text), "good")


def _opener() -> str | None:
    """What opens a folder where the person can see it."""
    if sys.platform == "darwin":
        return None if os.environ.get("SSH_CONNECTION") else shutil.which("open")
    shown = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    return shutil.which("xdg-open") if shown else None
