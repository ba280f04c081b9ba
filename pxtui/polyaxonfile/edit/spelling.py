"""Ways to write a text in a file, the best first."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from pxtui.polyaxonfile.characters import block_indent
from pxtui.polyaxonfile.tree import Node, Tree, block_end

_NEEDS_ESCAPE = re.compile(
    "[^\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_HEADER = re.compile(r"([|>])([0-9+-]*)(.*)")


def spellings(text: str, style: str, *, as_json: bool) -> Iterator[tuple[str, bool]]:
    """The text as a value on one line, and whether that is as typed or in quotes.

    `style` is the quote that stands there; what stood in quotes stays in quotes.
    """
    odd = _NEEDS_ESCAPE.search(text)
    as_typed = text.strip(" ")
    if as_json:
        if not style and not odd and is_json(as_typed):
            yield as_typed, True
        yield _json(text), False
        return
    if style in ("", "[") and not odd:
        yield as_typed, True
    if style != '"' and not odd:
        yield "'" + text.replace("'", "''") + "'", False
    yield quoted(text), False


def key_spellings(key: str | int, *, as_json: bool) -> Iterator[str]:
    """A key of a map."""
    if not isinstance(key, str):
        yield str(key)
    elif as_json:
        yield _json(key)
    else:
        if not _NEEDS_ESCAPE.search(key):
            yield key
        yield quoted(key)


def quoted(text: str) -> str:
    """A text in double quotes."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + _NEEDS_ESCAPE.sub(_escape, escaped) + '"'


def is_json(text: str) -> bool:
    """Whether a text is one JSON value."""
    try:
        json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return False
    return True


def blocks(tree: Tree, container: Node, node: Node, text: str) -> Iterator[tuple[int, str]]:
    """A text as the lines of the block that stands there: where they end, and what they are."""
    raw = tree.text[node.start : node.end]
    header = _HEADER.match(raw)
    if header is None or "\r" in text or _NEEDS_ESCAPE.search(text.replace("\n", "")):
        return
    own = tree.text[tree.line_start(node.start) :]
    indent = block_indent(tree.text, node) or len(own) - len(own.lstrip(" ")) + 2
    body = text.rstrip("\n")
    chomp = "" if len(text) == len(body) + 1 else "+" if text.endswith("\n") else "-"
    # how far the lines stand in must be said where the first one begins with a blank
    width = f"{indent - tree.column(container.start)}" if re.match(r"\n* ", body) else ""
    width = re.sub(r"[+-]", "", header[2]) or width
    headers = [f"{kind}{header[2]}" for kind in (header[1], "|")]
    headers += [f"{kind}{width}{chomp}" for kind in (header[1], "|")]
    for end in dict.fromkeys((block_end(tree.text, node), _whole(tree.text, node))):
        for head in dict.fromkeys(headers):
            lines = body.replace("\n", "\n\n") if head[0] == ">" else body
            kept = "\n" * max(0, len(text) - len(body) - 1) if "+" in head else ""
            written = [(" " * indent + line) if line else "" for line in (lines + kept).split("\n")]
            yield (
                end,
                tree.newline.join([head + header[3].rstrip("\r"), *(written if body else [])]),
            )


def _whole(text: str, node: Node) -> int:
    """The end of a block with the blank lines after it, but not its last line end."""
    return node.start + len(re.sub(r"(?:\r\n?|\n)\Z", "", text[node.start : node.end]))


def _json(text: str) -> str:
    return _NEEDS_ESCAPE.sub(lambda m: f"\\u{ord(m[0]):04x}", json.dumps(text, ensure_ascii=False))


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    short = {9: "\\t", 10: "\\n", 13: "\\r"}
    return short.get(code) or (f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}")
