"""The JSON Schema: it accepts what is valid, and rejects what is invalid by its shape."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import jsonschema
import pytest
import yaml
from click.testing import CliRunner

from pxtui.cli.schema import command
from pxtui.polyaxonfile.load import load
from pxtui.polyaxonfile.schema import schema
from pxtui.polyaxonfile.spec import eras
from tests.polyaxonfile.test_corpus import corpus, expected

BEYOND_SHAPE = {
    "polyaxon+polyaxon-quick-start/2019-07-05-10f2157b-polyaxonfile_required_inputs.yml",
    "polyaxon+polyaxon-quick-start/2019-07-11-ba167cab-polyaxonfile_required_inputs.yml",
    "polyaxon+polyaxon-quick-start/2019-07-13-1401deb4-polyaxonfile_required_inputs.yml",
    "polyaxon+polyaxon-quick-start/2019-07-19-eece7a7a-polyaxonfile_required_inputs.yml",
    "polyaxon+polyaxon-quick-start/2019-07-26-da0edaef-polyaxonfile_required_inputs.yml",
    "polyaxon+polyaxon-quick-start/2019-08-03-5bdb04a9-polyaxonfile_required_inputs.yml",
    "schemas/0.4.4/typing__required_inputs.yml",
    "schemas/0.4.4/typing__untyped_params.yml",
    "schemas/0.4.4/typing__run_with_refs.yml",
    "docs/0.5.6/templates-0.yml",
    "docs/0.6.1/templates-0.yml",
}
"""An input has no value, a value has no input: other sections say so."""
OTHER_REASONS = {
    "polyaxon+polyaxon-examples/"
    "2018-03-14-664c214f-mxnet__cifar10__polyaxonfile_distributed.yml": "valid in 0.0.6",
    "polyaxon+polyaxon-examples/"
    "2018-03-14-257057ca-mxnet__cifar10__polyaxonfile_distributed.yml": "valid in 0.0.6",
    "schemas/0.4.4/pipelines__cyclic_pipeline.yml": "operations wait for each other",
    "schemas/0.4.4/pipelines__pipeline_ops_not_corresponding_to_templates.yml": "names differ",
    "docs/0.5.6/polyflow-0.yml": "names differ",
}
BUILT = {"version": 1, "kind": "experiment", "build": {"image": "i"}, "run": {"cmd": "c"}}


@cache
def validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(schema())


def files() -> Iterator[tuple[str, Any, bool]]:
    """The corpus as YAML reads it; what is no YAML never comes to a schema."""
    for name, rows in expected().items():
        try:
            value = yaml.safe_load((corpus() / name).read_bytes())
        except yaml.YAMLError:
            continue
        yield name, value, any(row["valid"] for row in rows)


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())


def test_the_corpus() -> None:
    wrong = {name for name, value, valid in files() if validator().is_valid(value) != valid}
    assert wrong == BEYOND_SHAPE | OTHER_REASONS.keys()


def test_the_files_of_1_x_in_the_corpus() -> None:
    found = 0
    for path in corpus().rglob("*.yml"):
        reading = load(path.read_bytes(), path.name)
        if reading.era == eras.MODERN and reading.valid:
            found += 1
            assert validator().is_valid(yaml.safe_load(path.read_bytes())), path
    assert found


@pytest.mark.parametrize(
    ("file", "fits"),
    [
        ({"kind": "component", "run": {}}, True),
        ({"version": 1.1, "kind": "operation", "hubRef": "a"}, True),
        ({"version": 1.1, "run": {}}, True),
        ({"version": 1.1, "kind": "experiment", "run": {}}, False),
        ({"version": 2.1, "run": {}}, False),
    ],
)
def test_what_is_1_x(file: dict[str, Any], fits: bool) -> None:
    assert validator().is_valid(file) is fits


@pytest.mark.parametrize(
    "change",
    [
        {"buld": {}},
        {"kind": "experimnt"},
        {"kind": None},
        {"version": 2},
        {"build": {"image": 5}},
        {"build": {"build_steps": ["s"]}},
        {"build": {"image": "i", "build_steps": "s"}},
        {"build": {"image": "i", "env_vars": [["A"]]}},
        {"run": {"cmd": "c", "comd": "d"}},
        {"logging": {"level": "LOUD"}},
        {"kind": "notebook"},
        {"kind": "group"},
        {"kind": "group", "hptuning": {"matrix": {"a": {"range": [1, 2]}}}},
        {"kind": "group", "hptuning": {"matrix": {"a": {"values": [1], "uniform": "0:1"}}}},
        {"kind": "group", "hptuning": {"matrix": {"a": {"vals": [1]}}}},
        {"params": {"a": 1}, "inputs": [{"name": "a", "type": "itn"}]},
        {"params": 5},
    ],
)
def test_a_wrong_shape_is_rejected(change: dict[str, Any]) -> None:
    assert validator().is_valid(BUILT)
    assert not validator().is_valid(BUILT | change)


@pytest.mark.parametrize(
    "change",
    [
        {"build": {"image": "i", "nocache": "{{ x }}"}},
        {"build": {"image": "i", "build_steps": {"for": {"len": 2, "do": "s"}}}},
        {"run": {"cmd": {"if": {"cond": "x", "do": "c"}}}},
        {"run": {"cmd": ["a", "b"]}},
        {"environment": {"resources": {"cpu": {"limits": "2"}}}},
        {"build": None},
        {"kind": "group", "hptuning": {"concurrency": 2, "matrix": {"a": {"linspace": "0:1:5"}}}},
    ],
)
def test_a_right_shape_is_accepted(change: dict[str, Any]) -> None:
    assert validator().is_valid(BUILT | change)


SEED = {"version": 1, "project": {"name": "p"}, "run": {"image": "i", "cmd": "c"}}


@pytest.mark.parametrize(
    ("file", "message", "path"),
    [
        (BUILT | {"buld": {}}, "'buld' was unexpected", []),
        ({key: BUILT[key] for key in ("version", "build", "run")}, "'kind' is a required", []),
        (BUILT | {"run": {"cmd": "c", "comd": "d"}}, "'comd' was unexpected", ["run"]),
        (
            BUILT | {"build": {"image": "i", "build_steps": ["a", 5]}},
            "5 is not valid under any of the given schemas",
            ["build", "build_steps", 1],
        ),
        (SEED | {"declaration": {}}, "'declaration' was unexpected", []),
    ],
)
def test_an_editor_shows_the_fault_itself(
    file: dict[str, Any], message: str, path: list[str | int]
) -> None:
    (error,) = validator().iter_errors(file)
    assert message in error.message
    assert list(error.absolute_path) == path


def test_keys_are_described_for_editors() -> None:
    newest = schema()["$defs"]["0.5.0-0.6.1"]
    assert newest["title"] == "Polyaxon 0.5.0-0.6.1"
    assert all(made.get("description") for made in newest["properties"].values())


def test_the_command_prints_it() -> None:
    result = CliRunner().invoke(command)
    assert result.exit_code == 0
    assert json.loads(result.output) == schema()
