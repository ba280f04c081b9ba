"""Which keys and types of a file are at fault, in which eras: one walk of it says that for all."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

from pxtui.polyaxonfile.path import Path
from pxtui.polyaxonfile.spec.eras import ALL, ERAS, V050, Era
from pxtui.polyaxonfile.spec.grammar import Key, Shape
from pxtui.polyaxonfile.spec.keys import FILE
from pxtui.polyaxonfile.typed import is_template

What = Literal["unknown", "kind", "type", "choice", "operator", "missing", "too many"]

_YES_NO = frozenset(["t", "true", "1", "f", "false", "0", "yes", "no", "on", "off", "y", "n"])
_OPERATORS = frozenset({"for", "if"})
_NUMBER = re.compile(r"\s*[-+]?(\d[\d_]*\.?\d*|\.\d+)(e[-+]?\d+)?\s*", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong at a place, and in which eras."""

    what: What
    path: Path
    eras: int
    refused: int
    """The eras that refuse the file for it; the others leave out what stands there."""
    shape: Shape
    """What is expected; of an unknown key: the map that it stands in."""
    names: tuple[str, ...] = ()
    """The keys of which one is missing, or too many are given."""
    soft: bool = False
    """Whether it is a warning even where Polyaxon refused."""

    @property
    def is_of_section(self) -> bool:
        """Whether it is about a whole section that is not known."""
        return self.what == "unknown" and len(self.path) == 1

    @property
    def is_of_value(self) -> bool:
        """Whether it is about a value that cannot stand there."""
        return self.what in ("type", "choice", "operator")


def faults(root: dict[Any, Any]) -> list[Fault]:
    """All faults of a file, in every era in which they are some."""
    kind = root.get("kind")
    walk = _Walk(kind if isinstance(kind, str) and kind in _KINDS else "")
    walk.map(root, FILE, (), ALL, hard=True)
    return walk.found


def best(found: Iterable[Fault]) -> Era:
    """The newest era that accepts the file and knows its keys, or the one that it is nearest to.

    Wrong keys count before wrong values: a key that an era does not have hides its value.
    """
    of_all = [*found]

    def weight(era: Era) -> tuple[bool, int, int, int, int, int]:
        here = [fault for fault in of_all if fault.eras & era.bit]
        refused = [fault for fault in here if fault.refused & era.bit]
        hard = [fault for fault in refused if not fault.soft]
        sections = sum(fault.is_of_section for fault in hard)
        soft = 0 if hard else len(refused)
        values = sum(fault.is_of_value for fault in here)
        return bool(hard), sections, soft, len(here) - values, values, -era.bit

    return min(ERAS, key=weight)


def may_have(key: Key, kind: str) -> bool:
    """Whether a file of a kind may have a key; any may where the kind is not known."""
    return not key.kinds or not kind or kind in key.kinds.split()


_KINDS = frozenset(name for key in FILE.named["kind"] for name in key.shape.choices)


class _Walk:
    """Walks the values of a file of one kind beside the table of keys."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.found: list[Fault] = []

    def map(
        self, value: dict[Any, Any], shape: Shape, path: Path, eras: int, *, hard: bool
    ) -> None:
        """Look at a map in the eras that have it; `hard`: unknown keys in it are errors."""
        if not shape.keys:
            return
        for name, item in value.items():
            known = shape.named.get(name, ()) if isinstance(name, str) else ()
            here = others = 0
            for key in known:
                if not may_have(key, self.kind):
                    others |= key.eras & eras
                    continue
                here |= key.eras
                if item is not None and key.eras & eras:
                    below = key.strict or (hard and bool(path))
                    before = len(self.found)
                    self.value(item, key.shape, (*path, name), key.eras & eras, hard=below)
                    if key.judged:
                        found = self.found[before:]
                        self.found[before:] = [fault for fault in found if fault.what == "unknown"]
            if item is None and path:
                continue
            if others := others & ~here:
                self._add("kind", (*path, name), others, shape)
            if unknown := eras & ~(here | others):
                refused = unknown & shape.refuses
                self._add("unknown", (*path, name), unknown, shape, refused=refused, soft=not hard)
        self._needed(value, shape, path, eras)

    def value(self, value: Any, shape: Shape, path: Path, eras: int, *, hard: bool) -> None:
        """Look at a value in the eras that have it."""
        if isinstance(value, str) and is_template(value) and path != ("kind",):
            if not shape.pattern:
                return
        elif shape.type != "map" and _is_operator(value):
            if shape.type != "any" and eras & V050:  # they judged a file before they filled it in
                self._add("operator", path, V050, shape)
            return
        if shape.lone and not isinstance(value, list):
            if not _FITS[shape.lone.type](value):
                self._add("type", path, eras, shape)
        elif not _FITS[shape.type](value):
            self._add("type", path, eras, shape)
        elif shape.choices and value not in shape.choices:
            self._add("choice", path, eras, shape)
        elif shape.pattern and not re.match(shape.pattern + r"\Z", value):
            self._add("type", path, eras, shape)
        elif isinstance(value, dict):
            self.map(value, shape, path, eras, hard=hard)
        elif isinstance(value, list):
            self._items(value, shape, path, eras, hard=hard)

    def _items(self, items: list[Any], shape: Shape, path: Path, eras: int, *, hard: bool) -> None:
        if shape.size and len(items) != shape.size:
            self._add("type", path, eras, shape)
        elif shape.of and shape.of.type != "any":
            for index, item in enumerate(items):
                self.value(item, shape.of, (*path, index), eras, hard=hard)

    def _needed(self, value: dict[Any, Any], shape: Shape, path: Path, eras: int) -> None:
        for key in shape.keys:
            if key.needed and key.eras & eras and not _is_there(value.get(key.name), key):
                kinds = key.needed.split()
                if kinds == ["*"] or self.kind in kinds:
                    self._add("missing", path, key.eras & eras, shape, (key.name,))
        if not value:
            return
        for one in shape.one_of:
            given = tuple(name for name in one.names if _is_given(value.get(name)))
            mine = not one.kinds or self.kind in one.kinds.split()
            if mine and one.eras & eras and len(given) != 1:
                what: What = "too many" if given else "missing"
                self._add(what, path, one.eras & eras, shape, given or one.names)

    def _add(
        self,
        what: What,
        path: Path,
        eras: int,
        shape: Shape,
        names: tuple[str, ...] = (),
        *,
        refused: int = ALL,
        soft: bool = False,
    ) -> None:
        self.found.append(Fault(what, path, eras, eras & refused, shape, names, soft))


def _is_given(value: Any) -> bool:
    return value is not None and value not in ("", {}, [])


def _is_there(value: Any, key: Key) -> bool:
    """Whether a key that is needed is there: a section may be empty, a matrix or list may not."""
    may_be_empty = key.shape.type != "list" and key.role != "matrix"
    return value is not None if may_be_empty else _is_given(value)


def _is_operator(value: Any) -> bool:
    """Whether a map stands for what it makes: `{for: …}` or `{if: …}`."""
    return isinstance(value, dict) and len(value) == 1 and next(iter(value)) in _OPERATORS


def _is_number(value: Any) -> bool:
    if isinstance(value, str):
        return bool(_NUMBER.fullmatch(value))
    return isinstance(value, int | float)


def _is_yes_or_no(value: Any) -> bool:
    if isinstance(value, str):
        return value.lower() in _YES_NO
    return isinstance(value, bool) or value in (0, 1)


_FITS: dict[str, Callable[[Any], bool]] = {
    "any": lambda _: True,
    "text": lambda value: isinstance(value, str),
    "number": _is_number,
    "bool": _is_yes_or_no,
    "map": lambda value: isinstance(value, dict),
    "list": lambda value: isinstance(value, list),
}
