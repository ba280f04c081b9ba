"""Which container engine this machine is set up for, found without asking any engine."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pxtui.errors import NoEngine

Kind = Literal["docker", "podman"]


@dataclass(frozen=True, slots=True)
class Found:
    """An engine that is configured or present; whether it answers is not known."""

    kind: Kind
    host: str
    """As in DOCKER_HOST: `unix:///var/run/docker.sock`, `ssh://host`, `tcp://host:2376`."""
    why: str
    """`DOCKER_HOST`, `docker context NAME`, `socket`."""
    context: str | None = None

    @property
    def remote(self) -> bool:
        """Whether its files are surely not those of this machine.

        A tunnel ends here too: the engine itself has to say whether it sees our files.
        """
        scheme, _, rest = self.host.partition("://")
        if scheme in ("unix", "http+unix", "npipe") or "://" not in self.host:
            return False
        name = rest.rpartition("@")[2].split("/")[0]
        name = name[1:].split("]")[0] if name.startswith("[") else name.partition(":")[0]
        local = name in ("", "localhost", "::1") or name.startswith("127.")
        return scheme == "ssh" or not local


def configured(kind: Kind | None = None) -> Found | None:
    """The engine that is configured, or whose socket exists: Docker first, then Podman.

    A docker context that is named and missing raises NoEngine: nothing else is taken for it.
    """
    if kind != "podman":
        host = os.environ.get("DOCKER_HOST", "").strip()
        if host:
            # as Docker's own client takes a scheme alone
            host = "unix:///var/run/docker.sock" if host == "unix://" else host
            return Found(_kind_of(host), host, "DOCKER_HOST")
        found = _context()
        if found is not None:
            return found
    if kind != "docker" and (host := os.environ.get("CONTAINER_HOST", "").strip()):
        return Found("podman", host, "CONTAINER_HOST")
    for name, path in _sockets():
        if kind in (None, name) and _stands(path):
            return Found(name, f"unix://{path}", "socket")
    return None


def tried() -> str:
    """Where an engine was looked for, in one line."""
    return "DOCKER_HOST, docker context, " + ", ".join(str(path) for _, path in _sockets())


def _kind_of(host: str) -> Kind:
    return "podman" if "podman" in host else "docker"


def _context() -> Found | None:
    home = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
    name = os.environ.get("DOCKER_CONTEXT", "").strip()
    if not name:
        config = _json(home / "config.json")
        name = str(config.get("currentContext") or "")
    if not name or name == "default":
        return None
    digest = hashlib.sha256(name.encode()).hexdigest()
    meta = _json(home / "contexts" / "meta" / digest / "meta.json")
    endpoint = meta.get("Endpoints", {})
    host = endpoint.get("docker", {}).get("Host") if isinstance(endpoint, dict) else None
    if not host:
        raise NoEngine(
            f"the docker context {name!r} does not exist",
            "`docker context ls` lists them; `docker context use default` goes back",
        )
    return Found(_kind_of(str(host)), str(host), f"docker context {name}", name)


def _json(path: Path) -> dict[str, dict[str, dict[str, str]]]:
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _sockets() -> Iterator[tuple[Kind, Path]]:
    home = Path.home()
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    yield "docker", Path("/var/run/docker.sock")
    if runtime:
        yield "docker", Path(runtime, "docker.sock")
    for name in (".docker/run", ".docker/desktop", ".colima/default", ".rd", ".orbstack/run"):
        yield "docker", home / name / "docker.sock"
    if runtime:
        yield "podman", Path(runtime, "podman", "podman.sock")
    yield "podman", Path("/run/podman/podman.sock")


def _stands(path: Path) -> bool:
    """Whether something is there: a dead link or a plain file is an engine that does not answer."""
    try:
        os.lstat(path)
    except PermissionError:
        return True  # it may well be there: the engine itself will say who may use it
    except OSError:
        return False
    return True
