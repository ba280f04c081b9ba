"""`for` and `if` in build and run, as Polyaxon worked them out."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pxtui.polyaxonfile.load import load
from pxtui.polyaxonfile.reading import Reading, Resolved
from pxtui.polyaxonfile.templating.operators import MAX_MADE

FILE = (
    "version: 1\nkind: experiment\ndeclarations: {names}\nbuild: {build}\nrun:\n  cmd:\n    {cmd}\n"
)


def read(cmd: str, names: str = "{m: a, n: 2, l: [x, y]}", build: str = "{image: i}") -> Reading:
    return load(FILE.format(cmd=cmd, names=names, build=build).encode(), "p.yml")


def resolved(reading: Reading) -> Resolved:
    assert reading.resolved, reading.problems
    return reading.resolved


@pytest.mark.parametrize(
    ("cmd", "line"),
    [
        ("for: {len: 2, do: 'a {{ index }}'}", "a 0 && a 1"),
        ("for: {len: '{{ n }}', do: 'a {{ i }}', index: i}", "a 0 && a 1"),
        ("for: {len: '{{ l|length }}', do: 'a {{ l[index] }}'}", "a x && a y"),
        ("for: {len: 2, do: ['a {{ index }}', b]}", "a 0 && b && a 1 && b"),
        ("for: {len: 2, do: x, index: n}", "x && x"),
        ("for: {len: 1, do: 'a {{ n }}', index: n}", "a 2"),
        (
            "for: {len: 2, index: i, do: {for: {len: 2, index: j, do: 'a {{ i }}{{ j }}'}}}",
            "a 00 && a 01 && a 10 && a 11",
        ),
        # the outer loop's index beats an inner one of the same name
        ("for: {len: 2, do: {for: {len: 2, do: 'a {{ index }}'}}}", "a 0 && a 0 && a 1 && a 1"),
        ("for: {len: 0, do: a}", ""),
        ("if: {cond: '1 == 1', do: a, else_do: b}", "a"),
        ("if: {cond: 1 > 2, do: a, else_do: b}", "b"),
        ("if: {cond: \"'{{ m }}' == 'a'\", do: 'run {{ m }}', else_do: b}", "run a"),
        ("if: {cond: '{{ n }} > 3', do: a}", ""),
        ("if: {cond: true, do: a}", "a"),
        ("if: {cond: '{{ n }} == 2', do: {if: {cond: '0', do: a, else_do: c}}}", "c"),
        ("for: {len: 2, do: {if: {cond: '{{ index }} == 0', do: a, else_do: b}}}", "a && b"),
        ("- {if: {cond: '1', do: a}}\n    - b", "a && b"),
    ],
)
def test_worked_out(cmd: str, line: str) -> None:
    assert resolved(read(cmd)).cmd == line


def test_in_the_build() -> None:
    build = (
        "{image: {if: {cond: '{{ n }} > 1', do: 'i:gpu', else_do: 'i:cpu'}}, "
        "build_steps: {for: {len: 2, do: 'pip {{ l[index] }}'}}, "
        "env_vars: {for: {len: 2, do: ['A{{ index }}', '{{ index }}']}}}"
    )
    flat = build.replace(
        "do: ['A{{ index }}', '{{ index }}']", "do: [['A{{ index }}', '{{ index }}']]"
    )
    found = resolved(read("x", build=flat))
    assert (found.image, found.steps) == ("i:gpu", ("pip x", "pip y"))
    assert found.env == (("A0", "0"), ("A1", "1"))
    # each turn's list is laid end to end, so a pair falls apart: as it did in Polyaxon
    assert {p.code for p in read("x", build=build).problems if p.severity == "error"} == {
        "E_SCHEMA"
    }


@pytest.mark.parametrize(
    ("cmd", "code", "column", "message"),
    [
        ("for: {len: x, do: a}", "E_SCHEMA", 16, "len is a number"),
        ("for: {do: a}", "E_SCHEMA", 10, "has no `len`"),
        ("for: {len: 1}", "E_SCHEMA", 10, "has no `do`"),
        ("for: [1]", "E_SCHEMA", 10, "expected a map"),
        ("for: {len: 1, do: a, index: 'a b'}", "E_SCHEMA", 33, "'a b' is not a name"),
        ("for: {len: 1, do: 'x {{ indx }}'}", "E_UNDEFINED", 29, "indx is not declared"),
        ("for: {len: 1, do: {a: 1}}", "E_SCHEMA", 23, "expected a text, not a map"),
        ("for: {len: '{{ o }}', do: a}", "E_UNDEFINED", 20, "o is not declared"),
        ("if: {cond: \"m == 'a'\", do: a}", "E_UNDEFINED", 16, "m is no text"),
        ("if: {cond: '1 ==', do: a}", "E_TEMPLATE_SYNTAX", 16, "if 1 =="),
        ("- {if: {cond: '0', do: a}}", "E_SCHEMA", 12, "not nothing"),
        ("- {for: {len: 2, do: a}}", "E_SCHEMA", 13, "not a list"),
    ],
)
def test_what_is_wrong_points_at_its_place(cmd: str, code: str, column: int, message: str) -> None:
    problems = [p for p in read(cmd).problems if p.severity == "error"]
    assert [(p.code, p.line) for p in problems] == [(code, 7)], problems
    assert abs(problems[0].column - column) <= 4
    assert message in problems[0].message


def test_an_unknown_key_is_a_warning() -> None:
    reading = read("if: {cond: '1', do: a, else: b}")
    assert resolved(reading).cmd == "a"
    (problem,) = (p for p in reading.problems if p.code == "W_UNKNOWN_KEY")
    assert problem.hint == "did you mean else_do?"


@pytest.mark.parametrize(
    "cmd",
    [
        "for: {len: 1000000000, do: a}",
        "for: {len: 1000000000, do: []}",
        "for: {len: 1e300, do: []}",
        "for: {len: 1000, do: {for: {len: 1000, do: [a, b, c]}}}",
        "for: {len: 1000, do: {if: {cond: '0', do: a}}}\n    # " + "x" * 10,
        "for: {len: " + "9" * 400 + ", do: a}",
    ],
)
def test_a_loop_has_an_end(cmd: str) -> None:
    codes = [p.code for p in read(cmd).problems if p.severity == "error"]
    assert codes in (["E_TEMPLATE_LIMIT"], ["E_SCHEMA"] * len(codes))
    assert codes


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 60))
def test_n_turns_make_n_texts(n: int) -> None:
    assert n < MAX_MADE
    build = f"{{image: i, build_steps: {{for: {{len: {n}, do: 'a {{{{ index }}}}'}}}}}}"
    assert resolved(read("x", build=build)).steps == tuple(f"a {i}" for i in range(n))
