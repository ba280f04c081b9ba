"""The hostile outputs in a real terminal: no control function gets there that is not the app's."""

from __future__ import annotations

import importlib.util
import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest

from tests.shared import SHARED

ROOT = Path(__file__).parents[2]
FILES = sorted((SHARED / "nasty-output").glob("*.bin")) if SHARED else []
LIMIT = 30.0

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not FILES, reason="the shared files are not here"),
]


def oracle() -> ModuleType:
    """The judge that comes with the files."""
    assert SHARED
    spec = importlib.util.spec_from_file_location("oracle", SHARED / "nasty-output/oracle.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def captured(folder: Path, phase: str, file: str) -> bytes:
    """What the app writes to its terminal from its start to its end by `q`."""
    folder.mkdir()
    main, side = pty.openpty()
    output = b""
    environ = {**os.environ, "TERM": "xterm-256color", "PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-m", "tests.ui.nasty", str(folder), phase, file]
    with subprocess.Popen(
        words, stdin=side, stdout=side, stderr=side, env=environ, start_new_session=True
    ) as process:
        limit = time.monotonic() + LIMIT
        asked = False
        while process.poll() is None:
            assert time.monotonic() < limit, output[-500:]
            if select.select([main], [], [], 0.1)[0]:
                output += os.read(main, 1 << 16)
            elif b"AFTER" in output and not asked:
                asked = True
                os.write(main, b"q")
    while select.select([main], [], [], 0.1)[0]:
        output += os.read(main, 1 << 16)
    os.close(main)
    os.close(side)
    return output


@pytest.fixture(scope="module")
def baselines(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    home = tmp_path_factory.mktemp("baseline")
    return {phase: captured(home / phase, phase, "") for phase in ("build", "run")}


@pytest.mark.parametrize("phase", ["build", "run"])
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_nothing_gets_through(
    file: Path, phase: str, tmp_path: Path, baselines: dict[str, bytes]
) -> None:
    output = captured(tmp_path / "shown", phase, str(file))
    findings, _ = oracle().check(output, baselines[phase])
    assert not findings
