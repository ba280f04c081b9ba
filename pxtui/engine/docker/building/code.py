"""From which image a code image is made: a former one of the same environment, or this itself."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from docker.errors import APIError

from pxtui import places
from pxtui.engine import BuildRequest
from pxtui.engine.docker.connection import ACTION, Client
from pxtui.engine.docker.image import inspect_image
from pxtui.image.context import Entry, Listing
from pxtui.image.delta import Delta, delta

_ALL = (places.LABEL_PROJECT, places.LABEL_KIND, places.LABEL_KEY, places.LABEL_SIGNATURE)
_LAYERS = 40
"""How many layers an image may have over its environment before it is made anew from that."""
_LOOKED_AT = 5
"""Former images that are looked at, newest first."""


@dataclass(frozen=True, slots=True)
class Ground:
    """An image, and what makes the wanted one of it."""

    id: str
    tag: str
    removed: tuple[str, ...]
    entries: tuple[Entry, ...]


def ground(
    client: Client, request: BuildRequest, environment: dict[str, Any], listing: Listing
) -> Ground:
    """The newest image of this environment from which little leads to the tree, else the latter."""
    for signature, found in _former(client, request, environment):
        old = request.trees.read(signature) if request.trees is not None else None
        step = delta(old, listing) if old is not None else None
        if step is None or not _has_room(found, environment):
            continue
        if any(_in_volume(environment, f"/code/{path}") for path in step.removed):
            continue  # a step cannot remove what is in a volume: its changes are dropped
        if not step.removed or not _made_by_steps(client, str(environment["Id"]), step):
            tag = places.image_tag(request.project, signature)
            return Ground(str(found["Id"]), tag, step.removed, step.entries)
    return itself(environment, listing)


def itself(environment: dict[str, Any], listing: Listing) -> Ground:
    """The environment, over which the whole tree is laid."""
    tag = next(iter(environment.get("RepoTags") or ()), "")
    return Ground(str(environment["Id"]), tag, (), listing.entries)


def _former(
    client: Client, request: BuildRequest, environment: dict[str, Any]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Signatures of former trees, newest first, and the images of this environment with them."""
    if request.no_cache or request.trees is None:
        return
    labels = environment["Config"]["Labels"]
    for signature in request.trees.newest_first()[:_LOOKED_AT]:
        found = inspect_image(client, places.image_tag(request.project, signature))
        have = ((found or {}).get("Config") or {}).get("Labels") or {}
        wanted = {**labels, places.LABEL_KIND: "code", places.LABEL_SIGNATURE: signature}
        if found is not None and all(have.get(name) == wanted[name] for name in _ALL):
            yield signature, found


def _has_room(found: dict[str, Any], environment: dict[str, Any]) -> bool:
    """Whether an image stands on this very environment, with not too many layers over it."""
    below = environment["RootFS"].get("Layers") or []
    layers = found["RootFS"].get("Layers") or []
    return layers[: len(below)] == below and len(layers) + 2 <= len(below) + _LAYERS


def _in_volume(image: dict[str, Any], path: str) -> bool:
    """Whether a path is in a volume of an image, or such a volume in it."""
    volumes = [posixpath.normpath(one) for one in image["Config"].get("Volumes") or ()]
    return any(
        one == "/" or path == one or path.startswith(f"{one}/") or one.startswith(f"{path}/")
        for one in volumes
    )


def _made_by_steps(client: Client, environment: str, step: Delta) -> bool:
    """Whether the environment has something where the tree no longer has: it must come forth."""
    body = {"Image": environment, "Cmd": ["-"], "NetworkDisabled": True}
    made = client.call("post", "/containers/create", json=body, timeout=ACTION).json()["Id"]
    try:
        return any(_has(client, made, f"/code/{path}") for path in step.removed)
    finally:
        client.call(
            "delete", "/containers/{0}", made, params={"force": "1", "v": "1"}, timeout=ACTION
        )


def _has(client: Client, container: str, path: str) -> bool:
    try:
        client.call("head", "/containers/{0}/archive", container, params={"path": path})
    except APIError as error:
        if error.status_code == 404:
            return False
        raise
    return True
