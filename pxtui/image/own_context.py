"""The context of a Dockerfile of the project's own: packed while it is sent, with true modes."""

from __future__ import annotations

import hashlib
import os
import stat
import tarfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from pxtui.image.context import ContextMoved, Entry, ignored, never
from pxtui.image.ignore import DOCKERIGNORE
from pxtui.image.plan import Own
from pxtui.image.tree import inside, open_file, open_folder, stamp_of, status

BESIDE = ".pxtui.Dockerfile"
"""Its name in the context where it is not part of it; no builder takes two archives."""
_PIECE = 1 << 18


def pack(
    root: Path,
    own: Own,
    text: bytes,
    entries: Sequence[Entry],
    check: Callable[[], None] = never,
) -> Iterator[bytes]:
    """The context as a tar, the Dockerfile first; raises ContextMoved as `pack_code` does."""
    name = name_in_context(own, entries)
    info = tarfile.TarInfo(name)
    info.size = len(text)
    yield _header(info) + text + bytes(-len(text) % tarfile.BLOCKSIZE)
    stamps: dict[str, tuple[int, int, int, int]] = {}
    held, size = [], 0
    with open_folder(root) as fd:
        for entry, short in below(root, own, entries):
            check()
            if short == name:
                continue
            try:
                for piece in _packed(fd, entry, short, stamps):
                    held.append(piece)
                    size += len(piece)
                    if size >= _PIECE:
                        yield b"".join(held)
                        held, size = [], 0
            except OSError as error:
                why = f"{entry.path} could no longer be read: {error.strerror}"
                raise ContextMoved(why) from error
        yield b"".join(held)
        _same_still(fd, stamps)
    yield bytes(2 * tarfile.BLOCKSIZE)


def name_in_context(own: Own, entries: Sequence[Entry]) -> str:
    """How the builder is told of the Dockerfile."""
    above = f"{own.context}/" if own.context else ""
    is_in = own.dockerfile.startswith(above) and any(
        entry.path == own.dockerfile and entry.kind == "file" for entry in entries
    )
    name = own.dockerfile.removeprefix(above)
    return name if is_in and _is_short(name) else BESIDE


def below(root: Path, own: Own, entries: Sequence[Entry]) -> Iterator[tuple[Entry, str]]:
    """The entries of the context, each with its path there; its own ignore files hold too."""
    if not own.context:
        yield from ((entry, entry.path) for entry in entries)
        return
    here = root / own.context
    out = ignored(here) if (here / DOCKERIGNORE).is_file() else None
    above = f"{own.context}/"
    for entry in entries:
        short = entry.path.removeprefix(above)
        if entry.path.startswith(above) and not (out is not None and out(short)):
            yield entry, short


def _packed(
    fd: int, entry: Entry, short: str, stamps: dict[str, tuple[int, int, int, int]]
) -> Iterator[bytes]:
    moved = ContextMoved(f"{entry.path} changed while it was packed")
    info = tarfile.TarInfo(short)
    if entry.kind != "file":
        now = status(fd, entry.path)
        info.type = tarfile.SYMTYPE if entry.kind == "link" else tarfile.DIRTYPE
        info.mode, info.mtime = stat.S_IMODE(now.st_mode) & 0o777, int(now.st_mtime)
        if entry.kind == "link":
            with inside(fd, entry.path) as (folder, name):
                info.linkname = os.readlink(name, dir_fd=folder)
        if (info.linkname != entry.content) if info.linkname else not stat.S_ISDIR(now.st_mode):
            raise moved
        yield _header(info)
        return
    with open_file(fd, entry.path) as file:
        now = os.fstat(file.fileno())
        if now.st_size != entry.size or stat.S_IMODE(now.st_mode) & 0o777 != entry.mode:
            raise moved
        info.mode, info.size, info.mtime = entry.mode, entry.size, int(now.st_mtime)
        yield _header(info)
        digest, left = hashlib.sha256(), entry.size
        while left > 0 and (piece := file.read(min(left, _PIECE))):
            digest.update(piece)
            left -= len(piece)
            yield piece
    if left or digest.hexdigest() != entry.content:
        raise moved
    stamps[entry.path] = stamp_of(now)
    yield bytes(-entry.size % tarfile.BLOCKSIZE)


def _same_still(fd: int, stamps: Mapping[str, tuple[int, int, int, int]]) -> None:
    for path, stamp in stamps.items():
        try:
            now = stamp_of(status(fd, path))
        except OSError as error:
            raise ContextMoved(f"{path} went away while it was packed") from error
        if now != stamp:
            raise ContextMoved(f"{path} changed while it was packed")


def _header(info: tarfile.TarInfo) -> bytes:
    return info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")


def _is_short(name: str) -> bool:
    """Whether its header is a plain one: BuildKit takes a PAX header for a Dockerfile."""
    return len(_header(tarfile.TarInfo(name))) == tarfile.BLOCKSIZE
