"""What a run made or changed in its copy of the code: told from the rest, and moved to its outputs.

A run may have ended while nobody looked, and who moves its files may be killed in the middle: all
of it can be done again, and a file is gone from one place only when it is whole in the other.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import itertools
import os
import shutil
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pxtui.engine.supervisor import JOB, LOCK, read_json, write_json

CODE = "code"
TAKEN = "taken.json"
_MOVING = ".pxtui-moving"
_MERGE = (errno.EXDEV, errno.ENOTEMPTY, errno.EEXIST)


def as_it_was(code: Path) -> dict[str, Any]:
    """What the copy is like before the run begins, for the job's file; the file is written next."""
    folders = {os.path.relpath(path, code): os.stat(path).st_ino for path, _, _ in os.walk(code)}
    return {"copied": time.time_ns(), "folders": folders}


def take_out(folder: Path) -> str:
    """Move it to the outputs of an ended run; if that fails why, and then nothing is deleted."""
    job = read_json(folder / JOB)
    code = folder / CODE
    if job is None or code.is_symlink() or not code.is_dir():
        return ""
    try:
        with _alone(folder):
            before = _Before(job["copied"], (folder / JOB).stat().st_ctime_ns, job["folders"])
            if not before.remove_from(code):
                _move(code, _target(folder, Path(job["outputs"])))
    except OSError as error:
        cause = error.strerror or type(error).__name__
        return f"what it wrote under its code could not be moved to its outputs ({cause}): {code}"
    return ""


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """To another pxtui the run is still going meanwhile."""
    fd = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


@dataclass(frozen=True, slots=True)
class _Before:
    """The copy as it was when the run began.

    Both times of a file must be older than the run: the one of the content is the person's own and
    may be any, the one of the change is this machine's and is new where a backup was put back.
    """

    copied: int
    noted: int
    folders: dict[str, int]
    """Paths and inodes."""

    def remove_from(self, folder: Path, inside: str = ".") -> bool:
        """Remove what is as it was, and bytecode; whether nothing is left of the folder."""
        info = folder.stat()
        # a folder that was moved here may hold files that are old: all of it stays
        empty = known = self.folders.get(os.path.normpath(inside)) == info.st_ino
        with contextlib.suppress(OSError):
            folder.chmod(info.st_mode | stat.S_IRWXU)
        for item in list(os.scandir(folder)):
            if not item.is_dir(follow_symlinks=False):
                empty &= known and self._is_old(item) and _unlink(item.path)
            elif item.name == "__pycache__":
                shutil.rmtree(item.path, ignore_errors=True)
            else:
                empty &= self.remove_from(Path(item.path), f"{inside}/{item.name}")
        if empty:
            with contextlib.suppress(OSError):
                folder.rmdir()
        return empty

    def _is_old(self, item: os.DirEntry[str]) -> bool:
        info = item.stat(follow_symlinks=False)
        return info.st_mtime_ns <= self.copied and info.st_ctime_ns <= self.noted


def _unlink(path: str) -> bool:
    with contextlib.suppress(OSError):
        os.unlink(path)
        return True
    return False


def _target(folder: Path, outputs: Path) -> Path:
    """Where it goes: chosen once and kept, for a second try."""
    taken = read_json(folder / TAKEN)
    if taken is not None:
        return Path(taken["to"])
    outputs.mkdir(mode=0o700, parents=True, exist_ok=True)
    names = itertools.chain([CODE], (f"{CODE}-{n}" for n in itertools.count(2)))
    target = next(outputs / name for name in names if not os.path.lexists(outputs / name))
    write_json(folder / TAKEN, {"v": 1, "to": str(target)})
    return target


def _move(source: Path, target: Path) -> None:
    """Rename it; what is on another disk, or was begun before, goes file by file."""
    try:
        os.rename(source, target)
    except OSError as error:
        if error.errno not in _MERGE:
            raise
    else:
        return
    if source.is_dir() and not source.is_symlink():
        target.mkdir(mode=0o700, exist_ok=True)
        for item in list(os.scandir(source)):
            _move(Path(item.path), target / item.name)
        shutil.copystat(source, target)
        source.rmdir()
        return
    if source.is_symlink() or source.is_file():  # a socket or a pipe holds nothing
        _copy(source, target)
    source.unlink()


def _copy(source: Path, target: Path) -> None:
    moving = target.with_name(_MOVING)
    moving.unlink(missing_ok=True)
    try:
        shutil.copy2(source, moving, follow_symlinks=False)
        os.replace(moving, target)
    except OSError:
        moving.unlink(missing_ok=True)
        raise
