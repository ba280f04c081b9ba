"""One entry of an engine's archive, put into a folder of the person and never outside of it.

The library's own filters would do, but the Python of Debian 12 does not have them yet.
"""

from __future__ import annotations

import errno
import os
import shutil
import tarfile
from pathlib import Path

_PIECE = 1 << 20


class NotAFile(Exception):
    """The entry is a device or a pipe."""


class LinkOutside(Exception):
    """The entry is a link that leaves the folder."""


def extract(tar: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    """Write a file, folder or link below `folder`; raises NotAFile, LinkOutside, OSError."""
    root = os.path.realpath(folder)
    path = os.path.join(root, member.name)
    if not _inside(root, os.path.normpath(path)):
        raise OSError(errno.EPERM, "its name leaves the folder")
    above = os.path.dirname(path)
    os.makedirs(above, exist_ok=True)
    if not _inside(root, os.path.realpath(above)):
        raise OSError(errno.EPERM, "it lies behind a link that leaves the folder")
    if member.isdir():
        os.makedirs(path, exist_ok=True)
        os.chmod(path, member.mode & 0o755 | 0o700)
    elif member.issym():
        end = os.path.normpath(os.path.join(above, member.linkname))
        if os.path.isabs(member.linkname) or not _inside(root, end):
            raise LinkOutside
        _clear(path)
        os.symlink(member.linkname, path)
    elif member.islnk():
        _clear(path)
        os.link(os.path.join(root, member.linkname), path, follow_symlinks=False)
    elif member.isreg():
        _clear(path)
        _write(tar, member, path)
    else:
        raise NotAFile


def _write(tar: tarfile.TarFile, member: tarfile.TarInfo, path: str) -> None:
    source = tar.extractfile(member)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with open(os.open(path, flags, 0o600), "wb") as file:
        if source is not None:
            shutil.copyfileobj(source, file, _PIECE)
        if file.tell() != member.size:
            raise tarfile.ReadError("a file in it is cut off")
        os.fchmod(file.fileno(), member.mode & 0o755 | 0o600)
    os.utime(path, (member.mtime, member.mtime))


def _clear(path: str) -> None:
    """Another entry of the same name came before; a folder of that name stays, and is an error."""
    if os.path.lexists(path) and (os.path.islink(path) or not os.path.isdir(path)):
        os.unlink(path)


def _inside(root: str, path: str) -> bool:
    return path == root or path.startswith(f"{root}/")
