"""The bytes of a polyaxonfile: read with positions, one value set in place, all else kept."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pxtui.errors import EditError
from pxtui.polyaxonfile.compose import Composer, Lines, Node
from pxtui.polyaxonfile.path import Path
from pxtui.polyaxonfile.problems import PolyaxonfileError, Problem

MAX_BYTES = 1024 * 1024

_NEEDS_ESCAPE = re.compile(
    "[^\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_IN_AN_EDITOR = "edit it in the editor"


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """One version of a file; `set` gives the next one."""

    data: bytes
    file: str
    value: Any
    """What YAML makes of it."""
    _text: str
    _bom: bytes
    _root: Node
    _lines: Lines
    _shapes: list[tuple[Any, ...]]

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
        composer = Composer(text, file)
        root = composer.compose()
        return cls(data, file, root.value, text, bom, root, composer.lines, composer.shapes)

    def node(self, path: Path) -> Node | None:
        """The value at a path, through aliases; None where the file has none there."""
        node: Node | None = self._root
        for step in path:
            node = _child(node.resolved, step) if node else None
        return node

    def position(self, path: Path, *, of_key: bool = False) -> tuple[int, int]:
        """Line and column of the value at a path (of its key), or of the nearest thing above."""
        if not path:
            return self._lines.at(self._root.start)
        parent = self.node(path[:-1])
        if of_key and parent and path[-1] in parent.resolved.keys:
            return self._lines.at(parent.resolved.keys[path[-1]][0].start)
        node = self.node(path)
        return self._lines.at(node.start) if node else self.position(path[:-1], of_key=True)

    def text(self, path: Path) -> str:
        """The value as typed: a scalar without its quotes, a bracketed list or map as it stands."""
        node = self.node(path)
        if node is None:
            return ""
        own = node.resolved
        return own.text if own.kind == "scalar" else self._text[own.start : own.end]

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
        return Problem(code, message, self.file, *self.position(path, of_key=of_key), hint, fix)

    def locked(self, path: Path) -> str:
        """Why `set` cannot change the value at a path; empty where it can."""
        node: Node | None = self._root
        for step in path:
            if node is None:
                break
            if node.kind == "alias":
                return f"it is shared through an alias: {_IN_AN_EDITOR}"
            if step in node.inherited and step not in node.keys:
                return f"it comes from a `<<` merge: {_IN_AN_EDITOR}"
            node = _child(node, step)
        if node is None:
            return "the file has no such value"
        if node.resolved.kind != "scalar":
            return f"it is a {node.resolved.kind}: {_IN_AN_EDITOR}"
        if node.style in ("|", ">"):
            return f"it is a block of lines: {_IN_AN_EDITOR}"
        return ""

    def shared(self, path: Path) -> Path:
        """Where the value stands that this one follows through `*` or `<<`; empty: its own."""
        return ()

    def change(self, path: Path, text: str | None) -> Document:
        """Set, add or (None) take out one value; every other byte stays; raises EditError."""
        if text is None:
            raise EditError("nothing can be taken out yet")
        return self.set(path, text)

    def set(self, path: Path, text: str) -> Document:
        """Replace the characters of one scalar by what a person typed; every other byte stays."""
        node = self.node(path)
        if node is not None and node.resolved.kind == "scalar" and node.text == text:
            return self
        name = ".".join(map(str, path))
        if reason := self.locked(path):
            raise EditError(f"{name} cannot be set here: {reason}")
        if node is not None:
            for spelling in _spellings(node, text):
                if changed := self._spliced(path, node, spelling):
                    return changed
        raise EditError(f"{name} cannot be {text!r}: no spelling keeps the rest of the file")

    def _spliced(self, path: Path, node: Node, spelling: str) -> Document | None:
        """Put a spelling in the place of a node, if a new reading proves that no more changed."""
        touches = node.start == node.end and not self._text[: node.start].endswith(" ")
        pad = " " if touches and spelling else ""
        changed = self._text[: node.start] + pad + spelling + self._text[node.end :]
        try:
            new = Document.parse(self._bom + changed.encode(), self.file)
        except (PolyaxonfileError, UnicodeEncodeError):
            return None
        at, start = node.event, node.start + len(pad)
        here = new.node(path)
        same = (
            here is not None
            and (here.kind, here.anchor, here.event) == ("scalar", node.anchor, at)
            and ((here.start, here.end) == (start, start + len(spelling)) or not spelling)
            and here.style not in ("|", ">")
            and new._shapes[:at] == self._shapes[:at]
            and new._shapes[at + 1 :] == self._shapes[at + 1 :]
        )
        return new if same else None


def _child(node: Node, step: str | int) -> Node | None:
    if node.kind == "list":
        in_range = isinstance(step, int) and 0 <= step < len(node.items)
        return node.items[int(step)] if in_range else None
    return node.keys[step][1] if step in node.keys else node.inherited.get(step)


def _spellings(node: Node, text: str) -> Iterator[str]:
    """Ways to write a text, the best first: as typed, or in the quotes that stand there."""
    odd = _NEEDS_ESCAPE.search(text)
    if not node.style and not odd:
        yield text.strip(" ")
    if node.style != '"' and not odd:
        yield "'" + text.replace("'", "''") + "'"
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    yield '"' + _NEEDS_ESCAPE.sub(_escape, escaped) + '"'


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    short = {9: "\\t", 10: "\\n", 13: "\\r"}
    return short.get(code) or (f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}")
