"""Fixtures of all tests: own folders for state, cache and settings, a project to work on."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

SEED = """\
---
version: 1

project:
  name: mnist

declarations:
  batch_size: 128   # images
  lr: 0.1

run:
  image: python:3.11-slim
  steps:
    - pip install -r polyaxon_requirements.txt
  cmd: python3 train.py --batch_size="{{ batch_size }}" --lr="{{ lr }}"
"""


@pytest.hookimpl(tryfirst=True)  # before the marks are read
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What works on the one engine of the machine, or in real terminals, is run by one worker."""
    alone = [Path(__file__).parent / name for name in ("engine", "whole")]
    for item in items:
        if item.get_closest_marker("engine") or item.path.parent in alone:
            item.add_marker(pytest.mark.xdist_group("engine"))


@pytest.fixture(autouse=True)
def own_homes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing of the person who runs the tests is read or written."""
    home = tmp_path / "home"
    for name in ("XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(home / name))
    for name in ("PXTUI_LOG", "PXTUI_ENGINE", "PXTUI_FAKE"):
        monkeypatch.delenv(name, raising=False)
    return home


@pytest.fixture
def make_project(tmp_path: Path) -> Callable[..., Path]:
    """Write a project folder: the seed's file, and others by name."""

    def make(text: str = SEED, name: str = "project", **files: str) -> Path:
        root = tmp_path / name
        root.mkdir(parents=True, exist_ok=True)
        (root / "polyaxonfile.yml").write_text(text)
        (root / "polyaxon_requirements.txt").write_text("six\n")
        (root / "train.py").write_text("import sys\nprint(sys.argv)\n")
        for file, content in files.items():
            (root / file).write_text(content)
        return root

    return make


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """Mount something for the time of a test."""
    folders = []

    def mount(*options: str) -> Path:
        folder = tmp_path / "mounted"
        folder.mkdir()
        words = ["mount", *options, str(folder)]
        if os.geteuid() or subprocess.run(words, capture_output=True).returncode:
            pytest.skip("nothing can be mounted here")
        folders.append(folder)
        return folder

    yield mount
    for folder in folders:
        subprocess.run(["umount", folder], check=True)
