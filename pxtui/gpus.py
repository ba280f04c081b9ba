"""GPUs: what an engine can give a run, which of them a run is given, and why none."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Gpu:
    """One GPU of the engine's machine; memory in bytes."""

    index: int
    uuid: str
    name: str
    memory: int = field(compare=False)
    used: int = field(compare=False)
    """Bytes in use when it was looked at; it changes all the time and makes no news."""
    holders: tuple[str, ...] = ()
    """Who computes on it: `python (4711)`, `run #12 of demo`."""


@dataclass(frozen=True, slots=True)
class Gpus:
    """What an engine can give."""

    devices: tuple[Gpu, ...] = ()
    """Those of this machine that CUDA_VISIBLE_DEVICES leaves; empty where they cannot be seen."""
    usable: bool = False
    """Whether the engine can hand GPUs to a container, as far as is known without trying."""
    why: str = ""
    """Why there is none, in one line: no GPU in the machine, or an engine that cannot give them."""


NO_GPUS = Gpus()
