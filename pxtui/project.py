"""One project's files: find and read the polyaxonfile, save it, keep drafts and consent."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import secrets
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pxtui.errors import EditError
from pxtui.places import ProjectPlaces, write_private
from pxtui.polyaxonfile.path import Path as PlaceInFile
from pxtui.polyaxonfile.problems import PolyaxonfileError, Problem

NAMES = tuple(
    f"{name}.{extension}"
    for name in ("polyaxonfile", "polyaxon", "polyaxonci", "polyaxon-ci", "polyaxon.ci")
    for extension in ("yml", "yaml", "json")
)
"""Names that are looked for in a folder, the first that exists is taken."""

MAX_SIZE = 1 << 20
SAVE_PREFIX = ".pxtui-save-"


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
    def shown_file(self) -> str:
        """The polyaxonfile as a person names it."""
        with contextlib.suppress(ValueError):
            return str(self.file.relative_to(self.root))
        return str(self.file)


def find(root: Path, file: Path | None = None) -> Project:
    """The project in a folder: its polyaxonfile is the named one or the first of NAMES there."""
    root = Path(os.path.abspath(root))
    if file is not None:
        named = Path(os.path.abspath(file))
        return Project(root, named, ProjectPlaces.of(root))
    found = next((root / name for name in NAMES if (root / name).exists()), root / NAMES[0])
    return Project(root, found, ProjectPlaces.of(root))


def read(file: Path, shown: str) -> bytes:
    """The bytes of a polyaxonfile; what is no regular file or too big is refused unread."""

    def refuse(code: str, message: str, hint: str = "") -> PolyaxonfileError:
        return PolyaxonfileError([Problem(code, message, shown, 1, 1, hint)])

    try:
        fd = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise refuse("E_MISSING", "there is no such file") from None
    except OSError as error:
        code = "E_PERM" if error.errno in (errno.EACCES, errno.EPERM) else "E_NOTFILE"
        raise refuse(code, f"it cannot be opened: {os.strerror(error.errno or 0)}") from None
    try:
        facts = os.fstat(fd)
        if not stat.S_ISREG(facts.st_mode):
            raise refuse("E_NOTFILE", "it is not a regular file")
        if facts.st_size > MAX_SIZE:
            raise refuse("E_TOO_BIG", f"it has {facts.st_size:,} bytes; {MAX_SIZE:,} is the most")
        with open(fd, "rb", closefd=False) as handle:
            return handle.read(MAX_SIZE + 1)
    finally:
        os.close(fd)


def save(file: Path, data: bytes, base: bytes) -> None:
    """Replace the file's bytes, whole or not at all; raises EditError if it is no longer `base`.

    A link stays a link; mode and owner stay. What cannot be replaced atomically (no right to
    write to the folder, a hard link) is refused rather than half written.
    """
    target = Path(os.path.realpath(file))
    try:
        if target.read_bytes() != base:
            raise EditError(f"{file.name} was changed by something else meanwhile")
        facts = target.stat()
    except OSError as error:
        raise EditError(f"{file.name} cannot be read: {error.strerror}") from None
    if not os.access(target, os.W_OK):
        raise EditError(f"{file.name} is write-protected", "chmod u+w it, then save again")
    temporary = target.with_name(f"{SAVE_PREFIX}{secrets.token_hex(6)}")
    try:
        _write_like(temporary, data, facts)
        os.replace(temporary, target)
        _sync_folder(target.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise EditError(f"{file.name} cannot be saved: {error.strerror}") from None


def _write_like(path: Path, data: bytes, facts: os.stat_result) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with open(fd, "wb") as handle:
        handle.write(data)
        handle.flush()
        if (facts.st_uid, facts.st_gid) != (os.geteuid(), os.getegid()):
            with contextlib.suppress(PermissionError):
                os.fchown(fd, facts.st_uid, facts.st_gid)
        os.fchmod(fd, stat.S_IMODE(facts.st_mode))
        os.fsync(fd)


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def remove_stale_saves(file: Path) -> None:
    """Remove what a killed save left beside the polyaxonfile."""
    with contextlib.suppress(OSError):
        for left in Path(os.path.realpath(file)).parent.glob(f"{SAVE_PREFIX}*"):
            left.unlink()


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


ANY_STEP = " any step"


def is_trusted(places: ProjectPlaces, engine: str, *, any_step: bool = False) -> bool:
    """Whether the person consented to this project on this engine (and to any step there)."""
    data = read_json(places.trust)
    return data is not None and engine + ANY_STEP * any_step in data.get("engines", ())


def trust(places: ProjectPlaces, engine: str, *, any_step: bool = False) -> None:
    """Keep the person's consent."""
    data = read_json(places.trust) or {}
    given = {engine, engine + ANY_STEP * any_step}
    write_json(places.trust, {"engines": sorted(given | set(data.get("engines", ())))})


def read_draft(places: ProjectPlaces, file: Path) -> tuple[tuple[PlaceInFile, str], ...]:
    """The edits that an earlier session left unwritten for this file."""
    data = read_json(places.draft)
    if data is None or data.get("file") != str(file):
        return ()
    return tuple((tuple(path), str(text)) for path, text in data.get("edits", ()))


def write_draft(
    places: ProjectPlaces, file: Path, edits: Iterable[tuple[PlaceInFile, str]]
) -> None:
    """Keep the edits; with none the draft is removed."""
    kept = [[list(path), text] for path, text in edits]
    if kept:
        write_json(places.draft, {"file": str(file), "edits": kept})
    else:
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
