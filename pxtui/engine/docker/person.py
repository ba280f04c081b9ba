"""Who runs in a container: user, home and name, and what must be made writable for them."""

from __future__ import annotations

import os
import pwd
import re
from collections.abc import Mapping
from dataclasses import dataclass

from pxtui.engine.docker import archive
from pxtui.engine.docker.archive import Folder
from pxtui.engine.docker.connection import Client
from pxtui.engine.docker.machine import Machine
from pxtui.errors import EngineError
from pxtui.run import WORKDIR

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_NAMELESS = "pxtui"


@dataclass(frozen=True, slots=True)
class Person:
    """The user of a run; root needs nothing."""

    user: str = ""
    """As the engine is given it; empty: as the image has it."""
    uid: int = 0
    gid: int = 0
    home: str = ""
    """$HOME, where it is known."""
    env: tuple[tuple[str, str], ...] = ()
    folders: tuple[Folder, ...] = ()
    """What is made, or made theirs, before the start."""

    @property
    def text(self) -> str:
        """In words, for Inspect."""
        who = "root" if self.uid == 0 else f"{self.uid}:{self.gid}"
        return f"{who}, HOME {self.home}" if self.home else who


@dataclass(frozen=True, slots=True)
class _Entry:
    """A line of /etc/passwd."""

    name: str
    uid: int
    gid: int
    home: str


def wanted_user(wanted: str, machine: Machine) -> str:
    """The user to ask the engine for; empty: the image's."""
    if wanted != "me":
        return wanted
    # root in a rootless engine is the person
    return "0:0" if machine.rootless else f"{os.getuid()}:{os.getgid()}"


def is_root(user: str) -> bool:
    """Whether a user as images and engines name it is root."""
    return user.partition(":")[0] in ("", "0", "root")


def look(client: Client, container: str, user: str, env: Mapping[str, str], as_me: bool) -> Person:
    """Find out what a user other than root has in a container that was not started."""
    name, _, group = user.partition(":")
    entry = _entry(archive.text(client, container, "/etc/passwd"), name)
    if entry is None and not name.isdecimal():
        raise EngineError(
            f"the image has no user {name!r} in its /etc/passwd", "choose one with --user UID:GID"
        )
    uid = entry.uid if entry else int(name)
    gid = int(group) if group.isdecimal() else entry.gid if entry else 0
    called = _own_name() if as_me else entry.name if entry else _NAMELESS
    given: list[tuple[str, str]] = []
    if as_me or entry is None:
        # without them getpass.getuser() fails where the user has no line in /etc/passwd
        given += [("USER", called), ("LOGNAME", called)]
    code = archive.place(client, container, WORKDIR)
    # a link there is what the image has: the folder that it leads to is meant
    folders = [Folder(code.path if code else WORKDIR, 0o777, uid, gid)]
    home = env.get("HOME") or (entry.home if entry else "")
    if not _is_theirs(archive.folder(client, container, home) if home else None, uid, gid):
        home = f"/home/{called if _NAME.fullmatch(called) else _NAMELESS}"
        if archive.place(client, container, "/home") is None:
            folders.append(Folder("/home", 0o755))
        folders.append(Folder(home, 0o755, uid, gid))
        given.append(("HOME", home))
    return Person(user, uid, gid, home, tuple(given), tuple(folders))


def _entry(passwd: str, user: str) -> _Entry | None:
    """The line of a user, by name or number; a name goes before a number, as the engine has it."""
    entries = []
    for line in passwd.splitlines():
        parts = line.split(":")
        if len(parts) >= 6 and parts[2].isdecimal() and parts[3].isdecimal():
            entries.append(_Entry(parts[0], int(parts[2]), int(parts[3]), parts[5]))
    by_name = [entry for entry in entries if entry.name == user]
    return next(iter(by_name + [entry for entry in entries if str(entry.uid) == user]), None)


def _is_theirs(folder: Folder | None, uid: int, gid: int) -> bool:
    """Whether they can write in their home."""
    if folder is None or folder.path.strip("/") == "":
        return False
    own = folder.uid == uid and folder.mode & 0o300 == 0o300
    group = folder.gid == gid and folder.mode & 0o030 == 0o030
    return own or group or folder.mode & 0o003 == 0o003


def _own_name() -> str:
    """The person's name on this machine."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return _NAMELESS
