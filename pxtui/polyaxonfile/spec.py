"""What the keys of a polyaxonfile mean, in the spelling of 2018 and in the later one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from pxtui.polyaxonfile.path import Path, dotted
from pxtui.polyaxonfile.problems import Problem
from pxtui.polyaxonfile.source import Source
from pxtui.polyaxonfile.typed import what

RUNNABLE_KINDS = ("experiment", "job", "group")
BUILDABLE_KINDS = ("notebook", "tensorboard", "plugin", "build")
LATER_KINDS = ("pipeline",)
MODERN_KINDS = ("component", "operation")

_ACTED_ON = {
    "": "version kind project name description tags declarations params build run",
    "project": "name",
    "build": "image build_steps env_vars nocache lang_env",
    "run": "image steps env_vars cmd",
}
_NOT_YET = {
    "": "environment matrix hptuning settings logging model train eval inputs outputs backend "
    "framework dockerfile context image build_steps env_vars nocache lang_env ref commit branch "
    "git ops schedule templates concurrency",
    "build": "dockerfile context git commit ref branch backend",
    "run": "git",
    "project": "",
}
_PLACES = {
    "image": (("build", "image"), ("run", "image")),
    "steps": (
        ("build", "build_steps"),
        ("run", "build_steps"),
        ("run", "steps"),
        ("build", "steps"),
    ),
    "env": (("build", "env_vars"), ("run", "env_vars")),
    "cmd": (("run", "cmd"), ("build", "cmd")),
}
"""Where a thing may stand; the first that is given is acted on."""
_MATRICES = (("matrix",), ("settings", "matrix"), ("hptuning", "matrix"))
_RESERVED = "true false none True False None and or not if else in is for import self"
"""Names that mean something else in a template."""
_PROJECT = re.compile(r"[-\w]+(?:/[-\w]+)?", re.ASCII)


@dataclass(slots=True)
class Spec:
    """The places of a file where what is run stands; `problems` has what is wrong with its keys."""

    kind: str = "experiment"
    era: str = ""
    project: str | None = None
    declarations: Path = ()
    """The section; empty where the file has none."""
    inputs: Path = ()
    """The list of typed inputs (0.5 and later)."""
    matrix: Path = ()
    """The map of names and distributions."""
    search: Path = ()
    """The section that says how the matrix is searched: `settings` or `hptuning`."""
    image: Path = ()
    dockerfile: Path = ()
    context: Path = ()
    steps: Path = ()
    """The list, or the operator that makes one."""
    env: Path = ()
    """The list of pairs, or the operator that makes one."""
    cmd: Path = ()
    """The command, the list of commands, or the operator that makes one."""
    words: tuple[Path, ...] = ()
    """Lists of words that are the command where there is no `cmd` (1.x)."""
    nocache: bool = False
    lang_env: Path = ()
    problems: list[Problem] = field(default_factory=list)


def read(document: Source, era: str = "") -> Spec:
    """Find what is run, and complain about every key that is wrong, unknown or not acted on."""
    spec = Spec()
    root = document.value
    if not isinstance(root, dict):
        message = f"a polyaxonfile is a map of keys, not {what(root)}"
        spec.problems.append(document.problem("E_SCHEMA", message, (), "start with `version: 1`"))
        return spec
    if _Sections(document, spec).read():
        _Work(document, spec).read()
    return spec


class _Part:
    """A part of the reading: looks at the values, adds to the spec."""

    def __init__(self, document: Source, spec: Spec) -> None:
        self.document = document
        self.spec = spec
        self.root: dict[Any, Any] = document.value

    def complain(
        self, code: str, message: str, path: Path, hint: str = "", *, of_key: bool = False
    ) -> None:
        self.spec.problems.append(self.document.problem(code, message, path, hint, of_key=of_key))

    def wrong(self, path: Path, expected: str, hint: str = "") -> None:
        got = what(self.get(path))
        self.complain("E_SCHEMA", f"{dotted(path)}: expected {expected}, not {got}", path, hint)

    def get(self, path: Path) -> Any:
        value: Any = self.root
        for step in path:
            if isinstance(value, dict):
                value = value.get(step)
            elif isinstance(value, list) and isinstance(step, int):
                value = value[step]
            else:
                return None
        return value


class _Sections(_Part):
    """The sections and their keys; all but what is built and run."""

    def read(self) -> bool:
        """Read them; say whether the rest is worth reading."""
        if not self._kind():
            return False
        self._version()
        self._keys()
        self._project()
        self._declarations()
        self._matrix()
        return True

    def _kind(self) -> bool:
        kind = self.get(("kind",))
        hint = "pxtui runs experiments and jobs"
        if kind in MODERN_KINDS:
            message = f"kind: {kind} is Polyaxon 1.x: it cannot be run yet"
            self.spec.era = "1.x"
            self.complain("E_KIND", message, ("kind",), "pxtui reads the polyaxonfiles of 0.x")
            return False
        self.spec.era = _era(self.root)
        if kind in LATER_KINDS:
            self.complain("E_KIND", f"kind: {kind} cannot be run yet", ("kind",), hint)
        elif kind in BUILDABLE_KINDS:
            self.spec.kind = kind
            self.complain("W_KIND", f"kind: {kind} can be built, not run yet", ("kind",), hint)
        elif kind is not None and kind not in RUNNABLE_KINDS:
            near = _near(kind, RUNNABLE_KINDS)
            self.complain(
                "E_KIND", f"kind: {kind} is no kind that can be run", ("kind",), near or hint
            )
        elif kind is not None:
            self.spec.kind = kind
        return True

    def _version(self) -> None:
        version = self.get(("version",))
        if version is None:
            self.complain("E_SCHEMA", "version is missing", (), "write `version: 1`")
        elif not isinstance(version, int | float) or version != 1:
            text = self.document.text(("version",))
            message = f"version {text!r} is not one that pxtui reads"
            self.complain("E_SCHEMA", message, ("version",), "write `version: 1`")

    def _keys(self) -> None:
        for section in _ACTED_ON:
            keys = self.get((section,)) if section else self.root
            for key in keys if isinstance(keys, dict) else ():
                self._key(section, key)

    def _key(self, section: str, key: Any) -> None:
        path: Path = (section, key) if section else (key,)
        acted_on = _ACTED_ON[section].split()
        if key in acted_on or any(path in places for places in _PLACES.values()):
            return
        known = acted_on + _NOT_YET[section].split()
        if key in known:
            if not any(m[0] == key and self.get(m) for m in _MATRICES):
                message = f"{dotted(path)} is kept but not acted on yet"
                self.complain("W_IGNORED", message, path, of_key=True)
        else:
            where = f" of {section}" if section else ""
            code = "W_UNKNOWN_KEY" if section else "E_SCHEMA"
            message = f"{key!r} is no key{where} that Polyaxon has"
            self.complain(code, message, path, _near(key, known), of_key=True)

    def _project(self) -> None:
        project = self.get(("project",))
        if project is None:
            name = self.get(("name",))
            self.spec.project = name if isinstance(name, str) else None
        elif not isinstance(project, dict):
            self.wrong(("project",), "a map", "write `name:` below it")
        elif not isinstance(name := project.get("name"), str):
            self.wrong(("project", "name"), "a name")
        elif not _PROJECT.fullmatch(name):
            hint = "letters, digits, - and _"
            message = f"project.name: {name!r} is not a name"
            self.complain("E_SCHEMA", message, ("project", "name"), hint)
        else:
            self.spec.project = name

    def _declarations(self) -> None:
        both = [key for key in ("declarations", "params") if self.root.get(key) is not None]
        if len(both) == 2:
            message = "declarations and params are the same section"
            self.complain("E_SCHEMA", message, ("params",), "keep one", of_key=True)
        for section in both[:1]:
            if not isinstance(self.root[section], dict):
                self.wrong((section,), "a map of names and values", "write `name: value` below it")
                continue
            self.spec.declarations = (section,)
            for key in self.root[section]:
                self._declared(section, key)

    def _declared(self, section: str, key: Any) -> None:
        path = (section, key)
        if not isinstance(key, str):
            message = f"{section}: {key!r} is {what(key)}, but a name must be text"
            self.complain("E_SCHEMA", message, path, "quote it", of_key=True)
        elif not key.isidentifier() or key in _RESERVED.split():
            message = f"{key!r} cannot be used in a template"
            hint = f"`{{{{ {key} }}}}` means something else there: use letters, digits and _"
            self.complain("W_NAME", message, path, hint, of_key=True)

    def _matrix(self) -> None:
        for path in _MATRICES:
            matrix = self.get(path)
            if isinstance(matrix, dict) and matrix:
                found = [str(name) for name in matrix]
                message = f"{', '.join(found)}: the matrix is not acted on yet"
                hint = f"give values with {' '.join(f'-P {name}=…' for name in found)}"
                self.complain("W_MATRIX", message, path, hint, of_key=True)
                self.spec.matrix, self.spec.search = path, path[:-1]
        if isinstance(self.get(("inputs",)), list):
            self.spec.inputs = ("inputs",)


class _Work(_Part):
    """What is built and run."""

    def read(self) -> None:
        """Find the places."""
        for section in ("build", "run"):
            if self.get((section,)) is not None and not isinstance(self.root[section], dict):
                self.wrong((section,), "a map", "write `image:`, `steps:`, `cmd:` below it")
        self.spec.image = self._place("image")
        self.spec.steps = self._place("steps")
        self.spec.env = self._place("env")
        if self.get(("kind",)) not in BUILDABLE_KINDS:
            self.spec.cmd = self._place("cmd")
        self._flags()
        self._runnable()

    def _place(self, what: str) -> Path:
        """The one place that is acted on; others, and names of another era, are pointed out."""
        given = [path for path in _PLACES[what] if self.get(path) is not None]
        if not given:
            return ()
        chosen, *others = given
        usual = self._usual(what)
        if chosen != usual:
            message = f"{dotted(chosen)} is written {dotted(usual)} in a file like this"
            hint = "it is acted on here; Polyaxon may have ignored it"
            self.complain("W_UNKNOWN_KEY", message, chosen, hint, of_key=True)
        for other in others:
            message = f"{dotted(other)} is ignored: {dotted(chosen)} is given"
            self.complain("W_UNKNOWN_KEY", message, other, of_key=True)
        return chosen

    def _usual(self, what: str) -> Path:
        if what == "cmd":
            return ("run", "cmd")
        if "build" in self.root:
            return _PLACES[what][0]
        old_steps = what == "steps" and "kind" not in self.root
        return ("run", "steps") if old_steps else next(p for p in _PLACES[what] if p[0] == "run")

    def _flags(self) -> None:
        self.spec.nocache = self.get(("build", "nocache")) is True
        if self.get(("build", "lang_env")) is not None:
            self.spec.lang_env = ("build", "lang_env")

    def _runnable(self) -> None:
        missing = [
            name
            for name, place in (("image", self.spec.image), ("cmd", self._cmd_given()))
            if not place
        ]
        if missing and not any(p.severity == "error" for p in self.spec.problems):
            message = f"there is no {' and no '.join(missing)}: it cannot be run"
            where: Path = ("run",) if "run" in self.root else ()
            self.complain("W_NOT_RUNNABLE", message, where, of_key=True)

    def _cmd_given(self) -> bool:
        return bool(self.get(("run", "cmd")) or self.get(("build", "cmd")))


def _era(root: dict[Any, Any]) -> str:
    if root.keys() & {"params", "inputs", "outputs", "name", "description"}:
        return "0.5 to 0.6"
    if root.keys() & {"build", "hptuning", "logging", "tags"} or "kind" in root:
        seed_like = "kind" in root and "build" not in root and isinstance(root.get("run"), dict)
        return "2018 (0.0.7)" if seed_like and "image" in root["run"] else "0.1 to 0.6"
    return "2018 (0.0.5)"


def _near(key: Any, known: Iterable[str]) -> str:
    close = get_close_matches(str(key), list(known), 1)
    return f"did you mean {close[0]}?" if close else ""
