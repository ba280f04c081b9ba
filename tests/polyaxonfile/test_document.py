"""The file stays the person's: positions are right, and a set value is all that changes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pxtui.errors import EditError
from pxtui.polyaxonfile.document import Document
from pxtui.polyaxonfile.path import Path
from pxtui.polyaxonfile.problems import PolyaxonfileError, Problem

LR = ("declarations", "lr")


def doc(text: str) -> Document:
    return Document.parse(text.encode(), "p.yml")


def problems(data: bytes) -> list[tuple[str, int, int]]:
    with pytest.raises(PolyaxonfileError) as caught:
        Document.parse(data, "p.yml")
    return [(p.code, p.line, p.column) for p in caught.value.problems]


# -- reading


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("a: 'b\nc: d\n", 4, "the quote that opens here is not closed"),
        ('a: "b', 4, "the quote that opens here is not closed"),
        ("a: [1\nb: 3\n", 4, "the [ that opens here is not closed, or a comma is missing"),
        ("a: [b, c: {d]", 11, "the { that opens here is not closed, or a comma is missing"),
        ("a: [\n", 1, "the file ends in a list or map in brackets"),
        ("a: [1,}\n", 7, "in brackets no value starts with '}'"),
        ("a: b\n]\n", 1, "']' closes nothing"),
        ('a: "b" c\n', 8, "the value has ended before this"),
        ("a: 'it's'\n", 8, "the value has ended before this"),
        ("a:\n  b: 1\n c: 2\n", 2, "this line is indented like none above it"),
        ("- a\nb: c\n", 1, "this line is indented like the list above it, but is no item"),
        ("a: *\n", 5, "`*` starts an alias, which has a name"),
        ("a: !<x\n", 7, "`!` starts a tag, which this is none of"),
        ("a: !x!y z", 4, "`!` starts a tag, which this is none of"),
        ('a: "\\q"', 5, 'a `\\` in "…" starts an escape that is none'),
        ("a: - b", 4, "a list cannot start here"),
        ("a: >-x", 6, "a text after `|` or `>` starts on the next line"),
        ("%FOO\na: b", 5, "a line that starts with % is a directive of YAML"),
    ],
)
def test_what_yaml_complains_about_in_plain_words(text: str, column: int, message: str) -> None:
    with pytest.raises(PolyaxonfileError) as refused:
        Document.parse(text.encode(), "p.yml")
    (problem,) = refused.value.problems
    assert (problem.code, problem.column, problem.message) == ("E_SYNTAX", column, message)
    assert problem.hint


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", ("E_EMPTY", 1, 1)),
        (b"# only a comment\n", ("E_EMPTY", 1, 1)),
        (b"---\n...\n", ("E_EMPTY", 1, 1)),
        (b"a: 1\nb: \xff\n", ("E_ENCODING", 2, 4)),
        (b"\xef\xbb\xbfa: \xff", ("E_ENCODING", 1, 4)),
        ("a: ü\nb: \x07".encode(), ("E_SYNTAX", 2, 4)),
        (b"a:\n\tb: 1\n", ("E_SYNTAX", 2, 1)),
        (b"a: 1\nb: [1,\nc: 2\n", ("E_SYNTAX", 2, 4)),
        (b"a: 1\nb: {{ c }}\n", ("E_SYNTAX", 2, 4)),
        (b"a: 1\nb: {{ c }} d\n", ("E_SYNTAX", 2, 4)),
        (b"a: b: c\n", ("E_SYNTAX", 1, 5)),
        (b"a: @b\n", ("E_SYNTAX", 1, 4)),
        (b"a: 1\n---\nb: 2\n", ("E_MULTIDOC", 2, 1)),
        (b"a: *b\n", ("E_ALIAS", 1, 4)),
        (b"a: &a [*a]\n", ("E_ALIAS", 1, 8)),
        (b"a: !!python/name:os 1\n", ("E_TAG", 1, 21)),
        (b"a: !!bool maybe\n", ("E_TAG", 1, 11)),
        (b"a: !!float ''\n", ("E_TAG", 1, 12)),
        (b"[x]: 1\n", ("E_SCHEMA", 1, 1)),
        (b"a: {<<: 5}\n", ("E_SCHEMA", 1, 9)),
        (b"a: " + b"[" * 65 + b"]" * 65, ("E_TOO_DEEP", 1, 67)),
        (b"a: '" + b"x" * 1024 * 1024 + b"'", ("E_TOO_BIG", 1, 1)),
        (b"a: [" + b"1," * 100_100 + b"]", ("E_TOO_BIG", 1, 200_001)),
    ],
)
def test_refused_with_a_position(data: bytes, expected: tuple[str, int, int]) -> None:
    assert problems(data)[0] == expected


def test_all_that_is_wrong_is_said_at_once() -> None:
    found = problems(b"a: 1\na: 2\nb: !x 3\n[c]: 4\n")
    assert [code for code, *_ in found] == ["E_DUPKEY", "E_TAG", "E_SCHEMA"]


def test_a_double_key_names_both_lines() -> None:
    with pytest.raises(PolyaxonfileError, match=r"p.yml:3:1: .*first in line 1"):
        doc("a: 1\nb: 2\na: 3\n")


def test_hints_say_what_to_do() -> None:
    for text, hint in {"a:\n\tb: 1": "use spaces", "a: {{ b }}": "quote it"}.items():
        with pytest.raises(PolyaxonfileError, match=hint):
            doc(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("010", 8),
        ("12:30:45", "12:30:45"),
        ("yes", True),
        ("1_000", 1000),
        ("0o10", "0o10"),
        ("1e-3", "1e-3"),
        ("2018-01-02", "2018-01-02"),
        ("2020-13-45", "2020-13-45"),
        ("=", "="),
        ("~", None),
        ("!!str 1", "1"),
        ("9" * 5000, "9" * 5000),
        ("1" + ":1" * 100_000, "1" + ":1" * 100_000),
    ],
)
def test_values_are_yaml_1_1_without_its_accidents(text: str, value: object) -> None:
    found = doc(f"a: {text}\n").value["a"]
    assert (type(found) is bool, found) == (type(value) is bool, value)


def test_merges_and_aliases_are_filled_in() -> None:
    found = doc("b: &b {x: 1, y: 2}\nc: &c {x: 3}\nd: {<<: [*b, *c], y: 9}\ne: *b\n").value
    assert found["d"] == {"x": 1, "y": 9}
    assert found["e"] == {"x": 1, "y": 2}


def test_positions() -> None:
    found = doc("a: 1\r\nb:\r\n  - x: 'ü' # c\r\n    y: \r\n")
    assert found.position(("b", 0, "x")) == (3, 8)
    assert found.position(("b", 0, "x"), of_key=True) == (3, 5)
    assert found.position(("b", 0, "nope")) == (3, 5)
    assert found.position(("nope", "nope")) == (1, 1)
    assert found.text(("b", 0, "x")) == "ü"
    assert found.text(("b", 0, "nope")) == ""


def test_positions_count_lines_as_editors_do() -> None:
    assert doc("a: 'x\u2028y'\nb: 1\n").position(("b",)) == (2, 4)


# -- setting

KEPT = [
    ("lr: 0.1", "0.5", "lr: 0.5"),
    ("lr: 0.1 # c", "0.5", "lr: 0.5 # c"),
    ("lr: '0.1'", "0.5", "lr: '0.5'"),
    ('lr: "0.1"', 'a"b\\', 'lr: "a\\"b\\\\"'),
    ("lr: 'x'", "it's", "lr: 'it''s'"),
    ("lr:", "0.5", "lr: 0.5"),
    ("lr:  # todo", "0.5", "lr: 0.5  # todo"),
    ("lr: &x 0.1", "0.5", "lr: &x 0.5"),
    ("lr: !!float 3", "4", "lr: !!float 4"),
    ("lr: &x", "0.5", "lr: &x 0.5"),
    ("lr: a\n    b # c", "d", "lr: d # c"),
    ("lr : 1", "2", "lr : 2"),
    ("lr: 1", "a: b", "lr: 'a: b'"),
    ("lr: 1", "[1, 2]", "lr: [1, 2]"),
    ("lr: 1", "{a: 1}", "lr: {a: 1}"),
    ("lr: 1", "[&x 1]", "lr: '[&x 1]'"),
    ("lr: 1", "[1", "lr: '[1'"),
    ("lr: '1'", "[1, 2]", "lr: '[1, 2]'"),
    ("lr: [1, 2] # c", "[3]", "lr: [3] # c"),
    ("lr: &x [1, 2]", "7", "lr: &x 7"),
    ("lr: {a: 1}", "{{ b }}", "lr: '{{ b }}'"),
    ("lr: |\n    x\n    y\n", "p\nq\n", "lr: |\n    p\n    q\n"),
    ("lr: | # c\n     x\n\n\n", "p", "lr: |- # c\n     p\n\n\n"),
    ("lr: |+\n    x\n\n", "p\n", "lr: |+\n    p"),
    ("lr: |2\n     x\n    y\n", "  p\nq\n", "lr: |2\n      p\n    q\n"),
    ("lr: >-\n    x\n    y", "p\nq", "lr: >-\n    p\n\n    q"),
    ("lr: >\n    x", "  p\nq\n", "lr: |2\n      p\n    q"),
    ("lr: |\n    x", "a\r", 'lr: "a\\r"'),
    ("lr: |\n", "x\n", "lr: |\n    x\n"),
    ("? lr\n", "5", "? lr\n  : 5\n"),
    ("? lr\n  : 4", "5", "? lr\n  : 5"),
    ("lr: 1", "{{ b }}", "lr: '{{ b }}'"),
    ("lr: 1", "*x", "lr: '*x'"),
    ("lr: 1", "&x 2", "lr: '&x 2'"),
    ("lr: 1", "2 # c", "lr: '2 # c'"),
    ("lr: 1", "| ", "lr: '| '"),
    ("lr: 1", "- x", "lr: '- x'"),
    ("lr: 1", "'quoted'", "lr: 'quoted'"),
    ("lr: 1", '"open', "lr: '\"open'"),
    ("lr: 1", " 2 ", "lr: 2"),
    ("lr: 1", "a\nb", 'lr: "a\\nb"'),
    ("lr: 'x'", "\x1b\u2028", 'lr: "\\x1b\\u2028"'),
    ("lr: 1", "", "lr: "),
    ("lr: '1'", "", "lr: ''"),
    ("lr: 1", "yes", "lr: yes"),
]


@pytest.mark.parametrize(("before", "text", "after"), KEPT)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_set_changes_the_scalar_and_nothing_else(
    before: str, text: str, after: str, end: str, bom: bytes
) -> None:
    frame = "# é\ndeclarations:\n  @\n  other: {lr: 1}  # lr: 1\nrun: |\n  lr: 1\n...\n"
    old, new = (
        bom + frame.replace("@", line).replace("\n", end).encode() for line in (before, after)
    )
    document = Document.parse(old, "p.yml")
    assert document.change(LR, text).data == new
    assert document.data == old
    assert document.change(LR, document.text(LR)) is document


def test_flow_style_is_kept() -> None:
    found = doc("declarations: {lr: 1, b: [x , y], c: , d}\n")
    found = (
        found.change(LR, "2")
        .change(("declarations", "b", 1), "p, q")
        .change(("declarations", "c"), "3")
    )
    assert found.data == b"declarations: {lr: 2, b: [x , 'p, q'], c: 3, d}\n"


def test_an_alias_is_replaced_and_its_anchor_kept() -> None:
    found = doc("a: &x 1\nb: *x\nc: *x\n").change(("b",), "2")
    assert found.data == b"a: &x 1\nb: 2\nc: *x\n"
    assert found.change(("a",), "3").value == {"a": 3, "b": 2, "c": 3}


@pytest.mark.parametrize(
    ("text", "path", "reason"),
    [
        ("a:\n- 1\n", ("a",), "a list: edit it in the editor"),
        ("a:\n  b: 1\n", ("a",), "a map: edit it in the editor"),
        ("a: &x\n  b: 1\nc: *x\n", ("c",), "a map: edit it in the editor"),
        ("a: 1\n", (), "the whole file"),
        ("a: 1\n", ("a", "b"), "a is not a map or list"),
        ("a: [1]\n", ("a", 3), "a is a list of 1"),
        ("a: [1]\n", ("a", "x"), "a is a list of 1"),
        ("a: 1\n", ("b", 1), "no such list"),
    ],
)
def test_what_is_locked_is_said(text: str, path: Path, reason: str) -> None:
    assert reason in doc(text).locked(path)
    with pytest.raises(EditError, match=reason):
        doc(text).change(path, "x")


@pytest.mark.parametrize(
    ("text", "typed", "reason"),
    [
        ("a: !!int 1\n", "x", "no spelling"),
        ("a: 1\n", "\ud800", "no spelling"),
        ("a: [1]\n", "[1", "not one list in brackets"),
        ("a: [1]\n", "{b: 1}", "not one list in brackets"),
        ("a: [&x 1]\nb: *x\n", "5", "no spelling"),
    ],
)
def test_what_cannot_be_set_is_said(text: str, typed: str, reason: str) -> None:
    assert not doc(text).locked(("a",))
    with pytest.raises(EditError, match=reason):
        doc(text).change(("a",), typed)


def test_a_file_that_would_be_too_big_is_refused() -> None:
    with pytest.raises(EditError, match="more than"):
        doc("a: 1\n").change(("a",), "x" * 1024 * 1024)


# -- places in a text


@pytest.mark.parametrize(
    ("value", "word"),
    [
        ("one WORD", "WORD"),
        ("'it''s WORD'", "WORD"),
        ('"\\x41\\n\\u0041 WORD"', "WORD"),
        ("one\n  two\n\n  WORD", "WORD"),
        ("'one\n  two\n\n\n  WORD'", "WORD"),
        ('"one \\\n  two\n\n  WORD"', "WORD"),
        ("|\n  one\n\n    two\n  WORD", "WORD"),
        ("|2-\n    one\n  WORD", "WORD"),
        (">\n  one\n  two\n\n    more\n\n  WORD two", "WORD"),
        ("&x one WORD", "WORD"),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_place_in_a_text_is_one_in_the_file(value: str, word: str, end: str) -> None:
    text = f"a: 1\nb: {value}\nc: 2\n".replace("\n", end)
    found = doc(text)
    for letter in range(len(word)):
        place = found.problem("E_X", "x", ("b",), at=found.text(("b",)).index(word) + letter)
        lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        assert lines[place.line - 1][place.column - 1 :].startswith(word[letter:])
    last = found.problem("E_X", "x", ("b",), at=10_000)
    assert 2 <= last.line <= 2 + value.count("\n")


def test_a_place_in_a_shared_text_is_where_it_is_written() -> None:
    place = doc("a: &x 'one WORD'\nb: *x\n").problem("E_X", "x", ("b",), at=4)
    assert (place.line, place.column) == (1, 12)


scalars = st.sampled_from(
    ["1", "0.10", "'a''b'", '"a\\tb"', "x y", "", "&q 1", "!!str 5", "~", "é", "a\n      b"]
)
comments = st.sampled_from(["", " # c", "  # 'x': {"])
typed = st.one_of(
    st.text(max_size=12),
    st.text(alphabet="ab01.: #'\"[]{},&*!|>%@`-?\n\t\\~=<", max_size=8),
)


@st.composite
def files(draw: st.DrawFn) -> tuple[str, list[Path]]:
    lines = ["---", "declarations:"]
    paths: list[Path] = []
    for index in range(draw(st.integers(1, 4))):
        key = f"k{index}"
        if draw(st.booleans()):
            lines += [f"  {key}: {draw(scalars)}{draw(comments)}"]
            paths.append(("declarations", key))
        elif draw(st.booleans()):
            lines += [f"  {key}:{draw(comments)}", f"    - {draw(scalars)}", "    - last"]
            paths.append(("declarations", key, 0))
        else:
            lines += [
                f"  {key}: {{a: {draw(scalars.filter(lambda s: chr(10) not in s))} , b: [1]}}"
            ]
            paths.append(("declarations", key, "a"))
    text = draw(st.sampled_from(["\n", "\r\n"])).join([*lines, "run:", "  cmd: |", "    k0: x"])
    return text.replace("&q", f"&q{draw(st.integers(0, 9))}"), paths


def at(value: Any, path: Path) -> Any:
    for step in path:
        value = value[step]
    return value


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(files(), typed, st.data())
def test_set_keeps_every_other_byte(
    file: tuple[str, list[Path]], text: str, data: st.DataObject
) -> None:
    document = doc(file[0])
    path = data.draw(st.sampled_from(file[1]))
    node = document.node(path)
    assert node is not None
    try:
        new = document.change(path, text)
    except EditError:
        return
    old_text, new_text = document.data.decode(), new.data.decode()
    tail = len(old_text) - node.end
    assert new_text[: node.start] == old_text[: node.start]
    assert new_text[len(new_text) - tail :] == old_text[node.end :]
    assert new.text(path) in (text, text.strip(" ")) or text.strip(" ")[:1] in "'\""
    for other in file[1]:
        if other != path:
            assert at(new.value, other) == at(document.value, other)
    assert new.change(path, new.text(path)).data == new.data


@settings(max_examples=300, deadline=None)
@given(
    st.binary(max_size=60)
    | st.text(alphabet="ab:-?[]{}&*!|>#%@'\" \n\t<1", max_size=60).map(str.encode)
)
def test_nothing_but_our_own_error_comes_out(data: bytes) -> None:
    found: tuple[Problem, ...] = ()
    try:
        Document.parse(data, "p.yml")
    except PolyaxonfileError as error:
        found = error.problems
    assert all(p.line >= 1 and p.column >= 1 and p.message for p in found)
