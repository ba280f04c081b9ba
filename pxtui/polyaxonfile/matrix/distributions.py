"""The distributions of a matrix: their values in order, and draws from them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

Number = int | float

MAX_SIZE = 10**18
"""More values or combinations than these are never counted."""

RANGES = {
    "range": ("start", "stop", "step"),
    "linspace": ("start", "stop", "num"),
    "logspace": ("start", "stop", "num", "base"),
    "geomspace": ("start", "stop", "num"),
}
"""Numbers at steps, and the numbers that define them; `base` may be left out."""
CONTINUOUS = {
    "uniform": ("low", "high", "size"),
    "quniform": ("low", "high", "q", "size"),
    "loguniform": ("low", "high", "size"),
    "qloguniform": ("low", "high", "q", "size"),
    "normal": ("loc", "scale", "size"),
    "qnormal": ("loc", "scale", "q", "size"),
    "lognormal": ("loc", "scale", "size"),
    "qlognormal": ("loc", "scale", "q", "size"),
}
"""Numbers without an end, and the numbers that define them; `size` is ignored."""
KINDS = ("values", "pvalues", *RANGES, *CONTINUOUS)


@dataclass(frozen=True, slots=True)
class Distribution:
    """What one name of a matrix may be."""

    kind: str
    size: int | None
    """How many values there are; None where there is no end of them."""
    numbers: tuple[Number, ...] = ()
    """What defines it, in the order of its keys; of `pvalues` the probabilities."""
    values: tuple[Any, ...] = ()
    """What is listed: texts may be templates."""

    @property
    def is_drawn(self) -> bool:
        """Whether it has chances instead of an order."""
        return self.size is None or self.kind == "pvalues"

    def at(self, index: int) -> Any:
        """One of its values; only where `size` says how many there are."""
        return self.values[index] if self.values else _POINTS[self.kind](index, *self.numbers)

    def draw(self, random: Random) -> Any:
        """A value by chance."""
        if self.kind == "pvalues":
            return self.values[_drawn(self.numbers, random)]
        if self.size is None:
            return _DRAWS[self.kind](random, *self.numbers)
        return self.at(random.randrange(self.size))


def steps(start: Number, stop: Number, step: Number) -> int:
    """How many numbers a `range` has."""
    try:
        return max(0, math.ceil((stop - start) / step))
    except OverflowError:
        return MAX_SIZE + 1


# The same numbers as numpy's, to the last digit: so do the sums that numpy does.


def _range(index: int, start: Number, stop: Number, step: Number) -> Number:
    if not all(isinstance(number, int) for number in (start, stop, step)):
        start = float(start)
    second = start + step
    return start + index * (second - start) if index != 1 else second


def _linspace(index: int, start: Number, stop: Number, num: int) -> float:
    if index and index == num - 1:
        return float(stop)
    return index * ((float(stop) - float(start)) / max(1, num - 1)) + float(start)


def _logspace(index: int, start: Number, stop: Number, num: int, base: Number = 10) -> float:
    return _power(base, _linspace(index, start, stop, num))


def _geomspace(index: int, start: Number, stop: Number, num: int) -> float:
    if index in (0, num - 1):
        return float(stop if index else start)
    sign = math.copysign(1, start)
    return sign * _logspace(index, math.log10(start * sign), math.log10(stop * sign), num)


def _power(base: Number, exponent: float) -> float:
    try:
        return math.pow(base, exponent)
    except OverflowError:
        return math.inf


def _exp(exponent: float) -> float:
    try:
        return math.exp(exponent)
    except OverflowError:
        return math.inf


def _floor(value: float, q: Number) -> float:
    """Cut off to a multiple of q: the documentation said rounded, Polyaxon never did."""
    return value // q * q


def _uniform(random: Random, low: Number, high: Number) -> float:
    return random.uniform(float(low), float(high))


def _normal(random: Random, loc: Number, scale: Number) -> float:
    return random.normalvariate(loc, scale)


def _drawn(chances: tuple[Number, ...], random: Random) -> int:
    """An index by chance; what is missing to 1 falls on the last."""
    left = random.random()
    for index, chance in enumerate(chances[:-1]):
        left -= chance
        if left < 0:
            return index
    return len(chances) - 1


_POINTS: Mapping[str, Callable[..., Number]] = {
    "range": _range,
    "linspace": _linspace,
    "logspace": _logspace,
    "geomspace": _geomspace,
}
_DRAWS: Mapping[str, Callable[..., float]] = {
    "uniform": _uniform,
    "quniform": lambda random, low, high, q: _floor(_uniform(random, low, high), q),
    "loguniform": lambda random, low, high: _exp(_uniform(random, low, high)),
    "qloguniform": lambda random, low, high, q: _floor(_exp(_uniform(random, low, high)), q),
    "normal": _normal,
    "qnormal": lambda random, loc, scale, q: _floor(_normal(random, loc, scale), q),
    "lognormal": lambda random, loc, scale: _exp(_normal(random, loc, scale)),
    # q did nothing, and the exponent was taken twice: so it was in Polyaxon
    "qlognormal": lambda random, loc, scale, q: _exp(_exp(_normal(random, loc, scale))),
}
