"""A new entry of a map or list: where it may be written, and how."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pxtui.polyaxonfile.edit.spelling import key_spellings
from pxtui.polyaxonfile.path import Path
from pxtui.polyaxonfile.tree import Node, Tree

Heads = Sequence[str | None]
"""The keys of a new entry, one in the other; None for an item of a list."""

_REST = re.compile(r"[ \t]*(,?)[ \t]*(?:#[^\r\n]*)?")
_COMMENT = re.compile(r"[ \t]*(?:#[^\r\n]*)?")


def insertions(
    tree: Tree, owner: Node, container: Node, steps: Path, written: str
) -> Iterator[tuple[str, int, int]]:
    """Texts of the file with a value at new steps of a container, and the events that change.

    `owner` is the map or list that the container stands in; the root is its own.
    """
    is_empty = container.kind == "scalar" or not container.items
    for heads in _heads(tree, container, steps):
        if is_empty:
            at = (container.event, container.stop)
            yield from ((t, *at) for t in _into_empty(tree, owner, container, heads, written))
        else:
            at = (container.stop - 1, container.stop - 1)
            write = _into_block if container.is_block else _into_flow
            yield from ((t, *at) for t in write(tree, container, heads, written))
            if container.is_block and container.kind == "map":
                first = container.items[-2].event
                yield _before_last(tree, container, heads, written), first, first
            elif container.is_block:
                yield from ((t, *at) for t in _after_open_block(tree, container, heads, written))


def _heads(tree: Tree, container: Node, steps: Path) -> Iterator[Heads]:
    """The keys plain, or else quoted."""
    written: list[list[str | None]] = []
    for index, step in enumerate(steps):
        is_item = type(step) is int and (index > 0 or container.kind != "map")
        written.append([None] if is_item else [*key_spellings(step, as_json=tree.is_json)])
    yield [ways[0] for ways in written]
    if any(len(ways) > 1 for ways in written):
        yield [ways[-1] for ways in written]


def _into_block(tree: Tree, node: Node, heads: Heads, written: str) -> Iterator[str]:
    """In lines of its own after the last entry, as far in as its siblings."""
    last = node.items[-1]
    key = node.items[-2] if node.kind == "map" else None
    at = tree.line_end(tree.end(key, last))
    lines = _lines(tree, heads, written, tree.column(node.start))
    yield tree.text[:at] + tree.newline + lines + tree.text[at:]


def _before_last(tree: Tree, node: Node, heads: Heads, written: str) -> str:
    """Before the last entry, where that is a block of text which a line end would change."""
    text, entries, column = tree.text, [*node.entries()], tree.column(node.start)
    lines = _lines(tree, heads, written, column)
    if len(entries) == 1:
        start = node.start
        return text[:start] + lines.lstrip(" ") + tree.newline + " " * column + text[start:]
    at = tree.line_end(tree.end(*entries[-2]))
    return text[:at] + tree.newline + lines + text[at:]


def _after_open_block(tree: Tree, node: Node, heads: Heads, written: str) -> Iterator[str]:
    """Behind an item that is a block of text without a line end, which then says so."""
    last = node
    while last.is_block and last.items:
        last = last.items[-1]
    header = re.compile(r"[|>]\d*").match(tree.text, last.start)
    if header and last.style in ("|", ">"):
        for text in _into_block(tree, node, heads, written):
            yield text[: header.end()] + "-" + text[header.end() :]


def _into_flow(tree: Tree, node: Node, heads: Heads, written: str) -> Iterator[str]:
    """After a comma behind the last entry; in a line of its own where that one has one."""
    text, last = tree.text, node.items[-1]
    key = node.items[-2] if node.kind == "map" else None
    at, entry = tree.end(key, last), _flow(heads, written)
    start = (key or last).outer
    before, eol = text[tree.line_start(start) : start], tree.line_end(at)
    rest = _REST.fullmatch(text, at, eol)
    if rest and not before.strip():
        comma, end = ("", ",") if rest[1] else (",", "")
        line = tree.newline + before + entry + end
        yield text[:at] + comma + text[at:eol] + line + text[eol:]
    yield f"{text[:at]}, {entry}{text[at:]}"


def _into_empty(tree: Tree, owner: Node, node: Node, heads: Heads, written: str) -> Iterator[str]:
    """Below the key, in the indentation of the file; in brackets where lines cannot stand."""
    text, eol = tree.text, tree.line_end(node.end)
    before, after = text[: node.start], text[node.end : eol]
    if not tree.is_json and _COMMENT.fullmatch(after):
        if owner is node:
            yield before + _lines(tree, heads, written, 0) + after + text[eol:]
        else:
            lines = _lines(tree, heads, written, tree.column(owner.start) + step_of(tree))
            head = before.rstrip(" \t") + (after.rstrip(" \t") if after.strip() else "")
            yield head + tree.newline + lines + text[eol:]
    flow = _flow(heads, written)
    flow = f"[{flow}]" if heads[0] is None else f"{{{flow}}}"
    for pad in ("", " ", ": "):
        yield before + pad + flow + text[node.end :]


def _flow(heads: Heads, written: str) -> str:
    """An entry within brackets."""
    for index, head in reversed([*enumerate(heads)]):
        entry = written if head is None else f"{head}: {written}".rstrip(" ")
        closed = f"[{entry}]" if head is None else f"{{{entry}}}"
        written = closed if index else entry
    return written


def _lines(tree: Tree, heads: Heads, written: str, column: int) -> str:
    """An entry in lines, each deeper than the one before."""
    lines = []
    for index, head in enumerate(heads):
        value = f" {written}" if written and index == len(heads) - 1 else ""
        mark = "-" if head is None else f"{head}:"
        lines.append(" " * (column + index * step_of(tree)) + mark + value)
    return tree.newline.join(lines)


def step_of(tree: Tree) -> int:
    """How far the file indents what stands in a map."""
    root = tree.root
    if root.kind == "map" and root.is_block:
        for key, value in root.entries():
            inner = value if value.is_block and value.kind == "map" else None
            if key and inner and tree.column(inner.start) > tree.column(key.start):
                return tree.column(inner.start) - tree.column(key.start)
    return 2
