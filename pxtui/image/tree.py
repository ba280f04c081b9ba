"""The tree on disk: one walk by the rules, and files opened without ever following a link."""

from __future__ import annotations

import contextlib
import os
import posixpath
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from pxtui.errors import ContextError
from pxtui.image.ignore import Denial, Rules

_NOTES = 100
_BUFFER = 1 << 20


@dataclass(frozen=True, slots=True)
class Found:
    """Something on disk that may go into the image."""

    path: str
    kind: Literal["file", "dir", "link"]
    stat: os.stat_result
    target: str = ""


class Walk:
    """One walk over the tree."""

    def __init__(
        self,
        root: Path,
        rules: Rules,
        exclude: frozenset[str],
        most: int,
        check: Callable[[], None],
    ) -> None:
        self._root, self._rules, self._exclude, self._check = root, rules, exclude, check
        self._most = most
        self._notes: list[str] = []
        self._kept: dict[str, Found] = {}
        self._open: dict[str, Found] = {}
        self.cut = False
        self.links: list[tuple[str, str]] = []
        """Links that leave the tree: path, and the absolute path that they lead to."""

    def found(self) -> list[Found]:
        """Everything that goes in, sorted by path."""
        waiting: list[tuple[str, Denial | None]] = [("", None)]
        while waiting and not self.cut:
            self._check()
            folder, above = waiting.pop()
            for item in self._scan(folder):
                verdict = self._rules.judge(item.path, item.kind == "dir", above)
                if verdict.note:
                    self.note(verdict.note)
                if not verdict.out:
                    self._keep(item)
                elif not verdict.shut:
                    self._open[item.path] = item
                if item.kind == "dir" and not verdict.shut:
                    waiting.append((item.path, verdict.denial))
                if len(self._kept) > self._most:
                    self.cut = True
                    break
        return sorted(self._kept.values(), key=lambda item: os.fsencode(item.path))

    def _keep(self, item: Found) -> None:
        self._kept[item.path] = item
        for parent in parents(item.path):
            if parent in self._open:
                self._kept[parent] = self._open.pop(parent)

    def _scan(self, folder: str) -> Iterator[Found]:
        try:
            listed = list(os.scandir(self._root / folder))
        except OSError as error:
            if not folder:
                raise ContextError(
                    f"the folder {self._root} cannot be read: {error.strerror}"
                ) from error
            if not isinstance(error, FileNotFoundError):
                self.note(f"{folder}: left out, cannot be read ({error.strerror})")
            return
        for item in listed:
            path = f"{folder}/{item.name}" if folder else item.name
            if path in self._exclude:
                continue
            with contextlib.suppress(FileNotFoundError):
                found = self._found(path, item)
                if found is not None:
                    yield found

    def _found(self, path: str, item: os.DirEntry[str]) -> Found | None:
        info = item.stat(follow_symlinks=False)
        if stat.S_ISREG(info.st_mode):
            return Found(path, "file", info)
        if stat.S_ISDIR(info.st_mode):
            return Found(path, "dir", info)
        if not stat.S_ISLNK(info.st_mode):
            self.note(f"{path}: left out, neither file nor folder ({_sort(info.st_mode)})")
            return None
        target = os.readlink(item.path)
        end = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
        if end.startswith("/") or end == ".." or end.startswith("../"):
            self.note(f"{path}: left out, a link that leaves the tree (to {target})")
            self._leaves(path)
            return None
        return Found(path, "link", info, target)

    def _leaves(self, path: str) -> None:
        """Keep a link that leads to something outside, unless the rules leave it out anyway."""
        end = os.path.realpath(self._root / path)
        if os.path.exists(end) and not self._rules.judge(path, False).out:
            self.links.append((path, end))

    def note(self, text: str) -> None:
        """Keep a note of what was left out."""
        self._notes.append(text)

    def notes(self) -> tuple[str, ...]:
        """The notes, as many as a person may read."""
        more = len(self._notes) - _NOTES
        tail = (f"and {more} more",) if more > 0 else ()
        return (*sorted(self._notes, key=os.fsencode)[:_NOTES], *tail)


def _sort(mode: int) -> str:
    if stat.S_ISFIFO(mode):
        return "FIFO"
    return "socket" if stat.S_ISSOCK(mode) else "device"


def parents(path: str) -> Iterator[str]:
    """The folders above a path, the nearest first, without the root."""
    while path := posixpath.dirname(path):
        yield path


def stamp_of(info: os.stat_result) -> tuple[int, int, int, int]:
    """What tells that a file may have changed: inode, size, mtime_ns, ctime_ns."""
    return (info.st_ino, info.st_size, info.st_mtime_ns, info.st_ctime_ns)


@contextlib.contextmanager
def open_folder(root: Path) -> Iterator[int]:
    """The descriptor of a project's folder."""
    try:
        fd = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise ContextError(f"the folder {root} cannot be read: {error.strerror}") from error
    try:
        yield fd
    finally:
        os.close(fd)


@contextlib.contextmanager
def inside(fd: int, path: str) -> Iterator[tuple[int, str]]:
    """The folder of a path, reached without following a link, and the name in it."""
    *folders, name = path.split("/")
    opened: list[int] = []
    try:
        here = fd
        for folder in folders:
            flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
            here = os.open(folder, flags, dir_fd=here)
            opened.append(here)
        yield here, name
    finally:
        for one in opened:
            os.close(one)


def open_file(fd: int, path: str) -> BinaryIO:
    """Open a regular file of the tree; never through a link, never waiting for a FIFO."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    with inside(fd, path) as (folder, name):
        opened = os.open(name, flags, dir_fd=folder)
    if not stat.S_ISREG(os.fstat(opened).st_mode):
        os.close(opened)
        raise OSError(0, "not a regular file")
    return open(opened, "rb", buffering=_BUFFER)


def status(fd: int, path: str) -> os.stat_result:
    """Stat a path of the tree; a link is not followed."""
    with inside(fd, path) as (folder, name):
        return os.stat(name, dir_fd=folder, follow_symlinks=False)
