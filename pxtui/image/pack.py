"""The contexts as they are sent to a builder: a stream of tar, packed while it is sent."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import stat
import tarfile
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

from pxtui.errors import ContextError
from pxtui.image.context import ContextMoved, Entry, never
from pxtui.image.dockerfile import CODE, STAGED
from pxtui.image.plan import ImagePlan
from pxtui.image.tree import inside, open_file, open_folder, stamp_of, status

_PIECE = 1 << 18
_BLOCK = tarfile.BLOCKSIZE
_END = bytes(2 * _BLOCK)
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_READ = 1 << 16


def pack_environment(plan: ImagePlan, dockerfile_text: str) -> Iterator[bytes]:
    """The context of an environment image: the Dockerfile and the staged files."""
    yield _whole("Dockerfile", dockerfile_text.encode(), 0o644)
    for staged in plan.staged:
        yield _whole(f"{STAGED}/{staged.name}", staged.data, staged.mode)
    yield _END


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
    yield _whole("Dockerfile", dockerfile_text.encode(), 0o644)
    yield _header(_info(CODE, tarfile.DIRTYPE))
    with open_folder(root) as fd:
        yield from _in_pieces(_Packer(fd, setup, check).tree(entries))
    yield _END


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


def _in_pieces(parts: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces that are worth sending."""
    held, size = [], 0
    for part in parts:
        held.append(part)
        size += len(part)
        if size >= _PIECE:
            yield b"".join(held)
            held, size = [], 0
    yield b"".join(held)


def _info(name: str, kind: bytes, mode: int = 0) -> tarfile.TarInfo:
    """A header of what every user of a container may read and write, and execute if any may."""
    info = tarfile.TarInfo(name)
    wide = 0o777 if kind != tarfile.REGTYPE or mode & 0o111 else 0o666
    info.type, info.mode, info.mtime = kind, wide, 0
    info.uid = info.gid = 0
    return info


def _header(info: tarfile.TarInfo) -> bytes:
    # integer times and short names first: some builders take a PAX header for a Dockerfile
    return info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")


def _whole(name: str, data: bytes, mode: int) -> bytes:
    info = _info(name, tarfile.REGTYPE, mode)
    info.size = len(data)
    return _header(info) + data + _filling(len(data))


def _filling(size: int) -> bytes:
    return bytes(-size % _BLOCK)


class _Packer:
    """Packs entries of one tree, and looks at them again afterwards."""

    def __init__(self, fd: int, setup: Collection[str], check: Callable[[], None]) -> None:
        self._fd, self._setup, self._check = fd, setup, check
        self._stamps: dict[str, tuple[int, int, int, int]] = {}

    def tree(self, entries: Iterable[Entry]) -> Iterator[bytes]:
        for entry in entries:
            self._check()
            try:
                yield from self._file(entry) if entry.kind == "file" else self._other(entry)
            except OSError as error:
                if error.errno in _FULL:
                    raise ContextError(f"the tree cannot be read: {error.strerror}") from error
                why = f"{entry.path} could no longer be read: {error.strerror}"
                raise ContextMoved(why) from error
        for path, stamp in self._stamps.items():
            try:
                now = status(self._fd, path)
            except OSError as error:
                raise ContextMoved(f"{path} went away while the tree was packed") from error
            if stamp_of(now) != stamp:
                raise ContextMoved(f"{path} changed while the tree was packed")

    def _file(self, entry: Entry) -> Iterator[bytes]:
        moved = ContextMoved(f"{entry.path} changed while it was packed")
        mode = entry.mode | 0o100 if entry.path in self._setup else entry.mode
        info = _info(f"{CODE}/{entry.path}", tarfile.REGTYPE, mode)
        with open_file(self._fd, entry.path) as file:
            now = os.fstat(file.fileno())
            if now.st_size != entry.size or stat.S_IMODE(now.st_mode) & 0o777 != entry.mode:
                raise moved
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

    def _other(self, entry: Entry) -> Iterator[bytes]:
        now = status(self._fd, entry.path)
        kind = tarfile.SYMTYPE if entry.kind == "link" else tarfile.DIRTYPE
        info = _info(f"{CODE}/{entry.path}", kind)
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
