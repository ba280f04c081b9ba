"""The names that templates see, and where each has its value from: the file, a matrix, `-P`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pxtui.polyaxonfile import matrix
from pxtui.polyaxonfile.document import Document
from pxtui.polyaxonfile.inputs import Input, Inputs, mended
from pxtui.polyaxonfile.matrix import Space
from pxtui.polyaxonfile.path import Path
from pxtui.polyaxonfile.problems import PolyaxonfileError, Problem
from pxtui.polyaxonfile.source import Source
from pxtui.polyaxonfile.spec import Spec
from pxtui.polyaxonfile.templating.undefined import near
from pxtui.polyaxonfile.typed import evaluate

MAX_PROBLEMS = 100
"""Problems of names that are told one by one."""
MAX_NAMED = 5
"""Values of a trial that are told in one message."""


@dataclass(slots=True)
class Names:
    """Every name with its value as written; a value may be a template."""

    raw: dict[str, Any] = field(default_factory=dict)
    places: dict[str, Path] = field(default_factory=dict)
    """Where in the file each has its value from."""
    unknown: frozenset[str] = frozenset()
    """Names whose value cannot be known: why, is said."""
    given: Mapping[Path, str] = field(default_factory=dict)
    """Places among the names, and the texts that were given for them."""
    inputs: Mapping[str, Input] = field(default_factory=dict)
    space: Space | None = None

    def put(self, path: Path, value: Any) -> None:
        """Put a value in place of another; no value of the file is changed."""
        holder: Any = self.raw
        for step in path[:-1]:
            holder[step] = holder[step].copy()
            holder = holder[step]
        holder[path[-1]] = value


def find(document: Source, spec: Spec, texts: Mapping[str, str]) -> tuple[Names, list[Problem]]:
    """The names of a file with the values given by name (`texts`), and what is wrong with them."""
    finder = _Finder(document, spec, texts)
    return finder.found(), finder.problems


@dataclass(slots=True)
class _Finder:
    document: Source
    spec: Spec
    texts: Mapping[str, str]
    problems: list[Problem] = field(default_factory=list)
    names: Names = field(default_factory=Names)
    told: int = 0
    has_error: bool = False

    def found(self) -> Names:
        names, section = self.names, self.spec.declarations
        declared = _get(self.document.value, section) if section else {}
        own = {str(key): value for key, value in declared.items()}
        if self.spec.inputs:
            reader = Inputs(self.document, self.spec.inputs)
            names.inputs = {one.name: one for one in reader.read()}
            self.problems += reader.problems
        self._matrix(own)
        outputs = _outputs(self.document.value)
        for name, (path, value) in outputs.items():
            names.raw[name], names.places[name] = value, path
        for one in names.inputs.values():
            names.raw[one.name] = one.default
            names.places[one.name] = (*one.path, "default")
        for name, value in own.items():
            names.raw[name], names.places[name] = value, (*section, name)
        self._give()
        if names.inputs or outputs:
            self._fit(own, outputs)
        return names

    # -- the first trial

    def _matrix(self, own: Mapping[str, Any]) -> None:
        place = self.spec.matrix
        if not place and not self.spec.search:
            return
        space, problems = matrix.read(self.document, place, self.spec.search, era=self.spec.era)
        self.problems += problems
        names = self.names
        if space is None:
            if not place or not any(one.severity == "error" for one in problems):
                return
            keys = _get(self.document.value, place)
            names.unknown = frozenset(map(str, keys if isinstance(keys, dict) else ()))
            names.unknown -= own.keys()
            return
        names.space = space
        trial = next(iter(space.trials(1)), {})
        for name, value in trial.items():
            names.raw[name], names.places[name] = value, (*place, name)
        hidden = [name for name in trial if name in own or name in names.inputs]
        for name in hidden:
            if name not in self.texts:
                self._hides(name, own, space)
        open_ = [name for name in trial if name not in self.texts and name not in hidden]
        if open_:
            self._say_trial(place, {name: trial[name] for name in open_})

    def _hides(self, name: str, own: Mapping[str, Any], space: Space) -> None:
        other = "the values of the matrix" if name in space.names else "what hyperband gives"
        if name in own:
            path: Path = (*self.spec.declarations, name)
            gone, value = path, self.document.text(path)
            what = f"{name} is given here too, which beats {other}"
        else:
            one = self.names.inputs[name]
            path, gone, value = (*one.path, "name"), one.path, str(one.default)
            what = f"{name} is an input too, whose default beats {other}"
        hint = f"take it out here to have {other}"
        fix: tuple[tuple[Path, str | None], ...] = ((gone, None),)
        message = f"{what}: every trial has {value}"
        self._complain("W_HIDDEN", message, path, hint, of_key=name in own, fix=fix)

    def _say_trial(self, place: Path, trial: Mapping[str, Any]) -> None:
        told = [f"{name}={value}" for name, value in trial.items()]
        more = ", …" if len(told) > MAX_NAMED else ""
        message = f"a run takes the first trial of the matrix: {', '.join(told[:MAX_NAMED])}{more}"
        given = " ".join(f"-P {name}=…" for name in [*trial][:MAX_NAMED])
        self._complain("W_MATRIX", message, place, f"other values: {given}", of_key=True)

    # -- values given by name

    def _give(self) -> None:
        names = self.names
        given: dict[Path, str] = {}
        known = {*names.raw, *names.unknown}
        for name, text in self.texts.items():
            path = (name,) if name in known else _below(names.raw, name)
            if path is None:
                hint = near(name, _leaf_names(names.raw), 3)
                message = f"-P {name}: there is no such declaration"
                self._complain("E_PARAM", message, self.spec.declarations, hint)
                continue
            given[path] = text
            one = names.inputs.get(name)
            value = _given(one, text) if one else text
            told = value if isinstance(value, list | dict) else text or None
            if one and (reason := one.wrong(told)):
                self._complain("E_PARAM", f"-P {name}: {name} {reason}", one.path)
            is_text = isinstance(value, str) and not self._is_quoted(path)
            names.put(path, typed(text) if is_text else value)
            names.places.setdefault(name, (*self.spec.declarations, name))
        names.given = given
        names.unknown -= {str(path[0]) for path in given}

    def _is_quoted(self, path: Path) -> bool:
        """Whether the value is a text in quotes in the file: what is given then is one too."""
        place = (*self.names.places.get(str(path[0]), ()), *path[1:])
        node = self.document.node(place)
        return node is not None and node.kind == "scalar" and bool(node.style)

    # -- the types of inputs

    def _fit(self, own: Mapping[str, Any], outputs: Iterable[str]) -> None:
        names, section = self.names, self.spec.declarations
        for name in own:
            if name not in names.inputs and name not in outputs:
                self._say_no_input((*section, name), [*names.inputs, *outputs])
        unknown = set(names.unknown)
        for name, one in names.inputs.items():
            if (name,) in names.given:
                pass
            elif name in own:
                self._fit_one(one, (*section, name), own[name])
            elif not one.is_optional and not one.default:
                hint = f"give one: -P {name}=…, or {self.spec.given_by}"
                self._complain("E_PARAM", f"the input {name} needs a value", one.path, hint)
                names.raw.pop(name)
                unknown.add(name)
                continue
            names.raw[name] = one.shown(names.raw[name])
        names.unknown = frozenset(unknown)

    def _say_no_input(self, path: Path, known: Iterable[str]) -> None:
        if self.told < MAX_PROBLEMS or not self.has_error:
            hint = near(str(path[-1]), known) or "declare it below `inputs:`"
            self._complain("E_PARAM", f"{path[-1]} is no input", path, hint, of_key=True)

    def _fit_one(self, one: Input, path: Path, value: Any) -> None:
        if reason := one.wrong(value):
            better = mended(one, self.document.text(path)) if not one.options else ""
            hint = f"write {better}" if better else ""
            fix = ((path, better),) if better else ()
            self._complain("E_PARAM", f"{one.name} {reason}", path, hint, fix=fix)

    def _complain(
        self,
        code: str,
        message: str,
        path: Path,
        hint: str = "",
        *,
        of_key: bool = False,
        fix: tuple[tuple[Path, str | None], ...] = (),
    ) -> None:
        self.told += 1
        if self.told <= MAX_PROBLEMS or code.startswith("E_") > self.has_error:
            one = self.document.problem(code, message, path, hint, of_key=of_key, fix=fix)
            self.problems.append(one)
        self.has_error |= code.startswith("E_")


def _outputs(root: Any) -> dict[str, tuple[Path, Any]]:
    """The outputs, which may have values among the params too: their places and defaults."""
    outputs = root.get("outputs") if isinstance(root, dict) else None
    return {
        one["name"]: (("outputs", index, "default"), one.get("default"))
        for index, one in enumerate(outputs if isinstance(outputs, list) else ())
        if isinstance(one, dict) and isinstance(one.get("name"), str)
    }


def _given(one: Input, text: str) -> Any:
    """What a text stands for that is given for an input: a list or map where it takes one."""
    value = typed(text)
    value = evaluate(value) if isinstance(value, str) else value
    value = [*value] if isinstance(value, tuple) else value
    fits = isinstance(value, list | dict) and one.type and not one.wrong(value)
    return value if fits else one.given(text)


def _below(values: Mapping[str, Any], name: str) -> Path | None:
    """The place of `a.b` below a name."""
    value: Any = values
    path: Path = ()
    for step in name.split("."):
        if isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            path, value = (*path, int(step)), value[int(step)]
        elif isinstance(value, dict) and step in value:
            path, value = (*path, step), value[step]
        else:
            return None
    return path


def _leaf_names(value: Mapping[Any, Any], prefix: str = "") -> Iterator[str]:
    for key, item in value.items():
        yield f"{prefix}{key}"
        if isinstance(item, dict):
            yield from _leaf_names(item, f"{prefix}{key}.")


def typed(text: str) -> Any:
    """What YAML makes of a text that stands as a value in a file."""
    if not text:
        return None
    try:
        document = Document.parse(f"- {text}".encode(errors="surrogatepass"), "")
    except PolyaxonfileError:
        return text
    node = document.node((0,))
    spans_all = node is not None and (node.start, node.end) == (2, 2 + len(text))
    return document.value[0] if spans_all else text


def _get(value: Any, path: Iterable[str | int]) -> Any:
    for step in path:
        value = value[step]
    return value
