"""Second looks at what was filled in: what will happen that the author may not have meant."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from pxtui.polyaxonfile import command, shell, templating
from pxtui.polyaxonfile.path import Path, dotted
from pxtui.polyaxonfile.problems import Problem
from pxtui.polyaxonfile.reading import Declaration
from pxtui.polyaxonfile.secret import is_secret
from pxtui.polyaxonfile.source import Source
from pxtui.polyaxonfile.spec import Spec
from pxtui.polyaxonfile.templating import TemplateProblem, faults
from pxtui.polyaxonfile.templating.names import Names
from pxtui.polyaxonfile.templating.scope import Scope
from pxtui.polyaxonfile.typed import evaluate, is_template
from pxtui.polyaxonfile.work import Text

MAX_UNUSED = 20
"""Declarations that nothing uses are named one by one up to here."""

MAX_SHOWN = 60
"""Characters of a value that a message has."""

CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Control characters, also those that change the order in which text is shown."""
_DATE = re.compile(r"\d{4}-\d\d?-\d\d?(?:[Tt\s].*)?", re.ASCII)
_BASE_60 = re.compile(r"[-+]?[1-9][\d_]*(?::[0-5]?\d)+(?:\.[\d_]*)?", re.ASCII)
_VARIABLE = re.compile(r"\$\{?(\w+)")
_OPTION = re.compile(r"(--?[\w-]+)=$")
_KEPT = ("model", "train", "eval", "environment", "outputs", "logging", "tags", "settings")
"""Sections that are kept as they are: their templates are never filled in."""


@dataclass(frozen=True, slots=True)
class Looks:
    """Looks at one file once more; every problem that it finds is a warning."""

    document: Source
    spec: Spec
    names: Names
    scope: Scope
    rows: tuple[Declaration, ...]
    commands: tuple[Text, ...]
    steps: tuple[Text, ...]
    env: tuple[str, ...]
    """The names of the variables of the image."""
    spelled: dict[Path, str] = field(default_factory=dict)
    """Values as commands get them: a long one may stand in many places."""
    told: set[Path] = field(default_factory=set)
    """Values of which it is told that Polyaxon makes something else of them."""

    def problems(self) -> Iterator[Problem]:
        """All but what nothing uses."""
        for row in self.rows:
            yield from self._value(row)
        for one in self.commands:
            node = self.document.node(one.path)
            if node and node.style == "|" and command.loses_lines(one.text):
                message = "the lines of this block are joined by blanks into one command"
                hint = "end each with `&& \\`, or write a list of commands"
                yield self.document.problem("W_CMD_LINES", message, one.path, hint)
        for one in dict.fromkeys((*self.commands, *self.steps)):
            if self.scope.is_sound(one.path):
                yield from self._inserted(one)
        if self.spec.env[:1] == ("run",):
            yield from self._env_order()

    def unused(self) -> Iterator[Problem]:
        """Declarations that nothing uses."""
        unused = [row for row in self.rows if not row.used]
        if unused:
            for source in self._kept():
                self.scope.also_used(source)
            unused = [row for row in unused if not self.scope.used(self.own(row.path))]
        for row in unused[:MAX_UNUSED]:
            message = f"nothing uses {row.name}: changing it changes nothing"
            hint = f"write {{{{ {row.name} }}}} in cmd, unless the code reads POLYAXON_PARAMS"
            yield self.document.problem("W_UNUSED", message, self._place(row), hint, of_key=True)
        if more := unused[MAX_UNUSED:]:
            message = f"nothing uses {len(more):,} more declarations either"
            yield self.document.problem("W_UNUSED", message, self._place(more[0]), of_key=True)

    def own(self, path: Path) -> Path:
        """The place of a row among the names."""
        first, *below = path[len(self.spec.declarations or ("params",)) :]
        return (str(first), *below)

    def _place(self, row: Declaration) -> Path:
        """Where in the file a row comes from."""
        return row.path if row.given else self.names.inputs[row.name].path

    def _kept(self) -> Iterator[str]:
        """Every template that is kept as it is; only of a file that can be run."""
        waiting: list[Any] = [self.document.value.get(section) for section in _KEPT]
        while waiting:
            value = waiting.pop()
            if isinstance(value, dict | list):
                waiting += value.values() if isinstance(value, dict) else value
            elif isinstance(value, str) and is_template(value):
                yield value

    def _value(self, row: Declaration) -> Iterator[Problem]:
        if isinstance(row.value, int | float) and not isinstance(row.value, bool):
            yield from self._number(row)
        if not isinstance(row.value, str):
            return
        if CONTROL.search(row.value):
            message = f"{row.name} has control characters"
            yield self.document.problem("W_CTRL", message, self._place(row))
        if not row.given or self.own(row.path) in self.names.given:
            return
        is_date, is_base_60 = _DATE.fullmatch(row.value), _BASE_60.fullmatch(row.value)
        node = self.document.node(row.path) if is_date or is_base_60 else None
        if node is None or node.kind != "scalar" or node.style:
            return
        code = "W_DATE" if is_date else "W_BASE60"
        was = "nothing (None)" if is_date else f"the number {_of_base_60(row.value)}"
        message = f"{row.name} is the text {row.value} here: Polyaxon made {was} of it"
        hint = f"write '{row.value}'"
        fix = ((row.path, f"'{row.value}'"),)
        yield self.document.problem(code, message, row.path, hint, fix=fix)

    def _number(self, row: Declaration) -> Iterator[Problem]:
        """A number that is spelled as the command does not get it: `0010`, `0x1F`, `1_000`."""
        text = row.text.strip()
        if row.type not in ("int", "float") or not row.given or str(row.value) == text:
            return
        node = self.document.node(row.path)
        if node is None or node.kind != "scalar" or self.own(row.path) in self.names.given:
            return
        if row.secret:
            message = f"{row.name} is read as a number that is spelled otherwise"
        else:
            number, typed = _short(row.value), _short(text)
            message = f"{row.name} is the number {number}: the command gets that, not {typed}"
        yield self.document.problem("W_NUMBER", message, row.path, _as_text(row, text))

    def _env_order(self) -> Iterator[Problem]:
        """The first Polyaxon set the variables after the steps; here they are there before."""
        names = {*self.env}
        for step in self.steps:
            name = next((name for name in _VARIABLE.findall(step.text) if name in names), "")
            if name:
                message = f"the step has {name} from env_vars; Polyaxon of that time had it not yet"
                hint = "set it in the step itself to be independent of that"
                yield self.document.problem("W_ENV_ORDER", message, step.path, hint)

    # -- values in commands

    def _inserted(self, one: Text) -> Iterator[Problem]:
        if not is_template(one.source):
            return
        for found in templating.inserted(one.source):
            try:
                value = self.scope.value(found.use)
            except (KeyError, IndexError, TypeError):
                continue  # computed in the template
            if isinstance(value, bool):
                yield from self._bool(one, found, value)
            elif found.is_whole and self._is_literal(found.use, value):
                if found.use not in self.told:
                    yield self._literal(found.use, value)
                self.told.add(found.use)
            elif isinstance(value, str) or (
                found.is_whole and isinstance(value, list | tuple | dict)
            ):
                yield from self._signs(found, value)

    def _spelled(self, use: Path, value: Any) -> str:
        if use not in self.spelled:
            self.spelled[use] = str(value)
        return self.spelled[use]

    def _bool(self, one: Text, found: templating.Inserted, value: bool) -> Iterator[Problem]:
        option = _OPTION.search(found.before)
        if option and found.is_whole:
            name = dotted(found.use)
            message = f"the command gets {option[1]}={value}, which most programs take as text"
            hint = f"for an option that is there or not write {{{{ '{option[1]}' if {name} }}}}"
            place = faults.where_used(one.source, found.use)
            at = place[0] if place and self.document.text(one.path) == one.source else None
            yield self.document.problem("W_BOOL", message, one.path, hint, at=at)

    def _is_literal(self, use: Path, value: Any) -> bool:
        """Whether a list or map is written as a text, which reads otherwise."""
        place = self.scope.place(use)
        node = self.document.node(place)
        return (
            isinstance(value, list | tuple | dict)
            and node is not None
            and node.kind == "scalar"
            and not self.scope.is_template(use)
            and self._spelled(use, value) != self.document.text(place).strip()
        )

    def _literal(self, use: Path, value: Any) -> Problem:
        name, kind = dotted(use), "map" if isinstance(value, dict) else type(value).__name__
        message, place = f"Polyaxon makes a {kind} of the text {name}", self.scope.place(use)
        hint = ""
        if not is_secret(name, "str"):
            message += f": the command gets {_short(value)}"
            hint = _passing(name, value, self.document.text(place).strip())
        return self.document.problem("W_LITERAL", message, place, hint)

    def _signs(self, found: templating.Inserted, value: Any) -> Iterator[Problem]:
        name, text = dotted(found.use), self._spelled(found.use, value)
        mark = shell.acted_on(text, found.quote, found.before)
        if mark:
            what = "signs" if is_secret(name, "str") else repr(mark)
            message = f"{name} has {what}, which the shell acts on"
        elif found.is_whole and text[:1] != "-" and shell.splits(text, found.quote):
            message = f"{name} has blanks: the shell makes {len(text.split())} words of it"
        else:
            return
        hint = f"to pass it as text write {{{{ {name} | sh }}}} without quotes around it"
        yield self.document.problem("W_SHELL", message, self.scope.place(found.use), hint)


def control_problems(document: Source, texts: Iterable[Text]) -> Iterator[Problem]:
    """What is wrong with the characters of texts that are run."""
    for one in texts:
        if "\0" in one.text:
            message = "a NUL character cannot be part of a command"
            yield document.problem("E_SCHEMA", message, one.path)
        elif CONTROL.search(one.text):
            yield document.problem("W_CTRL", "the text has control characters", one.path)


def _as_text(row: Declaration, text: str) -> str:
    """What to write to have a number passed as it is spelled; a text may be read as a number."""
    spellings = {f"'{text}'": text, f"\"'{text}'\"": f"'{text}'"}
    keeping = [spelling for spelling, read in spellings.items() if evaluate(read) == text]
    if not keeping or row.secret or len(text) > MAX_SHOWN:
        return ""
    return f"write {row.value} to mean that, or {keeping[0]} to pass it as it is spelled"


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"


def _passing(name: str, value: Any, text: str) -> str:
    """What to write to have the text passed of which a list or map was made."""
    for filter_ in ("join(',')", "join(', ')", "tojson"):
        try:
            made = templating.render(f"{{{{ value | {filter_} }}}}", {"value": value})
        except TemplateProblem:
            continue
        if made == text:
            sh = "" if shell.quoted(text) == text or re.fullmatch(r"[\w,.-]+", text) else " | sh"
            return f"write {{{{ {name} | {filter_}{sh} }}}}"
    if "'" in text or len(text) > MAX_SHOWN:
        return ""
    return f"write \"'{text}'\" to pass it as it is spelled"


def _of_base_60(text: str) -> str:
    """The number that YAML 1.1 made of `1:10:20`."""
    *_, last = parts = text.lstrip("+-").replace("_", "").split(":")
    value = 0.0 if "." in last else 0
    for part in parts:
        value = value * 60 + (float(part) if "." in part else int(part))
    return f"{'-' if text.startswith('-') else ''}{value}"
