"""A run as lines that can be handed on: one file a format; secret values are in none of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pxtui.polyaxonfile.reading import Resolved
from pxtui.polyaxonfile.secret import DOTS, without
from pxtui.run import USUAL, Surroundings

Values = Iterable[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Shared:
    """One run as it is handed on."""

    resolved: Resolved
    """What it runs, with dots for secret values."""
    image: str
    surroundings: Surroundings = USUAL
    edits: tuple[tuple[str, str], ...] = ()
    """Declarations that are not as in the file, name and text; dots for secret values."""
    folder: str = ""
    """The project on this machine."""
    files: tuple[str, ...] = ()
    """The polyaxonfile, where it is not found by its name, and those laid over it."""
    commit: str = ""
    """Where the project is a git work tree: `commit abc1234 (+ changes)`."""
    memory: int = 0
    """Bytes that the engine's machine has (0: not known)."""
    gives_gpus: bool = False
    """Whether the engine can hand GPUs to a container."""
    cache: str = ""
    """The volume that keeps what pip, Hugging Face and torch load; empty: none."""


def masked(resolved: Resolved, values: Values, secrets: Iterable[str]) -> Resolved:
    """What is run, with dots for the values of the declarations that are named in `secrets`."""
    hidden = frozenset(secrets)
    known = frozenset(text for name, text in values if name in hidden and text)
    params = _masked(resolved.params, hidden, known)
    return replace(resolved, cmd=without(resolved.shown, known), masked="", params=params, env=())


def _masked(value: Any, names: frozenset[str], texts: frozenset[str], name: str = "") -> Any:
    if name in names:
        return DOTS
    if isinstance(value, Mapping):
        prefix = f"{name}." if name else ""
        return {k: _masked(v, names, texts, f"{prefix}{k}") for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(item, names, texts) for item in value]
    return without(value, texts) if isinstance(value, str) else value
