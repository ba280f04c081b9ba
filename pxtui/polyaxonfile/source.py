"""What a polyaxonfile is read from: one file, several laid over each other, or a mapped 1.x one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, Self

from pxtui.polyaxonfile.path import Path
from pxtui.polyaxonfile.problems import Problem
from pxtui.polyaxonfile.tree import Node


@dataclass(frozen=True, slots=True)
class Version:
    """The bytes of a file, and its name as a person writes it."""

    data: bytes
    file: str


class Source(Protocol):
    """Values with their places; immutable: `change` gives the next one."""

    @property
    def file(self) -> str:
        """The file as a person names it."""

    @property
    def value(self) -> Any:
        """What YAML makes of it; every text and number keeps the spelling of the file."""

    @property
    def versions(self) -> tuple[Version, ...]:
        """Its files as they now are, in their order."""

    def node(self, path: Path) -> Node | None:
        """The value at a path, through aliases; None where there is none."""

    def file_of(self, path: Path) -> str:
        """The file that the value at a path, or the nearest thing above, stands in."""

    def position(self, path: Path, *, of_key: bool = False) -> tuple[int, int]:
        """Line and column of the value at a path (of its key), or of the nearest thing above."""

    def text(self, path: Path) -> str:
        """The value as typed: a scalar without its quotes, a bracketed list or map as it stands."""

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
        """A complaint about the value at a path; `at` is an index into the text of a scalar."""

    def locked(self, path: Path) -> str:
        """Why `change` cannot set the value at a path; empty where it can."""

    def shared(self, path: Path) -> Path:
        """Where the value stands that this one follows through `*` or `<<`; empty: its own."""

    def change(self, path: Path, text: str | None) -> Self:
        """Set, add or (None) take out one value; every other byte stays; raises EditError.

        What follows another value (see `shared`) is detached from it: it gets its own.
        """
