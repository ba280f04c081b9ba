"""The output of a container at full speed, beside the Docker CLI and docker-py.

Needs a Docker engine with the test images and the docker command:
`python -m tests.benchmarks.attach [500000]`, the lines that the container prints.
"""

from __future__ import annotations

import os
import resource
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import docker

from pxtui import places
from pxtui.engine import open_engine
from pxtui.logs.store import LogWriter
from pxtui.run import RunSpec, Surroundings

ROUNDS = 5
LINES = 500_000
TEXT = "step 100 of 469 loss=0.412 acc=0.871 and words to make it about eighty long ..."
WRITERS = {
    "in blocks": ("pxtui-test/busybox:latest", f"yes '{TEXT}' | head -n {{n}}"),
    "line by line": (
        "python:3.11-slim",
        "python -uc \"import os\nfor _ in range({n}): os.write(1, b'" + TEXT + "\\n')\"",
    ),
}
"""A program that prints through a buffer, and one that does not (as runs do: PYTHONUNBUFFERED)."""


class Took(NamedTuple):
    """Seconds, and seconds of processor, of one reading of all lines."""

    wall: float
    cpu: float


def timed(work: Callable[[], None], who: int = resource.RUSAGE_SELF) -> Took:
    def cpu() -> float:
        used = resource.getrusage(who)
        return used.ru_utime + used.ru_stime

    began, before = time.perf_counter(), cpu()
    work()
    return Took(time.perf_counter() - began, cpu() - before)


def counted(path: Path, lines: int) -> None:
    found = path.read_bytes().count(b"\n")
    assert found == lines, f"{found} lines of {lines}"


class Container:
    """One container that prints, read in three ways; each reading has a container of its own."""

    def __init__(self, writer: str, lines: int, folder: Path) -> None:
        self.image, command = WRITERS[writer]
        self.command = command.format(n=lines)
        self.lines, self.folder = lines, folder
        self.engine = open_engine("docker")
        self.engine.info()
        self.api = docker.from_env(timeout=600).api
        self.log_size = 1 << 40

    def ours(self) -> Took:
        """Through the engine into a log, as a session reads a run."""
        run = places.new_id()
        folder = self.folder / run
        labels = (
            (places.LABEL_V, "1"),
            (places.LABEL_PROJECT, "benchmark"),
            (places.LABEL_ID, run),
            (places.LABEL_KIND, "run"),
            (places.LABEL_OWNER, "benchmark"),
        )
        wanted = Surroundings(cache=False)
        spec = RunSpec(
            run, f"pxtui-benchmark-{run}", self.image, self.command, (), labels,
            str(folder / "outputs"), str(folder), surroundings=wanted,
        )  # fmt: skip
        log = LogWriter(folder, self.log_size)
        job = self.engine.run(spec, log)

        def read() -> None:
            outcome = job.wait()
            log.close()
            assert outcome.result == "done", outcome

        took = timed(read)
        counted(folder / "log", self.lines)
        self.engine.remove(run)
        return took

    def _made(self) -> str:
        name = f"pxtui-benchmark-{secrets.token_hex(4)}"
        config = self.api.create_host_config(init=True)
        self.api.create_container(
            self.image, ["/bin/sh", "-c", self.command], name=name, host_config=config
        )
        return name

    def cli(self) -> Took:
        """The command of Docker, into a file."""
        name, path = self._made(), self.folder / "cli"
        environment = os.environ | {"PATH": f"/usr/bin:{os.environ['PATH']}"}
        with path.open("wb") as file:
            words = ["docker", "start", "-a", name]

            def read() -> None:
                subprocess.run(words, check=True, stdout=file, env=environment)

            took = timed(read, resource.RUSAGE_CHILDREN)
        counted(path, self.lines)
        self.api.remove_container(name)
        return took

    def logs(self) -> Took:
        """docker-py's iteration over the log, into a file."""
        return self._docker_py("logs")

    def attached(self) -> Took:
        """docker-py's iteration over what it is attached to, into a file."""
        return self._docker_py("attach")

    def _docker_py(self, how: str) -> Took:
        name, path = self._made(), self.folder / "py"

        def read() -> None:
            with path.open("wb", buffering=0) as file:
                if how == "logs":
                    self.api.start(name)
                    pieces = self.api.logs(name, stream=True, follow=True)
                else:
                    pieces = self.api.attach(name, stream=True)
                    self.api.start(name)
                for piece in pieces:
                    file.write(piece)
            self.api.wait(name)

        took = timed(read)
        counted(path, self.lines)
        self.api.remove_container(name)
        return took


def main() -> None:
    """Take turns, so that a noisy machine is noisy for all."""
    lines = int(sys.argv[1]) if sys.argv[1:] else LINES
    for writer in WRITERS:
        times: dict[str, list[Took]] = {}
        with tempfile.TemporaryDirectory() as name:
            container = Container(writer, lines, Path(name))
            for turn in range(ROUNDS + 1):
                for reader, read in (
                    ("ours", container.ours),
                    ("docker CLI", container.cli),
                    ("docker-py logs", container.logs),
                    ("docker-py attach", container.attached),
                ):
                    took = read()
                    if turn:
                        times.setdefault(reader, []).append(took)
        told(writer, lines, times)


def told(writer: str, lines: int, times: dict[str, list[Took]]) -> None:
    wall = {who: statistics.median(one.wall for one in all_) for who, all_ in times.items()}
    cpu = {who: statistics.median(one.cpu for one in all_) for who, all_ in times.items()}
    print(f"{lines:,} lines, written {writer}")
    for who in times:
        per = 1e6 * cpu[who] / lines
        print(f"  {who:<18} {lines / wall[who]:12,.0f} lines/s   {per:8.3f} us of CPU a line")
    print(f"  lines/s of ours / the CLI's: {wall['docker CLI'] / wall['ours']:.2f} (>= 0.95)")
    for peer in ("docker-py logs", "docker-py attach"):
        print(f"  CPU a line of ours / {peer}: {cpu['ours'] / cpu[peer]:.3f} (<= 0.2)")


if __name__ == "__main__":
    main()
