"""The person's consent: to one project on one engine, or to all projects below a folder."""

from __future__ import annotations

import os
from pathlib import Path

from pxtui import places
from pxtui.places import ProjectPlaces
from pxtui.project import Project, read_json, write_json

ANY_STEP = " any step"


def is_trusted(project: Project, engine: str, *, any_step: bool = False) -> bool:
    """Whether the person consented to this project on this engine (and to any step there)."""
    if engine + ANY_STEP * any_step in _engines(project.places):
        return True
    root = Path(os.path.realpath(project.root))
    return not any_step and any(
        root.is_relative_to(folder) and engine == trusted for folder, trusted in folders()
    )


def is_known(project: Project) -> bool:
    """Whether the person consented to this very project on any engine."""
    return bool(_engines(project.places))


def trust(project: Project, engine: str, *, any_step: bool = False) -> None:
    """Keep the person's consent."""
    given = {engine, engine + ANY_STEP * any_step}
    engines = sorted(given.union(_engines(project.places)))
    write_json(project.places.trust, {"engines": engines})


def _engines(places: ProjectPlaces) -> tuple[str, ...]:
    data = read_json(places.trust) or {}
    return tuple(map(str, data.get("engines", ())))


def folders() -> tuple[tuple[str, str], ...]:
    """Real paths of the folders with trusted projects, and the engine for which they are."""
    data = read_json(_file()) or {}
    return tuple((str(folder), str(engine)) for folder, engine in data.get("below", ()))


def trust_below(folder: Path, engine: str) -> None:
    """Keep the person's consent to whatever is below a folder, on this engine."""
    given = (os.path.realpath(folder), engine)
    write_json(_file(), {"below": sorted({given, *folders()})})


def forget_below(folder: Path) -> bool:
    """Take such a consent back, for all engines; whether there was one."""
    path, before = os.path.realpath(folder), folders()
    kept = [given for given in before if given[0] != path]
    write_json(_file(), {"below": kept})
    return len(kept) != len(before)


def _file() -> Path:
    return places.state_home() / "trust.json"
