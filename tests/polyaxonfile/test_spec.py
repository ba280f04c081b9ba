"""What the keys mean, in both spellings, and what is said about the others."""

from __future__ import annotations

import pytest

from pxtui.polyaxonfile.load import load
from pxtui.polyaxonfile.reading import Reading

SEED = """\
---
version: 1
project:
  name: mnist
declarations:
  lr: 0.10
run:
  image: python:3
  steps:
    - pip install x
  env_vars:
    - [A, 1]
  cmd: python x.py --lr="{{ lr }}"
"""
LATER = """\
version: 1
kind: experiment
tags: [a]
name: mnist
params:
  lr: 0.10
build:
  image: python:3
  build_steps: [pip install x]
  env_vars: [[A, 1]]
  nocache: true
run:
  cmd: [cd src, 'python x.py --lr={{ lr }}']
"""


def read(text: str) -> Reading:
    return load(text.encode(), "p.yml")


def codes(text: str) -> list[str]:
    return [p.code for p in read(text).problems]


def test_the_seed_spelling() -> None:
    reading = read(SEED)
    assert reading.problems == ()
    assert reading.era == "2018 (0.0.5)"
    found = reading.resolved
    assert found
    assert (found.kind, found.project, found.image) == ("experiment", "mnist", "python:3")
    assert found.steps == ("pip install x",)
    assert found.env == (("A", "1"),)
    assert found.cmd == 'python x.py --lr="0.10"'
    assert found.params == {"lr": 0.1}


def test_the_later_spelling() -> None:
    reading = read(LATER)
    assert reading.problems == ()
    found = reading.resolved
    assert found
    assert (found.project, found.image, found.steps) == ("mnist", "python:3", ("pip install x",))
    assert found.env == (("A", "1"),)
    assert found.cmd == "cd src && python x.py --lr=0.10"
    assert found.nocache


def test_lang_env_is_three_variables() -> None:
    found = read(LATER.replace("nocache: true", "lang_env: C.UTF-8")).resolved
    assert found
    assert found.env[:3] == (("LC_ALL", "C.UTF-8"), ("LANG", "C.UTF-8"), ("LANGUAGE", "C.UTF-8"))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("version: 1\n", "", "version is missing"),
        ("version: 1\n", "version: 2\n", "version '2'"),
        ("version: 1\n", "version: '1'\n", "version '1'"),
        ("  name: mnist", "  name: a b", "project.name: 'a b'"),
        ("project:\n  name: mnist", "project: mnist", "project: expected a map, not a text"),
        ("  name: mnist", "  nam: mnist", "project.name: expected a name"),
        ("  lr: 0.10", "  - lr", "declarations: expected a map"),
        ("  lr: 0.10", "  1: 0.10", "1 is a number"),
        ("  image: python:3", "  image: 'python: 3'", "blanks"),
        ("  image: python:3", '  image: "p\\nRUN x"', "blanks"),
        ("    - pip install x", "    pip install x", "expected a list of commands"),
        ("    - pip install x", "    - [a]\n    - 5", "run.steps.1: expected a text"),
        ("    - [A, 1]", "    A: 1", "expected a list of pairs"),
        ("    - [A, 1]", "    - [A]", "expected a pair"),
        ("    - [A, 1]", "    - [1, A]", "expected a name"),
        ("    - [A, 1]", "    - [A B, 1]", "'A B' is not a name"),
        ("    - [A, 1]", '    - [A, "b\\nc"]', "more than one line"),
        ("  cmd: py", "  cmd: {if: x} #", "run.cmd: expected a command"),
        ("  cmd: py", "  cmd: 5 #", "run.cmd: expected a command"),
        ("declarations:", "declaration:", "'declaration' is no key"),
    ],
)
def test_a_wrong_value_is_an_error(old: str, new: str, message: str) -> None:
    assert old in SEED
    reading = read(SEED.replace(old, new))
    assert not reading.valid
    found = [p for p in reading.problems if p.code == "E_SCHEMA"]
    assert any(message in p.message for p in found), reading.problems


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("pipeline", "cannot be run yet"),
        ("operation", "Polyaxon 1.x"),
        ("experimnt", "did you mean experiment"),
    ],
)
def test_other_kinds(kind: str, said: str) -> None:
    (problem,) = (p for p in read(f"kind: {kind}\n{SEED[4:]}").problems if p.code[0] == "E")
    assert problem.code == "E_KIND"
    assert said in str(problem)


@pytest.mark.parametrize("kind", ["notebook", "tensorboard", "plugin", "build"])
def test_kinds_that_are_only_built(kind: str) -> None:
    reading = read(f"kind: {kind}\n{SEED[4:]}")
    assert "W_KIND" in {p.code for p in reading.problems}
    assert reading.resolved
    assert reading.resolved.image
    assert not reading.resolved.cmd


@pytest.mark.parametrize(
    ("added", "code", "line"),
    [
        ("environment: {}\n", "W_IGNORED", 14),
        ("settings: {logging: {level: INFO}}\n", "W_IGNORED", 14),
        ("settings: {matrix: {a: {values: [1]}}}\n", "W_MATRIX", 14),
        ("matrix: {a: {values: [1]}}\n", "W_MATRIX", 14),
        ("hptuning: {matrix: {a: {values: [1]}}}\n", "W_MATRIX", 14),
        ("  git: x\n", "W_IGNORED", 14),
        ("  comd: x\n", "W_UNKNOWN_KEY", 14),
        ("  build_steps: [x]\n", "W_UNKNOWN_KEY", 9),
    ],
)
def test_what_is_not_acted_on_is_said(added: str, code: str, line: int) -> None:
    found = read(SEED + added)
    assert found.valid
    assert (code, line) in [(p.code, p.line) for p in found.problems]


def test_a_mix_of_eras_is_acted_on_with_a_warning() -> None:
    found = read("version: 1\nkind: job\nbuild: {}\nrun: {image: i, steps: [s], cmd: c}\n")
    assert found.resolved
    assert (found.resolved.image, found.resolved.steps) == ("i", ("s",))
    assert [p.code for p in found.problems] == ["W_UNKNOWN_KEY"] * 2


@pytest.mark.parametrize("run", ["", "run:\n", "run: {image: i}\n", "run: {cmd: c}\n"])
def test_a_file_that_cannot_be_run_is_valid_and_says_so(run: str) -> None:
    found = read(f"version: 1\nproject: {{name: p}}\n{run}")
    assert found.valid
    assert [p.code for p in found.problems] == ["W_NOT_RUNNABLE"]


def test_names_that_templates_cannot_use() -> None:
    text = SEED.replace("  lr: 0.10", "  lr: 1\n  batch-size: 2\n  none: 3\n")
    assert codes(text).count("W_NAME") == 2


def test_both_sections_of_declarations() -> None:
    assert "E_SCHEMA" in codes(SEED + "params: {a: 1}\n")


@pytest.mark.parametrize("text", ["[1]", "x", "5"])
def test_a_root_that_is_no_map(text: str) -> None:
    assert codes(text) == ["E_SCHEMA"]
