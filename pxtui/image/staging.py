"""The files that stand in /code before the steps run, read from the tree."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from pxtui.image.ignore import Denial, Rules, Verdict
from pxtui.image.plan import CONDA, REQUIREMENTS, SETUP, StagedFile, Staging
from pxtui.image.tree import open_file, open_folder
from pxtui.polyaxonfile import steps as read
from pxtui.polyaxonfile.spec.eras import MODERN
from pxtui.polyaxonfile.steps import Name

_LIMIT = 4 << 20
_MOST = 100
"""Files that are staged at most: lists of requirements may name each other without end."""
_SINCE = {REQUIREMENTS[1]: (0, 1, 6), SETUP[1]: (0, 1, 6), **dict.fromkeys(CONDA, (0, 4, 0))}
"""The version from which Polyaxon had a file there before the steps."""


def stage(root: Path, steps: Iterable[str] = (), era: str = "") -> Staging:
    """Read what the steps need: Polyaxon's own files, and those that a step names.

    `era` is that of the polyaxonfile: a note tells of what Polyaxon did not have there then.
    """
    with open_folder(root) as fd:
        staging = _Staging(root, fd, Rules.read(root), era)
        for index, step in enumerate((step for step in steps if step.strip()), 1):
            staging.step(index, step)
        for names in (REQUIREMENTS, CONDA, SETUP):
            staging.first_of(names)
        return staging.result()


@dataclass(slots=True)
class _Staging:
    """One look for what is to be staged."""

    root: Path
    fd: int
    rules: Rules
    era: str
    files: dict[str, StagedFile | None] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def result(self) -> Staging:
        files = [file for file in self.files.values() if file is not None]
        return Staging(tuple(sorted(files, key=_rank)), tuple(self.notes), tuple(self.warnings))

    def first_of(self, names: Iterable[str]) -> None:
        """Stage the first of these that the project has in its folder."""
        for name in names:
            if self.files.get(name) or self._add(Name(name, name not in SETUP), ""):
                return

    def step(self, index: int, step: str) -> None:
        """Stage what a step names."""
        who = f"step {index}"
        if read.installs_code(step):
            self.warnings.append(_too_early(who, f"installs the project: {step.strip()}"))
        for word, why in read.out_of_reach(step):
            self.warnings.append(f"{who} names {word}, {why}")
        for name in read.named(step):
            self._add(name, who)

    def _add(self, name: Name, who: str) -> bool:
        """Stage a file, and what it names if it is a list of requirements."""
        path = name.path
        if path in self.files or len(self.files) >= _MOST:
            return self.files.get(path) is not None
        self.files[path] = file = self._file(path, who, listed=name.requirements)
        if file is None:
            return False
        if who and not self._had(path):
            since = _SINCE.get(path)
            before = f" before {'.'.join(map(str, since))}" if since else ""
            told = f"{path} is copied before the steps, {who} names it"
            self.notes.append(f"{told}: Polyaxon{before} copied it after them")
        if name.requirements:
            text = file.data.decode(errors="replace")
            if read.requires_code(text):
                self.warnings.append(_too_early(path, "has the project itself in it"))
            for other in read.included(text, path):
                self._add(other, path)
        return True

    def _had(self, path: str) -> bool:
        """Whether Polyaxon had a file there before the steps, in this era."""
        if self.era == MODERN or path in (REQUIREMENTS[0], SETUP[0]):
            return True
        since, newest = _SINCE.get(path), _newest(self.era)
        return since is not None and (newest is None or newest >= since)

    def _file(self, path: str, who: str, *, listed: bool) -> StagedFile | None:
        """Read a file of the tree, through links that stay in it; say why if it is not staged."""
        if not _is_file(self.root / path):
            if listed and who:
                self.warnings.append(f"{who} names {path}, which is no file of the project")
            return None
        real = os.path.relpath(os.path.realpath(self.root / path), os.path.realpath(self.root))
        reason = self._forbidden(path) or self._forbidden(real)
        try:
            file = None if reason else self._read(path, real)
        except OSError as error:
            reason, file = f"it cannot be read: {error.strerror}", None
        if file is None:
            reason = reason or "it is bigger than 4 MiB"
            self.warnings.append(f"{path} is not there for the steps: {reason}")
        return file

    def _forbidden(self, path: str) -> str:
        """Why a file may not be staged, by the rules for the tree."""
        if path.startswith("../"):
            return "it is a link that leaves the project"
        verdict = _judged(self.rules, path)
        if not verdict.out:
            return ""
        return verdict.denial.reason if verdict.denial else "an ignore file leaves it out"

    def _read(self, path: str, real: str) -> StagedFile | None:
        with open_file(self.fd, real) as file:
            data = file.read(_LIMIT + 1)
            executable = bool(os.fstat(file.fileno()).st_mode & 0o111)
        return StagedFile(path, data, executable) if len(data) <= _LIMIT else None


def _judged(rules: Rules, path: str) -> Verdict:
    """What the rules make of a file, the folders above it included."""
    above: Denial | None = None
    parts = path.split("/")
    for count in range(1, len(parts)):
        verdict = rules.judge("/".join(parts[:count]), True, above)
        if verdict.shut:
            return verdict
        above = verdict.denial
    return rules.judge(path, False, above)


def _is_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except (OSError, ValueError):
        return False


def _too_early(who: str, what: str) -> str:
    advice = "install it in cmd: `pip install -e . && …`"
    return f"{who} {what}, but the code is copied after the steps; {advice}"


def _rank(file: StagedFile) -> int:
    order = (REQUIREMENTS, CONDA, SETUP)
    return next((rank for rank, names in enumerate(order) if file.name in names), len(order))


def _newest(era: str) -> tuple[int, ...] | None:
    """The newest version of an era; None for one that is not known to have ended."""
    found = [tuple(map(int, text.split("."))) for text in re.findall(r"\d+(?:\.\d+)+", era)]
    return max(found) if found and "later" not in era else None
