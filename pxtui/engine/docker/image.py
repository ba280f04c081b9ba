"""Images that the engine has."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from docker.errors import APIError

from pxtui.engine import FoundImage
from pxtui.engine.docker.connection import ACTION, Client
from pxtui.engine.docker.machine import fits, image_platform
from pxtui.places import LABEL_KEY, LABEL_KIND, LABEL_PROJECT, LABEL_SIGNATURE


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
    """Images of ours, by label, oldest first."""
    label = f"{LABEL_PROJECT}={project}" if project else LABEL_PROJECT
    filters = {"label": [label, LABEL_KIND]}
    params = {"filters": json.dumps(filters)}
    found = client.call("get", "/images/json", params=params).json()
    used = {c.get("ImageID") for c in client.call("get", "/containers/json?all=1").json()}
    for image in sorted(found, key=lambda one: float(one.get("Created") or 0)):
        labels = image.get("Labels") or {}
        kind = labels.get(LABEL_KIND)
        if kind in ("environment", "code"):
            yield FoundImage(
                id=str(image["Id"]),
                kind=kind,
                project=str(labels.get(LABEL_PROJECT, "")),
                key=str(labels.get(LABEL_KEY, "")),
                signature=str(labels.get(LABEL_SIGNATURE, "")),
                tags=tuple(t for t in image.get("RepoTags") or () if t != "<none>:<none>"),
                created=float(image.get("Created") or 0),
                size=int(image.get("Size") or 0),
                used=image["Id"] in used,
            )


def remove_image(client: Client, image: str) -> None:
    """Remove an image by its id, with all its tags; gone already is fine."""
    try:
        client.call("delete", "/images/{0}", image, params={"force": "1"}, timeout=ACTION)
    except APIError as error:
        if error.status_code != 404:
            raise
