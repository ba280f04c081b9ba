"""The hostile files and the 706 real ones, held against what Polyaxon's own parser made of them."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
import yaml

from pxtui.bounded import read_polyaxonfile
from pxtui.polyaxonfile.document import Document
from pxtui.polyaxonfile.load import load
from tests.shared import SHARED

LR = ("declarations", "lr")

OTHERWISE = {
    # Upstream takes a file without `run`; it is valid for `check`, and cannot be run.
    "sch-no-run.yml": "W_NOT_RUNNABLE",
    # The list asks for the bytes here; the file has a section that every version refuses,
    "rt-key-order-dupe-names.yml": "E_SCHEMA",
    # and these a command with names that nothing declares: Polyaxon ran them with nothing there.
    "rt-yaml12-octal-bool.yml": "E_UNDEFINED",
    "bomb-many-keys.yml": "E_UNDEFINED",
    "sch-decl-null.yml": "E_UNDEFINED",
}


def nasty() -> list[Any]:
    if SHARED is None:
        return [pytest.param("", "", "", marks=pytest.mark.skip("the shared files are not here"))]
    lines = (SHARED / "nasty-polyaxonfiles/MANIFEST.tsv").read_text().splitlines()[1:]
    return [pytest.param(*line.split("\t")[:3], id=line.split("\t")[0]) for line in lines]


def folder(name: str) -> Path:
    if SHARED is None:
        pytest.skip("the shared files are not here")
    return SHARED / name


@pytest.mark.parametrize(("name", "allowed", "edit"), nasty())
def test_a_hostile_file_is_named(name: str, allowed: str, edit: str) -> None:
    data = (folder("nasty-polyaxonfiles") / name).read_bytes()
    start = time.process_time()
    reading = read_polyaxonfile(data, name)
    assert time.process_time() - start < 1
    codes = {p.code for p in reading.problems}
    wanted = {OTHERWISE[name]} if name in OTHERWISE else set(allowed.split("|"))
    assert codes & wanted or ("OK" in wanted and reading.valid), reading.problems
    if edit == "rt" and name.startswith("rt-"):
        check_edit(Document.parse(data, name))


def check_edit(document: Document) -> None:
    """Only the characters of `declarations.lr` may change."""
    node = document.node(LR)
    assert node
    bom = 3 * document.data.startswith(b"\xef\xbb\xbf")
    text = document.data[bom:].decode()
    expected = text[: node.start] + "0.5" + text[node.end :]
    new = document.set(LR, "0.5")
    assert new.data == document.data[:bom] + expected.encode()
    assert new.value["declarations"]["lr"] == 0.5


KEYS = {
    "": "version kind project name description tags declarations params build run",
    "build": "image build_steps env_vars",
    "run": "image steps env_vars cmd",
}


def uses_only_our_keys(value: Any) -> bool:
    def within(part: Any, name: str) -> bool:
        return part is None or (isinstance(part, dict) and set(part) <= set(KEYS[name].split()))

    return (
        isinstance(value, dict)
        and within(value, "")
        and within(value.get("build"), "build")
        and within(value.get("run"), "run")
    )


def comparable(command: Any) -> list[str]:
    """The words of a command, cleaned as Polyaxon did, numbers as numbers."""
    lines = command if isinstance(command, list) else [command or ""]
    words = " && ".join(lines).split()
    return [number(word.strip("\\")) for word in words if word.strip("\\")]


def number(word: str) -> str:
    """`--lr=1e-3` and `--lr=0.001` are the same: Polyaxon wrote numbers anew, we keep them."""
    name, equals, value = word.rpartition("=")
    try:
        return f"{name}{equals}{float(value)!r}"
    except ValueError:
        return word


def test_the_corpus() -> None:
    corpus = folder("corpus")
    expected: dict[str, list[Any]] = defaultdict(list)
    for line in (corpus / "expected.jsonl").read_text().splitlines():
        row = json.loads(line)
        expected[row["file"]].append(row)
    compared = 0
    for name, rows in expected.items():
        data = (corpus / name).read_bytes()
        start = time.process_time()
        reading = load(data, name)
        assert time.process_time() - start < 2, name
        accepted = [row for row in rows if row["valid"]]
        try:
            ours = uses_only_our_keys(yaml.safe_load(data))
        except yaml.YAMLError:
            continue
        if not accepted or not ours:
            continue
        assert reading.resolved, (name, reading.problems)
        found = reading.resolved
        row = next((row for row in reversed(accepted) if "cmd" in row), None)
        if row is None:
            continue
        assert comparable(found.cmd) == comparable(row["cmd"]), name
        assert found.image == (row["image"] or ""), name
        assert list(found.steps) == (row["steps"] or []), name
        pairs = [(key, str(value)) for key, value in row["env_vars"] or []]
        assert list(found.env) == pairs, name
        compared += 1
    assert len(expected) == 706
    assert compared > 100


def test_every_scalar_of_the_corpus_can_be_set() -> None:
    """A sample: each 12th file, each declaration, only its own bytes."""
    for path in sorted(folder("corpus").rglob("*.yml"))[::12]:
        reading = load(path.read_bytes(), path.name)
        for row in reading.declarations:
            if row.editable:
                document = Document.parse(path.read_bytes(), path.name)
                node = document.node(row.path)
                assert node
                new = document.set(row.path, "0.5")
                rest = len(document.data) - len(document.data[: node.end])
                assert new.data.endswith(document.data[node.end :][-rest:])
                assert new.set(row.path, row.text).value == document.value
