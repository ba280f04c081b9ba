"""The bytes of a polyaxonfile, with edits and given values, → what is built and run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pxtui.polyaxonfile import command, spec
from pxtui.polyaxonfile.looks import Looks, control_problems
from pxtui.polyaxonfile.opening import edited, opened
from pxtui.polyaxonfile.path import Edits, Path, dotted
from pxtui.polyaxonfile.problems import PolyaxonfileError, Problem
from pxtui.polyaxonfile.reading import Declaration, Reading, Resolved
from pxtui.polyaxonfile.rows import Rows, followed, type_of
from pxtui.polyaxonfile.secret import DOTS, is_secret, without
from pxtui.polyaxonfile.source import Source, Version
from pxtui.polyaxonfile.spec import Spec
from pxtui.polyaxonfile.templating import names
from pxtui.polyaxonfile.templating.names import Names
from pxtui.polyaxonfile.templating.rendering import Renderer
from pxtui.polyaxonfile.templating.scope import Scope
from pxtui.polyaxonfile.typed import evaluate, jsonable
from pxtui.polyaxonfile.work import Text, Work

_BAD_IN_IMAGE = re.compile(r"[\s\x00-\x1f\x7f-\x9f]")
_LINE_BREAK = re.compile(r"[\r\n]")


def load(
    data: bytes,
    file: str,
    edits: Edits | None = None,
    names: Mapping[str, str] | None = None,
    *,
    over: Sequence[Version] = (),
    era: str = "",
) -> Reading:
    """Read a polyaxonfile; never raises, and takes what its templates take (see `bounded`).

    `over` are files laid over it, the last one wins; then come the edits, then the values given by
    name. `era` is the era to read it as; empty: the one that it is written in.
    """
    try:
        source, refused = edited(opened(Version(data, file), *over), edits or {})
    except PolyaxonfileError as error:
        return Reading(file, "", (), None, error.problems)
    return resolve(source, names or {}, refused, era=era)


def resolve(
    document: Source,
    texts: Mapping[str, str],
    problems: Iterable[Problem] = (),
    *,
    render: bool = True,
    trusted: bool = True,
    era: str = "",
) -> Reading:
    """Read a document; `render` and `trusted` as of `Renderer`."""
    found = spec.read(document, era)
    known, wrong = names.find(document, found, texts)
    renderer = Renderer(document, render=render, trusted=trusted)
    return _Loader(document, found, known, renderer).reading([*problems, *wrong])


@dataclass(slots=True)
class _Loader:
    """Renders one file."""

    document: Source
    spec: Spec
    names: Names
    renderer: Renderer
    steps: tuple[Text, ...] = ()
    commands: tuple[Text, ...] = ()
    problems: list[Problem] = field(default_factory=list)

    def reading(self, problems: list[Problem]) -> Reading:
        scope = self._scope()
        resolved = self._resolved(scope)
        rows = followed(Rows(self.document, self.spec, self.names, scope).rows())
        env = tuple(name for name, _ in resolved.env)
        given = (self.document, self.spec, self.names, scope, rows)
        looks = Looks(*given, self.commands, self.steps, env)
        found = [*problems, *self.spec.problems, *self.renderer.problems, *self.problems]
        found += looks.problems()
        if not any(p.severity == "error" for p in found) and resolved.cmd:
            found += looks.unused()
        hidden = _hidden(scope, rows, looks)
        if secrets := frozenset(str(scope.value(path)) for path in hidden):
            found = [_veiled(problem, secrets) for problem in found]
        found = sorted(dict.fromkeys(found), key=lambda p: (p.line, p.column))
        file, era = self.document.file, self.spec.era
        if any(p.severity == "error" for p in found):
            return Reading(file, era, rows, None, tuple(found))
        masked = self._masked(resolved, hidden)
        if masked is not None and hidden:
            resolved = replace(resolved, masked=masked.cmd)
        return Reading(file, era, rows, resolved, tuple(found), masked)

    def filled(self) -> Resolved:
        """What is built and run, whatever is wrong with it."""
        return self._resolved(self._scope())

    def _scope(self) -> Scope:
        return Scope(self.renderer, self.names.raw, self.names.places, self.names.unknown)

    def _complain(self, code: str, message: str, path: Path, hint: str = "") -> None:
        self.problems.append(self.document.problem(code, message, path, hint))

    def _looked_at(self, *said: Text) -> tuple[Text, ...]:
        """Texts of `build` or `run`, with what is odd about their characters said."""
        self.problems += control_problems(self.document, said)
        return said

    def _resolved(self, scope: Scope) -> Resolved:
        found, work = self.spec, Work(self.document, scope)
        self.steps = self._looked_at(*work.list(found.steps, "commands"))
        self.commands = self._looked_at(*work.commands(found.cmd))
        cmd = command.joined(one.text for one in self.commands)
        env = [*self._language(work), *(self._variable(*pair) for pair in work.pairs(found.env))]
        resolved = Resolved(
            found.kind,
            found.project,
            self._image(work),
            tuple(step.text for step in self.steps if step.text.strip()),
            tuple(env),
            cmd,
            jsonable(scope.values),
            found.nocache,
            dockerfile=self._place(work, found.dockerfile),
            context=self._place(work, found.context),
            space=self.names.space,
        )
        self.problems += work.problems
        return resolved

    def _masked(self, resolved: Resolved, hidden: Iterable[Path]) -> Resolved | None:
        """All that is run, filled in once more with dots for the secret values it has."""
        named = [name for name, value in resolved.env if _is_secret_variable(name, value)]
        if not hidden and not named:
            return None
        known = replace(self.names, raw={**self.names.raw})
        for path in hidden:
            known.put(path, DOTS)
        twin = _Loader(self.document, self.spec, known, self.renderer.anew())
        masked = twin.filled()
        env = tuple((name, DOTS if name in named else value) for name, value in masked.env)
        # a template that computes with a secret may not take the dots
        problems = (*twin.renderer.problems, *twin.problems)
        failed = any(p.severity == "error" for p in problems)
        return replace(masked, env=env, cmd=DOTS if failed else masked.cmd)

    def _image(self, work: Work) -> str:
        place = self.spec.image
        if not place:
            return ""
        (said,) = self._looked_at(work.text(place))
        image = said.text.strip()
        if _BAD_IN_IMAGE.search(image):
            self._complain("E_SCHEMA", f"image: {image!r} has blanks or line ends", place)
        return image

    def _place(self, work: Work, path: Path) -> str:
        """A path of the project that the file names."""
        if not path:
            return ""
        (said,) = self._looked_at(work.text(path))
        if _LINE_BREAK.search(said.text.strip()):
            self._complain("E_SCHEMA", f"{dotted(path)} has more than one line", path)
        return said.text.strip()

    def _variable(self, said_name: Text, said_value: Text) -> tuple[str, str]:
        self._looked_at(said_name, said_value)
        name = said_name.text
        if not re.fullmatch(r"[^\s=\x00-\x1f]+", name):
            self._complain("E_SCHEMA", f"env_vars: {name!r} is not a name", said_name.path)
        literal = evaluate(said_value.text)
        value = str(literal)
        if literal is None:
            hint = "write '' for an empty text"
            self._complain("E_SCHEMA", f"env_vars: {name} has no value", said_value.path, hint)
        if _LINE_BREAK.search(value):
            message = f"env_vars: the value of {name} has more than one line"
            self._complain("E_SCHEMA", message, said_value.path)
        if _is_secret_variable(name, value):
            message = f"env_vars: {name} would be in the image"
            hint = f"give it to runs by --env {name}"
            self._complain("W_SECRET", message, said_name.path[:-1], hint)
        return name, value

    def _language(self, work: Work) -> Iterator[tuple[str, str]]:
        if self.spec.lang_env:
            (said,) = self._looked_at(work.text(self.spec.lang_env))
            yield from ((name, said.text) for name in ("LC_ALL", "LANG", "LANGUAGE"))


def _hidden(scope: Scope, rows: Iterable[Declaration], looks: Looks) -> tuple[Path, ...]:
    """The places of secret values; an empty password may as well be seen."""
    shown = {looks.own(row.path): row for row in rows}
    found = [path for path, row in shown.items() if row.secret]
    waiting: list[tuple[Path, Any]] = [((name,), value) for name, value in scope.values.items()]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, dict):
            waiting += [((*path, key), item) for key, item in value.items()]
        elif path not in shown and is_secret(dotted(path), type_of(value)):
            found.append(path)
    return tuple(path for path in found if scope.value(path) not in (None, ""))


def _is_secret_variable(name: str, value: str) -> bool:
    return bool(value) and is_secret(name, type_of(evaluate(value)))


def _veiled(problem: Problem, hidden: frozenset[str]) -> Problem:
    message, hint = without(problem.message, hidden), without(problem.hint, hidden)
    return replace(problem, message=message, hint=hint)
