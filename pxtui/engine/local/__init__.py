"""The engine for where there is none: a virtual environment instead of an image, no container.

Nothing is isolated: steps and commands are processes of this user on this machine, and the base
image is not used. What is kept of the promises: the steps run with only the requirement and setup
files there, each run has its own copy of the tree, and it outlives the app.
"""

from __future__ import annotations

import os
import platform
import shutil
import sys
import weakref
from collections.abc import Callable
from pathlib import Path

from pxtui import places
from pxtui.engine import (
    BuildRequest,
    EngineInfo,
    FoundImage,
    FoundRun,
    LentTerminal,
    Sink,
    StepReport,
)
from pxtui.engine.local import images, running, surroundings
from pxtui.engine.local.building import LocalBuild
from pxtui.engine.local.environments import Family, of_image
from pxtui.engine.nvml import Nvml
from pxtui.engine.supervisor import JOB
from pxtui.errors import EngineError, ImageGoneError
from pxtui.image.context import amount
from pxtui.run import RunSpec

LOG_SIZE = 2_000_000_000
"""Limit of a run's log where the sink does not say (see `LocalEngine.run`)."""

_GO = {"x86_64": "amd64", "aarch64": "arm64"}
"""Processors as container engines call them."""


class LocalEngine:
    """Builds virtual environments and runs commands in them."""

    def __init__(self) -> None:
        self._nvml = Nvml()
        self._jobs: weakref.WeakSet[LocalBuild | running.LocalRun] = weakref.WeakSet()

    def info(self) -> EngineInfo:
        """This machine; there is nothing that could fail to answer."""
        return EngineInfo(
            name="no container (venv)",
            id="local",
            version=f"Python {platform.python_version()}",
            isolated=False,
            note="nothing is isolated: steps and command run on this machine, without the image",
            memory=_memory(),
            gpus=surroundings.seen(self._nvml),
            platform=f"{sys.platform}/{_GO.get(platform.machine(), platform.machine())}",
        )

    def base(self, image: str) -> str:
        """Nothing is ever pulled, and no platform but this one is used."""
        return ""

    def disk(self) -> str:
        """How full the disk of the environments is, and how much of it they take."""
        home = places.cache_home()
        try:
            disk = shutil.disk_usage(home)
        except OSError:
            return ""
        ours = amount(images.size_of(home))
        return f"{amount(disk.free)} of {amount(disk.total)} free, {ours} are pxtui's in {home}"

    def find(self, request: BuildRequest) -> str | None:
        """The snapshot of this tree in this environment."""
        environment = Family(request.plan).current()
        signature = request.listing.signature
        if environment is None or not environment.tree(signature).is_dir():
            return None
        return environment.image(signature)

    def build(
        self, request: BuildRequest, sink: Sink, report: Callable[[StepReport], None]
    ) -> LocalBuild:
        """Prepare a build."""
        build = LocalBuild(request, sink, report)
        self._jobs.add(build)
        return build

    def run(self, spec: RunSpec, sink: Sink) -> running.LocalRun:
        """Create a run. The supervisor writes its log to the run's folder; of the sink only the
        limit is used, if it has one (`max_size`, as a LogWriter has).
        """
        image = of_image(spec.image)
        if image is None:
            raise ImageGoneError(f"{spec.image} is not on this machine any more", "build again")
        size = getattr(sink, "max_size", LOG_SIZE)
        gpus = surroundings.seen(self._nvml)
        return self._with(running.create(spec, *image, size, gpus))

    def runs(self, project: str) -> tuple[FoundRun, ...]:
        """The local runs of a project, ended ones too."""
        home = places.state_home() / project / "runs"
        notes = (running.found(folder) for folder in running.folders(home))
        return tuple(note for note in notes if note is not None)

    def adopt(self, run_id: str, sink: Sink) -> running.LocalRun:
        """Take up a run; its log stands in its folder, whole, and the sink is not used."""
        folder = _folder(run_id)
        if folder is None:
            raise EngineError(f"there is no local run {run_id}")
        return self._with(running.LocalRun(folder))

    def enter(self, run_id: str, *, as_shell: bool) -> LentTerminal:
        """There is no container that could be entered."""
        raise EngineError("only a run in a container can be entered")

    def remove(self, run_id: str) -> None:
        """Forget an ended run, once what it made or changed in its code is in its outputs."""
        folder = _folder(run_id)
        if folder is not None:
            running.remove(folder)

    def list_images(self, project: str = "") -> tuple[FoundImage, ...]:
        """Environments, and the trees in them as images of the code."""
        return tuple(images.found_images(project))

    def remove_image(self, image: str) -> None:
        """Remove an environment with all its trees, or a tree."""
        images.remove_image(image)

    def close(self) -> None:
        """Close all jobs: builds end, runs go on."""
        for job in list(self._jobs):
            job.close()

    def _with(self, job: running.LocalRun) -> running.LocalRun:
        self._jobs.add(job)
        return job


def _folder(run_id: str) -> Path | None:
    home = places.state_home()
    if not run_id or "/" in run_id or not home.is_dir():
        return None
    inside = (project / "runs" / run_id for project in home.iterdir())
    return next((folder for folder in inside if (folder / JOB).is_file()), None)


def _memory() -> int:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 0


def connect(name: str = "local") -> LocalEngine:
    """This machine as an engine."""
    return LocalEngine()
