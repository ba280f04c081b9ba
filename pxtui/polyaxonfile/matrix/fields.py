"""Values of a map of the file, as Polyaxon took them: numbers and words, with complaints."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from pxtui.polyaxonfile.path import Path, dotted
from pxtui.polyaxonfile.problems import Problem
from pxtui.polyaxonfile.source import Source
from pxtui.polyaxonfile.typed import evaluate


@dataclass(frozen=True, slots=True)
class Fields:
    """One map of the file; what is wrong in it is added to `problems`.

    The methods give None where there is no such value: the keys, types and choices of every
    section are looked at by `spec`.
    """

    source: Source
    path: Path
    values: dict[Any, Any]
    problems: list[Problem]

    def complain(
        self,
        path: Path,
        message: str,
        hint: str = "",
        *,
        code: str = "E_MATRIX",
        key: bool = False,
        fix: tuple[tuple[Path, str | None], ...] = (),
    ) -> None:
        """Say what is wrong with the value at a path below this map."""
        where = (*self.path, *path)
        text = f"{dotted(where)}: {message}"
        problem = self.source.problem(code, text, where, hint, of_key=key, fix=fix)
        self.problems.append(problem)

    def whole(self, key: str, least: int | None = None) -> int | None:
        """A whole number, cut off where it is a fraction."""
        number = self.number(key, least)
        return None if number is None else int(number)

    def number(self, key: str, least: int | None = None) -> int | float | None:
        """A number; one below the least is complained about."""
        number = as_number(self.values.get(key))
        if number is not None and least is not None and number < least:
            self.complain((key,), f"must be at least {least}, not {number}")
            return None
        return number

    def word(self, key: str) -> str:
        """One of some words that are written small, BIG or Capitalized; empty where none is."""
        value = self.values.get(key)
        return value.lower() if isinstance(value, str) else ""

    def below(self, key: str) -> Fields:
        """The map that stands under a key; an empty one where none does."""
        value = self.values.get(key)
        values = value if isinstance(value, dict) else {}
        return Fields(self.source, (*self.path, key), values, self.problems)


def as_number(value: Any) -> int | float | None:
    """The finite number that a value or its text is; None where it is none."""
    try:
        finite = isinstance(value, int | float | str) and math.isfinite(float(value))
    except (ValueError, OverflowError):  # `a`, or more than a float can hold
        return None
    number = evaluate(value.strip()) if isinstance(value, str) else value
    if not finite or not isinstance(number, int | float):
        return None
    return int(number) if isinstance(number, int) else float(number)


def near(word: object, known: Iterable[str]) -> str:
    """The hint to the word that is most like this one."""
    close = get_close_matches(str(word), [*known], 1)
    return f"did you mean {close[0]}?" if close else ""
