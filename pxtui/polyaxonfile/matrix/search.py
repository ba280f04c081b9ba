"""The section that says how a matrix is searched: each algorithm, and how many trials it makes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from pxtui.polyaxonfile.matrix.fields import Fields

MAX_BRACKETS = 1000
MAX_ITER = 10**12

_NEEDS = {"ucb": "kappa", "ei": "eps", "poi": "eps"}


@dataclass(frozen=True, slots=True)
class Search:
    """How a matrix is searched."""

    kind: str = ""
    """`grid`, `random`, `hyperband` or `bo`; empty: not said."""
    known: int | float | None = None
    """Trials asked for before there are results; below 1 a share of the space; None: not said."""
    later: tuple[int, ...] = ()
    """Trials of each round that comes after results, but those that go on from an earlier one."""
    resource: tuple[tuple[str, int | float], ...] = ()
    """What every first trial is given besides the matrix, by name."""
    seed: int | None = None
    concurrency: int = 1


def read_settings(fields: Fields) -> Search:
    """Read the `settings` of early 2018, which stand beside the matrix."""
    kind = "random" if fields.word("search_method") == "random" else "grid"
    known = fields.number("n_experiments", 0)
    if known is not None and known >= 1:
        known = int(known)
    concurrency = max(1, fields.whole("concurrent_experiments") or 1)
    return Search(kind, known or None, concurrency=concurrency)


def read_tuning(fields: Fields) -> Search:
    """Read the section that has the matrix in it: `hptuning`, first called `settings`."""
    given = [key for key in _ALGORITHMS if fields.values.get(key) is not None]
    if len(given) > 1:
        message = f"only one search algorithm can be used, not {' and '.join(given)}"
        fields.complain((given[1],), message, "take the others out", key=True)
    search = _ALGORITHMS[given[0]](fields.below(given[0])) if given else Search()
    concurrency = max(1, fields.whole("concurrency") or 1)
    return replace(search, seed=fields.whole("seed"), concurrency=concurrency)


def _grid(fields: Fields) -> Search:
    return Search("grid", fields.whole("n_experiments", 1))


def _random(fields: Fields) -> Search:
    return Search("random", fields.whole("n_experiments", 1))


def _hyperband(fields: Fields) -> Search:
    """Read the first round of each bracket: what goes on from there is for the results to say."""
    most, eta = fields.whole("max_iter", 1), fields.number("eta")
    resource = fields.below("resource")
    if most is None or eta is None:
        return Search("hyperband", 1)
    if most > MAX_ITER:
        fields.complain(("max_iter",), f"must be at most {MAX_ITER:,}")
        return Search("hyperband", 1)
    if eta <= 1 or math.log(most) > MAX_BRACKETS * math.log(eta):
        fields.complain(("eta",), f"must be greater than 1, not {eta}", "write `eta: 3`")
        return Search("hyperband", 1)
    last = int(math.log(most) / math.log(eta))
    sizes = [math.ceil((last + 1) * eta**s / (s + 1)) for s in range(last, -1, -1)]
    amount = most * float(eta) ** -last
    given = int(amount) if resource.word("type") == "int" else amount
    name = resource.values.get("name")
    named = ((name, given),) if isinstance(name, str) else ()
    return Search("hyperband", sizes[0], tuple(sizes[1:]), named)


def _bo(fields: Fields) -> Search:
    utility = fields.below("utility_function")
    kind = utility.word("acquisition_function")
    needed = _NEEDS.get(kind)
    if needed and utility.values.get(needed) is None:
        message = f"{kind} needs {needed}"
        utility.complain(("acquisition_function",), message, f"write `{needed}: 1.5` beside it")
    initial, more = fields.whole("n_initial_trials") or 0, fields.whole("n_iterations") or 0
    return Search("bo", max(1, initial), (max(0, more),))


_ALGORITHMS: Mapping[str, Callable[[Fields], Search]] = {
    "grid_search": _grid,
    "random_search": _random,
    "hyperband": _hyperband,
    "bo": _bo,
}
