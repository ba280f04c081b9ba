"""The three blocks of the seed on the real engine: what is built, what is found again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("engine"), pytest.mark.timeout(300)]

BLOCK = """\
---
version: 1

project:
  name: mnist

declarations:
  batch_size: 128
  lr: 0.1

run:
  image: tensorflow/tensorflow:1.4.1-py3
  steps:
    - {step}
  cmd: python3 train.py --batch_size="{{{{ batch_size }}}}" --lr="{{{{ lr }}}}"
"""

BLOCKS = {
    "a package": ("pip install idna", {}, "import idna"),
    "a requirement file": (
        "pip install -r polyaxon_requirements.txt",
        {"polyaxon_requirements.txt": "six\n"},
        "import six",
    ),
    "a setup file": (
        "./polyaxon_setup.sh",
        {"polyaxon_setup.sh": "#!/bin/bash\nset -e\npip install iniconfig\n"},
        "import iniconfig",
    ),
}


def run(root: Path, *words: str) -> tuple[list[dict[str, Any]], list[str]]:
    """The step objects and the output of `pxtui run --json`, or of another command."""
    environ = {**os.environ, "PXTUI_ENGINE": "docker"}
    done = subprocess.run(
        [sys.executable, "-m", "pxtui", "-C", str(root), *(words or ("run",)), "--json"],
        capture_output=True,
        text=True,
        env=environ,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    steps = [o for o in told if o["type"] == "step" and o["state"] == "done"]
    output = [o["text"] for o in told if o["type"] == "output" and o["phase"] == "run"]
    return steps, output


def built(steps: list[dict[str, Any]]) -> list[str]:
    return [o["text"].split()[0] for o in steps if not o["cached"]]


@pytest.mark.parametrize("name", BLOCKS)
def test_a_block_of_the_seed(
    name: str, tmp_path: Path, labelled: Callable[[Path], list[str]]
) -> None:
    step, files, needs = BLOCKS[name]
    root = tmp_path / "seed"
    root.mkdir()
    file = root / "polyaxonfile.yml"
    file.write_text(BLOCK.format(step=step))
    (root / "train.py").write_text(f"import sys\n{needs}\nprint(sys.argv[1:])\n")
    for extra, text in files.items():
        (root / extra).write_text(text)
    labelled(root)

    # the engine may have the steps of an earlier test in its cache
    steps, _ = run(root, "build", "--no-cache")
    assert any(o["text"] == step and not o["cached"] and o["seconds"] > 0 for o in steps)

    again, output = run(root)
    assert output == ["['--batch_size=128', '--lr=0.1']"]
    assert [o["text"] for o in again] == [o["text"] for o in steps]
    assert built(again) == [], "every step cached"

    file.write_text(file.read_text().replace("lr: 0.1", "lr: 0.2"))
    declared, output = run(root)
    assert built(declared) == [], "a declaration never builds"
    assert output == ["['--batch_size=128', '--lr=0.2']"]

    (root / "train.py").write_text(f"import sys\n{needs}\nprint('new', sys.argv[1:])\n")
    changed, output = run(root)
    assert built(changed) == ["COPY"], "only the code step"
    assert changed[-1]["cached"] is False
    assert output == ["new ['--batch_size=128', '--lr=0.2']"]
