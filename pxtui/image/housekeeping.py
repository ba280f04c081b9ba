"""Which images of ours may go: a bounded number stays, and whatever something still needs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol, TypeVar

ENVIRONMENTS = 3
"""Newest environments that stay for a project, those of images of the code not counted."""
GRACE = 3_600
"""Seconds that an image without a tag stays: another pxtui may be building on it."""


class Image(Protocol):
    """What is asked of an image."""

    @property
    def id(self) -> str:
        """Its own name."""

    @property
    def kind(self) -> str:
        """`environment` or `code`."""

    @property
    def project(self) -> str:
        """Whose it is."""

    @property
    def key(self) -> str:
        """Of the environment that it is, or that it is made on."""

    @property
    def tags(self) -> Sequence[str]:
        """Our names of it: without one no build finds it again."""

    @property
    def created(self) -> float:
        """Seconds since the epoch."""

    @property
    def size(self) -> int:
        """Bytes, with what it shares with others."""

    @property
    def used(self) -> bool:
        """A container was made from it."""


One = TypeVar("One", bound=Image)
Layers = Mapping[str, int]


def goes(images: Iterable[One], keep: int, needed: Collection[str], now: float) -> tuple[One, ...]:
    """Of the images of one project those that go: the code first, each the oldest first.

    `needed` are ids and tags that a kept run or one that waits names, or that are current.
    """
    ordered = sorted(images, key=lambda image: (image.created, image.id))
    code = [image for image in ordered if image.kind == "code"]
    newest = _newest(code, keep)
    gone = [i for i in code if i not in newest and _may_go(i, needed, now)]
    keys = {image.key for image in code if image not in gone}
    environments = [image for image in ordered if image.kind == "environment"]
    newest = _newest(environments, ENVIRONMENTS)
    for one in environments:
        wanted = one in newest or (one.tags and one.key in keys)
        if not wanted and _may_go(one, needed, now):
            gone.append(one)
    return tuple(gone)


def _newest(ordered: Sequence[One], count: int) -> Sequence[One]:
    tagged = [image for image in ordered if image.tags]
    return tagged[max(0, len(tagged) - count) :]


def _may_go(image: Image, needed: Collection[str], now: float) -> bool:
    settled = bool(image.tags) or image.created < now - GRACE
    return settled and not is_needed(image, needed)


def is_needed(image: Image, needed: Collection[str]) -> bool:
    """Whether a container uses it or something names it."""
    return image.used or any(name in needed for name in (image.id, *image.tags))


def chosen(
    images: Iterable[One], *, before: float, only_code: bool, needed: Collection[str]
) -> tuple[One, ...]:
    """Those made before a time that nothing needs, as a person asks for; the code first.

    The environment of an image of the code that stays, stays too: to make it again takes long.
    """
    images = tuple(images)
    old = [one for one in images if one.created <= before and not is_needed(one, needed)]
    code = [one for one in old if one.kind == "code"]
    keys = {(one.project, one.key) for one in images if one.kind == "code" and one not in code}
    environments = [
        one for one in old if one.kind == "environment" and (one.project, one.key) not in keys
    ]
    return (*code, *(() if only_code else environments))


def total(images: Iterable[Image]) -> int:
    """Bytes of all of them; what several share counts once, where that is known."""
    held: dict[str, int] = {}
    for image in images:
        held |= _parts(image)
    return sum(held.values())


def alone(images: Iterable[Image]) -> Mapping[str, int]:
    """Bytes that only this one of all these images has, by id, where that is known."""
    images = tuple(images)
    holders = Counter(name for image in images for name in _parts(image))
    return {
        image.id: sum(size for name, size in _parts(image).items() if holders[name] == 1)
        for image in images
        if _layers(image) is not None
    }


def _parts(image: Image) -> Layers:
    layers = _layers(image)
    return {image.id: image.size} if layers is None else layers


def _layers(image: Image) -> Layers | None:
    """What it has over the images of others, where its engine told that."""
    layers: Iterable[tuple[str, int]] | None = getattr(image, "layers", None)
    return None if layers is None else dict(layers)
