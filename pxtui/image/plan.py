"""What the image is made of, and the key under which the same environment is found again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass

from pxtui.polyaxonfile.reading import Resolved

REQUIREMENTS = "polyaxon_requirements.txt"
SETUP = "polyaxon_setup.sh"
STAGED_NAMES = (REQUIREMENTS, SETUP)
"""Files that are copied before the steps, so that the steps can use them and are cached by them."""


@dataclass(frozen=True, slots=True)
class StagedFile:
    """A file that stands in /code before the steps run."""

    name: str
    data: bytes

    @property
    def mode(self) -> int:
        """A setup file is executable in the image whatever it is in the tree."""
        return 0o755 if self.name == SETUP else 0o644


@dataclass(frozen=True, slots=True)
class ImagePlan:
    """The environment of a run: base image, variables, staged files and steps."""

    base: str
    env: tuple[tuple[str, str], ...]
    staged: tuple[StagedFile, ...]
    steps: tuple[str, ...]
    owner: str = ""
    """UID:GID of the files of the tree; empty: root, as anybody may write to them."""

    def key(self, base_id: str) -> str:
        """Key of the environment on a base whose id is `base_id`: 64 hex digits."""
        facts = {
            "v": 2,
            "base": base_id,
            "env": self.env,
            "steps": self.steps,
            "owner": self.owner,
            "staged": [(f.name, hashlib.sha256(f.data).hexdigest()) for f in self.staged],
        }
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def plan(resolved: Resolved, staged: Iterable[StagedFile], owner: str = "") -> ImagePlan:
    """Plan the image of a resolved polyaxonfile with the staged files that the project has."""
    return ImagePlan(resolved.image, resolved.env, tuple(staged), resolved.steps, owner)
