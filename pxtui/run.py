"""One run: everything that the engine needs to start a command in an image."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from pxtui.polyaxonfile.reading import Resolved

BASH = "/bin/bash"
SH = "/bin/sh"
OUTPUTS = "/outputs"
WORKDIR = "/code"
PIDS = 16_384
"""Limit of processes of one run: a DataLoader with workers fits, a fork bomb does not."""


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

    def argv(self, shell: str = BASH) -> tuple[str, ...]:
        """The command as the container is given it; `/bin/sh` where the image has no bash."""
        return (shell, "-c", self.cmd)

    def with_outputs_at(self, path: str) -> tuple[tuple[str, str], ...]:
        """The variables, with the outputs' place as the command sees it."""
        return (
            *self.env,
            ("POLYAXON_RUN_OUTPUTS_PATH", path),
            ("POLYAXON_OUTPUTS_PATH", path),
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
