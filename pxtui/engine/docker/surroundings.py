"""What a run gets of its machine, as the engine is asked for it and as it is told."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pxtui import places
from pxtui.engine.docker.archive import Folder
from pxtui.engine.docker.devices import requests
from pxtui.engine.docker.machine import Machine, image_platform
from pxtui.engine.docker.person import Person
from pxtui.errors import EngineError
from pxtui.gpus import Given
from pxtui.image.context import amount
from pxtui.logs.text import clean_line
from pxtui.run import CACHE, OUTPUTS, TERM, Mount, RunSpec

_CACHE_HOME = "XDG_CACHE_HOME"


@dataclass(frozen=True, slots=True)
class Gets:
    """One run's surroundings on one machine, everything chosen."""

    spec: RunSpec
    machine: Machine
    person: Person
    given: Given
    platform: str = ""
    """Of the image, where it is not the machine's own."""
    image_env: Mapping[str, str] = field(default_factory=dict)

    @property
    def shm_size(self) -> int:
        """Bytes of /dev/shm; 0: the engine's own choice."""
        return self.spec.surroundings.shm_size or self.machine.memory // 2

    @property
    def cache(self) -> str:
        """Name of the cache volume; empty: none, or a place of their own that it would not be."""
        taken = _CACHE_HOME in self.image_env or _CACHE_HOME in dict(self.spec.variables)
        if taken or not self.spec.surroundings.cache:
            return ""
        name = f"pxtui-cache-{os.getuid()}"
        return f"{name}-{self.person.uid}" if self.person.uid else name

    def env(self) -> Iterator[tuple[str, str]]:
        """Variables that go with the surroundings."""
        yield from self.person.env
        if self.cache:
            yield _CACHE_HOME, CACHE
        cpus = self.spec.surroundings.cpus
        if cpus is not None and "OMP_NUM_THREADS" not in self.image_env:
            # the number of processors that a program sees is still the machine's
            yield "OMP_NUM_THREADS", str(max(1, int(cpus)))
        if self.spec.surroundings.tty and not self.spec.tty:
            yield "TERM", TERM

    def host_config(self) -> dict[str, Any]:
        """Mounts, limits, devices and ports in the engine's words."""
        wanted = self.spec.surroundings
        config: dict[str, Any] = {"Mounts": list(self._mounts())}
        if self.shm_size:
            config["ShmSize"] = self.shm_size
        if wanted.memory is not None:
            # without swap: a run that is over its limit ends instead of crawling
            config |= {"Memory": wanted.memory, "MemorySwap": wanted.memory}
        if wanted.cpus is not None:
            config["NanoCpus"] = round(wanted.cpus * 1e9)
        if asked := requests(self.given):
            config["DeviceRequests"] = asked
        bindings: dict[str, list[dict[str, str]]] = {}
        for port in wanted.publish:
            binding = {"HostIp": port.address, "HostPort": str(port.host)}
            bindings.setdefault(f"{port.container}/tcp", []).append(binding)
        return config | ({"PortBindings": bindings} if bindings else {})

    def exposed(self) -> dict[str, dict[str, str]]:
        """The published ports of the container."""
        return {f"{port.container}/tcp": {} for port in self.spec.surroundings.publish}

    def folders(self) -> tuple[Folder, ...]:
        """What is made writable before the start; never what is mounted from the machine."""
        if not self.person.uid:
            return ()
        folders = list(self.person.folders)
        if self.cache:
            folders.append(Folder(CACHE, 0o777))
        if self.machine.remote:
            folders.append(Folder(OUTPUTS, 0o777, self.person.uid, self.person.gid))
        targets = [mount.target.rstrip("/") for mount in self.spec.surroundings.mounts]
        return tuple(
            folder
            for folder in folders
            if not any(f"{folder.path}/".startswith(f"{target}/") for target in targets)
        )

    def got(self) -> Iterator[tuple[str, str]]:
        """Label and text of everything that the run gets, for the screen and Inspect."""
        wanted, at = self.spec.surroundings, self.machine.at
        if self.machine.remote:
            yield "engine", clean_line(self.machine.host)
        for mount in wanted.mounts:
            mode = "writable" if mount.writable else "read-only"
            yield "mount", clean_line(f"{mount.source} -> {mount.target} {mode}{at}")
        yield "gpu", clean_line(self.given.text)
        if self.shm_size:
            yield "shm", amount(self.shm_size)
        if wanted.memory is not None:
            yield "memory", amount(wanted.memory)
        if wanted.cpus is not None:
            yield "cpus", f"{wanted.cpus:g}"
        for port in wanted.publish:
            address = f"[{port.address}]" if ":" in port.address else port.address
            yield "port", clean_line(f"{address}:{port.host} -> {port.container}{at}")
        is_me = self.machine.rootless and not self.person.uid
        yield "user", clean_line(f"{self.person.text}{' (you, outside)' if is_me else ''}")
        if self.platform:
            yield "platform", clean_line(f"{self.platform}, emulated: slow")
        if self.cache:
            yield "cache", self.cache
        if wanted.tty:
            yield "terminal", "yes"

    def _mounts(self) -> Iterator[dict[str, Any]]:
        if self.machine.remote:
            yield {"Type": "volume", "Target": OUTPUTS}
        else:
            yield _bind(Mount(str(Path(self.spec.outputs).resolve()), OUTPUTS, writable=True))
        if self.cache:
            labels = {places.LABEL_V: "1", places.LABEL_KIND: "cache"}
            yield {
                "Type": "volume",
                "Source": self.cache,
                "Target": CACHE,
                "VolumeOptions": {"Labels": labels},
            }
        for mount in self.spec.surroundings.mounts:
            yield _bind(mount)


def _bind(mount: Mount) -> dict[str, Any]:
    return {
        "Type": "bind",
        "Source": mount.source,
        "Target": mount.target,
        "ReadOnly": not mount.writable,
    }


def check_mounts(spec: RunSpec, machine: Machine) -> None:
    """Raise EngineError for what cannot or must not be mounted from this machine."""
    if machine.remote:
        return
    for mount in spec.surroundings.mounts:
        source = clean_line(mount.source)
        try:
            os.stat(mount.source)
        except (FileNotFoundError, NotADirectoryError):
            raise EngineError(
                f"{source}, which is to be mounted at {clean_line(mount.target)}, does not exist",
                "make it, or decide on the mount anew",
            ) from None
        except OSError:
            pass  # the engine may see what this person does not
        inside = f"{os.path.realpath(mount.source)}/".replace("//", "/")
        if machine.socket and f"{os.path.realpath(machine.socket)}/".startswith(inside):
            raise EngineError(
                f"{source} holds the engine's socket: a run that has it has this whole machine",
                "mount a folder further down",
            )


def foreign_platform(image: Mapping[str, Any], machine: Machine) -> str:
    """The platform of an image where the machine does not run it by itself, else empty."""
    platform = image_platform(image)
    return platform if machine.emulates(platform) else ""
