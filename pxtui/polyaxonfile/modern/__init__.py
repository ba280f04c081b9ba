"""A file of Polyaxon 1.x shown as the file of 0.5 that builds and runs the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pxtui.errors import EditError
from pxtui.polyaxonfile.modern.draft import Draft
from pxtui.polyaxonfile.modern.files import Mapper
from pxtui.polyaxonfile.path import Path, dotted
from pxtui.polyaxonfile.problems import Problem
from pxtui.polyaxonfile.source import Source, Version
from pxtui.polyaxonfile.tree import Node

KINDS = ("component", "operation")


@dataclass(frozen=True, slots=True)
class Mapped:
    """A 1.x file with the values of a 0.5 one; what is said or changed is at the real places."""

    source: Source
    """The file as it stands."""
    value: Any
    problems: tuple[Problem, ...]
    """What cannot be mapped, and what is kept but not acted on."""
    places: Mapping[Path, Path]
    """Where what `value` has at a path stands in the file."""

    @property
    def file(self) -> str:
        """The file as a person names it."""
        return self.source.file

    @property
    def versions(self) -> tuple[Version, ...]:
        """Its files as they now are, in their order."""
        return self.source.versions

    def real(self, path: Path) -> Path:
        """Where a value stands, or would stand, in the file."""
        for end in range(len(path), 0, -1):
            if (known := self.places.get(path[:end])) is not None:
                more = path[end:]
                # a value of an operation stands below its name
                return (
                    (*known, *more, "value")
                    if path[:end] == ("params",) and more
                    else (*known, *more)
                )
        return path

    def node(self, path: Path) -> Node | None:
        """The value at a path, through aliases; None where there is none."""
        return self.source.node(self.real(path))

    def file_of(self, path: Path) -> str:
        """The file that the value at a path, or the nearest thing above, stands in."""
        return self.source.file_of(self.real(path))

    def position(self, path: Path, *, of_key: bool = False) -> tuple[int, int]:
        """Line and column of the value at a path (of its key), or of the nearest thing above."""
        return self.source.position(self.real(path), of_key=of_key)

    def text(self, path: Path) -> str:
        """The value as typed."""
        return self.source.text(self.real(path))

    def problem(
        self,
        code: str,
        message: str,
        path: Path,
        hint: str = "",
        *,
        of_key: bool = False,
        fix: tuple[tuple[Path, str | None], ...] = (),
        at: int | None = None,
    ) -> Problem:
        """A complaint about the value at a path."""
        real = self.real(path)
        # the text of a list of words is made here: no index into it is one into the file
        at = at if path[:2] != ("run", "cmd") else None
        return self.source.problem(code, message, real, hint, of_key=of_key, fix=fix, at=at)

    def locked(self, path: Path) -> str:
        """Why `change` cannot set the value at a path; empty where it can."""
        return self.source.locked(self.real(path))

    def shared(self, path: Path) -> Path:
        """Where the value stands that this one follows through `*` or `<<`; empty: its own."""
        found = self.source.shared(self.real(path))
        return next((shown for shown, real in self.places.items() if real == found), ())

    @property
    def has_params(self) -> bool:
        """Whether values stand in `params`, as in an operation; else in the inputs themselves."""
        return ("params",) in self.places

    def change(self, path: Path, text: str | None) -> Mapped:
        """Set, add or (None) take out one value; every other byte stays; raises EditError."""
        if text is not None and not self._has_place(path):
            if path[0] == "params":
                message = f"{dotted(path[1:])} is no input of this component"
                raise EditError(message, "declare it below `inputs:` first")
            message = f"a file of Polyaxon 1.x has no {dotted(path)}"
            raise EditError(message, "write what 1.x has for it into the file itself")
        real = self.real(path)
        if text is None and path[0] == "params" and real[-3:-1] == path:
            real = real[:-1]  # with its name
        return mapped(self.source.change(real, text))

    def _has_place(self, path: Path) -> bool:
        """Whether the file has a value there, or something that one can be added to."""
        ends = range(len(path), 0, -1)
        return any(path[:end] in self.places for end in ends) or self.node(path) is not None


def recognises(source: Source) -> bool:
    """Whether a file is one of Polyaxon 1.x."""
    root = source.value
    if not isinstance(root, dict):
        return False
    version = root.get("version")
    later = isinstance(version, float) and 1 < version < 2
    return root.get("kind") in KINDS or ("kind" not in root and later)


def mapped(source: Source) -> Mapped:
    """A 1.x file as one of 0.5; what cannot be said in one is a problem."""
    draft = Mapper(Draft(source)).map()
    return Mapped(source, draft.value, tuple(draft.problems), draft.places)
