"""The example project: the polyaxonfile of Polyaxon's first page, with something true to train."""

from __future__ import annotations

import os
from importlib import resources
from pathlib import Path

from pxtui.errors import PxtuiError

FILES = {
    "polyaxonfile.yml": "polyaxonfile.yml",
    "polyaxon_requirements.txt": "polyaxon_requirements.txt",
    "train.py": "train.py",
    ".polyaxonignore": "polyaxonignore",
}
"""Name in the project → name in `demo_files`, a folder that is no package: nothing imports it."""


def write(folder: Path) -> None:
    """Write the example into a folder; nothing at all if one of its files is there already."""
    there = sorted(name for name in FILES if os.path.lexists(folder / name))
    if there:
        raise PxtuiError(
            f"{folder} already has {', '.join(there)}", "name another folder: pxtui demo FOLDER"
        )
    source = resources.files("pxtui") / "demo_files"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, stored in FILES.items():
            with open(folder / name, "xb") as file:
                file.write((source / stored).read_bytes())
    except OSError as error:
        raise PxtuiError(f"the example cannot be written to {folder}: {error.strerror}") from error
