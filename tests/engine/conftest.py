"""A real engine for the tests, others that may be killed or filled, Podman, and what all need."""

from __future__ import annotations

import contextlib
import os
import secrets
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from pxtui import places
from pxtui.engine import BuildRequest, EngineInfo, Outcome, StepReport, Stream
from pxtui.engine.docker import DockerBuild, DockerEngine, DockerRun, connect
from pxtui.engine.hosts import Found
from pxtui.errors import EngineError
from pxtui.image.context import Limits, look, stage
from pxtui.image.plan import ImagePlan
from pxtui.run import RunSpec

BUSYBOX = "pxtui-test/busybox:latest"
SCRIPT = Path(__file__).parents[2] / ".ci" / "engine"


def wait_for(what: Callable[[], object], seconds: float = 20) -> float:
    """Wait for a condition; how long it took."""
    began = time.monotonic()
    while not what():
        if time.monotonic() - began > seconds:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.01)
    return time.monotonic() - began


@pytest.fixture
def own_terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A terminal of its own for this process, as a person would have one."""
    ours, theirs = os.openpty()
    with open(theirs, "r+b", buffering=0) as file:
        monkeypatch.setattr("sys.stdin", file)
        monkeypatch.setattr("sys.stdout", file)
        yield
        monkeypatch.undo()
    os.close(ours)


class Recorder:
    """A sink that keeps what it is given."""

    def __init__(self) -> None:
        self.pieces: list[tuple[bytes, Stream]] = []

    def write(self, data: bytes, stream: Stream) -> None:
        self.pieces.append((data, stream))

    def of(self, stream: Stream) -> bytes:
        return b"".join(data for data, one in self.pieces if one == stream)

    @property
    def all(self) -> bytes:
        return b"".join(data for data, _ in self.pieces)


@dataclass
class Waiting:
    """A job whose `wait` goes on in a thread."""

    job: DockerBuild | DockerRun
    outcomes: list[Outcome] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.thread = threading.Thread(target=lambda: self.outcomes.append(self.job.wait()))
        self.thread.start()

    def end(self, seconds: float = 20) -> Outcome:
        self.thread.join(seconds)
        assert self.outcomes, f"the job did not end within {seconds} s"
        return self.outcomes[0]


@dataclass
class Workshop:
    """One project on one engine: builds, runs, and what it left there."""

    engine: DockerEngine
    found: Found
    root: Path
    kept: Path
    project: str = field(default_factory=lambda: secrets.token_hex(6))

    def request(self, *steps: str, base: str = BUSYBOX, **options: bool) -> BuildRequest:
        plan = ImagePlan(base, (), stage(self.root, steps).files, steps)
        listing = look(self.root, Limits())
        given = (places.new_id(), self.project, self.root, plan, listing)
        return replace(BuildRequest(*given), **options)  # type: ignore[arg-type]

    def build(self, *steps: str, base: str = BUSYBOX, **options: bool) -> Built:
        return self.carry_out(self.request(*steps, base=base, **options))

    def carry_out(self, request: BuildRequest) -> Built:
        sink, reports = Recorder(), list[StepReport]()
        return Built(self.engine.build(request, sink, reports.append).wait(), sink, reports)

    def spec(self, cmd: str, image: str = BUSYBOX) -> RunSpec:
        run = places.new_id()
        folder = self.kept / run
        outputs = folder / "outputs"
        outputs.mkdir(parents=True)
        labels = {
            places.LABEL_V: "1",
            places.LABEL_PROJECT: self.project,
            places.LABEL_ID: run,
            places.LABEL_KIND: "run",
            places.LABEL_OWNER: "owner",
        }
        return RunSpec(
            id=run,
            name=places.container_name(self.project, run),
            image=image,
            cmd=cmd,
            env=(("GREETING", "hi"),),
            labels=tuple(labels.items()),
            outputs=str(outputs),
            folder=str(folder),
        )

    def start(self, spec: RunSpec, sink: Recorder) -> Waiting:
        return Waiting(self.engine.run(spec, sink))

    def docker(self, *arguments: str) -> str:
        """The docker command, as somebody outside would use it."""
        environment = os.environ | {"DOCKER_HOST": self.found.host, "DOCKER_CONTEXT": ""}
        done = subprocess.run(
            ["docker", *arguments],
            env=environment,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        return done.stdout.strip()

    def containers_of(self, words: str) -> list[str]:
        """The containers with these words in their command, those that builds make included."""
        lines = self.docker("ps", "-a", "--no-trunc", "--format", "{{.ID}} {{.Command}}")
        return [line.split()[0] for line in lines.splitlines() if words in line]

    def clear(self) -> None:
        """Remove what this project left."""
        label = f"label={places.LABEL_PROJECT}={self.project}"
        if left := self.docker("ps", "-aq", "--filter", label).split():
            self.docker("rm", "-f", "-v", *left)
        if images := self.docker("images", "-q", "--filter", label).split():
            self.docker("rmi", "-f", *images)


@dataclass
class Built:
    """What came of a build."""

    outcome: Outcome
    sink: Recorder
    reports: list[StepReport]

    @property
    def ended(self) -> list[tuple[str, str, bool]]:
        return [(r.text, r.state, r.cached) for r in self.reports if r.state != "started"]


def missing(reason: str) -> None:
    """Without an engine the tests are skipped, but never where they are meant to run."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def docker_engine() -> DockerEngine:
    """The engine of this machine, with the test images."""
    try:
        engine = connect("docker")
        info: EngineInfo = engine.info()
        if engine.base(BUSYBOX) is None:
            missing(f"{info.id} has no {BUSYBOX}: run `.ci/engine up`")
    except EngineError as error:
        missing(f"no engine: {error}; run `.ci/engine up`")
    return engine


@pytest.fixture
def shop(docker_engine: DockerEngine, tmp_path: Path) -> Iterator[Workshop]:
    """A project with one file on the engine of this machine."""
    made = workshop(docker_engine, docker_engine.found, tmp_path)
    yield made
    made.clear()


def workshop(engine: DockerEngine, found: Found, folder: Path) -> Workshop:
    root = folder / "project"
    root.mkdir(parents=True)
    (root / "train.py").write_text("print('hello')\n")
    return Workshop(engine, found, root, folder / "runs")


def script(*words: str | Path, seconds: float = 90) -> str:
    """What a command of .ci/engine prints; where it cannot do it, the test is skipped."""
    if os.geteuid() != 0:
        missing(f"`.ci/engine {words[0]}` needs root")
    done = subprocess.run(
        [SCRIPT, *words], capture_output=True, text=True, timeout=seconds, check=False
    )
    if done.returncode != 0:
        missing(f"`.ci/engine {words[0]}` failed: {done.stderr[-300:]}")
    return done.stdout.strip()


@contextlib.contextmanager
def own_folder(kind: str) -> Iterator[Path]:
    """A folder for what `.ci/engine KIND-up` starts; it is ended and removed at the end."""
    # the path of a socket is short
    with tempfile.TemporaryDirectory(prefix="pxtui-", ignore_cleanup_errors=True) as name:
        try:
            yield Path(name)
        finally:
            subprocess.run([SCRIPT, f"{kind}-down", name], timeout=60, check=False)


@dataclass
class Private:
    """An engine of its own that may be killed."""

    folder: Path
    shop: Workshop

    def kill(self) -> None:
        subprocess.run([SCRIPT, "private-kill", self.folder], check=True)

    def restart(self) -> None:
        """Start it again after it was killed."""
        script("private-up", self.folder)

    def pid(self) -> int:
        return int((self.folder / "dockerd.pid").read_text())


@contextlib.contextmanager
def second_engine(work: Path, *options: str) -> Iterator[Private]:
    """An engine of its own, see `private-up` in .ci/engine."""
    with own_folder("private") as folder:
        host = script("private-up", folder, "--images", *options, seconds=240)
        found = Found("docker", host, "test")
        engine = DockerEngine(found)
        engine.info()
        yield Private(folder, workshop(engine, found, work))
        engine.close()


@pytest.fixture
def private(tmp_path: Path) -> Iterator[Private]:
    """A second engine, made for one test."""
    with second_engine(tmp_path) as made:
        yield made


def processes_of(words: str) -> list[int]:
    """The processes with these words in their command, those in containers included."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            command = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if words in command and int(path.name) != os.getpid():
                found.append(int(path.name))
    return found
