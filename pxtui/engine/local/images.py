"""What the local engine has in place of images, as it is listed and removed."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from pxtui import places
from pxtui.engine import FoundImage
from pxtui.engine.local.environments import Environment
from pxtui.errors import EngineError

_IMAGE = re.compile(r"([0-9a-f]{16})(?:-\d+)?(?:/\w{12})?")


def found_images(project: str = "") -> Iterator[FoundImage]:
    """The environments of a project, or of all, with the trees in them; oldest first."""
    home = places.local_environments()
    folders = [one for one in home.glob("*") if _IMAGE.fullmatch(one.name) and one.is_dir()]
    found = (one for folder in folders for one in _of(Environment(folder)))
    ours = (one for one in found if project in ("", one.project))
    yield from sorted(ours, key=lambda one: one.created)


def _of(environment: Environment) -> Iterator[FoundImage]:
    """An environment and its trees; nothing of one that is not whole or goes away meanwhile."""
    with contextlib.suppress(OSError):
        if not environment.is_ready:
            return
        name, project, used = environment.name, environment.project, _is_used(environment)
        made = (environment.folder / "environment.json").stat().st_mtime
        yield FoundImage(
            name, "environment", project, name, "", (name,), made, _size(environment), used
        )
        for tree in (environment.folder / "trees").iterdir():
            if not tree.name.startswith("."):
                image, made, size = (
                    environment.image(tree.name),
                    tree.stat().st_mtime,
                    size_of(tree),
                )
                yield FoundImage(
                    image, "code", project, name, tree.name, (image,), made, size, used
                )


def _is_used(environment: Environment) -> bool:
    try:
        with _locked(environment.folder / "in-use", ""):
            return False
    except EngineError:
        return True


def _size(environment: Environment) -> int:
    """Bytes of it without its trees; counted once, for it stays as it was made."""
    note = environment.folder / "size"
    with contextlib.suppress(OSError, ValueError):
        return int(note.read_text())
    size = size_of(environment.venv) + size_of(environment.code)
    places.write_private(note, str(size).encode())
    return size


def size_of(folder: Path) -> int:
    """Bytes on the disk of all files in a folder."""
    size = 0
    for here, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                size += os.lstat(os.path.join(here, name)).st_blocks * 512
    return size


def remove_image(image: str) -> None:
    """Remove an environment with all its trees, or a tree; raises EngineError if it is in use."""
    if (known := _IMAGE.fullmatch(image)) is None:
        raise EngineError(f"{image} is not an environment that pxtui made")
    home, (name, _, tree) = places.local_environments(), image.partition("/")
    environment = Environment(home / name)
    if not environment.folder.is_dir():
        return
    uses = f"a run uses {image}"
    with _locked(home / f"{known[1]}.lock", f"{image} is being built"):
        if not tree:
            if not environment.remove():
                raise EngineError(uses)
            return
        with _locked(environment.folder / "in-use", uses):
            shutil.rmtree(environment.tree(tree), ignore_errors=True)


@contextlib.contextmanager
def _locked(path: Path, why_not: str) -> Iterator[None]:
    """Hold a lock that nobody holds; raises EngineError if somebody does."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise EngineError(why_not) from None
    finally:
        os.close(fd)
