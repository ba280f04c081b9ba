"""What stands for images here: folders with a virtual environment and snapshots of the tree.

`<cache>/local/<key>/` holds `venv/`, `code/` (in which the steps ran), `trees/<signature>/` and,
once it is whole, `environment.json`. A build without cache makes `<key>-2` beside it, for a run may
be using the old one: each run holds a shared lock on the environment's `in-use`.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import platform
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pxtui import places
from pxtui.engine.supervisor import read_json, write_json
from pxtui.image.plan import ImagePlan

KEPT_TREES = 2
_PASSED = re.compile(
    r"PATH|HOME|USER|LOGNAME|SHELL|LANG|LC_\w+|TZ|TERM|TMPDIR|LD_LIBRARY_PATH|CUDA_VISIBLE_DEVICES"
    r"|https?_proxy|all_proxy|no_proxy|HTTPS?_PROXY|ALL_PROXY|NO_PROXY"
    r"|SSL_CERT_FILE|SSL_CERT_DIR|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE"
)
"""Variables of this machine that a step or a run gets: nothing that may be a secret of ours."""
_PIP = re.compile(r"PIP_(?!USER$|TARGET$|PREFIX$|ROOT$|PYTHON$)\w+")
_REFERENCE = re.compile(r"\$(?:(\w+)|\{(\w+)\})")


def python_id() -> str:
    """What an environment depends on beside its plan: this Python."""
    version = f"{platform.python_implementation()} {platform.python_version()}"
    return f"local {version} {platform.machine()} {sys.base_prefix}"


def passed(*, pip: bool = False) -> dict[str, str]:
    """The variables of this machine that reach a run, for a step those of pip as well."""
    return {
        name: value
        for name, value in os.environ.items()
        if _PASSED.fullmatch(name) or (pip and _PIP.fullmatch(name))
    }


@dataclass(frozen=True, slots=True)
class Environment:
    """One environment on disk."""

    folder: Path

    @property
    def name(self) -> str:
        """Its key and generation: the first part of an image's name."""
        return self.folder.name

    @property
    def venv(self) -> Path:
        """The virtual environment."""
        return self.folder / "venv"

    @property
    def code(self) -> Path:
        """The folder in which the steps ran."""
        return self.folder / "code"

    def tree(self, signature: str) -> Path:
        """The snapshot of the tree with this signature."""
        return self.folder / "trees" / signature[:12]

    def image(self, signature: str) -> str:
        """The name of the environment with this tree in it."""
        return f"{self.name}/{signature[:12]}"

    @property
    def is_ready(self) -> bool:
        """Whether it is whole, and the Python that it was made from is still there."""
        return (self.folder / "environment.json").exists() and (self.venv / "bin/python").exists()

    def finish(self, plan: ImagePlan) -> None:
        """Mark it whole."""
        note = {"v": 1, "base": plan.base, "python": python_id(), "steps": plan.steps}
        write_json(self.folder / "environment.json", {**note, "env": plan.env})

    def variables(self, given: dict[str, str], own: tuple[tuple[str, str], ...]) -> dict[str, str]:
        """`given` with the image's variables over it, the virtual environment's Python first."""
        values = dict(given)
        for name, value in own:
            # As in a Dockerfile: what is set before is filled in.
            values[name] = _REFERENCE.sub(lambda m: values.get(m[1] or m[2], ""), value)
        values["PATH"] = f"{self.venv / 'bin'}:{values.get('PATH', os.defpath)}"
        return {**values, "VIRTUAL_ENV": str(self.venv)}

    def kept_variables(self) -> tuple[tuple[str, str], ...]:
        """The image's variables, as they were when it was made."""
        note = read_json(self.folder / "environment.json") or {}
        return tuple((str(name), str(value)) for name, value in note.get("env", ()))

    def note_project(self, project: str) -> None:
        """Note that a project was built in it."""
        (places.private_dir(self.folder / "projects") / project).touch(0o600)

    @property
    def project(self) -> str:
        """The project that it belongs to; empty if several do, or nobody noted it."""
        folder = self.folder / "projects"
        names = [one.name for one in folder.iterdir()] if folder.is_dir() else []
        return names[0] if len(names) == 1 else ""

    def hold(self) -> int:
        """A descriptor that keeps the environment from being removed."""
        fd = os.open(self.folder / "in-use", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(fd, fcntl.LOCK_SH)
        return fd

    def remove(self) -> bool:
        """Remove it, unless a run is using it."""
        if not self.folder.exists():
            return True
        fd = os.open(self.folder / "in-use", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            (self.folder / "environment.json").unlink(missing_ok=True)
            shutil.rmtree(self.folder, ignore_errors=True)
        except BlockingIOError:
            return False
        finally:
            os.close(fd)
        return True

    def forget_trees(self) -> None:
        """Keep the newest snapshots only."""
        trees = sorted((self.folder / "trees").iterdir(), key=lambda p: p.stat().st_mtime)
        for old in trees[:-KEPT_TREES]:
            shutil.rmtree(old, ignore_errors=True)


class Family:
    """The environments of one key: at most one is current, older ones may still be used."""

    def __init__(self, plan: ImagePlan) -> None:
        self.home = places.local_environments()
        # 64 bits of the key: the path stands in `#!` lines, which have a limit.
        self.key = plan.key(python_id())[:16]

    @contextlib.contextmanager
    def locked(self, wait: Callable[[], None]) -> Iterator[None]:
        """Hold the key; `wait` is called again and again while another pxtui builds it."""
        places.private_dir(self.home)
        fd = os.open(self.home / f"{self.key}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            while True:
                try:
                    fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    wait()
            yield
        finally:
            os.close(fd)

    def all(self) -> list[Environment]:
        """Every generation, the newest last."""
        found = [p for p in self.home.glob(f"{self.key}*") if p.is_dir()]
        return [Environment(p) for p in sorted(found, key=_generation)]

    def current(self) -> Environment | None:
        """The newest that is whole."""
        return next((e for e in reversed(self.all()) if e.is_ready), None)

    def new(self) -> Environment:
        """A place for another one."""
        self.forget(None)
        number = max((_generation(e.folder) for e in self.all()), default=0) + 1
        return Environment(self.home / (self.key if number == 1 else f"{self.key}-{number}"))

    def forget(self, keep: Environment | None) -> None:
        """Remove what is not whole, and beside `keep` all that no run uses."""
        for environment in self.all():
            if not environment.is_ready or (keep and environment != keep):
                environment.remove()


def _generation(folder: Path) -> int:
    number = folder.name.partition("-")[2]
    return int(number) if number.isdigit() else 1


def of_image(image: str) -> tuple[Environment, Path] | None:
    """The environment and the snapshot of an image's name, if they are still there."""
    name, _, signature = image.partition("/")
    if not re.fullmatch(r"[0-9a-f]{16}(-\d+)?", name) or not re.fullmatch(r"\w{12}", signature):
        return None
    environment = Environment(places.local_environments() / name)
    tree = environment.tree(signature)
    return (environment, tree) if environment.is_ready and tree.is_dir() else None
