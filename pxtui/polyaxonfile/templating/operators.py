"""The operators `for` and `if`: a value of the file → the values that it stands for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pxtui.polyaxonfile.path import Path, dotted
from pxtui.polyaxonfile.problems import Problem
from pxtui.polyaxonfile.source import Source
from pxtui.polyaxonfile.templating import TemplateProblem
from pxtui.polyaxonfile.templating.scope import Scope
from pxtui.polyaxonfile.templating.undefined import missing, near
from pxtui.polyaxonfile.typed import evaluate, what

MAX_MADE = 5_000
"""Values that all loops of a file may make together."""

_KEYS = {"for": ("len", "do", "index"), "if": ("cond", "do", "else_do")}
_NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Piece:
    """One value of the file, and the loops' indices that its templates see."""

    path: Path
    value: Any
    names: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Pieces:
    """The values of a list, or those that a `for` made."""

    path: Path
    items: tuple[Piece | Pieces, ...]


@dataclass(slots=True)
class Operators:
    """Works out the operators of one file; what is wrong stands in `problems`."""

    document: Source
    scope: Scope
    problems: list[Problem] = field(default_factory=list)
    _left: int = MAX_MADE

    def expanded(
        self, path: Path, value: Any, names: Mapping[str, Any] = _NOTHING
    ) -> Piece | Pieces | None:
        """What a value stands for; None for what cannot be said, which is then a problem."""
        if names:
            self._left -= 1
        if self._left < 0:
            return None
        if isinstance(value, list):
            found = [self.expanded((*path, i), item, names) for i, item in enumerate(value)]
            return Pieces(path, tuple(one for one in found if one))
        if (
            not isinstance(value, dict)
            or len(value) != 1
            or (kind := next(iter(value))) not in _KEYS
        ):
            return Piece(path, value, names)
        here = (*path, kind)
        if not self._is_shaped(here, value[kind]):
            return None
        return (self._for if kind == "for" else self._if)(here, value[kind], names)

    def _is_shaped(self, here: Path, value: Any) -> bool:
        keys = _KEYS[str(here[-1])]
        if not isinstance(value, dict):
            message = f"{dotted(here)}: expected a map, not {what(value)}"
            self._complain("E_SCHEMA", message, here, f"it has {', '.join(keys)}")
            return False
        for key in value:
            if key not in keys:
                hint = near(str(key), keys) or f"it has {', '.join(keys)}"
                message = f"{key!r} is no key of {here[-1]} that Polyaxon has"
                self._complain("W_UNKNOWN_KEY", message, (*here, key), hint)
        missing = [key for key in keys[:2] if value.get(key) is None]
        for key in missing:
            self._complain("E_SCHEMA", f"{dotted(here)} has no `{key}`", here, f"write `{key}: …`")
        return not missing

    def _for(self, here: Path, value: Mapping[str, Any], names: Mapping[str, Any]) -> Pieces | None:
        index = value.get("index", "index")
        if not isinstance(index, str) or not index.isidentifier():
            self._complain("E_SCHEMA", f"index: {index!r} is not a name", (*here, "index"))
            return None
        length = self._length((*here, "len"), value["len"], names)
        if length is None:
            return None
        turns: list[Piece | Pieces] = []
        for turn in range(length):
            made = self.expanded((*here, "do"), value["do"], {index: turn, **names})
            if self._left < 0:
                self._say_too_many(here)
                return None
            turns += [made] if made else []
        if turns and isinstance(turns[0], Pieces):  # each turn's list is laid end to end
            turns = [one for made in turns if isinstance(made, Pieces) for one in made.items]
        return Pieces(here, tuple(turns))

    def _say_too_many(self, here: Path) -> None:
        if not any(problem.code == "E_TEMPLATE_LIMIT" for problem in self.problems):
            message = f"the loops make more than {MAX_MADE:,} values"
            self._complain("E_TEMPLATE_LIMIT", message, (*here, "len"))

    def _length(self, path: Path, value: Any, names: Mapping[str, Any]) -> int | None:
        made = self.expanded(path, value, names)
        if not isinstance(made, Piece):
            return None
        text = self.scope.render(made.path, str(made.value), made.names)
        if text is None:
            return None
        number = evaluate(text)
        try:
            return int(number)
        except (TypeError, ValueError, OverflowError):
            message = f"len is a number, not {what(number)}"
            self._complain("E_SCHEMA", message, made.path, "write a number or `{{ names|length }}`")
            return None

    def _if(
        self, here: Path, value: Mapping[str, Any], names: Mapping[str, Any]
    ) -> Piece | Pieces | None:
        where = (*here, "cond")
        text = self.scope.render(where, str(value["cond"]), names)
        if text is None:
            return None
        is_true = self._holds(where, str(evaluate(text)))
        if is_true is None:
            return None
        if not is_true and not value.get("else_do"):
            return Piece(here, None, names)
        branch = "do" if is_true else "else_do"
        return self.expanded((*here, branch), value[branch], names)

    def _holds(self, path: Path, condition: str) -> bool | None:
        """Whether a filled-in condition is true; None where that cannot be said."""
        source = f"{{% if {condition} %}}1{{% else %}}0{{% endif %}}"
        try:
            absent = next(missing(self.scope.renderer.parsed(source, path), {}), None)
        except TemplateProblem as error:
            self._complain(error.code, f"if {condition}: {error.message}", path)
            return None
        if absent:
            hint = "a condition sees only text: write \"'{{ name }}' == 'text'\""
            self._complain("E_UNDEFINED", f"{dotted(absent)} is no text", path, hint)
            return None
        text = self.scope.renderer.rendered(source, path, {})
        return None if text is None else text == "1"

    def _complain(self, code: str, message: str, path: Path, hint: str = "") -> None:
        self.problems.append(self.document.problem(code, message, path, hint))
