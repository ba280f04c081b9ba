"""The 0.5 file that a 1.x one becomes, while it is made: values, their places, what is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from pxtui.polyaxonfile.modern import exec_form
from pxtui.polyaxonfile.modern.exec_form import Inexact
from pxtui.polyaxonfile.path import Path, dotted
from pxtui.polyaxonfile.problems import Problem
from pxtui.polyaxonfile.source import Source
from pxtui.polyaxonfile.typed import what

_SILENT = "version kind name description tags"


@dataclass(slots=True)
class Map:
    """A map of the file, its keys by their name in snake case."""

    path: Path
    value: Mapping[Any, Any]
    names: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for key in self.value if isinstance(self.value, Mapping) else ():
            self.names.setdefault(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", str(key)).lower(), key)

    def get(self, name: str) -> Any:
        """The value of a key."""
        return self.value[self.names[name]] if name in self.names else None

    def place(self, name: str) -> Path:
        """Where the value of a key stands, or would stand."""
        return (*self.path, self.names.get(name, name))


@dataclass(slots=True)
class Draft:
    """What was mapped so far."""

    source: Source
    value: dict[str, Any] = field(default_factory=lambda: {"version": 1, "kind": "job"})
    places: dict[Path, Path] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    types: dict[str, str] = field(default_factory=dict)
    """The inputs' types by name."""
    _ignored: list[Path] = field(default_factory=list)

    def put(self, path: Path, place: Path, value: Any) -> None:
        """Let a value of 0.5 stand for one of the file."""
        *above, last = path
        here: Any = self.value
        for step in above:
            here = here.setdefault(step, {})
        here[last] = value
        self.places[path] = place

    def refuse(self, message: str, place: Path, hint: str = "", *, of_key: bool = True) -> None:
        """Say what cannot be mapped."""
        problem = self.source.problem("E_MODERN", message, place, hint, of_key=of_key)
        self.problems.append(problem)

    def below(self, parent: Map, name: str) -> Map | None:
        """A map below a key; what is none is refused."""
        value = parent.get(name)
        if isinstance(value, Mapping):
            return Map(parent.place(name), value)
        if value is not None:
            place = parent.place(name)
            self.refuse(f"{dotted(place)}: expected a map, not {what(value)}", place)
        return None

    def items(self, parent: Map, name: str) -> Iterator[tuple[Path, Any]]:
        """The items of a list below a key; what is none is refused."""
        value, place = parent.get(name), parent.place(name)
        if isinstance(value, list):
            yield from (((*place, index), item) for index, item in enumerate(value))
        elif value is not None:
            self.refuse(f"{dotted(place)}: expected a list, not {what(value)}", place)

    def sort(
        self, at: Map, acted: str, ignored: str, refused: Mapping[str, tuple[str, str]]
    ) -> None:
        """Go through the keys of a map: refuse, keep, or point out what nobody knows."""
        known = [*acted.split(), *ignored.split(), *refused, *_SILENT.split()]
        for name, key in at.names.items():
            place = (*at.path, key)
            if at.value[key] is None or name in acted.split() + _SILENT.split():
                continue
            if name in refused:
                message, hint = refused[name]
                self.refuse(f"{dotted(place)}: {message}", place, hint)
            elif name in ignored.split():
                self._ignored.append(place)
            else:
                near = get_close_matches(name, known, 1)
                hint = f"did you mean {near[0]}?" if near else ""
                message = f"{dotted(place)} is no key of Polyaxon 1.x"
                problem = self.source.problem("W_UNKNOWN_KEY", message, place, hint, of_key=True)
                self.problems.append(problem)

    def tell_ignored(self) -> None:
        """Say once what is kept but not acted on."""
        if self._ignored:
            names = ", ".join(map(dotted, self._ignored))
            message = f"kept, and only for the cluster: {names}"
            place = self._ignored[0]
            problem = self.source.problem("W_IGNORED", message, place, of_key=True)
            self.problems.append(problem)

    def filled(self, place: Path, said: Any) -> Any:
        """A text with its references as 0.5 writes them."""
        if not isinstance(said, str):
            return said
        try:
            return exec_form.filled(said, self.types)
        except Inexact as error:
            self.refuse(error.message, place, error.hint, of_key=False)
            return ""
