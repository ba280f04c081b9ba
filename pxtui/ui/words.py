"""Times, sizes and states in the words of the screen."""

from __future__ import annotations

import time
from collections.abc import Iterable


def clock(at: float) -> str:
    """The time of day: `12:04:41`."""
    return time.strftime("%H:%M:%S", time.localtime(at))


def elapsed(seconds: float) -> str:
    """How long something goes on: `3:11`, `1:02:03`."""
    whole = max(0, int(seconds))
    hours, minutes = whole // 3600, whole % 3600 // 60
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def took(seconds: float) -> str:
    """How long something took: `0.9 s`, `41 s`, `3:11`."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    return f"{seconds:.0f} s" if seconds < 90 else elapsed(seconds)


def size(count: float) -> str:
    """Bytes: `812 B`, `1.9 MB`, `80 GB`."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000 or unit == "GB":
            break
        count /= 1000
    return f"{count:.0f} {unit}" if unit == "B" or count >= 10 else f"{count:.1f} {unit}"


def number(count: int, noun: str, many: str = "") -> str:
    """A number and its noun: `1 file`, `1,204 lines`."""
    return f"{count:,} {noun if count == 1 else many or noun + 's'}"


def differences(differs: Iterable[tuple[str, str]]) -> str:
    """What a run's values are where they are not the file's: `lr 0.01 epochs 20`."""
    return " ".join(f"{name} {text}" for name, text in differs)
