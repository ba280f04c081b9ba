"""Edits over all real files: what was asked for is read back, and no other byte has changed."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from pxtui.errors import EditError
from pxtui.polyaxonfile.document import Document
from pxtui.polyaxonfile.path import Path
from pxtui.polyaxonfile.tree import Node, block_end
from tests.polyaxonfile.leaves import (
    nasty_files,
    opened,
    places,
    real_files,
    text_path,
    texts,
    with_value,
    without_value,
)

VALUES = ("0.5", "it's: a # text", "{{ lr }}", "")
SAMPLE = 1500


def documents() -> Iterator[Document]:
    """The files without aliases: there, what follows an edited value changes with it."""
    for file in real_files():
        document = opened(file)
        if document and "*" not in document.data.decode() and document.node(()):
            yield document


def leaves() -> Iterator[tuple[Document, Path, Node, str]]:
    for document in documents():
        for path, node in places(document.node(())):
            if path and node.kind == "scalar":
                for text in VALUES:
                    yield document, path, node, text


def check_set(document: Document, path: Path, node: Node, text: str) -> None:
    new = document.change(path, text)
    old_text, new_text = document.data.decode("utf-8-sig"), new.data.decode("utf-8-sig")
    is_block = node.style in ("|", ">")
    end = block_end(old_text, node) if is_block and new_text != old_text else node.end
    assert new_text.startswith(old_text[: node.start])
    assert new_text.endswith(old_text[end:])
    assert len(new_text) >= node.start + len(old_text) - end
    expected = with_value(texts(document.data), text_path(document, path), text)
    assert texts(new.data) == expected


def test_a_sample_of_single_edits() -> None:
    chosen = random.Random(7).sample([*leaves()], SAMPLE)
    for document, path, node, text in chosen:
        check_set(document, path, node, text)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_every_scalar_can_be_set() -> None:
    count = 0
    for document, path, node, text in leaves():
        check_set(document, path, node, text)
        count += 1
    assert count >= 17_000


def check_added(document: Document, path: Path, node: Node) -> None:
    step = "new_one" if node.kind == "map" else len(node.items)
    if node.kind == "list" and node.style and "[" not in document.text(path)[:1]:
        return
    new = document.change((*path, step), "0.5")
    place = (*text_path(document, path), step)
    assert texts(new.data) == with_value(texts(document.data), place, "0.5")
    assert new.change((*path, step), None).value == document.value


def check_removed(document: Document, path: Path) -> None:
    new = document.change(path, None)
    assert texts(new.data) == without_value(texts(document.data), text_path(document, path))
    left = set(new.data.splitlines())
    kept = [line for line in document.data.splitlines() if line.lstrip().startswith(b"#")]
    node = document.node(path)
    assert node
    if node.kind == "scalar" and node.style not in ("|", ">"):
        assert left >= set(kept)


def entries() -> Iterator[tuple[Document, Path, Node]]:
    for document in documents():
        for path, node in places(document.node(())):
            yield document, path, node


def check_entry(document: Document, path: Path, node: Node) -> None:
    if node.kind in ("map", "list"):
        check_added(document, path, node)
    if path:
        check_removed(document, path)


def test_a_sample_of_entries_is_added_and_taken_out() -> None:
    for document, path, node in random.Random(7).sample([*entries()], SAMPLE // 2):
        check_entry(document, path, node)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_every_entry_can_be_added_and_taken_out() -> None:
    for document, path, node in entries():
        check_entry(document, path, node)


def test_what_is_refused_is_said() -> None:
    for document in documents():
        for path, node in places(document.node(())):
            if node.is_block and path:
                assert "in the editor" in document.locked(path)
                with pytest.raises(EditError):
                    document.change(path, "0.5")
                break


def test_what_is_added_to_an_odd_file_and_taken_out_again_leaves_its_bytes() -> None:
    files = nasty_files("rt-*.yml")
    assert len(files) == 17
    for file in files:
        document = Document.parse(file.read_bytes(), file.name)
        new = document.change(("declarations", "new_one"), "0.5")
        assert new.value["declarations"]["new_one"] == 0.5
        assert new.change(("declarations", "new_one"), None).data == document.data, file.name
