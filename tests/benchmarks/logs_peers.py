"""Programs that we are measured beside, in an environment of their own."""

from __future__ import annotations

import subprocess
import venv
from pathlib import Path

from tests.benchmarks.logs_table import Missing

LIMIT = 300


def peer(folder: Path, package: str, command: str) -> str:
    """Install a package; the path of its command."""
    place = folder / "peers"
    if not place.exists():
        venv.create(place, with_pip=True)
    install = [
        str(place / "bin/python"),
        "-m",
        "pip",
        "install",
        "-q",
        "--disable-pip-version-check",
    ]
    done = subprocess.run(
        [*install, package], capture_output=True, text=True, check=False, timeout=LIMIT
    )
    if done.returncode:
        raise Missing(f"{package} cannot be installed: {done.stderr.strip()[-300:]}")
    return str(place / "bin" / command)
