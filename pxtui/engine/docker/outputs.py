"""What a run wrote: made writable before, the person's own and on this machine after."""

from __future__ import annotations

import base64
import contextlib
import errno
import io
import json
import os
import posixpath
import re
import shlex
import shutil
import stat
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import requests
from docker.errors import APIError

from pxtui.engine.docker.connection import ACTION, PIECE, QUERY, Client, pieces
from pxtui.engine.docker.extract import LinkOutside, NotAFile, extract
from pxtui.engine.docker.failures import explanation
from pxtui.logs.text import clean_line
from pxtui.run import OUTPUTS, WORKDIR

PART = ".pxtui-part-"
"""How a folder in the outputs begins that is filled first, and moved to its place when whole."""
FEW = 16
"""So many changed places are asked for one by one; more of them come in one piece."""
TOLD = 3
"""Entries that are named in a message."""
_ADDED, _DELETED = 1, 2
_SYSTEM = re.compile(
    r"/(?:(?:bin|boot|dev|etc|lib|lib64|proc|root|run|sbin|sys|tmp|usr|var)(?:/|$)|$)"
)
"""Folders that hold nothing of the person's where an image has no folder of its own to run in."""
_FOLDER, _SOCKET = 1 << 31, 1 << 24
_END = 1024
_FULL = (errno.ENOSPC, errno.EDQUOT)
_Wanted = Callable[[str, bool], bool]
"""Whether to take an entry of an archive: by its path, and whether it is a folder."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What the person has to know of what was taken out; both are empty where all is well."""

    note: str = ""
    left: str = ""
    """What is still in the container, why, and how to get it."""


def prepare(outputs: Path, image_user: str) -> None:
    """Make the folder; an image whose user is not root could not write in it otherwise."""
    outputs.mkdir(parents=True, exist_ok=True)
    if image_user.partition(":")[0] not in ("", "0", "root"):
        # the folders above it are closed to everybody else
        outputs.chmod(0o777)


def take(client: Client, found: dict[str, Any], outputs: Path, command: str) -> Taken:
    """Bring what an ended container wrote to where it ran and to /outputs into a person's folder.

    `command` is what copies by hand: `docker`. It may be done again after any interruption.
    """
    mounts = {str(one.get("Destination")): one for one in found.get("Mounts") or ()}
    bound = mounts.get(OUTPUTS, {})
    notes: list[str] = []
    if bound.get("Type") == "bind":
        source = Path(bound["Source"])
        outputs = source if source.is_dir() else outputs
        notes.append(own(client, found["Image"], outputs))
    workdir = posixpath.normpath(found["Config"].get("WorkingDir") or "/")
    taking = _Taking(client, found["Id"], workdir)
    try:
        outputs.mkdir(parents=True, exist_ok=True)
        for earlier in outputs.glob(f"{PART}*"):
            _clear(earlier)
        # nobody else's: another pxtui may just be leaving this one
        part = taking.part = Path(tempfile.mkdtemp(prefix=PART, dir=outputs))
        if bound and bound.get("Type") != "bind":
            taking.folder(OUTPUTS)
        taking.changes(set(mounts))
        if taking.failed:
            client.call("get", "/_ping")  # if it is gone, or let go, this is for the next time
        _settle(part, outputs)
    except requests.RequestException:
        raise
    except OSError as error:
        taking.failed.setdefault(workdir, f"{outputs}: {error.strerror or error}")
    notes.append(_listed("not taken: ", taking.passed_over))
    return Taken("; ".join(note for note in notes if note), _left(taking, found, command))


def _left(taking: _Taking, found: dict[str, Any], command: str) -> str:
    if not taking.failed:
        return ""
    why = _listed("", [f"{path}: {reason}" for path, reason in taking.failed.items()])
    first = next(iter(taking.failed))
    place = first if len(taking.failed) == 1 else f"/{first.split('/')[1]}"
    name = str(found.get("Name", "")).lstrip("/")
    how = f"{command} cp {shlex.quote(f'{name}:{place}')} ."
    return f"not all that it wrote could be taken out ({why}): `{clean_line(how)}`"


def _listed(before: str, items: list[str]) -> str:
    if not items:
        return ""
    more = f" and {len(items) - TOLD} more" if len(items) > TOLD else ""
    return clean_line(before + ", ".join(items[:TOLD]) + more)


class _Taking:
    """One taking of a container's files, each under its own path, into a folder."""

    def __init__(self, client: Client, container: str, workdir: str) -> None:
        self.passed_over: list[str] = []
        """What is no file: devices, pipes, links to elsewhere."""
        self.failed: dict[str, str] = {}
        self.part = Path()
        self._client, self._container, self._workdir = client, container, workdir
        self._seen: set[str] = set()
        self._changed: tuple[str, ...] = ()
        self._full = False

    def folder(self, path: str) -> None:
        """Take all of one folder."""
        self._archive(path, _all_of_it)

    def changes(self, mounts: set[str]) -> None:
        """Take what the command created or changed where it ran; what is mounted is not its own."""
        try:
            listed: list[dict[str, Any]] | None = self._client.call(
                "get", "/containers/{0}/changes", self._container, timeout=(QUERY, None)
            ).json()
        except APIError as error:
            self.failed[self._workdir] = explanation(error)
            return
        self._changed = tuple(
            str(one["Path"]) for one in listed or () if int(one["Kind"]) != _DELETED
        )
        inner = {mount for mount in mounts if _is_below(mount, self._workdir)}
        roots, wanted = _changed(listed or [], inner, self._workdir)
        # by its name alone a file whose name is no UTF-8 cannot be asked for
        odd = any("\ufffd" in path for path in roots)
        if (len(roots) > FEW or odd) and not inner:
            self._archive(self._workdir, lambda name, is_folder: _under(name, roots, is_folder))
        else:
            for root in roots:
                self._archive(root, _all_of_it, only_file=not roots[root])
        # the engine leaves out silently what it cannot read
        for path, with_all in wanted.items():
            if path not in self._seen:
                self._missing(path, only_file=not with_all)

    def _missing(self, path: str, *, only_file: bool) -> None:
        if path in self.failed or self._full:
            return
        self._archive(path, lambda name, _: name == path, only_file=only_file)
        if path not in self._seen:
            self.failed.setdefault(path, "the engine does not give it")

    def _archive(self, path: str, wanted: _Wanted, *, only_file: bool = False) -> None:
        """Take from the archive of one path; `only_file`: not if it is a folder."""
        if self._full:
            return
        try:
            response = self._client.call(
                "get",
                "/containers/{0}/archive",
                self._container,
                params={"path": path},
                stream=True,
                timeout=(QUERY, None),
            )
            with contextlib.closing(response):
                mode = _mode(response)
                if only_file and mode & _FOLDER:
                    self._seen.add(path)
                elif mode & _SOCKET:
                    self._pass_over(path, "a socket")
                else:
                    self._read(response, posixpath.dirname(path), wanted)
        except APIError as error:
            self.failed[path] = explanation(error)
        except tarfile.TarError as error:
            self.failed[path] = f"the engine's archive ends early ({error})"

    def _read(self, response: Any, above: str, wanted: _Wanted) -> None:
        reader = _Reader(response)
        with tarfile.open(fileobj=reader, mode="r|", bufsize=PIECE, errorlevel=1) as tar:
            members = vars(tar)["members"]
            for member in tar:
                members.clear()  # it would keep them all
                name = posixpath.join(above, member.name)
                if not _is_rubbish(name) and wanted(_plain(name), member.isdir()):
                    self._member(tar, member, name, above)
                if self._full:
                    return
        if not reader.ended():
            raise tarfile.ReadError("its end is missing")

    def _member(self, tar: tarfile.TarFile, member: tarfile.TarInfo, name: str, above: str) -> None:
        base = OUTPUTS if f"{name}/".startswith(f"{OUTPUTS}/") else self._workdir
        folder = self.part / (OUTPUTS if base == OUTPUTS else WORKDIR)[1:]
        member.name = name[len(base) :].lstrip("/")
        if not member.name:
            return
        if member.islnk():
            member.linkname = posixpath.join(above, member.linkname)[len(base) :].lstrip("/")
            if not _is_file(folder / member.linkname):
                return  # it is asked for alone, and comes as a file
        elif member.issym() and _is_below(member.linkname, base):
            member.linkname = posixpath.relpath(member.linkname, posixpath.dirname(name))
        try:
            extract(tar, member, folder)
        except NotAFile:
            self._pass_over(name, "a device or a pipe")
        except LinkOutside:
            self._link_outside(name, member.linkname)
        except (OSError, UnicodeError) as error:
            with contextlib.suppress(OSError, UnicodeError):
                (folder / member.name).unlink()
            self.failed[name] = getattr(error, "strerror", None) or str(error)
            self._full = getattr(error, "errno", None) in _FULL
        else:
            self._seen.add(_plain(name))

    def _link_outside(self, name: str, target: str) -> None:
        """A link to elsewhere is no file; but what was written through it must not get lost."""
        end = posixpath.normpath(posixpath.join(posixpath.dirname(name), target))
        if any(path == end or path.startswith(f"{end}/") for path in self._changed):
            self.failed[name] = f"a link to {target}, where it wrote"
            self._seen.add(_plain(name))
        else:
            self._pass_over(name, f"a link to {target}")

    def _pass_over(self, name: str, what: str) -> None:
        self._seen.add(_plain(name))
        self.passed_over.append(f"{name} ({what})")


def _changed(
    listed: list[dict[str, Any]], mounts: set[str], workdir: str
) -> tuple[dict[str, bool], dict[str, bool]]:
    """What to ask for (True: with all below it), and every path that has to come.

    A folder that changed counts by what changed in it, and so does a new one with a mount below.
    """
    kinds = {str(one["Path"]): int(one["Kind"]) for one in listed}
    folders = {posixpath.dirname(path) for path in kinds}
    around = {str(above) for mount in mounts for above in PurePosixPath(mount, "x").parents}
    roots: dict[str, bool] = {}
    wanted: dict[str, bool] = {}
    for path in sorted(kinds):
        kind = kinds[path]
        if kind == _DELETED or not _is_below(path, workdir) or _is_rubbish(path):
            continue
        if path in around or (kind != _ADDED and path in folders):
            continue
        wanted[path] = kind == _ADDED
        if not _under(path, roots):
            roots[path] = kind == _ADDED
    return roots, wanted


def _is_below(path: str, workdir: str) -> bool:
    """Whether a path is part of where the command ran; at `/` the system's folders are not."""
    if workdir == "/":
        return path.startswith("/") and not _SYSTEM.match(path)
    return path.startswith(f"{workdir}/")


def _all_of_it(path: str, is_folder: bool) -> bool:
    return True


def _under(path: str, roots: dict[str, bool], is_folder: bool = False) -> bool:
    """Whether a path is one of these, or below one that is meant with all below it."""
    if path in roots:
        return roots[path] or not is_folder
    while (path := posixpath.dirname(path)) != "/":
        if roots.get(path):
            return True
    return False


def _is_rubbish(path: str) -> bool:
    return path.endswith(".pyc") or "__pycache__" in path.split("/")


def _plain(name: str) -> str:
    """A name as the engine lists it: each byte that is no UTF-8 as one sign."""
    return re.sub("[\udc80-\udcff]", "\ufffd", name)


def _is_file(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _mode(response: Any) -> int:
    """The kind and rights of what an archive is of, as Go counts them; 0 where not told."""
    told = response.headers.get("X-Docker-Container-Path-Stat", "")
    return int(json.loads(base64.b64decode(told)).get("mode", 0)) if told else 0


def _settle(part: Path, outputs: Path) -> None:
    """Move what was taken to its place; what the run itself wrote there stays."""
    for entry in _entries(part / OUTPUTS[1:]):
        _clear(outputs / entry.name)
        entry.rename(outputs / entry.name)
    code = part / WORKDIR[1:]
    if code.exists():
        number, place = 1, outputs / code.name
        while os.path.lexists(place):
            if _is_same(code, place):  # of an earlier time that was broken off
                _clear(place)
                break
            number += 1
            place = outputs / f"{code.name}-{number}"
        code.rename(place)
    _clear(part)


def _entries(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []


def _is_same(one: Path, other: Path) -> bool:
    return not other.is_symlink() and _facts(one) == _facts(other)


def _facts(folder: Path) -> dict[str, tuple[int, int]]:
    """Size and time of every file; a link has its length and no time."""
    facts: dict[str, tuple[int, int]] = {}
    for path in _all(folder):
        found = os.lstat(path)
        if not stat.S_ISDIR(found.st_mode):
            time = 0 if stat.S_ISLNK(found.st_mode) else int(found.st_mtime)
            facts[os.path.relpath(path, folder)] = (found.st_size, time)
    return facts


def _clear(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def own(client: Client, image: str, outputs: Path) -> str:
    """Give all in the folder to the person; a note where that was not possible."""
    note = _given_away(client, image, outputs)
    _open_up(outputs)
    return note


def _given_away(client: Client, image: str, outputs: Path) -> str:
    uid, gid = os.geteuid(), os.getegid()
    foreign = [path for path in _all(outputs) if _owner(path) not in (uid, None)]
    if not foreign:
        return ""
    if uid == 0:
        for path in foreign:
            with contextlib.suppress(OSError):
                os.chown(path, uid, gid, follow_symlinks=False)
        return ""
    # root in a rootless engine is the person
    owner = "0:0" if rootless(client) else f"{uid}:{gid}"
    if not _by_container(client, image, outputs, owner):
        return f"files in the outputs belong to another user: sudo chown -R {owner} {outputs}"
    return ""


def _open_up(outputs: Path) -> None:
    """Let the person read and remove all of it, whatever modes the run gave."""
    for here, folders, files in os.walk(outputs):
        for names, least in ((folders, 0o700), (files, 0o600)):
            for name in names:
                path = os.path.join(here, name)
                with contextlib.suppress(OSError):
                    mode = os.lstat(path).st_mode
                    if not stat.S_ISLNK(mode) and mode & least != least:
                        os.chmod(path, stat.S_IMODE(mode) | least)


def rootless(client: Client) -> bool:
    """Whether the engine belongs to a person without root's rights."""
    options = client.call("get", "/info").json().get("SecurityOptions") or ()
    return any("rootless" in option for option in options)


class _Reader(io.RawIOBase):
    """An answer as a file that is read once."""

    def __init__(self, response: Any) -> None:
        super().__init__()
        self._pieces = pieces(response)
        self._rest = bytearray()
        self._tail = b""

    def read(self, size: int = -1) -> bytes:
        while len(self._rest) < size and (piece := next(self._pieces, b"")):
            self._rest += piece
            self._tail = (self._tail + piece)[-_END:]
        data = bytes(self._rest[:size])
        del self._rest[:size]
        return data

    def ended(self) -> bool:
        """Read on to the end: whether it is that of an archive, and not of the connection."""
        while self.read(PIECE):
            pass
        return self._tail == bytes(_END)


def _all(folder: Path) -> Iterator[str]:
    yield str(folder)
    for here, folders, files in os.walk(folder):
        for name in (*folders, *files):
            yield os.path.join(here, name)


def _owner(path: str) -> int | None:
    try:
        return os.lstat(path).st_uid
    except OSError:
        return None


def _by_container(client: Client, image: str, outputs: Path, owner: str) -> bool:
    """Let a container of the same image do it as root, which the person need not be."""
    config = {
        "Image": image,
        "Entrypoint": ["chown"],
        "Cmd": ["-hR", owner, OUTPUTS],
        "User": "0:0",
        "HostConfig": {
            "NetworkMode": "none",
            "Mounts": [{"Type": "bind", "Source": str(outputs), "Target": OUTPUTS}],
        },
    }
    try:
        made = client.call("post", "/containers/create", json=config).json()["Id"]
        try:
            client.call("post", "/containers/{0}/start", made, timeout=ACTION)
            end = client.call("post", "/containers/{0}/wait", made, timeout=ACTION).json()
            return bool(end["StatusCode"] == 0)
        finally:
            client.call("delete", "/containers/{0}", made, params={"force": "1", "v": "1"})
    except APIError:
        return False
