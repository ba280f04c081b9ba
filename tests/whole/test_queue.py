"""Change a value, r, Enter, three times, go home: each waiting run has its own values and code."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from pxtui import history
from pxtui.logs import tail
from pxtui.places import ProjectPlaces
from tests.whole.conftest import Terminal

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("engine"), pytest.mark.timeout(300)]

FILE = """\
version: 1
project:
  name: queue
declarations:
  lr: 0.1
  gate: open
run:
  image: python:3.11-slim
  cmd: python3 train.py {{ lr }} {{ gate }}
"""

TRAIN = """\
import pathlib, sys, time
lr, gate = sys.argv[1:]
print("waits", flush=True)
while gate != "open" and not pathlib.Path("/gate", gate).exists():
    time.sleep(0.05)
print("code {version} lr", lr)
"""


def queue(terminal: Terminal, number: int, lr: str) -> None:
    """Change lr, press r, and take what Enter gives."""
    terminal.keys("2", "Home", "Enter")
    terminal.until("esc leave as it was")
    terminal.type(lr)
    terminal.keys("Enter")
    terminal.until(lambda screen: re.search(rf"~\s+lr\s+{re.escape(lr)}", screen))
    terminal.keys("r")
    terminal.until("queue it")
    terminal.keys("Enter")
    terminal.until(lambda screen: screen.count("◌ queued") >= number, 60)


def test_three_waiting_runs_have_their_own_values_and_code(
    pxtui_command: str,
    tmp_path: Path,
    terminal: Terminal,
    labelled: Callable[[Path], list[str]],
) -> None:
    root, gate = tmp_path / "queue", tmp_path / "gate"
    root.mkdir()
    gate.mkdir()
    (root / "polyaxonfile.yml").write_text(FILE.replace("gate: open", "gate: first"))
    (root / "train.py").write_text(TRAIN.format(version=0))
    assert labelled(root) == []
    terminal.start(f"PXTUI_MOUNTS={gate}:/gate {shlex.quote(pxtui_command)} --engine docker", root)
    terminal.until("opening ran nothing")
    terminal.keys("r")
    terminal.until("do not ask again")
    terminal.keys("Enter")
    terminal.until("waits", 120)
    for number, lr in enumerate(("0.2", "0.3", "0.4"), 1):
        (root / "train.py").write_text(TRAIN.format(version=number))
        queue(terminal, number, lr)
    (root / "train.py").write_text("raise SystemExit('nobody asked for this one')\n")
    (gate / "first").touch()
    terminal.until(lambda s: "#4" in s.splitlines()[0] and "✓ done" in s.splitlines()[0], 60)
    places = ProjectPlaces.of(root)
    runs = history.read_all(places)
    assert [tail.read(places.run(run.id)).last_line for run in runs] == [
        "code 0 lr 0.1",
        "code 1 lr 0.2",
        "code 2 lr 0.3",
        "code 3 lr 0.4",
    ]
    terminal.keys("q")
    terminal.until("EXIT=0", 5)
