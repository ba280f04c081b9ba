"""A value that follows another one, through `*` or `<<`, gets its own: a copy in brackets."""

from __future__ import annotations

import re

from pxtui.polyaxonfile.edit.spelling import quoted
from pxtui.polyaxonfile.path import Path
from pxtui.polyaxonfile.tree import Node, Tree

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_IN_BRACKETS = re.compile(r"[^,\[\]{}\r\n]*")


def detached(tree: Tree, node: Node | None, steps: Path, written: str) -> str:
    """A value as it stands or as what it follows, with another one at a path in it."""
    if not steps:
        return written
    own = node.resolved if node else None
    inner = detached(tree, own.child(steps[0]) if own else None, steps[1:], written)
    if own and own.kind == "list":
        items = [copied(tree, item) for item in own.items]
        items[int(steps[0]) : int(steps[0]) + 1] = [inner]
        return f"[{', '.join(items)}]"
    entry = f"{_key(steps[0])}: {inner}"
    if node and own and node.kind == "alias" and own.kind == "map":
        return f"{{<<: {_alias(tree, node)}, {entry}}}"
    kept = [
        _pair(tree, key, value)
        for key, value in (own.entries() if own else ())
        if key and (key.is_merge or key.value != steps[0])
    ]
    return f"{{{', '.join([*kept, entry])}}}"


def copied(tree: Tree, node: Node) -> str:
    """A value as it stands, on one line and without its anchor."""
    if node.kind == "alias":
        return _alias(tree, node)
    if node.kind == "list":
        return f"[{', '.join(copied(tree, item) for item in node.items)}]"
    if node.kind == "map":
        pairs = (_pair(tree, key, value) for key, value in node.entries() if key)
        return f"{{{', '.join(pairs)}}}"
    raw = tree.text[node.start : node.end]
    fits = "\n" not in raw and (node.style in ("'", '"') or _IN_BRACKETS.fullmatch(raw))
    return raw if fits and node.style not in ("|", ">") else quoted(node.text)


def _alias(tree: Tree, node: Node) -> str:
    return f"*{tree.shapes[node.event][1]}"


def _pair(tree: Tree, key: Node, value: Node) -> str:
    mark = " :" if key.kind == "alias" else ":"
    return f"{copied(tree, key)}{mark} {copied(tree, value)}"


def _key(step: str | int) -> str:
    return str(step) if isinstance(step, int) or _PLAIN.fullmatch(step) else quoted(step)
