"""The bytes of a polyaxonfile, with edits and given values, → what is built and run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

from pxtui.polyaxonfile import command, spec, templating
from pxtui.polyaxonfile.document import Document
from pxtui.polyaxonfile.opening import edited, opened
from pxtui.polyaxonfile.path import Edits, Path
from pxtui.polyaxonfile.problems import PolyaxonfileError, Problem
from pxtui.polyaxonfile.reading import Declaration, Reading, Resolved
from pxtui.polyaxonfile.scope import Scope
from pxtui.polyaxonfile.secret import DOTS, is_secret, without
from pxtui.polyaxonfile.source import Source, Version
from pxtui.polyaxonfile.spec import Spec
from pxtui.polyaxonfile.typed import evaluate, jsonable
from pxtui.polyaxonfile.work import Text, Work

MAX_SAFE_TEMPLATES = 300
MAX_UNUSED = 20
"""Declarations that nothing uses are named one by one up to here."""

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_BAD_IN_IMAGE = re.compile(r"[\s\x00-\x1f\x7f-\x9f]")
_LINE_BREAK = re.compile(r"[\r\n]")
_SHELL = {"": re.compile(r"\$\(|[`;|&\n]"), '"': re.compile(r'\$\(|[`"]'), "'": re.compile("'")}
"""What a value could do to a command, by the quotes it stands in."""


def load(
    data: bytes,
    file: str,
    edits: Edits | None = None,
    names: Mapping[str, str] | None = None,
    *,
    over: Sequence[Version] = (),
    era: str = "",
) -> Reading:
    """Read a polyaxonfile; never raises.

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
    names: Mapping[str, str],
    problems: Iterable[Problem] = (),
    *,
    render: bool = True,
    era: str = "",
) -> Reading:
    """Read a document; `render` trusts its templates to end (see `danger`)."""
    found = spec.read(document, era)
    given, unknown = _given(document, found, names)
    return _Loader(document, found, given, render).reading([*problems, *unknown])


def danger(document: Source, names: Mapping[str, str] | None = None) -> Path | None:
    """Where a template stands that must be rendered in a child with limits; None for nowhere."""
    if any(map(templating.is_dear, (names or {}).values())):
        return ()
    sources: list[tuple[Path, str]] = []
    for section in ("declarations", "params", "build", "run"):
        value = document.value.get(section) if isinstance(document.value, dict) else None
        sources += _texts(value, (section,))
    if len(sources) > MAX_SAFE_TEMPLATES:
        return sources[0][0]
    return next((path for path, text in sources if templating.is_dear(text)), None)


def _texts(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """Every template below a value."""
    if isinstance(value, str):
        if templating.is_template(value):
            yield path, value
    elif isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for step, item in items:
            yield from _texts(item, (*path, step))


def _given(
    document: Source, found: Spec, names: Mapping[str, str]
) -> tuple[dict[Path, tuple[str, Any]], list[Problem]]:
    """Values given by name: the place in the declarations → the text and what YAML makes of it."""
    given: dict[Path, tuple[str, Any]] = {}
    problems = []
    section = document.value[found.declarations[0]] if found.declarations else {}
    for name, text in names.items():
        path = _declared(section, name)
        if path is None:
            known = [*_leaf_names(section)]
            close = get_close_matches(name, known, 3)
            hint = f"did you mean {' or '.join(close)}?" if close else ""
            message = f"-P {name}: there is no such declaration"
            problems.append(document.problem("E_PARAM", message, found.declarations, hint))
            continue
        node = document.node((*found.declarations, *path))
        quoted = node is not None and node.kind == "scalar" and bool(node.style)
        given[path] = (text, text if quoted else _typed(text))
    return given, problems


def _declared(section: Mapping[Any, Any], name: str) -> Path | None:
    """Where a name stands: the key of that name if there is one, else the path `a.b`."""
    if name in section:
        return (name,)
    value: Any = section
    path: Path = ()
    for step in name.split("."):
        if isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            path, value = (*path, int(step)), value[int(step)]
        elif isinstance(value, dict) and step in value:
            path, value = (*path, step), value[step]
        else:
            return None
    return path


def _leaf_names(value: Any, prefix: str = "") -> Iterator[str]:
    for key, item in value.items():
        yield f"{prefix}{key}"
        if isinstance(item, dict):
            yield from _leaf_names(item, f"{prefix}{key}.")


def _typed(text: str) -> Any:
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


@dataclass(slots=True)
class _Loader:
    """Renders one file."""

    document: Source
    spec: Spec
    given: dict[Path, tuple[str, Any]]
    render: bool
    commands: tuple[Text, ...] = ()

    def reading(self, problems: list[Problem]) -> Reading:
        values = {path: value for path, (_, value) in self.given.items()}
        scope = Scope(self.document, self.spec, values, render=self.render)
        resolved = self._resolved(scope)
        rows = tuple(self._rows(scope))
        found = [*problems, *self.spec.problems, *scope.problems, *self._looks(scope, rows)]
        if not any(p.severity == "error" for p in found) and resolved.cmd:
            found += self._unused(rows)
        if hidden := frozenset(str(row.value) for row in rows if _is_hidden(row)):
            found = [_veiled(problem, hidden) for problem in found]
        found = sorted(dict.fromkeys(found), key=lambda p: (p.line, p.column))
        if any(p.severity == "error" for p in found):
            return Reading(self.document.file, self.spec.era, rows, None, tuple(found))
        masked = self._masked(resolved, values, rows)
        if masked is not None and hidden:
            resolved = replace(resolved, masked=masked.cmd)
        return Reading(self.document.file, self.spec.era, rows, resolved, tuple(found), masked)

    def _complain(self, code: str, message: str, path: Path, hint: str = "") -> None:
        self.spec.problems.append(self.document.problem(code, message, path, hint))

    def _looked_at(self, said: Text) -> str:
        """A text of `build` or `run`, with what is odd about it said."""
        if "\0" in said.text:
            self._complain("E_SCHEMA", "a NUL character cannot be part of a command", said.path)
        elif _CONTROL.search(said.text):
            self._complain("W_CTRL", "the text has control characters", said.path)
        return said.text

    def _resolved(self, scope: Scope) -> Resolved:
        found, work = self.spec, Work(self.document, scope)
        image = self._looked_at(work.text(found.image)).strip() if found.image else ""
        if _BAD_IN_IMAGE.search(image):
            self._complain("E_SCHEMA", f"image: {image!r} has blanks or line ends", found.image)
        steps = tuple(map(self._looked_at, work.list(found.steps, "commands")))
        env = [*self._language(work), *(self._variable(*pair) for pair in work.pairs(found.env))]
        self.commands = work.commands(found.cmd)
        commands = [self._looked_at(one) for one in self.commands]
        for one in self.commands:
            node = self.document.node(one.path)
            if node and node.style == "|" and command.loses_lines(one.text):
                message = "the lines of this block are joined by blanks into one command"
                hint = "end each with `&& \\`, or write a list of commands"
                self._complain("W_CMD_LINES", message, one.path, hint)
        self.spec.problems += work.problems
        return Resolved(
            found.kind,
            found.project,
            image,
            tuple(step for step in steps if step.strip()),
            tuple(env),
            command.joined(commands),
            jsonable(scope.values),
            found.nocache,
        )

    def _masked(
        self, resolved: Resolved, values: Mapping[Path, Any], rows: Iterable[Declaration]
    ) -> Resolved | None:
        """All that is run, filled in once more with dots for the secret values it has."""
        hidden = {_own(self.spec, row.path): DOTS for row in rows if _is_hidden(row)}
        named = [name for name, value in resolved.env if _is_secret_variable(name, value)]
        if not hidden and not named:
            return None
        said = [*self.spec.problems]
        scope = Scope(self.document, self.spec, {**values, **hidden}, render=self.render)
        masked = self._resolved(scope)
        self.spec.problems[:] = said
        env = tuple((name, DOTS if name in named else value) for name, value in masked.env)
        # a template that computes with a secret may not take the dots
        failed = any(p.severity == "error" for p in scope.problems)
        return replace(masked, env=env, cmd=DOTS if failed else masked.cmd)

    def _variable(self, said_name: Text, said_value: Text) -> tuple[str, str]:
        name = self._looked_at(said_name)
        if not re.fullmatch(r"[^\s=\x00-\x1f]+", name):
            self._complain("E_SCHEMA", f"env_vars: {name!r} is not a name", said_name.path)
        value = str(evaluate(self._looked_at(said_value)))
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
            value = self._looked_at(work.text(self.spec.lang_env))
            yield from ((name, value) for name in ("LC_ALL", "LANG", "LANGUAGE"))

    # -- the form

    def _rows(self, scope: Scope) -> Iterator[Declaration]:
        if not self.spec.declarations:
            return
        root = self.document.value[self.spec.declarations[0]]
        waiting: list[tuple[Path, Any]] = [((), root)]
        while waiting:
            path, raw = waiting.pop()
            if isinstance(raw, dict) and raw and path not in self.given:
                waiting += [((*path, key), value) for key, value in raw.items()][::-1]
            elif path:
                yield self._row(scope, path, raw)

    def _row(self, scope: Scope, path: Path, raw: Any) -> Declaration:
        where = (*self.spec.declarations, *path)
        own = _own(self.spec, where)
        text = self.given[path][0] if path in self.given else self.document.text(where)
        value = scope.value(own)
        template = scope.is_template(own)
        name = ".".join(map(str, path))
        # a number in quotes is one for the command and a text for who wrote it
        secret = is_secret(name, "str" if isinstance(raw, str) and not template else _type(value))
        return Declaration(
            name=name,
            path=where,
            text=text or (str(raw) if isinstance(raw, dict | list) else text),
            type="template" if template else _type(value),
            value=value,
            used=scope.used(own),
            editable=not self.document.locked(where),
            hint="" if template or secret else self._hint(where, text, value),
            line=self.document.position(where, of_key=True)[0],
            secret=secret,
        )

    def _hint(self, where: Path, text: str, value: Any) -> str:
        node = self.document.node(where)
        if isinstance(value, dict | list | tuple) or node is None:
            return ""
        if str(value) != text:
            return f"the command gets {value!r}" if value == "" else f"the command gets {value}"
        if node.anchor:
            return f"what is written *{node.anchor} follows"
        return ""

    # -- second looks

    def _looks(self, scope: Scope, rows: Iterable[Declaration]) -> Iterator[Problem]:
        for row in rows:
            if isinstance(row.value, str) and _CONTROL.search(row.value):
                message = f"{row.name} has control characters"
                yield self.document.problem("W_CTRL", message, row.path)
        for one in self.commands:
            if scope.is_sound(one.path):
                yield from self._shell(scope, one.source)

    def _shell(self, scope: Scope, source: str) -> Iterator[Problem]:
        for use, quote in templating.inserted(source):
            try:
                value = scope.value(use)
            except (KeyError, IndexError, TypeError):
                continue  # computed in the template
            if isinstance(value, str) and (mark := _SHELL[quote].search(value)):
                name = ".".join(map(str, use))
                what = "signs" if is_secret(name, "str") else repr(mark[0])
                message = f"{name} has {what}, which the shell acts on"
                hint = f"to pass it as text write {{{{ {name} | sh }}}} without quotes around it"
                path = (*self.spec.declarations, *use)
                yield self.document.problem("W_SHELL", message, path, hint)

    def _unused(self, rows: Iterable[Declaration]) -> Iterator[Problem]:
        unused = [row for row in rows if not row.used]
        for row in unused[:MAX_UNUSED]:
            message = f"nothing uses {row.name}: changing it changes nothing"
            hint = f"write {{{{ {row.name} }}}} in cmd, unless the code reads POLYAXON_PARAMS"
            yield self.document.problem("W_UNUSED", message, row.path, hint, of_key=True)
        if more := unused[MAX_UNUSED:]:
            message = f"nothing uses {len(more):,} more declarations either"
            yield self.document.problem("W_UNUSED", message, more[0].path, of_key=True)


def _own(found: Spec, path: Path) -> Path:
    """The place of a declaration among the declarations."""
    first, *below = path[len(found.declarations) :]
    return (str(first), *below)


def _is_hidden(row: Declaration) -> bool:
    """Whether there is something to hide; an empty password may as well be seen."""
    return row.secret and row.value not in (None, "")


def _is_secret_variable(name: str, value: str) -> bool:
    return bool(value) and is_secret(name, _type(evaluate(value)))


def _veiled(problem: Problem, hidden: frozenset[str]) -> Problem:
    message, hint = without(problem.message, hidden), without(problem.hint, hidden)
    return replace(problem, message=message, hint=hint)


def _type(value: Any) -> str:
    if value is None:
        return "null"
    kinds = ((bool, "bool"), (int, "int"), (float, "float"), (str, "str"), (dict, "map"))
    return next((name for kind, name in kinds if isinstance(value, kind)), "list")
