"""The product as a user gets it: the wheel in an environment of its own, a terminal, an engine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

REPO = Path(__file__).parents[2]
IN_CI = os.environ.get("CI") == "true"


def need(present: bool, what: str) -> None:
    """Skip on a person's machine, fail in CI."""
    if not present:
        (pytest.fail if IN_CI else pytest.skip)(f"{what} is not here")


@pytest.fixture(scope="session")
def wheel_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python that has only the built wheel and what it needs (taken from this environment)."""
    folder = tmp_path_factory.mktemp("installed")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "-o", str(folder)]
    subprocess.run([*build, str(REPO)], check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    venv = folder / "venv"
    subprocess.run([sys.executable, "-m", "virtualenv", "-q", str(venv)], check=True)
    python = venv / "bin/python"
    install = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    subprocess.run([*install, str(wheel)], check=True, capture_output=True)
    return python


@pytest.fixture
def pxtui_command(wheel_python: Path) -> str:
    return str(wheel_python.parent / "pxtui")


@pytest.fixture(scope="session")
def engine() -> None:
    """A real engine with the test images (.ci/engine up)."""
    found = (
        subprocess.run(
            ["docker", "image", "inspect", "python:3.11-slim"], capture_output=True, check=False
        )
        if shutil.which("docker")
        else None
    )
    need(found is not None and found.returncode == 0, "a Docker engine with the test images")


def new_name() -> str:
    """A name for a tmux server that nobody else has."""
    return f"pxtui-{uuid.uuid4().hex[:8]}"


@dataclass
class Terminal:
    """A terminal of 120x40 in tmux: keys go in, a person's view comes out."""

    name: str

    def tmux(self, *words: str) -> str:
        # Textual takes the size from these where they are set.
        environ = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES")}
        done = subprocess.run(
            ["tmux", "-L", self.name, *words],
            capture_output=True,
            text=True,
            check=False,
            env=environ,
        )
        assert done.returncode == 0, (words, done.stderr)
        return done.stdout

    def start(self, command: str, folder: Path, size: tuple[int, int] = (120, 40)) -> None:
        width, height = size
        self.tmux(
            "-f", "/dev/null", "new-session", "-d", "-x", str(width), "-y", str(height),
            "-c", str(folder), f"{command}; echo EXIT=$?; exec sleep 600",
        )  # fmt: skip

    def keys(self, *keys: str) -> None:
        for key in keys:
            self.tmux("send-keys", *(["-l", key] if len(key) > 1 and key[0] == "'" else [key]))

    def type(self, text: str) -> None:
        self.tmux("send-keys", "-l", text)

    def screen(self) -> str:
        return self.tmux("capture-pane", "-p")

    def until(self, condition: Callable[[str], object] | str, seconds: float = 30) -> str:
        """The screen, as soon as it shows a text or satisfies a condition."""
        limit = time.monotonic() + seconds
        while True:
            screen = self.screen()
            if condition in screen if isinstance(condition, str) else condition(screen):
                return screen
            if time.monotonic() > limit:
                raise AssertionError(f"not within {seconds} s: {condition}\n{screen}")
            time.sleep(0.05)

    def close(self) -> None:
        subprocess.run(["tmux", "-L", self.name, "kill-server"], capture_output=True, check=False)
        # The old server may still be on its way out: the next one is another.
        self.name = new_name()


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    need(shutil.which("tmux") is not None, "tmux")
    opened = Terminal(new_name())
    yield opened
    opened.close()


@pytest.fixture
def labelled() -> Iterator[Callable[[Path], list[str]]]:
    """Ids of the containers of a project; they and its images are removed at the end."""
    from pxtui.places import project_id

    projects: list[str] = []

    def containers(root: Path) -> list[str]:
        projects.append(project_id(root))
        return _docker("ps", "-aq", "--filter", f"label=pxtui.project={project_id(root)}")

    yield containers
    for project in set(projects):
        for container in _docker("ps", "-aq", "--filter", f"label=pxtui.project={project}"):
            _docker("rm", "-f", container)
        for image in _docker("images", "-q", "--filter", f"label=pxtui.project={project}"):
            _docker("rmi", "-f", image)


def _docker(*words: str) -> list[str]:
    done = subprocess.run(["docker", *words], capture_output=True, text=True, check=False)
    return done.stdout.split()
