"""The question on leaving while runs go on or wait."""

from __future__ import annotations

from collections.abc import Sequence

from pxtui.ui import words
from pxtui.ui.dialogs.choose import Choose

STAY = ("stay", "stay here")


class Leaving(Choose):
    """The question; asked anew where another run is going meanwhile."""


def leaving(numbers: Sequence[int], waiting: int) -> Leaving:
    """Ask what becomes of live runs (the default leaves them); waiting ones are dropped."""
    dropped = f"{words.number(waiting, 'waiting run')} will be dropped"
    if not numbers:
        return Leaving(dropped, (("leave", "drop and quit"), STAY), STAY[0])
    one = len(numbers) == 1
    text = f"#{numbers[0]} is running" if one else f"{len(numbers)} runs are going"
    them = "it" if one else "them"
    choices = (
        ("leave", f"leave {them} running and quit"),
        ("stop", f"stop {them} and quit"),
        STAY,
    )
    return Leaving(f"{text}; {dropped}" if waiting else text, choices, "leave")
