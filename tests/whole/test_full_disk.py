"""The disk of our own folders fills up while a run writes: it goes on, and its end is known."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pxtui import history, places
from pxtui.logs.reader import LogReader

pytestmark = [pytest.mark.engine, pytest.mark.timeout(120)]

FILE = """\
version: 1
project: {name: full}
run:
  image: python:3.11-slim
  cmd: seq 500000; exit 3
"""
WHY = "the log is not kept any more: No space left on device"


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("kind", ["docker", "local"])
def test_a_log_that_fills_the_disk(
    kind: str,
    tmp_path: Path,
    mounted: Callable[..., Path],
    labelled: Callable[[Path], list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(mounted("-t", "tmpfs", "-o", "size=2m", "tmpfs")))
    root = tmp_path / "full"
    root.mkdir()
    (root / "polyaxonfile.yml").write_text(FILE)
    assert labelled(root) == []
    command = [sys.executable, "-m", "pxtui", "--engine", kind, "-C", str(root)]
    done = subprocess.run(
        [*command, "run"], capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 3, done.stderr
    assert done.stdout.splitlines()[-1] == "500000", "what the run says is still given out"
    assert WHY in done.stderr
    assert "Traceback" not in done.stderr
    project = places.ProjectPlaces.of(root)
    (record,) = history.read_all(project)
    assert (record.outcome, record.exit_code, WHY in record.message) == ("failed", 3, True)
    reader = LogReader(project.run(record.id))
    lines = b"".join(piece.data for piece in reader.last(100_000)).decode().splitlines()
    reader.close()
    said = [line for line in lines if "pxtui" in line]
    assert said[0] == f"[pxtui: {WHY}; what follows is left out]"
    assert said[1].startswith("[pxtui: log cut here: 1,")
    assert lines[-1] == "500000", "the end of the log is there"
    left = {path.name for path in project.run(record.id).iterdir()}
    assert not {name for name in left if name == "spare" or name.endswith(".tmp")}
    listed = subprocess.run([*command, "runs", "list"], capture_output=True, text=True, check=True)
    assert "failed 3" in listed.stdout
    assert labelled(root) == []
    assert os.statvfs(project.home).f_bavail < 100, "the disk was full indeed"
