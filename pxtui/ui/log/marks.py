"""The rules that a person draws in a log: after which lines, kept beside the log."""

from __future__ import annotations

import os
from pathlib import Path

FILE = "marks"
MOST = 10_000
"""Marks of one log that are read."""


def read(folder: Path | None) -> dict[int, float]:
    """After which lines (the first is 0) a mark stands, and when it was made."""
    marks: dict[int, float] = {}
    if folder is None:
        return marks
    try:
        with (folder / FILE).open(encoding="utf-8", errors="replace") as file:
            rows = [row for row, _ in zip(file, range(MOST), strict=False)]
    except OSError:
        return marks
    for row in rows:
        number, _, time = row.strip().partition(" ")
        if number.isdecimal() and len(number) < 16 and time.isdecimal() and len(time) < 12:
            marks[int(number)] = float(time)
    return marks


def add(folder: Path, number: int, time: float) -> None:
    """Keep one more; OSError where that cannot be."""
    fd = os.open(folder / FILE, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(fd, f"{number} {time:.0f}\n".encode())
    finally:
        os.close(fd)
