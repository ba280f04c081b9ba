"""The contexts as they are sent to a builder: a stream of tar, packed while it is sent."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import stat
import tarfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from pxtui.errors import ContextError
from pxtui.image.context import ContextMoved, Entry, never
from pxtui.image.dockerfile import CODE, STAGED
from pxtui.image.plan import ImagePlan
from pxtui.image.tree import inside, open_file, open_folder, stamp_of, status

_PIECE = 1 << 18
END = bytes(2 * tarfile.BLOCKSIZE)
"""What an archive ends with."""
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_READ = 1 << 16


def pack_environment(plan: ImagePlan, dockerfile_text: str) -> Iterator[bytes]:
    """The context of an environment image: the Dockerfile and the staged files."""
    yield whole("Dockerfile", dockerfile_text.encode())
    for staged in plan.staged:
        yield whole(f"{STAGED}/{staged.name}", staged.data, _wide(staged.mode))
    yield END


def pack_code(
    root: Path,
    entries: Iterable[Entry],
    plan: ImagePlan,
    dockerfile_text: str,
    check: Callable[[], None] = never,
) -> Iterator[bytes]:
    """The context of a code image: the Dockerfile and entries of the tree, flat in memory.

    Raises ContextMoved, before the end of the stream, if one of them is not as it was listed.
    """
    setup = frozenset(file.name for file in plan.staged if file.is_setup)

    def mode(entry: Entry, _: int) -> int:
        """What every user of a container may read and write, and execute if any may."""
        if entry.kind != "file":
            return 0o777
        return _wide(entry.mode | 0o100 if entry.path in setup else entry.mode)

    yield whole("Dockerfile", dockerfile_text.encode())
    code = tarfile.TarInfo(CODE)
    code.type, code.mode = tarfile.DIRTYPE, 0o777
    yield _header(code)
    with open_folder(root) as fd:
        packer = Packer(fd, mode, check)
        packed = (packer.entry(entry, f"{CODE}/{entry.path}") for entry in entries)
        yield from in_pieces(part for parts in packed for part in parts)
        packer.look_again()
    yield END


class PackedFile(io.RawIOBase):
    """A stream of tar as a file to read from."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._rest = pieces, b""

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, into: Any, /) -> int:
        """The next bytes, fewer than asked for where a piece ends."""
        self._rest = self._rest or next(self._pieces, b"")
        size = min(len(into), len(self._rest))
        into[:size], self._rest = self._rest[:size], self._rest[size:]
        return size


def in_pieces(parts: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces that are worth sending."""
    held, size = [], 0
    for part in parts:
        held.append(part)
        size += len(part)
        if size >= _PIECE:
            yield b"".join(held)
            held, size = [], 0
    yield b"".join(held)


def whole(name: str, data: bytes, mode: int = 0o644) -> bytes:
    """A file of the archive whose content is not in the tree."""
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(data), mode
    return _header(info) + data + _filling(len(data))


def _wide(mode: int) -> int:
    return 0o777 if mode & 0o111 else 0o666


def _header(info: tarfile.TarInfo) -> bytes:
    # integer times and short names first: some builders take a PAX header for a Dockerfile
    return info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")


def _filling(size: int) -> bytes:
    return bytes(-size % tarfile.BLOCKSIZE)


class Packer:
    """Packs entries of one tree, and looks at them again afterwards.

    `mode` gives the mode of an entry in the archive; it is told that on disk. What is not as it was
    listed raises ContextMoved.
    """

    def __init__(
        self, fd: int, mode: Callable[[Entry, int], int], check: Callable[[], None]
    ) -> None:
        self._fd, self._mode, self._check = fd, mode, check
        self._stamps: dict[str, tuple[int, int, int, int]] = {}

    def entry(self, entry: Entry, name: str) -> Iterator[bytes]:
        """Header and content of an entry, under this name in the archive."""
        self._check()
        info = tarfile.TarInfo(name)
        try:
            yield from self._file(entry, info) if entry.kind == "file" else self._other(entry, info)
        except OSError as error:
            if error.errno in _FULL:
                raise ContextError(f"the tree cannot be read: {error.strerror}") from error
            why = f"{entry.path} could no longer be read: {error.strerror}"
            raise ContextMoved(why) from error

    def look_again(self) -> None:
        """Make sure that the files are still as they were packed."""
        for path, stamp in self._stamps.items():
            try:
                now = status(self._fd, path)
            except OSError as error:
                raise ContextMoved(f"{path} went away while the tree was packed") from error
            if stamp_of(now) != stamp:
                raise ContextMoved(f"{path} changed while the tree was packed")

    def _file(self, entry: Entry, info: tarfile.TarInfo) -> Iterator[bytes]:
        moved = ContextMoved(f"{entry.path} changed while it was packed")
        with open_file(self._fd, entry.path) as file:
            now = os.fstat(file.fileno())
            on_disk = stat.S_IMODE(now.st_mode) & 0o777
            if now.st_size != entry.size or on_disk != entry.mode:
                raise moved
            info.mode = self._mode(entry, on_disk)
            info.size, info.mtime = entry.size, int(now.st_mtime)
            yield _header(info)
            digest, left = hashlib.sha256(), entry.size
            while left > 0 and (piece := file.read(min(left, _READ))):
                self._check()
                digest.update(piece)
                left -= len(piece)
                yield piece
        if left or digest.hexdigest() != entry.content:
            raise moved
        self._stamps[entry.path] = stamp_of(now)
        yield _filling(entry.size)

    def _other(self, entry: Entry, info: tarfile.TarInfo) -> Iterator[bytes]:
        now = status(self._fd, entry.path)
        info.type = tarfile.SYMTYPE if entry.kind == "link" else tarfile.DIRTYPE
        info.mode = self._mode(entry, stat.S_IMODE(now.st_mode) & 0o777)
        info.mtime = int(now.st_mtime)
        if entry.kind == "link":
            with inside(self._fd, entry.path) as (folder, name):
                target = os.readlink(name, dir_fd=folder) if stat.S_ISLNK(now.st_mode) else None
            if target != entry.content:
                raise ContextMoved(f"{entry.path} changed while it was packed")
            info.linkname = entry.content
        elif not stat.S_ISDIR(now.st_mode):
            raise ContextMoved(f"{entry.path} changed while it was packed")
        yield _header(info)
