"""Names that a template uses and nothing gives: what is said of them, and what was meant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice
from typing import Any

from pxtui.polyaxonfile import templating
from pxtui.polyaxonfile.path import Path, dotted
from pxtui.polyaxonfile.typed import is_template, what

MAX_COMPARED = 1_000
"""Names that one is compared with: the others are too many to be looked through in time."""

MAX_LENGTH = 100
"""Characters of a name that is compared with others."""

_GLOBALS = frozenset({"range", "dict"})


@dataclass(frozen=True, slots=True)
class Undefined:
    """A name that is not there."""

    use: Path
    """As much of it as was looked for: `("model", "dept")`."""
    message: str
    hint: str = ""
    meant: str = ""
    """What to write in place of its last part, where only one name is near."""


def missing(template: templating.Template, values: Mapping[str, Any]) -> Iterator[Path]:
    """Every name of a template that the values do not have, as far as it was looked for."""
    for use in sorted(template.uses, key=str):
        found = _sought(use, template, values)
        if found:
            yield found


def undefined(
    use: Path, template: templating.Template, values: Mapping[str, Any], *, looks: bool = True
) -> Undefined:
    """What is to be said of a name that is missing; `looks` for names that are near."""
    if not looks:
        return _near(use, ())
    if len(use) == 1:
        return _joined(str(use[0]), template.source, values) or _near(use, values)
    above: Any = values
    for step in use[:-1]:
        above = above[step]
    if not isinstance(above, dict):
        is_number = isinstance(above, int | float) and not isinstance(above, bool)
        kind = f"the number {above}" if is_number else what(above)
        return Undefined(use, f"{dotted(use[:-1])} is {kind}: it has no {use[-1]}")
    return _near(use, map(str, above))


def near(name: str, known: Iterable[str], most: int = 1) -> str:
    """A hint at the names that are like one; empty where none is."""
    close = _close(name, known, most)
    return f"did you mean {' or '.join(close)}?" if close else ""


def _sought(use: Path, template: templating.Template, values: Mapping[str, Any]) -> Path:
    name = str(use[0])
    is_optional = name in template.optional
    if name not in values:
        return () if is_optional or name in _GLOBALS else use[:1]
    value = values[name]
    for length, step in enumerate(use[1:], 2):
        if isinstance(value, dict):
            if hasattr(dict, str(step)) and step not in value:
                return ()
        elif value is None or isinstance(step, int) or hasattr(value, str(step)):
            return ()
        elif isinstance(value, str) and is_template(value):
            return ()  # it is not filled in yet
        if not isinstance(value, dict) or step not in value:
            return () if is_optional else use[:length]
        value = value[step]
    return ()


def _joined(name: str, source: str, values: Mapping[str, Any]) -> Undefined | None:
    """`batch-size` is batch minus size; who writes it means another name."""
    for joined in templating.subtracted(source):
        left, right = joined.split("-")
        if name in (left, right):
            better = joined.replace("-", "_")
            hint = f"write {better}" if better in values else f"name it {better}"
            message = f"`{joined}` means {left} minus {right}, and one is not declared"
            return Undefined((left,), message, hint)
    return None


def _near(use: Path, known: Iterable[str]) -> Undefined:
    close = _close(str(use[-1]), known, 3)
    whole = [dotted((*use[:-1], one)) for one in close]
    hint = f"did you mean {' or '.join(whole)}?" if close else ""
    meant = close[0] if len(close) == 1 and close[0].isidentifier() else ""
    return Undefined(use, f"{dotted(use)} is not declared", hint, meant)


def _close(name: str, known: Iterable[str], most: int) -> list[str]:
    if len(name) > MAX_LENGTH:
        return []
    short = [one for one in islice(known, MAX_COMPARED) if len(one) <= MAX_LENGTH]
    return get_close_matches(name, short, most)
