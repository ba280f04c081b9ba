"""The typed inputs of 0.5: what Polyaxon's own parser (0.5.6) took and refused."""

from __future__ import annotations

import pytest

from pxtui.polyaxonfile.load import load
from pxtui.polyaxonfile.reading import Declaration, Reading, Resolved


def read(inputs: str, params: str = "", cmd: str = "x {{ v }}", **given: str) -> Reading:
    text = f"version: 1\nkind: experiment\ninputs:\n  - {inputs}\n"
    text += f"params: {params}\n" if params else "\n"
    text += f"build: {{image: i}}\nrun:\n  cmd: {cmd}\n"
    return load(text.encode(), "p.yml", {}, given)


def resolved(reading: Reading) -> Resolved:
    assert reading.resolved, reading.problems
    return reading.resolved


def row(reading: Reading, name: str = "v") -> Declaration:
    return next(one for one in reading.declarations if one.name == name)


@pytest.mark.parametrize(
    ("inputs", "params", "line"),
    [
        ("{name: v, type: float}", "{v: 0.10}", "x 0.10"),
        ("{name: v, type: float}", "{v: '1'}", "x 1"),
        ("{name: v, type: float}", "{v: 1e-3}", "x 1e-3"),
        ("{name: v, type: int}", "{v: true}", "x True"),
        ("{name: v, type: int, is_optional: true, default: 3}", "", "x 3"),
        ("{name: v, type: int, is_optional: true}", "", "x None"),
        ("{name: v, type: int, is_optional: true, default: 3}", "{v: 4}", "x 4"),
        ("{name: v, type: int, is_list: true}", "{v: [1, 2]}", "x [1, 2]"),
        ("{name: v, type: int, is_list: true}", "{v: '[1, 2]'}", "x [1, 2]"),
        ("{name: v, type: list}", "{v: 'a,b'}", "x a,b"),
        ("{name: v, type: dict}", "{v: {a: 1}}", "x {'a': 1}"),
        ("{name: v, type: uri}", "{v: 'a:b@c'}", "x a:b@c"),
        ("{name: v, type: gcs_path}", "{v: 'gs://a/b'}", "x gs://a/b"),
        ("{name: v, type: bool, is_flag: true}", "{v: true}", "x --v"),
        ("{name: v, type: bool, is_flag: true}", "{v: false}", "x"),
        ("{name: v, type: bool, is_flag: true, is_optional: true}", "", "x"),
        ("{name: v, type: int, options: [1, 2]}", "{v: 2}", "x 2"),
        ("{name: v}", "{v: a}", "x a"),
        ("{name: v, options: [a]}", "{v: b}", "x b"),
        ("{name: v}", "{v: null}", "x None"),
        ("{name: v, type: dict_of_dicts}", "{v: {a: {b: 1}}}", "x {'a': {'b': 1}}"),
        ("{name: v, type: list, is_list: true}", "{v: abc}", "x abc"),
        ("{name: v, is_optional: 'yes', type: int}", "", "x None"),
    ],
)
def test_taken(inputs: str, params: str, line: str) -> None:
    assert resolved(read(inputs, params)).cmd == line


@pytest.mark.parametrize(
    ("inputs", "params", "line", "message", "hint"),
    [
        (
            "{name: v, type: float}",
            "{v: 1}",
            5,
            "v takes a number with a point, not 1",
            "write 1.0",
        ),
        ("{name: v, type: str}", "{v: 1}", 5, "v takes a text, not 1", "write '1'"),
        ("{name: v, type: int}", "{v: 1.0}", 5, "v takes a whole number, not 1.0", ""),
        ("{name: v, type: int}", "{v: abc}", 5, "v takes a whole number, not abc", ""),
        ("{name: v, type: uri}", "{v: abc}", 5, "v takes user:password@host", ""),
        ("{name: v, type: int, is_list: true}", "{v: [a]}", 5, "v takes a list, each item", ""),
        ("{name: v, type: int, options: [1, 2]}", "{v: 3}", 5, "v takes one of 1, 2", ""),
        ("{name: v, type: int}", "{v: null}", 5, "v needs a value", ""),
        ("{name: v, type: dict_of_dicts}", "{v: {a: 1}}", 5, "v takes a map of maps", ""),
        ("{name: v, type: {a: 1}, is_optional: true}", "", 4, "no type", "one of int"),
        ("{name: v, options: [null]}", "{v: 1}", 4, "the options are a list", ""),
        ("{name: v, type: bool, is_flag: true}", "{v: {a: 1}}", 5, "takes true or false", ""),
        ("{name: v}", "{v: '{{ ops.a.outputs.b }}'}", 5, "what another run put out", ""),
        ("{name: v, type: int}", "", 4, "the input v needs a value", "-P v=…"),
        ("{name: v, type: int, default: 0}", "", 4, "the input v needs a value", "-P v=…"),
        ("{name: v, type: int, default: 3}", "", 4, "so it must be optional", "is_optional: true"),
        ("{name: v, type: int, is_optional: true, default: a}", "", 4, "not a", ""),
        ("{name: v, type: flaot, is_optional: true}", "", 4, "no type", "did you mean float?"),
        ("{name: v, is_flag: true, is_optional: true}", "", 4, "only a bool", "type: bool"),
    ],
)
def test_refused(inputs: str, params: str, line: int, message: str, hint: str) -> None:
    problems = [p for p in read(inputs, params).problems if p.code == "E_PARAM"]
    assert [p.line for p in problems] == [line], problems
    assert message in problems[0].message
    assert hint in problems[0].hint


def test_a_param_that_is_no_input() -> None:
    reading = read("{name: lr, type: float}", "{lr: 0.1, lrr: 2}", "x")
    (problem,) = (p for p in reading.problems if p.severity == "error")
    assert (problem.code, problem.line, problem.column) == ("E_PARAM", 5, 19)
    assert problem.hint == "did you mean lr?"


def test_what_can_be_mended_has_a_fix() -> None:
    (problem,) = (p for p in read("{name: v, type: float}", "{v: 1}").problems)
    assert problem.fix == ((("params", "v"), "1.0"),)


def test_outputs_are_names_too() -> None:
    inputs = "{name: v, is_optional: true}\noutputs: [{name: o, type: int}]"
    assert resolved(read(inputs, "{o: 3}", "x {{ v }} {{ o }}")).cmd == "x None 3"
    assert resolved(read(inputs, "", "x {{ o }}")).cmd == "x None"


@pytest.mark.parametrize(
    ("inputs", "text", "line"),
    [
        ("{name: v, type: float}", "1", "x 1"),
        ("{name: v, type: float}", "0.10", "x 0.10"),
        ("{name: v, type: str}", "5", "x 5"),
        ("{name: v, type: bool, is_flag: true}", "yes", "x --v"),
        ("{name: v, type: bool, is_flag: true}", "false", "x"),
        ("{name: v, type: int, is_optional: true, default: 3}", "4", "x 4"),
    ],
)
def test_given_by_name(inputs: str, text: str, line: str) -> None:
    reading = read(inputs, v=text)
    assert resolved(reading).cmd == line
    assert row(reading).text == text


def test_a_text_given_by_name_that_does_not_fit() -> None:
    problems = [p for p in read("{name: v, type: int}", v="abc").problems if p.severity == "error"]
    assert [(p.code, p.message) for p in problems] == [
        ("E_PARAM", "-P v: v takes a whole number, not abc")
    ]


def test_an_input_without_a_value_is_a_row_that_an_edit_adds() -> None:
    reading = read("{name: v, type: float, is_optional: true, default: 0.10}")
    found = row(reading)
    assert (found.given, found.path, found.text) == (False, ("params", "v"), "0.10")
    assert (found.type, found.editable, found.used, found.line) == ("float", True, True, 4)
    needed = row(read("{name: v, type: int}"))
    assert (needed.type, needed.text, needed.value, needed.given) == ("int", "", None, False)


def test_a_given_input_is_a_row_of_the_file() -> None:
    found = row(read("{name: v, type: bool, is_flag: true}", "{v: true}"))
    assert (found.given, found.path, found.line) == (True, ("params", "v"), 5)
    assert (found.type, found.hint) == ("bool", "the command gets --v")


@pytest.mark.parametrize(
    ("kind", "text", "line"),
    [
        ("type: dict", "{a: 2}", "x {'a': 2}"),
        ("type: dict", '{"a": 2}', "x {'a': 2}"),
        ("type: int, is_list: true", "3,4", "x [3, 4]"),
        ("type: int, is_list: true", "[3, 4]", "x [3, 4]"),
        ("type: list", "a,b", "x a,b"),
    ],
)
def test_lists_and_maps_are_given_as_a_declaration_takes_them(
    kind: str, text: str, line: str
) -> None:
    reading = read(f"{{name: v, {kind}, is_optional: true}}", v=text)
    assert reading.resolved
    assert reading.resolved.cmd == line


@pytest.mark.parametrize(
    ("kind", "text"), [("type: int, is_list: true", "a,4"), ("type: int", "[3]")]
)
def test_a_list_that_does_not_fit_is_not_given(kind: str, text: str) -> None:
    reading = read(f"{{name: v, {kind}, is_optional: true}}", v=text)
    assert "E_PARAM" in [p.code for p in reading.problems]
