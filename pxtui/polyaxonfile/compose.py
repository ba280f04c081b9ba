"""The text of a file → a tree of nodes that know their own characters and their Python value.

libyaml's events are the only YAML parser: its events do not recurse, its marks are exact, and what
it accepts is the same for reading and for editing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal

import yaml

from pxtui.polyaxonfile.problems import PolyaxonfileError, Problem
from pxtui.polyaxonfile.scalar import YAML, read_json, read_scalar, short_tag
from pxtui.polyaxonfile.syntax import explained
from pxtui.polyaxonfile.tree import Lines, Node, Tree, is_json_name

MAX_NODES = 100_000
MAX_DEPTH = 64
MAX_EXPANDED = 10_000
"""Nodes that aliases may stand for, all together."""

_NOT_TEXT = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_PROPERTIES = re.compile(
    r"(?:(?:&[\w-]+|!<[^>]*>|![^\s,\[\]{}]*)(?:[ \t]*(?:#[^\r\n]*)?(?:\r\n?|\n)|[ \t]+)*)*"
)


def compose(text: str, file: str) -> Tree:
    """Read the one document of a text; all that is wrong is raised as one PolyaxonfileError."""
    return _Composer(text, file).compose()


class _Composer:
    """Builds the tree of one text."""

    def __init__(self, text: str, file: str) -> None:
        self.shapes: list[tuple[Any, ...]] = []
        self.lines = Lines(text)
        self._text = text
        self._file = file
        self._is_json = is_json_name(file)
        self._anchors: dict[str, Node] = {}
        self._open: set[str] = set()
        self._expanded = 0
        self._depth = 0
        self._problems: list[Problem] = []

    def compose(self) -> Tree:
        if odd := _NOT_TEXT.search(self._text):
            raise self._fatal(
                "E_SYNTAX",
                f"the control character U+{ord(odd[0]):04X} is not allowed in YAML",
                odd.start(),
                "take it out, or write it as an escape in double quotes",
            )
        try:
            root = self._document(_events(self._text))
        except yaml.YAMLError as error:
            raise self._fatal("E_SYNTAX", *explained(error, self._text)) from None
        if root is None or root.value is None:
            raise self._fatal("E_EMPTY", "the file is empty", 0, "`pxtui demo` writes an example")
        if self._problems:
            raise PolyaxonfileError(self._problems)
        return Tree(self._text, self._file, root, self.lines, self.shapes)

    def _document(self, events: Iterator[Any]) -> Node | None:
        root = None
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None and event.start_mark:
                    raise self._fatal(
                        "E_MULTIDOC",
                        "a second document starts here: a polyaxonfile has one",
                        event.start_mark.index,
                        "move it to a file of its own, and name that with -f",
                    )
                root = self._node(next(events), events)
        return root

    def _node(self, event: Any, events: Iterator[Any]) -> Node:
        place = len(self.shapes)
        if place > MAX_NODES:
            raise self._fatal("E_TOO_BIG", "too many values", event.start_mark.index)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, place)
        start = outer = event.start_mark.index
        end = event.end_mark.index
        if event.anchor or event.tag:
            properties = _PROPERTIES.match(self._text, outer)
            start = min(properties.end(), end) if properties else outer
        if isinstance(event, yaml.ScalarEvent):
            style = event.style or ""
            self.shapes.append(("scalar", event.anchor, event.tag, event.value, style))
            node = Node("scalar", start, end, outer, place, place + 1, event.value, style=style)
            node.anchor = event.anchor
            node.value, node.is_merge, wrong = read_scalar(event)
            if wrong:
                self._complain("E_TAG", wrong, node)
            if self._is_json and not style:
                node.value = read_json(node.value, node.text)
            if event.anchor:
                self._anchors[event.anchor] = node
            return node
        is_map = isinstance(event, yaml.MappingStartEvent)
        style = "[" if event.flow_style else ""
        kind: Literal["map", "list"] = "map" if is_map else "list"
        self.shapes.append((kind, event.anchor, event.tag, style))
        node = Node(kind, start, end, outer, place, place, style=style, anchor=event.anchor)
        if event.tag not in (None, "!", f"{YAML}{'map' if is_map else 'seq'}"):
            self._complain("E_TAG", f"the tag {short_tag(event.tag)} is not one to use here", node)
        self._fill(node, events)
        return node

    def _fill(self, node: Node, events: Iterator[Any]) -> None:
        """Compose what a list or map holds, as deep as it is allowed to."""
        if self._depth >= MAX_DEPTH:
            raise self._fatal("E_TOO_DEEP", f"nested deeper than {MAX_DEPTH} levels", node.start)
        self._depth += 1
        if node.anchor:
            self._anchors[node.anchor] = node
            self._open.add(node.anchor)
        end = self._read_map(node, events) if node.kind == "map" else self._read_list(node, events)
        self.shapes.append(("end",))
        node.stop = len(self.shapes)
        node.end = end.end_mark.index if node.style else node.end
        if node.anchor:
            self._open.discard(node.anchor)
        self._depth -= 1

    def _alias(self, event: Any, place: int) -> Node:
        start = event.start_mark.index
        target = self._anchors.get(event.anchor)
        if target is None:
            raise self._fatal("E_ALIAS", f"*{event.anchor} stands for nothing: no anchor", start)
        if event.anchor in self._open:
            raise self._fatal("E_ALIAS", f"*{event.anchor} contains itself", start)
        self._expanded += target.size
        if self._expanded > MAX_EXPANDED:
            raise self._fatal(
                "E_ALIAS", f"the aliases stand for more than {MAX_EXPANDED:,} values", start
            )
        self.shapes.append(("alias", event.anchor))
        return Node(
            "alias",
            start,
            event.end_mark.index,
            start,
            place,
            place + 1,
            target.text,
            target.value,
            size=target.size,
            target=target,
        )

    def _read_list(self, node: Node, events: Iterator[Any]) -> Any:
        node.value = []
        node.items = items = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            item = self._node(event, events)
            items.append(item)
            node.value.append(item.value)
            node.size += item.size
        return event

    def _read_map(self, node: Node, events: Iterator[Any]) -> Any:
        own: dict[Any, Any] = {}
        inherited: dict[Any, Node] = {}
        keys: dict[Any, tuple[Node, Node]] = {}
        node.keys = keys
        items: list[Node] = []
        node.items = items
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            key = self._node(event, events)
            value = self._node(next(events), events)
            items += (key, value)
            node.size += key.size + value.size
            if key.is_merge:
                self._merge(value, inherited)
            elif self._is_key(key):
                twin = keys.get(key.value, (None,))[0]
                if twin and type(twin.value) is type(key.value):  # 1 and true are no twins
                    first, _ = self.lines.at(twin.start)
                    self._complain(
                        "E_DUPKEY",
                        f"{key.text!r} is given twice, first in line {first}",
                        key,
                        "YAML would silently take the last: remove one",
                    )
                own[key.value] = value.value
                keys[key.value] = (key, value)
        node.inherited = inherited
        node.value = {k: n.value for k, n in inherited.items()} | own
        return event

    def _is_key(self, key: Node) -> bool:
        if key.resolved.kind == "scalar":
            return True
        if self._text[max(0, key.start - 1) : key.start + 1] == "{{":
            raise self._fatal(
                "E_SYNTAX",
                "a value that starts with `{{` is a map for YAML",
                key.start - 1,
                "quote it: '{{ … }}'",
            )
        self._complain("E_SCHEMA", "a key must be a text, not a list or map", key)
        return False

    def _merge(self, source: Node, into: dict[Any, Node]) -> None:
        node = source.resolved
        sources = [i.resolved for i in node.items] if node.kind == "list" else [node]
        for one in reversed(sources):
            if one.kind == "map":
                into.update(one.inherited)
                into.update((key, value) for key, (_, value) in one.keys.items())
            else:
                self._complain("E_SCHEMA", "`<<` takes a map", source)

    def _complain(self, code: str, message: str, node: Node, hint: str = "") -> None:
        self._problems.append(Problem(code, message, self._file, *self.lines.at(node.start), hint))

    def _fatal(self, code: str, message: str, index: int, hint: str = "") -> PolyaxonfileError:
        last = Problem(code, message, self._file, *self.lines.at(index), hint)
        return PolyaxonfileError([*self._problems, last])


def _events(text: str) -> Iterator[Any]:
    events: Iterator[Any] = yaml.parse(text, Loader=yaml.CSafeLoader)
    return events
