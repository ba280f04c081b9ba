"""The bytes of a polyaxonfile: read with positions, one value changed, all else kept."""

from __future__ import annotations

import codecs
from dataclasses import dataclass, field
from typing import Any

from pxtui.errors import EditError
from pxtui.polyaxonfile.characters import index_in_file
from pxtui.polyaxonfile.compose import compose
from pxtui.polyaxonfile.edit import splice
from pxtui.polyaxonfile.path import Path
from pxtui.polyaxonfile.problems import PolyaxonfileError, Problem
from pxtui.polyaxonfile.source import Version
from pxtui.polyaxonfile.tree import Lines, Node, Tree

MAX_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """One version of a file; `change` gives the next one."""

    data: bytes
    file: str
    _tree: Tree = field(repr=False)
    _bom: bytes = field(repr=False)

    @classmethod
    def parse(cls, data: bytes, file: str) -> Document:
        """Read a file; raise PolyaxonfileError with every reason why it cannot be."""
        if len(data) > MAX_BYTES:
            message = f"the file has {len(data):,} bytes: more than {MAX_BYTES:,}"
            raise PolyaxonfileError([Problem("E_TOO_BIG", message, file)])
        bom = codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""
        body = data[len(bom) :]
        try:
            text = body.decode()
        except UnicodeDecodeError as error:
            before = body[: error.start].decode()
            message = (
                f"not UTF-8: byte 0x{body[error.start]:02X} at offset {len(bom) + error.start}"
            )
            place = Lines(before).at(len(before))
            hint = "save it as UTF-8"
            raise PolyaxonfileError([Problem("E_ENCODING", message, file, *place, hint)]) from None
        return cls(data, file, compose(text, file), bom)

    @property
    def value(self) -> Any:
        """What YAML makes of it."""
        return self._tree.root.value

    @property
    def versions(self) -> tuple[Version, ...]:
        """The file as it now is."""
        return (Version(self.data, self.file),)

    def node(self, path: Path) -> Node | None:
        """The value at a path, through aliases; None where the file has none there."""
        return self._tree.node(path)

    def file_of(self, path: Path) -> str:
        """The one file that there is."""
        return self.file

    def position(self, path: Path, *, of_key: bool = False) -> tuple[int, int]:
        """Line and column of the value at a path (of its key), or of the nearest thing above."""
        lines = self._tree.lines
        if not path:
            return lines.at(self._tree.root.start)
        parent = self.node(path[:-1])
        if of_key and parent and path[-1] in parent.resolved.keys:
            return lines.at(parent.resolved.keys[path[-1]][0].start)
        node = self.node(path)
        return lines.at(node.start) if node else self.position(path[:-1], of_key=True)

    def text(self, path: Path) -> str:
        """The value as typed: a scalar without its quotes, a bracketed list or map as it stands."""
        node = self.node(path)
        return splice.text_of(self._tree, node) if node else ""

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
        node = self.node(path) if at is not None else None
        if node is None or at is None:
            place = self.position(path, of_key=of_key)
        else:
            index = index_in_file(self._tree.text, node.resolved, max(0, at))
            place = self._tree.lines.at(index)
        return Problem(code, message, self.file, *place, hint, fix)

    def locked(self, path: Path) -> str:
        """Why `change` cannot set the value at a path; empty where it can."""
        return splice.obstacle(self._tree, path)

    def shared(self, path: Path) -> Path:
        """Where the value stands that this one follows through `*` or `<<`; empty: its own."""
        node = self.node(path)
        if node is None:
            return ()
        follows = node.kind == "alias" or splice.detour(self._tree, path) is not None
        return self._tree.place(node.resolved) if follows else ()

    def change(self, path: Path, text: str | None) -> Document:
        """Set, add or (None) take out one value; every other byte stays; raises EditError."""
        tree = splice.changed(self._tree, path, text)
        if tree is self._tree:
            return self
        data = self._bom + tree.text.encode()
        if len(data) > MAX_BYTES:
            raise EditError(f"the file would have more than {MAX_BYTES:,} bytes")
        return Document(data, self.file, tree, self._bom)
