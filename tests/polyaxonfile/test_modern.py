"""Files of Polyaxon 1.x: read where 0.5 can say the same, else refused by what is missing."""

from __future__ import annotations

import copy
import csv
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from pxtui.errors import EditError
from pxtui.polyaxonfile import modern, spec
from pxtui.polyaxonfile.document import Document
from pxtui.polyaxonfile.load import resolve
from pxtui.polyaxonfile.modern import Mapped
from pxtui.polyaxonfile.path import Path
from pxtui.polyaxonfile.problems import PolyaxonfileError
from pxtui.polyaxonfile.reading import Reading
from tests.shared import SHARED

OPERATION = """\
version: 1.1
kind: operation
name: train
queue: agent/gpu
params:
  lr: {value: 0.10}
  epochs: 3
component:
  inputs:
  - {name: lr, type: float, value: 0.01, isOptional: true}
  - {name: epochs, type: int}
  - {name: opt, type: str, value: adam, is_optional: true}
  - {name: fast, type: bool, value: true, isOptional: true}
  run:
    kind: job
    environment: {labels: {a: b}}
    init:
    - dockerfile:
        image: python:3.11-slim
        run: ['pip install x=={{ params.lr.value }}']
        env: [[A, b]]
        langEnv: C.UTF-8
        path: [/opt/bin]
    container:
      command: [python, train.py]
      args: ["--lr={{ lr }}", "{{ params.epochs.as_arg }}", "{{ opt }}", "{{ params.fast.as_arg }}"]
      env: [{name: B, value: "1"}]
"""
COMPONENT = """\
kind: component
inputs: [{name: lr, type: float, value: 0.10, isOptional: true}, {name: n, type: int}]
run:
  kind: job
  container: {image: busybox, command: [echo], args: ["{{ lr }}", "{{ n }}"]}
"""


def mapped(text: str) -> Mapped:
    document = Document.parse(text.encode(), "polyaxonfile.yml")
    assert modern.recognises(document)
    return modern.mapped(document)


def read(text: str, **names: str) -> Reading:
    return resolve(mapped(text), names)


def container(**keys: Any) -> str:
    """A component with these keys in its container."""
    run = {"kind": "job", "container": {"image": "busybox", **keys}}
    inputs = [{"name": "x", "type": "str", "value": "a b", "isOptional": True}]
    return yaml.safe_dump({"kind": "component", "inputs": inputs, "run": run}, sort_keys=False)


def errors(found: Mapped) -> list[str]:
    return [problem.message for problem in found.problems if problem.severity == "error"]


def test_an_operation_is_read_as_what_it_builds_and_runs() -> None:
    reading = read(OPERATION)
    resolved = reading.resolved
    assert resolved is not None, reading.problems
    assert (resolved.kind, resolved.project, resolved.image) == ("job", "train", "python:3.11-slim")
    assert resolved.steps == ("pip install x==0.10",)
    assert resolved.env[-3:] == (("PATH", "${PATH}:/opt/bin"), ("A", "b"), ("B", "1"))
    assert ("LANG", "C.UTF-8") in resolved.env
    assert resolved.cmd == "python train.py --lr=0.10 --epochs=3 adam --fast"
    assert {d.name: d.text for d in reading.declarations}["lr"] == "0.10"


def test_what_is_only_for_the_cluster_is_told_once() -> None:
    told = [p.message for p in mapped(OPERATION).problems]
    assert told == ["kept, and only for the cluster: queue, component.run.environment"]


@pytest.mark.parametrize(
    ("path", "text", "line"),
    [
        (("params", "lr"), "0.20", "  lr: {value: 0.20}"),
        (("params", "epochs"), "4", "  epochs: 4"),
        (
            ("inputs", 2, "default"),
            "sgd",
            "  - {name: opt, type: str, value: sgd, is_optional: true}",
        ),
    ],
)
def test_an_edit_lands_on_the_place_that_it_is_meant_for(path: Path, text: str, line: str) -> None:
    changed = mapped(OPERATION).change(path, text)
    after = changed.source.versions[0].data.decode().splitlines()
    differing = [new for old, new in zip(OPERATION.splitlines(), after, strict=True) if old != new]
    assert differing == [line]
    assert changed.text(path) == text


def test_a_value_is_added_and_taken_out_with_its_name() -> None:
    added = mapped(OPERATION).change(("params", "opt"), "sgd")
    assert added.value["params"]["opt"] == "sgd"
    assert yaml.safe_load(added.versions[0].data)["params"]["opt"] == {"value": "sgd"}
    assert "lr" not in mapped(OPERATION).change(("params", "lr"), None).value["params"]


def test_the_first_param_of_an_operation_is_added_as_1_x_has_it() -> None:
    start, _, end = OPERATION.partition("params:\n")
    found = mapped(f"{start}component:{end.partition('component:')[2]}")
    assert found.has_params
    added = found.change(("params", "epochs"), "3")
    assert yaml.safe_load(added.versions[0].data)["params"] == {"epochs": {"value": 3}}


def test_an_input_gets_its_value_where_the_file_can_have_it() -> None:
    assert spec.read(mapped(OPERATION)).given_by == "write it below `params:`"
    assert "`value:` of the input" in spec.read(mapped(COMPONENT)).given_by


@pytest.mark.parametrize("path", [("params", "zzz"), ("declarations", "a"), ("build", "nocache")])
def test_what_1_x_lacks_is_not_added(path: Path) -> None:
    found = mapped(COMPONENT)
    assert not found.has_params
    with pytest.raises(EditError) as refused:
        found.change(path, "1")
    assert str(path[-1]) in refused.value.message
    assert refused.value.hint


def test_the_values_of_a_component_are_those_of_its_inputs() -> None:
    reading = read(COMPONENT, n="3")
    assert reading.resolved is not None, reading.problems
    assert reading.resolved.cmd == "echo 0.10 3"
    changed = mapped(COMPONENT).change(("params", "lr"), "0.5")
    assert b"value: 0.5," in changed.versions[0].data
    assert changed.value["inputs"][0]["default"] == 0.5


def test_problems_stand_at_the_real_places() -> None:
    found = mapped(OPERATION)
    assert found.problem("E_X", "", ("params", "lr")).line == 6
    assert found.problem("E_X", "", ("build", "image")).line == 19
    assert found.problem("E_X", "", ("build", "env_vars", 2, 1)).line == 27
    assert found.problem("E_X", "", ("run", "cmd")).line == 25
    refused = mapped(OPERATION.replace("kind: job", "kind: dag"))
    assert [(p.line, p.column) for p in refused.problems if p.code == "E_MODERN"] == [(15, 11)]


@pytest.mark.parametrize(
    ("keys", "cmd"),
    [
        ({"command": ["python", "-u", "a b.py"]}, "python -u 'a b.py'"),
        ({"command": ["sh", "-c", "echo $X | wc -l"]}, "echo $X | wc -l"),
        ({"command": ["/bin/bash", "-c"], "args": ["a && \\\n  b\n# c\nd"]}, "a && b; d"),
        ({"command": ["bash", "-c"], "args": ["a &&\nb {{ x }} &\nc"]}, "a && b a b & c"),
        ({"command": ["a"], "args": ["--x={{ x }}", 5, 0.5]}, "a --x='a b' 5 0.5"),
        ({"command": ["a"], "args": ["{{ params.x.as_str }}"]}, "a 'a b'"),
        ({"command": ["a"], "args": ["{{ x ~ 1 }}"]}, "a 'a b1'"),
        (
            {"command": ["a"], "args": ["-o", "{{ globals.run_outputs_path }}/m"]},
            'a -o "$POLYAXON_RUN_OUTPUTS_PATH"/m',
        ),
        ({"command": ["a"], "workingDir": "/code"}, "a"),
        (
            {"command": ["a"], "workingDir": "{{ globals.run_artifacts_path }}/uploads/sub"},
            "cd sub && a",
        ),
        (
            {"command": ["python", "{{ globals.run_artifacts_path }}/uploads/a.py"]},
            "python a.py",
        ),
    ],
)
def test_words_become_the_command_line_that_gives_them(keys: dict[str, Any], cmd: str) -> None:
    reading = read(container(**keys))
    assert reading.resolved is not None, reading.problems
    assert reading.resolved.cmd == cmd


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"command": ["bash", "-c", "if true\nthen a\nfi"]}, "script of several lines"),
        ({"command": ["echo", "a  b"]}, "runs of blanks"),
        ({"command": ["echo", "a\nb"]}, "runs of blanks"),
        ({"command": ["echo", "{{ globals.uuid }}"]}, "globals.uuid"),
        ({"command": ["a", "{% if x %}y{% endif %}"]}, "{% %}"),
        ({"command": "python a.py"}, "list of words"),
        ({"command": [["a"]]}, "expected a word"),
        ({"args": ["a"]}, "command is missing"),
        ({"command": ["a"], "workingDir": "/srv"}, "not the project's code"),
        ({"command": ["a"], "envFrom": [{"secretRef": {"name": "x"}}]}, "variables of the cluster"),
        ({"command": ["a"], "env": [{"name": "A", "valueFrom": {}}]}, "only `name` and `value`"),
        ({"command": ["a"], "volumeMounts": []}, "volume of the cluster"),
    ],
)
def test_what_cannot_be_said_is_refused_by_name(keys: dict[str, Any], message: str) -> None:
    found = mapped(container(**keys))
    (problem,) = [p for p in found.problems if p.severity == "error"]
    assert message in problem.message
    assert problem.hint


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("kind: job", "kind: service", "run.kind: service"),
        ("- dockerfile:", "- git: {url: x}\n    - dockerfile:", "init: git"),
        ("  lr: {value: 0.10}", "  lr: {ref: ops.a, value: outputs.lr}", "another run"),
        ("      command:", "      image: busybox\n      command:", "only one of them"),
        ("queue: agent/gpu", "matrix: {kind: bayes}", "matrix.kind: bayes"),
        ("queue: agent/gpu", "matrix: {kind: grid, earlyStopping: []}", "earlyStopping"),
        (
            "queue: agent/gpu",
            "matrix: {kind: grid, params: {lr: {kind: uniform, value: '0:1'}}}",
            "matrix.params.lr",
        ),
        ("queue: agent/gpu", "pathRef: ./a.yml", "pathRef"),
        ("queue: agent/gpu", "runPatch: {}", "runPatch"),
        ("        langEnv: C.UTF-8", "        copy: [a.txt]", "copy"),
        ("        langEnv: C.UTF-8", "        workdir: /srv", "/code"),
        ("    kind: job", "    kind: job\n    connections: [s3]", "connection"),
    ],
)
def test_what_is_not_here_is_refused_by_name(old: str, new: str, message: str) -> None:
    found = mapped(OPERATION.replace(old, new, 1))
    assert len(errors(found)) == 1
    assert message in errors(found)[0]


def test_a_file_that_a_step_names_may_be_copied_before_it() -> None:
    text = OPERATION.replace("langEnv: C.UTF-8", "copy: [r.txt]").replace(
        "pip install x=={{ params.lr.value }}", "pip install -r r.txt"
    )
    assert errors(mapped(text)) == []


def test_an_unknown_key_has_the_nearest_one() -> None:
    (problem,) = mapped(COMPONENT.replace("command:", "comand:")).problems[:1]
    assert (problem.code, problem.hint) == ("W_UNKNOWN_KEY", "did you mean command?")


@pytest.mark.parametrize(
    ("search", "more"),
    [
        ("kind: grid", {}),
        ("kind: random, numRuns: 3, seed: 7", {"random_search": {"n_experiments": 3}, "seed": 7}),
    ],
)
def test_a_search_is_a_group(search: str, more: dict[str, Any]) -> None:
    params = "epochs: {kind: choice, value: [1, 2]}"
    matrix = f"matrix: {{{search}, concurrency: 2, params: {{{params}}}}}"
    text = OPERATION.replace("queue: agent/gpu", matrix).replace("  epochs: 3\n", "")
    found = mapped(text)
    assert errors(found) == []
    assert found.value["kind"] == "group"
    assert found.value["hptuning"] == {
        "matrix": {"epochs": {"values": [1, 2]}},
        "concurrency": 2,
        **more,
    }
    assert found.text(("hptuning", "matrix", "epochs", "values")) == "[1, 2]"
    resolved = resolve(found, {}).resolved
    assert resolved is not None
    assert resolved.space is not None
    assert "--epochs=" in resolved.cmd


def test_a_build_section_makes_the_image_that_runs() -> None:
    text = """\
kind: component
build:
  hubRef: kaniko
  params: {destination: {value: "mine:1"}}
  runPatch: {init: [{dockerfile: {image: busybox, run: [echo 1]}}]}
run: {kind: job, container: {image: "mine:1", command: [a]}}
"""
    resolved = read(text).resolved
    assert resolved is not None
    assert (resolved.image, resolved.steps, resolved.cmd) == ("busybox", ("echo 1",), "a")


def test_older_files_are_not_recognised() -> None:
    for text in (
        "version: 1\nrun: {cmd: a}",
        "version: 1\nkind: group",
        "[]",
        "version: 1.1\nkind: job",
    ):
        assert not modern.recognises(Document.parse(text.encode(), "f"))
    assert modern.recognises(Document.parse(b"version: 1.1\nrun: {}", "f"))


READ = ("helpers__build.yml", "build_image__build.yaml", "local-integration__simple.yml")
"""What of the corpus can be said in 0.5: images that are built, and a run of uploaded code."""


def corpus() -> Iterator[tuple[str, bytes]]:
    assert SHARED is not None
    folder = SHARED / "corpus"
    with (folder / "MANIFEST.tsv").open() as file:
        for row in csv.DictReader(file, delimiter="\t"):
            if row["expected"] == "out-of-scope":
                yield row["path"], (folder / row["path"]).read_bytes()


@pytest.mark.skipif(SHARED is None, reason="needs the shared corpus")
def test_each_file_of_the_corpus_is_read_or_refused() -> None:
    found = {}
    for path, data in corpus():
        try:
            document = Document.parse(data, path)
        except PolyaxonfileError:
            found[path] = "no YAML"
            continue
        if not modern.recognises(document):
            found[path] = "not recognised"
            continue
        shown = modern.mapped(document)
        found[path] = "refused" if errors(shown) else "read"
        assert all(p.hint for p in shown.problems if p.severity == "error"), path
        assert (found[path] == "read") == path.endswith(READ), (path, shown.problems)
        if found[path] == "read":
            reading = resolve(shown, {})
            assert reading.resolved is not None, (path, reading.problems)
            assert reading.resolved.image
            assert reading.resolved.steps or reading.resolved.cmd == "python3 model.py"
    counts = {kind: [*found.values()].count(kind) for kind in sorted({*found.values()})}
    assert counts == {"no YAML": 4, "not recognised": 1, "read": 10, "refused": 62}


def mutants(value: Any) -> Iterator[Any]:
    """The file with each of its values replaced by what does not belong there."""
    junk: tuple[Any, ...] = (None, 1, "x", [], {}, [None], {"a": None}, {1: 2}, True)

    def spots(here: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
        yield from [path] * bool(path)
        items = here.items() if isinstance(here, dict) else enumerate(here)
        for step, item in items if isinstance(here, dict | list) else ():
            yield from (
                spots(item, (*path, step)) if isinstance(item, dict | list) else [(*path, step)]
            )

    for path in spots(value, ()):
        for other in junk:
            made = here = copy.deepcopy(value)
            for step in path[:-1]:
                here = here[step]
            here[path[-1]] = other
            yield made


@pytest.mark.parametrize("text", [OPERATION, COMPONENT])
def test_nothing_crashes(text: str) -> None:
    for value in mutants(yaml.safe_load(text)):
        document = Document.parse(yaml.safe_dump(value).encode(), "f")
        if modern.recognises(document):
            resolve(modern.mapped(document), {})
