"""GPUs: what an engine can give a run, which of them a run is given, and why none."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from pxtui.errors import EngineError

ALL = "all"
"""In place of ids: every GPU that the engine has, where they cannot be told apart from here."""


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


@dataclass(frozen=True, slots=True)
class Given:
    """The GPUs that one run is given."""

    ids: tuple[str, ...] = ()
    """UUIDs, or indices where the GPUs cannot be seen from here, or only ALL."""
    text: str = ""
    """What is given, who holds the others, or why none."""


def visible(devices: Iterable[Gpu], hidden: str | None) -> tuple[Gpu, ...]:
    """The GPUs that CUDA_VISIBLE_DEVICES leaves: as CUDA does, up to the first that is none."""
    devices = tuple(devices)
    if hidden is None:
        return devices
    left: list[Gpu] = []
    for word in (part.strip() for part in hidden.split(",")):
        named = [
            gpu
            for gpu in devices
            if word == str(gpu.index) or (word.startswith("GPU-") and gpu.uuid.startswith(word))
        ]
        if len(named) != 1:
            break
        left += [gpu for gpu in named if gpu not in left]
    return tuple(sorted(left, key=lambda gpu: gpu.index))


def give(gpus: Gpus, wanted: str) -> Given:
    """Choose the GPUs of a run; raises EngineError if some are asked for that cannot be given."""
    if wanted == "none":
        return Given((), "none, as asked")
    if not gpus.usable:
        if wanted == "auto":
            return Given((), f"none: {gpus.why}" if gpus.why else "none")
        raise refused(wanted, gpus.why)
    if not gpus.devices:
        if wanted in ("auto", ALL):
            return Given((ALL,), "all that the engine has")
        return Given(tuple(wanted.split(",")), f"{wanted} of the engine's")
    if wanted == "auto":
        chosen = [min(gpus.devices, key=_freest)]
    elif wanted == ALL:
        chosen = list(gpus.devices)
    else:
        chosen = _named(gpus.devices, wanted)
    others = [gpu for gpu in gpus.devices if gpu not in chosen]
    told = [*map(_chosen_words, chosen), *map(_other_words, others)]
    return Given(tuple(gpu.uuid for gpu in chosen), "; ".join(told))


def refused(wanted: str, why: str) -> EngineError:
    """The failure of a run that asked for GPUs which it cannot get."""
    return EngineError(
        f"the GPUs asked for ({wanted}) cannot be given: {why or 'there are none'}",
        "with --gpus auto or none it runs without",
    )


def _named(devices: tuple[Gpu, ...], wanted: str) -> list[Gpu]:
    by_index = {str(gpu.index): gpu for gpu in devices}
    numbers = list(dict.fromkeys(wanted.split(",")))
    missing = [number for number in numbers if number not in by_index]
    if missing:
        word = "GPU" if len(missing) == 1 else "GPUs"
        raise EngineError(
            f"there is no {word} {', '.join(missing)} to give: there is {', '.join(by_index)}",
            "`nvidia-smi` lists them; CUDA_VISIBLE_DEVICES hides those that it does not name",
        )
    return [by_index[number] for number in numbers]


def _freest(gpu: Gpu) -> tuple[int, int, int]:
    return len(gpu.holders), gpu.used - gpu.memory, gpu.index


def _chosen_words(gpu: Gpu) -> str:
    free, all_of_it = ((gpu.memory - gpu.used) / 1e9, gpu.memory / 1e9)
    words = f"{gpu.index} {gpu.name}, {free:.0f} of {all_of_it:.0f} GB free"
    return f"{words}, shared with {', '.join(gpu.holders)}" if gpu.holders else words


def _other_words(gpu: Gpu) -> str:
    return f"{gpu.index} held by {', '.join(gpu.holders)}" if gpu.holders else f"{gpu.index} free"
