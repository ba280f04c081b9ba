"""The builds of a project on disk: one `builds/<id>.json` each, written at its end."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from pxtui.image.reason import Made, Part
from pxtui.places import ProjectPlaces, write_private

KEPT = 20
"""Builds whose records and logs are kept."""
_V = 1


@dataclass(frozen=True, slots=True)
class BuiltStep:
    """One instruction of a build, as it ended."""

    index: int
    text: str
    state: str
    """done, failed or stopped; what was never reached has no step."""
    cached: bool
    seconds: float | None
    why: str = ""
    size: int | None = None
    usual: float | None = None
    """What was usual until then: steps that take long are seldom built."""


@dataclass(frozen=True, slots=True)
class BuildRecord:
    """All that is kept of one build beside its log."""

    id: str
    engine: str
    """Id of the engine it was built on; empty: not known."""
    cause: str
    started: float
    seconds: float
    outcome: str
    exit_code: int | None
    message: str
    image: str
    made: Made
    """What the image is made of, or was to be."""
    steps: tuple[BuiltStep, ...]

    @property
    def is_good(self) -> bool:
        """Whether there is an image of it."""
        return self.outcome in ("done", "skipped")

    def step(self, index: int) -> BuiltStep | None:
        """How this instruction ended; None: it was not reached."""
        return next((step for step in self.steps if step.index == index), None)


def write(places: ProjectPlaces, record: BuildRecord) -> None:
    """Keep a record, whole or not at all."""
    data = json.dumps({"v": _V, **asdict(record)})
    write_private(_folder(places) / f"{record.id}.json", data.encode())


def read(path: Path) -> BuildRecord | None:
    """The record in this file; None if there is none that this version can read."""
    try:
        data: dict[str, Any] = json.loads(path.read_bytes())
        if data.pop("v") != _V:
            return None
        parts = data.pop("made")["parts"]
        made = Made(tuple(Part(str(p["kind"]), str(p["name"]), str(p["mark"])) for p in parts))
        steps = tuple(BuiltStep(**{**s, "text": str(s["text"])}) for s in data.pop("steps"))
        data["started"] = float(data["started"])
        return BuildRecord(made=made, steps=steps, **data)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


class Earlier:
    """The records of a project, oldest first; what was read once is not read again."""

    def __init__(self, places: ProjectPlaces) -> None:
        self._places = places
        self._known: dict[str, BuildRecord | None] = {}

    def look(self) -> tuple[BuildRecord, ...]:
        """All that there are now, of whatever pxtui."""
        paths = []
        with contextlib.suppress(OSError):
            paths = list(_records(self._places))
        self._known = {
            path.name: self._known[path.name] if path.name in self._known else read(path)
            for path in paths
        }
        found = (record for record in self._known.values() if record is not None)
        # ids tell no order within a second
        return tuple(sorted(found, key=lambda record: record.started))


def usual(records: Iterable[BuildRecord]) -> dict[str, float]:
    """Seconds that steps usually take, by their text: the median of when they were really built.

    Where that was before all these records, they still know what was usual then.
    """
    seconds: dict[str, list[float]] = {}
    known: dict[str, float] = {}
    for record in records:
        for step in record.steps:
            is_built = step.state == "done" and not step.cached
            if is_built and isinstance(step.seconds, int | float):
                seconds.setdefault(step.text, []).append(step.seconds)
            elif isinstance(step.usual, int | float):
                known[step.text] = step.usual
    return known | {text: median(times) for text, times in seconds.items()}


def newest_good(records: Iterable[BuildRecord]) -> BuildRecord | None:
    """The one that built the newest image; one that only found its image, if none built any."""
    good = [record for record in records if record.is_good]
    return max(good, key=lambda record: (record.outcome == "done", record.started), default=None)


def prune(places: ProjectPlaces, records: Sequence[BuildRecord]) -> None:
    """Remove the oldest logs and records, but not the newest good ones of an engine.

    `records` are those that there are, oldest first.
    """
    needed = _needed(records)
    with contextlib.suppress(OSError):
        folders = sorted(path for path in _folder(places).iterdir() if path.is_dir())
        for folder in folders[:-KEPT]:
            if folder.name not in needed:
                shutil.rmtree(folder, ignore_errors=True)
        for path in list(_records(places))[:-KEPT]:
            if path.stem not in needed:
                path.unlink()


def _needed(records: Sequence[BuildRecord]) -> set[str]:
    """Ids of each engine's newest good builds: what the next one is compared with and told of."""
    needed = set[str]()
    for engine in {record.engine for record in records}:
        good = [record for record in records if record.engine == engine and record.is_good]
        built = newest_good(good)
        needed |= {record.id for record in (*good[-1:], built) if record is not None}
    return needed


def _folder(places: ProjectPlaces) -> Path:
    return places.home / "builds"


def _records(places: ProjectPlaces) -> Iterator[Path]:
    yield from sorted(_folder(places).glob("[!.]*.json"))
