"""The engine's machine, as far as runs depend on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pxtui.engine.hosts import Found

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "i686": "386"}


@dataclass(frozen=True, slots=True)
class Machine:
    """What an engine says of the machine that it is on."""

    host: str = ""
    """Its name where it is another machine than this."""
    rootless: bool = False
    """The engine belongs to a person without root's rights: root in a container is that person."""
    memory: int = 0
    platform: str = ""
    root: str = ""
    """The engine's own folder there."""
    socket: str = ""
    """The engine's socket on this machine."""
    nvidia: bool = False
    """It lists a way to hand NVIDIA's GPUs to containers."""

    @property
    def remote(self) -> bool:
        """Whether its files are not those of this machine."""
        return bool(self.host)

    @property
    def at(self) -> str:
        """` on HOST`, said of what is on another machine."""
        return f" on {self.host}" if self.host else ""

    @classmethod
    def of(cls, facts: Mapping[str, Any], found: Found) -> Machine:
        """Read what the engine answers to `/info`."""
        architecture = str(facts.get("Architecture") or "")
        architecture = _ARCHITECTURES.get(architecture, architecture)
        system = str(facts.get("OSType") or "linux")
        options = facts.get("SecurityOptions") or ()
        discovered = [str(device.get("ID", "")) for device in facts.get("DiscoveredDevices") or ()]
        return cls(
            _name(found.host) if found.remote else "",
            any("rootless" in str(option) for option in options),
            int(facts.get("MemTotal") or 0),
            f"{system}/{architecture}" if architecture else "",
            str(facts.get("DockerRootDir") or ""),
            found.host.partition("://")[2] if found.host.startswith("unix://") else "",
            "nvidia" in (facts.get("Runtimes") or {})
            or any(name.startswith("nvidia.com/gpu") for name in discovered),
        )

    def emulates(self, platform: str) -> bool:
        """Whether images of this platform run there by emulation."""
        return bool(platform and self.platform) and not fits(platform, self.platform)


def image_platform(image: Mapping[str, Any]) -> str:
    """The platform of an image by what the engine knows of it."""
    parts = [image.get("Os"), image.get("Architecture"), image.get("Variant")]
    return "/".join(str(part) for part in parts if part)


def fits(one: str, other: str) -> bool:
    """Whether two platforms are the same, as far as both tell their variant."""
    return all(a == b for a, b in zip(one.split("/"), other.split("/"), strict=False))


def _name(host: str) -> str:
    """The machine's name in an address such as `ssh://me@box:22`."""
    name = host.partition("://")[2].rpartition("@")[2].split("/")[0]
    if name.startswith("["):
        return name[1:].partition("]")[0]
    return name.partition(":")[0] or host
