"""Several files laid over each other, left to right: which value comes from which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pxtui.errors import EditError
from pxtui.polyaxonfile.document import Document
from pxtui.polyaxonfile.edit.ways import put, same
from pxtui.polyaxonfile.path import Path, dotted
from pxtui.polyaxonfile.problems import PolyaxonfileError, Problem
from pxtui.polyaxonfile.source import Version
from pxtui.polyaxonfile.tree import Node


@dataclass(frozen=True, slots=True, eq=False)
class Merged:
    """Files of which the last one wins: maps merge, all else is replaced."""

    documents: tuple[Document, ...]
    value: Any
    """What they say together."""

    @classmethod
    def of(cls, documents: Sequence[Document]) -> Merged:
        """Lay files over each other; raise PolyaxonfileError where one is no map."""
        wrong = [
            document.problem("E_SCHEMA", "only files that are maps can be merged", ())
            for document in documents
            if not isinstance(document.value, dict)
        ]
        if wrong:
            raise PolyaxonfileError(wrong)
        value: Any = {}
        for document in documents:
            value = laid_over(value, document.value)
        return cls(tuple(documents), value)

    @property
    def file(self) -> str:
        """The first file, which the others are laid over."""
        return self.documents[0].file

    @property
    def versions(self) -> tuple[Version, ...]:
        """The files as they now are."""
        return tuple(version for document in self.documents for version in document.versions)

    def node(self, path: Path) -> Node | None:
        """The value at a path; of a map in several files, that of the first."""
        return self._owner(path).node(path)

    def file_of(self, path: Path) -> str:
        """The file that the value comes from."""
        return self._owner(path).file

    def position(self, path: Path, *, of_key: bool = False) -> tuple[int, int]:
        """Line and column in the file that the value comes from."""
        return self._owner(path).position(path, of_key=of_key)

    def text(self, path: Path) -> str:
        """The value as typed."""
        return self._owner(path).text(path)

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
        """A complaint about a value, in the file that it comes from."""
        return self._owner(path).problem(code, message, path, hint, of_key=of_key, fix=fix, at=at)

    def locked(self, path: Path) -> str:
        """Why `change` cannot set the value at a path; empty where it can."""
        return self.documents[self._target(path)].locked(path)

    def shared(self, path: Path) -> Path:
        """Where the value stands that this one follows; empty where a later file hides that."""
        owner = self._owner(path)
        found = owner.shared(path)
        return found if found and self._owner(found) is owner else ()

    def change(self, path: Path, text: str | None) -> Merged:
        """Change the file whose value wins; what is taken out goes from every file that has it."""
        at = [self._target(path)] if text is not None else self._having(path)
        documents = [*self.documents]
        for index in at:
            documents[index] = documents[index].change(path, text)
        new = Merged.of(documents)
        if not self._is_only(new, path, text):
            files = " and ".join(self.documents[index].file for index in at)
            reason = f"another file would then say more: edit {files} in the editor"
            raise EditError(f"{dotted(path)} cannot be changed here: {reason}")
        return new

    def _is_only(self, new: Merged, path: Path, text: str | None) -> bool:
        """Whether nothing but the value at a path is another one."""
        if text is None:
            return new.node(path) is None
        wanted = new.documents[new._layers(path)[-1]].node(path)
        return wanted is not None and same(new.value, put(self.value, path, wanted.value))

    # -- which file

    def _layers(self, path: Path) -> list[int]:
        """The files that make up the value at a path, or the nearest thing above it."""
        found = [*range(len(self.documents))]
        for depth in range(1, len(path) + 1):
            having = [i for i in found if self.documents[i].node(path[:depth]) is not None]
            if not having:
                break
            maps = [self._is_map(i, path[:depth]) for i in having]
            first = len(maps) - next(
                (n for n, is_map in enumerate(maps[::-1]) if not is_map), len(maps)
            )
            found = having[min(first, len(having) - 1) :]
        return found

    def _is_map(self, index: int, path: Path) -> bool:
        node = self.documents[index].node(path)
        return node is not None and node.resolved.kind == "map"

    def _owner(self, path: Path) -> Document:
        return self.documents[self._layers(path)[0]]

    def _target(self, path: Path) -> int:
        """The file to change: the one whose value wins; else the last that has its section."""
        layers = self._layers(path)
        if self.documents[layers[-1]].node(path) is not None:
            return layers[-1]
        has_section = self.documents[layers[-1]].node(path[:1]) is not None
        return layers[-1] if has_section else 0

    def _having(self, path: Path) -> list[int]:
        return [i for i in self._layers(path[:-1]) if self.documents[i].node(path) is not None]


def laid_over(below: Any, above: Any) -> Any:
    """Merge two values as Polyaxon did: maps key by key, anything else is replaced."""
    if not isinstance(below, dict) or not isinstance(above, dict):
        return above
    merged = {key: laid_over(below[key], value) for key, value in above.items() if key in below}
    return {**below, **above, **merged}
