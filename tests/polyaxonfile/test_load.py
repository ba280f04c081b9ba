"""Bytes, edits and given values → what is run, with everything that is wrong at its place."""

from __future__ import annotations

import pickle
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pxtui.polyaxonfile.load import load
from pxtui.polyaxonfile.reading import Reading
from tests.polyaxonfile.test_spec import LATER, SEED


def file(declarations: str, cmd: str, more: str = "") -> str:
    text = f"version: 1\ndeclarations: {declarations}\nrun:\n  image: i\n  cmd: {cmd}\n{more}"
    return f"{text}kind: experiment\n"


def read(text: str, **names: str) -> Reading:
    return load(text.encode(), "p.yml", {}, names)


def cmd(reading: Reading) -> str:
    assert reading.resolved, reading.problems
    return reading.resolved.cmd


def said(reading: Reading) -> list[tuple[str, int, int]]:
    return [(p.code, p.line, p.column) for p in reading.problems]


@pytest.mark.parametrize(
    ("declarations", "template", "line"),
    [
        ("{a: 0.10, b: 1e-3, c: 1.0e-4}", "x {{ a }} {{ b }} {{ c }}", "x 0.10 1e-3 1.0e-4"),
        ("{a: 010, b: 1_000, c: 0x1F}", "x {{ a }} {{ b }} {{ c }}", "x 8 1000 31"),
        ("{a: yes, b: ~, c: 'yes'}", "x {{ a }} {{ b }} {{ c }}", "x True None yes"),
        ("{a: [1, 0.10, b]}", "x {{ a }}", "x [1, 0.10, 'b']"),
        ("{a: '[1, 2]'}", "x {{ a[1] }}", "x 2"),
        ("{a: {b: {c: 1}}}", "x {{ a.b.c }}", "x 1"),
        ("{a: '{{ b * 2 }}', b: '{{ c }}', c: 7}", "x {{ a }}", "x 14"),
        ("{a: {b: 1, c: '{{ a.b }}'}}", "x {{ a.c }}", "x 1"),
        ("{a: 2018-01-02}", "x {{ a }}", "x 2018-01-02"),
        ("{a: 0.10}", "x {{ a + 0 }}", "x 0.1"),
    ],
)
def test_rendered(declarations: str, template: str, line: str) -> None:
    assert cmd(read(file(declarations, f'"{template}"'))) == line


def test_a_command_that_is_quoted_as_a_whole_loses_the_quotes() -> None:
    assert cmd(read(file("{}", "\"'python x.py'\""))) == "python x.py"


@pytest.mark.parametrize(
    ("declarations", "template", "code", "at", "hint"),
    [
        ("{lr: 1}", "x {{ l }} {{ lr }}", "E_UNDEFINED", 5, "did you mean lr"),
        ("{batch-size: 1}", "x {{ batch-size }}", "E_UNDEFINED", 5, "batch_size"),
        ("{m: {depth: 1}}", "x {{ m.dept }}", "E_UNDEFINED", 7, "did you mean m.depth"),
        ("{}", "{% if false %}{{ no }}{% endif %}", "E_UNDEFINED", 17, ""),
        ("{}", "x {{ ''.__class__ }}", "E_TEMPLATE_UNSAFE", 2, ""),
        ("{}", "x {{ ", "E_TEMPLATE_SYNTAX", 2, "script"),
        ("{a: 1}", "x {{ a }} {{ a + 'b' }}", "E_TEMPLATE", 10, ""),
    ],
)
def test_what_is_wrong_with_a_template(
    declarations: str, template: str, code: str, at: int, hint: str
) -> None:
    reading = read(file(declarations, f'"{template}"'))
    assert not reading.valid
    (problem,) = (p for p in reading.problems if p.severity == "error")
    assert (problem.code, problem.line, problem.column) == (code, 5, 9 + at)
    assert hint in problem.hint
    assert len(reading.declarations) == (declarations != "{}")


def test_a_loop_is_named() -> None:
    reading = read(file("{a: '{{ b }}', b: '{{ c }}', c: '{{ a }}'}", "x"))
    (problem,) = (p for p in reading.problems if p.code == "E_CYCLE")
    assert set("abc") <= set(problem.message.split(": ")[1])
    assert [p.code for p in read(file("{a: '{{ a }}'}", "x")).problems] == ["E_CYCLE"]


def test_a_failure_is_said_once() -> None:
    reading = read(file("{a: '{{ no }}', b: '{{ a }}'}", "x {{ b }}"))
    assert said(reading) == [("E_UNDEFINED", 2, 23)]


def test_rows() -> None:
    text = SEED.replace(
        "  lr: 0.10",
        "  lr: 0.10\n  m:\n    d: yes\n    e: [1]\n"
        "  t: '{{ lr }}'\n  n:\n  o: 1e-3\n  s: |\n    a\n",
    )
    rows = {row.name: row for row in read(text).declarations}
    assert {name: (r.type, r.text, r.editable) for name, r in rows.items()} == {
        "lr": ("float", "0.10", True),
        "m.d": ("bool", "yes", True),
        "m.e": ("list", "[1]", True),
        "t": ("template", "{{ lr }}", True),
        "n": ("null", "", True),
        "o": ("float", "1e-3", True),
        "s": ("str", "a\n", True),
    }
    assert rows["m.d"].hint == "the command gets True"
    assert rows["m.d"].path == ("declarations", "m", "d")
    assert rows["m.d"].line == 8
    assert rows["o"].hint == ""
    assert [name for name, row in rows.items() if row.used] == ["lr"]


def test_used_through_others() -> None:
    text = file("{a: '{{ b }}', b: 1, m: {x: 1, y: 2}, c: 3}", "x {{ a }} {{ m.x }}")
    assert [r.name for r in read(text).declarations if r.used] == ["a", "b", "m.x"]
    assert [p.message.split(":")[0] for p in read(text).problems] == [
        "nothing uses m.y",
        "nothing uses c",
    ]


def test_many_unused_are_counted() -> None:
    text = file("{" + ", ".join(f"a{i}: 1" for i in range(100)) + "}", "x")
    assert len(read(text).problems) == 21


# -- edits and given values


def test_edits_are_laid_over() -> None:
    reading = load(SEED.encode(), "p.yml", {("declarations", "lr"): "0.50"})
    assert cmd(reading) == 'python x.py --lr="0.50"'
    assert reading.declarations[0].text == "0.50"
    assert load(SEED.encode(), "p.yml") == read(SEED)


def test_an_edit_that_cannot_be_made() -> None:
    reading = load(SEED.encode(), "p.yml", {("declarations",): "1", ("declarations", "lr"): "2"})
    assert said(reading) == [("E_EDIT", 6, 3)]


@pytest.mark.parametrize(
    ("declarations", "name", "text", "line"),
    [
        ("{a: 1}", "a", "0.10", "0.10"),
        ("{a: 1}", "a", "yes", "True"),
        ("{a: 1}", "a", "", "None"),
        ("{a: 'x'}", "a", "", ""),
        ("{a: 1}", "a", "[1, 2]", "[1, 2]"),
        ("{a: [1]}", "a", "[1, 2]", "[1, 2]"),
        ("{a: [1, 2]}", "a.1", "5", "[1, 5]"),
        ("{a: {b: 1}}", "a.b", "5", "{'b': 5}"),
        ("{a: 7, a.b: 1}", "a.b", "5", "7"),
        ("{a: 1}", "a", "x: y # z", "x: y # z"),
        ("{a: 1, b: 2}", "a", "{{ b }}", "2"),
        ("{a: &x 1, b: *x}", "b", "5", "1"),
    ],
)
def test_given_by_name(declarations: str, name: str, text: str, line: str) -> None:
    text_of_file = file(declarations, "'x {{ a }}'")
    reading = load(text_of_file.encode(), "p.yml", {}, {name: text})
    assert cmd(reading) == f"x {line}".strip()


def test_an_unknown_name() -> None:
    reading = read(file("{lr: 1}", "'x {{ lr }}'"), lrr="2")
    (problem,) = reading.problems
    assert (problem.code, problem.hint) == ("E_PARAM", "did you mean lr?")


# -- second looks


@pytest.mark.parametrize(
    ("value", "template", "warned"),
    [
        ("$(id)", "x {{ a }}", True),
        ("$(id)", 'x "{{ a }}"', True),
        ("$(id)", "x '{{ a }}'", False),
        ("$(id)", "x {{ a | sh }}", False),
        ("a;b", "x {{ a }}", True),
        ("a;b", 'x "{{ a }}"', False),
        ("a|b", "x {{ a }}", True),
        ("plain", "x {{ a }}", False),
    ],
)
def test_shell_syntax_in_a_value(value: str, template: str, warned: bool) -> None:
    text = (
        f"version: 1\ndeclarations:\n  a: '{value}'\nrun:\n  image: i\n  cmd: |\n    {template}\n"
        "kind: experiment\n"
    )
    assert said(read(text)) == [("W_SHELL", 3, 6)] * warned


def test_lines_of_a_block_are_joined() -> None:
    text = "version: 1\nrun:\n  image: i\n  cmd: |\n    a{}\n    b\nkind: experiment\n"
    assert said(read(text.format(""))) == [("W_CMD_LINES", 4, 8)]
    assert cmd(read(text.format(" \\"))) == "a b"


def test_control_characters() -> None:
    reading = read(file('{a: "\\e[2J"}', "x {{ a }}"))
    assert [p.code for p in reading.problems] == ["W_CTRL", "W_CTRL"]
    assert [p.code for p in read(file("{}", '"x \\0"')).problems] == ["E_SCHEMA"]


def test_a_variable_without_a_value() -> None:
    text = file("{n: 'None'}", "x {{ n }}", "  env_vars: [[A, ~], [B, '{{ n }}'], [C, '']]\n")
    problems = [p for p in read(text).problems if p.severity == "error"]
    assert [(p.code, p.line, p.column) for p in problems] == [
        ("E_SCHEMA", 6, 18),
        ("E_SCHEMA", 6, 26),
    ]


# -- at all costs


def test_a_reading_can_be_sent() -> None:
    reading = read(SEED)
    copy = pickle.loads(pickle.dumps(reading))
    assert copy == reading
    assert str(copy.declarations[0].value) == "0.10"


def test_the_seed_is_read_at_once() -> None:
    read(SEED)
    start = time.process_time()
    for _ in range(20):
        read(SEED)
    assert (time.process_time() - start) / 20 < 0.02


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from([SEED, LATER]),
    st.integers(0, 400),
    st.integers(0, 20),
    st.text(alphabet="ab: \n-[]{}'\"&*!|>%0.#~\x07", max_size=8),
)
def test_no_file_raises(text: str, at: int, length: int, put: str) -> None:
    reading = read(text[:at] + put + text[at + length :], lr="1")
    assert reading.valid or any(p.severity == "error" for p in reading.problems)
    pickle.dumps(reading)


def test_the_values_of_a_list_written_line_by_line_are_rows() -> None:
    text = file("{layers: x}", "'y {{ layers }}'").replace(
        "{layers: x}", "\n  layers:\n  - 64\n  - {a: 1}\n  flow: [1, 2]"
    )
    reading = read(text)
    rows = [(row.name, row.text, row.used) for row in reading.declarations]
    assert rows == [("layers.0", "64", True), ("layers.1.a", "1", True), ("flow", "[1, 2]", False)]


def test_a_value_is_used_where_another_one_follows_it() -> None:
    text = file("{base: &d {opt: adam, more: 1}, mine: {<<: *d}}", "'x {{ mine.opt }}'")
    used = {row.name: row.used for row in read(text).declarations}
    assert used == {"base.opt": True, "base.more": False, "mine.opt": True, "mine.more": False}


def test_what_a_faulty_command_uses_is_used() -> None:
    rows = read(file("{a: 1, b: 2}", "'x {{ a }} {{ no }}'")).declarations
    assert [row.used for row in rows] == [True, False]
    rows = read(file("{a: 1, b: 2}", "'x {{ a }} {{ no '")).declarations
    assert [row.used for row in rows] == [True, True]
