"""Where things lie: state, cache, one project's and one run's folders, ids, names of labels."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from pxtui.errors import StateError

LABEL_V = "pxtui.v"
LABEL_PROJECT = "pxtui.project"
LABEL_ID = "pxtui.id"
LABEL_OWNER = "pxtui.owner"
LABEL_KIND = "pxtui.kind"
LABEL_KEY = "pxtui.key"
LABEL_SIGNATURE = "pxtui.signature"
LABEL_OUTPUTS = "pxtui.outputs"


def new_id() -> str:
    """Id of a build or run: `YYYYMMDD-HHMMSS-xxxx`, made before anything is created."""
    return f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}"


def project_id(root: Path) -> str:
    """12 hex digits of the project's real path."""
    return hashlib.sha256(os.fsencode(os.path.realpath(root))).hexdigest()[:12]


def image_tag(project: str, signature: str) -> str:
    """The tag of an image that holds the tree of this signature."""
    return f"pxtui/{project}:{signature[:12]}"


def environment_tag(project: str, key: str) -> str:
    """The tag of an environment image of this key."""
    return f"pxtui/{project}:env-{key[:12]}"


def container_name(project: str, run_id: str) -> str:
    """The name of a run's container."""
    return f"pxtui-{project}-{run_id}"


def state_home() -> Path:
    """pxtui's own state, outside of every project."""
    return Path(platformdirs.user_state_dir("pxtui"))


def cache_home() -> Path:
    """What can be made again."""
    return Path(platformdirs.user_cache_dir("pxtui"))


def config_file() -> Path:
    """The user's own settings."""
    return Path(platformdirs.user_config_dir("pxtui")) / "config.toml"


def private_dir(path: Path) -> Path:
    """Make a folder, and what is missing above it, that only the user can enter.

    In our own homes the folders above it are closed to others too, also those that are there.
    """
    home = next((h for h in (state_home(), cache_home()) if path.is_relative_to(h)), None)
    with usable(path):
        if home is not None:
            for folder in (*reversed(path.parents), path):
                if folder.is_relative_to(home):
                    _close_to_others(folder)
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def _close_to_others(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_mode & 0o077:
        with contextlib.suppress(PermissionError):  # somebody made it for us
            folder.chmod(0o700)


@contextlib.contextmanager
def usable(path: Path) -> Iterator[None]:
    """Turn what the system says of our own files into a StateError that names them."""
    try:
        yield
    except OSError as error:
        raise StateError(
            f"{error.filename or path} cannot be used: {error.strerror or error}",
            "pxtui keeps its own files there; `pxtui doctor` tells where",
        ) from None


def write_private(path: Path, data: bytes) -> None:
    """Write a file of ours, whole or not at all, readable by the user only."""
    private_dir(path.parent)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    with usable(path):
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with open(fd, "wb") as file:
                file.write(data)
            os.replace(temporary, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise


def trees(project: str) -> Path:
    """Where the listings of a project's trees are kept."""
    return cache_home() / project / "trees"


@dataclass(frozen=True, slots=True)
class ProjectPlaces:
    """The folders of one project under the state folder."""

    project: str
    home: Path

    @classmethod
    def of(cls, root: Path) -> ProjectPlaces:
        """The places of the project in the folder `root`."""
        project = project_id(root)
        return cls(project, state_home() / project)

    @property
    def trust(self) -> Path:
        """Engines that the person has consented to for this project."""
        return self.home / "trust.json"

    @property
    def draft(self) -> Path:
        """Edits that were not written to the file."""
        return self.home / "draft.json"

    @property
    def settings(self) -> Path:
        """What pxtui remembers of this project."""
        return self.home / "settings.json"

    @property
    def owners(self) -> Path:
        """One locked file a running pxtui."""
        return self.home / "owners"

    def build(self, build_id: str) -> Path:
        """A build's folder: its log."""
        return self.home / "builds" / build_id

    def run(self, run_id: str) -> Path:
        """A run's folder: run.json, log, log.idx, outputs/."""
        return self.home / "runs" / run_id

    def outputs(self, run_id: str, elsewhere: str, name: str) -> Path:
        """The folder for what a run writes; `elsewhere` and the project's `name` by setting."""
        if not elsewhere:
            return self.run(run_id) / "outputs"
        return Path(elsewhere) / f"{name}-{self.project[:6]}" / run_id

    def is_own(self, outputs: Path | str) -> bool:
        """Whether the outputs lie beside their run's log."""
        return Path(outputs).is_relative_to(self.home)

    def point_to_latest(self, outputs: Path) -> None:
        """Let the link `latest` lead to the outputs of the newest run."""
        home = self.home if self.is_own(outputs) else outputs.parent
        private_dir(home)
        temporary = home / f".latest.{secrets.token_hex(4)}.tmp"
        with usable(home):
            temporary.symlink_to(outputs)
            os.replace(temporary, home / "latest")

    def run_ids(self) -> Iterator[str]:
        """The ids of the runs on disk, oldest first."""
        folder = self.home / "runs"
        if folder.is_dir():
            yield from sorted(p.name for p in folder.iterdir() if p.is_dir())


def local_environments() -> Path:
    """Where the local engine keeps its environments."""
    return cache_home() / "local"
