"""What the image is made of, and the key under which the same environment is found again."""

from __future__ import annotations

import hashlib
import json
import posixpath
from dataclasses import dataclass
from typing import Any

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

    @property
    def digest(self) -> str:
        """Of names, modes and contents: 64 hex digits."""
        digest = hashlib.sha256()
        for file in self.files:
            digest.update(
                f"{file.name}\0{file.mode}\0{len(file.data)}\0".encode("utf-8", "surrogateescape")
            )
            digest.update(file.data)
        return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Own:
    """A Dockerfile of the project's own, built as it is."""

    dockerfile: str
    """Its path in the project."""
    context: str = ""
    """The folder of the project that it is built from; empty: the project's own."""


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
    own: Own | None = None
    """It makes the whole image: nothing of the above but `notes` is given then."""

    def key(self, base_id: str) -> str:
        """Key of the environment on a base whose id is `base_id`: 64 hex digits."""
        facts: dict[str, Any] = {
            "v": 3,
            "base": base_id,
            "env": self.env,
            "steps": self.steps,
            "owner": self.owner,
            "staged": [(f.name, f.mode, hashlib.sha256(f.data).hexdigest()) for f in self.staged],
        }
        if self.own is not None:
            facts["own"] = (self.own.dockerfile, self.own.context)
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def plan(resolved: Resolved, staging: Staging, owner: str = "") -> ImagePlan:
    """Plan the image of a resolved polyaxonfile with what the project has for its steps."""
    if resolved.dockerfile and not resolved.image:
        own = Own(
            _inside("dockerfile", resolved.dockerfile), _inside("context", resolved.context or ".")
        )
        unused = unused_beside_own(resolved)
        return ImagePlan("", (), (), (), notes=(unused,) if unused else (), own=own)
    notes = (*staging.warnings, *staging.notes)
    return ImagePlan(resolved.image, resolved.env, staging.files, resolved.steps, owner, notes)


def unused_beside_own(resolved: Resolved) -> str:
    """What the file says of the image that its own Dockerfile leaves no place for, as a note.

    Polyaxon handed a Dockerfile of the project's own to the builder as it was, too.
    """
    given = (("variables", resolved.env), ("steps", resolved.steps))
    names = [name for name, values in given if values]
    if not names:
        return ""
    return f"{' and '.join(names)} not used, as in Polyaxon: {resolved.dockerfile} makes the image"


def _inside(key: str, path: str) -> str:
    """A path of the project in its shortest form; empty for the project's own folder."""
    short = posixpath.normpath(path)
    if short.startswith(("/", "../")) or short == ".." or "\0" in short:
        raise PxtuiError(
            f"{key}: {path} is outside of the project", "name a path below the project's folder"
        )
    return "" if short == "." else short
