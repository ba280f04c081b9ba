"""One edit of a file: each way to write it is read again, and taken only if nothing else changed.

The parser is the judge: no rule here says what may stand where in YAML.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pxtui.errors import EditError
from pxtui.polyaxonfile.edit.add import insertions
from pxtui.polyaxonfile.edit.detach import detached
from pxtui.polyaxonfile.edit.remove import removals
from pxtui.polyaxonfile.edit.spelling import blocks, spellings
from pxtui.polyaxonfile.edit.ways import Spelling, Way, follower, nested, proved, put, same
from pxtui.polyaxonfile.path import Path, dotted
from pxtui.polyaxonfile.tree import Node, Tree, block_end

_IN_AN_EDITOR = "edit it in the editor"
_ANY = ("scalar", "list", "map")


def changed(tree: Tree, path: Path, text: str | None) -> Tree:
    """Set, add or (None) take out the value at a path; raise EditError."""
    node = tree.node(path)
    if (node is None) if text is None else (node is not None and text_of(tree, node) == text):
        return tree
    name = dotted(path)
    if text is None:
        if reason := _held(tree, path):
            raise EditError(f"{name} cannot be taken out here: {reason}")
        ways, failure = _taken_out(tree, path), f"{name} cannot be taken out: {_IN_AN_EDITOR}"
    else:
        if reason := obstacle(tree, path):
            raise EditError(f"{name} cannot be set here: {reason}")
        ways = _written(tree, path, text)
        failure = f"{name} cannot be {text!r}: no spelling keeps the rest of the file"
        if node is not None and node.kind in ("list", "map") and _is_slip(text):
            failure = f"{name} cannot be {text!r}: that is not one {node.kind} in brackets"
    new = next((new for way in ways if (new := proved(tree, way))), None)
    if new is None:
        raise EditError(failure)
    return new


def text_of(tree: Tree, node: Node) -> str:
    """A value as typed: a scalar without its quotes, a bracketed list or map as it stands."""
    own = node.resolved
    return own.text if own.kind == "scalar" else tree.text[own.start : own.end]


def obstacle(tree: Tree, path: Path) -> str:
    """Why the value at a path cannot be set or added; empty where it can."""
    if not path:
        return f"it is the whole file: {_IN_AN_EDITOR}"
    node = tree.node(path)
    if node is not None:
        own = node.resolved
        return f"it is a {own.kind}: {_IN_AN_EDITOR}" if own.is_block else ""
    depth = _depth(tree, path)
    above = tree.node(path[:depth])
    own = above.resolved if above else tree.root
    where = f"{dotted(path[:depth])} is" if depth else "the file is"
    if own.kind == "scalar" and own.value is not None:
        return f"{where} not a map or list"
    first = len(own.items) if own.kind == "list" else path[depth] if own.kind == "map" else 0
    if own.kind == "list" and path[depth] != first:
        return f"{where} a list of {first}"
    counted = path[depth + 1 :] if own.kind in ("list", "map") else path[depth:]
    if any(type(step) is int and step != 0 for step in counted):
        return "the file has no such list"
    return ""


def detour(tree: Tree, path: Path) -> int | None:
    """After how many steps a path leaves what is written there itself; None: it does not."""
    node: Node | None = tree.root
    for index, step in enumerate(path):
        if node is None:
            return None
        if node.kind == "alias" or (step in node.inherited and step not in node.keys):
            return index
        node = node.child(step)
    return None


def _held(tree: Tree, path: Path) -> str:
    """Why the entry at a path cannot be taken out."""
    if not path:
        return f"it is the whole file: {_IN_AN_EDITOR}"
    at = detour(tree, path)
    if at is not None:
        above = tree.node(path[:at])
        sign = "`*`" if above and above.kind == "alias" else "`<<`"
        return f"it comes from elsewhere by {sign}: take it out where it is written"
    container = tree.node(path[:-1])
    key, value = _entry(container, path[-1]) if container else (None, tree.root)
    if name := follower(tree, (key or value).event, value.stop):
        return f"*{name} follows it: change that first"
    return ""


def _depth(tree: Tree, path: Path) -> int:
    """How many steps of a path the file has."""
    depth = len(path)
    while tree.node(path[:depth]) is None:
        depth -= 1
    return depth


def _entry(container: Node, step: str | int) -> tuple[Node | None, Node]:
    if container.kind == "map":
        return container.keys[step]
    return None, container.items[int(step)]


# -- the ways to write an edit


def _written(tree: Tree, path: Path, text: str) -> Iterator[Way]:
    at, node = detour(tree, path), tree.node(path)
    if at is None and node is not None and node.style in ("|", ">"):
        yield from _as_block(tree, path, node, text)
    style = node.resolved.style if node is not None else ""
    if style in ("|", ">"):
        style = '"' if node is not None and node.kind == "scalar" else ""
    for written, as_typed in spellings(text, style, as_json=tree.is_json):
        spelling = Spelling(text, written, as_typed)
        if at is not None:
            yield from _apart(tree, path, at, spelling)
        elif node is not None:
            yield from _in_place(tree, path, node, spelling)
        else:
            yield from _added(tree, path, _depth(tree, path), spelling)


def _as_block(tree: Tree, path: Path, node: Node, text: str) -> Iterator[Way]:
    def holds(new: Tree) -> bool:
        found = new.node(path)
        return found is not None and found.text == text and found.style in ("|", ">")

    container = tree.node(path[:-1]) or tree.root
    for end, written in blocks(tree, container, node, text):
        changed = tree.text[: node.start] + written + tree.text[end:]
        yield Way(changed, node.event, node.stop, holds)


def _in_place(tree: Tree, path: Path, node: Node, spelling: Spelling) -> Iterator[Way]:
    """Other characters for a value that has its own."""
    kinds = ("scalar", node.kind) if node.kind in ("list", "map") else _ANY
    if node.kind in ("list", "map") and not spelling.as_typed and _is_slip(spelling.text):
        return
    start, end, pads = node.start, node.end, [""]
    if node.style in ("|", ">"):
        end = block_end(tree.text, node)
    elif start == end and spelling.written:
        container = tree.node(path[:-1])
        key = _entry(container.resolved, path[-1])[0] if container else None
        start = end = tree.end(key, node)
        pads = ["", ": "] if tree.text[:start][-1:].isspace() else [" ", ": ", ""]
        pads += [f"{tree.newline}{' ' * tree.column(container.start)}: "] if container else []
    before, after = tree.text[:start], tree.text[end:]
    for pad in pads:
        yield Way(
            before + pad + spelling.written + after,
            node.event,
            node.stop,
            lambda new: spelling.stands(new, path, kinds),
        )


def _is_slip(text: str) -> bool:
    """Brackets that do not close, where brackets stood: nobody meant a text."""
    return text.startswith(("[", "{")) and not text.startswith(("{{", "{%"))


def _added(tree: Tree, path: Path, depth: int, spelling: Spelling) -> Iterator[Way]:
    """A new entry, with the maps and lists that lead to it."""

    def holds(new: Tree) -> bool:
        first, last = new.node(path[: depth + 1]), new.node(path)
        return (
            first is not None
            and last is not None
            and spelling.stands(new, path, _ANY)
            and first.value == nested(path[depth + 1 :], last.value)
        )

    yield from _inserted(tree, path[:depth], path[depth:], spelling.written, holds)


def _inserted(
    tree: Tree,
    above: Path,
    steps: Path,
    written: str,
    holds: Callable[[Tree], bool],
    *,
    aliases: bool = False,
) -> Iterator[Way]:
    container, owner = tree.node(above), tree.node(above[:-1])
    if container is not None and owner is not None:
        for text, first, stop in insertions(tree, owner, container, steps, written):
            yield Way(text, first, stop, holds, aliases)


def _apart(tree: Tree, path: Path, at: int, spelling: Spelling) -> Iterator[Way]:
    """An own value for what follows another one."""
    alias = tree.node(path[:at])
    if alias is None:
        return
    own = at if alias.kind == "alias" else at + 1
    old = tree.node(path[:own])

    def holds(new: Tree) -> bool:
        here, last = new.node(path[:own]), new.node(path)
        return (
            here is not None
            and last is not None
            and spelling.stands(new, path, _ANY)
            and same(here.value, put(old.value if old else None, path[own:], last.value))
        )

    written = detached(tree, old, path[own:], spelling.written)
    if own > at:
        yield from _inserted(tree, path[:at], path[at:own], written, holds, aliases=True)
    else:
        changed = tree.text[: alias.start] + written + tree.text[alias.end :]
        yield Way(changed, alias.event, alias.stop, holds, aliases=True)


def _taken_out(tree: Tree, path: Path) -> Iterator[Way]:
    container = tree.node(path[:-1])
    if container is None:
        return
    key, value = _entry(container, path[-1])
    left = len(container.items) - (1 if key is None else 2)

    def holds(new: Tree) -> bool:
        found = new.node(path[:-1])
        return found is not None and found.kind == container.kind and len(found.items) == left

    for text, first, stop in removals(tree, container, key, value):
        yield Way(text, first, stop, holds)
