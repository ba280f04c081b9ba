"""What the image is made of, and the key under which the same environment is found again."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from pxtui.errors import PxtuiError
from pxtui.polyaxonfile.reading import Resolved

REQUIREMENTS = ("polyaxon_requirements.txt", "requirements.txt")
CONDA = tuple(
    f"{name}.{end}" for name in ("polyaxon_conda_env", "conda_env") for end in ("yaml", "yml")
)
SETUP = ("polyaxon_setup.sh", "setup.sh")
"""Of each, the first that stands in the project's folder is there before the steps."""


@dataclass(frozen=True, slots=True)
class StagedFile:
    """A file that stands in /code before the steps run."""

    name: str
    """Its path in the project."""
    data: bytes
    executable: bool = False

    @property
    def folder(self) -> str:
        """Where it is copied to, below /code: empty or with a `/` at its end."""
        return self.name[: self.name.rfind("/") + 1]

    @property
    def is_setup(self) -> bool:
        """Whether it is the setup file, executable in the image whatever it is in the tree."""
        return self.name in SETUP

    @property
    def mode(self) -> int:
        """Its mode in the image."""
        return 0o755 if self.executable or self.is_setup else 0o644


@dataclass(frozen=True, slots=True)
class Staging:
    """What of the tree stands in /code before the steps run."""

    files: tuple[StagedFile, ...] = ()
    notes: tuple[str, ...] = ()
    """What Polyaxon would not have had there."""
    warnings: tuple[str, ...] = ()
    """What the steps want and will not find."""


@dataclass(frozen=True, slots=True)
class ImagePlan:
    """The environment of a run: base image, variables, staged files and steps."""

    base: str
    env: tuple[tuple[str, str], ...]
    staged: tuple[StagedFile, ...]
    steps: tuple[str, ...]
    owner: str = ""
    """UID:GID of the files of the tree; empty: root, as anybody may write to them."""
    notes: tuple[str, ...] = ()
    """What a person should know of it before its steps run."""

    def key(self, base_id: str) -> str:
        """Key of the environment on a base whose id is `base_id`: 64 hex digits."""
        facts = {
            "v": 3,
            "base": base_id,
            "env": self.env,
            "steps": self.steps,
            "owner": self.owner,
            "staged": [(f.name, f.mode, hashlib.sha256(f.data).hexdigest()) for f in self.staged],
        }
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def plan(resolved: Resolved, staging: Staging, owner: str = "") -> ImagePlan:
    """Plan the image of a resolved polyaxonfile with what the project has for its steps."""
    if resolved.dockerfile and not resolved.image:
        raise PxtuiError(
            f"the image is to be built by {resolved.dockerfile}, which pxtui cannot do yet",
            "name an image, and steps for what the Dockerfile does",
        )
    notes = (*staging.warnings, *staging.notes)
    return ImagePlan(resolved.image, resolved.env, staging.files, resolved.steps, owner, notes)
