"""The context of a Dockerfile of the project's own: packed while it is sent, with true modes."""

from __future__ import annotations

import hashlib
import os
import stat
import tarfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from pxtui.image.context import ContextMoved, Entry, ignored, never
from pxtui.image.ignore import DOCKERIGNORE, IgnoreLines, docker_lines
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
    lines: IgnoreLines | None = None,
    check: Callable[[], None] = never,
    *,
    hide: bool = False,
) -> Iterator[bytes]:
    """The context as a tar, the Dockerfile first; raises ContextMoved as `pack_code` does.

    `hide`: a Dockerfile that is not part of it is named in a .dockerignore, as the docker command
    does. The classic builder drops it then once it has read it; BuildKit does not. Podman goes by
    that file, so one that another stands in place of is not sent.
    """
    name = name_in_context(root, own, entries, lines)
    yield _file(name, text)
    stamps: dict[str, tuple[int, int, int, int]] = {}
    held, size = [], 0
    with open_folder(root) as fd:
        replaced = hide and is_beside(own, lines)
        hide = hide and name == BESIDE
        for entry, short in below(root, own, entries, lines):
            check()
            if short == name or (replaced and short == DOCKERIGNORE):
                continue
            pieces = _packed(fd, entry, short, stamps)
            if hide and short == DOCKERIGNORE:
                pieces, hide = _hiding(pieces, entry), False
            try:
                for piece in pieces:
                    held.append(piece)
                    size += len(piece)
                    if size >= _PIECE:
                        yield b"".join(held)
                        held, size = [], 0
            except OSError as error:
                why = f"{entry.path} could no longer be read: {error.strerror}"
                raise ContextMoved(why) from error
        if hide:
            held.append(_file(DOCKERIGNORE, f"{DOCKERIGNORE}\n{BESIDE}\n".encode()))
        yield b"".join(held)
        _same_still(fd, stamps)
    yield bytes(2 * tarfile.BLOCKSIZE)


def ignore_lines(root: Path, own: Own) -> IgnoreLines | None:
    """What the context leaves out beside what the project does.

    As in Docker, a file beside the Dockerfile stands in place of the context's own.
    """
    beside, inner = f"{own.dockerfile}{DOCKERIGNORE}", f"{own.context}/{DOCKERIGNORE}"
    for path in (beside, inner) if own.context else (beside,):
        if (root / path).is_file():
            return path, docker_lines(root / path)[1]
    return None


def is_beside(own: Own, lines: IgnoreLines | None) -> bool:
    """Whether these are the lines of a file beside the Dockerfile."""
    return lines is not None and lines[0] == f"{own.dockerfile}{DOCKERIGNORE}"


def name_in_context(
    root: Path, own: Own, entries: Sequence[Entry], lines: IgnoreLines | None = None
) -> str:
    """How the builder is told of the Dockerfile."""
    its = [entry for entry in entries if entry.path == own.dockerfile and entry.kind == "file"]
    names = [short for _, short in below(root, own, its, lines) if _is_short(short)]
    return names[0] if names else BESIDE


def below(
    root: Path, own: Own, entries: Sequence[Entry], lines: IgnoreLines | None = None
) -> Iterator[tuple[Entry, str]]:
    """The entries of the context that its `lines` do not leave out, each with its path there."""
    out = ignored(root / own.context, lines) if lines else None
    above = f"{own.context}/" if own.context else ""
    for entry in entries:
        short = entry.path.removeprefix(above)
        if entry.path.startswith(above) and not (out is not None and out(short)):
            yield entry, short


def _hiding(pieces: Iterable[bytes], known: Entry) -> Iterator[bytes]:
    """The context's own .dockerignore with one more line."""
    packed = b"".join(pieces)
    if known.kind != "file":
        yield packed
        return
    data = packed[tarfile.BLOCKSIZE :][: known.size]
    yield _file(DOCKERIGNORE, data + f"\n{BESIDE}\n".encode(), known.mode)


def _file(name: str, data: bytes, mode: int = 0o644) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(data), mode
    return _header(info) + data + bytes(-len(data) % tarfile.BLOCKSIZE)


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
