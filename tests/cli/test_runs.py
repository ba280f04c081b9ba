"""`pxtui runs`: what is told of a run, marks, the outputs folder, removing the old and the many."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pxtui import history, project
from pxtui.history import Mark, Record
from pxtui.places import ProjectPlaces

Runs = Callable[..., subprocess.CompletedProcess[str]]
DAY = 86_400.0


@pytest.fixture
def root(make_project: Callable[..., Path]) -> Path:
    return make_project()


@pytest.fixture
def places(root: Path) -> ProjectPlaces:
    return project.find(root).places


@pytest.fixture
def runs(root: Path) -> Runs:
    def call(*words: str) -> subprocess.CompletedProcess[str]:
        argv = [sys.executable, "-m", "pxtui", "-C", str(root), "--engine", "fake", "runs", *words]
        return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)

    return call


def made(places: ProjectPlaces, number: int, days: float = 0, **more: Any) -> Record:
    """A run that began so many days ago and has ended."""
    record = Record(
        id=f"20260101-00000{number}-abcd",
        number=number,
        engine="fake",
        image="i",
        target="t",
        cause="asked",
        owner="nobody",
        started=time.time() - days * DAY,
        differs=(),
        resolved={"cmd": "x"},
        outcome="done",
        exit_code=0,
        seconds=1.0,
    )
    record = replace(record, **more)
    history.write(places, record)
    return record


def numbers(places: ProjectPlaces) -> list[int]:
    return [record.number for record in history.read_all(places)]


def test_list_and_show_tell_what_is_kept(places: ProjectPlaces, runs: Runs) -> None:
    record = made(
        places,
        1,
        got=(("gpu", "none: no \x1b[31mdriver"),),
        outputs_size=1_500_000,
        biggest=(("a\x1b]0;x\x07.pt", 1_400_000), ("log", 100_000)),
        kept="pxtui-abc",
    )
    history.write_mark(places, record.id, Mark("best \x9bso far", True))
    outputs = places.run(record.id) / "outputs"
    outputs.mkdir()
    (outputs / "log").touch()
    line, shown = runs("list").stdout, runs("show", "1").stdout
    assert line.split()[:5] == ["#1", "★done", "1.0", "s", "1.5"]
    assert "“best" in line
    for text in ("★ #1", "so far", "gpu: none", str(outputs), "1.5 MB", ".pt", "pxtui-abc"):
        assert text in shown
    assert not [c for c in line + shown if (c < " " and c != "\n") or "\x7f" <= c <= "\x9f"]
    told = json.loads(runs("list", "--json").stdout)
    assert told == json.loads(runs("show", "1", "--json").stdout)
    assert (told["starred"], told["outputs_size"], told["kept"]) == (True, 1_500_000, "pxtui-abc")
    assert told["outputs_files"][1] == {"path": "log", "size": 100_000}
    assert told["outputs"] == str(outputs)
    assert told["got"][0][0] == "gpu"


def test_secret_values_are_dots_wherever_they_went(places: ProjectPlaces, runs: Runs) -> None:
    params = {"db": {"password": "canary"}, "url": "http://canary@h", "hosts": ["canary"], "lr": 1}
    resolved = {"cmd": "x canary", "masked": "x ••", "params": params}
    values = (("db.password", "canary"), ("lr", "1"))
    made(places, 1, resolved=resolved, values=values, secrets=("db.password",))
    shown = runs("show", "1").stdout
    told = json.loads(runs("show", "1", "--json").stdout)
    assert "canary" not in shown + json.dumps(told)
    assert told["declarations"]["url"] == "http://••••••@h"
    assert told["declarations"]["lr"] == 1
    assert told["cmd"] == "x ••"


def test_path_is_the_folder_and_nothing_else(places: ProjectPlaces, runs: Runs) -> None:
    record = made(places, 1, outputs="/somewhere/else")
    assert runs("path", "1").stdout == "/somewhere/else\n"
    record = made(places, 2)
    assert runs("path").stdout == f"{places.run(record.id)}/outputs\n"
    assert runs("path", "3").returncode == 2


def test_label_and_star(places: ProjectPlaces, runs: Runs) -> None:
    record = made(places, 1)
    assert runs("label", "1", "the best").returncode == 0
    assert runs("star", "#1").returncode == 0
    assert history.read_mark(places, record.id) == Mark("the best", True)
    runs("star", "--off", "last")
    runs("label", "1", "")
    assert history.read_mark(places, record.id) == Mark()


@pytest.mark.parametrize(
    ("words", "left"),
    [
        (["--older", "7d"], [2, 3, 4, 5, 7, 8]),
        (["--older", "36h"], [3, 4, 5, 8]),
        (["--keep", "1"], [3, 4, 5, 8]),
        (["--keep", "2"], [3, 4, 5, 7, 8]),
        (["--keep", "0"], [3, 4, 5]),
        (["--older", "7d", "--keep", "6"], [2, 3, 4, 5, 6, 7, 8]),
        (["--older", "7d", "3"], [2, 4, 5, 7, 8]),
        (["--keep", "99"], [1, 2, 3, 4, 5, 6, 7, 8]),
    ],
)
def test_the_old_and_the_many_go(
    words: list[str], left: list[int], places: ProjectPlaces, runs: Runs
) -> None:
    made(places, 1, 30)
    made(places, 2, 3)
    history.write_mark(places, made(places, 3, 30).id, Mark(starred=True))
    made(places, 4, 30, kept="pxtui-abc")
    made(places, 5, 30, outcome=None, engine="unix:///of/another")
    made(places, 6, 8)
    made(places, 7, 2)
    made(places, 8, 1)
    done = runs("rm", "--yes", *words)
    assert done.returncode == 0, done.stderr
    assert numbers(places) == left


def test_nobody_to_ask_removes_nothing(places: ProjectPlaces, runs: Runs) -> None:
    made(places, 1, 30)
    done = runs("rm", "--older", "7d")
    assert done.returncode == 2
    assert "nothing was removed" in done.stderr
    assert numbers(places) == [1]


@pytest.mark.parametrize(
    "words", [[], ["--older", "7"], ["--older", "x7d"], ["--keep", "-1"], ["--keep", "many"]]
)
def test_wrong_words_remove_nothing(words: list[str], places: ProjectPlaces, runs: Runs) -> None:
    made(places, 1, 30)
    assert runs("rm", "--yes", *words).returncode == 2
    assert numbers(places) == [1]
