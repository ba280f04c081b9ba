"""The rows of the form: every declaration, and every input that the file gives no value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from pxtui.polyaxonfile.inputs import Input
from pxtui.polyaxonfile.path import Path, dotted
from pxtui.polyaxonfile.reading import Declaration
from pxtui.polyaxonfile.secret import is_secret
from pxtui.polyaxonfile.source import Source
from pxtui.polyaxonfile.spec import Spec
from pxtui.polyaxonfile.templating.names import Names
from pxtui.polyaxonfile.templating.scope import Scope

_TYPES = {"int": "int", "float": "float", "metric": "float", "bool": "bool", "list": "list"}
_MAPS = ("dict", "dict_of_dicts", "metadata")


@dataclass(frozen=True, slots=True)
class Rows:
    """Makes the rows of one file."""

    document: Source
    spec: Spec
    names: Names
    scope: Scope

    def rows(self) -> Iterator[Declaration]:
        """Those of the file in its order, then the inputs that it says nothing about."""
        section = self.spec.declarations
        root = _get(self.document.value, section) if section else {}
        waiting: list[tuple[Path, Any]] = [((), root)]
        while waiting:
            path, raw = waiting.pop()
            if isinstance(raw, dict) and raw and not self._is_one(path):
                waiting += [((*path, key), value) for key, value in raw.items()][::-1]
            elif isinstance(raw, list) and raw and self._is_block(path):
                waiting += [((*path, index), value) for index, value in enumerate(raw)][::-1]
            elif path:
                yield self._row((*section, *path), path, raw)
        for name, one in self.names.inputs.items():
            if name not in root:
                yield self._input(one)

    def _is_block(self, path: Path) -> bool:
        """Whether a list is written line by line, so that no field can take it as a whole."""
        node = self.document.node((*self.spec.declarations, *path))
        return node is not None and not node.resolved.style and not self._is_one(path)

    def _is_one(self, path: Path) -> bool:
        """Whether a map is one value all the same: another was given for it, or it is a flag."""
        one = self.names.inputs.get(dotted(path))
        return path in self.names.given or (one is not None and one.is_flag)

    def _row(self, where: Path, path: Path, raw: Any) -> Declaration:
        own: Path = (str(path[0]), *path[1:])
        text = self.names.given.get(path, self.document.text(where))
        value = self.scope.value(own) if self.scope.knows(own) else None
        template = self.scope.is_template(own)
        # a number in quotes is one for the command and a text for who wrote it
        kind = "str" if isinstance(raw, str) and not template else type_of(value)
        secret = is_secret(dotted(path), kind)
        one = self.names.inputs.get(dotted(path))
        is_flag = one is not None and one.is_flag
        return Declaration(
            name=dotted(path),
            path=where,
            text=text or (str(raw) if isinstance(raw, dict | list) else text),
            type="template" if template else "bool" if is_flag else type_of(value),
            value=value,
            used=self.scope.used(own),
            editable=not self.document.locked(where),
            hint="" if template or secret else self._hint(where, text, value),
            line=self.document.position(where, of_key=True)[0],
            file=self.document.file_of(where),
            secret=secret,
            shared=self.document.shared(where),
        )

    def _input(self, one: Input) -> Declaration:
        """An input that the file gives no value: an edit adds one to the params."""
        path: Path = (one.name,)
        default = (*one.path, "default")
        text = self.names.given.get(path, self.document.text(default))
        value = self.scope.value(path) if self.scope.knows(path) else None
        type_ = (
            "list" if one.is_list else "map" if one.type in _MAPS else _TYPES.get(one.type, "str")
        )
        if not one.type and value is not None:
            type_ = type_of(value)
        secret = is_secret(one.name, type_)
        return Declaration(
            name=one.name,
            path=(*(self.spec.declarations or ("params",)), one.name),
            text=text,
            type=type_,
            value=value,
            used=self.scope.used(path),
            editable=True,
            hint="" if secret else self._hint(default, text, value),
            line=self.document.position(one.path)[0],
            file=self.document.file_of(one.path),
            secret=secret,
            given=False,
        )

    def _hint(self, where: Path, text: str, value: Any) -> str:
        node = self.document.node(where)
        if isinstance(value, dict | list | tuple) or node is None:
            return ""
        if str(value) != text:
            return f"the command gets {value!r}" if value == "" else f"the command gets {value}"
        if node.anchor:
            return f"what is written *{node.anchor} follows"
        return ""


def followed(rows: Iterable[Declaration]) -> tuple[Declaration, ...]:
    """The rows, of which one is used too where a used one follows it."""
    rows = tuple(rows)
    places = {row.shared for row in rows if row.shared and row.used}
    return (
        tuple(replace(row, used=row.used or row.path in places) for row in rows) if places else rows
    )


def type_of(value: Any) -> str:
    """The type of a value, as `Declaration.type` has it."""
    if value is None:
        return "null"
    kinds = ((bool, "bool"), (int, "int"), (float, "float"), (str, "str"), (dict, "map"))
    return next((name for kind, name in kinds if isinstance(value, kind)), "list")


def _get(value: Any, path: Path) -> Any:
    for step in path:
        value = value[step]
    return value
