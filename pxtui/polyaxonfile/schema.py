"""The JSON Schema of polyaxonfiles, for editors: made from the table of keys, an era a branch."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from pxtui.polyaxonfile import modern
from pxtui.polyaxonfile.matrix.distributions import CONTINUOUS, RANGES
from pxtui.polyaxonfile.spec import eras
from pxtui.polyaxonfile.spec.eras import ERAS, V050, Era
from pxtui.polyaxonfile.spec.grammar import Key, Shape
from pxtui.polyaxonfile.spec.keys import FILE

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_TEMPLATE = {"type": "string", "pattern": r"\{[{%]"}
_OPERATOR = {
    "type": "object",
    "properties": {"for": {"type": "object"}, "if": {"type": "object"}},
    "additionalProperties": False,
    "minProperties": 1,
    "maxProperties": 1,
}
_NUMBER = {
    "anyOf": [{"type": ["number", "boolean"]}, {"type": "string", "pattern": r"^\s*[-+]?\.?\d"}]
}
_SPELLED = {"type": "string", "pattern": "^(?i:t|true|1|f|false|0|yes|no|on|off|y|n)$"}
_TYPES: dict[str, Schema] = {
    "text": {"type": "string"},
    "number": _NUMBER,
    "bool": {"anyOf": [{"type": "boolean"}, {"enum": [0, 1]}, _SPELLED]},
    "map": {"type": "object"},
    "list": {"type": "array"},
}


def schema() -> Schema:
    """The schema: an era's faults are told only of files that are no other era's."""
    made = _Made()
    for era in ERAS:
        made.definitions[era.name] = made.branch(era)
    made.definitions[eras.MODERN] = _modern()
    newest, *others = [{"$ref": f"#/$defs/{era.name}"} for era in ERAS[::-1]]
    first = {"required": ["project"], "properties": {"kind": False}}
    accepted = {"anyOf": others}
    modern = {"$ref": f"#/$defs/{eras.MODERN}"}
    later = {"if": accepted, "then": accepted, "else": newest}
    return {
        "$schema": DIALECT,
        "title": "polyaxonfile",
        "description": "A polyaxonfile, as pxtui reads it.",
        "type": "object",
        "if": modern,
        "then": modern,
        "else": {"if": first, "then": others[-1], "else": later},
        "$defs": made.definitions,
    }


class _Made:
    """Makes the schemas of shapes; one that was there before is pointed at."""

    def __init__(self) -> None:
        self.definitions: dict[str, Schema] = {"template": _TEMPLATE, "operator": _OPERATOR}
        self._names: dict[str, str] = {}

    def branch(self, era: Era) -> Schema:
        """A file as one of an era."""
        made = self._map(FILE, era)
        made["title"] = f"Polyaxon {era.name}"
        kinds = [
            kind for key in FILE.named["kind"] if key.eras & era.bit for kind in key.shape.choices
        ]
        conditions = [condition for kind in kinds if (condition := self._of_kind(kind, era))]
        return {**made, "allOf": conditions} if conditions else made

    def _of_kind(self, kind: str, era: Era) -> Schema:
        """What only files of a kind may have, or must have."""
        needed = [key.name for key in _of_era(FILE, era) if kind in key.needed.split()]
        forbidden: Schema = dict.fromkeys(_not_for(FILE, kind, era), False)
        for key in _of_era(FILE, era):
            below = [
                below.name for below in _of_era(key.shape, era) if kind in below.needed.split()
            ]
            barred = dict.fromkeys(_not_for(key.shape, kind, era), False)
            if (below or barred) and key.name not in forbidden:
                forbidden[key.name] = {
                    **({"required": below} if below else {}),
                    **({"properties": barred} if barred else {}),
                }
        then: Schema = {}
        for one in FILE.one_of:
            if one.eras & era.bit and kind in one.kinds.split():
                then |= _one_of(one.names)
        if needed:
            then["required"] = needed
        if forbidden:
            then["properties"] = forbidden
        of_kind = {"required": ["kind"], "properties": {"kind": {"const": kind}}}
        return {"if": of_kind, "then": then} if then else {}

    def _map(self, shape: Shape, era: Era) -> Schema:
        properties: Schema = {}
        for name, keys in shape.named.items():
            here = [key for key in keys if key.eras & era.bit]
            if here:
                properties[name] = self._property(here[0], era)
            elif not shape.refuses & era.bit:
                properties[name] = {"description": _elsewhere(keys), "deprecated": True}
        made: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
        needed = [key.name for key in _of_era(shape, era) if key.needed == "*"]
        for one in shape.one_of:
            if one.eras & era.bit and len(one.names) == 1:
                needed += one.names
            elif one.eras & era.bit and not one.kinds:
                made["anyOf"] = [{"maxProperties": 0}, _one_of(one.names)]
        if needed and shape.one_of and shape is not FILE:  # an empty section is as good as none
            made["anyOf"] = [{"maxProperties": 0}, {"required": needed}]
        elif needed:
            made["required"] = needed
        return made

    def _property(self, key: Key, era: Era) -> Schema:
        if key.name == "version":
            made: Schema = {"enum": [1, True], "default": 1}
        elif key.role == "matrix":
            made = self._named(_matrix())
        else:
            made = self._value(key.shape, era, nullable=key.needed != "*", lean=key.name == "kind")
        return {**made, "description": key.about} if key.about else made

    def _value(self, shape: Shape, era: Era, *, nullable: bool, lean: bool = False) -> Schema:
        """What fits a shape: the value, or the template or operator that makes it."""
        if shape.type == "any":
            return {}
        if shape.keys:
            made = self._named(self._map(shape, era))
        else:
            made = dict(_TYPES[shape.type])
            if shape.choices:
                made = {"enum": list(shape.choices)}
            if shape.pattern:
                made["pattern"] = shape.pattern
            if shape.of:
                made["items"] = self._value(shape.of, era, nullable=True)
            if shape.size:
                made |= {"minItems": shape.size, "maxItems": shape.size}
        if lean or shape.pattern:
            return made if not nullable else {"anyOf": [made, {"type": "null"}]}
        others: list[Schema] = [{"$ref": "#/$defs/template"}]
        if shape.type != "map" and era.bit != V050:
            others.append({"$ref": "#/$defs/operator"})
        if shape.lone:
            others.append(_TYPES[shape.lone.type])
        others += [{"type": "null"}] * nullable
        if shape.type in ("map", "list"):  # so that what is wrong in it is told, not that it is
            is_one = {"type": "object" if shape.type == "map" else "array"}
            return {"if": is_one, "then": made, "else": {"anyOf": others}}
        return {"anyOf": [made, *others]}

    def _named(self, made: Schema) -> Schema:
        text = json.dumps(made)
        name = self._names.setdefault(text, f"map-{len(self._names) + 1}")
        self.definitions[name] = made
        return {"$ref": f"#/$defs/{name}"}


def _one_of(names: Iterable[str]) -> Schema:
    return {"oneOf": [{"required": [name]} for name in names]}


def _of_era(shape: Shape, era: Era) -> list[Key]:
    return [key for key in shape.keys if key.eras & era.bit]


def _not_for(shape: Shape, kind: str, era: Era) -> Iterable[str]:
    """The keys that files of a kind do not have."""
    for name, keys in shape.named.items():
        here = [key for key in keys if key.eras & era.bit]
        if here and all(key.kinds and kind not in key.kinds.split() for key in here):
            yield name


def _elsewhere(keys: Iterable[Key]) -> str:
    """Where a key belongs that an era does not read."""
    had = 0
    for key in keys:
        had |= key.eras
    return f"A key of {eras.shown(had)}." if had else f"Never read: {next(iter(keys)).about}."


def _modern() -> Schema:
    """A file of 1.x, by what it is told from those of 0.x by: its keys are not in the table."""
    kinds = {"required": ["kind"], "properties": {"kind": {"enum": list(modern.KINDS)}}}
    version = {"type": "number", "exclusiveMinimum": 1, "exclusiveMaximum": 2}
    later = {
        "required": ["version"],
        "properties": {"kind": False, "version": version},
    }
    return {"title": f"Polyaxon {eras.MODERN}", "anyOf": [kinds, later]}


def _matrix() -> Schema:
    """Names, each with one distribution."""
    properties: Schema = {
        "values": {"type": "array", "minItems": 1, "description": "Values to try."},
        "pvalues": {
            "type": "array",
            "items": {"type": "array", "minItems": 2, "maxItems": 2},
            "description": "Values, each with the chance to be tried.",
        },
    }
    for name, numbers in (RANGES | CONTINUOUS).items():
        needed = [number for number in numbers if number not in ("base", "size")]
        properties[name] = {
            "anyOf": [
                {"type": "string"},
                {"type": "array", "minItems": len(needed), "maxItems": len(numbers)},
                {"type": "object", "required": needed},
            ],
            "description": f"{':'.join(needed)}, as text, list or map.",
        }
    one = {
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
    }
    return {"type": ["object", "null"], "additionalProperties": one}
