"""How a distribution is written in a matrix: each spelling, and what is wrong with it."""

from __future__ import annotations

import math
import re
from typing import Any

from pxtui.polyaxonfile.matrix.distributions import (
    CONTINUOUS,
    KINDS,
    MAX_SIZE,
    RANGES,
    Distribution,
    Number,
    steps,
)
from pxtui.polyaxonfile.matrix.fields import Fields, as_number, near
from pxtui.polyaxonfile.typed import what

_OPTIONAL = ("base", "size")
_BASE_60 = re.compile(r"[-+]?[1-9][\d_]*(?::[0-5]?\d)+(?:\.[\d_]*)?", re.ASCII)
_MAX_SUM = 1 + 1e-9
"""A sum of chances, with what adding floats may do to it."""


def read_distribution(fields: Fields, name: str) -> Distribution | None:
    """Read what a name may be; None where it is wrong, and said."""
    value = fields.values[name]
    hint = f"write `{name}: {{values: [1, 2]}}`"
    if not isinstance(value, dict):
        fields.complain((name,), f"expected a map with a distribution, not {what(value)}", hint)
        return None
    for key in value:
        if key not in KINDS:
            message = f"{key!r} is no distribution"
            fields.complain((name, key), message, near(key, KINDS), code="W_UNKNOWN_KEY", key=True)
    given = [kind for kind in KINDS if value.get(kind) not in (None, [])]
    if len(given) != 1:
        said = f"not {len(given)}: {', '.join(given)}" if given else "and there is none"
        message = f"one and only one distribution is required, {said}"
        fields.complain((name,), message, "" if given else hint, key=True)
        return None
    below = Fields(fields.source, (*fields.path, name), value, fields.problems)
    return _Definition(below, given[0]).read()


class _Definition:
    """One distribution of one name."""

    def __init__(self, fields: Fields, kind: str) -> None:
        self.fields = fields
        self.kind = kind
        self.keys = (RANGES | CONTINUOUS).get(kind, ())
        self.needed = tuple(key for key in self.keys if key not in _OPTIONAL)

    def complain(self, message: str, hint: str = "", *below: str | int) -> None:
        self.fields.complain((self.kind, *below), message, hint)

    def read(self) -> Distribution | None:
        """Read it; None where it is wrong."""
        if self.keys:
            given = self._numbers()
            return None if given is None else self._defined(given)
        value = self.fields.values[self.kind]
        if not isinstance(value, list):
            self.complain(f"expected a list, not {what(value)}", "write `[1, 2]`")
        elif self.kind == "pvalues":
            return self._chances(value)
        elif None in value:
            self.complain("nothing is no value", "quote it: 'null'", value.index(None))
        else:
            return Distribution("values", len(value), values=tuple(value))
        return None

    # -- numbers

    def _numbers(self) -> tuple[Number, ...] | None:
        """The numbers that define it, in order, without what is ignored."""
        parts = self._parts()
        if parts is None:
            return None
        if not len(self.needed) <= len(parts) <= len(self.keys):
            names = ", ".join(self.needed)
            message = f"requires {len(self.needed)} elements ({names}), not {len(parts)}"
            hint = "to list the values themselves use `values:`"
            self.complain(message, hint if self.kind in RANGES else "")
            return None
        numbers = []
        for key, (step, part) in zip(self.keys, parts, strict=False):
            number = as_number(part)
            if number is None:
                said = repr(part) if isinstance(part, str) else what(part)
                self.complain(f"{key} must be a number, not {said}", "", *step)
                return None
            numbers.append(number)
        return tuple(numbers[: len(numbers) - ("size" in self.keys[: len(numbers)])])

    def _parts(self) -> list[tuple[tuple[str | int, ...], Any]] | None:
        """What stands for each number, with its place below."""
        value = self.fields.values[self.kind]
        if isinstance(value, dict):
            return self._named(value)
        if isinstance(value, list):
            return [((index,), part) for index, part in enumerate(value)]
        if isinstance(value, str):
            self._look(value)
            return [((), part) for part in value.split(":")]
        example = ":".join(self.needed)
        self.complain(f"expected {example}, not {what(value)}", f"write `{self.kind}: {example}`")
        return None

    def _look(self, text: str) -> None:
        """Point out what was no text for Polyaxon, and is one here."""
        path = (*self.fields.path, self.kind)
        node = self.fields.source.node(path)
        if node and node.kind == "scalar" and not node.style and _BASE_60.fullmatch(text):
            message = f"Polyaxon made a number of {text} and refused it: here it is as written"
            hint, fix = f"write '{text}'", ((path, f"'{text}'"),)
            self.fields.complain((self.kind,), message, hint, code="W_BASE60", fix=fix)

    def _named(self, value: dict[Any, Any]) -> list[tuple[tuple[str | int, ...], Any]] | None:
        unknown = [key for key in value if key not in self.keys]
        for key in unknown:
            message, hint = f"{key!r} is no part of it", near(key, self.keys)
            self.fields.complain((self.kind, key), message, hint, key=True)
        missing = [key for key in self.needed if key not in value]
        if missing and not unknown:
            hint = f"it takes {', '.join(self.keys)}"
            self.complain(f"{' and '.join(missing)} is missing", hint)
        if unknown or missing:
            return None
        return [((key,), value[key]) for key in self.keys if key in value]

    def _defined(self, numbers: tuple[Number, ...]) -> Distribution | None:
        """The distribution with these numbers, if there is one."""
        first, second, *rest = numbers
        if self.kind in RANGES and first >= second:
            message = f"stop must be greater than start, not {second} after {first}"
            self.complain(message, "write the smaller one first")
            return None
        if len(self.needed) == 3 and rest[0] == 0:
            self.complain(f"{self.needed[2]} cannot be 0")
            return None
        if self.kind not in RANGES:
            return self._endless(numbers)
        if self.kind == "range":
            return self._stepped(numbers)
        return self._spaced(first, second, rest)

    def _stepped(self, numbers: tuple[Number, ...]) -> Distribution | None:
        size = steps(*numbers)
        if not size:
            self.complain("there is no number in it: step must be greater than 0")
        elif size > MAX_SIZE:
            self.complain(f"there are more than {MAX_SIZE:,} numbers in it", "write a larger step")
        else:
            return Distribution("range", size, numbers)
        return None

    def _spaced(self, start: Number, stop: Number, rest: list[Number]) -> Distribution | None:
        num, base = rest[0], rest[1:]
        if not 1 <= num <= MAX_SIZE or num != int(num):
            self.complain(f"num must be a whole number above 0, not {num}")
        elif base and base[0] <= 0:
            self.complain(f"base must be greater than 0, not {base[0]}")
        elif self.kind == "geomspace" and start <= 0 <= stop:
            self.complain("start and stop must be both above or both below 0")
        else:
            found = Distribution(self.kind, int(num), (start, stop, int(num), *base))
            if self.kind == "logspace" and start > 0 and stop <= 1:
                self._exponents(found.at(0), found.at(int(num) - 1))
            return found
        return None

    def _endless(self, numbers: tuple[Number, ...]) -> Distribution | None:
        if self.keys[0] == "loc" and numbers[1] < 0:
            self.complain(f"scale must not be below 0, not {numbers[1]}")
            return None
        if self.kind == "loguniform" and min(numbers) > 0 and max(numbers) <= 1:
            self._exponents(*map(math.exp, numbers[:2]))
        return Distribution(self.kind, None, numbers)

    def _exponents(self, low: float, high: float) -> None:
        """Point out what the documentation itself got wrong."""
        message = f"the bounds are exponents: this gives {low:.4g} to {high:.4g}"
        other = "geomspace" if self.kind == "logspace" else "uniform"
        hint = f"{other} takes the bounds themselves"
        self.fields.complain((self.kind,), message, hint, code="W_EXPONENT")

    # -- chances

    def _chances(self, pairs: list[Any]) -> Distribution | None:
        for index, pair in enumerate(pairs):
            if not isinstance(pair, list) or len(pair) != 2:
                self.complain("expected a pair: a value and its chance", "[adam, 0.5]", index)
                return None
            chance = pair[1]
            if not isinstance(chance, float) or not 0 <= chance < 1:
                said = self.fields.source.text((*self.fields.path, self.kind, index, 1))
                message = f"a chance is a fraction below 1, written like 0.5, not {said}"
                self.complain(message, "", index, 1)
                return None
        chances = [float(chance) for _, chance in pairs]
        if sum(chances) > _MAX_SUM:
            self.complain(f"the chances add up to {sum(chances):g}, which is more than 1")
            return None
        values = tuple(value for value, _ in pairs)
        return Distribution("pvalues", len(values), tuple(chances), values)
