"""Docker and Podman, by the API that both speak; the only package that imports docker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from docker.errors import APIError

from pxtui import places
from pxtui.engine import BuildRequest, EngineInfo, FoundImage, FoundRun, Sink, StepReport
from pxtui.engine.docker import container
from pxtui.engine.docker.building import DockerBuild, found_image
from pxtui.engine.docker.connection import ACTION, ANSWER, Client, Way
from pxtui.engine.docker.devices import Devices
from pxtui.engine.docker.disk import usage
from pxtui.engine.docker.entered import Entered
from pxtui.engine.docker.failures import explanation, telling
from pxtui.engine.docker.image import base_image, inspect_image, remove_image
from pxtui.engine.docker.layers import sized_images
from pxtui.engine.docker.machine import Machine, image_platform
from pxtui.engine.docker.run import DockerRun
from pxtui.engine.docker.terminal import TerminalRun
from pxtui.engine.hosts import Found, Kind, configured, tried
from pxtui.errors import EngineError, NoEngine
from pxtui.run import RunSpec

__all__ = ["DockerBuild", "DockerEngine", "DockerRun", "connect"]


def connect(name: str = "docker") -> DockerEngine:
    """The engine of this name that is configured or present; nothing is asked of it yet."""
    kind: Kind = "podman" if name == "podman" else "docker"
    found = configured(kind)
    if found is None:
        raise NoEngine(
            f"no {kind} engine is configured and no socket of one exists",
            f"looked at {tried()}",
        )
    return DockerEngine(found)


class DockerEngine:
    """A container engine that speaks Docker's API."""

    def __init__(self, found: Found) -> None:
        self.found = found
        self._way = Way(found)
        self._machine: Machine | None = None
        self._devices = Devices()

    def info(self) -> EngineInfo:
        """Ask the engine who it is."""
        self._way.forget()
        what = f"{self.found.kind} at {self.found.host}"
        with self._asking(what) as client, client.limited(2 * ANSWER):
            version = client.call("get", "/version", timeout=ANSWER).json()
            facts = client.call("get", "/info", timeout=ANSWER).json()
            on = self._machine = Machine.of(facts, self.found)
        parts = [str(part.get("Name", "")) for part in version.get("Components") or ()]
        kind = "podman" if any("Podman" in part for part in parts) else self.found.kind
        if str(facts.get("OSType", "linux")) == "windows":
            raise EngineError("the engine runs Windows containers", "switch it to Linux containers")
        return EngineInfo(
            name=_shown(kind, self.found),
            id=self.found.host,
            version=str(version.get("Version", "")),
            note="rootless" if on.rootless else "",
            remote=on.remote,
            memory=on.memory,
            platform=on.platform,
            gpus=self._devices.offered(on),
        )

    def base(self, image: str) -> str | None:
        """The platform of an image that is there; nothing is pulled."""
        with self._asking(f"the image {image}") as client, client.limited(ANSWER):
            found = inspect_image(client, image)
        return None if found is None else image_platform(found)

    def disk(self) -> str:
        """How full its disk is and how much of that is ours."""
        with self._asking("the engine's disk") as client:
            return usage(client, self._on(client))

    def find(self, request: BuildRequest) -> str | None:
        """The image of this environment and tree, by its labels."""
        with self._asking("the image") as client:
            base = base_image(client, request.plan.base, request.platform)
            if base is None:
                return None
            key = request.plan.key(str(base["Id"]))
            return found_image(client, request.project, key, request.listing)

    def build(
        self, request: BuildRequest, sink: Sink, report: Callable[[StepReport], None]
    ) -> DockerBuild:
        """Prepare a build."""
        native = self._machine.platform if self._machine else ""
        return DockerBuild(self._way, request, sink, report, native)

    def run(self, spec: RunSpec, sink: Sink) -> DockerRun:
        """Create (not start) a run."""
        with self._asking("the run cannot be created") as client:
            made = container.create(client, spec, self._on(client), self._devices)
        return (TerminalRun if spec.tty else DockerRun)(self._way, made, sink)

    def runs(self, project: str) -> tuple[FoundRun, ...]:
        """The runs of a project that the engine holds."""
        with self._asking("the runs cannot be listed") as client:
            return tuple(container.found_runs(client, project))

    def adopt(self, run_id: str, sink: Sink) -> DockerRun:
        """Take up a run, its whole log read anew."""
        with self._asking("the run cannot be taken up") as client:
            found = _one(client, run_id)
            if found is None:
                raise EngineError("the engine no longer has the container of this run")
            labels = found.get("Labels") or {}
        project = str(labels.get(places.LABEL_PROJECT, ""))
        home = places.ProjectPlaces(project, places.state_home() / project)
        kept = Path(labels.get(places.LABEL_OUTPUTS) or home.run(run_id) / "outputs")
        return DockerRun(self._way, container.Container(found["Id"], kept), sink, started=True)

    def enter(self, run_id: str, *, as_shell: bool) -> Entered:
        """A terminal in the container of a run."""
        with self._asking("the run cannot be entered") as client:
            found = _one(client, run_id)
        if found is None or found.get("State") != "running":
            raise EngineError("this run does not go on: there is nothing to enter")
        return Entered(self._way, found["Id"], as_shell=as_shell)

    def remove(self, run_id: str) -> None:
        """Remove the container of an ended run, and the unnamed volumes that it has."""
        with self._asking("the run cannot be removed") as client:
            for found in container.find(client, id=run_id):
                try:
                    client.call(
                        "delete",
                        "/containers/{0}",
                        found["Id"],
                        params={"v": "1"},
                        timeout=ACTION,
                    )
                except APIError as error:
                    gone = error.status_code == 404 or "in progress" in explanation(error)
                    if not gone:
                        raise

    def list_images(self, project: str = "") -> tuple[FoundImage, ...]:
        """Images of ours, found by label, oldest first."""
        with self._asking("the images cannot be listed") as client:
            return tuple(sized_images(client, project))

    def remove_image(self, image: str) -> None:
        """Remove an image of ours."""
        with self._asking("the image cannot be removed") as client:
            remove_image(client, image)

    def close(self) -> None:
        """Cut off everything that is under way; runs go on, builds end."""
        self._way.close()

    def _on(self, client: Client) -> Machine:
        """The machine as it was last seen, which is seconds ago while the app is open."""
        if self._machine is None:
            self._machine = Machine.of(client.call("get", "/info").json(), self.found)
        return self._machine

    @contextmanager
    def _asking(self, what: str) -> Iterator[Client]:
        with self._way.client() as client, telling(what, self.found, NoEngine):
            yield client


def _one(client: Client, run_id: str) -> dict[str, Any] | None:
    found = container.find(client, id=run_id)
    return found[0] if found else None


def _shown(kind: str, found: Found) -> str:
    if not found.remote:
        return kind
    scheme, _, rest = found.host.partition("://")
    return f"{kind} {scheme}:{rest.rpartition('@')[2].rstrip('/')}"
