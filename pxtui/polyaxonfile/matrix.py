"""Search spaces: what a sweep would try, by every distribution and algorithm of Polyaxon 0.x."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pxtui.polyaxonfile.path import Path
from pxtui.polyaxonfile.problems import Problem
from pxtui.polyaxonfile.source import Source


@dataclass(frozen=True, slots=True)
class Space:
    """What a sweep would try: its names, how it searches, and its trials."""

    names: tuple[str, ...]
    search: str
    """`grid`, `random`, `hyperband` or `bo`."""
    concurrency: int = 1
    total: int | None = None
    """How many trials there are; None where only results can tell."""

    def trials(self, limit: int) -> tuple[Mapping[str, Any], ...]:
        """The first trials: name → value, as templates see it (texts may be templates)."""
        raise NotImplementedError(limit)


def read(source: Source, matrix: Path, search: Path) -> tuple[Space | None, tuple[Problem, ...]]:
    """Read the matrix and the section that says how to search (both may be empty)."""
    return None, ()
