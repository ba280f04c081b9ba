"""Values are added, taken out and detached: what is asked for, and no other byte."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pxtui.errors import EditError
from pxtui.polyaxonfile.document import Document
from pxtui.polyaxonfile.edit.ways import put, same
from pxtui.polyaxonfile.opening import apply, edited, opened
from pxtui.polyaxonfile.path import Edits, Path
from pxtui.polyaxonfile.source import Version
from tests.polyaxonfile.leaves import places, text_path, texts, with_value, without_value


def changed(before: str, path: Path, text: str | None, file: str = "p.yml") -> str:
    return Document.parse(before.encode(), file).change(path, text).data.decode()


ADDED = [
    ("a:\n  b: 1 # c\n\n# next\nd: 1\n", ("a", "x"), "a:\n  b: 1 # c\n  x: 2\n\n# next\nd: 1\n"),
    ("a:\n  b: 1", ("a", "x"), "a:\n  b: 1\n  x: 2"),
    ("a:\r\n    b: 1\r\n", ("a", "x"), "a:\r\n    b: 1\r\n    x: 2\r\n"),
    ("a:\n  b: |+\n    t\n\nc: 1\n", ("a", "x"), "a:\n  b: |+\n    t\n\n  x: 2\nc: 1\n"),
    ("a:\n  b: |\n    t\n\nc: 1\n", ("a", "x"), "a:\n  b: |\n    t\n  x: 2\n\nc: 1\n"),
    ("a:\n  ? b\nc: 1\n", ("a", "x"), "a:\n  ? b\n  x: 2\nc: 1\n"),
    ("a: &m # d\n  b: &v 1\nc: *v\n", ("a", "x"), "a: &m # d\n  b: &v 1\n  x: 2\nc: *v\n"),
    ("---\na: 1\n...\n", ("x",), "---\na: 1\nx: 2\n...\n"),
    # a line end after the last block would be one more in its text
    ("a: 1\n# b\nb: |\n  t", ("x",), "a: 1\nx: 2\n# b\nb: |\n  t"),
    ("- b: |\n    t", (0, "x"), "- x: 2\n  b: |\n    t"),
    ("a:\n- b: |\n    t", ("a", 1), "a:\n- b: |-\n    t\n- 2"),
    ("a: {b: 1}\n", ("a", "x"), "a: {b: 1, x: 2}\n"),
    ("a: {b: 1, }\n", ("a", "x"), "a: {b: 1, x: 2, }\n"),
    ("a: {b}\n", ("a", "x"), "a: {b, x: 2}\n"),
    ("a: {\n  b: 1 # c\n}\n", ("a", "x"), "a: {\n  b: 1, # c\n  x: 2\n}\n"),
    ("a:\nb: 1\n", ("a", "x"), "a:\n  x: 2\nb: 1\n"),
    ("a: {} # c\nb:\n    c: 1\n", ("a", "x"), "a: # c\n    x: 2\nb:\n    c: 1\n"),
    ("a: ~\n", ("a", "x", "y"), "a:\n  x:\n    y: 2\n"),
    ("a: {b: }\n", ("a", "b", "x"), "a: {b: {x: 2}}\n"),
    ("b: 1\n", ("a", "x"), "b: 1\na:\n  x: 2\n"),
    ("b: 1\n", ("a", 0), "b: 1\na:\n  - 2\n"),
    ("{}", ("x",), "x: 2"),
    ("a:\n- 1 # c\nb: 1\n", ("a", 1), "a:\n- 1 # c\n- 2\nb: 1\n"),
    ("a:\n- b: 1\n", ("a", 0, "x"), "a:\n- b: 1\n  x: 2\n"),
    ("a: [1]\n", ("a", 1), "a: [1, 2]\n"),
    ("a: []\n", ("a", 0), "a:\n  - 2\n"),
    ("a: 1\n", ("yes",), 'a: 1\n"yes": 2\n'),
    ("a: 1\n", ("1",), 'a: 1\n"1": 2\n'),
    ("1: 1\n", (3,), "1: 1\n3: 2\n"),
    ("a: 1\n", ("<<",), 'a: 1\n"<<": 2\n'),
    # what follows another value gets its own
    ("a: &m {b: 1}\nc: *m\n", ("c", "x"), "a: &m {b: 1}\nc: {<<: *m, x: 2}\n"),
    ("a: &m {b: 1}\nc: *m\n", ("c", "b"), "a: &m {b: 1}\nc: {<<: *m, b: 2}\n"),
    (
        "a: &m\n  b: {c: 1, d: 'x'}\ne:\n  <<: *m\n",
        ("e", "b", "c"),
        "a: &m\n  b: {c: 1, d: 'x'}\ne:\n  <<: *m\n  b: {d: 'x', c: 2}\n",
    ),
    ("a: &m\n- 1\n- &n 3\nb: *m\n", ("b", 0), "a: &m\n- 1\n- &n 3\nb: [2, 3]\n"),
    ("a: &v 'q'\nb: *v\n", ("b",), "a: &v 'q'\nb: '2'\n"),
    ("a: &v ~\nb: *v\n", ("b", "x"), "a: &v ~\nb: {x: 2}\n"),
]


@pytest.mark.parametrize(("before", "path", "after"), ADDED)
def test_a_value_is_added(before: str, path: Path, after: str) -> None:
    assert not Document.parse(before.encode(), "p.yml").locked(path)
    assert changed(before, path, "2") == after


TAKEN = [
    ("a: 1\nb: 2 # c\nc: 3\n", ("b",), "a: 1\nc: 3\n"),
    ("a: 1\n# of b\nb: 2\n", ("b",), "a: 1\n# of b\n"),
    ("a: 1\nb: 2", ("b",), "a: 1"),
    ("a: 1\r\nb: 2", ("b",), "a: 1"),
    ("a: |\n  x\n\nb: 2\nc: 3\n", ("a",), "\nb: 2\nc: 3\n"),
    ("a: |\n  x\nb:\n  c: 2\n\n  # d\n# e\n", ("b",), "a: |\n  x\n# e\n"),
    ("a: 1\nb:\n  c: 2\n\n  # d\n# e\n", ("b",), "a: 1\n\n  # d\n# e\n"),
    ("a: 1\nb:\n  c: 1\n  # d\n  e: 2\nf: 3\n", ("b",), "a: 1\nf: 3\n"),
    ("a:\n- 1\n- 2\n", ("a", 0), "a:\n- 2\n"),
    ("a:\n- x: 1\n  y: 2\n", ("a", 0, "x"), "a:\n- y: 2\n"),
    ("a:\n- x: 1\n  # of y\n  y: 2\n", ("a", 0, "x"), "a:\n-\n  # of y\n  y: 2\n"),
    ("a:\n  ? b\n  : 1\n  c: 2\n", ("a", "b"), "a:\n  c: 2\n"),
    ("a: {b: 1, c: 2}\n", ("a", "b"), "a: {c: 2}\n"),
    ("a: {b: 1, c: 2}\n", ("a", "c"), "a: {b: 1}\n"),
    ("a: [1, # one\n  2 # two\n]\n", ("a", 1), "a: [1 # one\n]\n"),
    ("a: {b: 1, }\n", ("a", "b"), "a: {}\n"),
    ("a:\n  b: 1 # c\nd: 1\n", ("a", "b"), "a: {}\nd: 1\n"),
    ("a:\n  # of b\n  b: 1\nd: 1\n", ("a", "b"), "a:\n  # of b\n  {}\nd: 1\n"),
    ("a:\n- 1\n", ("a", 0), "a: []\n"),
    ("a: &m\n  b: 1\nc: *m\n", ("a", "b"), "a: &m {}\nc: *m\n"),
    ("a: &m {b: 1}\nc: {<<: *m, b: 2}\n", ("c", "b"), "a: &m {b: 1}\nc: {<<: *m}\n"),
    ("a: &v 1\nb: *v\n", ("b",), "a: &v 1\n"),
    ("a: 1\n", ("b",), "a: 1\n"),
]


@pytest.mark.parametrize(("before", "path", "after"), TAKEN)
def test_a_value_is_taken_out(before: str, path: Path, after: str) -> None:
    assert changed(before, path, None) == after


@pytest.mark.parametrize(
    ("before", "path", "reason"),
    [
        ("a: &v 1\nb: *v\n", ("a",), r"\*v follows it"),
        ("a: &m {b: 1}\nc: {<<: *m}\n", ("c", "b"), "by `<<`"),
        ("a: &m {b: 1}\nc: *m\n", ("c", "b"), r"by `\*`"),
        ("a: &x 1\nb: &x 2\nc: *x\n", ("b",), r"\*x follows it"),
        ("a: 1\n", (), "the whole file"),
    ],
)
def test_what_cannot_be_taken_out_is_said(before: str, path: Path, reason: str) -> None:
    with pytest.raises(EditError, match=reason):
        changed(before, path, None)


JSON = '{\n  "a": {"b": 1},\n  "l": [\n    1,\n    2\n  ]\n}\n'


@pytest.mark.parametrize(
    ("path", "text", "before", "after"),
    [
        (("a", "b"), "1e-3", '"b": 1', '"b": 1e-3'),
        (("a", "b"), "true", '"b": 1', '"b": true'),
        (("a", "b"), "True", '"b": 1', '"b": "True"'),
        (("a", "b"), "", '"b": 1', '"b": ""'),
        (("a", "b"), '"\x1b\u2028', '"b": 1', '"b": "\\"\\u001b\\u2028"'),
        (("a", "b"), "NaN", '"b": 1', '"b": "NaN"'),
        (("a", "b"), "[1, {}]", '"b": 1', '"b": [1, {}]'),
        (("a", "c"), "x", '"b": 1', '"b": 1, "c": "x"'),
        (("n", "c"), "x", "  ]\n", '  ],\n  "n": {"c": "x"}\n'),
        (("l", 2), "3", "    2\n", "    2,\n    3\n"),
        (("l", 1), None, "1,\n    2\n", "1\n"),
        (("a", "b"), None, '{"b": 1}', "{}"),
    ],
)
def test_json_stays_json(path: Path, text: str | None, before: str, after: str) -> None:
    assert changed(JSON, path, text, "p.JSON") == JSON.replace(before, after)


def test_json_numbers_are_numbers() -> None:
    found = Document.parse(b'{"a": 1e-3, "b": "1e-3", "c": -1E2}', "p.json").value
    assert [*map(type, found.values())][1] is str
    assert (found["a"], found["c"], str(found["a"])) == (0.001, -100, "1e-3")


def test_where_a_shared_value_stands() -> None:
    found = Document.parse(b"a: &m {b: {c: 1}}\nd: {<<: *m, e: *m}\nf: [*m]\n", "p.yml")
    assert found.shared(("d", "b", "c")) == ("a", "b", "c")
    assert found.shared(("d", "e", "b")) == ("a", "b")
    assert found.shared(("f", 0)) == ("a",)
    assert found.shared(("a", "b")) == found.shared(("d", "nope")) == found.shared(("f",)) == ()


EDITS: list[tuple[str, Edits, str]] = [
    ("a: [1, 2, 3]\n", {("a", 0): None, ("a", 1): "9", ("a", 2): None}, "a: [9]\n"),
    ("a: [1]\n", {("a", 2): "3", ("a", 1): "2", ("a", 0): None}, "a: [2, 3]\n"),
    ("a:\n  b: 1\n", {("a", "b"): None, ("a", "c"): "2"}, "a:\n  c: 2\n"),
    ("a:\n  b: 1\n", {("a", "c"): "2", ("a", "d"): "3"}, "a:\n  b: 1\n  c: 2\n  d: 3\n"),
    ("a:\n- [1, 2]\n- 3\n", {("a", 0): None, ("a", 0, 1): None}, "a:\n- 3\n"),
]


@pytest.mark.parametrize(("before", "edits", "after"), EDITS)
def test_indices_are_those_of_the_file(before: str, edits: Edits, after: str) -> None:
    file = Version(before.encode(), "p.yml")
    assert apply([file], edits) == (Version(after.encode(), "p.yml"),)
    source, problems = edited(opened(file), edits)
    assert not problems
    assert source.versions[0].data.decode() == after


def test_an_edit_that_cannot_be_is_a_problem_and_the_others_are_made() -> None:
    source, problems = edited(
        opened(Version(b"a: 1\nb:\n  c: 1\n", "p.yml")), {("b",): "x", ("a",): "2"}
    )
    assert [(p.code, p.line) for p in problems] == [("E_EDIT", 3)]
    assert source.value["a"] == 2


# -- random files, random edits

scalars = st.sampled_from(
    ["1", "0.10", "'a''b'", '"a\\tb"', "x y", "", "!!str 5", "~", "é", "a, b", "yes"]
)
comments = st.sampled_from(["", " # c: - [", "\n\n  # 'x': {"])
typed = st.one_of(
    st.text(max_size=8),
    st.text(alphabet="ab01.: #'\"[]{},&*!|>%@`-?\n\t\\~=<", max_size=8),
)
keys = st.sampled_from(["k", "k2", "a b", "é", "yes", "'q'", '"d"', "? o"])


@st.composite
def blocks(draw: st.DrawFn, depth: int = 2) -> list[str]:
    """The lines of a map or list."""
    lines: list[str] = []
    is_map = depth == 2 or draw(st.booleans())
    for key in draw(st.lists(keys, min_size=1, max_size=4, unique_by=lambda k: k.strip("?'\" "))):
        head = f"{key}:" if is_map and key != "? o" else "? o\n:" if is_map else "-"
        tail = draw(comments).split("\n")
        kind = draw(st.integers(0, 5)) if depth else 0
        if kind == 0:
            lines += [f"{head} {draw(scalars)}{tail[0]}", *tail[1:]]
        elif kind == 1:
            lines += [
                f"{head} [{draw(scalars) or 5} , {{p: 1, q: [x]}},{tail[0]}",
                "    7]",
                *tail[1:],
            ]
        elif kind == 2:
            style = draw(st.sampled_from(["|", "|-", "|+", ">", ">-"]))
            lines += [f"{head} {style}", "   text", "    more", *draw(st.just([]) | st.just([""]))]
        else:
            inner = draw(blocks(depth=depth - 1))
            lines += [f"{head}{tail[0]}", *("  " + line if line else "" for line in inner)]
    return [line for text in lines for line in text.split("\n")]


@st.composite
def files(draw: st.DrawFn) -> str:
    end = draw(st.sampled_from(["\n", "\r\n"]))
    lines = [*draw(st.sampled_from([[], ["---"]])), *draw(blocks())]
    return end.join(lines) + draw(st.sampled_from(["", end, f"{end}...{end}"]))


def place(document: Document, path: Path, wanted: str | None) -> Path:
    *above, last = path
    if wanted is None or document.node(path):
        return text_path(document, path)
    return (*text_path(document, tuple(above)), last)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(files(), typed, st.data())
def test_only_what_was_asked_for_changes(file: str, text: str, data: st.DataObject) -> None:
    document = Document.parse(file.encode(), "p.yml")
    nodes = dict(places(document.node(())))
    path = data.draw(st.sampled_from([*nodes]))
    node = nodes[path]
    act = data.draw(st.sampled_from(["set", "add", "take"]))
    if not path or (act == "add" and node.kind in ("map", "list")):
        act = "add"
        path = (*path, "new" if node.kind == "map" else len(node.items))
    else:
        act = "set" if act == "add" else act
    old = texts(document.data)
    where = place(document, path, None if act == "take" else text)
    try:
        new = document.change(path, None if act == "take" else text)
    except EditError:
        # only a text that YAML cannot hold, or a whole block
        assert act == "set"
        assert document.locked(path) or text[:1] in "[{"
        return
    if act == "take":
        assert texts(new.data) == without_value(old, where)
        return
    found: Any = texts(new.data)
    assert found == with_value(old, where, new_text(new, path))
    assert new.text(path) in (text, text.strip(" ")) or text.strip(" ")[:1] in "'\""
    assert new.change(path, new.text(path)) is new
    if act == "add":
        assert texts(new.change(path, None).data) == old


def new_text(document: Document, path: Path) -> Any:
    """What PyYAML's loader reads at a path."""
    value = texts(document.data)
    for step in text_path(document, path):
        value = value[step]
    return value


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(files(), st.data())
def test_several_edits_keep_what_they_do_not_name(file: str, data: st.DataObject) -> None:
    document = Document.parse(file.encode(), "p.yml")
    rows = [path for path, node in places(document.node(())) if node.kind == "scalar"]
    edits = data.draw(
        st.dictionaries(st.sampled_from(rows), st.none() | st.just("0.5"), max_size=3)
    )
    source, problems = edited(document, edits)
    assert not problems
    expected = texts(document.data)
    for path, text in edits.items():
        if text is not None:
            expected = with_value(expected, text_path(document, path), text)
    taken = [path for path, text in edits.items() if text is None]
    for path in sorted(taken, key=lambda p: [str(s).zfill(9) for s in p], reverse=True):
        expected = without_value(expected, text_path(document, path))
    assert texts(source.versions[0].data) == expected


SHARED_VALUES = (
    "a: &a {x: 1, y: {z: q, w: 'v'}}\n",
    "a: &a\n  x: 1\n  y: &y\n    z: q # c\n    w: 'v'\n",
    "m: &y {w: 'v', x: 1}\na: &a\n  <<: *y\n  y: *y\n",
)
FOLLOWING = ("b: *a\n", "b:\n  <<: *a\n  own: 1\n", "b: {<<: [*a, {k: 2}]}\n", "b:\n- *a\n- [*a]\n")


def leaves(value: Any, path: Path = ()) -> list[Path]:
    """The paths to all values that hold no others."""
    if not isinstance(value, dict | list):
        return [path]
    items = value.items() if isinstance(value, dict) else enumerate(value)
    return [found for step, inner in items for found in leaves(inner, (*path, step))]


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(SHARED_VALUES),
    st.sampled_from(FOLLOWING),
    st.sampled_from(["5", "a, b", "{{ x }}", ""]),
    st.booleans(),
    st.data(),
)
def test_what_follows_another_value_gets_its_own_or_changes_it(
    above: str, below: str, text: str, is_new: bool, data: st.DataObject
) -> None:
    document = Document.parse((above + below).encode(), "p.yml")
    old = document.value
    path = data.draw(st.sampled_from([("b", *path) for path in leaves(old["b"])]))
    if is_new and isinstance(path[-1], str):
        path = (*path[:-1], "new")
    new = document.change(path, text)
    node = new.node(path)
    assert node
    assert same(new.value, put(old, path, node.value))
    assert new.data.startswith(above.encode())
    origin = document.shared(path)
    assert bool(origin) == (not is_new and path[-1] != "own" and path[-1] != "k")
    if origin:
        followed = document.change(origin, text)
        assert followed.text(origin) == followed.text(path) == new.text(path)
