"""The question on leaving while runs go on."""

from __future__ import annotations

from collections.abc import Sequence

from pxtui.ui.dialogs.choose import Choose


def leaving(numbers: Sequence[int]) -> Choose:
    """Ask what becomes of the live runs; the default leaves them as they are."""
    one = len(numbers) == 1
    text = f"#{numbers[0]} is running" if one else f"{len(numbers)} runs are going"
    them = "it" if one else "them"
    choices = (
        ("leave", f"leave {them} running and quit"),
        ("stop", f"stop {them} and quit"),
        ("stay", "stay here"),
    )
    return Choose(text, choices, "leave")
