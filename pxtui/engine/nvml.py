"""The GPUs of this machine and who computes on them, as NVIDIA's driver tells it (NVML)."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pxtui.gpus import Gpu
from pxtui.logs.text import clean_line

_PROC = Path("/proc")
_CONTAINER = re.compile(r"\b([0-9a-f]{64})\b")


@dataclass(frozen=True, slots=True)
class Seen:
    """What the driver told."""

    devices: tuple[Gpu, ...] = ()
    why: str = ""
    """Why there are none."""
    asked: bool = True
    """Whether there was a driver to ask: without one, an engine may still know of GPUs."""


class Nvml:
    """The driver's library, loaded when it is first asked; missing once, it stays away."""

    def __init__(self) -> None:
        self._library: Any = None
        self._missing: Seen | None = None

    def look(self) -> Seen:
        """The GPUs as they are now; cheap where there is no driver."""
        if self._missing is None and self._library is None:
            self._load()
        if self._missing is not None:
            return self._missing
        nvml = self._library
        try:
            devices = tuple(_gpu(nvml, index) for index in range(nvml.nvmlDeviceGetCount()))
        except nvml.NVMLError as error:
            return Seen(why=f"NVIDIA's driver does not answer: {clean_line(str(error))}")
        return Seen(devices, "" if devices else "this machine has no GPU")

    def _load(self) -> None:
        try:
            nvml = importlib.import_module("pynvml")
        except ImportError:
            self._missing = Seen(why="this machine has no NVIDIA driver", asked=False)
            return
        try:
            nvml.nvmlInit()
        except (nvml.NVMLError_LibraryNotFound, nvml.NVMLError_DriverNotLoaded):
            self._missing = Seen(why="this machine has no NVIDIA driver", asked=False)
        except nvml.NVMLError as error:
            words = clean_line(str(error))
            self._missing = Seen(why=f"NVIDIA's driver cannot be asked: {words}", asked=False)
        else:
            self._library = nvml


def _gpu(nvml: Any, index: int) -> Gpu:
    handle = nvml.nvmlDeviceGetHandleByIndex(index)
    total, used = _memory(nvml, handle)
    return Gpu(
        index,
        _text(nvml.nvmlDeviceGetUUID(handle)),
        _text(nvml.nvmlDeviceGetName(handle)),
        total,
        used,
        _holders(nvml, handle),
    )


def _memory(nvml: Any, handle: Any) -> tuple[int, int]:
    try:
        memory = nvml.nvmlDeviceGetMemoryInfo(handle)
    except nvml.NVMLError_NotSupported:  # boards that share the machine's memory
        return 0, 0
    return int(memory.total), int(memory.used)


def _holders(nvml: Any, handle: Any) -> tuple[str, ...]:
    try:
        processes = nvml.nvmlDeviceGetComputeRunningProcesses(handle)
    except (nvml.NVMLError_NotSupported, nvml.NVMLError_NoPermission):
        return ()
    return tuple(holder(process.pid) for process in processes)


def holder(pid: int, read: Callable[[Path], str] = Path.read_text) -> str:
    """A process in words: its name, number, and container where it is in one."""
    try:
        name = clean_line(read(_PROC / str(pid) / "comm").strip())
    except (OSError, ValueError):
        return f"process {pid}"
    try:
        inside = _CONTAINER.search(read(_PROC / str(pid) / "cgroup"))
    except (OSError, ValueError):
        inside = None
    return f"{name} ({pid}, container {inside[1][:12]})" if inside else f"{name} ({pid})"


def _text(value: str | bytes) -> str:
    return clean_line(value.decode("utf-8", "replace") if isinstance(value, bytes) else value)
