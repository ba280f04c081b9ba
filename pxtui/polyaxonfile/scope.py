"""The declarations as templates see them: filled in, in the order in which they need each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from graphlib import CycleError, TopologicalSorter
from typing import Any

from pxtui.polyaxonfile import templating
from pxtui.polyaxonfile.path import Path
from pxtui.polyaxonfile.problems import Problem
from pxtui.polyaxonfile.source import Source
from pxtui.polyaxonfile.spec import Spec
from pxtui.polyaxonfile.templating import TemplateProblem
from pxtui.polyaxonfile.typed import evaluate

MAX_RENDERED = 512 * 1024
"""Characters of all rendered texts together: each is read again as a Python literal."""

_GLOBALS = frozenset({"range", "dict"})


class Scope:
    """Fills in templates and remembers what they used and what was wrong with them."""

    def __init__(
        self, document: Source, spec: Spec, given: Mapping[Path, Any], *, render: bool = True
    ) -> None:
        self.problems: list[Problem] = []
        self._document = document
        self._section = spec.declarations
        self._left = MAX_RENDERED
        self._failed: set[Path] = set()
        self._unsound: set[Path] = set()
        self._used: set[Path] = set()
        self._templates: dict[Path, str] = {}
        self._below: dict[Path, set[Path]] = defaultdict(set)
        raw = document.value[self._section[0]] if self._section else {}
        own = {str(key): value for key, value in raw.items()}
        for path, value in given.items():
            own.setdefault(str(path[0]), value)
        self._given = given
        self.values: dict[str, Any] = self._evaluated(own, ())
        self._renders = render
        if render:
            self._fill()
        else:
            self._failed.update(self._templates)

    # -- the declarations

    def is_template(self, path: Path) -> bool:
        """Whether a declaration is written as a template."""
        return path in self._templates

    def value(self, path: Path) -> Any:
        """What templates see under a name; None where it could not be filled in."""
        return None if path in self._failed else _at(self.values, path)

    def used(self, path: Path) -> bool:
        """Whether what was rendered so far uses a declaration, directly or through another."""
        if self._closure is None:
            self._closure = self._all_used()
        whole, above = self._closure
        return path in above or any(path[:n] in whole for n in range(1, len(path) + 1))

    def is_sound(self, path: Path) -> bool:
        """Whether a text of the file was filled in."""
        return path not in self._unsound

    def _evaluated(self, value: Any, path: Path) -> Any:
        """Copy the declarations, note the templates, read every other text as a literal."""
        value = self._given.get(path, value)
        if isinstance(value, dict):
            return {key: self._evaluated(item, (*path, key)) for key, item in value.items()}
        if isinstance(value, list):
            return [self._evaluated(item, (*path, index)) for index, item in enumerate(value)]
        if not isinstance(value, str):
            return value
        if not templating.is_template(value):
            return evaluate(value)
        self._templates[path] = value
        for length in range(1, len(path) + 1):
            self._below[path[:length]].add(path)
        return value

    def _fill(self) -> None:
        for path, source in self._templates.items():
            if not self._is_sound(source, (*self._section, *path)):
                self._failed.add(path)
        sorter: TopologicalSorter[Path] = TopologicalSorter()
        for path, source in self._templates.items():
            if path not in self._failed:
                sorter.add(path, *self._needs(source))
        try:
            order = [*sorter.static_order()]
        except CycleError as error:
            self._failed.update(self._templates)
            loop = error.args[1][::-1]
            names = " → ".join(".".join(map(str, path)) for path in loop)
            self._complain("E_CYCLE", f"declarations need each other: {names}", loop[0])
            return
        for path in order:
            if path in self._failed:
                continue
            text = self._rendered(self._templates[path], (*self._section, *path))
            if text is None:
                self._failed.add(path)
            else:
                _at(self.values, path[:-1])[path[-1]] = evaluate(text)

    def _needs(self, source: str) -> Iterator[Path]:
        """The templates that must be filled in before this one."""
        for use in templating.parse(source).uses:
            yield from self._below.get(use, ())
            yield from (use[:n] for n in range(1, len(use)) if use[:n] in self._templates)

    def _all_used(self) -> tuple[set[Path], set[Path]]:
        """Every path that is used, and all that stand above one."""
        whole: set[Path] = set()
        waiting = [*self._used]
        while waiting:
            use = waiting.pop()
            if use in whole:
                continue
            whole.add(use)
            sources = [*self._below.get(use, ())]
            sources += [use[:n] for n in range(1, len(use)) if use[:n] in self._templates]
            for path in sources:
                if path not in self._failed:
                    waiting += templating.parse(self._templates[path]).uses
        return whole, {use[:n] for use in whole for n in range(1, len(use) + 1)}

    # -- any template of the file

    _closure: tuple[set[Path], set[Path]] | None = None

    def render(self, path: Path, source: str) -> str | None:
        """Fill in a text of the file; None where that was impossible, and said."""
        if templating.is_template(source):
            if not self._is_sound(source, path):
                self._unsound.add(path)
                return None
            self._used |= templating.parse(source).uses
            self._closure = None
        return self._rendered(source, path)

    def _rendered(self, source: str, path: Path) -> str | None:
        if not templating.is_template(source):
            return source.removesuffix("\n")  # as templates lose theirs
        if not self._renders:
            return None
        if any(need in self._failed for need in self._needs(source)):
            return None  # said where it failed
        try:
            text = templating.render(source, self.values)
        except TemplateProblem as error:
            self._complain_at(error.code, error.message, path, error.hint)
            return None
        self._left -= len(text)
        if self._left < 0:
            message = f"all templates together are longer than {MAX_RENDERED:,} characters"
            self._complain_at("E_TEMPLATE_LIMIT", message, path)
            return None
        return text

    def _is_sound(self, source: str, path: Path) -> bool:
        """Whether a template parses and every name that it uses is there; says what is not."""
        try:
            template = templating.parse(source)
        except TemplateProblem as error:
            self._complain_at(error.code, error.message, path, error.hint)
            return False
        missing = [self._missing(use, template) for use in sorted(template.uses, key=str)]
        for message, hint in filter(None, missing):
            self._complain_at("E_UNDEFINED", message, path, hint)
        return not any(missing)

    def _missing(self, use: Path, template: templating.Template) -> tuple[str, str] | None:
        name = str(use[0])
        if name not in self.values:
            if name in template.optional or name in _GLOBALS:
                return None
            return self._unknown(name, template.source)
        value = self.values[name]
        for length, step in enumerate(use[1:], 2):
            if not isinstance(value, dict) or (hasattr(dict, str(step)) and step not in value):
                return None
            if step not in value:
                dotted = ".".join(map(str, use[:length]))
                if name in template.optional:
                    return None
                return f"{dotted} is not declared", _near(str(step), map(str, value))
            value = value[step]
        return None

    def _unknown(self, name: str, source: str) -> tuple[str, str]:
        for joined in templating.subtracted(source):
            left, right = joined.split("-")
            if name in (left, right):
                hint = f"name it {joined.replace('-', '_')}"
                return f"`{joined}` means {left} minus {right}, and one is not declared", hint
        return f"{name} is not declared", _near(name, [*self.values])

    def _complain(self, code: str, message: str, declaration: Path) -> None:
        self._complain_at(code, message, (*self._section, *declaration))

    def _complain_at(self, code: str, message: str, path: Path, hint: str = "") -> None:
        self.problems.append(self._document.problem(code, message, path, hint))


def _near(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name, [*known], 3)
    return f"did you mean {' or '.join(close)}?" if close else ""


def _at(values: Any, path: Path) -> Any:
    for step in path:
        values = values[step]
    return values
