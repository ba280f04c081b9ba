"""An entry of a map or list taken out: what is cut with it.

Its lines go, with the comments in them; comments above and below stay, and so do blank lines,
but for those that would become a part of the text above.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pxtui.polyaxonfile.tree import LINE_END, Node, Tree

_REST = re.compile(r"[ \t]*(,?)[ \t]*(?:#[^\r\n]*)?")
_BLANK = re.compile(r"[ \t]*(?:(?:\r\n?|\n)[ \t]*)*")


def removals(
    tree: Tree, container: Node, key: Node | None, value: Node
) -> Iterator[tuple[str, int, int]]:
    """Texts of the file without an entry of a container, and the events that change."""
    entries = [*container.entries()]
    if len(entries) == 1:
        at = (container.event, container.stop)
        yield from ((text, *at) for text in _emptied(tree, container, key, value))
        return
    write = _from_block if container.is_block else _from_flow
    index = next(i for i, (_, one) in enumerate(entries) if one is value)
    first = (key or value).event
    yield from ((t, first, value.stop) for t in write(tree, container, entries, index))


def _emptied(tree: Tree, node: Node, key: Node | None, value: Node) -> Iterator[str]:
    """Brackets in the place of the last entry, at the key above where nothing stands between."""
    text, empty = tree.text, "{}" if node.kind == "map" else "[]"
    if not node.is_block:
        yield text[: node.start] + empty + text[node.end :]
        return
    for at in _ends(tree, key, value):
        end = tree.line_end(at)
        before = text[: node.start]
        pad = " " if before.strip() and node is not tree.root else ""
        if node is not tree.root:
            yield before.rstrip() + pad + empty + text[end:]
        yield before + empty + text[end:]


def _from_block(
    tree: Tree, node: Node, entries: list[tuple[Node | None, Node]], index: int
) -> Iterator[str]:
    text, (key, value) = tree.text, entries[index]
    start = _entry_start(tree, node, key or value)
    line = tree.line_start(start)
    for at in _ends(tree, key, value):
        end = tree.next_line(at)
        if not text[line:start].strip():
            if end == len(text) and not LINE_END.search(text, at):
                # the last line of a file without a line end: the one above has none then
                yield re.sub(r"(?:\r\n?|\n)\Z", "", text[:line])
            yield text[:line] + text[end:]
            # comments that stand deeper would be read as more of a block of text above
            deeper = re.compile(
                rf"(?: {{{tree.column(start) + 1},}}#[^\r\n]*|[ \t]*)(?:\r\n?|\n|\Z)"
            )
            while end < len(text) and (comment := deeper.match(text, end)):
                end = comment.end()
            yield text[:line] + text[end:]
        elif index + 1 < len(entries):
            # the first entry stands behind the dash of a list: the next one moves there
            following = _entry_start(tree, node, entries[index + 1][0] or entries[index + 1][1])
            if _BLANK.fullmatch(text, tree.line_end(at), following):
                yield text[:start] + text[following:]
            yield text[:start].rstrip(" ") + text[tree.line_end(at) :]


def _from_flow(
    tree: Tree, node: Node, entries: list[tuple[Node | None, Node]], index: int
) -> Iterator[str]:
    text, (key, value) = tree.text, entries[index]
    start, end = (key or value).outer, tree.end(key, value)
    before = tree.end(*entries[index - 1]) if index else None
    line, eol = tree.line_start(start), tree.line_end(end)
    rest = _REST.fullmatch(text, end, eol)
    if rest and not text[line:start].strip() and line > node.start:
        following = text[tree.next_line(end) :]
        if index + 1 == len(entries) and before is not None and not rest[1]:
            comma = text.find(",", before, line)
            if comma >= 0:
                yield text[:comma] + text[comma + 1 : line] + following
        yield text[:line] + following
    if index + 1 < len(entries):
        after, item = entries[index + 1]
        yield text[:start] + text[(after or item).outer :]
    if before is not None:
        yield text[:before] + text[end:]


def _ends(tree: Tree, key: Node | None, value: Node) -> Iterator[int]:
    """Where an entry ends, without and with the blank lines after a block of text."""
    last = value
    while last.is_block and last.items:
        last = last.items[-1]
    yield tree.end(key, value)
    if last.kind == "scalar" and last.style in ("|", ">"):
        yield max(last.start, last.end - 1)


def _entry_start(tree: Tree, node: Node, first: Node) -> int:
    """The dash of an item, the key of a value, or the `?` before it."""
    column, at = tree.column(node.start), first.outer
    if node.kind == "map":
        before = tree.text[tree.line_start(at) : at]
        return tree.line_start(at) + column if before.rstrip(" ").endswith("?") else at
    while tree.text[tree.line_start(at) + column : tree.line_start(at) + column + 1] != "-":
        if tree.line_start(at) <= node.start:
            return node.start
        at = tree.line_start(at) - 1
    return tree.line_start(at) + column
