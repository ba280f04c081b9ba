"""Two pxtui in one project build and run at the same time, and neither disturbs the other (E14)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pxtui import history
from pxtui.places import ProjectPlaces

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("engine"), pytest.mark.timeout(120)]

FILE = """\
version: 1
project:
  name: two
declarations:
  lr: 0.1
run:
  image: python:3.11-slim
  steps:
    - sleep 1
  cmd: python3 train.py {{ lr }}
"""


def test_two_at_once(tmp_path: Path, labelled: Callable[[Path], list[str]]) -> None:
    root = tmp_path / "two"
    root.mkdir()
    (root / "polyaxonfile.yml").write_text(FILE)
    (root / "train.py").write_text("import sys, time\ntime.sleep(1)\nprint('lr', sys.argv[1])\n")
    assert labelled(root) == []
    values = ("0.25", "0.75")
    command = [sys.executable, "-m", "pxtui", "-C", str(root), "run", "--json"]
    environ = os.environ | {"PXTUI_ENGINE": "docker"}
    both = [
        subprocess.Popen(
            [*command, "-P", f"lr={value}"], stdout=subprocess.PIPE, text=True, env=environ
        )
        for value in values
    ]
    for process, value in zip(both, values, strict=True):
        said, _ = process.communicate(timeout=100)
        assert process.returncode == 0, said
        told = [json.loads(line) for line in said.splitlines()]
        output = [o["text"] for o in told if o["type"] == "output" and o["phase"] == "run"]
        assert output == [f"lr {value}"]
        assert told[-1]["outcome"] == "done"
    runs = history.read_all(ProjectPlaces.of(root))
    assert {run.number for run in runs} == {1, 2}
    assert len({run.id for run in runs}) == 2
    assert labelled(root) == [], "both containers are gone"
