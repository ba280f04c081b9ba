"""The person's own editor on the polyaxonfile."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

TAKES_LINE = ("vi", "vim", "nvim", "nano", "emacs", "micro", "kak", "joe", "mcedit", "ne")
"""Editors that go to a line given as `+12`."""


def editor_command(file: Path, line: int) -> list[str]:
    """The editor that the environment names, vi if it names none, at a line where it can."""
    words = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi") or ["vi"]
    at = [f"+{line}"] if line > 1 and Path(words[0]).name in TAKES_LINE else []
    return [*words, *at, str(file)]
