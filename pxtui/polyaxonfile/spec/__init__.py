"""What the keys of a polyaxonfile mean: its era, and the places of what is built and run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pxtui.polyaxonfile.modern import Mapped
from pxtui.polyaxonfile.path import Path, dotted
from pxtui.polyaxonfile.problems import Problem
from pxtui.polyaxonfile.source import Source
from pxtui.polyaxonfile.spec import eras, pipeline, shape
from pxtui.polyaxonfile.spec.eras import Era
from pxtui.polyaxonfile.spec.grammar import Key
from pxtui.polyaxonfile.spec.keys import FILE, places
from pxtui.polyaxonfile.spec.shape import Fault, may_have
from pxtui.polyaxonfile.spec.teaching import taught
from pxtui.polyaxonfile.typed import is_template, what

MAX_TOLD = 100
"""Faults are told one by one up to here, errors first."""
BUILDABLE_KINDS = ("notebook", "tensorboard", "plugin", "build")
MODERN_KINDS = ("component", "operation")

_RESERVED = "true false none True False None and or not if else in is for import self"
"""Names that mean something else in a template."""
_IMAGE = re.compile(r"(?:(?:\[[^]/]*\]|[^/:]*)(?::\d+)?/)?[^:@]*(?::[^:/@]+)?(?:@.*)?", re.DOTALL)
"""Host and port, name, tag, digest; blanks are told of where templates are filled in."""

_VARIABLE = re.compile(r"\$\{?([A-Za-z_]\w*)", re.ASCII)


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
    given_by: str = "write it below `params:`"
    """How the file itself gives an input its value, as advice."""
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
    nocache: bool = False
    lang_env: Path = ()
    problems: list[Problem] = field(default_factory=list)


def read(document: Source, era: str = "") -> Spec:
    """Find what is run, and complain about every key that is wrong, unknown or not acted on.

    `era` is the name of the era to read it as; empty: the newest that it fits.
    """
    spec = Spec()
    root = document.value
    if not isinstance(root, dict):
        message = f"a polyaxonfile is a map of keys, not {what(root)}"
        spec.problems.append(document.problem("E_SCHEMA", message, (), FILE.hint))
    elif root.get("kind") in MODERN_KINDS:
        spec.era = eras.MODERN
        message = f"kind: {root['kind']} is Polyaxon 1.x: this file cannot be read"
        hint = "pxtui reads the polyaxonfiles of 0.x"
        spec.problems.append(document.problem("E_KIND", message, ("kind",), hint))
    else:
        found = shape.faults(root)
        is_modern = isinstance(document, Mapped)
        chosen = eras.ERAS[-1] if is_modern else eras.named(era) or shape.best(found)
        spec.era = eras.MODERN if is_modern else chosen.name
        if isinstance(document, Mapped):
            spec.problems += document.problems
            if not document.has_params:
                spec.given_by = "give it as `value:` of the input, or in an operation"
            if any(problem.severity == "error" for problem in spec.problems):
                found = []  # what could not be mapped is missing now
        _Reader(document, spec, chosen, found).read()
    return spec


class _Reader:
    """Reads one file as one of an era."""

    def __init__(self, document: Source, spec: Spec, era: Era, faults: list[Fault]) -> None:
        self.document = document
        self.spec = spec
        self.era = era
        self.faults = [fault for fault in faults if fault.eras & era.bit]
        self.elsewhere = faults
        """Those of all eras: what another era calls so is read as that one did."""
        self.left_out: set[Path] = set()
        """Places that another of the same meaning stands before."""
        self.root: dict[Any, Any] = document.value

    def read(self) -> None:
        """Fill the spec."""
        self._kind()
        self._names()
        self._declarations()
        self._matrix()
        self._work()
        self._taught()
        self._ignored()
        self._runnable()

    def complain(
        self, code: str, message: str, path: Path, hint: str = "", *, of_key: bool = False
    ) -> None:
        self.spec.problems.append(self.document.problem(code, message, path, hint, of_key=of_key))

    def get(self, path: Path) -> Any:
        value: Any = self.root
        for step in path:
            value = value.get(step) if isinstance(value, dict) else None
        return value

    # -- the sections

    def _kind(self) -> None:
        kind = self.get(("kind",))
        if isinstance(kind, str) and not _is_wrong(("kind",), self.faults):
            self.spec.kind = kind
            if kind in BUILDABLE_KINDS:
                message = f"kind: {kind} can be built, not run yet"
                self.complain("W_KIND", message, ("kind",), "pxtui runs experiments and jobs")
            elif kind == "pipeline":
                message = "kind: pipeline can be checked, not run: it needs a cluster"
                hint = "run its templates one by one, each in a file of its own"
                self.complain("W_KIND", message, ("kind",), hint)
                self.spec.problems += pipeline.wrong(self.document)

    def _names(self) -> None:
        version = self.get(("version",))
        if version is not None and not (isinstance(version, int | float) and version == 1):
            text = self.document.text(("version",))
            message = f"version {text!r} is not one that pxtui reads"
            fix: tuple[tuple[Path, str | None], ...] = ((("version",), "1"),)
            hint = "write `version: 1`"
            problem = self.document.problem("E_SCHEMA", message, ("version",), hint, fix=fix)
            self.spec.problems.append(problem)
        names = (self.get(path) for path in (("project", "name"), ("name",)))
        self.spec.project = next((name for name in names if isinstance(name, str)), None)

    def _declarations(self) -> None:
        given = [path for path in places("params") if self.get(path) is not None]
        if len(given) == 2:
            message = "declarations and params are the same section"
            self.complain("E_SCHEMA", message, ("params",), "keep one", of_key=True)
        for path in given[:1]:
            if isinstance(self.get(path), dict):
                self.spec.declarations = path
                for key in self.get(path):
                    self._declared((*path, key))
        if self.get(("inputs",)) is not None:
            self.spec.inputs = ("inputs",)

    def _declared(self, path: Path) -> None:
        key: Any = path[-1]
        if not isinstance(key, str):
            message = f"{path[0]}: {key!r} is {what(key)}, but a name must be text"
            self.complain("E_SCHEMA", message, path, "quote it", of_key=True)
        elif not key.isidentifier() or key in _RESERVED.split():
            message = f"{key!r} cannot be used in a template"
            hint = f"`{{{{ {key} }}}}` means something else there: use letters, digits and _"
            self.complain("W_NAME", message, path, hint, of_key=True)

    def _matrix(self) -> None:
        self.spec.matrix = self._place("matrix")
        matrix = self.get(self.spec.matrix)
        if self.spec.matrix and isinstance(matrix, dict) and matrix:
            above = self.spec.matrix[:-1]
            self.spec.search = above or self._place("search")
        else:
            self.spec.matrix = ()

    # -- what is built and run

    def _work(self) -> None:
        self.spec.image = self._place("image")
        if not self.spec.image:  # those who knew both refused a file with both
            self.spec.dockerfile = self._place("dockerfile")
        self.spec.context = self._place("context")
        self.spec.steps = self._place("steps")
        self.spec.env = self._place("env")
        self.spec.lang_env = self._place("lang_env")
        nocache = self.get(self._place("nocache") or ("",))
        self.spec.nocache = nocache is True or str(nocache).lower() in ("true", "yes", "1")
        if self.spec.kind not in (*BUILDABLE_KINDS, "pipeline"):
            self.spec.cmd = self._place("cmd")
        self._image()
        self._filled_by_docker()

    def _filled_by_docker(self) -> None:
        """Variables whose value has others in it; `PATH=$PATH:…` says itself that it means it."""
        pairs = self.get(self.spec.env or ("",))
        for index, pair in enumerate(pairs if isinstance(pairs, list) else ()):
            name, value = pair if isinstance(pair, list) and len(pair) == 2 else ("", "")
            if isinstance(value, str) and isinstance(name, str):
                used = [one for one in _VARIABLE.findall(value) if one != name]
                if used and f"${name}" not in value and f"${{{name}" not in value:
                    message = f"env_vars: Docker fills in ${used[0]} when the image is built"
                    hint = f"to keep the $ give it to runs: --env '{name}=…'"
                    self.complain("W_ENV_DOLLAR", message, (*self.spec.env, index, 1), hint)

    def _image(self) -> None:
        image = self.get(self.spec.image or ("",))
        if isinstance(image, str) and not is_template(image) and not _IMAGE.fullmatch(image):
            message = f"image: {image!r} is no name of an image"
            self.complain("E_SCHEMA", message, self.spec.image, "write `name:tag`")

    def _place(self, role: str) -> Path:
        """The one place that is acted on: that of the era first; others are pointed out."""
        given = [path for path in places(role) if self.get(path) is not None]
        mine = [path for path in given if any(self._has(key) for key in places(role)[path])]
        ordered = mine + [path for path in given if path not in mine]
        self.left_out.update(ordered[1:])
        for other in ordered[1:]:
            message = f"{dotted(other)} is ignored: {dotted(ordered[0])} is given"
            self.complain("W_UNKNOWN_KEY", message, other, of_key=True)
        faults = self.faults if mine else self.elsewhere
        return ordered[0] if ordered and not _is_wrong(ordered[0], faults) else ()

    def _has(self, key: Key) -> bool:
        return bool(key.eras & self.era.bit) and may_have(key, self.spec.kind)

    # -- what is said besides

    def _taught(self) -> None:
        told = [
            taught(fault, self.document, self.era)
            for fault in sorted(self.faults, key=lambda fault: fault.soft)[:MAX_TOLD]
            if fault.what != "unknown" or fault.path not in self.left_out
        ]
        self.spec.problems += told
        if more := self.faults[MAX_TOLD:]:
            message = f"{len(more):,} more keys and values are wrong"
            self.complain("W_UNKNOWN_KEY", message, more[0].path, of_key=True)

    def _ignored(self) -> None:
        for path in self._for_a_cluster():
            message = f"{dotted(path)} is kept, but only a cluster acts on it"
            self.complain("W_IGNORED", message, path, of_key=True)

    def _for_a_cluster(self) -> Iterator[Path]:
        """The keys that only a cluster acts on, in the order of the file."""
        for name, value in self.root.items():
            here = [key for key in FILE.named.get(name, ()) if self._has(key)]
            if value is None or not here:
                continue
            if here[0].cluster:
                yield (name,)
            elif isinstance(value, dict):
                for below, item in value.items():
                    keys = here[0].shape.named.get(below, ())
                    if item is not None and any(k.cluster and self._has(k) for k in keys):
                        yield (name, below)

    def _runnable(self) -> None:
        spec = self.spec
        missing = [] if spec.image or spec.dockerfile or self.get(("build", "ref")) else ["image"]
        if spec.kind not in BUILDABLE_KINDS and not spec.cmd:
            missing.append("cmd")
        errors = any(p.severity == "error" for p in spec.problems)
        if missing and not errors and spec.kind != "pipeline":
            verb = "built" if spec.kind in BUILDABLE_KINDS else "run"
            message = f"there is no {' and no '.join(missing)}: it cannot be {verb}"
            where: Path = ("run",) if "run" in self.root else ()
            self.complain("W_NOT_RUNNABLE", message, where, of_key=True)


def _is_wrong(path: Path, faults: list[Fault]) -> bool:
    """Whether what stands there, or above, is no value that can be used."""
    return any(
        fault.is_of_value
        and (fault.path[: len(path)] == path or path[: len(fault.path)] == fault.path)
        for fault in faults
    )
