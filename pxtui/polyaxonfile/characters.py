"""An index into the text of a scalar → the index of that character in the file."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pxtui.polyaxonfile.tree import LINE_END, Node

_FOLD = r"[ \t]*(?:\r\n?|\n)(?:[ \t]*(?:\r\n?|\n))*[ \t]*"
_TOKENS = {
    "": re.compile(rf"(?P<fold>{_FOLD})|(?P<run>[ \t]+|[^ \t\r\n]+)"),
    "'": re.compile(rf"(?P<fold>{_FOLD})|''|(?P<run>[ \t]+|[^ \t\r\n']+)"),
    '"': re.compile(
        rf"(?P<joined>\\{_FOLD})|(?P<fold>{_FOLD})|(?P<run>[ \t]+|[^ \t\r\n\\]+)"
        r"|\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)"
    ),
}


def index_in_file(text: str, node: Node, at: int) -> int:
    """Where a character of a scalar's text stands in the text of the file."""
    if node.kind != "scalar":
        return min(node.start + at, len(text))
    if node.style in ("|", ">"):
        return _in_block(text, node, at)
    quote = len(node.style)
    read = 0
    for token in _TOKENS[node.style].finditer(text, node.start + quote, node.end - quote):
        before, read = read, read + _length(token)
        if read > at:
            return token.start() + (at - before if token.lastgroup == "run" else 0)
    return node.end - quote


def _length(token: re.Match[str]) -> int:
    """How many characters YAML makes of a token: line ends fold to a blank, or lose one."""
    if token.lastgroup in ("run", None):
        return len(token[0]) if token.lastgroup else 1
    ends = len(LINE_END.findall(token[0]))
    return ends - 1 if token.lastgroup == "joined" else max(1, ends - 1)


def _in_block(text: str, node: Node, at: int) -> int:
    """In a block each written line stands in the text as it is, only without its indentation."""
    read, found = 0, node.start
    for start, line in written_lines(text, node):
        place = node.text.find(line, read)
        if place < 0 or place > at:
            break
        found, read = start + min(at - place, len(line)), place + len(line)
    return found


def written_lines(text: str, node: Node) -> Iterator[tuple[int, str]]:
    """The lines of a block scalar that are not blank: index and characters without indentation."""
    indent = block_indent(text, node)
    start = node.start
    for line in re.split(r"(?<=\n)|(?<=\r)(?!\n)", text[node.start : node.end]):
        body = line.rstrip("\r\n")[indent:]
        if start > node.start and body.strip(" "):
            yield start + indent, body
        start += len(line)


def block_indent(text: str, node: Node) -> int:
    """How far the lines of a block scalar stand in; 0 where it has none."""
    raw = re.split(r"\r\n?|\n", text[node.start : node.end])[1:]
    first = next((line for line in raw if line.strip(" ")), "")
    said = next((line for line in node.text.split("\n") if line.strip(" ")), "")
    return max(0, _blanks(first) - _blanks(said))


def _blanks(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
