"""The command of a run as Polyaxon made it: one clean line for `bash -c`."""

from __future__ import annotations

from collections.abc import Iterable


def sanitised(command: str) -> str:
    """Join a command into one line; backslashes at the ends of words are line continuations."""
    words = (word.strip("\\") for word in command.split())
    return " ".join(word for word in words if word)


def joined(commands: Iterable[str]) -> str:
    """Make one line of several commands, of which each runs only if the one before succeeded."""
    return " && ".join(line for line in map(sanitised, commands) if line)


def loses_lines(command: str) -> bool:
    """Whether lines that the author wrote as commands of their own become one command."""
    lines = [line.strip() for line in command.splitlines() if line.strip()]
    return any(not line.endswith("\\") for line in lines[:-1])
