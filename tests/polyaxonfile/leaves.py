"""What the batteries of edits have in common: real files, their places, and a second reader."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path as FilePath
from typing import Any

import pytest
import yaml

from pxtui.polyaxonfile.document import Document
from pxtui.polyaxonfile.path import Path
from pxtui.polyaxonfile.problems import PolyaxonfileError
from pxtui.polyaxonfile.tree import Node
from tests.shared import SHARED


def real_files() -> list[FilePath]:
    """The files of the corpus."""
    if SHARED is None:
        pytest.skip("the shared files are not here")
    found = (SHARED / "corpus").rglob("*")
    return sorted(path for path in found if path.suffix in (".yml", ".yaml", ".json"))


def nasty_files(pattern: str) -> list[FilePath]:
    """Some of the hostile and odd files."""
    if SHARED is None:
        pytest.skip("the shared files are not here")
    return sorted((SHARED / "nasty-polyaxonfiles").glob(pattern))


def opened(file: FilePath) -> Document | None:
    """A file, if it is YAML at all."""
    try:
        return Document.parse(file.read_bytes(), file.name)
    except PolyaxonfileError:
        return None


def places(node: Node | None, path: Path = ()) -> Iterator[tuple[Path, Node]]:
    """Every value that a file itself has, with its path; not what follows an alias or a merge."""
    if node is None:
        return
    yield path, node
    if node.kind == "map":
        for step, (_, value) in node.keys.items():
            yield from places(value, (*path, step))
    elif node.kind == "list":
        for index, value in enumerate(node.items):
            yield from places(value, (*path, index))


def texts(data: bytes) -> Any:
    """What PyYAML's own loader reads, every scalar as its text."""
    return yaml.load(data.decode("utf-8-sig"), Loader=yaml.CBaseLoader)


def text_path(document: Document, path: Path) -> Path:
    """A path as it is among texts."""
    found: list[str | int] = []
    for depth, step in enumerate(path):
        above = document.node(path[:depth])
        assert above
        own = above.resolved
        found.append(own.keys[step][0].text if own.kind == "map" else step)
    return tuple(found)


def with_value(value: Any, path: Path, new: Any) -> Any:
    """A copy with another value at a path, added where there is none."""
    if not path:
        return new
    step, rest = path[0], path[1:]
    if isinstance(value, list):
        items = [*value, None] if step == len(value) else [*value]
        items[int(step)] = with_value(items[int(step)], rest, new)
        return items
    return {**value, step: with_value(value.get(step), rest, new)}


def without_value(value: Any, path: Path) -> Any:
    """A copy without what stands at a path."""
    above: Any = value
    for step in path[:-1]:
        above = above[step]
    if isinstance(above, list):
        left: Any = [item for index, item in enumerate(above) if index != path[-1]]
    else:
        left = {key: item for key, item in above.items() if key != path[-1]}
    return with_value(value, path[:-1], left)
