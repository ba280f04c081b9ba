"""Images: a change of one file until the image holds it, beside `docker build` and docker-py.

Needs a Docker engine with python:3.11-slim, the docker command with BuildKit, git and a quiet
machine: `python -m tests.benchmarks.image [1] [50] [500]`, the trees in MB; all take half an hour.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import docker

from pxtui import places
from pxtui.engine import BuildRequest, open_engine
from pxtui.image.context import Limits, Listing, look, stage
from pxtui.image.dockerfile import dockerfile
from pxtui.image.plan import ImagePlan
from pxtui.image.trees import Trees

ROUNDS = 5
TREES = {1: 50, 50: 2_000, 500: 20_000}
"""Megabytes and files."""
LIMITS = Limits(10**10, 10**6)
STEP = "python3 -c 'print(1)'"
FILE = f"""\
version: 1
kind: experiment
build:
  image: python:3.11-slim
  build_steps:
    - {STEP}
run:
  cmd: python3 -u train.py
"""


@dataclass
class Project:
    """A tree of random bytes with a polyaxonfile, and its Dockerfile beside it."""

    root: Path
    home: Path
    changes: int = 0
    listing: Listing | None = None
    times: dict[str, list[float]] = field(default_factory=dict)

    def change(self) -> int:
        """Another content for one file; how many it had."""
        self.changes += 1
        (self.root / "train.py").write_text(f"print('ready', {self.changes}, {time.time_ns()})\n")
        return self.changes

    def plan(self) -> ImagePlan:
        return ImagePlan("python:3.11-slim", (), stage(self.root, (STEP,)).files, (STEP,))

    @property
    def median(self) -> dict[str, float]:
        return {name: statistics.median(times) for name, times in self.times.items()}


def make(folder: Path, megabytes: int) -> Project:
    root, files = folder / "tree", TREES[megabytes]
    size = megabytes * 1_000_000 // files
    for n in range(files):
        path = root / f"package{n // 1000}" / f"part{n // 50 % 20}" / f"file{n}.bin"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.urandom(size))
    (root / "polyaxonfile.yml").write_text(FILE)
    project = Project(root, folder)
    project.change()
    (folder / "Dockerfile").write_text(dockerfile(project.plan()))
    return project


def ours(project: Project) -> Callable[[], object]:
    """The build of a session that has seen the change."""
    engine, trees = open_engine("docker"), Trees(project.home / "trees")
    engine.info()

    def build() -> object:
        listing = project.listing
        assert listing is not None
        given = (places.new_id(), places.project_id(project.root), project.root, project.plan())
        request = BuildRequest(*given, listing, trees=trees)
        outcome = engine.build(request, Nothing(), lambda _: None).wait()
        assert outcome.result == "done", outcome
        return outcome

    return build


class Nothing:
    """A sink that keeps nothing."""

    def write(self, data: bytes, stream: object) -> None:
        pass


def buildkit(project: Project) -> Callable[[], object]:
    """The command of Docker, with BuildKit."""
    words = ["docker", "build", "-q", "-t", "pxtui-benchmark:cli", "-f"]
    command = [*words, str(project.home / "Dockerfile"), str(project.root)]
    environment = os.environ | {"DOCKER_BUILDKIT": "1", "PATH": f"/usr/bin:{os.environ['PATH']}"}
    return lambda: subprocess.run(command, check=True, capture_output=True, env=environment)


def docker_py(project: Project) -> Callable[[], object]:
    """docker-py's own build."""
    api = docker.from_env(timeout=3600).api
    path = str(project.home / "Dockerfile")

    def build() -> object:
        tag = "pxtui-benchmark:py"
        last = [*api.build(path=str(project.root), dockerfile=path, tag=tag, decode=True, rm=True)]
        assert "error" not in last[-1], last[-1]
        return last

    return build


def timed(project: Project, name: str, work: Callable[[], object]) -> None:
    began = time.perf_counter()
    work()
    project.times.setdefault(name, []).append(time.perf_counter() - began)


def after_a_change(project: Project) -> None:
    """From the decision that one file changed to the finished image."""
    methods = {
        "ours": ours(project),
        "BuildKit CLI": buildkit(project),
        "docker-py": docker_py(project),
    }
    for turn in range(ROUNDS + 1):
        for name, build in methods.items():
            project.change()
            project.listing = look(project.root, LIMITS, previous=project.listing)
            timed(project, name, build)
        if turn == 0:
            project.times = {}  # the first one builds everything
    told(project, "one file changed → image", "ours", "BuildKit CLI", "docker-py")


@contextmanager
def watching(project: Project, *options: str) -> Iterator[Callable[[str], None]]:
    """`pxtui watch`; gives what waits for a word in its objects."""
    command = [sys.executable, "-m", "pxtui", "watch", *options, "--json"]
    environment = os.environ | {
        "XDG_STATE_HOME": str(project.home / "state"),
        "XDG_CACHE_HOME": str(project.home / "cache"),
        "PXTUI_CONTEXT_MAX_FILES": "1000000",
        "PXTUI_CONTEXT_MAX_SIZE": "10 GB",
    }
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command,
        cwd=project.root,
        env=environment,
        stdout=pipe,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        lines = process.stdout

        def wait(word: str) -> None:
            for line in lines:
                if word in line:
                    return
            raise AssertionError("pxtui watch ended")

        yield wait
        process.terminate()


def saved(project: Project) -> None:
    """From a saved file to the image that holds it, the watcher's quiet time included."""
    build = buildkit(project)
    with watching(project, "--no-run") as wait:
        wait('"finished"')
        for _ in range(ROUNDS):
            timed(project, "watch --no-run", lambda: (project.change(), wait('"finished"')))
            project.change()
            wait('"finished"')
            timed(project, "docker build", build)
    told(project, "saved → image", "watch --no-run", "docker build")


def saved_and_run(project: Project) -> None:
    """From a saved file to the first line of the run."""
    build = buildkit(project)
    run = ["docker", "run", "--rm", "pxtui-benchmark:cli", "python3", "-u", "train.py"]
    with watching(project) as wait:
        wait('"ready')
        wait('"phase": "run"')
        for _ in range(ROUNDS):
            timed(project, "watch", lambda: (project.change(), wait("ready")))
            wait('"finished"')
            project.change()
            wait("ready")
            wait('"finished"')
            timed(
                project,
                "docker build && run",
                lambda: (build(), subprocess.run(run, check=True, capture_output=True)),
            )
    told(project, "saved → first line", "watch", "docker build && run")


def nothing_changed(project: Project) -> None:
    """The decision that nothing is to be done, beside `git status`."""
    git = ["git", "-C", str(project.root)]
    for words in (
        ["init", "-q"],
        ["add", "-A"],
        ["-c", "user.name=x", "-c", "user.email=x@x", "commit", "-qm", "x"],
    ):
        subprocess.run([*git, *words], check=True, capture_output=True)
    time.sleep(2.1)  # a file changed just now is read again, by git as by us
    trees = Trees(project.home / "trees")
    listing = look(project.root, LIMITS)
    trees.write(listing)
    for _ in range(ROUNDS):
        timed(
            project,
            "git status",
            lambda: subprocess.run(
                [*git, "status", "--porcelain"], check=True, capture_output=True
            ),
        )
        timed(project, "look", lambda: look(project.root, LIMITS, previous=listing))
        timed(project, "cold look", lambda: look(project.root, LIMITS, previous=trees.newest()))
    told(project, "nothing changed, decision", "look", "git status")
    told(project, "nothing changed, decision", "cold look", "git status")
    shutil.rmtree(project.root / ".git")


def memory(project: Project) -> None:
    """How much a build of the whole tree takes above the same process at rest."""
    code = (
        "import resource, sys, tempfile\n"
        "from pathlib import Path\n"
        "from tests.benchmarks import image as b\n"
        "p = b.Project(Path(sys.argv[1]), Path(tempfile.mkdtemp()))\n"
        "build = b.ours(p)\n"
        "p.listing = b.look(p.root, b.LIMITS)\n"
        "idle = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "build()\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - idle)\n"
    )
    project.change()
    done = subprocess.run(
        [sys.executable, "-c", code, str(project.root)], check=True, capture_output=True, text=True
    )
    print(f"memory of a build of everything, above the listing: {int(done.stdout) / 1000:.1f} MB")


def told(project: Project, title: str, mine: str, *peers: str) -> None:
    a = project.median[mine]
    for peer in peers:
        b = project.median[peer]
        print(
            f"{title:<28} {mine:<15} {a:7.3f} s   {peer:<20} {b:7.3f} s   {a / b:6.3f}x", flush=True
        )


def cleared(project: Project) -> None:
    """Remove the images that were made."""
    label = f"label={places.LABEL_PROJECT}={places.project_id(project.root)}"
    words = ["docker", "images", "-q", "--filter", label]
    found = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()
    if found:
        subprocess.run(
            ["docker", "rmi", "-f", *sorted(set(found))], capture_output=True, check=False
        )


def main() -> None:
    """All figures for the trees that were asked for."""
    os.environ.pop("DOCKER_BUILDKIT", None)
    wanted = [int(word) for word in sys.argv[1:]] or list(TREES)
    for megabytes in wanted:
        with tempfile.TemporaryDirectory() as name:
            print(f"-- {megabytes} MB, {TREES[megabytes]:,} files", flush=True)
            project = make(Path(name), megabytes)
            try:
                after_a_change(project)
                saved(project)
                if megabytes < 500:
                    saved_and_run(project)
                nothing_changed(project)
                memory(project)
            finally:
                cleared(project)


if __name__ == "__main__":
    main()
