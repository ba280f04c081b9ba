"""What the keys do with the log that is shown: find, filter, errors, save; and with the mouse."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from pxtui.session import threads
from pxtui.ui import words
from pxtui.ui.acting import ActingApp
from pxtui.ui.dialogs.save_log import SaveLog, Saving, short, suggested
from pxtui.ui.listed import listed_runs
from pxtui.ui.log import texts
from pxtui.ui.log.errors import Spot, spot_of
from pxtui.ui.log.part import LogPart
from pxtui.ui.log.shown import SomeLines
from pxtui.ui.mouse import handed_over
from pxtui.ui.panes.run import Run


class LogActions(ActingApp, inherit_bindings=False):
    """Find, filter, next error, save, free the mouse."""

    def _log_shown(self) -> LogPart | None:
        part = next((part for part in self.body.query(LogPart) if part.is_on_screen), None)
        if part is None:
            self.say("no log is shown: 3 is the build's, 4 the run's")
        return part

    def log_focused(self) -> LogPart | None:
        """The log that has the keys."""
        above = self.focused.ancestors if self.focused is not None else ()
        return next((node for node in above if isinstance(node, LogPart)), None)

    def action_find(self) -> None:
        """Type what to find in the log that is shown."""
        part = self._log_shown()
        if part is not None:
            part.ask()

    def action_filter(self) -> None:
        """Type what the log that is shown is to show only."""
        part = self._log_shown()
        if part is not None:
            part.ask(to_filter=True)

    def action_next_match(self, by: int) -> None:
        """The next match in the log that is shown, or the one before."""
        part = self._log_shown()
        if part is not None and part.finding.sought:
            part.finding.next(by)
        elif part is not None:
            self.say("nothing is looked for: / finds a text")

    def traceback(self) -> Spot | None:
        """The place in the project that a traceback in the log with the keys leads to."""
        part = self.log_focused()
        return spot_of(part.view, self.session.root) if part is not None else None

    def action_mouse(self) -> None:
        """Leave the mouse to the terminal, or take it back."""
        given = handed_over(self)
        if given is None:
            self.say("the mouse cannot be freed in this terminal", "warning")
        elif given:
            self.say("the mouse is the terminal's now", hint="M takes it back", stays=True)
        else:
            self.say("the mouse is pxtui's again", hint="M frees it for the terminal")

    def action_save_log(self) -> None:
        """Ask where the log that is shown is to be written."""
        part = self._log_shown()
        if part is None or part.view.folder is None or not part.view.lines.total:
            if part is not None:
                self.say("there is no log to write yet")
            return
        shown, total = part.view.place.shown, words.number(part.view.lines.total, "line")
        forms = [("whole", f"the whole log as text, {total}"), ("bytes", "its bytes as they came")]
        if isinstance(shown, SomeLines):
            some = words.number(shown.count, "line")
            forms.insert(0, ("shown", f"what the filter shows, {some}"))
        root = self.session.root
        places = self.session.project.places
        path = suggested(f"{self._log_name(part)}.log", root, places.home)
        dialog = SaveLog(f"Write the log of {path.stem} to a file", path, forms, root)
        self.push_screen(dialog, lambda saving: self._save(part, saving))

    def _log_name(self, part: LogPart) -> str:
        state = self.session.state
        name = (state.resolved.project if state.resolved else None) or self.session.root.name
        project = re.sub(r"[^\w.-]+", "-", name).lstrip(".-") or "pxtui"
        pane = self.body.query_one(Run)
        if part is not pane.log_part:
            return f"{project}-build"
        runs = listed_runs(state)
        number = next((str(run.number) for run in runs if run.id == pane.shown), "")
        return f"{project}-run-{number}" if number else f"{project}-run"

    def _save(self, part: LogPart, saving: Saving | None) -> None:
        if saving is None or part.view.folder is None:
            return
        lines, shown = part.view.lines, part.view.place.shown
        pieces: Iterable[bytes] = texts.whole(lines)
        if saving.form == "bytes":
            pieces = texts.as_it_came(part.view.folder)
        elif saving.form == "shown" and isinstance(shown, SomeLines):
            pieces = texts.ended_by_newlines(texts.only(lines, shown.numbers[: shown.count]))
        self.say(f"writing {short(saving.path)} …")
        self.run_worker(self._write(saving.path, pieces, replace=saving.replace))

    async def _write(self, path: Path, pieces: Iterable[bytes], *, replace: bool) -> None:
        try:
            size = await threads.in_thread(
                "save log", lambda: texts.save(path, pieces, replace=replace)
            )
        except OSError as error:
            self.say(f"not written: {error.strerror or error} · {short(path)}", "error")
        else:
            self.say(f"wrote {words.size(size)} to {short(path)}", "good")
