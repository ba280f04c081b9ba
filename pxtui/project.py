"""One project's files: find and read the polyaxonfile, keep drafts and decisions."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pxtui import saving
from pxtui.places import ProjectPlaces, usable, write_private
from pxtui.polyaxonfile.path import Path as PlaceInFile
from pxtui.polyaxonfile.problems import PolyaxonfileError, Problem
from pxtui.polyaxonfile.source import Version

NAMES = tuple(
    f"{name}.{extension}"
    for name in ("polyaxonfile", "polyaxon", "polyaxonci", "polyaxon-ci", "polyaxon.ci")
    for extension in ("yml", "yaml", "json")
)
"""Names that are looked for in a folder, the first that exists is taken."""


@dataclass(frozen=True, slots=True)
class Project:
    """A folder, its polyaxonfile, and where pxtui keeps what belongs to it."""

    root: Path
    file: Path
    places: ProjectPlaces
    over: tuple[Path, ...] = ()
    """Further polyaxonfiles, laid over `file` one after the other."""
    era: str = ""
    """The era to read them as; empty: the one that they are written in."""

    @property
    def files(self) -> tuple[Path, ...]:
        """The polyaxonfile, and what is laid over it."""
        return (self.file, *self.over)

    @property
    def shown_file(self) -> str:
        """The polyaxonfile as a person names it."""
        return self._shown(self.file)

    @property
    def shown_files(self) -> tuple[str, ...]:
        """All of `files` as a person names them."""
        return tuple(map(self._shown, self.files))

    def _shown(self, file: Path) -> str:
        with contextlib.suppress(ValueError):
            return str(file.relative_to(self.root))
        return str(file)


def find(root: Path, file: Path | None = None, over: Sequence[Path] = (), era: str = "") -> Project:
    """The project in a folder: its polyaxonfile is the named one or the first of NAMES there."""
    root = Path(os.path.abspath(root))
    if file is None:
        file = next((root / name for name in NAMES if (root / name).exists()), root / NAMES[0])
    named, *others = (Path(os.path.abspath(one)) for one in (file, *over))
    return Project(root, named, ProjectPlaces.of(root), tuple(others), era)


def read(file: Path, shown: str) -> bytes:
    """The bytes of a polyaxonfile; what is no regular file or too big is refused unread."""
    try:
        return saving.content(file)
    except saving.Refused as refused:
        problem = Problem(refused.code, refused.message, shown, 1, 1, refused.hint)
        raise PolyaxonfileError([problem]) from None


def read_all(project: Project) -> tuple[Version, ...]:
    """The project's polyaxonfile and what is laid over it."""
    named = zip(project.files, project.shown_files, strict=True)
    return tuple(Version(read(file, shown), shown) for file, shown in named)


def read_json(path: Path, version: int = 1) -> Mapping[str, Any] | None:
    """A state file of ours, or None: there is none, it is newer, or it was unreadable."""
    try:
        data = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        with contextlib.suppress(OSError):
            path.replace(path.with_name(f"{path.name}.unreadable"))
        return None
    return data if isinstance(data, dict) and data.get("v") == version else None


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    """Write a state file of ours, 0600, whole or not at all; a newer version's is left alone."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        if json.loads(path.read_bytes()).get("v", 0) > 1:
            return
    write_private(path, json.dumps({"v": 1, **values}, indent=1).encode())


def read_draft(places: ProjectPlaces, file: Path) -> tuple[tuple[PlaceInFile, str | None], ...]:
    """The edits that an earlier session left unwritten for this file."""
    return tuple((path, text) for path, text, *_ in _drafted(places, file))


def read_draft_base(places: ProjectPlaces, file: Path) -> Mapping[PlaceInFile, str | None]:
    """What the file had at the paths of the draft when it was changed, as far as is known."""
    return {path: over[0] for path, _, *over in _drafted(places, file) if over}


def _drafted(places: ProjectPlaces, file: Path) -> Iterable[tuple[Any, ...]]:
    edits = _drafts(places).get(str(file), ())
    return [(tuple(path), *texts) for path, *texts in edits]


def _drafts(places: ProjectPlaces) -> dict[str, Any]:
    """The drafts of this project by the polyaxonfile; earlier versions kept that of one."""
    data = read_json(places.draft) or {}
    return dict(data.get("files", {data.get("file", ""): data.get("edits", ())}))


def write_draft(
    places: ProjectPlaces,
    file: Path,
    edits: Iterable[tuple[PlaceInFile, str | None]],
    base: Mapping[PlaceInFile, str | None] | None = None,
) -> None:
    """Keep the edits, and what the file had there; with none the draft is removed."""
    had = base or {}
    drafts = {
        **_drafts(places),
        str(file): [[list(p), text, *((had[p],) if p in had else ())] for p, text in edits],
    }
    if kept := {name: draft for name, draft in drafts.items() if draft}:
        write_json(places.draft, {"files": kept})
    else:
        with usable(places.draft):
            places.draft.unlink(missing_ok=True)


def read_decisions(places: ProjectPlaces) -> Mapping[str, str]:
    """What the person decided on the needs of this project: id of the need, key of the choice."""
    found = (read_json(places.settings) or {}).get("decided", {})
    return {str(need): str(choice) for need, choice in found.items()}


def write_decision(places: ProjectPlaces, need: str, choice: str) -> None:
    """Keep a decision; an empty choice opens it again."""
    data = read_json(places.settings) or {}
    decided = {**data.get("decided", {}), need: choice}
    kept = {name: value for name, value in decided.items() if value}
    write_json(places.settings, {**data, "decided": kept})


def read_on_busy(places: ProjectPlaces) -> str:
    """What the person chose in this project for changes while a run goes; empty: nothing yet."""
    return str((read_json(places.settings) or {}).get("on-busy", ""))


def write_on_busy(places: ProjectPlaces, on_busy: str) -> None:
    """Keep that choice."""
    write_json(places.settings, {**(read_json(places.settings) or {}), "on-busy": on_busy})
