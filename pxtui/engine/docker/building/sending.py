"""One build sent to a builder: BuildKit where the engine has it, else its classic one."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from docker.errors import APIError

from pxtui.engine.docker.building import traces
from pxtui.engine.docker.building.classic import ClassicText
from pxtui.engine.docker.building.progress import Progress
from pxtui.engine.docker.building.traces import Traces
from pxtui.engine.docker.connection import ANSWER, Client, messages
from pxtui.engine.docker.failures import explanation
from pxtui.errors import EngineLost

_FIRST = (1, 39)
"""The version of the API from which BuildKit can be asked for."""


@dataclass(frozen=True, slots=True)
class Failed:
    """What a builder said of a build that failed."""

    text: str
    code: int | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """What is sent: a context, its Dockerfile's instructions among those of the whole image."""

    context: Callable[[], Iterator[bytes]]
    steps: int
    """How many instructions the Dockerfile has."""
    working: tuple[int, ...]
    """Which of them do something (`ENV` does not)."""
    params: dict[str, str] = field(default_factory=dict)


def has_buildkit(client: Client) -> bool:
    """Whether this engine builds with BuildKit; `DOCKER_BUILDKIT=0` says that it shall not."""
    if os.environ.get("DOCKER_BUILDKIT") == "0":
        return False
    version = tuple(int(part) for part in str(client.api._version).split(".")[:2])
    headers = client.call("get", "/_ping", timeout=ANSWER).headers
    is_podman = "Libpod-Api-Version" in headers
    return version >= _FIRST and not is_podman and headers.get("Ostype", "linux") == "linux"


def send(client: Client, job: Job, progress: Progress, *, buildkit: bool) -> str | Failed:
    """Build; the id of the image, or why there is none."""
    params = {"rm": "1", "forcerm": "1", **job.params}
    if buildkit:
        params["version"] = "2"
    headers = {"Content-Type": "application/x-tar"}
    try:
        response = client.stream("/build", params=params, headers=headers, data=job.context())
    except APIError as error:
        return Failed(explanation(error))
    text = ClassicText(progress, job.steps)
    traced = Traces(progress, job.working)
    image = None
    for message in messages(response):
        if failure := _error_of(message):
            text.end()
            return failure
        kind, aux = message.get("id"), message.get("aux")
        if kind == traces.ID and isinstance(aux, str):
            traced.feed(aux)
        elif isinstance(stream := message.get("stream"), str) and kind is None:
            text.feed(stream)
        # only this names the image: a step can print anything into the stream
        elif isinstance(aux, dict) and "ID" in aux:
            image = str(aux["ID"])
    if image is None:
        raise EngineLost("the builder ended without a word", "build again")
    if job.steps:
        text.finish()
        traced.finish()
    return image


def _error_of(message: dict[str, Any]) -> Failed | None:
    if "error" not in message and "errorDetail" not in message:
        return None
    detail = message.get("errorDetail") or {}
    text = str(detail.get("message") or message.get("error") or "failed")
    code = detail.get("code")
    if not isinstance(code, int) or code == 0:
        # podman and BuildKit say it in words only
        said = re.search(r"exit (?:status|code):? (\d{1,3})\s*$", text)
        code = int(said[1]) if said else None
    return Failed(text, code)
