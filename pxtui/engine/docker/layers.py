"""What our images are made of: layers, of which several images may share one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, fields

from docker.errors import APIError

from pxtui.engine import FoundImage
from pxtui.engine.docker.connection import ACTION, Client
from pxtui.engine.docker.container import seconds
from pxtui.engine.docker.image import found_images, inspect_image, own_tags

_KNOWN: dict[str, tuple[tuple[str, int], ...]] = {}
"""By the id of an image, which never changes: an engine is asked once."""


@dataclass(frozen=True, slots=True)
class SizedImage(FoundImage):
    """An image of ours, with its layers."""

    layers: tuple[tuple[str, int], ...] | None = None
    """Name and bytes of each that no image of others has; None: not known."""


def sized_images(client: Client, project: str = "") -> list[SizedImage]:
    """As `found_images`, with layers and when each was made; not for where somebody waits."""
    return sorted(_sized(client, project), key=lambda image: image.created)


def _sized(client: Client, project: str) -> Iterator[SizedImage]:
    theirs: set[str] = set()
    for one in client.call("get", "/images/json", timeout=ACTION).json():
        if own_tags(one.get("Labels"), one.get("RepoTags")) is None:
            theirs |= {name for name, _ in _layers(client, str(one["Id"])) or ()}
    for image in found_images(client, project):
        layers, now = _layers(client, image.id), inspect_image(client, image.id)
        if layers is None or now is None:
            continue  # it went away meanwhile
        values = {field.name: getattr(image, field.name) for field in fields(image)}
        # an image of cached layers is as old as they are, for BuildKit
        tagged = seconds(str((now.get("Metadata") or {}).get("LastTagTime", "")))
        values["created"] = max(image.created, tagged)
        # Podman, and Docker's containerd store, count an image otherwise than its layers
        known = sum(size for _, size in layers) == image.size
        own = tuple(layer for layer in layers if layer[0] not in theirs)
        yield SizedImage(**values, layers=own if known else None)


def _layers(client: Client, image: str) -> tuple[tuple[str, int], ...] | None:
    """Name and bytes of each layer from below, where the name says what is below as well."""
    if image not in _KNOWN:
        try:
            history = client.call("get", "/images/{0}/history", image).json()
        except APIError as error:
            if error.status_code == 404:
                return None
            raise
        name, layers = "", []
        for one in reversed(history):
            size = int(one.get("Size") or 0)
            what = (name, one.get("Created"), one.get("CreatedBy"), size)
            name = hashlib.sha256(repr(what).encode()).hexdigest()
            if size:
                layers.append((name, size))
        _KNOWN[image] = tuple(layers)
    return _KNOWN[image]
