"""One run: everything that the engine needs to start a command in an image."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pxtui.polyaxonfile.reading import Resolved

BASH = "/bin/bash"
SH = "/bin/sh"
OUTPUTS = "/outputs"
WORKDIR = "/code"
CACHE = "/var/cache/pxtui"
"""Where the person's cache volume stands."""
TERM = "xterm-256color"
"""What a run's terminal is called: what the log pane can show."""
PIDS = 16_384
"""Limit of processes of one run: a DataLoader with workers fits, a fork bomb does not."""


@dataclass(frozen=True, slots=True)
class Mount:
    """A file or folder of the engine's machine that stands in the container."""

    source: str
    target: str
    writable: bool = False


@dataclass(frozen=True, slots=True)
class Port:
    """A port of the container that can be reached on the engine's machine."""

    container: int
    host: int
    address: str = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a run is to get beside its image, command and declarations; holds no secret values."""

    mounts: tuple[Mount, ...] = ()
    gpus: str = "auto"
    """`auto`, `all`, `none`, or indices: `0,1`."""
    shm_size: int | None = None
    """Bytes of /dev/shm; None: half of the engine's memory."""
    memory: int | None = None
    """Limit in bytes; None: none."""
    cpus: float | None = None
    publish: tuple[Port, ...] = ()
    user: str = ""
    """Empty: the image's; `me`: the person; `UID[:GID]`."""
    platform: str = ""
    """`linux/amd64`; empty: the engine's own."""
    cache: bool = True
    """Whether the person's cache volume stands at $XDG_CACHE_HOME."""
    variables: tuple[str, ...] = ()
    """Names of variables of the person that the run gets; their values are read at its start."""
    env_files: tuple[str, ...] = ()
    """Files on this machine whose variables the run gets, read at its start."""
    tty: bool = False
    """Whether its output goes to a terminal, which has the size of the pane."""


USUAL = Surroundings()


@dataclass(frozen=True, slots=True)
class RunSpec:
    """What one run is started with; kept as `run.json`, so that it can be shown and repeated."""

    id: str
    name: str
    """Name of the container, `pxtui-<project>-<id>`."""
    image: str
    cmd: str
    """The one line that the shell is given."""
    env: tuple[tuple[str, str], ...]
    labels: tuple[tuple[str, str], ...]
    outputs: str
    """Folder on this machine that holds what the run writes to $POLYAXON_RUN_OUTPUTS_PATH."""
    folder: str
    """The run's own folder on this machine (log, outputs, run.json)."""
    pids: int = PIDS
    surroundings: Surroundings = USUAL
    variables: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """The person's own variables with their values: for the container and nothing else."""
    tty: bool = False
    """It runs in the person's terminal, with its keys and its size."""
    size: tuple[int, int] = (80, 24)
    """Columns and rows of its terminal, where its surroundings have one."""

    def argv(self, shell: str = BASH) -> tuple[str, ...]:
        """The command as the container is given it; `/bin/sh` where the image has no bash."""
        return (shell, "-c", self.cmd)

    def with_outputs_at(
        self, path: str, data: Callable[[str], str] = str
    ) -> tuple[tuple[str, str], ...]:
        """The variables, with the places of outputs and data as the command sees them.

        `data` says where a mount's target is found (without a container it is elsewhere).
        """
        targets = [mount.target for mount in self.surroundings.mounts]
        paths = {target.rpartition("/")[2]: data(target) for target in targets}
        first = [("POLYAXON_DATA_PATH", one) for one in list(paths.values())[:1]]
        return (
            *self.env,
            ("POLYAXON_RUN_OUTPUTS_PATH", path),
            ("POLYAXON_OUTPUTS_PATH", path),
            ("POLYAXON_RUN_DATA_PATHS", json.dumps(paths)),
            *first,
        )


def environment(resolved: Resolved, run_id: str) -> tuple[tuple[str, str], ...]:
    """The variables that a run gets beside those of its image (Polyaxon 0.x, offline)."""
    project = f"pxtui.{resolved.project or 'project'}"
    params = json.dumps(dict(resolved.params), default=str)
    info = {"project_name": project, "experiment_name": f"{project}.{run_id}"}
    info_name = "POLYAXON_JOB_INFO" if resolved.kind == "job" else "POLYAXON_EXPERIMENT_INFO"
    values: Mapping[str, str] = {
        "PYTHONUNBUFFERED": "1",
        "POLYAXON_NO_OP": "true",
        "POLYAXON_IS_MANAGED": "true",
        "POLYAXON_IS_LOCAL": "true",
        "POLYAXON_LOG_LEVEL": "INFO",
        "POLYAXON_DECLARATIONS": params,
        "POLYAXON_PARAMS": params,
        "POLYAXON_TASK_INFO": json.dumps({"type": "master", "index": 0}),
        "POLYAXON_CLUSTER": json.dumps({"master": ["127.0.0.1:2000"], "worker": [], "ps": []}),
        info_name: json.dumps(info),
    }
    return tuple(values.items())
