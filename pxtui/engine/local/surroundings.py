"""What of a run's surroundings can be had without a container, and what is said of the rest."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pxtui.engine.nvml import Nvml
from pxtui.errors import EngineError
from pxtui.gpus import Gpus, visible
from pxtui.gpus import give as choose
from pxtui.run import WORKDIR, Mount, RunSpec, Surroundings


@dataclass(frozen=True, slots=True)
class Had:
    """What a run gets of what it was to get."""

    variables: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    got: tuple[tuple[str, str], ...]


def seen(nvml: Nvml) -> Gpus:
    """The GPUs of this machine that a run can be given."""
    told = nvml.look()
    devices = visible(told.devices, os.environ.get("CUDA_VISIBLE_DEVICES"))
    if told.devices and not devices:
        return Gpus(why="CUDA_VISIBLE_DEVICES hides every GPU of this machine")
    return Gpus(devices, bool(devices), told.why)


def give(spec: RunSpec, code: Path, gpus: Gpus) -> Had:
    """Put the mounts into a run's copy of the code; raises EngineError for what is not there."""
    wanted = spec.surroundings
    variables, notes, got = [], [], []
    for mount in wanted.mounts:
        note = _link(mount, code)
        if note:
            notes.append(note)
        else:
            got.append(("mount", f"{mount.source} at {mount.target}, a link, writable"))
    chosen = choose(gpus, wanted.gpus)
    got.append(("gpu", chosen.text))
    if chosen.ids or wanted.gpus == "none":
        variables.append(("CUDA_VISIBLE_DEVICES", ",".join(chosen.ids) or "-1"))
    if wanted.cpus is not None:
        threads = max(1, int(wanted.cpus))
        variables.append(("OMP_NUM_THREADS", str(threads)))
        got.append(("cpus", f"OMP_NUM_THREADS={threads}, no limit without a container"))
    got.append(("user", "you"))
    if wanted.tty:
        got.append(("terminal", "yes"))
    left = ", ".join(_not_applied(wanted))
    if left:
        notes.append(f"not applied without a container: {left}")
    return Had(tuple(variables), tuple(notes), tuple(got))


def _not_applied(wanted: Surroundings) -> Iterator[str]:
    if wanted.memory is not None:
        yield "the memory limit"
    if wanted.shm_size is not None:
        yield "the size of /dev/shm"
    if wanted.publish:
        yield "the published ports"
    if wanted.user:
        yield "the user"
    if wanted.platform:
        yield "the platform"
    if any(not mount.writable for mount in wanted.mounts):
        yield "read-only (the run can write to what is mounted)"


def _link(mount: Mount, code: Path) -> str:
    """Let a link in the copy of the code lead to what is mounted; what is so if it cannot be."""
    if not os.path.exists(mount.source):
        raise EngineError(f"{mount.source} is not on this machine", "it was to be mounted")
    target = PurePosixPath(mount.target)
    if not target.is_relative_to(WORKDIR) or str(target) == WORKDIR:
        return f"there is no {mount.target} without a container: its data is in {mount.source}"
    place = code.joinpath(*target.relative_to(WORKDIR).parts)
    if not place.parent.resolve().is_relative_to(code.resolve()):
        return f"{mount.target} is behind a link that leaves the code: it is not mounted"
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.is_dir() and not place.is_symlink():
            shutil.rmtree(place)
        else:
            place.unlink(missing_ok=True)
        place.symlink_to(os.path.abspath(mount.source))
    except OSError as error:
        return f"{mount.target} could not be mounted: {error.strerror}"
    return ""
