"""Images that the engine has."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from docker.errors import APIError

from pxtui.engine import FoundImage
from pxtui.engine.docker.connection import ACTION, Client
from pxtui.engine.docker.failures import explanation
from pxtui.engine.docker.machine import fits, image_platform
from pxtui.errors import EngineError
from pxtui.places import LABEL_KEY, LABEL_KIND, LABEL_PROJECT, LABEL_SIGNATURE, LABEL_V

_TAG = re.compile(r"^(?:docker\.io|localhost)/")
"""What Podman puts before a name."""


def base_image(client: Client, name: str, platform: str) -> dict[str, Any] | None:
    """What the engine knows of a base image; nothing if it has none for the platform asked for."""
    found = inspect_image(client, name)
    if found is None or (platform and not fits(platform, image_platform(found))):
        return None
    return found


def inspect_image(client: Client, name: str) -> dict[str, Any] | None:
    """What the engine knows of an image, nothing if it has none of this name."""
    try:
        found: dict[str, Any] = client.call("get", "/images/{0}/json", name).json()
    except APIError as error:
        if error.status_code == 404:
            return None
        raise
    return found


def found_images(client: Client, project: str = "") -> Iterator[FoundImage]:
    """Images of ours with our tags, by label, oldest first."""
    label = f"{LABEL_PROJECT}={project}" if project else LABEL_PROJECT
    # one label: of two Podman 4 finds nothing
    params = {"filters": json.dumps({"label": [label]})}
    found = client.call("get", "/images/json", params=params).json()
    used = _used(client)
    for image in sorted(found, key=lambda one: float(one.get("Created") or 0)):
        labels = image.get("Labels") or {}
        tags = own_tags(labels, image.get("RepoTags"))
        if tags is not None:
            yield FoundImage(
                id=str(image["Id"]),
                kind="code" if labels[LABEL_KIND] == "code" else "environment",
                project=str(labels[LABEL_PROJECT]),
                key=str(labels[LABEL_KEY]),
                signature=str(labels.get(LABEL_SIGNATURE, "")),
                tags=tags,
                created=float(image.get("Created") or 0),
                size=int(image.get("Size") or 0),
                used=image["Id"] in used,
            )


def own_tags(
    labels: Mapping[str, str] | None, tags: Iterable[str] | None
) -> tuple[str, ...] | None:
    """Our tags of an image of ours, None if it is not ours.

    Whoever builds on an image of ours inherits its labels: what has a tag, but none of ours, is
    not ours.
    """
    have, named = labels or {}, [tag for tag in tags or () if tag != "<none>:<none>"]
    project, kind = have.get(LABEL_PROJECT, ""), have.get(LABEL_KIND)
    needed = {"environment": (LABEL_V, LABEL_KEY), "code": (LABEL_V, LABEL_KEY, LABEL_SIGNATURE)}
    labelled = kind in needed and all(have.get(name) for name in needed[kind])
    if not (labelled and re.fullmatch(r"[0-9a-f]{12}", project)):
        return None
    ours = tuple(tag for tag in named if _TAG.sub("", tag).startswith(f"pxtui/{project}:"))
    return ours if ours or not named else None


def _used(client: Client) -> set[str]:
    """Ids of the images that containers were made from."""
    return {str(one.get("ImageID")) for one in client.call("get", "/containers/json?all=1").json()}


def remove_image(client: Client, image: str) -> None:
    """Remove an image of ours by its id, as long as nothing uses it; gone already is fine.

    Nothing is forced: where somebody else tagged it too, or images of the classic builder stand on
    it, only our tags go, and the engine removes the rest with the last of those.
    """
    found = inspect_image(client, image)
    if found is None:
        return
    every = found.get("RepoTags") or []
    ours = own_tags((found.get("Config") or {}).get("Labels"), every)
    if ours is None:
        raise EngineError(f"{image} is not an image that pxtui made")
    if found["Id"] in _used(client):
        raise EngineError(f"a container uses {image}", "remove its run first")
    if len(ours) < len(every):
        _delete(client, *ours)
        return
    _delete(client, *ours[1:])
    try:
        # not by the tag: a build may just have given it to another image
        _delete(client, str(found["Id"]))
    except APIError as error:
        if error.status_code != 409 or "child" not in explanation(error) or not ours:
            raise
        _delete(client, ours[0])


def _delete(client: Client, *names: str) -> None:
    for name in names:
        try:
            client.call("delete", "/images/{0}", name, timeout=ACTION)
        except APIError as error:
            if error.status_code != 404:
                raise


def layer_sizes(client: Client, image: str, base: str) -> tuple[tuple[int, int], ...]:
    """Bytes that each instruction added to an image over its base, by index from 2."""
    added, below = (client.call("get", "/images/{0}/history", one).json() for one in (image, base))
    own = added[: len(added) - len(below)]
    return tuple((index, int(one.get("Size") or 0)) for index, one in enumerate(reversed(own), 2))
