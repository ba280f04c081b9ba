"""A person's file on disk: read with limits, replaced whole or not at all.

What another writer puts there meanwhile is never removed: it is kept beside the file. A save
completes a file of its own in the same folder and exchanges the two in one step; what comes out is
looked at before it is removed. The names of these files tell what may be removed after a kill:

    .pxtui-save-<random>                  not complete: our new text
    .pxtui-save-<random>-<base>-<new>     complete: our new text, the old one, or another writer's
    <name>.conflict-<time>-<random>       another writer's: kept for the person

Where the system cannot exchange two files, the old one gets a second name before it is replaced.
A file with several names (hard links) is replaced under this one; the person is told. Writing in
place instead would not survive a crash, and would change copies that a backup made as links.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import re
import secrets
import stat
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pxtui.errors import EditError

MAX_SIZE = 1 << 20
SAVE_PREFIX = ".pxtui-save-"

_OURS = re.compile(re.escape(SAVE_PREFIX) + "[0-9a-f]{12}(?:-([0-9a-f]{16})-([0-9a-f]{16}))?")
_NO_SWAP = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EPERM)
"""What systems say that cannot exchange two files; where EPERM means the file, a rename says so."""
_CHANGED = "it was changed by something else meanwhile"
_CODES = {
    errno.ENOENT: "E_MISSING",
    errno.ELOOP: "E_MISSING",
    errno.EACCES: "E_PERM",
    errno.EPERM: "E_PERM",
    errno.EROFS: "E_PERM",
    errno.ENOSPC: "E_NO_SPACE",
    errno.EDQUOT: "E_NO_SPACE",
}


class Refused(EditError):
    """The file cannot be read or saved: it is as it was. `code` says why, as of a Problem."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.code = code


@dataclass(frozen=True, slots=True)
class Done:
    """What else is to be said of a save."""

    kept: tuple[str, ...] = ()
    """Names of files beside it that hold what another writer had put there."""
    other_names: bool = False
    """It was a hard link: its other names keep the old text."""


def content(file: Path) -> bytes:
    """The bytes of a file; what is no regular file or too big is refused unread."""
    with _told("opened"):
        fd = _open(os.fspath(file))
        try:
            return _content(fd)
        finally:
            os.close(fd)


def save(file: Path, data: bytes, base: bytes | None) -> Done:
    """Replace the file's bytes, which must still be `base` (None: there is no file any more).

    Links stay links; mode, owner, group and attributes stay. Raises Refused.
    """
    target = Path(os.path.realpath(file))
    with _told("saved"), _folder(target.parent) as folder:
        kept = _cleaned(folder, target.name) if _is_alone(folder) else ()
        if base is None:
            _create(folder, target.name, data)
            return Done(kept)
        like = _open(target.name, folder)
        try:
            facts = os.fstat(like)
            _check(target, folder)
            new = _write(folder, data, base, like)
        finally:
            os.close(like)
        old = _exchange(folder, new, target.name, base)
        with contextlib.suppress(OSError):  # it is done: nothing from here on is a failed save
            os.fsync(folder)
        if old and _content_of(folder, old) == base:
            _remove(folder, old)
        elif old:
            kept += _kept(folder, old, target.name)
        return Done(kept, facts.st_nlink > 1)


def is_locked(file: Path) -> bool:
    """Whether it is plain beforehand that a save will be refused."""
    target = os.path.realpath(file)
    there = (target, os.path.dirname(target))
    return os.path.exists(target) and not all(os.access(path, os.W_OK) for path in there)


def clean(file: Path) -> tuple[str, ...]:
    """Remove what a killed save left beside the file; names of what it was killed over."""
    target = Path(os.path.realpath(file))
    with contextlib.suppress(OSError), _folder(target.parent) as folder:
        return _cleaned(folder, target.name) if _is_alone(folder) else ()
    return ()


@contextlib.contextmanager
def _told(what: str) -> Iterator[None]:
    """Say by name why the system does not do it."""
    try:
        yield
    except FileNotFoundError:
        raise Refused("E_MISSING", "there is no such file") from None
    except OSError as error:
        code = _CODES.get(error.errno or 0, "E_NOTFILE" if what == "opened" else "E_SAVE")
        hint = "make room, then save again" if code == "E_NO_SPACE" else ""
        said = os.strerror(error.errno or 0)
        raise Refused(code, f"it cannot be {what}: {said}", hint) from None


@contextlib.contextmanager
def _folder(path: Path) -> Iterator[int]:
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield fd
    finally:
        os.close(fd)


def _is_alone(folder: int) -> bool:
    """Whether no other pxtui saves here: what it makes is not to be removed under it."""
    with contextlib.suppress(OSError):
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def _open(name: str, folder: int | None = None) -> int:
    """Open a regular file; nothing else is even opened, which a device might act on."""
    # in a folder it is the real path, which is no link any more
    link = folder is None
    if not stat.S_ISREG(os.stat(name, dir_fd=folder, follow_symlinks=link).st_mode):
        raise Refused("E_NOTFILE", "it is not a regular file")
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
    return os.open(name, flags if link else flags | os.O_NOFOLLOW, dir_fd=folder)


def _facts(folder: int, name: str) -> os.stat_result:
    return os.stat(name, dir_fd=folder, follow_symlinks=False)


def _content(fd: int) -> bytes:
    facts = os.fstat(fd)
    if not stat.S_ISREG(facts.st_mode):
        raise Refused("E_NOTFILE", "it is not a regular file")
    if facts.st_size > MAX_SIZE:
        raise Refused("E_TOO_BIG", f"it has {facts.st_size:,} bytes; {MAX_SIZE:,} is the most")
    with open(fd, "rb", closefd=False) as handle:
        data = handle.read(MAX_SIZE + 1)
    if data and os.fstat(fd).st_size == 0:
        raise Refused("E_NOTFILE", "it is no file on a disk: the system makes it up")
    return data


def _content_of(folder: int, name: str) -> bytes | None:
    """The bytes of a file in a folder; None for what is no file, or cannot be read."""
    with contextlib.suppress(OSError, Refused):
        fd = _open(name, folder)
        try:
            return _content(fd)
        finally:
            os.close(fd)
    return None


def _check(target: Path, folder: int) -> None:
    """Refuse what must not be written to, though the folder would let it be replaced."""
    if os.access(target.name, os.W_OK, dir_fd=folder):
        return
    frozen = os.statvfs(target.parent).f_flag & os.ST_RDONLY
    hint = "its file system is read-only" if frozen else "chmod u+w it, then save again"
    raise Refused("E_PERM", "it is write-protected", hint)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def _name(base: bytes | None = None, data: bytes = b"") -> str:
    mark = "" if base is None else f"-{_digest(base)}-{_digest(data)}"
    return f"{SAVE_PREFIX}{secrets.token_hex(6)}{mark}"


def _write(folder: int, data: bytes, base: bytes, like: int | None) -> str:
    """Make the new file, complete and on the disk, in everything but its name like the old one."""
    name, complete = _name(), _name(base, data)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    fd = os.open(name, flags, 0o600 if like is not None else 0o666, dir_fd=folder)
    try:
        with open(fd, "wb") as handle:
            handle.write(data)
            handle.flush()
            if like is not None:
                _make_like(fd, like)
            os.fsync(fd)
        os.rename(name, complete, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        _remove(folder, name)
        raise
    return complete


def _make_like(fd: int, like: int) -> None:
    facts, own = os.fstat(like), os.fstat(fd)
    try:
        if (facts.st_uid, facts.st_gid) != (own.st_uid, own.st_gid):
            os.fchown(fd, facts.st_uid, facts.st_gid)
    except PermissionError:
        message = "its owner or group is not yours and could not be kept"
        raise Refused("E_PERM", message, "change it as its owner") from None
    _copy_attributes(like, fd)
    os.fchmod(fd, stat.S_IMODE(facts.st_mode))


def _copy_attributes(source: int, target: int) -> None:
    """Give a file the extended attributes and the access list of another."""
    if sys.platform == "darwin":
        import ctypes

        copyfile_acl, copyfile_xattr = 1 << 0, 1 << 2
        ctypes.CDLL(None).fcopyfile(source, target, None, copyfile_acl | copyfile_xattr)
        return
    try:
        wanted = {name: os.getxattr(source, name) for name in os.listxattr(source)}
        given = {name: os.getxattr(target, name) for name in os.listxattr(target)}
    except OSError as error:
        if error.errno in (errno.ENOTSUP, errno.ENOSYS):
            return
        raise
    if "system.posix_acl_access" in given.keys() - wanted.keys():
        os.removexattr(target, "system.posix_acl_access")
    for name, value in wanted.items():
        if given.get(name) != value:
            try:
                os.setxattr(target, name, value)
            except OSError:
                # the system's own labels follow from the place and need not be ours to set
                if not name.startswith("security."):
                    raise


def _create(folder: int, name: str, data: bytes) -> None:
    """Write a file anew; one that is there after all stays."""
    new = _write(folder, data, data, None)
    try:
        os.link(new, name, src_dir_fd=folder, dst_dir_fd=folder)
    except FileExistsError:
        raise Refused("E_CHANGED", _CHANGED, "save again") from None
    finally:
        _remove(folder, new)
    with contextlib.suppress(OSError):
        os.fsync(folder)


def _exchange(folder: int, new: str, name: str, base: bytes) -> str:
    """Put the new file in the place of the old one; where the old one is now, if it is known."""
    old = _name(base, base)
    try:
        if _content_of(folder, name) != base:
            raise Refused("E_CHANGED", _CHANGED, "save again")
        if _swap(folder, new, name):
            return new
        try:
            os.link(name, old, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
        except OSError:  # a file system without links: the look just now has to do
            old = ""
        # here another writer's rename, within microseconds, is not seen
        if old and not os.path.samestat(_facts(folder, name), _facts(folder, old)):
            raise Refused("E_CHANGED", _CHANGED, "save again")
        os.replace(new, name, src_dir_fd=folder, dst_dir_fd=folder)
    except (OSError, Refused):
        _remove(folder, new)
        _remove(folder, old)
        raise
    return old


def _swap(folder: int, first: str, second: str) -> bool:
    """Exchange two files of a folder in one step; False where the system cannot."""
    import ctypes  # it takes a while, and most starts of pxtui save nothing

    name = "renameatx_np" if sys.platform == "darwin" else "renameat2"
    call = getattr(ctypes.CDLL(None, use_errno=True), name, None)
    exchange = 2  # RENAME_EXCHANGE of Linux, RENAME_SWAP of macOS
    if call is None:
        return False
    if call(folder, os.fsencode(first), folder, os.fsencode(second), exchange) == 0:
        return True
    if (number := ctypes.get_errno()) in _NO_SWAP:
        return False
    raise OSError(number, os.strerror(number))


def _kept(folder: int, old: str, name: str) -> tuple[str, ...]:
    kept = f"{name}.conflict-{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(3)}"
    try:
        # the file itself, not a copy: whoever still writes into it, writes into what is kept
        os.rename(old, kept, src_dir_fd=folder, dst_dir_fd=folder)
    except OSError:
        return (old,)
    return (kept,)


def _cleaned(folder: int, name: str) -> tuple[str, ...]:
    """Remove what killed saves left; what another writer had put there is kept."""
    kept: tuple[str, ...] = ()
    for left in os.listdir(folder):
        if not (match := _OURS.fullmatch(left)):
            continue
        data = _content_of(folder, left) if match[1] else b""
        if match[1] and (data is None or _digest(data) not in match.groups()):
            kept += _kept(folder, left, name)
        else:
            _remove(folder, left)
    return kept


def _remove(folder: int, name: str) -> None:
    with contextlib.suppress(OSError):
        os.unlink(name, dir_fd=folder)
