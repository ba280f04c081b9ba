"""One way to write an edit, and the proof by a new reading that it does what was asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pxtui.polyaxonfile.compose import compose
from pxtui.polyaxonfile.edit.spelling import is_json
from pxtui.polyaxonfile.path import Path
from pxtui.polyaxonfile.problems import PolyaxonfileError
from pxtui.polyaxonfile.tree import Tree


@dataclass(frozen=True, slots=True)
class Spelling:
    """A text as it may be written."""

    text: str
    """What the person typed."""
    written: str
    as_typed: bool
    """Kept as typed, not put into quotes."""

    def stands(self, tree: Tree, path: Path, kinds: tuple[str, ...]) -> bool:
        """Whether it stands at a path, as one value of a kind that may stand there."""
        node = tree.node(path)
        if node is None or node.is_block or node.style in ("|", ">"):
            return False
        if not self.as_typed:
            return node.kind == "scalar" and node.text == self.text
        return node.kind in kinds and tree.text[node.start : node.end] == self.written


@dataclass(frozen=True, slots=True)
class Way:
    """A new text of the file, in which only the events from `first` to `stop` are others."""

    text: str
    first: int
    stop: int
    holds: Callable[[Tree], bool]
    """Whether a reading has what was asked."""
    aliases: bool = False
    """Whether it writes aliases of its own."""


def proved(tree: Tree, way: Way) -> Tree | None:
    """The file as it is after an edit; None if the edit changes more, or something else."""
    if tree.is_json and not is_json(way.text) and is_json(tree.text):
        return None
    try:
        new = compose(way.text, tree.file)
    except PolyaxonfileError:
        return None
    old, rest = tree.shapes, len(tree.shapes) - way.stop
    end = len(new.shapes) - rest
    if (
        end >= way.first
        and new.shapes[: way.first] == old[: way.first]
        and new.shapes[end:] == old[way.stop :]
        and _is_clean(new.shapes[way.first : end], old[way.first : way.stop], way.aliases)
        and not follower(tree, way.first, way.stop, kept=anchor_of(new.shapes[way.first : end]))
        and way.holds(new)
    ):
        return new
    return None


def follower(tree: Tree, first: int, stop: int, *, kept: str | None = None) -> str:
    """The anchor among some events that an alias after them follows; empty: none."""
    anchors = {shape[1] for shape in tree.shapes[first:stop] if _can_have_anchor(shape)}
    anchors -= {None, kept}
    if not anchors:
        return ""
    later = (shape for shape in tree.shapes[stop:] if shape[0] == "alias")
    return next((shape[1] for shape in later if shape[1] in anchors), "")


def anchor_of(shapes: list[tuple[Any, ...]]) -> str | None:
    """The anchor of the first of some events."""
    return shapes[0][1] if shapes and _can_have_anchor(shapes[0]) else None


def _is_clean(new: list[tuple[Any, ...]], old: list[tuple[Any, ...]], aliases: bool) -> bool:
    """Nothing new has an anchor, a tag or an alias, but for those that stood there."""
    stood = old[0][1:3] if old and _can_have_anchor(old[0]) else (None, None)
    for index, shape in enumerate(new):
        if shape[0] == "alias" and not aliases:
            return False
        if _can_have_anchor(shape) and shape[1:3] != (stood if index == 0 else (None, None)):
            return False
    return True


def _can_have_anchor(shape: tuple[Any, ...]) -> bool:
    return shape[0] in ("scalar", "list", "map")


def nested(steps: Path, value: Any) -> Any:
    """A value with the maps and lists that a path leads through."""
    for step in reversed(steps):
        value = {step: value} if isinstance(step, str) else [value]
    return value


def put(value: Any, steps: Path, new: Any) -> Any:
    """A value with another one at a path in it."""
    if not steps:
        return new
    step, rest = steps[0], steps[1:]
    if isinstance(value, list):
        items: list[Any] = [*value]
        index = int(step)
        old = items[index] if index < len(items) else None
        items[index : index + 1] = [put(old, rest, new)]
        return items
    if isinstance(value, dict):
        return {**value, step: put(value.get(step), rest, new)}
    return nested(steps, new)


def same(one: Any, other: Any) -> bool:
    """Equal to the last type: 1, 1.0 and true are three values."""
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other or one != one)
