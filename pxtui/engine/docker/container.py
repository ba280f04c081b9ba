"""The container of a run: made with the least rights that it needs, and found again by label."""

from __future__ import annotations

import base64
import datetime
import json
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docker.errors import APIError

from pxtui import places
from pxtui.engine import FoundRun
from pxtui.engine.docker import outputs
from pxtui.engine.docker.connection import ACTION, Client
from pxtui.engine.docker.image import inspect_image
from pxtui.errors import EngineError
from pxtui.run import BASH, OUTPUTS, SH, WORKDIR, RunSpec


@dataclass(frozen=True, slots=True)
class Container:
    """A container that was made or found, and where its outputs belong on this machine."""

    id: str
    outputs: Path
    notes: tuple[str, ...] = ()
    got: tuple[tuple[str, str], ...] = ()


def create(client: Client, spec: RunSpec, remote: bool) -> Container:
    """Create (not start) the container of a run."""
    image = inspect_image(client, spec.image)
    if image is None:
        raise EngineError(f"the image {spec.image} is not on the engine", "build it again")
    kept = Path(spec.outputs)
    notes: tuple[str, ...] = ()
    if remote:
        notes = ("the engine is on another machine: the outputs are copied here at the end",)
    else:
        outputs.prepare(kept, str((image.get("Config") or {}).get("User") or ""))
    made = _create(client, spec, BASH, remote)
    if not _has(client, made, BASH):
        client.call("delete", "/containers/{0}", made, params={"force": "1", "v": "1"})
        made = _create(client, spec, SH, remote)
        notes = (*notes, f"no bash in the image: {SH} runs the command")
    return Container(made, kept, notes)


def _create(client: Client, spec: RunSpec, shell: str, remote: bool) -> str:
    first, *rest = spec.argv(shell)
    config = {
        "Image": spec.image,
        "Entrypoint": [first],
        "Cmd": rest,
        "Env": [f"{name}={value}" for name, value in _environment(client, spec)],
        "Labels": dict(spec.labels),
        "WorkingDir": WORKDIR,
        "StopSignal": "SIGTERM",
        "AttachStdout": True,
        "AttachStderr": True,
        "HostConfig": {
            "Init": True,
            "AutoRemove": False,
            "PidsLimit": spec.pids,
            "SecurityOpt": ["no-new-privileges"],
            "Mounts": [_mount(spec, remote)],
        },
    }
    name = spec.name
    try:
        return _post(client, name, config)
    except APIError as error:
        if error.status_code != 409:
            raise
        # a container of somebody else has our name: it stays, runs are found by label
        return _post(client, f"{name}-{secrets.token_hex(2)}", config)


def _post(client: Client, name: str, config: dict[str, Any]) -> str:
    answer = client.call(
        "post", "/containers/create", params={"name": name}, json=config, timeout=ACTION
    )
    return str(answer.json()["Id"])


def _environment(client: Client, spec: RunSpec) -> Iterator[tuple[str, str]]:
    """The proxies of the person's docker configuration first, as the docker command does it."""
    yield from client.api._proxy_configs.get_environment().items()
    yield from spec.with_outputs_at(OUTPUTS)


def _mount(spec: RunSpec, remote: bool) -> dict[str, str]:
    if remote:
        return {"Type": "volume", "Target": OUTPUTS}
    return {"Type": "bind", "Source": str(Path(spec.outputs).resolve()), "Target": OUTPUTS}


def _has(client: Client, container: str, path: str) -> bool:
    """Whether a file is in a container that was not started."""
    url = client.api._url("/containers/{0}/archive", container)
    response = client.api.head(url, params={"path": path}, timeout=ACTION)
    if response.status_code == 404:
        return False
    client.api._raise_for_status(response)
    told = response.headers.get("X-Docker-Container-Path-Stat", "")
    return not told or not json.loads(base64.b64decode(told)).get("mode", 0) & (1 << 31)


def find(client: Client, **labels: str) -> list[dict[str, Any]]:
    """The containers that have all these labels, ended ones too."""
    wanted = [f"{places.LABEL_KIND}=run", *(f"pxtui.{name}={v}" for name, v in labels.items())]
    params = {"all": "1", "filters": json.dumps({"label": wanted})}
    found: list[dict[str, Any]] = client.call("get", "/containers/json", params=params).json()
    return found


def found_runs(client: Client, project: str) -> Iterator[FoundRun]:
    """The runs of a project; one that goes away meanwhile is left out."""
    for one in find(client, project=project):
        try:
            found = client.call(
                "get", "/containers/{0}/json", one["Id"], params={"size": "1"}
            ).json()
        except APIError as error:
            if error.status_code == 404:
                continue
            raise
        state = found["State"]
        started = seconds(str(state.get("StartedAt", "")))
        running = bool(state.get("Running"))
        labels = one.get("Labels") or {}
        yield FoundRun(
            id=str(labels.get(places.LABEL_ID, "")),
            running=running,
            exit_code=None if running or not started else int(state["ExitCode"]),
            owner=str(labels.get(places.LABEL_OWNER, "")),
            started=started,
            size=int(found.get("SizeRw") or 0),
        )


def seconds(stamp: str) -> float:
    """Seconds since the epoch of the engine's RFC 3339 with nanoseconds; 0 for its zero time."""
    match = re.fullmatch(r"(\d{4}-.{14})(?:\.(\d+))?(Z|[+-]\d\d:\d\d)", stamp)
    if match is None or stamp.startswith("0001-"):
        return 0.0
    zone = match[3].replace("Z", "+00:00")
    moment = datetime.datetime.fromisoformat(match[1] + zone)
    return moment.timestamp() + float(f"0.{match[2] or 0}")
