"""What a run died of: real endings of logs, and logs that only seem to say so."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pxtui.died import End, explain
from pxtui.logs.tail import last_words
from pxtui.logs.tracebacks import last_exception

EPOCHS = "".join(f"epoch {n}/90 loss={4.2 / n:.3f}\n" for n in range(1, 30))
GPU = ("gpu", "none: this machine has no NVIDIA driver")


def of(log: str, code: int | None = 1, **more: Any) -> End:
    """The end of a run with this log."""
    lines = [line for line in log.splitlines() if line.strip()]
    return End(code, last_words(lines), last_exception(lines), **more)


def raised(exception: str, frames: int = 3, prefix: str = "") -> str:
    """A traceback as Python prints it."""
    lines = ["Traceback (most recent call last):"]
    for n in range(frames):
        lines += [f'  File "/code/train.py", line {n + 7}, in step{n}', f"    step{n}(batch)"]
    return "".join(f"{prefix}{line}\n" for line in (*lines, *exception.splitlines()))


CAUSED = "\nThe above exception was the direct cause of the following exception:\n\n"
MEANWHILE = "\nDuring handling of the above exception, another exception occurred:\n\n"

WORKER = (
    "RuntimeError: DataLoader worker (pid 77) is killed by signal: Bus error. It is possible that "
    "dataloader's workers are out of shared memory. Please try to raise your shared memory limit."
)

TORCH = (
    "torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB (GPU 0; 23.69 GiB "
    "total capacity; 21.33 GiB already allocated; 1.10 GiB free; 21.51 GiB reserved in total by "
    "PyTorch) If reserved memory is >> allocated memory try setting max_split_size_mb"
)
TENSORFLOW = """tensorflow.python.framework.errors_impl.ResourceExhaustedError: Graph execution error:

Detected at node 'model/dense/MatMul' defined at (most recent call last):
    File "/code/train.py", line 40, in <module>
      model.fit(x, y)
Node: 'model/dense/MatMul'
OOM when allocating tensor with shape[65536,4096] and type float on /job:localhost/replica:0/task:0/device:GPU:0 by allocator GPU_0_bfc
\t [[{{node model/dense/MatMul}}]]
Hint: If you want to see a list of allocated tensors when OOM happens, add report_tensor_allocations_upon_oom to RunOptions for current allocation info.
"""  # noqa: E501


@pytest.mark.parametrize(
    ("log", "wanted"),
    [
        (raised(TORCH), " (it wanted 2.00 GiB more)"),
        (
            raised(
                "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 20.00 MiB. GPU 0 has"
                " a total capacity of 23.68 GiB of which 11.00 MiB is free."
            ),
            " (it wanted 20.00 MiB more)",
        ),
        (raised("RuntimeError: CUDA error: out of memory\nCUDA kernel errors might be"), ""),
        (raised("RuntimeError: CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublas`"), ""),
        (raised("torch.AcceleratorError: CUDA error: out of memory"), ""),
        (raised(TENSORFLOW), ""),
        (
            raised(
                "tensorflow.python.framework.errors_impl.ResourceExhaustedError: OOM when "
                "allocating tensor with shape[256,64,224,224]\n\t [[Node: conv1/Conv2D = Conv2D[T]]"
            ),
            "",
        ),
        (
            raised(
                "jaxlib.xla_extension.XlaRuntimeError: RESOURCE_EXHAUSTED: Out of memory while "
                "trying to allocate 17179869184 bytes."
            )
            + "--------------------\nFor simplicity, JAX has removed its internal frames.\n",
            " (it wanted 17.2 GB more)",
        ),
        (raised(TORCH, prefix="[rank0]: "), " (it wanted 2.00 GiB more)"),
        (
            raised(TORCH, prefix="[rank0]: ")
            + raised("torch.distributed.elastic.multiprocessing.errors.ChildFailedError: ")
            + "=" * 60 + "\ntrain.py FAILED\n" + "-" * 60
            + "\nFailures:\n  <NO_OTHER_FAILURES>\nRoot Cause (first observed failure):\n[0]:\n"
            + "  rank      : 0 (local_rank: 0)\n  exitcode  : 1 (pid: 31)\n" + "=" * 60,
            " (it wanted 2.00 GiB more)",
        ),
        (
            raised(TORCH)
            + raised("subprocess.CalledProcessError: Command '['python', 't.py']' returned 1."),
            " (it wanted 2.00 GiB more)",
        ),
        (raised(TORCH) + "wandb: You can sync this run with `wandb sync`\n" * 12,
         " (it wanted 2.00 GiB more)"),
        ("terminate called after throwing an instance of 'c10::Error'\n"
         "  what():  CUDA error: out of memory\n", ""),
    ],
)  # fmt: skip
def test_the_gpus_memory(log: str, wanted: str) -> None:
    end = of(EPOCHS + log)
    assert explain(end) == (
        f"the GPU's memory is full{wanted}: a smaller batch or model, or end what else uses the GPU"
    )
    named = replace(end, values=(("lr", "0.1"), ("train.batch_size", "512")))
    assert "lower train.batch_size (now 512)" in explain(named)


@pytest.mark.parametrize(
    "log",
    [
        "WARNING CUDA out of memory. Tried to allocate 2.00 GiB: trying half of it\n"
        + raised("KeyError: 'loss'"),
        raised(TORCH) + "retrying with batch size 64\n" + EPOCHS + raised("KeyError: 'loss'"),
        raised(TORCH) + MEANWHILE + raised("KeyError: 'loss'"),
        raised(WORKER) + "one worker fewer\n" + raised("KeyError: 'loss'"),
        "OSError: [Errno 28] No space left on device: '/dev/shm/x'\n" + raised("KeyError: 'loss'"),
        "bash: line 1: nvidia-smi: command not found\n" + raised("KeyError: 'loss'"),
        "UserWarning: Found no NVIDIA driver on your system\n" + raised("KeyError: 'loss'"),
        "No module named 'apex': using torch's own\n" + raised("KeyError: 'loss'"),
        raised("ModuleNotFoundError: No module named 'cupy'") + MEANWHILE
        + raised("KeyError: 'loss'"),
    ],
)  # fmt: skip
def test_what_it_lived_through_is_not_its_cause(log: str) -> None:
    assert explain(of(log)) == "KeyError: 'loss'"


def test_what_stands_far_above_the_end_is_not_its_cause() -> None:
    end = of(raised(TORCH) + EPOCHS * 2 + "giving up\n", 3)
    assert explain(end).startswith("torch.cuda.OutOfMemoryError"), "as the last exception only"
    assert explain(of(raised("OSError: [Errno 28] No space left on device"), 0)) == ""
    assert explain(of("loading\nno luck\n", 3)) == ""
    assert explain(of(raised(TORCH), None, message="the container was removed from outside")) == (
        "the container was removed from outside"
    )
    assert explain(of(raised(TORCH), 143)) == "ended by SIGTERM (143), not by pxtui"


# Memory


def test_the_memory_limit() -> None:
    end = of("loading data\nKilled\n", 137, out_of_memory=True, values=(("batch_size", "128"),))
    assert explain(end) == (
        "out of memory: killed when the engine's machine had no memory left: "
        "lower batch_size (now 128)"
    )
    limited = replace(end, memory=4_000_000_000)
    assert explain(limited) == (
        "out of memory: killed at the memory limit of 4.0 GB: "
        "raise --memory, or lower batch_size (now 128)"
    )
    old = replace(limited, out_of_memory=False, message="out of memory (137, OOMKilled)")
    assert explain(old) == explain(limited)


def test_a_child_at_the_memory_limit() -> None:
    limit = {"out_of_memory": True, "memory": 64_000_000}
    done = of("step 1: Killed\nall done\n", 0, **limit)
    assert explain(done) == (
        "a process was killed at the memory limit of 64.0 MB, the run went on without it: "
        "raise --memory, or a smaller batch or model"
    )
    worker = raised("RuntimeError: DataLoader worker (pid 8) is killed by signal: Killed. ")
    assert explain(of(worker, **limit)).startswith("out of memory: killed at the memory limit")
    other = explain(of(raised("KeyError: 'loss'"), **limit))
    assert other.startswith("KeyError: 'loss'; a process of it was killed at the memory limit")


# Shared memory and disks


@pytest.mark.parametrize(
    ("log", "code"),
    [
        (
            "ERROR: Unexpected bus error encountered in worker. This might be caused by "
            "insufficient shared memory (shm).\n" + raised(WORKER) + CAUSED
            + raised("RuntimeError: DataLoader worker (pid(s) 77) exited unexpectedly", 9),
            1,
        ),
        (raised("RuntimeError: unable to write to file </torch_31_2948>"), 1),
        (raised("RuntimeError: unable to write to file </torch_31_29>: No space left on device (28)"
                ), 1),
        (raised("RuntimeError: unable to allocate shared memory(shm) for file </torch_3>: "
                "Resource temporarily unavailable (11)"), 1),
        (raised("OSError: [Errno 28] No space left on device: '/dev/shm/joblib_memmapping'"), 1),
        (raised("OSError: [Errno 28] No space left on device: '/psm_3f2a'"), 1),
    ],
)  # fmt: skip
def test_shared_memory(log: str, code: int) -> None:
    remedy = "raise --shm-size, or use fewer DataLoader workers"
    assert explain(of(log, code)) == f"/dev/shm is full: {remedy}"
    assert explain(of(log, code, got=(("shm", "64 MB"),))) == f"/dev/shm is full (64 MB): {remedy}"
    assert explain(of(log, code, shm=10**9)) == f"/dev/shm is full (1.0 GB): {remedy}"


@pytest.mark.parametrize(
    "log",
    ["", "Bus error (core dumped)", "/bin/bash: line 1:     7 Bus error               python t.py"],
)
def test_a_bus_error_without_more(log: str) -> None:
    assert explain(of(EPOCHS + log, 135)).startswith("a bus error, most likely /dev/shm is full:")


@pytest.mark.parametrize(
    ("log", "place"),
    [
        (raised("OSError: [Errno 28] No space left on device: '/outputs/model.pt'"), "outputs"),
        (raised("OSError: [Errno 28] No space left on device: '/home/me/out/1/m.pt'"), "outputs"),
        ("cp: error writing '/outputs/big': No space left on device\n", "outputs"),
        (raised("OSError: [Errno 28] No space left on device: 'a' -> '/outputs/b'"), "outputs"),
        (raised("tensorflow.errors_impl.ResourceExhaustedError: /outputs/x.tmp; No space left on "
                "device"), "outputs"),
        (raised("OSError: [Errno 28] Can't write data (file write failed: time = Mon, filename = "
                "'/outputs/w.h5', file descriptor = 4, errno = 28, error message = 'No space left "
                "on device')"), "outputs"),
        (raised("OSError: [Errno 28] No space left on device: '/code/model.pt'"), "engine"),
        (raised("OSError: [Errno 28] No space left on device: 'model.pt'"), "engine"),
        (raised("OSError: [Errno 122] Disk quota exceeded: '/tmp/x'"), "engine"),
        ("tar: /tmp/data: Cannot write: No space left on device\n", "engine"),
    ],
)  # fmt: skip
def test_which_disk_is_full(log: str, place: str) -> None:
    asked: list[str] = []

    def how_full(of_what: str) -> str:
        asked.append(of_what)
        return f"12 kB free on {of_what}"

    told = explain(of(log, outputs=("/outputs", "/home/me/out/1"), how_full=how_full))
    assert told.startswith("no space left for ")
    assert f"disk is full (12 kB free on {place}): remove " in told
    assert asked == [place]


def test_a_full_mount_and_a_file_without_a_name() -> None:
    def never(place: str) -> str:
        raise AssertionError(place)

    mounts = (("/other", "/code", True), ("/big/data", "/code/data", True))
    full = raised("OSError: [Errno 28] No space left on device: '/code/data/cache.bin'")
    assert explain(of(full, mounts=mounts, how_full=never)) == (
        "no space left for /code/data/cache.bin: the disk of /big/data is full: make room there"
    )
    assert explain(of(raised("KeyError: 'x'"), how_full=never)) == "KeyError: 'x'"
    torch = raised(
        "RuntimeError: [enforce fail at inline_container.cc:603] . unexpected pos 64 vs 0"
    )
    for log in (torch, raised("OSError: [Errno 28] No space left on device")):
        assert explain(of(log)) == "no space left on a disk, no file is named: make room"
        assert explain(of(log, shm=10**9, how_full=lambda place: f"{place} 1 B")) == (
            "no space left on a disk, no file is named: make room (the engine's disk: engine 1 B; "
            "the outputs' disk: outputs 1 B; /dev/shm: 1.0 GB)"
        )


# GPUs


@pytest.mark.parametrize(
    "line",
    [
        "RuntimeError: No CUDA GPUs are available",
        "RuntimeError: Found no NVIDIA driver on your system. Please check that you have an NVIDIA "
        "GPU and installed a driver from http://www.nvidia.com/Download/index.aspx",
        "RuntimeError: cuda runtime error (35) : CUDA driver version is insufficient for CUDA "
        "runtime version at torch/csrc/cuda/Module.cpp:51",
        "ImportError: libcuda.so.1: cannot open shared object file: No such file or directory",
        "RuntimeError: Attempting to deserialize object on a CUDA device but "
        "torch.cuda.is_available() is False.",
        "SystemError: could not find any GPU",
        "RuntimeError: Unknown backend: 'gpu' requested, but no platforms that are instances of gpu"
        " are present. Platforms present are: cpu",
        "RuntimeError: Unable to initialize backend 'cuda': FAILED_PRECONDITION: No visible GPU",
        "tensorflow.errors_impl.InvalidArgumentError: Cannot assign a device for operation 'v': "
        "Operation was explicitly assigned to /job:localhost/device:GPU:0 but available devices",
        "lightning.MisconfigurationException: No supported gpu backend found!",
        "cupy_backends.cuda.api.runtime.CUDARuntimeError: cudaErrorNoDevice: no CUDA-capable device"
        " is detected",
    ],
)
def test_no_gpu(line: str) -> None:
    assert explain(of(EPOCHS + raised(line), got=(GPU,))) == (
        f"no GPU is visible to the run ({GPU[1]}): see --gpus and `pxtui doctor`"
    )
    assert "(it was given none)" in explain(of(raised(line)))


def test_other_troubles_with_cuda() -> None:
    old = "RuntimeError: CUDA driver version is insufficient for CUDA runtime version"
    assert explain(of(raised(old), got=(("gpu", "0 RTX 3090"),))) == (
        "the GPU's driver is too old for the image's CUDA (0 RTX 3090): take an older image"
    )
    cpu = "AssertionError: Torch not compiled with CUDA enabled"
    assert "torch is built without CUDA" in explain(of(raised(cpu), got=(GPU,)))


# Commands


@pytest.mark.parametrize(
    ("log", "name"),
    [
        ("/bin/bash: line 1: pyhton: command not found\n", "pyhton"),
        ("/bin/bash: pyhton: command not found\n", "pyhton"),
        ("/bin/sh: 1: pyhton: not found\n", "pyhton"),
        ("/bin/sh: pyhton: not found\n", "pyhton"),
        ("./run.sh: line 3: pyhton: command not found\n", "pyhton"),
        ("/usr/bin/env: 'python2': No such file or directory\n", "python2"),
        ("/usr/bin/env: ‘python2’: No such file or directory\n", "python2"),
        ("/bin/bash: line 1: ./go.sh: No such file or directory\n", "./go.sh"),
    ],
)
def test_a_command_that_is_not_there(log: str, name: str) -> None:
    told = f"{name} was not found (127): install it in a build step, or mend its name"
    assert explain(of(log, 127)) == told
    assert explain(of(log, 127, message="the command was not found (127)")) == told


def test_a_command_of_which_only_the_code_is_known() -> None:
    assert explain(of("", 127)) == "a command was not found (127)"
    assert explain(of("", 126)) == "the command cannot be executed (126)"
    refused = 'the command could not be started: exec: "/bin/bash": no such file: unknown'
    assert explain(of("", 127, message=refused)) == refused


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("/bin/bash: line 1: ./train.py: Permission denied", "./train.py cannot be executed (126)"),
        ("/bin/bash: line 1: ./src: Is a directory", "./src cannot be executed (126)"),
        (
            "/bin/bash: ./go.sh: /bin/zsh^M: bad interpreter: No",
            "./go.sh: the program in",
        ),
        ("bash: ./go.sh: cannot execute: required file not found", "./go.sh: the program in its"),
    ],
)
def test_a_command_that_cannot_be_executed(line: str, told: str) -> None:
    assert explain(of(line, 126)).startswith(told)


@pytest.mark.parametrize(
    ("line", "code", "message"),
    [
        ("exec /bin/bash: exec format error", 1, ""),
        ("standard_init_linux.go:228: exec user process caused: exec format error", 1, ""),
        ("bash: ./tool: cannot execute binary file: Exec format error", 126, ""),
        ("", 126, "the command could not be started: exec /bin/bash: exec format error"),
    ],
)
def test_another_processor(line: str, code: int, message: str) -> None:
    got = (("platform", "linux/arm64, emulated: slow"),)
    told = explain(of(line, code, message=message, got=got))
    assert told.startswith("the image or program is for another processor than the engine's (linux")
    script = raised("OSError: [Errno 8] Exec format error: './tool.sh'")
    assert "a script without a `#!` line" in explain(of(script))


# Python and files


@pytest.mark.parametrize(
    "log",
    [
        raised("ModuleNotFoundError: No module named 'sklearn'"),
        raised("ImportError: No module named sklearn"),
        raised("ImportError: No module named 'sklearn'"),
        "/usr/bin/python3: No module named sklearn\n",
    ],
)
def test_a_module_that_is_missing(log: str) -> None:
    assert explain(of(log)) == (
        "No module named 'sklearn': add the package that has it to polyaxon_requirements.txt or "
        "the build steps"
    )


def test_what_may_not_be_written() -> None:
    mounts = (("/big", "/code/data", False),)
    user = (("user", "1000:1000"),)
    denied = raised("PermissionError: [Errno 13] Permission denied: '/opt/x'")
    assert explain(of(denied, mounts=mounts, got=user)) == (
        "Permission denied: /opt/x: the run's user (1000:1000) may not use it: see --user"
    )
    for log in (
        raised("OSError: [Errno 30] Read-only file system: '/code/data/x'"),
        "mkdir: cannot create directory '/code/data/x': Read-only file system\n",
    ):
        assert explain(of(log, mounts=mounts)) == (
            "Read-only file system: /code/data/x: it is mounted read-only: "
            "--mount /big:/code/data:rw"
        )


# Signals


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (137, "ended by SIGKILL (137), not by pxtui: by hand, or the machine had no memory left"),
        (143, "ended by SIGTERM (143), not by pxtui"),
        (129, "ended by SIGHUP (129), not by pxtui"),
        (139, "crashed in native code by SIGSEGV (139): PYTHONFAULTHANDLER=1 shows where"),
        (132, "crashed in native code by SIGILL (132): PYTHONFAULTHANDLER=1 shows where"),
    ],
)
@pytest.mark.parametrize("message", ["", "killed by {} ({}), not by pxtui"])
def test_killed_and_crashed(code: int, told: str, message: str) -> None:
    end = of(EPOCHS, code, message=message.format("SIGANY", code))
    assert explain(end) == told


def test_what_the_engine_alone_knows_is_told_too() -> None:
    kept = "what it wrote could not be taken out"
    assert explain(of(raised("KeyError: 'x'"), message=kept)) == f"KeyError: 'x'; {kept}"
    assert explain(of("", 3, message=kept)) == kept
    killed = "killed by SIGXCPU (152), not by pxtui"
    assert explain(of(EPOCHS, 152, message=f"{killed}; {kept}")) == f"{killed}; {kept}"
