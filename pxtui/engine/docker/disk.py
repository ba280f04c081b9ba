"""The engine's disk: how full it is, and how much of it is pxtui's."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

from pxtui import places
from pxtui.engine.docker.connection import ACTION, Client
from pxtui.engine.docker.machine import Machine
from pxtui.image.context import amount
from pxtui.logs.text import clean_line

_TAG = "pxtui/"


def usage(client: Client, machine: Machine) -> str:
    """One line on the disk; the engine adds up what it has, which takes a while."""
    used = client.call("get", "/system/df", timeout=ACTION).json()
    every = client.call("get", "/images/json", params={"all": "1"}, timeout=ACTION).json()
    shared = {_id(one): one.get("SharedSize") for one in used.get("Images") or ()}
    images = [one | {"SharedSize": shared.get(_id(one))} for one in every if _ours(one)]
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
    """Bytes that our images have above their bases; what several of them share counts once."""
    known = {_id(one): one for one in every}
    counted: dict[str, int] = {}
    for image in images:
        one: Mapping[str, Any] | None = image
        while one is not None and _id(one) not in counted:
            parent = known.get(_id(one, "ParentId"))
            if parent is None:
                # an engine that keeps no parents says what is an image's alone
                alone = _number(one, "Size") - _number(one, "SharedSize")
                counted[_id(one)] = alone if one is image else 0
                break
            counted[_id(one)] = _number(one, "Size") - _number(parent, "Size")
            one = None if _tags(parent) and not _ours(parent) else parent
    return sum(max(0, count) for count in counted.values())


def _id(one: Mapping[str, Any], key: str = "Id") -> str:
    """An image's id, which some engines write with its kind in one place and without in another."""
    return str(one.get(key) or "").removeprefix("sha256:")


def _ours(one: Mapping[str, Any]) -> bool:
    labelled = places.LABEL_V in (one.get("Labels") or {})
    return labelled or any(tag.startswith(_TAG) for tag in _tags(one))


def _tags(image: Mapping[str, Any]) -> list[str]:
    return [tag for tag in image.get("RepoTags") or () if tag != "<none>:<none>"]


def _number(one: Mapping[str, Any], key: str) -> int:
    """A count of bytes; -1 says that it is not known."""
    return max(0, int(one.get(key) or 0))
