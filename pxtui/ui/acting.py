"""What all that the keys do goes through: the session, the panes, a word or a question."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pxtui.session import Session
from pxtui.ui.dialogs.choose import Choose
from pxtui.ui.layout import Body
from pxtui.ui.listed import ListedRun, listed_runs
from pxtui.ui.messages import Messages
from pxtui.ui.ordered import OrderedApp
from pxtui.ui.panes.run import Run
from pxtui.ui.panes.runs import Runs


class ActingApp(OrderedApp, inherit_bindings=False):
    """An app on a session."""

    def __init__(self, session: Session, now: Callable[[], float]) -> None:
        super().__init__()
        self.session, self.now = session, now
        self.follows = True
        """The tab in front is the one where something happens, until the person chooses one."""
        self.terminal_lent = False
        """An editor or a run has the terminal."""

    @property
    def body(self) -> Body:
        """All panes."""
        return self.screen_stack[0].query_one(Body)

    def say(
        self, text: str, severity: str = "info", hint: str = "", *, stays: bool = False
    ) -> None:
        """Say something in the first message line, see `Messages.say`."""
        self.screen_stack[0].query_one(Messages).say(text, severity, hint, stays=stays)

    def sure(
        self,
        text: str,
        choices: tuple[tuple[str, str], ...],
        default: str,
        act: Callable[[], None],
        facts: Sequence[tuple[str, str]] = (),
        is_asked: Callable[[], bool] = lambda: True,
    ) -> None:
        """Ask, and act if the answer is the first choice."""
        done = choices[0][0]
        self.push_screen(
            Choose(text, choices, default, facts, is_asked=is_asked),
            lambda choice: act() if choice == done else None,
        )

    @property
    def under_cursor(self) -> ListedRun | None:
        """The run under the cursor, while the keys go to Runs."""
        pane = self.body.focused()
        return pane.selected if isinstance(pane, Runs) else None

    @property
    def meant(self) -> ListedRun | None:
        """The run under the cursor, else the one whose log stands in Run."""
        shown = self.body.query_one(Run).shown
        runs = listed_runs(self.session.state)
        return self.under_cursor or next((run for run in runs if run.id == shown != ""), None)
