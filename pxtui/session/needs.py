"""What the project needs beside its files, gathered, and what was decided on it."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from pxtui import project as files
from pxtui.events import TreeSeen
from pxtui.image.context import Entry, Listing, amount
from pxtui.image.tree import open_file, open_folder
from pxtui.needs import Need
from pxtui.project import Project
from pxtui.run import WORKDIR, Mount, Surroundings
from pxtui.session.tree import Tree
from pxtui.settings import Settings

ENV_FILES = (".env", "wandb.env")
"""Files of variables that are proposed; the deny list keeps them out of the image."""
_SCRIPT = 1 << 20
"""Bytes of a script that are looked at."""
_READS = re.compile(rb"""(?:environ(?:\.get\(|\[)|getenv\()\s*["']([A-Z][A-Z0-9_]{2,63})["']""")
_KEYS = {
    "wandb": "WANDB_API_KEY",
    "comet_ml": "COMET_API_KEY",
    "neptune": "NEPTUNE_API_TOKEN",
    "huggingface_hub": "HF_TOKEN",
    "openai": "OPENAI_API_KEY",
    "anthropic": "ANTHROPIC_API_KEY",
    "mlflow": "MLFLOW_TRACKING_URI",
}
"""Modules that read a variable of the person without the script naming it."""
_IMPORT = re.compile(
    rb"^[ \t]*(?:import|from)\b[^\n#]*?\b(" + "|".join(_KEYS).encode() + rb")\b", re.MULTILINE
)
_NOT_PROPOSED = re.compile(
    r"POLYAXON_.*|PATH|HOME|USER|LOGNAME|SHELL|PWD|LANG|LC_.*|TERM|TMPDIR|PYTHON.*|CUDA_.*|OMP_.*"
    r"|XDG_.*|DISPLAY"
)
"""Variables that a run has anyway, or that mean this machine."""

LOOP = "loop "
"""What the id of a decision on a file begins with that changes by itself."""
_GIVE = (("give", "give it to the runs"), ("no", "leave it out"))


class Scripts:
    """What variables the project's scripts read; a script is read once for each of its contents."""

    def __init__(self) -> None:
        self._known: dict[str, frozenset[str]] = {}

    def variables(self, root: Path, scripts: Iterable[Entry]) -> frozenset[str]:
        """Names of variables that they read, as far as a look at the text tells."""
        known, self._known = self._known, {}
        with open_folder(root) as fd:
            for entry in scripts:
                names = known.get(entry.content)
                if names is None:
                    try:
                        with open_file(fd, entry.path) as file:
                            names = _variables_in(file.read(_SCRIPT))
                    except OSError:
                        continue
                self._known[entry.content] = names
        return frozenset().union(*self._known.values())


def _variables_in(text: bytes) -> frozenset[str]:
    names = {name.decode() for name in _READS.findall(text)}
    names |= {_KEYS[module.decode()] for module in _IMPORT.findall(text)}
    return frozenset(name for name in names if not _NOT_PROPOSED.fullmatch(name))


def gather(
    root: Path,
    settings: Settings,
    tree: TreeSeen,
    read: frozenset[str],
    decided: Mapping[str, str],
    environ: Mapping[str, str],
) -> tuple[Need, ...]:
    """Everything to decide in this project, the hindering first, with what was decided on it."""
    found = [*_folders(root, tree, decided), *_links(tree), *_asked_mounts(settings)]
    found += _loops(decided)
    found += [*_variables(settings, read, environ), *_env_files(root, settings)]
    return tuple(_with_decision(need, decided.get(need.id, "")) for need in found)


class Needs:
    """The needs of one project; blocks, as it reads files."""

    def __init__(self, project: Project, settings: Settings) -> None:
        self._project, self._settings = project, settings
        self._signature = ""
        self._read: frozenset[str] = frozenset()
        self._scripts = Scripts()

    def look(self, tree: Tree) -> tuple[TreeSeen, tuple[str, ...]]:
        """Look at the tree with what was decided on its folders."""
        decided = files.read_decisions(self._project.places)
        folders = {
            need.removeprefix("folder "): choice
            for need, choice in decided.items()
            if need.startswith("folder ")
        }
        left_out = [path for path, choice in folders.items() if choice in ("mount", "ignore")]
        left_out += [
            need.removeprefix(LOOP)
            for need, choice in decided.items()
            if need.startswith(LOOP) and choice == "ignore"
        ]
        tree.decide(left_out, (path for path, choice in folders.items() if choice == "send"))
        return tree.look()

    def gather(self, seen: TreeSeen, listing: Listing | None, remote: bool) -> tuple[Need, ...]:
        """Everything to decide, with what was decided; `remote`: mounts are of another machine."""
        if listing is not None and listing.signature != self._signature:
            scripts = (e for e in listing.entries if e.path.endswith(".py") and e.kind == "file")
            self._signature = listing.signature
            self._read = self._scripts.variables(self._project.root, scripts)
        decided = files.read_decisions(self._project.places)
        root = self._project.root
        needs = gather(root, self._settings, seen, self._read, decided, os.environ)
        return tuple(map(_of_another_machine, needs)) if remote else needs


def _of_another_machine(need: Need) -> Need:
    """The same need where a mount is a path of the engine's machine."""
    choices = tuple(
        (key, f"{words} (that path on the engine's machine)" if key == "mount" else words)
        for key, words in need.choices
    )
    return replace(need, choices=choices)


def _with_decision(need: Need, choice: str) -> Need:
    known = choice in dict(need.choices)
    return replace(need, decided=choice if known else "", blocks=need.blocks and not known)


def _links(tree: TreeSeen) -> Iterator[Need]:
    for path, target in tree.links:
        choices = (
            ("mount", f"mount {target} read-only at {WORKDIR}/{path}"),
            ("ignore", "leave it out"),
        )
        text = f"{path} is a link to {target}, outside of the project: left out so far"
        yield Need(f"link {path} {target}", "link", path, text, choices, source=target)


def _folders(root: Path, tree: TreeSeen, decided: Mapping[str, str]) -> Iterator[Need]:
    """What makes the tree too big, and what was decided on such folders before."""
    heavy = {path: (size, files) for path, size, files in tree.heavy if path != "."}
    earlier = [need.removeprefix("folder ") for need in decided if need.startswith("folder ")]
    for path in dict.fromkeys([*heavy, *earlier]):
        if path not in heavy and not (root / path).exists():
            continue
        size, files = heavy.get(path, (0, 0))
        many = "1 file" if files == 1 else f"{files:,} files"
        text = f"{path} has {amount(size)} in {many}: too much for an image"
        choices = (
            ("mount", f"mount it read-only at {WORKDIR}/{path}; it is not watched"),
            ("ignore", "leave it out"),
            ("send", "send it with each image all the same"),
        )
        source = str(root / path)
        need = Need(f"folder {path}", "folder", path, text, choices, source=source, blocks=True)
        yield need if path in heavy else _told_before(need)


def _loops(decided: Mapping[str, str]) -> Iterator[Need]:
    """Files that changed by themselves and that the person left out of watch and image."""
    for need in decided:
        if need.startswith(LOOP):
            path = need.removeprefix(LOOP)
            choices = (("ignore", "leave it out of image and watch"), ("no", "send and watch it"))
            text = f"{path} changed whenever something was built or run"
            yield Need(need, "folder", path, text, choices)


def _told_before(need: Need) -> Need:
    text = f"{need.subject} is too big for an image"
    return Need(need.id, need.kind, need.subject, text, need.choices, source=need.source)


def _asked_mounts(settings: Settings) -> Iterator[Need]:
    for mount in settings.asked_mounts:
        words = _words(mount)
        right = "writable" if mount.writable else "read-only"
        choices = (("give", f"mount it, {right}"), ("no", "leave it out"))
        text = f"the project asks for {mount.source} at {mount.target}, {right}"
        yield Need(f"mount {words}", "mount", words, text, choices, source=mount.source, asked=True)


def _variables(
    settings: Settings, read: frozenset[str], environ: Mapping[str, str]
) -> Iterator[Need]:
    given = {item.partition("=")[0] for item in settings.env}
    asked = [name for name in settings.asked_env if name not in given]
    for name in dict.fromkeys(asked):
        unset = "" if name in environ else " (it is not set here)"
        text = f"the project asks for your variable {name}{unset}"
        yield Need(f"variable {name}", "variable", name, text, _GIVE, asked=True)
    for name in sorted(read - given - set(asked)):
        if name in environ:
            text = f"the code reads {name}, which is set here"
            yield Need(f"variable {name}", "variable", name, text, _GIVE)


def _env_files(root: Path, settings: Settings) -> Iterator[Need]:
    given = {os.path.abspath(path) for path in settings.env_files}
    for name in ENV_FILES:
        path = root / name
        if str(path) not in given and path.is_file() and not path.is_symlink():
            text = f"{name} is not in the image; its variables can be given to the runs"
            choices = (("give", "give its variables to the runs"), ("no", "leave it out"))
            yield Need(f"env-file {name}", "env-file", name, text, choices, source=str(path))


def surroundings(settings: Settings, needs: tuple[Need, ...]) -> Surroundings:
    """What a run gets by the settings and by what was decided."""
    given = [need for need in needs if need.decided == "give"]
    mounts = [
        Mount(need.source, posixpath.join(WORKDIR, need.subject))
        for need in needs
        if need.decided == "mount"
    ]
    asked = {f"mount {_words(mount)}": mount for mount in settings.asked_mounts}
    mounts += [asked[need.id] for need in given if need.id in asked]
    variables = [item.partition("=")[0] for item in settings.env]
    variables += [need.subject for need in given if need.kind == "variable"]
    env_files = [os.path.abspath(path) for path in settings.env_files]
    env_files += [need.source for need in given if need.kind == "env-file"]
    return Surroundings(
        mounts=(*settings.mounts, *mounts),
        gpus=settings.gpus,
        shm_size=settings.shm_size,
        memory=settings.memory,
        cpus=settings.cpus,
        publish=settings.publish,
        user=settings.user,
        platform=settings.platform,
        cache=settings.cache,
        variables=tuple(dict.fromkeys(variables)),
        env_files=tuple(dict.fromkeys(env_files)),
        tty=settings.tty,
    )


def _words(mount: Mount) -> str:
    return f"{mount.source}:{mount.target}{':rw' if mount.writable else ''}"
