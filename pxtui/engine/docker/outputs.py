"""What a run wrote: made writable before, the person's own and on this machine after."""

from __future__ import annotations

import contextlib
import io
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docker.errors import APIError

from pxtui.engine.docker.connection import ACTION, Client, pieces
from pxtui.run import OUTPUTS


def prepare(outputs: Path, image_user: str) -> None:
    """Make the folder; an image whose user is not root could not write in it otherwise."""
    outputs.mkdir(parents=True, exist_ok=True)
    if image_user.partition(":")[0] not in ("", "0", "root"):
        # the folders above it are closed to everybody else
        outputs.chmod(0o777)


def own(client: Client, image: str, outputs: Path) -> str:
    """Give all in the folder to the person; a note where that was not possible."""
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


def rootless(client: Client) -> bool:
    """Whether the engine belongs to a person without root's rights."""
    options = client.call("get", "/info").json().get("SecurityOptions") or ()
    return any("rootless" in option for option in options)


def take_out(client: Client, container: str, outputs: Path) -> str:
    """Copy the outputs of an engine elsewhere to this machine; a note where that failed."""
    try:
        response = client.call(
            "get",
            "/containers/{0}/archive",
            container,
            params={"path": f"{OUTPUTS}/."},
            stream=True,
        )
        outputs.mkdir(parents=True, exist_ok=True)
        with tarfile.open(fileobj=_Reader(response), mode="r|") as tar:
            tar.extractall(outputs, filter="data")
    except (APIError, tarfile.TarError, OSError) as error:
        return f"the outputs are still on the engine: {error}"
    return ""


class _Reader(io.RawIOBase):
    """An answer as a file that is read once."""

    def __init__(self, response: Any) -> None:
        super().__init__()
        self._pieces = pieces(response)
        self._rest = b""

    def read(self, size: int = -1) -> bytes:
        while len(self._rest) < size and (piece := next(self._pieces, b"")):
            self._rest += piece
        data, self._rest = self._rest[:size], self._rest[size:]
        return data


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
