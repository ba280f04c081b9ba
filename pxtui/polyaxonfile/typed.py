"""What a text stands for: Polyaxon reads every string as a Python literal where it is one."""

from __future__ import annotations

import ast
import re
import warnings
from typing import Any, Self

MAX_DIGITS = 4300
"""Python refuses to read a longer number; for YAML's base-60 numbers it would take minutes."""
MAX_LITERAL = 64 * 1024

_DECIMAL = re.compile(r"[-+]?(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][-+]?\d[\d_]*)?", re.ASCII)
_FIRST_OF_TUPLE = re.compile(r"(?:[-+.\d][\w.]*|True|False|None)\s*,", re.ASCII)
_WORDS = {"True": True, "False": False, "None": None}
_PLAIN = (str, int, float, type(None))


class _Typed:
    """A number that keeps its spelling."""

    text: str

    def __reduce__(self) -> tuple[type[Self], tuple[str]]:
        return type(self), (self.text,)

    def __repr__(self) -> str:
        return self.text

    __str__ = __repr__


class TypedInt(_Typed, int):
    """A whole number that is shown as it was typed; arithmetic gives plain numbers."""

    def __new__(cls, text: str) -> Self:
        """Read a number; raise ValueError where Python reads none."""
        self = super().__new__(cls, text)
        self.text = text
        return self


class TypedFloat(_Typed, float):
    """A number that is shown as it was typed (`0.10`, `1e-3`); arithmetic gives plain numbers."""

    def __new__(cls, text: str) -> Self:
        """Read a number; raise ValueError where Python reads none."""
        self = super().__new__(cls, text)
        self.text = text
        return self


def as_typed(value: Any, text: str) -> Any:
    """Let a number keep the spelling that it was read from, where Python reads it the same.

    What YAML reads to the base of 60 (`1:10:20`) stays text.
    """
    if ":" in text:
        return text
    if isinstance(value, bool) or not isinstance(value, int | float) or "_" in text:
        return value
    kind = TypedInt if isinstance(value, int) else TypedFloat
    try:
        typed = kind(text)
    except ValueError:  # `0x1F`, `.nan`, `12:30`: shown as the number that they are
        return value
    return typed if typed == value and text == text.strip() else value


def evaluate(text: str) -> Any:
    """Read a rendered text as Polyaxon does: the Python literal that it is, or itself."""
    bare = text.strip()
    if bare in _WORDS:
        return _WORDS[bare]
    is_tuple = "," in bare and _FIRST_OF_TUPLE.match(bare)
    if bare[:1] in "+-.0123456789" and not is_tuple:
        return as_typed(_number(bare), text) if bare else text
    if (is_tuple or bare[0] in "[({'\"") and len(bare) <= MAX_LITERAL:
        value = _literal(bare)
        return text if value is None else value
    return text


def _number(text: str) -> int | float | str:
    """Read a Python number; what is none stays text (`007` and `nan` are none)."""
    try:
        return int(text, 0)
    except ValueError:
        pass
    if _DECIMAL.fullmatch(text) and text.lstrip("+-0123456789_"):
        try:
            return float(text)
        except ValueError:
            pass
    return text


def _literal(text: str) -> Any:
    """Read a list, map or quoted text; None where it is none, or has what JSON cannot say."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # on odd escapes, which Polyaxon took silently too
            value = ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None
    return value if _is_plain(value) else None


def _is_plain(value: Any) -> bool:
    if isinstance(value, dict):
        return all(isinstance(k, str) and _is_plain(v) for k, v in value.items())
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    return isinstance(value, _PLAIN)


def jsonable(value: Any) -> Any:
    """Make a value one that JSON has: tuples become lists, keys text, numbers plain."""
    if isinstance(value, dict):
        return {str(k): jsonable(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(v) for v in value]
    if isinstance(value, TypedInt):
        return int(value)
    return float(value) if isinstance(value, TypedFloat) else value


def is_template(text: str) -> bool:
    """Whether a text has anything for the sandbox to do."""
    return "{{" in text or "{%" in text or "{#" in text


def what(value: Any) -> str:
    """What a value is, in words."""
    names = {bool: "a yes or no", int: "a number", float: "a number", str: "a text"}
    if value is None:
        return "nothing"
    if isinstance(value, dict | list):
        return "a map" if isinstance(value, dict) else "a list"
    return names[next(kind for kind in (bool, int, float, str) if isinstance(value, kind))]
