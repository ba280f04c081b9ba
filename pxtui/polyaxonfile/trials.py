"""The parameters of each trial of a sweep: the declarations with the trial's values filled in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pxtui.polyaxonfile import spec
from pxtui.polyaxonfile.opening import opened
from pxtui.polyaxonfile.path import Path, dotted
from pxtui.polyaxonfile.secret import DOTS, is_secret
from pxtui.polyaxonfile.source import Source, Version
from pxtui.polyaxonfile.templating import names
from pxtui.polyaxonfile.templating.names import Names
from pxtui.polyaxonfile.templating.rendering import Renderer
from pxtui.polyaxonfile.templating.scope import Scope
from pxtui.polyaxonfile.typed import is_template, jsonable


def read(
    versions: Sequence[Version],
    texts: Mapping[str, str],
    limit: int,
    *,
    era: str = "",
    trusted: bool = False,
) -> tuple[Mapping[str, Any], ...]:
    """The parameters of the first trials of a file that can be run, with dots for secrets.

    `texts` are values given by name. Raises rendering.Dear where a template may be dear and is not
    `trusted`, and PolyaxonfileError.
    """
    source = opened(*versions)
    found = spec.read(source, era)
    known, _ = names.find(source, found, texts)
    if known.space is None:
        return ()
    # what the file declares, and what was given by name, beats the matrix
    free = [name for name, place in known.places.items() if place[:-1] == found.matrix]
    filler = _Filler(source, known, tuple(name for name in free if name not in texts), trusted)
    return tuple(map(filler.filled, known.space.trials(limit)))


class _Filler:
    """Fills in one trial after the other."""

    def __init__(self, source: Source, known: Names, free: tuple[str, ...], trusted: bool) -> None:
        self._source = source
        self._trusted = trusted
        self._known = known
        self._free = free
        self._dots: set[str] = set()
        """Names whose values in every trial are secrets."""
        for path in [*_secrets(known.raw, self._values(known.raw), ())]:
            known.put(path, DOTS)
            self._dots |= {str(path[0])} & {*free}

    def filled(self, trial: Mapping[str, Any]) -> Mapping[str, Any]:
        """The parameters with the values of a trial."""
        own = {name: DOTS if name in self._dots else trial[name] for name in self._free}
        values = self._values({**self._known.raw, **own})
        return {name: jsonable(value) for name, value in values.items()}

    def _values(self, raw: Mapping[str, Any]) -> Mapping[str, Any]:
        renderer = Renderer(self._source, trusted=self._trusted)
        return Scope(renderer, raw, self._known.places, self._known.unknown).values


def _secrets(raw: Mapping[str, Any], values: Mapping[str, Any], above: Path) -> Iterator[Path]:
    """Where passwords and keys stand that templates see as texts."""
    for name, value in raw.items():
        path = (*above, name)
        if isinstance(value, dict):
            yield from _secrets(value, values[name], path)
        elif values[name] not in (None, "") and is_secret(dotted(path), _kind(value, values[name])):
            yield path


def _kind(raw: Any, value: Any) -> str:
    """A number in quotes is one for the command and a text for who wrote it."""
    is_text = isinstance(raw, str) and not is_template(raw)
    return "str" if is_text or isinstance(value, str) else ""
