"""Which file of the project a traceback in the log leads to."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from pxtui import places
from pxtui.logs.frames import frame_of, frames_near
from pxtui.run import WORKDIR
from pxtui.ui.log.selecting import SelectingView

AROUND = 200
"""Lines above and below that are looked through."""
_OTHERS = ("site-packages", "dist-packages", "node_modules")
"""Folders that hold what others wrote."""
_CODE = "code"
"""The folder of a local run or environment that holds its copy of the project."""


class Spot(NamedTuple):
    """A line of a file of the project."""

    file: Path
    line: int


def spot_near(texts: Sequence[str], at: int, root: Path) -> Spot | None:
    """The place in the project that the traceback around a line names; None if none does."""
    for frame in frames_near(texts, at):
        file = in_project(frame.file, root)
        if file is not None:
            return Spot(file, frame.line)
    return None


def spot_of(view: SelectingView, root: Path) -> Spot | None:
    """The place that the traceback at the cursor leads to, at what was found, or the last seen."""
    seen = [number for number, _ in view.place.screen()]
    line = view.selection.cursor.line if view.selection is not None else view.here
    if line not in seen:
        frames = (n for n in reversed(seen) if frame_of(view.text(n)) is not None)
        line = next(frames, -1)
    if line < 0:
        return None
    first = max(0, line - AROUND)
    texts = [line.text for line in view.lines.get(first, 2 * AROUND)]
    return spot_near(texts, line - first, root) if line - first < len(texts) else None


def in_project(named: str, root: Path) -> Path | None:
    """The project's file that a run names so, by its path in the container or in its own copy."""
    path = Path(os.path.normpath(named))
    inside = _inside(path, root)
    if inside is None or any(part in _OTHERS for part in inside.parts):
        return None
    file = root / inside
    try:
        real = file.resolve(strict=True)
        return file if real.is_file() and real.is_relative_to(root.resolve()) else None
    except (OSError, ValueError, RuntimeError):  # no such file, a name that cannot be, a loop
        return None


def _inside(path: Path, root: Path) -> Path | None:
    """The path below the project's folder."""
    if not path.is_absolute():
        return path
    for home in (WORKDIR, root, root.resolve()):
        if path.is_relative_to(home):
            return path.relative_to(home)
    for home in (places.state_home(), places.cache_home()):
        if path.is_relative_to(home) and _CODE in (parts := path.relative_to(home).parts):
            return Path(*parts[parts.index(_CODE) + 1 :])
    return None
