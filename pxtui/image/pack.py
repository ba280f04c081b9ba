"""The context as it is sent to a builder: a tar of Dockerfile, staged files and the tree."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import stat
import tarfile
import tempfile
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import IO

from pxtui.errors import ContextError
from pxtui.image.context import ContextMoved, Entry, Listing, never
from pxtui.image.dockerfile import STAGED
from pxtui.image.plan import ImagePlan
from pxtui.image.tree import inside, open_file, open_folder, stamp_of, status

CODE = "code"
"""The tree's folder in the packed context."""
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def pack(
    root: Path,
    listing: Listing,
    plan: ImagePlan,
    dockerfile_text: str,
    check: Callable[[], None] = never,
) -> IO[bytes]:
    """Pack the context into a temporary file; raises ContextMoved if it is not as listed."""
    spool = tempfile.TemporaryFile(prefix="pxtui-")  # noqa: SIM115  the caller closes it
    try:
        # integer times and short names first: some builders take a PAX header for a Dockerfile
        with tarfile.open(fileobj=spool, mode="w", format=tarfile.PAX_FORMAT) as tar:
            _add_bytes(tar, "Dockerfile", dockerfile_text.encode(), 0o644)
            for staged in plan.staged:
                _add_bytes(tar, f"{STAGED}/{staged.name}", staged.data, staged.mode)
            tar.addfile(_info(CODE, tarfile.DIRTYPE))
            with open_folder(root) as fd:
                setup = frozenset(file.name for file in plan.staged if file.is_setup)
                _add_tree(tar, fd, listing.entries, setup, check)
        spool.seek(0)
    except BaseException as error:
        spool.close()
        if isinstance(error, OSError):
            raise ContextError(f"the tree cannot be packed: {error.strerror}") from error
        raise
    return spool


def _info(name: str, kind: bytes, mode: int = 0) -> tarfile.TarInfo:
    """A header of what every user of a container may read and write, and execute if any may."""
    info = tarfile.TarInfo(name)
    wide = 0o777 if kind != tarfile.REGTYPE or mode & 0o111 else 0o666
    info.type, info.mode, info.mtime = kind, wide, 0
    info.uid = info.gid = 0
    return info


def _add_bytes(tar: tarfile.TarFile, name: str, data: bytes, mode: int) -> None:
    info = _info(name, tarfile.REGTYPE, mode)
    info.size = len(data)
    tar.addfile(info, io.BytesIO(data))


class _Hashing:
    """A file that is hashed while it is read, at the pace of whoever packs it."""

    def __init__(self, file: IO[bytes], check: Callable[[], None]) -> None:
        self._file, self._check = file, check
        self.digest = hashlib.sha256()

    def read(self, size: int) -> bytes:
        self._check()
        data = self._file.read(size)
        self.digest.update(data)
        return data


def _add_tree(
    tar: tarfile.TarFile,
    fd: int,
    entries: Iterable[Entry],
    setup: Collection[str],
    check: Callable[[], None],
) -> None:
    stamps = {}
    for entry in entries:
        check()
        try:
            if entry.kind == "file":
                executable = entry.path in setup
                stamps[entry.path] = _add_file(tar, fd, entry, check, executable=executable)
            else:
                _add_other(tar, fd, entry)
        except OSError as error:
            if error.errno in _FULL:
                raise
            raise ContextMoved(f"{entry.path} could no longer be read: {error.strerror}") from error
    for path, stamp in stamps.items():
        try:
            now = status(fd, path)
        except OSError as error:
            raise ContextMoved(f"{path} went away while the tree was packed") from error
        if stamp_of(now) != stamp:
            raise ContextMoved(f"{path} changed while the tree was packed")


def _add_file(
    tar: tarfile.TarFile, fd: int, entry: Entry, check: Callable[[], None], *, executable: bool
) -> tuple[int, int, int, int]:
    mode = entry.mode | 0o100 if executable else entry.mode
    info = _info(f"{CODE}/{entry.path}", tarfile.REGTYPE, mode)
    with open_file(fd, entry.path) as file:
        now = os.fstat(file.fileno())
        info.size, info.mtime = entry.size, int(now.st_mtime)
        moved = ContextMoved(f"{entry.path} changed while it was packed")
        if now.st_size != entry.size or stat.S_IMODE(now.st_mode) & 0o777 != entry.mode:
            raise moved
        hashing = _Hashing(file, check)
        try:
            tar.addfile(info, hashing)  # type: ignore[arg-type]
        except OSError as error:
            if error.errno is None:  # what tarfile says of a file that is too short
                raise moved from error
            raise
        if hashing.digest.hexdigest() != entry.content:
            raise moved
    return stamp_of(now)


def _add_other(tar: tarfile.TarFile, fd: int, entry: Entry) -> None:
    now = status(fd, entry.path)
    kind = tarfile.SYMTYPE if entry.kind == "link" else tarfile.DIRTYPE
    info = _info(f"{CODE}/{entry.path}", kind)
    info.mtime = int(now.st_mtime)
    if entry.kind == "link":
        with inside(fd, entry.path) as (folder, name):
            target = os.readlink(name, dir_fd=folder) if stat.S_ISLNK(now.st_mode) else None
        if target != entry.content:
            raise ContextMoved(f"{entry.path} changed while it was packed")
        info.linkname = entry.content
    elif not stat.S_ISDIR(now.st_mode):
        raise ContextMoved(f"{entry.path} changed while it was packed")
    tar.addfile(info)
