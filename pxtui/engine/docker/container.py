"""The container of a run: made with the least rights that it needs, and found again by label."""

from __future__ import annotations

import datetime
import json
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from docker.errors import APIError

from pxtui import places
from pxtui.engine import FoundRun
from pxtui.engine.docker import archive, outputs
from pxtui.engine.docker.connection import ACTION, Client
from pxtui.engine.docker.devices import Devices
from pxtui.engine.docker.image import inspect_image
from pxtui.engine.docker.machine import Machine
from pxtui.engine.docker.person import Person, is_root, look, wanted_user
from pxtui.engine.docker.surroundings import Gets, check_mounts, foreign_platform
from pxtui.errors import ImageGoneError
from pxtui.run import BASH, OUTPUTS, SH, WORKDIR, RunSpec

_SIZED = (
    "n=200; while s=$(stty size 2>/dev/null);"
    ' [ $? -ne 127 ] && [ "${s:-0 0}" = "0 0" ] && [ $n -gt 0 ]; do n=$((n-1)); done;'
    ' exec "$0" "$@"'
)
"""Waits for the size that a container can only be told once it runs; for a moment, if ever."""


@dataclass(frozen=True, slots=True)
class Container:
    """A container that was made or found, and where its outputs belong on this machine."""

    id: str
    outputs: Path
    notes: tuple[str, ...] = ()
    got: tuple[tuple[str, str], ...] = ()
    size: tuple[int, int] | None = None
    """Columns and rows of its terminal, if the run asks for one (none: also not known)."""


def create(client: Client, spec: RunSpec, machine: Machine, devices: Devices) -> Container:
    """Create (not start) the container of a run."""
    image = inspect_image(client, spec.image)
    if image is None:
        raise ImageGoneError(f"the image {spec.image} is not on the engine", "build it again")
    check_mounts(spec, machine)
    given = devices.given(client, machine, spec.image, spec.surroundings.gpus)
    image_env = _pairs((image.get("Config") or {}).get("Env") or ())
    user = wanted_user(spec.surroundings.user, machine)
    workdir = _workdir_of(image)
    shell, person = _look(client, spec, user or _user_of(image), image_env, workdir)
    if not user:
        person = replace(person, user="")
    platform = foreign_platform(image, machine)
    gets = Gets(spec, machine, person, given, platform, image_env)
    kept = Path(spec.outputs)
    notes: tuple[str, ...] = ()
    if machine.remote:
        notes = ("the engine is on another machine: the outputs are copied here at the end",)
    else:
        outputs.prepare(kept, user or _user_of(image))
    if shell == SH:
        notes = (*notes, f"no bash in the image: {SH} runs the command")
    made = _create(client, gets, shell, workdir)
    try:
        if folders := gets.folders():
            archive.put(client, made, folders)
    except BaseException:
        _discard(client, made)
        raise
    size = spec.size if spec.surroundings.tty else None
    return Container(made, kept, notes, tuple(gets.got()), size)


def _look(
    client: Client, spec: RunSpec, user: str, image_env: Mapping[str, str], workdir: str
) -> tuple[str, Person]:
    """The shell that runs the command and who it runs as: seen in a container that never starts."""
    config = {
        "Image": spec.image,
        "Entrypoint": ["true"],
        "Cmd": [],
        "WorkingDir": workdir,
        "Labels": dict(spec.labels) | {places.LABEL_KIND: "look"},
    }
    seen = client.call("post", "/containers/create", json=config, timeout=ACTION).json()["Id"]
    try:
        bash = archive.place(client, seen, BASH)
        shell = SH if bash is None or bash.folder else BASH
        if is_root(user):
            return shell, Person(user)
        as_me = spec.surroundings.user == "me"
        person = look(client, seen, user, image_env, as_me)
        if workdir == WORKDIR:
            return shell, person
        # what a Dockerfile of the project's own made for its own user stays as it is
        code, *rest = person.folders
        theirs = [replace(code, path=workdir)] if spec.surroundings.user and workdir != "/" else []
        return shell, replace(person, folders=(*theirs, *rest))
    finally:
        _discard(client, seen)


def _discard(client: Client, container: str) -> None:
    client.call("delete", "/containers/{0}", container, params={"force": "1", "v": "1"})


def _create(client: Client, gets: Gets, shell: str, workdir: str) -> str:
    spec = gets.spec
    first, *rest = _argv(spec, shell)
    config = {
        "Image": spec.image,
        "Entrypoint": [first],
        "Cmd": rest,
        "Env": [f"{name}={value}" for name, value in _environment(client, gets).items()],
        "Labels": dict(spec.labels),
        "WorkingDir": workdir,
        "StopSignal": "SIGTERM",
        "AttachStdout": True,
        "AttachStderr": True,
        "Tty": spec.tty or spec.surroundings.tty,
        "OpenStdin": spec.tty or spec.surroundings.tty,  # who attaches later can answer
        "StdinOnce": spec.tty,
        "AttachStdin": spec.tty,
        "ExposedPorts": gets.exposed(),
        "HostConfig": {
            "Init": True,
            "AutoRemove": False,
            "PidsLimit": spec.pids,
            "SecurityOpt": ["no-new-privileges"],
            **gets.host_config(),
        },
    }
    if gets.person.user:
        config["User"] = gets.person.user
    platform = gets.platform
    try:
        return _post(client, spec.name, config, platform)
    except APIError as error:
        if error.status_code != 409:
            raise
        # a container of somebody else has our name: it stays, runs are found by label
        return _post(client, f"{spec.name}-{secrets.token_hex(2)}", config, platform)


def _argv(spec: RunSpec, shell: str) -> tuple[str, ...]:
    """The command; in a terminal it begins when that has its size."""
    if not spec.surroundings.tty or spec.tty:
        return spec.argv(shell)
    return (shell, "-c", _SIZED, *spec.argv(shell))


def _post(client: Client, name: str, config: dict[str, Any], platform: str) -> str:
    params = {"name": name} | ({"platform": platform} if platform else {})
    answer = client.call("post", "/containers/create", params=params, json=config, timeout=ACTION)
    return str(answer.json()["Id"])


def _environment(client: Client, gets: Gets) -> dict[str, str]:
    """The later goes before the earlier: docker's own proxies first, the person's own last."""
    return {
        **client.api._proxy_configs.get_environment(),
        **dict(gets.env()),
        **dict(gets.spec.with_outputs_at(OUTPUTS)),
        **dict(gets.spec.variables),
    }


def _workdir_of(image: Mapping[str, Any]) -> str:
    """Where the command runs: where an image that was built for it says, as Polyaxon had it."""
    config = image.get("Config") or {}
    if places.LABEL_KIND not in (config.get("Labels") or {}):
        return WORKDIR
    return str(config.get("WorkingDir") or "/")


def _user_of(image: Mapping[str, Any]) -> str:
    return str((image.get("Config") or {}).get("User") or "")


def _pairs(env: Iterable[str]) -> dict[str, str]:
    """Variables as an image has them."""
    return {name: value for name, _, value in (one.partition("=") for one in env)}


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
