"""The names as templates see them: filled in, in the order in which they need each other."""

from __future__ import annotations

from collections import ChainMap, defaultdict
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

from pxtui.polyaxonfile.path import Path, dotted
from pxtui.polyaxonfile.templating import TemplateProblem
from pxtui.polyaxonfile.templating.rendering import Renderer
from pxtui.polyaxonfile.typed import evaluate, is_template

MAX_ROUNDS = 20
"""How often a text may come out as a template again."""
MAX_WAITING = 50

_NOTHING: Mapping[str, Any] = {}


class Scope:
    """Fills in templates, each as often as it takes, and remembers what they used."""

    def __init__(
        self,
        renderer: Renderer,
        raw: Mapping[str, Any],
        places: Mapping[str, Path],
        unknown: frozenset[str] = frozenset(),
    ) -> None:
        """Fill in the names: `raw` as written, `places` in the file, `unknown` have no value."""
        self.renderer = renderer
        self._complain = renderer.complain
        self._places = places
        self._failed: set[Path] = {(name,) for name in unknown}
        self._unsound: set[Path] = set()
        self._used: set[Path] = set()
        self._again: dict[Path, set[Path]] = defaultdict(set)
        self._filling: list[Path] = []
        self._templates: dict[Path, str] = {}
        self._below: dict[Path, set[Path]] = defaultdict(set)
        self.values: dict[str, Any] = dict.fromkeys(unknown)
        self.values |= {name: self._evaluated(value, (name,)) for name, value in raw.items()}
        self._waiting = set(self._templates)
        if renderer.renders:
            self._fill()
        else:
            self._failed.update(self._templates)

    # -- the names

    def place(self, path: Path) -> Path:
        """Where in the file a name, or what is below it, stands."""
        return (*self._places.get(str(path[0]), ()), *path[1:])

    def is_template(self, path: Path) -> bool:
        """Whether a value is written as a template."""
        return path in self._templates

    def value(self, path: Path) -> Any:
        """What templates see under a name; None where it could not be filled in."""
        return None if path in self._failed else _at(self.values, path)

    def knows(self, path: Path) -> bool:
        """Whether there is such a name."""
        return path[0] in self.values

    def used(self, path: Path) -> bool:
        """Whether the templates so far use a value, directly or through another.

        One that cannot be read may use anything.
        """
        if self._closure is None:
            self._closure = self._all_used()
        whole, above = self._closure
        return (
            self._is_blind
            or path in above
            or any(path[:n] in whole for n in range(1, len(path) + 1))
        )

    def is_sound(self, path: Path) -> bool:
        """Whether a text of the file was filled in."""
        return path not in self._unsound

    def _evaluated(self, value: Any, path: Path) -> Any:
        """Copy the values, note the templates, read every other text as a literal."""
        if path and isinstance(path[-1], str) and is_template(path[-1]):
            hint = "write the name itself: templates go into values"
            message = f"the name {path[-1]!r} is a template"
            self._complain("E_TEMPLATE", message, self.place(path), hint, of_key=True)
        if isinstance(value, dict):
            return {key: self._evaluated(item, (*path, key)) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self._evaluated(item, (*path, index)) for index, item in enumerate(value)]
        if not isinstance(value, str):
            return value
        if not is_template(value):
            return evaluate(value.rstrip("\n"))
        self._templates[path] = value
        for length in range(1, len(path) + 1):
            self._below[path[:length]].add(path)
        return value

    def _fill(self) -> None:
        for path, source in self._templates.items():
            if not self.renderer.is_sound(source, self.place(path), self.values):
                self._failed.add(path)
        sorter: TopologicalSorter[Path] = TopologicalSorter()
        for path, source in self._templates.items():
            if path not in self._failed:
                sorter.add(path, *self._needs(source))
        try:
            order = [*sorter.static_order()]
        except CycleError as error:
            self._failed.update(self._templates)
            self._say_cycle(error.args[1][::-1])
            return
        for path in order:
            self._fill_one(path)

    def _fill_one(self, path: Path) -> None:
        if path in self._failed or path not in self._waiting:
            return
        self._filling.append(path)
        text = self._filled(self._templates[path], self.place(path), again=self._again[path])
        self._filling.pop()
        self._waiting.discard(path)
        if text is None:
            self._failed.add(path)
        else:
            _at(self.values, path[:-1])[path[-1]] = evaluate(text)

    def _say_cycle(self, loop: list[Path]) -> None:
        message = f"declarations need each other: {' → '.join(map(dotted, loop))}"
        self._complain("E_CYCLE", message, self.place(loop[0]))

    def _needs(self, source: str) -> Iterator[Path]:
        """The templates that must be filled in before this one."""
        for use in self.renderer.parsed(source).uses:
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
                waiting += self._uses(self._templates[path])
                waiting += self._again.get(path, ())
        return whole, {use[:n] for use in whole for n in range(1, len(use) + 1)}

    # -- any template of the file

    _closure: tuple[set[Path], set[Path]] | None = None
    _is_blind = False

    def render(self, path: Path, source: str, names: Mapping[str, Any] = _NOTHING) -> str | None:
        """Fill in a text of the file; None where that was impossible, and said.

        `names` are those of the loops around it; what the file gives beats them.
        """
        if not is_template(source):
            return source.rstrip("\n")  # as templates lose theirs, one in each round
        is_sound = self.renderer.is_sound(source, path, self._seen_with(names))
        self.also_used(source)
        if not is_sound or not self.renderer.renders:
            self._unsound.add(path)
            return None
        text = self._filled(source, path, names, again=self._used)
        if text is None:
            self._unsound.add(path)
        return text

    def also_used(self, source: str) -> None:
        """Note what a template uses, whether or not it is ever filled in."""
        self._used |= self._uses(source)
        self._closure = None

    def _uses(self, source: str) -> frozenset[Path]:
        try:
            return self.renderer.parsed(source).uses
        except TemplateProblem:
            self._is_blind = True
            return frozenset()

    def _seen_with(self, names: Mapping[str, Any]) -> Mapping[str, Any]:
        return ChainMap(self.values, dict(names)) if names else self.values

    def _filled(
        self, source: str, path: Path, names: Mapping[str, Any] = _NOTHING, *, again: set[Path]
    ) -> str | None:
        """A template filled in until it is none any more; `again` gets what further rounds use."""
        renderer, values = self.renderer, self._seen_with(names)
        for turn in range(MAX_ROUNDS):
            if turn:
                if not renderer.is_sound(source, path, values, is_written=False):
                    return None
                again |= self.renderer.parsed(source).uses
            if not self._is_ready(source, path):
                return None
            text = renderer.rendered(source, path, self._seen_with(names))
            if text is None or text == source or not is_template(text):
                return text and text.rstrip("\n")
            source = text
        self._complain("E_CYCLE", "what the template makes is a template again, without end", path)
        return None

    def _is_ready(self, source: str, path: Path) -> bool:
        """Fill in what a template needs; say whether all of it is there."""
        for need in [*self._needs(source)]:
            if need in self._filling:
                self._say_cycle([*self._filling[self._filling.index(need) :], need])
                return False
            if len(self._filling) > MAX_WAITING:
                message = f"more than {MAX_WAITING} templates wait for each other"
                self._complain("E_TEMPLATE_LIMIT", message, path)
                return False
            self._fill_one(need)
        uses = self.renderer.parsed(source).uses
        needs = [*self._needs(source), *(use[:1] for use in uses)]
        return not any(need in self._failed for need in needs)  # said where it failed


def _at(values: Any, path: Path) -> Any:
    for step in path:
        values = values[step]
    return values
