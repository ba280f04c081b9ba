"""The text of a polyaxonfile as it is shown: dots for secret values, every line in its place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from pxtui.polyaxonfile.document import Document
from pxtui.polyaxonfile.path import Path
from pxtui.polyaxonfile.problems import PolyaxonfileError
from pxtui.polyaxonfile.secret import DOTS, is_secret

_WORDS = re.compile(r"^([ \t]*)\S.*$", re.MULTILINE)
_PAIR = re.compile(r"""(["']?)([\w.-]+)\1\s*:(?=\s|$)[ \t]*""")


@lru_cache(maxsize=8)
def dotted(text: str, secrets: tuple[Path, ...]) -> str:
    """The text with dots for the values at these places; of a file that is broken, by their keys.

    The text has no byte order mark.
    """
    try:
        document = Document.parse(text.encode(), "")
    except (PolyaxonfileError, UnicodeEncodeError):
        return "\n".join(_by_keys(text.split("\n")))
    return _without(text, _spans(document, secrets))


def _spans(document: Document, secrets: Iterable[Path]) -> Iterable[tuple[int, int]]:
    for path in {*secrets, *_named(document)}:
        node = document.node(path)
        if node is not None:
            yield node.resolved.start, node.resolved.end


def _named(document: Document) -> Iterator[Path]:
    """Values that are secret by their names, also those of which the rows have another value."""
    root = document.value if isinstance(document.value, dict) else {}
    for section in (("declarations",), ("params",), ("inputs",), ("component", "inputs")):
        value: Any = root
        for step in section:
            value = value.get(step) if isinstance(value, dict) else None
        yield from _named_below(value, section, "")


def _named_below(value: Any, path: Path, name: str) -> Iterator[Path]:
    if isinstance(value, str) and is_secret(name, "str"):
        yield path
    elif isinstance(value, list):
        for index, below in enumerate(value):
            yield from _named_below(below, (*path, index), name)
    elif isinstance(value, dict):
        for key, below in value.items():
            # an input is named beside its value
            own = value.get("name", key) if key in ("value", "default") else key
            yield from _named_below(below, (*path, key), f"{name}.{own}")


def _without(text: str, spans: Iterable[tuple[int, int]]) -> str:
    for start, end in sorted(set(spans), reverse=True):
        first, *below = text[start:end].split("\n")
        hidden = [DOTS if first.strip() else first, *(_WORDS.sub(rf"\1{DOTS}", s) for s in below)]
        text = text[:start] + "\n".join(hidden) + text[end:]
    return text


def _by_keys(lines: Iterable[str]) -> Iterable[str]:
    """Dots for all that may belong to a key with the name of a secret."""
    inside: int | None = None
    for line in lines:
        indent = len(line) - len(line.lstrip())
        if line.strip() and inside is not None and indent <= inside:
            inside = None
        found = next((p for p in _PAIR.finditer(line) if is_secret(p[2], "str")), None)
        if inside is not None:
            yield _WORDS.sub(rf"\1{DOTS}", line)
        elif found is not None:
            inside = indent
            yield line[: found.end()] + DOTS * bool(line[found.end() :].strip())
        else:
            yield line
