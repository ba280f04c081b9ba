"""The engine's disk: how full it is, and how much of it is pxtui's."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from typing import Any

from docker.errors import APIError

from pxtui import places
from pxtui.engine.docker.connection import ACTION, Client
from pxtui.engine.docker.failures import explanation
from pxtui.engine.docker.image import inspect_image
from pxtui.engine.docker.machine import Machine
from pxtui.image.context import amount
from pxtui.logs.text import clean_line

_TAG = "pxtui/"
_BUSY = 10.0
"""Seconds that somebody else's question is waited for."""


def usage(client: Client, machine: Machine) -> str:
    """One line on the disk; the engine adds up what it has, which takes a while."""
    used = _added_up(client)
    listed = client.call("get", "/images/json", timeout=ACTION).json()
    every = [found for one in listed if (found := inspect_image(client, str(one["Id"])))]
    ids = {one["Id"] for one in listed if _ours(one)}
    images = [one for one in every if one["Id"] in ids]
    containers = [one for one in used.get("Containers") or () if _ours(one)]
    volumes = [one for one in used.get("Volumes") or () if _ours(one)]
    bytes_ = (
        images_size(images, every)
        + sum(_number(one, "SizeRw") for one in containers)
        + sum(_number(one.get("UsageData") or {}, "Size") for one in volumes)
    )
    counts = ", ".join(
        f"{len(found)} {noun}{'' if len(found) == 1 else 's'}"
        for noun, found in (("image", images), ("container", containers), ("volume", volumes))
    )
    return f"{_whole(used, machine)}; pxtui's own: {amount(bytes_)} ({counts})"


def _added_up(client: Client) -> dict[str, Any]:
    """What the engine says of its disk; it does so for one at a time."""
    limit = time.monotonic() + _BUSY
    while True:
        try:
            found: dict[str, Any] = client.call("get", "/system/df", timeout=ACTION).json()
            return found
        except APIError as error:
            if "already running" not in explanation(error) or time.monotonic() > limit:
                raise
            time.sleep(0.1)


def _whole(used: Mapping[str, Any], machine: Machine) -> str:
    if machine.root and not machine.remote:
        try:
            found = os.statvfs(machine.root)
        except OSError:
            pass  # the engine is in a machine of its own
        else:
            free, whole = found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize
            return f"{clean_line(machine.root)}: {amount(free)} free of {amount(whole)}"
    return f"the engine{machine.at} holds {amount(_number(used, 'LayersSize'))} of images"


def images_size(images: Iterable[Mapping[str, Any]], every: Iterable[Mapping[str, Any]]) -> int:
    """Bytes that our images have above others; what several of them share counts once.

    Both as the engine knows each image by itself, with its layers.
    """
    sizes = {_layers(one): _number(one, "Size") for one in every}
    ours = {_layers(one): _number(one, "Size") for one in images}
    sizes |= ours
    return sum(max(0, size - _below(layers, sizes)) for layers, size in ours.items())


def _layers(one: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple((one.get("RootFS") or {}).get("Layers") or ())


def _below(layers: tuple[str, ...], sizes: Mapping[tuple[str, ...], int]) -> int:
    """The size of the image that has most of these layers, not all."""
    under = (layers[:count] for count in range(len(layers) - 1, 0, -1))
    return next((sizes[one] for one in under if one in sizes), 0)


def _ours(one: Mapping[str, Any]) -> bool:
    labelled = places.LABEL_V in (one.get("Labels") or {})
    return labelled or any(tag.startswith(_TAG) for tag in _tags(one))


def _tags(image: Mapping[str, Any]) -> list[str]:
    return [tag for tag in image.get("RepoTags") or () if tag != "<none>:<none>"]


def _number(one: Mapping[str, Any], key: str) -> int:
    """A count of bytes; -1 says that it is not known."""
    return max(0, int(one.get(key) or 0))
