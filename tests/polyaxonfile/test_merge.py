"""Files laid over each other: as Polyaxon merged them, with each value's own place."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pxtui.errors import EditError
from pxtui.polyaxonfile.load import load
from pxtui.polyaxonfile.opening import apply, opened
from pxtui.polyaxonfile.path import Edits, Path
from pxtui.polyaxonfile.problems import PolyaxonfileError
from pxtui.polyaxonfile.source import Source, Version

BASE = """\
version: 1
declarations:
  lr: 0.1
  opt: {name: adam, steps: [1, 2]}
run:
  image: busybox
  cmd: train {{ lr }}
"""
OVER = """\
declarations:
  lr: 0.5
  opt: {steps: [3]}
"""


def files(*texts: str) -> list[Version]:
    return [
        Version(text.encode(), f"{name}.yml") for name, text in zip("abcd", texts, strict=False)
    ]


def merged(*texts: str) -> Source:
    return opened(*files(*texts))


def test_maps_merge_and_all_else_is_replaced() -> None:
    found = merged(BASE, OVER)
    assert found.value["declarations"] == {"lr": 0.5, "opt": {"name": "adam", "steps": [3]}}
    assert found.value["run"]["image"] == "busybox"
    assert found.file == "a.yml"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("declarations", "lr"), ("b.yml", 2, 7)),
        (("declarations", "opt", "name"), ("a.yml", 4, 15)),
        (("declarations", "opt", "steps", 0), ("b.yml", 3, 17)),
        (("run", "image"), ("a.yml", 6, 10)),
        (("run", "nope"), ("a.yml", 5, 1)),
    ],
)
def test_a_problem_names_the_file_that_the_value_is_from(
    path: Path, expected: tuple[str, int, int]
) -> None:
    found = merged(BASE, OVER).problem("E_X", "x", path)
    assert (found.file, found.line, found.column) == expected


def test_a_problem_of_a_loaded_file_names_the_right_one() -> None:
    over = [Version(b"run:\n  cmd: train {{ nope }}\n", "over.yml")]
    reading = load(BASE.encode(), "base.yml", over=over)
    assert ("E_UNDEFINED", "over.yml", 2) in [(p.code, p.file, p.line) for p in reading.problems]


def test_each_row_names_the_file_and_the_line_that_its_value_is_from() -> None:
    over = [Version(OVER.encode(), "over.yml")]
    reading = load(BASE.encode(), "base.yml", over=over)
    assert {d.name: (d.file, d.line) for d in reading.declarations} == {
        "lr": ("over.yml", 2),
        "opt.name": ("base.yml", 4),
        "opt.steps": ("over.yml", 3),
    }
    added: Edits = {("declarations", "new"): "1", ("declarations", "opt", "name"): "sgd"}
    reading = load(BASE.encode(), "base.yml", added, over=over)
    found = {d.name: d.file for d in reading.declarations}
    assert (found["new"], found["opt.name"]) == ("over.yml", "base.yml")


def test_each_row_of_a_mapped_file_names_its_own_file() -> None:
    first = "version: 1.1\nkind: component\ninputs:\n- {name: lr, type: float, value: 0.1}\n"
    first += "- {name: depth, type: int, value: 2}\n"
    run = "run:\n  kind: job\n  container: {image: i, args: ['{{ lr }}', '{{ depth }}']}\n"
    over = "inputs:\n- {name: lr, type: float, value: 0.5}\n"
    reading = load((first + run).encode(), "a.yml", over=[Version(over.encode(), "b.yml")])
    assert [(d.name, d.file, d.line) for d in reading.declarations] == [("lr", "b.yml", 2)]
    reading = load(first.encode(), "a.yml", over=[Version(run.encode(), "b.yml")])
    assert {d.file for d in reading.declarations} == {"a.yml"}


def test_every_file_that_cannot_be_read_is_said() -> None:
    with pytest.raises(PolyaxonfileError) as caught:
        merged("a: [", "b: 1\n", "c: }")
    assert [p.file for p in caught.value.problems] == ["a.yml", "c.yml"]
    with pytest.raises(PolyaxonfileError, match=r"b.yml:1:1: .*E_SCHEMA.*maps"):
        merged("a: 1\n", "- 1\n")


CHANGES: list[tuple[tuple[str, ...], Edits, tuple[str, ...]]] = [
    # the file whose value wins
    ((BASE, OVER), {("declarations", "lr"): "1"}, (BASE, OVER.replace("0.5", "1"))),
    ((BASE, OVER), {("run", "image"): "i"}, (BASE.replace("busybox", "i"), OVER)),
    (
        (BASE, OVER),
        {("declarations", "opt", "steps", 1): "4"},
        (BASE, OVER.replace("[3]", "[3, 4]")),
    ),
    # the last that has the section, or else the first
    ((BASE, OVER), {("declarations", "x"): "1"}, (BASE, OVER + "  x: 1\n")),
    ((BASE, OVER), {("run", "x"): "1"}, (BASE + "  x: 1\n", OVER)),
    ((BASE, OVER), {("new", "x"): "1"}, (BASE + "new:\n  x: 1\n", OVER)),
    # out of every file that has it
    (
        (BASE, OVER),
        {("declarations", "lr"): None},
        (BASE.replace("  lr: 0.1\n", ""), OVER.replace("  lr: 0.5\n", "")),
    ),
    (
        ("a: {b: 1, c: 2}\n", "a: 5\n", "a: {b: 3}\n"),
        {("a", "b"): None},
        ("a: {b: 1, c: 2}\n", "a: 5\n", "a: {}\n"),
    ),
    (("a: 1\n", "b: 2\n"), {}, ("a: 1\n", "b: 2\n")),
]


@pytest.mark.parametrize(("before", "edits", "after"), CHANGES)
def test_an_edit_goes_to_one_file(
    before: tuple[str, ...], edits: Edits, after: tuple[str, ...]
) -> None:
    assert apply(files(*before), edits) == tuple(files(*after))


def test_an_edit_that_another_file_would_undo_is_refused() -> None:
    with pytest.raises(EditError, match=r"edit b.yml in the editor"):
        merged("a: {b: 1}\n", "a: ~\n").change(("a", "c"), "2")
    with pytest.raises(EditError, match="not a map or list"):
        merged("a: {b: 1}\n", "a: 1\n").change(("a", "c"), "2")


def test_locked_and_shared_ask_the_right_file() -> None:
    found = merged("a: &m\n  x: 1\nb: *m\nc: [1]\n", "c:\n- 1\n")
    assert "a list" in found.locked(("c",))
    assert not found.locked(("b", "x"))
    assert found.shared(("b", "x")) == ("a", "x")
    assert merged("a: &m {x: 1}\nb: *m\n", "a: {x: 2}\n").shared(("b", "x")) == ()


values = st.recursive(
    st.none() | st.booleans() | st.integers(0, 9) | st.sampled_from(["x", "1e-3", ""]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner),
    max_leaves=8,
)
maps = st.dictionaries(st.sampled_from("abc"), values, min_size=1)


def deep_update(below: Any, above: Any) -> Any:
    """As polyaxon-schemas has it."""
    for key, value in above.items():
        if isinstance(value, dict):
            under = below.get(key, {})
            below[key] = deep_update(dict(under), value) if isinstance(under, dict) else value
        else:
            below[key] = value
    return below


def flow(value: Any) -> str:
    """A value in brackets, as YAML 1.1 reads it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(flow, value)) + "]"
    return "~" if value is None else f"'{value}'" if isinstance(value, str) else str(value)


def leaf_paths(value: Any, path: Path = ()) -> list[Path]:
    if isinstance(value, dict | list) and value:
        items = value.items() if isinstance(value, dict) else enumerate(value)
        return [found for step, item in items for found in leaf_paths(item, (*path, step))]
    return [path]


@settings(max_examples=300, deadline=None)
@given(st.lists(maps, min_size=2, max_size=4), st.data())
def test_merging_is_polyaxons_deep_update(contents: list[Any], data: st.DataObject) -> None:
    expected: Any = {}
    for content in contents:
        expected = deep_update(expected, content)
    found = merged(*(flow(content) + "\n" for content in contents))
    assert found.value == expected
    paths = leaf_paths(expected)
    for path in paths:
        node = found.node(path)
        assert node
        assert node.value == read(expected, path)
    path = data.draw(st.sampled_from(paths))
    if isinstance(read(expected, path), dict | list):
        return
    new = found.change(path, "77")
    assert new.value == put(expected, path, "77" if isinstance(read(expected, path), str) else 77)
    changes = zip(found.versions, new.versions, strict=True)
    assert sum(old != other for old, other in changes) == 1
    if not isinstance(path[-1], int):
        assert found.change(path, None).node(path) is None


def read(value: Any, path: Path) -> Any:
    for step in path:
        value = value[step]
    return value


def put(value: Any, path: Path, new: Any) -> Any:
    if not path:
        return new
    if isinstance(value, list):
        return [put(item, path[1:], new) if i == path[0] else item for i, item in enumerate(value)]
    return {**value, path[0]: put(value[path[0]], path[1:], new)}
