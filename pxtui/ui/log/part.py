"""A log with all that belongs to it: the view, its foot, and the field for what to find."""

from __future__ import annotations

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical

from pxtui.logs.query import BadQuery, Query, problems_query
from pxtui.ui.field import Field
from pxtui.ui.log.finding import Finding
from pxtui.ui.log.foot import LogFoot
from pxtui.ui.log.selecting import SelectingView
from pxtui.ui.log.view import LogView

ERRORS = "an error"
"""What the foot calls that which is looked for by the key for errors."""


class LogPart(Vertical):
    """One log."""

    DEFAULT_CSS = """
    LogPart { height: 1fr; }
    LogPart Field { display: none; background: $px-band; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.view = SelectingView()
        self.finding = Finding(self.view)
        self.view.looked = self.finding.poll
        self._filters = False
        """The field is for the filter."""
        self._refused = False
        """What was typed last is no pattern, and it is said so."""

    def compose(self) -> ComposeResult:
        """View, foot, field."""
        yield self.view
        yield LogFoot(self.view, self.finding)
        yield Field(self._entered)

    def on_unmount(self) -> None:
        """Nothing is looked for any longer."""
        self.finding.close()

    @on(LogView.Changed)
    def _changed(self) -> None:
        self.query_one(LogFoot).refresh()

    @on(LogView.Around)
    def _around(self, event: LogView.Around) -> None:
        if self.finding.filtered:
            self.finding.around(event.by)
        else:
            self.post_message(LogView.Said("no filter: & shows only the lines with a text"))

    def ask(self, *, to_filter: bool = False) -> None:
        """Let the person type what to find, or what to show only."""
        field = self.query_one(Field)
        self._filters = to_filter
        field.value = ""
        field.placeholder = "show only lines with (! first: without)" if to_filter else "find"
        field.display, self.query_one(LogFoot).display = True, False
        self.screen.set_focus(field)

    def next_error(self) -> None:
        """Go to the next error; at first, where the end is followed, to the last one."""
        if self.finding.sought == ERRORS:
            self.finding.next(1)
        else:
            query = problems_query()
            query.typed = ERRORS
            self.finding.seek(query, -1 if self.view.follow else 1)

    async def _entered(self, typed: str) -> None:
        try:
            query = Query(typed, inverts=self._filters) if typed else None
        except BadQuery as error:
            self.post_message(LogView.Said(error.message, "warning", error.hint or ""))
            self._refused = True
            return
        self._close()
        if self._filters:
            self.finding.narrow(query) if query is not None else self.finding.stop_filter()
        elif query is not None:
            self.finding.seek(query)
        else:
            self.finding.stop_search()

    def _close(self) -> None:
        if self._refused:
            self._refused = False
            self.post_message(LogView.Said(""))
        field = self.query_one(Field)
        if field.display:
            field.display, self.query_one(LogFoot).display = False, True
            self.screen.set_focus(self.view)

    def leave_find(self) -> bool:
        """Leave the field, else what is selected, the search, the filter; whether there was any."""
        if self.query_one(Field).display:
            self._close()
        elif self.view.selection is not None:
            self.view.select(None)
        elif self.finding.sought:
            self.finding.stop_search()
        elif self.finding.filtered:
            self.finding.stop_filter()
        else:
            return False
        return True

    @on(Field.Blurred)
    def _blurred(self) -> None:
        field = self.query_one(Field)
        if self.screen.focused is field:
            return  # it was opened again before this was told
        field.display, self.query_one(LogFoot).display = False, True

    def takes(self, event: events.Key | events.Paste) -> bool:
        """Esc leaves the field, what was found, the filter."""
        return isinstance(event, events.Key) and event.key == "escape" and self.leave_find()
