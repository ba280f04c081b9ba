"""The tree on disk: one walk by the rules, and files opened without ever following a link."""

from __future__ import annotations

import contextlib
import os
import posixpath
import stat
from collections.abc import Callable, Iterator, Mapping
from operator import itemgetter
from pathlib import Path
from typing import BinaryIO, Literal, NamedTuple

from pxtui.errors import ContextError
from pxtui.image.ignore import Denial, Rules, denied

_NOTES = 100
_BUFFER = 1 << 20
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC

Kind = Literal["file", "dir", "link"]


class Entry(NamedTuple):
    """One file, folder or link of the tree; a tuple, for there are tens of thousands of them."""

    path: str
    """Relative, with `/`; undecodable names keep their bytes (surrogateescape)."""
    kind: Kind
    mode: int
    size: int
    content: str
    """sha256 of a file (empty: not read yet), target of a link, empty for a folder."""
    stamp: tuple[int, int, int, int]
    """inode, size, mtime_ns, ctime_ns: equal stamps mean that the content was not read again."""


class Walk:
    """One walk over the tree; what is as it was `known` to be is that very entry."""

    def __init__(
        self,
        root: Path,
        rules: Rules,
        exclude: frozenset[str],
        most: int,
        check: Callable[[], None],
        known: Mapping[str, Entry],
    ) -> None:
        self._root, self._rules, self._exclude, self._check = str(root), rules, exclude, check
        self._most, self._known = most, known
        self._notes: list[str] = []
        self._waiting: list[tuple[str, Denial | None]] = [("", None)]
        self._kept: list[Entry] = []
        self._open: dict[str, Entry] = {}
        """Folders that are left out, unless something in them goes in."""
        self.cut = False
        self.links: list[tuple[str, str]] = []
        """Links that leave the tree: path, and the absolute path that they lead to."""

    def found(self) -> list[Entry]:
        """Everything that goes in, sorted by path; files that are not known are yet to be read."""
        while self._waiting and not self.cut:
            self._check()
            folder, above = self._waiting.pop()
            try:
                fd = os.open(f"{self._root}/{folder}", _FOLDER | (os.O_NOFOLLOW if folder else 0))
                try:
                    with os.scandir(fd) as items:
                        self._enter(f"{folder}/" if folder else "", items, above)
                finally:
                    os.close(fd)
            except OSError as error:
                if not folder:
                    text = f"the folder {self._root} cannot be read: {error.strerror}"
                    raise ContextError(text) from error
                self._missed(folder, error)
        return sorted(self._kept, key=itemgetter(0))

    def _enter(self, prefix: str, items: Iterator[os.DirEntry[str]], above: Denial | None) -> None:
        """Keep what goes in of a folder; the time of a look is the time of this loop."""
        known, kept, exclude, most = self._known, self._kept, self._exclude, self._most
        plain = self._rules.plain and above is None
        for item in items:
            path = prefix + item.name
            if path in exclude:
                continue
            try:
                info = item.stat(follow_symlinks=False)
            except OSError as error:
                self._missed(path, error)
                continue
            clear = plain and stat.S_ISREG(info.st_mode) and denied(item.name) is None
            if not clear and not self._goes_in(path, info, above):
                continue
            entry = known.get(path)
            stamp = (info.st_ino, info.st_size, info.st_mtime_ns, info.st_ctime_ns)
            if entry is None or entry.stamp != stamp or entry.kind != "file":
                entry = self._entry(path, info, entry)
            if entry is not None:
                kept.append(entry)
            if len(kept) > most:
                self.cut = True
                return

    def _goes_in(self, path: str, info: os.stat_result, above: Denial | None) -> bool:
        """Judge a path; a folder is to be entered unless it is shut."""
        is_folder = stat.S_ISDIR(info.st_mode)
        verdict = self._rules.judge(path, is_folder, above)
        if verdict.note:
            self.note(verdict.note)
        if is_folder and not verdict.shut:
            self._waiting.append((path, verdict.denial))
            if verdict.out:
                self._open[path] = Entry(path, "dir", info.st_mode & 0o777, 0, "", stamp_of(info))
        if not verdict.out and self._open:
            self._kept += [self._open.pop(p) for p in parents(path) if p in self._open]
        return not verdict.out

    def _missed(self, path: str, error: OSError) -> None:
        """Keep a note of what cannot be read, unless it went away."""
        if not isinstance(error, FileNotFoundError):
            self.note(f"{path}: left out, cannot be read ({error.strerror})")

    def _entry(self, path: str, info: os.stat_result, known: Entry | None) -> Entry | None:
        """The entry of what is not known as it is; a note and none for what cannot go in."""
        mode, stamp = info.st_mode & 0o777, stamp_of(info)
        if stat.S_ISREG(info.st_mode):
            return Entry(path, "file", mode, info.st_size, "", stamp)
        if stat.S_ISDIR(info.st_mode):
            entry = Entry(path, "dir", mode, 0, "", stamp)
        elif stat.S_ISLNK(info.st_mode):
            target = self._target(path)
            if target is None:
                return None
            entry = Entry(path, "link", mode, 0, target, stamp)
        else:
            self.note(f"{path}: left out, neither file nor folder ({_sort(info.st_mode)})")
            return None
        return known if known == entry else entry

    def _target(self, path: str) -> str | None:
        """The target of a link; a note and none if it leaves the tree."""
        try:
            target = os.readlink(f"{self._root}/{path}")
        except OSError as error:
            self._missed(path, error)
            return None
        end = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
        if not end.startswith("/") and end != ".." and not end.startswith("../"):
            return target
        self.note(f"{path}: left out, a link that leaves the tree (to {target})")
        real = os.path.realpath(f"{self._root}/{path}")
        if os.path.exists(real):
            self.links.append((path, real))
        return None

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
    while path := path.rpartition("/")[0]:
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
