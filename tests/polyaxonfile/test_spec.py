"""What the keys mean, in both spellings, and what is said about the others."""

from __future__ import annotations

import pytest

from pxtui.polyaxonfile import spec
from pxtui.polyaxonfile.document import Document
from pxtui.polyaxonfile.load import load
from pxtui.polyaxonfile.path import Path
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
    assert reading.era == "0.0.2-0.0.6"
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
        ("  name: mnist", "  nam: mnist", "project.name is missing"),
        ("  lr: 0.10", "  - lr", "declarations: expected a map"),
        ("  lr: 0.10", "  1: 0.10", "1 is a number"),
        ("  image: python:3", "  image: 'python: 3'", "blanks"),
        ("  image: python:3", '  image: "p\\nRUN x"', "blanks"),
        ("    - pip install x", "    pip install x", "expected a list of commands"),
        ("    - pip install x", "    - [a]\n    - 5", "run.steps.1: expected a text"),
        ("    - [A, 1]", "    A: 1", "expected a list of pairs"),
        ("    - [A, 1]", "    - [A]", "expected a pair"),
        ("    - [A, 1]", "    - [A B, 1]", "'A B' is not a name"),
        ("    - [A, 1]", '    - [A, "b\\nc"]', "more than one line"),
        ("  cmd: py", "  cmd: {iff: x} #", "run.cmd: expected a command"),
        ("  cmd: py", "  cmd: [py] #", "run.cmd: expected a command, not a list"),
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


BUILT = "version: 1\nkind: {}\nbuild: {{image: i, build_steps: [s]}}\n"


def test_a_file_of_another_language_is_named() -> None:
    found = spec.read(Document.parse(b"version: 1.1\nkind: operation\n", "p.yml"))
    assert found.era == "1.x"
    assert [p.code for p in found.problems] == ["E_KIND"]


def test_a_kind_is_mended() -> None:
    (problem,) = (p for p in read(BUILT.format("experimnt")).problems if p.code == "E_KIND")
    assert "did you mean experiment" in problem.hint
    assert problem.fix == ((("kind",), "experiment"),)


@pytest.mark.parametrize("kind", ["notebook", "tensorboard", "build"])
def test_kinds_that_are_only_built(kind: str) -> None:
    reading = read(BUILT.format(kind))
    assert [p.code for p in reading.problems] == ["W_KIND"]
    assert reading.resolved
    assert (reading.resolved.kind, reading.resolved.image) == (kind, "i")
    assert not reading.resolved.cmd
    assert "E_SCHEMA" in codes(BUILT.format(kind) + "run: {cmd: c}\n")


def test_a_plugin_has_no_command() -> None:
    plugin = "version: 1\nkind: plugin\nrun: {image: i, build_steps: [s]}\n"
    reading = read(plugin)
    assert reading.era == "0.0.8-0.1.0"
    assert [p.code for p in reading.problems] == ["W_KIND"]
    assert not read(plugin.replace("image: i", "image: i, cmd: c")).valid


FLAT = """\
version: 1
kind: build
dockerfile: docker/Dockerfile
context: docker
env_vars: [[A, b]]
nocache: true
lang_env: C.UTF-8
"""


def test_a_build_of_late_eras_is_flat() -> None:
    reading = read(FLAT)
    assert reading.era == "0.5.0-0.6.1"
    assert reading.resolved
    assert (reading.resolved.dockerfile, reading.resolved.context) == (
        "docker/Dockerfile",
        "docker",
    )
    assert ("A", "b") in reading.resolved.env
    assert reading.resolved.nocache


@pytest.mark.parametrize("added", ["image: i\n", "ref: 5\n"])
def test_a_build_has_one_source(added: str) -> None:
    (problem,) = (p for p in read(FLAT + added).problems if p.severity == "error")
    assert "cannot go together" in problem.message


def test_a_pipeline_is_checked_not_run() -> None:
    text = "version: 1\nkind: pipeline\nops: [{name: a, template: {name: t}}]\n"
    found = read(text + "templates: [{name: t, kind: job}]\n")
    assert found.valid
    assert [p.code for p in found.problems] == ["W_KIND", "W_IGNORED", "W_IGNORED"]
    assert "E_SCHEMA" in codes(text)
    assert "E_SCHEMA" in codes(text + "templates: [{name: u, kind: job}]\n")
    waiting = text.replace("name: a,", "name: a, dependencies: [a],")
    assert "E_CYCLE" in codes(waiting + "templates: [{name: t, kind: job}]\n")


@pytest.mark.parametrize(
    ("added", "code", "line"),
    [
        ("environment: {}\n", "W_IGNORED", 14),
        ("settings: {logging: {level: INFO}}\n", "W_IGNORED", 14),
        ("settings: {matrix: {a: {values: [1]}}}\n", "W_MATRIX", 14),
        ("matrix: {a: {values: [1]}}\n", "W_MATRIX", 14),
        ("  git: x\n", "W_IGNORED", 14),
        ("  comd: x\n", "W_UNKNOWN_KEY", 14),
        ("  build_steps: [x]\n", "W_UNKNOWN_KEY", 14),
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
    assert all("it is acted on here" in p.hint for p in found.problems)


@pytest.mark.parametrize("run", ["", "run:\n", "run: {image: i}\n"])
def test_a_file_that_cannot_be_run_is_valid_and_says_so(run: str) -> None:
    found = read(f"version: 1\nproject: {{name: p}}\n{run}")
    assert found.valid
    assert [p.code for p in found.problems] == ["W_NOT_RUNNABLE"]


EXPERIMENT = "version: 1\nkind: experiment\nbuild: {image: i}\nrun: {cmd: c}\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (SEED.replace("  steps:", "  build_steps:"), "in a file like this it is `run.steps`"),
        (EXPERIMENT.replace("image: i", "image: i, steps: [s]"), "write `build_steps`"),
        (EXPERIMENT.replace("cmd: c", "cmd: c, comd: d"), "did you mean cmd?"),
        (EXPERIMENT + "settings: {matrix: {a: {values: [1]}}}\n", "it is `hptuning`"),
        (EXPERIMENT + "bild: {}\n", "did you mean build?"),
        (EXPERIMENT + "environment: {resources: {gpu: {request: 1}}}\n", "write `requests`"),
        (EXPERIMENT + "project: {name: p}\n", "it is `name`"),
        (EXPERIMENT.replace("image: i", "build_steps: [s]"), "write `image:` there"),
        (EXPERIMENT.replace("build: {image: i}\n", "build: i\n"), "write `image:` below it"),
    ],
)
def test_a_complaint_says_what_to_write(text: str, said: str) -> None:
    assert any(said in p.hint for p in read(text).problems), read(text).problems


@pytest.mark.parametrize(
    ("text", "path", "value"),
    [
        (EXPERIMENT.replace("version: 1\n", ""), ("version",), "1"),
        (EXPERIMENT.replace("version: 1\n", "version: 2\n"), ("version",), "1"),
        (EXPERIMENT.replace("kind: experiment\n", ""), ("kind",), "experiment"),
        (
            "version: 1\nbuild: {image: i}\nrun: {cmd: c}\n"
            "hptuning: {matrix: {a: {values: [1]}}}\n",
            ("kind",),
            "group",
        ),
        (EXPERIMENT + "logging: {level: INF}\n", ("logging", "level"), "INFO"),
    ],
)
def test_what_can_be_mended_has_a_fix(text: str, path: Path, value: str) -> None:
    found = read(text)
    assert not found.valid
    assert [p.fix for p in found.problems if p.fix] == [((path, value),)]
    assert load(text.encode(), "p.yml", {path: value}).valid


def test_only_the_place_of_the_era_is_acted_on() -> None:
    text = EXPERIMENT.replace("image: i", "image: i, build_steps: [a]")
    found = read(text.replace("cmd: c", "cmd: c, build_steps: [b]"))
    assert found.resolved
    assert found.resolved.steps == ("a",)
    (problem,) = found.problems
    assert "run.build_steps is ignored" in problem.message


def test_names_that_templates_cannot_use() -> None:
    text = SEED.replace("  lr: 0.10", "  lr: 1\n  batch-size: 2\n  none: 3\n")
    assert codes(text).count("W_NAME") == 2


def test_both_sections_of_declarations() -> None:
    assert "E_SCHEMA" in codes(SEED + "params: {a: 1}\n")


@pytest.mark.parametrize("text", ["[1]", "x", "5"])
def test_a_root_that_is_no_map(text: str) -> None:
    assert codes(text) == ["E_SCHEMA"]


def test_many_faults_are_counted() -> None:
    keys = "".join(f"  key{number}: 1\n" for number in range(5000))
    found = read(EXPERIMENT.replace("run: {cmd: c}\n", f"run:\n  cmd: c\n{keys}"))
    assert found.valid
    assert len(found.problems) == 101
    assert "900 more keys and values" in found.problems[-1].message


@pytest.mark.parametrize("settings", ["5", "[]", "matrix", "{matrix: 5}", "{early_stopping: [1]}"])
def test_a_section_of_another_type_is_named(settings: str) -> None:
    found = read(f"version: 1\nsettings: {settings}\nrun: {{image: i, cmd: c}}\n")
    assert not found.valid
    assert any(p.line == 2 for p in found.problems)


@pytest.mark.parametrize(
    ("image", "valid"),
    [
        ("a:b:c", False),
        ("h:5000/a:b:c", False),
        ("a/b:5000/c", False),
        ("a:", False),
        ("a b:c", False),
        ("a:b", True),
        ("h:5000/a/b:c", True),
        ("[::1]:5000/a:b", True),
        ("a:b@sha256:0123", True),
        ("h/a@sha256:0123", True),
    ],
)
def test_the_name_of_an_image(image: str, valid: bool) -> None:
    text = f"version: 1\nkind: job\nbuild: {{image: '{image}'}}\nrun: {{cmd: c}}\n"
    errors = [p for p in load(text.encode(), "p.yml").problems if p.severity == "error"]
    assert [p.message.startswith("image: ") for p in errors] == [True] * (not valid)


@pytest.mark.parametrize(
    ("pair", "used"),
    [
        ('[T, "$HOME/x"]', "$HOME"),
        ('[T, "a${HOME}"]', "$HOME"),
        ('[T, "${HOME:-x}/$A"]', "$HOME"),
        ('[PATH, "/opt/bin:$PATH"]', ""),
        ('[PATH, "${PATH}:$HOME/bin"]', ""),
        ('[T, "5$ and $1"]', ""),
        ("[T, 5]", ""),
    ],
)
def test_docker_fills_in_variables(pair: str, used: str) -> None:
    build = f"build: {{image: a, env_vars: [[A, b], {pair}]}}"
    reading = load(f"version: 1\nkind: job\n{build}\nrun: {{cmd: c}}\n".encode(), "p.yml")
    assert reading.valid
    found = [(p.code, p.message.split()[-6]) for p in reading.problems]
    assert found == ([("W_ENV_DOLLAR", used)] if used else [])
    assert all(p.column > 40 for p in reading.problems)
