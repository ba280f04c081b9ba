"""What our images are made of: layers, of which several images may share one."""

from __future__ import annotations

import hashlib
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, fields

from pxtui.engine import FoundImage
from pxtui.engine.docker.connection import ACTION, Client
from pxtui.engine.docker.image import found_images, own_tags

_KNOWN: dict[str, tuple[tuple[str, int], ...]] = {}
"""By the id of an image, which never changes: an engine is asked once."""


@dataclass(frozen=True, slots=True)
class SizedImage(FoundImage):
    """An image of ours, with its layers."""

    layers: tuple[tuple[str, int], ...] | None = None
    """Name and bytes of each that no image of others has; None: not known."""


def sized_images(client: Client, project: str = "") -> Iterator[SizedImage]:
    """As `found_images`, with layers; not for where somebody waits."""
    every = client.call("get", "/images/json", timeout=ACTION).json()
    others = {
        int(one.get("Size") or 0)
        for one in every
        if own_tags(one.get("Labels"), one.get("RepoTags")) is None
    }
    found = tuple(found_images(client, project))
    of = {image.id: _layers(client, image.id) for image in found}
    theirs = {name for layers in of.values() for name in _below(layers, others)}
    for image in found:
        values = {field.name: getattr(image, field.name) for field in fields(image)}
        # Podman, and Docker's containerd store, count an image otherwise than its layers
        known = sum(size for _, size in of[image.id]) == image.size
        own = tuple(layer for layer in of[image.id] if layer[0] not in theirs)
        yield SizedImage(**values, layers=own if known else None)


def _below(layers: Iterable[tuple[str, int]], others: Container[int]) -> list[str]:
    """The layers of somebody else: where those so far are as many bytes as an image, they are its.

    To ask for the layers of all images would take long where there are many.
    """
    size, names, below = 0, list[str](), list[str]()
    for name, count in layers:
        size += count
        names.append(name)
        if size in others:
            below = [*names]
    return below


def _layers(client: Client, image: str) -> tuple[tuple[str, int], ...]:
    """Name and bytes of each layer from below: the name says what is below as well."""
    if image not in _KNOWN:
        name, layers = "", []
        for one in reversed(client.call("get", "/images/{0}/history", image).json()):
            size = int(one.get("Size") or 0)
            what = (name, one.get("Created"), one.get("CreatedBy"), size)
            name = hashlib.sha256(repr(what).encode()).hexdigest()
            if size:
                layers.append((name, size))
        _KNOWN[image] = tuple(layers)
    return _KNOWN[image]
