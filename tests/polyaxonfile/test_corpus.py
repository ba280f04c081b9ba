"""706 real polyaxonfiles: each means what one of the versions that accept it made of it."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from pxtui.polyaxonfile.load import load
from pxtui.polyaxonfile.matrix import Space
from pxtui.polyaxonfile.matrix.distributions import CONTINUOUS, RANGES, Distribution
from pxtui.polyaxonfile.reading import Reading, Resolved
from pxtui.polyaxonfile.spec import eras
from tests.shared import SHARED

FILES = 629
_NUMBER = "a number in env_vars: 0.0.6 takes it, which was not asked"
_UNDEFINED = "an undefined name: an error here, with the nearest name; Polyaxon ran it with nothing"
DISAGREEMENTS = {
    "polyaxon+polyaxon-examples/"
    "2018-03-14-664c214f-mxnet__cifar10__polyaxonfile_distributed.yml": _NUMBER,
    "polyaxon+polyaxon-examples/"
    "2018-03-14-257057ca-mxnet__cifar10__polyaxonfile_distributed.yml": _NUMBER,
    "polyaxon+polyaxon-quick-start/2018-04-25-5da4abcb-polyaxonfile_hyperparams_bo.yml": _UNDEFINED,
    "schemas/0.4.4/typing__required_outputs.yml": _UNDEFINED,
}
"""Files on which we decided otherwise, and why."""


@cache
def corpus() -> Path:
    if SHARED is None:
        pytest.skip("the shared files are not here")
    return SHARED / "corpus"


@cache
def expected() -> dict[str, list[dict[str, Any]]]:
    """What each version made of each file in scope."""
    lines = (corpus() / "MANIFEST.tsv").read_text().splitlines()
    beyond = {line.split("\t")[0] for line in lines if "out-of-scope" in line}
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in (corpus() / "expected.jsonl").read_text().splitlines():
        row = json.loads(line)
        if row["file"] not in beyond:
            rows[row["file"]].append(row)
    return rows


@cache
def reading(name: str) -> Reading:
    return load((corpus() / name).read_bytes(), name)


def test_all_are_read_in_two_seconds() -> None:
    names = [path for path in corpus().rglob("*") if path.suffix in (".yml", ".yaml", ".json")]
    assert len(names) == 706
    contents = [path.read_bytes() for path in names]
    start = time.process_time()
    for path, data in zip(names, contents, strict=True):
        load(data, path.name)
    assert time.process_time() - start < 2 * 5, "five times the goal: the machine is shared"


def test_a_file_is_valid_if_a_version_accepts_it() -> None:
    assert len(expected()) == FILES
    wrong = {
        name: [p.message for p in reading(name).problems if p.severity == "error"]
        for name, rows in expected().items()
        if any(row["valid"] for row in rows) != reading(name).valid and name not in DISAGREEMENTS
    }
    assert not wrong


def test_a_file_means_what_a_version_made_of_it() -> None:
    wrong = {}
    for name in expected():
        if reading(name).valid and name not in DISAGREEMENTS and (found := closest(name)):
            wrong[name] = found
    assert not wrong


def test_disagreements_are_few_and_real() -> None:
    assert len(DISAGREEMENTS) < 0.02 * FILES
    for name in DISAGREEMENTS:
        accepted = any(row["valid"] for row in expected()[name])
        assert accepted != reading(name).valid or closest(name), f"{name} is none any more"


def closest(name: str) -> list[str]:
    """In what a file differs from the version it is nearest to; the era's own, where it has one."""
    accepting = [row for row in expected()[name] if row["valid"]]
    own = [row for row in accepting if era_of(row) == reading(name).era]
    found = [differences(reading(name), row) for row in own or accepting]
    return min(found, key=len, default=[])


def era_of(row: Mapping[str, Any]) -> str:
    """The era of a version; of a tree between two versions it is not known."""
    era = eras.named(row["version"])
    return era.name if era else ""


def differences(reading: Reading, row: Mapping[str, Any]) -> list[str]:
    """What is not the same."""
    resolved = reading.resolved
    assert resolved
    space = resolved.space
    by_chance = set(space.names) if space and space.search != "grid" else set()
    # the resource of hyperband: Polyaxon gave it when it ran, and had nothing there before
    by_chance |= set(dict(space.resource)) if space else set()
    project = row.get("project")
    pairs: dict[str, tuple[Any, Any]] = {
        "kind": (resolved.kind, row["kind"] or resolved.kind),
        "project": (resolved.project, project["name"] if isinstance(project, dict) else project),
        "cmd": (
            comparable(resolved.cmd, by_chance=bool(by_chance)),
            comparable(row.get("cmd"), by_chance=bool(by_chance)),
        ),
        "declarations": (
            {name: value for name, value in resolved.params.items() if name not in by_chance},
            {n: v for n, v in (row.get("declarations") or {}).items() if n not in by_chance},
        ),
    }
    if project is None:
        del pairs["project"]
    if "image" in row:  # of a flat `kind: build` they wrote down nothing
        pairs |= built(resolved, row)
    if space is not None or "matrix" in row:
        pairs |= searched(reading, space, row)
    return [
        f"{key}: {ours!r}, not {other!r}" for key, (ours, other) in pairs.items() if ours != other
    ]


def built(resolved: Resolved, row: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """What the image is made of: ours and theirs."""
    theirs = [[name, str(value)] for name, value in row["env_vars"] or []]
    return {
        "image": (resolved.image, row["image"] or ""),
        "dockerfile": (resolved.dockerfile, row.get("dockerfile") or ""),
        "context": (resolved.context, row.get("context") or ""),
        "nocache": (resolved.nocache, bool(row.get("nocache"))),
        "steps": (list(resolved.steps), row["steps"] or []),
        "env_vars": ([list(pair) for pair in resolved.env], theirs),
    }


def searched(
    reading: Reading, space: Space | None, row: Mapping[str, Any]
) -> dict[str, tuple[Any, Any]]:
    """The search space: ours and theirs."""
    if space is None:
        return {"matrix": (None, row["matrix"])}
    pairs: dict[str, tuple[Any, Any]] = {
        "concurrency": (space.concurrency, row["concurrency"] or space.concurrency),
        "space": (space.size, row.get("matrix_space", space.size)),
    }
    if "matrix" in row:
        ours = dict(zip(space.names, map(definition, space.distributions), strict=True))
        theirs = {name: numbers_of(value) for name, value in row["matrix"].items()}
        pairs["matrix"] = (ours, theirs)
    if "search" in row and "matrix_error" not in row:  # a grid that cannot be counted was none
        pairs["search"] = (space.search, row["search"])
    if space.search == "grid":
        declared = {row.name for row in reading.declarations}
        names = [name for name in space.names if name not in declared]
        found = row.get("experiments", ())
        for at, trial in enumerate(space.trials(len(found))):
            theirs = found[at]["declarations"]
            ours = {name: trial[name] for name in names}
            pairs[f"trial {at}"] = (ours, {name: theirs[name] for name in names})
    return pairs


def definition(one: Distribution) -> Any:
    """A distribution as it is compared."""
    if one.kind == "pvalues":
        pairs = zip(one.values, one.numbers, strict=True)
        return one.kind, tuple((value, number) for value, number in pairs)
    return one.kind, tuple(one.values) or tuple(one.numbers)


def numbers_of(theirs: Mapping[str, Any]) -> Any:
    """The same of theirs."""
    ((kind, value),) = theirs.items()
    if isinstance(value, dict):
        keys = (RANGES | CONTINUOUS)[kind]
        return kind, tuple(value[key] for key in keys if value.get(key) is not None)
    return kind, tuple(tuple(v) if kind == "pvalues" else v for v in value)


def comparable(command: Any, *, by_chance: bool) -> list[str]:
    """The words of a command, cleaned as Polyaxon did; of a sample only their names."""
    lines = command if isinstance(command, list) else [command or ""]
    words = [word.strip("\\") for word in " && ".join(lines).split() if word.strip("\\")]
    return [word.partition("=")[0] if by_chance else number(word) for word in words]


def number(word: str) -> str:
    """`--lr=1e-3` and `--lr=0.001` are the same: Polyaxon wrote numbers anew, we keep them."""
    name, equals, value = word.rpartition("=")
    try:
        return f"{name}{equals}{float(value)!r}"
    except ValueError:
        return word
