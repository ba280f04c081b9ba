"""Files of a container that does not run: looked at, read, and folders put into it."""

from __future__ import annotations

import base64
import io
import json
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from docker.errors import APIError

from pxtui.engine.docker.connection import ACTION, Client

_FOLDER, _LINK = 1 << 31, 1 << 27
"""Go's bits for kinds of files in the modes that the engine tells."""
_LIMIT = 1 << 20


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder as it is to be in the container, whether it is there or not."""

    path: str
    mode: int
    uid: int = 0
    gid: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """What stands at a path."""

    folder: bool
    path: str
    """Where a link leads, else the path itself."""


def place(client: Client, container: str, path: str) -> Place | None:
    """Look at a path; None where nothing has it."""
    url = client.api._url("/containers/{0}/archive", container)
    response = client.api.head(url, params={"path": path}, timeout=ACTION)
    if response.status_code == 404:
        return None
    client.api._raise_for_status(response)
    told = response.headers.get("X-Docker-Container-Path-Stat", "")
    facts = json.loads(base64.b64decode(told)) if told else {}
    mode, leads = facts.get("mode", 0), str(facts.get("linkTarget") or "")
    return Place(bool(mode & _FOLDER), leads if mode & _LINK and leads else path)


def text(client: Client, container: str, path: str) -> str:
    """The beginning of a file; empty if there is none."""
    first, data = _first(client, container, path)
    return data.decode("utf-8", "replace") if first is not None and first.isfile() else ""


def folder(client: Client, container: str, path: str) -> Folder | None:
    """Owner and mode of a folder, through links."""
    found = place(client, container, f"{path}/.")
    if found is None or not found.folder:
        return None
    first, _ = _first(client, container, f"{path}/.")
    if first is None or not first.isdir():
        return None
    return Folder(path, first.mode, first.uid, first.gid)


def put(client: Client, container: str, folders: Iterable[Folder]) -> None:
    """Make folders, or give those that are there this owner and mode; what is in them stays."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for one in folders:
            info = tarfile.TarInfo(one.path.strip("/"))
            info.type, info.mode = tarfile.DIRTYPE, one.mode
            info.uid, info.gid = one.uid, one.gid
            tar.addfile(info)
    client.call(
        "put",
        "/containers/{0}/archive",
        container,
        params={"path": "/"},
        data=packed.getvalue(),
        timeout=ACTION,
    )


def _first(client: Client, container: str, path: str) -> tuple[tarfile.TarInfo | None, bytes]:
    """The first entry of what the engine packs; the rest of it is not read."""
    try:
        response: Any = client.call(
            "get", "/containers/{0}/archive", container, params={"path": path}, stream=True
        )
    except APIError as error:
        if error.status_code == 404:
            return None, b""
        raise
    try:
        with tarfile.open(fileobj=response.raw, mode="r|") as tar:
            first = tar.next()
            file = tar.extractfile(first) if first is not None and first.isfile() else None
            return first, file.read(_LIMIT) if file is not None else b""
    except tarfile.TarError:
        return None, b""
    finally:
        response.close()
