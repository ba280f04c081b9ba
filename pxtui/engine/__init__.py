"""What an engine is: it builds an image from a plan and a tree, and runs commands in it.

An engine is one module here; `open_engine` imports it by the table below. All calls block and are
made from threads; `close`, `stop` and `kill` of a job may be called from any other thread.
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from pxtui.gpus import NO_GPUS, Gpus
from pxtui.logs.store import Stream as Stream

if TYPE_CHECKING:
    # The supervisor of the local engine starts without what these bring in.
    from pxtui.image.context import Listing
    from pxtui.image.plan import ImagePlan
    from pxtui.image.trees import Trees
    from pxtui.run import RunSpec

Result = Literal["done", "failed", "cancelled", "lost", "skipped"]


class Sink(Protocol):
    """Where the bytes of a job go (a log store)."""

    def write(self, data: bytes, stream: Stream) -> None:
        """Take a piece of output, in the order of arrival."""


@dataclass(frozen=True, slots=True)
class StepReport:
    """One instruction of the image: begun, or ended with its seconds."""

    index: int
    total: int
    text: str
    state: Literal["started", "done", "failed"]
    cached: bool = False
    seconds: float | None = None
    base: str = ""
    """Of `FROM`: the id of the base image, where the engine has ids."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job ended; `message` is one line for a person, empty where all is said."""

    result: Result
    exit_code: int | None = None
    message: str = ""
    image: str | None = None
    signature: str | None = None
    """Builds: of the tree that the image holds, newer than asked for if it changed meanwhile."""
    ended: float | None = field(default=None, compare=False)
    """Runs: when it ended, by the engine's word (seconds since the epoch); None: just now."""
    out_of_memory: bool = False
    """Runs: a process of it was killed at the memory limit."""
    moved: bool = False
    """Builds: failed only because the tree would not stand still."""
    sizes: tuple[tuple[int, int], ...] = ()
    """Builds: bytes that each instruction added to the image, as index and size."""
    kept: str = ""
    """Runs: name of the container where its files could not be taken out; it is not removed."""
    log: str = ""
    """Runs: why its log is not whole."""


@dataclass(frozen=True, slots=True)
class BuildRequest:
    """One build: the plan, and the tree to copy in."""

    id: str
    project: str
    """12 hex digits, see places."""
    root: Path
    plan: ImagePlan
    listing: Listing
    no_cache: bool = False
    pull: bool = False
    allow_steps: bool = False
    """Local engine: run any step as a shell command (the person said so)."""
    platform: str = ""
    """`linux/amd64`, where it is not the engine's own."""
    pip_cache: bool = True
    """Whether the steps share a cache of pip's downloads, where the builder can."""
    trees: Trees | None = None
    """Listings of the trees that images hold, so that one can be made from another."""
    until: int = 0
    """Build only what stands before this instruction (1-based), for a look at that state."""


@dataclass(frozen=True, slots=True)
class FoundImage:
    """An image of ours that the engine has."""

    id: str
    kind: Literal["environment", "code"]
    project: str
    """12 hex digits, see places."""
    key: str
    """Of the environment, see `ImagePlan.key`."""
    signature: str
    """Of the tree that it holds; empty for an environment."""
    tags: tuple[str, ...]
    created: float
    """Seconds since the epoch."""
    size: int
    """Bytes, with what it shares with others."""
    used: bool = False
    """A container was made from it and is still there."""


@dataclass(frozen=True, slots=True)
class FoundRun:
    """A run that the engine knows of, found by label."""

    id: str
    running: bool
    exit_code: int | None
    owner: str
    started: float
    """Seconds since the epoch; 0 if it never started."""
    size: int = 0
    """Bytes written in the container (0 where unknown)."""


class BuildJob(Protocol):
    """A build that goes on in `wait` of some thread."""

    def wait(self) -> Outcome:
        """Build to the end; every failure is in the outcome, nothing is raised."""

    def close(self) -> None:
        """Stop it, from any thread; `wait` then returns `cancelled`."""


class RunJob(Protocol):
    """A run that was created; `wait` starts it, reads its output and asks for its outcome."""

    @property
    def begun(self) -> threading.Event:
        """Set once it goes on by itself, or never will: letting go of it then ends nothing."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What the person should know of how it was started (`no bash in the image: /bin/sh`)."""

    @property
    def got(self) -> tuple[tuple[str, str], ...]:
        """What it was given, as label and text: gpu, memory, /dev/shm, mounts, user, platform."""

    def wait(self) -> Outcome:
        """Start, read to the end, ask for the outcome; nothing is raised."""

    def stop(self, grace: float) -> None:
        """SIGTERM, after `grace` seconds SIGKILL; returns at once."""

    def kill(self) -> None:
        """SIGKILL now."""

    def resize(self, columns: int, rows: int) -> None:
        """Its terminal, if it has one, is this size, now or once it runs; returns at once."""

    def close(self) -> None:
        """Let go of it: `wait` returns, the run goes on."""


class LentTerminal(Protocol):
    """The person's terminal while it is lent to something in a container."""

    def wait(self) -> Outcome:
        """Until that ends or lets go; the terminal is as before when this returns."""

    def close(self) -> None:
        """Give the terminal back now, from any thread."""


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """What answered."""

    name: str
    """As shown: `docker`, `docker ssh:host`, `podman`, `no container (venv)`, `fake`."""
    id: str
    """Consent is kept for this: the same engine has the same id."""
    version: str
    isolated: bool = True
    """False: nothing is isolated and the image is not used (local engine)."""
    note: str = ""
    """One line for the first question and the status (`rootless`, …)."""
    remote: bool = False
    """Its files are those of another machine."""
    memory: int = 0
    """Bytes that its machine has (0: not known)."""
    platform: str = ""
    """`linux/amd64`: what it runs without emulation."""
    gpus: Gpus = NO_GPUS


class Engine(Protocol):
    """A container engine, or what stands in for one."""

    def info(self) -> EngineInfo:
        """Ask the engine who it is; raises NoEngine or EngineError with the cause and remedy."""

    def base(self, image: str) -> str | None:
        """Platform of an image that is present (`linux/amd64`; empty: not known), else None.

        GET only: nothing is pulled.
        """

    def disk(self) -> str:
        """How full the engine's disk is and how much of it is ours, in one line; empty: unknown."""

    def find(self, request: BuildRequest) -> str | None:
        """The image that this build would find again; nothing is built, pulled or changed."""

    def build(
        self, request: BuildRequest, sink: Sink, report: Callable[[StepReport], None]
    ) -> BuildJob:
        """Prepare a build; an image of the same key and signature is found again (`skipped`)."""

    def run(self, spec: RunSpec, sink: Sink) -> RunJob:
        """Create (not start) a run; raises EngineError."""

    def runs(self, project: str) -> tuple[FoundRun, ...]:
        """The runs of a project that the engine holds; raises EngineError."""

    def adopt(self, run_id: str, sink: Sink) -> RunJob:
        """Take up a run that goes on or has ended, its whole log read anew; raises EngineError."""

    def enter(self, run_id: str, *, as_shell: bool) -> LentTerminal:
        """The person's terminal in a run that goes on: a shell in it, or the command's own.

        Raises EngineError: it has ended, there is no terminal, the engine has no containers.
        """

    def remove(self, run_id: str) -> None:
        """Remove what the engine keeps of an ended run (its container); gone already is fine."""

    def list_images(self, project: str = "") -> tuple[FoundImage, ...]:
        """Images of ours, of one project or of all, oldest first; raises EngineError."""

    def remove_image(self, image: str) -> None:
        """Remove an image of ours by its id; gone already is fine; raises EngineError."""

    def close(self) -> None:
        """Let go of all connections; blocked calls return."""


MODULES = {
    "docker": "pxtui.engine.docker",
    "podman": "pxtui.engine.docker",
    "local": "pxtui.engine.local",
    "fake": "pxtui.engine.fake",
}
"""Engine names and the modules that have `connect(name)`."""


def open_engine(name: str) -> Engine:
    """Open the engine of this name (a key of MODULES); raises NoEngine with cause and remedy."""
    connect: Callable[[str], Engine] = importlib.import_module(MODULES[name]).connect
    return connect(name)
