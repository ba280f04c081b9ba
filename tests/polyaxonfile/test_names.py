"""Where names have their values from: the first trial, the file, `-P`."""

from __future__ import annotations

import pytest

from pxtui.polyaxonfile.load import load
from pxtui.polyaxonfile.reading import Reading, Resolved

FILE = """\
version: 1
kind: group
hptuning:
  matrix:
    {matrix}
{more}build: {{image: i}}
run:
  cmd: x {cmd}
"""


def read(matrix: str, cmd: str = "{{ lr }}", more: str = "", **given: str) -> Reading:
    text = FILE.format(matrix=matrix, cmd=cmd, more=more and f"{more}\n")
    return load(text.encode(), "p.yml", {}, given)


def resolved(reading: Reading) -> Resolved:
    assert reading.resolved, reading.problems
    return reading.resolved


def test_the_first_trial() -> None:
    reading = read("{lr: {values: [0.10, 0.2]}, n: {values: [a, b]}}", "{{ lr }} {{ n }}")
    found = resolved(reading)
    assert found.cmd == "x 0.10 a"
    assert found.params == {"lr": 0.1, "n": "a"}
    assert found.space
    assert found.space.names == ("lr", "n")
    assert reading.declarations == ()
    said = [p for p in reading.problems if "lr=0.10, n=a" in p.message]
    assert [(p.code, p.line) for p in said] == [("W_MATRIX", 4)]


def test_a_value_of_the_matrix_can_be_a_template() -> None:
    found = resolved(read("{lr: {values: [1]}, n: {values: ['{{ lr }}a']}}", "{{ n }}"))
    assert found.cmd == "x 1a"
    bad = read("{lr: {values: ['{{ o }}']}}")
    assert [(p.code, p.line) for p in bad.problems if p.severity == "error"] == [("E_UNDEFINED", 5)]


def test_a_declaration_beats_the_matrix() -> None:
    reading = read("{lr: {values: [1, 2]}}", more="declarations: {lr: 9}")
    assert resolved(reading).cmd == "x 9"
    (problem,) = (p for p in reading.problems if p.code == "W_HIDDEN")
    assert (problem.line, problem.fix) == (6, ((("declarations", "lr"), None),))


def test_the_default_of_an_input_beats_the_matrix() -> None:
    more = "inputs: [{name: lr, type: float, is_optional: true, default: 0.5}]"
    reading = read("{lr: {values: [1, 2]}}", more=more)
    assert resolved(reading).cmd == "x 0.5"
    (problem,) = (p for p in reading.problems if p.code == "W_HIDDEN")
    assert problem.fix == ((("inputs", 0), None),)


def test_a_value_given_by_name_beats_both() -> None:
    assert resolved(read("{lr: {values: [1, 2]}}", lr="0.30")).cmd == "x 0.30"
    reading = read("{lr: {values: [1, 2]}}", more="declarations: {lr: 9}", lr="7")
    assert resolved(reading).cmd == "x 7"
    assert "W_HIDDEN" not in {p.code for p in reading.problems}


def test_what_hyperband_gives_is_defined() -> None:
    more = (
        "  hyperband: {max_iter: 9, eta: 3, resource: {name: steps, type: int}, "
        "metric: {name: loss, optimization: minimize}}"
    )
    found = resolved(read("{lr: {values: [1, 2]}}", "{{ steps }}", more))
    assert found.cmd.removeprefix("x ").isdecimal()
    assert "steps" in found.params


def test_a_wrong_matrix_is_said_once() -> None:
    problems = [p for p in read("{lr: {vales: [1, 2]}}").problems if p.severity == "error"]
    assert [p.line for p in problems] == [5]
    assert "E_UNDEFINED" not in {p.code for p in problems}


def test_a_secret_of_the_matrix_is_hidden() -> None:
    reading = read("{api_key: {values: [sk-12345, b]}}", "{{ api_key }}")
    assert resolved(reading).cmd == "x sk-12345"
    assert reading.shown
    assert "sk-12345" not in repr((reading.shown.cmd, reading.shown.params, reading.problems))


@pytest.mark.parametrize(
    ("section", "place"),
    [
        (
            "project: {name: p}\nmatrix: {lr: {values: [3]}}\n",
            "run: {image: i, cmd: 'x {{ lr }}'}\n",
        ),
        (
            "kind: group\nsettings: {matrix: {lr: {values: [3]}}}\n",
            "run: {image: i, cmd: 'x {{ lr }}'}\n",
        ),
    ],
)
def test_the_matrix_of_other_eras(section: str, place: str) -> None:
    assert resolved(load(f"version: 1\n{section}{place}".encode(), "p.yml")).cmd == "x 3"
