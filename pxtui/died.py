"""What a run died of, in one line with what to do: told from its end, its last words and its gifts.

Only what the run said last counts: a log that names an error which the program lived through must
not be taken for its cause. `pxtui.logs.tail` says what the last words are.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from pxtui.image.context import amount


@dataclass(frozen=True, slots=True)
class End:
    """What is known of the end of a run; texts of the log are clean."""

    exit_code: int | None
    words: tuple[str, ...] = ()
    """What it said last."""
    exception: str = ""
    """The line that names its last exception."""
    message: str = ""
    """What the engine alone knows."""
    out_of_memory: bool = False
    """A process of it was killed at the memory limit."""
    memory: int | None = None
    """Its limit in bytes."""
    shm: int | None = None
    """Bytes of /dev/shm, if they were asked for."""
    mounts: tuple[tuple[str, str, bool], ...] = ()
    """Source, target, and whether it can write there."""
    got: tuple[tuple[str, str], ...] = ()
    values: tuple[tuple[str, str], ...] = ()
    outputs: tuple[str, ...] = ()
    """The folder for what it writes, as it and as this machine call it."""
    how_full: Callable[[str], str] = lambda place: ""
    """How full the disk of `engine` or `outputs` is, in one line; asked only if one is full."""

    @property
    def text(self) -> str:
        """All that was said at the end."""
        return "\n".join((*self.words, self.message))

    def given(self, label: str) -> str:
        """What it was given under this label."""
        return next((text for name, text in self.got if name == label), "")


def explain(end: End) -> str:
    """One line: what happened and what to do, else its last exception; empty: nothing is known."""
    parts = [part for part in end.message.split("; ") if part]
    if end.exit_code is None:
        return end.message
    # what a program that ended well has said was not its end
    cases = _CASES if end.exit_code else (_memory,)
    cause = next((cause for case in cases if (cause := case(end))), "")
    if cause or end.exception:
        parts = [part for part in parts if not _KNOWN.fullmatch(part)]
    if not cause and end.exit_code:
        cause = end.exception or ("" if parts else _bare(end))
    return "; ".join([cause, *parts] if cause else parts)


_KNOWN = re.compile(
    r"out of memory \(\d+, OOMKilled\)|a process was killed at the memory limit.*"
    r"|the command (?:was not found|cannot be executed) \(\d+\)"
    r"|(?:ended|killed) by [\w ]+ \(\d+\), not by pxtui"
)
"""What engines say that is told here better."""

_BATCH = re.compile(r"(?:.*[._])?(?:batch(?:_?size)?|bs)", re.IGNORECASE)


def _less(end: End) -> str:
    """How it could need less memory."""
    for name, text in end.values:
        if _BATCH.fullmatch(name):
            return f"lower {name} (now {text})"
    return "a smaller batch or model"


_CHILD_KILLED = re.compile(
    r"signal: Killed|SIGKILL|signal 9|exitcode: -9|exited unexpectedly|terminated abruptly"
)


def _memory(end: End) -> str:
    if not end.out_of_memory and "OOMKilled" not in end.message:
        return ""
    if end.memory is None:
        where, remedy = "when the engine's machine had no memory left", _less(end)
    else:
        where = f"at the memory limit of {amount(end.memory)}"
        remedy = f"raise --memory, or {_less(end)}"
    if not end.exit_code:
        return f"a process was killed {where}, the run went on without it: {remedy}"
    if end.exit_code == 137 or not end.exception or _CHILD_KILLED.search(end.text):
        return f"out of memory: killed {where}: {remedy}"
    return f"{end.exception}; a process of it was killed {where}: {remedy}"


_CUDA_MEMORY = re.compile(
    r"(?:CUDA|HIP) out of memory|CUDA error: out of memory|CUDA_ERROR_OUT_OF_MEMORY"
    r"|(?:CUBLAS|CUDNN)_STATUS_ALLOC_FAILED|cudaErrorMemoryAllocation|Dst tensor is not initialized"
    r"|OOM when allocating tensor(?![^\n]*allocator (?:mkl_?)?cpu)"
    r"|RESOURCE_EXHAUSTED: (?:Out of memory|Failed to allocate)"
    r"|cupy\.cuda\.memory\.OutOfMemoryError"
)
_WANTED = re.compile(
    r"(?:[Tt]ried to allocate|request for) ([\d.]+ ?[KMGT]i?B)|allocat(?:e|ing) (\d+) bytes"
)


def _cuda_memory(end: End) -> str:
    if not _CUDA_MEMORY.search(end.text):
        return ""
    wanted = _WANTED.search(end.text)
    size = (wanted[1] or amount(int(wanted[2]))) if wanted else ""
    more = f" (it wanted {size} more)" if size else ""
    return f"the GPU's memory is full{more}: {_less(end)}, or end what else uses the GPU"


_SHARED_MEMORY = re.compile(
    r"killed by signal: Bus error|insufficient shared memory|unable to write to file </torch_"
    r"|unable to allocate shared memory ?\(shm\)"
)
_BUS = re.compile(r"^Bus error|: +\d+ Bus error", re.MULTILINE)
_FULL = re.compile(
    r"No space left on device|Disk quota exceeded|\[Errno (?:28|122)\]"
    r"|PytorchStreamWriter failed writing|inline_container\.cc:\d+\]?\s?\.? ?unexpected pos"
)
_FULL_PATH = (
    re.compile(r"No space left on device: (?:'[^']*' -> )?['\"]([^'\"]+)"),
    re.compile(r"filename = '([^']+)'.*No space left"),
    re.compile(r"(/[^\s;:'\"’]+)['\"’]?[;:] (?:[\w ]+: )?No space left"),
    re.compile(r"Disk quota exceeded: '([^']+)'"),
)
_SHM = "/dev/shm"  # noqa: S108  (of the container)
_DISKS = {"engine": "the engine's disk", "outputs": "the outputs' disk"}


def _full(end: End) -> str:
    bus = end.exit_code == 135 or _BUS.search(end.text)
    shared = _SHARED_MEMORY.search(end.text)
    if not (shared or bus or _FULL.search(end.text)):
        return ""
    found = (pattern.search(end.text) for pattern in _FULL_PATH)
    path = next((one[1] for one in found if one), "")
    if shared or bus or path.startswith((f"{_SHM}/", "/torch_", "/psm_")):
        size = f" ({_shm(end)})" if _shm(end) else ""
        likely = "a bus error, most likely " if bus and not shared else ""
        return f"{likely}{_SHM} is full{size}: raise --shm-size, or use fewer DataLoader workers"
    return _full_disk(end, path)


def _shm(end: End) -> str:
    return end.given("shm") if end.shm is None else amount(end.shm)


def _full_disk(end: End, path: str) -> str:
    for source, target, _ in sorted(end.mounts, key=lambda mount: -len(mount[1])):
        if _inside(path, target) or _inside(path, source):
            return f"no space left for {path}: the disk of {source} is full: make room there"
    if not path:
        disks = [(_DISKS[place], end.how_full(place)) for place in _DISKS]
        disks.append((_SHM, _shm(end)))
        told = "; ".join(f"{place}: {full}" for place, full in disks if full)
        return f"no space left on a disk, no file is named: make room{f' ({told})' if told else ''}"
    if any(_inside(path, folder) for folder in end.outputs):
        place, remedy = "outputs", "remove old runs, or set `outputs` to another disk"
    else:
        place, remedy = "engine", "remove images and containers that nobody needs"
    full = end.how_full(place)
    return (
        f"no space left for {path}: {_DISKS[place]} is full{f' ({full})' if full else ''}: {remedy}"
    )


def _inside(path: str, folder: str) -> bool:
    return bool(folder) and (path == folder or path.startswith(folder.rstrip("/") + "/"))


_NO_GPU = re.compile(
    r"No CUDA GPUs are available|Found no NVIDIA driver|CUDA driver version is insufficient"
    r"|lib(?:cuda|nvidia-ml)\.so(?:\.1)?: cannot open|[Cc]ould not find any GPU"
    r"|no CUDA-capable device|CUDA_ERROR_NO_DEVICE|cudaErrorNoDevice|cudaErrorInsufficientDriver"
    r"|torch\.cuda\.is_available\(\) is False|No supported gpu backend found"
    r"|Unknown backend:? '?(?:gpu|cuda)|no platforms that are instances of gpu"
    r"|Unable to initialize backend '(?:cuda|gpu)'|failed to initialize backend '?(?:cuda|gpu)"
    r"|explicitly assigned to /?(?:job:\S+)?/?device:GPU|NVIDIA-SMI has failed"
    r"|could not select device driver|nvidia-container-cli"
)


def _no_gpu(end: End) -> str:
    if "Torch not compiled with CUDA enabled" in end.text:
        return "the image's torch is built without CUDA: install one with CUDA in the build steps"
    if not _NO_GPU.search(end.text):
        return ""
    reason = end.given("gpu") or "it was given none"
    if "version is insufficient" in end.text and not reason.startswith(("none", "it was")):
        return f"the GPU's driver is too old for the image's CUDA ({reason}): take an older image"
    return f"no GPU is visible to the run ({reason}): see --gpus and `pxtui doctor`"


def _architecture(end: End) -> str:
    if "exec format error" not in end.text.lower():
        return ""
    if "OSError: [Errno 8]" in end.text:
        return f"{end.exception}: it is for another processor, or a script without a `#!` line"
    platform = end.given("platform")
    told = f" ({platform})" if platform else ""
    return f"the image or program is for another processor than the engine's{told}: see --platform"


_NOT_FOUND = re.compile(
    r"(?:: ([^:\s]+): (?:command )?not found"
    r"|env: ['‘]?([^'’:\s]+)['’]?: No such file or directory"
    r"|: ([^:\s]+): No such file or directory)$",
    re.MULTILINE,
)
_INTERPRETER = re.compile(
    r": ([^:\s]+): (?:cannot execute: required file not found|\S+: bad interpreter)"
)
_NOT_EXECUTABLE = re.compile(r": ([^:\s]+): (?:Permission denied|[Ii]s a directory)$", re.MULTILINE)


def _command(end: End) -> str:
    if end.exit_code not in (126, 127):
        return ""
    if found := _INTERPRETER.search(end.text):
        return f"{found[1]}: the program in its `#!` line is not in the image (or it ends in CR LF)"
    if end.exit_code == 127 and (found := _NOT_FOUND.search(end.text)):
        name = next(filter(None, found.groups()))
        return f"{name} was not found (127): install it in a build step, or mend its name"
    if end.exit_code == 126 and (found := _NOT_EXECUTABLE.search(end.text)):
        return f"{found[1]} cannot be executed (126): `chmod +x`, or name the program that reads it"
    return ""


_NO_MODULE = re.compile(
    r"(?:ImportError|ModuleNotFoundError|python\S*): No module named '?([\w.]+)"
)


def _no_module(end: End) -> str:
    found = _NO_MODULE.search(end.text)
    if not found:
        return ""
    where = "polyaxon_requirements.txt or the build steps"
    return f"No module named '{found[1]}': add the package that has it to {where}"


_DENIED = re.compile(
    r"(Permission denied|Read-only file system): ['\"]([^'\"]+)"
    r"|([^\s:'‘]+)['’]?: (Permission denied|Read-only file system)$",
    re.MULTILINE,
)


def _denied(end: End) -> str:
    found = _DENIED.search(end.text)
    if not found:
        return ""
    what, path = found[1] or found[4], found[2] or found[3]
    for source, target, writable in end.mounts:
        if _inside(path, target) and not writable:
            return f"{what}: {path}: it is mounted read-only: --mount {source}:{target}:rw"
    user = end.given("user") or "of the image"
    return f"{what}: {path}: the run's user ({user}) may not use it: see --user"


_OUTSIDE = {129: "SIGHUP", 130: "SIGINT", 137: "SIGKILL", 143: "SIGTERM"}
_CRASH = {132: "SIGILL", 134: "SIGABRT", 136: "SIGFPE", 139: "SIGSEGV"}


def _killed(end: End) -> str:
    name = _OUTSIDE.get(end.exit_code or 0)
    if name is None:
        return ""
    told = f"ended by {name} ({end.exit_code}), not by pxtui"
    return f"{told}: by hand, or the machine had no memory left" if name == "SIGKILL" else told


def _crashed(end: End) -> str:
    name = _CRASH.get(end.exit_code or 0)
    if name is None or end.exception:
        return ""
    return f"crashed in native code by {name} ({end.exit_code}): PYTHONFAULTHANDLER=1 shows where"


def _bare(end: End) -> str:
    """The code alone, where nobody said anything."""
    words = {126: "the command cannot be executed (126)", 127: "a command was not found (127)"}
    return words.get(end.exit_code or 0, "")


_CASES = (
    _memory,
    _killed,
    _cuda_memory,
    _full,
    _no_gpu,
    _architecture,
    _command,
    _no_module,
    _denied,
    _crashed,
)
"""The first that knows the cause is right: what is surer and narrower stands before the rest."""
