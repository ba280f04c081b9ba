"""Search spaces: what a sweep would try, by every distribution and algorithm of Polyaxon 0.x."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count, islice
from random import Random
from typing import Any

from pxtui.polyaxonfile.matrix.definitions import read_distribution
from pxtui.polyaxonfile.matrix.distributions import MAX_SIZE, Distribution
from pxtui.polyaxonfile.matrix.fields import Fields
from pxtui.polyaxonfile.matrix.search import Search, read_settings, read_tuning
from pxtui.polyaxonfile.path import Path
from pxtui.polyaxonfile.problems import Problem
from pxtui.polyaxonfile.source import Source
from pxtui.polyaxonfile.spec import eras
from pxtui.polyaxonfile.typed import what

SEED = 1
"""What chance starts from where the file has no seed: a file always means the same trials."""
MAX_REPEATS = 100
"""Draws that were there before, one after the other, before one is taken all the same."""

_BO_LOOKED = (0, 0, 8)
"""The first version that refused distributions for bo."""
_GRID_LOOKED = (0, 3)
"""The first version that refused distributions where no algorithm is named."""


@dataclass(frozen=True, slots=True)
class Space:
    """What a sweep would try: its names, how it searches, and its trials."""

    names: tuple[str, ...]
    search: str
    """`grid`, `random`, `hyperband` or `bo`."""
    concurrency: int = 1
    total: int | None = None
    """How many trials there are, of hyperband in the first round of each bracket; None: no end."""
    seed: int | None = None
    distributions: tuple[Distribution, ...] = ()
    """What each name may be, in the order of the names."""
    known: int | None = None
    """How many trials are known before there are results; None: no end."""
    resource: tuple[tuple[str, int | float], ...] = ()
    """What hyperband gives its first trials besides, by name."""

    @property
    def size(self) -> int | None:
        """How many combinations there are; None where there is no end of them, or as good as."""
        size = 1
        for one in self.distributions:
            if one.size is None or size * one.size > MAX_SIZE:
                return None
            size *= one.size
        return size

    def trials(self, limit: int) -> tuple[Mapping[str, Any], ...]:
        """The first trials: name → value, as templates see it (texts may be templates).

        The same file gives the same trials, with a seed and without, and fewer of them are the
        first of more. Of hyperband and bo they are those before the first results.
        """
        return tuple(islice(self._trials(), limit))

    def first(self) -> Mapping[str, Any]:
        """The first trial."""
        return next(self._trials(), {})

    def combination(self, index: int) -> Mapping[str, Any]:
        """One of the combinations, the last name changing fastest; only where they have an end."""
        values = []
        for one in reversed(self.distributions):
            index, place = divmod(index, one.size or 1)
            values.append(one.at(place))
        return dict(zip(self.names, reversed(values), strict=True)) | dict(self.resource)

    def _trials(self) -> Iterator[Mapping[str, Any]]:
        size, random = self.size, Random(SEED if self.seed is None else self.seed)  # noqa: S311
        found: Iterator[Mapping[str, Any]]
        if self.search == "grid":
            found = map(self.combination, count() if size is None else range(size))
        elif size is not None and not any(one.is_drawn for one in self.distributions):
            found = map(self.combination, _shuffled(size, random))
        else:
            found = self._drawn(random)
        return islice(found, self.known)

    def _drawn(self, random: Random) -> Iterator[Mapping[str, Any]]:
        """Trials by chance, each another one for as long as chance finds some."""
        seen: set[str] = set()
        repeats = 0
        while True:
            values = [one.draw(random) for one in self.distributions]
            if repeats < MAX_REPEATS:
                key = repr(values)
                repeats = repeats + 1 if key in seen else 0
                if 0 < repeats < MAX_REPEATS:
                    continue
                seen.add(key)
            yield dict(zip(self.names, values, strict=True)) | dict(self.resource)


def _shuffled(size: int, random: Random) -> Iterator[int]:
    """All numbers below a size by chance; only those that were asked for are made."""
    moved: dict[int, int] = {}
    for index in range(size):
        other = random.randrange(index, size)
        yield moved.get(other, other)
        moved[other] = moved.pop(index, index)


def read(
    source: Source, matrix: Path, search: Path, *, era: str = ""
) -> tuple[Space | None, tuple[Problem, ...]]:
    """Read the matrix and the section that says how to search (both may be empty).

    `era` is the name of the era that it is read as: earlier ones took more (empty: the most).
    """
    values = _map(source, matrix)
    if not values:
        return None, ()
    problems: list[Problem] = []
    fields = Fields(source, matrix, values, problems)
    distributions = _distributions(fields)
    how = _search(Fields(source, search, _map(source, search), problems), matrix)
    how = _fitting(fields, distributions, how, _first(era))
    failed = any(problem.severity == "error" for problem in problems)
    return None if failed else _space(distributions, how), tuple(problems)


def _search(fields: Fields, matrix: Path) -> Search:
    """How it is searched; the first files have the matrix beside the settings, not in them."""
    return read_tuning(fields) if matrix[:-1] == fields.path else read_settings(fields)


def _distributions(fields: Fields) -> dict[str, Distribution | None]:
    """What each name may be; None where it is wrong, and said."""
    found: dict[str, Distribution | None] = {}
    for name in fields.values:
        if isinstance(name, str):
            found[name] = read_distribution(fields, name)
        else:
            message = f"{name!r} is {what(name)}, but a name must be text"
            fields.complain((name,), message, "quote it", key=True)
    return found


def _first(era: str) -> tuple[int, ...]:
    """The version that began an era."""
    found = eras.named(era)
    return found.first if found else ()


def _fitting(
    fields: Fields,
    distributions: Mapping[str, Distribution | None],
    how: Search,
    version: tuple[int, ...],
) -> Search:
    """The search, if it can have these distributions; where none is named: grid if it can."""
    drawn = {name: one.kind for name, one in distributions.items() if one and one.is_drawn}
    if how.kind == "bo":
        refused = [name for name, kind in drawn.items() if kind != "uniform"]
        for name in refused if version >= _BO_LOOKED else ():
            message = f"{drawn[name]} cannot be used with bo"
            fields.complain((name,), message, "bo takes lists, ranges and uniform", key=True)
    elif drawn and not how.kind and version < _GRID_LOOKED:
        message = "chance decides which trials there are, and no end is said"
        hint = f"write `random_search: {{n_experiments: 10}}` beside {fields.path[-1]}"
        fields.complain((), message, hint, code="W_NO_END", key=True)
        return replace(how, kind="random")
    elif how.kind in ("grid", ""):
        hint = "write `random_search: {n_experiments: 10}` instead, or list the values"
        for name, kind in drawn.items():
            message = f"{kind} is a distribution, and it cannot be used with grid search"
            fields.complain((name,), message, hint, key=True)
        return replace(how, kind="grid")
    return how


def _space(distributions: Mapping[str, Distribution | None], how: Search) -> Space:
    """The space, with as many trials as it has combinations for."""
    sound = {name: one for name, one in distributions.items() if one}
    space = Space(tuple(sound), how.kind, how.concurrency, None, how.seed, tuple(sound.values()))
    size, asked = space.size, how.known
    if asked is not None and asked < 1:  # a share of the combinations
        asked = max(1, asked * (size or 1))
    known = size if asked is None else int(asked if size is None else min(asked, size))
    later = [n if how.kind == "bo" or size is None else min(n, size) for n in how.later]
    total = None if known is None else known + sum(later)
    return replace(space, known=known, total=total, resource=how.resource)


def _map(source: Source, path: Path) -> dict[Any, Any]:
    """The map at a path of the file; an empty one where there is none."""
    value = source.value if path else {}
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}
