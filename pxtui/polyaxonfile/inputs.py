"""The typed inputs of Polyaxon 0.5: what each takes, what it has by default, what does not fit."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pxtui.polyaxonfile.path import Path
from pxtui.polyaxonfile.problems import Problem
from pxtui.polyaxonfile.source import Source
from pxtui.polyaxonfile.templating.undefined import near
from pxtui.polyaxonfile.typed import what

_YES = ("y", "yes", "t", "true", "on", "1")
_NO = ("n", "no", "f", "false", "off", "0")
_OF_OTHER_RUNS = re.compile(r"\{\{\s*(ops|jobs|experiments)\.\S*\s*\}\}")
_REFERENCE = re.compile(r"\{\{\s*\S*\s*\}\}")


@dataclass(frozen=True, slots=True)
class Input:
    """One input: a name that a run takes a value for."""

    name: str
    path: Path
    type: str = ""
    default: Any = None
    is_optional: bool = False
    is_list: bool = False
    is_flag: bool = False
    options: tuple[Any, ...] = ()

    def wrong(self, value: Any) -> str:
        """Why a value is not one for it, as the end of a sentence; empty where it is."""
        if isinstance(value, str) and _OF_OTHER_RUNS.search(value):
            return "takes what another run put out, which there is none of here"
        if isinstance(value, str) and _REFERENCE.search(value):
            return "takes a plain value, no template"
        if self.type and value is None:
            return "" if self.is_optional else "needs a value"
        if self.type and self.options and value not in self.options:
            return f"takes one of {', '.join(map(str, self.options))}"
        return self.mistyped(value)

    def mistyped(self, value: Any) -> str:
        """Why a value is not of its type; empty where it is."""
        if not self.type:
            return ""
        got = what(value) if isinstance(value, list | dict) else str(value)
        if not self.is_list or self.type in ("list", "dict_of_dicts"):
            fits = _fits(self.type, value)
            return "" if fits else f"takes {_WORDS[self.type]}, not {got}"
        items = _json(value) if isinstance(value, str) else value
        fits = isinstance(items, list) and all(_fits(self.type, item) for item in items)
        return "" if fits else f"takes a list, each item {_WORDS[self.type]}, not {got}"

    def shown(self, value: Any) -> Any:
        """What templates get for a value: a flag is its option, or nothing."""
        if not self.is_flag:
            return value
        return f"--{self.name}" if value else ""

    def given(self, text: str) -> Any:
        """What a text stands for that is given for it by name."""
        if self.type == "bool" and text.lower() in (*_YES, *_NO):
            return text.lower() in _YES
        return text


@dataclass(slots=True)
class Inputs:
    """Reads the list of inputs; what is wrong with it stands in `problems`."""

    document: Source
    place: Path
    problems: list[Problem] = field(default_factory=list)

    def read(self) -> Iterator[Input]:
        """The inputs that have a name."""
        items: Any = self.document.value
        for step in self.place:
            items = items.get(step)
        if not isinstance(items, list):
            self._wrong(self.place, f"expected a list, not {what(items)}", "start with `- name:`")
            return
        for index, item in enumerate(items):
            here = (*self.place, index)
            if not isinstance(item, dict):
                self._wrong(here, f"expected a map, not {what(item)}", "write `- name: …`")
            elif not isinstance(item.get("name"), str):
                self._wrong(here, "an input needs a name", "write `name: …`")
            else:
                yield self._input(here, item)

    def _input(self, here: Path, item: Mapping[str, Any]) -> Input:
        name, type_ = item["name"], item.get("type")
        if type_ is not None and not (isinstance(type_, str) and type_ in _WORDS):
            hint = near(str(type_), _WORDS) or f"one of {', '.join(_WORDS)}"
            self._wrong((*here, "type"), f"{name}: {type_!r} is no type of an input", hint)
            type_ = None
        for key in ("is_optional", "is_list", "is_flag"):
            if _is_set(item.get(key)) is None:
                self._wrong((*here, key), f"{name}: {key} is yes or no", "write true or false")
        options = item.get("options")
        if not isinstance(options, list | None) or None in (options or ()):
            self._wrong((*here, "options"), f"{name}: the options are a list", "write `[a, b]`")
        one = Input(
            name,
            here,
            type_ or "",
            item.get("default"),
            bool(_is_set(item.get("is_optional"))),
            bool(_is_set(item.get("is_list"))),
            bool(_is_set(item.get("is_flag"))),
            tuple(options) if isinstance(options, list) else (),
        )
        self._judge(one)
        return one

    def _judge(self, one: Input) -> None:
        if one.is_flag and one.type != "bool":
            hint = "write `type: bool`"
            self._wrong((*one.path, "is_flag"), f"{one.name}: only a bool can be a flag", hint)
        if not one.default:
            return
        where = (*one.path, "default")
        if not one.is_optional:
            message = f"{one.name} has a default, so it must be optional"
            fix = (((*one.path, "is_optional"), "true"),)
            hint = "write `is_optional: true`"
            self.problems.append(self.document.problem("E_PARAM", message, where, hint, fix=fix))
        elif reason := one.mistyped(one.default):
            self._wrong(where, f"{one.name} {reason}")

    def _wrong(self, path: Path, message: str, hint: str = "") -> None:
        self.problems.append(self.document.problem("E_PARAM", message, path, hint))


def _is_set(value: Any) -> bool | None:
    """What a yes or no says, in all spellings of it; None for what is neither."""
    said = str(value).lower() if isinstance(value, str | int) else "no" if value is None else ""
    return said in _YES if said in (*_YES, *_NO) else None


def mended(one: Input, text: str) -> str:
    """A spelling of a typed text that fits an input; empty where there is none."""
    if one.type == "float" and re.fullmatch(r"[-+]?\d+", text):
        return f"{text}.0"
    return f"'{text}'" if one.type in ("str", "path") and "'" not in text else ""


def _fits(type_: str, value: Any) -> bool:
    """Whether a value is one of a type, as Polyaxon took it: a text may stand for any type."""
    if type_ == "dict_of_dicts":
        maps = _json(value) if isinstance(value, str) else value
        return isinstance(maps, dict) and all(isinstance(one, dict) for one in maps.values())
    if isinstance(value, str):
        return _READ_FROM_TEXT[type_](value)
    kinds = _KINDS.get(type_)
    return kinds is not None and isinstance(value, kinds)


def _reads(read: Callable[[str], Any]) -> Callable[[str], bool]:
    def reads(text: str) -> bool:
        try:
            read(text)
        except ValueError:
            return False
        return True

    return reads


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _is_map(text: str) -> bool:
    return isinstance(_json(text), dict)


def _any(_: str) -> bool:
    return True


_WORDS = {
    "int": "a whole number",
    "float": "a number with a point",
    "bool": "true or false",
    "str": "a text",
    "dict": "a map",
    "dict_of_dicts": "a map of maps",
    "uri": "user:password@host",
    "auth": "user:password",
    "list": "a list",
    "gcs_path": "a gs:// path",
    "s3_path": "an s3:// path",
    "azure_path": "a wasbs:// path",
    "path": "a path",
    "metric": "a number with a point",
    "metadata": "a map",
}
_KINDS: dict[str, type] = {
    **dict.fromkeys(("dict", "metadata"), dict),
    **dict.fromkeys(("float", "metric"), float),
    **{"int": int, "bool": bool, "list": list},
}
_READ_FROM_TEXT: dict[str, Callable[[str], bool]] = {
    "int": _reads(int),
    "bool": lambda text: text.lower() in (*_YES, *_NO),
    "uri": re.compile(r"[^@:]*:[^@:]*@[^@]*").fullmatch,  # type: ignore[dict-item]
    "auth": re.compile(r"[^:]*:[^:]*").fullmatch,  # type: ignore[dict-item]
    "gcs_path": re.compile(r"gs://[^/].*").fullmatch,  # type: ignore[dict-item]
    "s3_path": re.compile(r"\w+://[^/].*").fullmatch,  # type: ignore[dict-item]
    "azure_path": re.compile(r"wasbs://.+").fullmatch,  # type: ignore[dict-item]
    **dict.fromkeys(("float", "metric"), _reads(float)),
    **dict.fromkeys(("dict", "metadata"), _is_map),
    **dict.fromkeys(("str", "path", "list"), _any),
}
