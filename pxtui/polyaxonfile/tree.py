"""The tree of a text: nodes that know their own characters, and the paths to them."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from pxtui.polyaxonfile.path import Path

LINE_END = re.compile(r"\r\n?|\n")
_NONE: Mapping[Any, Any] = MappingProxyType({})


@dataclass(slots=True, eq=False)
class Node:
    """One value of the file; of an alias, the use (`target` is what it stands for)."""

    kind: Literal["scalar", "list", "map", "alias"]
    start: int
    end: int
    """Its own characters, without anchor and tag; a block list or map has only its start."""
    outer: int
    """Where its anchor or tag begins, otherwise its start."""
    event: int
    """Its place among the events."""
    stop: int
    """The place of the first event after it."""
    text: str = ""
    value: Any = None
    style: str = ""
    """The quote of a scalar (`'`, `"`, `|`, `>`), `[` of a list or map written with brackets."""
    anchor: str | None = None
    is_merge: bool = False
    size: int = 1
    """Nodes that it stands for, itself included."""
    items: Sequence[Node] = ()
    """What it holds as written; of a map, its keys and values in turn."""
    keys: Mapping[Any, tuple[Node, Node]] = field(default_factory=lambda: _NONE)
    inherited: Mapping[Any, Node] = field(default_factory=lambda: _NONE)
    """Values that a map has through `<<`."""
    target: Node | None = None

    @property
    def resolved(self) -> Node:
        """The node that holds the value: what an alias stands for, otherwise itself."""
        return self.target or self

    @property
    def is_block(self) -> bool:
        """A list or map that is written over lines, without brackets."""
        return self.kind in ("list", "map") and not self.style

    def child(self, step: str | int) -> Node | None:
        """What a list or map has at one step of a path."""
        if self.kind == "list":
            in_range = type(step) is int and 0 <= step < len(self.items)
            return self.items[int(step)] if in_range else None
        return self.keys[step][1] if step in self.keys else self.inherited.get(step)

    def entries(self) -> Iterator[tuple[Node | None, Node]]:
        """The keys and values of a map; the items of a list, without keys."""
        if self.kind == "list":
            yield from ((None, item) for item in self.items)
        else:
            yield from zip(self.items[::2], self.items[1::2], strict=True)


class Lines:
    """Where the lines of a text begin: an index → line and column as editors count them."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(m.end() for m in LINE_END.finditer(text))]

    def at(self, index: int) -> tuple[int, int]:
        """Line and column (1-based) of a character."""
        line = bisect_right(self._starts, index)
        return line, index - self._starts[line - 1] + 1


@dataclass(frozen=True, slots=True, eq=False)
class Tree:
    """A text that was read, without its byte order mark."""

    text: str
    file: str
    root: Node
    lines: Lines
    shapes: list[tuple[Any, ...]]
    """What each event says, wherever it stands: equal shapes, equal content."""

    def node(self, path: Path) -> Node | None:
        """The value at a path, through aliases; None where the file has none there."""
        node: Node | None = self.root
        for step in path:
            node = node.resolved.child(step) if node else None
        return node

    def place(self, node: Node) -> Path:
        """The path at which a node itself is written; empty where none leads there."""
        path: Path = ()
        here = self.root
        while here is not node:
            around = (entry for entry in _steps(here) if entry[1].event <= node.event)
            inside = next((entry for entry in around if node.event < entry[1].stop), None)
            if inside is None:
                return ()
            path, here = (*path, inside[0]), inside[1]
        return path

    @property
    def is_json(self) -> bool:
        """Whether it is to stay JSON, which YAML is more than."""
        return is_json_name(self.file)

    @property
    def newline(self) -> str:
        """How the lines of the text end."""
        found = LINE_END.search(self.text)
        return found[0] if found else "\n"

    def column(self, index: int) -> int:
        """How far a character stands from the start of its line."""
        return self.lines.at(index)[1] - 1

    def line_start(self, index: int) -> int:
        """The first character of the line of a character."""
        return index - self.column(index)

    def line_end(self, index: int) -> int:
        """Where the line of a character ends."""
        found = LINE_END.search(self.text, index)
        return found.start() if found else len(self.text)

    def next_line(self, index: int) -> int:
        """Where the line after that of a character begins."""
        found = LINE_END.search(self.text, index)
        return found.end() if found else len(self.text)

    def end(self, key: Node | None, node: Node) -> int:
        """Where the characters of a value end; of a block, those of the last value in it."""
        while node.is_block and node.items:
            key = node.items[-2] if node.kind == "map" else None
            node = node.items[-1]
        if node.kind == "scalar" and node.style in ("|", ">"):
            return block_end(self.text, node)
        if key and node.outer == node.end and not self._follows_colon(node.end):
            return key.end  # nothing is written: libyaml puts that at the next line
        return node.end

    def _follows_colon(self, index: int) -> bool:
        return self.text[self.line_start(index) : index].rstrip(" \t").endswith(":")


def is_json_name(file: str) -> bool:
    """Whether Polyaxon reads a file of this name as JSON."""
    return file.lower().endswith(".json")


def block_end(text: str, node: Node) -> int:
    """Where a block scalar ends: blank lines after it are its own only where it keeps them."""
    raw = text[node.start : node.end]
    header = re.match(r"[|>][0-9+-]*", raw)
    if header and "+" in header[0]:
        return node.start + len(re.sub(r"(?:\r\n?|\n)\Z", "", raw))
    return node.start + len(raw.rstrip())


def _steps(node: Node) -> Iterator[tuple[str | int, Node]]:
    if node.kind == "list":
        yield from enumerate(node.items)
    else:
        yield from ((step, value) for step, (_, value) in node.keys.items())
