"""A fault of shape in words: what is wrong there, and what to write instead."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from pxtui.polyaxonfile.path import Path, dotted
from pxtui.polyaxonfile.problems import Problem
from pxtui.polyaxonfile.source import Source
from pxtui.polyaxonfile.spec import eras
from pxtui.polyaxonfile.spec.eras import Era
from pxtui.polyaxonfile.spec.grammar import Key, Shape
from pxtui.polyaxonfile.spec.keys import places
from pxtui.polyaxonfile.spec.shape import Fault
from pxtui.polyaxonfile.typed import what

ACTED_ON = frozenset(
    ("image", "steps", "env", "cmd", "dockerfile", "context", "nocache", "lang_env", "matrix")
)
"""Roles of keys that are acted on under the names of any era."""

Fix = tuple[tuple[Path, str | None], ...]


def taught(fault: Fault, source: Source, era: Era) -> Problem:
    """The complaint about a fault of a file that is read as one of an era."""
    refused = bool(fault.refused & era.bit) and not fault.soft
    of_key = fault.what in ("unknown", "kind", "missing", "too many")
    fix: Fix = ()
    if fault.what == "unknown":
        code = "E_SCHEMA" if refused else "W_UNKNOWN_KEY"
        message, hint = _unknown(fault, era)
    elif fault.what == "kind":
        kind = source.value.get("kind")
        code, hint = "E_SCHEMA", "take it out, or write another kind"
        message = f"{dotted(fault.path)} is not for files of kind: {kind}"
    elif fault.what == "missing":
        code = "E_SCHEMA"
        message, hint, fix = _missing(fault, source.value)
    elif fault.what == "too many":
        code, hint = "E_SCHEMA", "keep one"
        message = f"{dotted(fault.path)}: {' and '.join(fault.names)} cannot go together"
    else:
        code = "E_KIND" if fault.path == ("kind",) else "E_SCHEMA"
        message, hint, fix = _wrong(fault, source, era)
    return source.problem(code, message, fault.path, hint, of_key=of_key, fix=fix)


def _unknown(fault: Fault, era: Era) -> tuple[str, str]:
    *above, name = fault.path
    where = f" of {dotted(tuple(above))}" if above else ""
    keys = fault.shape.named.get(name, ()) if isinstance(name, str) else ()
    had = 0
    for key in keys:
        had |= key.eras
    here = [key for key in fault.shape.keys if key.eras & era.bit]
    if not had:
        never = "".join(key.about for key in keys)
        hint = never or near(name, [key.name for key in here])
        if not hint:
            hint = _elsewhere(name, fault.shape, era)
        return f"{name!r} is no key{where} that Polyaxon has", hint
    message = f"{dotted(fault.path)} is a key of {eras.shown(had)}"
    usual = _usual(keys, fault, era)
    if not usual:
        return message, f"{era.name}, as which the file is read, has none like it: it does nothing"
    is_soft = fault.soft or not fault.refused & era.bit
    acted = is_soft and any(key.role in ACTED_ON for key in keys)
    return message, f"in a file like this it is {usual}{'; it is acted on here' * acted}"


def _usual(keys: Iterable[Key], fault: Fault, era: Era) -> str:
    """How an era writes what a key of another is for; empty where it has nothing like it."""
    for key in keys:
        if not key.role:
            continue
        for path, others in places(key.role).items():
            if path != fault.path and any(other.eras & era.bit for other in others):
                return f"`{dotted(path)}`"
        for other in fault.shape.keys:
            if other.role == key.role and other.name != key.name and other.eras & era.bit:
                return f"`{other.name}`"
    return ""


def _elsewhere(name: Any, shape: Shape, era: Era) -> str:
    """A hint at a key that only other eras have."""
    close = get_close_matches(str(name), list(shape.named), 1)
    if not close:
        return ""
    had = 0
    for key in shape.named[close[0]]:
        had |= key.eras
    return f"{close[0]} is a key of {eras.shown(had)}" if had else ""


def _missing(fault: Fault, root: dict[Any, Any]) -> tuple[str, str, Fix]:
    names = " or ".join(dotted((*fault.path, name)) for name in fault.names)
    path = (*fault.path, fault.names[0])
    if path in _GUESSES:
        guess = _GUESSES[path]
        settings = root.get("settings")
        searched = isinstance(settings, dict) and "matrix" in settings
        if path == ("kind",) and ("hptuning" in root or searched):
            guess = "group"
        return f"{names} is missing", f"write `{dotted(path)}: {guess}`", ((path, guess),)
    return f"{names} is missing", _EXAMPLES.get(path, f"write `{fault.names[0]}:` there"), ()


_GUESSES: dict[Path, str] = {("version",): "1", ("kind",): "experiment"}
_EXAMPLES: dict[Path, str] = {
    ("project",): "write `project:` and below it `name: …`",
    ("build",): "write `build:` and below it `image: …`",
    ("run",): "write `run:` and below it `cmd: …`",
    ("hptuning",): "write `hptuning:` and below it `matrix:`",
}


def _wrong(fault: Fault, source: Source, era: Era) -> tuple[str, str, Fix]:
    """A value that is not what is expected there."""
    shape, path = fault.shape, fault.path
    value: Any = source.value
    for step in path:
        value = value[step]
    hint = shape.hint
    if fault.what == "operator":
        name = next(iter(value))
        message = f"{dotted(path)}: `{name}` cannot stand here since 0.5.0"
        return message, f"write a template: {{% {name} … %}} … {{% end{name} %}}", ()
    if fault.what == "choice":
        close = get_close_matches(str(value), shape.choices, 1)
        hint = f"did you mean {close[0]}?" if close else ""
        message = f"{dotted(path)}: {value!r} is not one of {', '.join(shape.choices)}"
        return message, hint, ((path, close[0]),) if close else ()
    if shape.pattern and isinstance(value, str):
        return f"{dotted(path)}: {value!r} is not {shape.words}", hint, ()
    if isinstance(value, list) and shape.words == "a command":
        hint = "a list of commands can stand there since 0.3.1: join them with && here"
    if shape.keys and not hint:
        hint = f"write `{shape.keys[0].name}:` below it"
    return f"{dotted(path)}: expected {shape.words}, not {what(value)}", hint, ()


def near(name: Any, known: Iterable[str]) -> str:
    """A hint at the nearest of the names that are known; empty where none is near."""
    close = get_close_matches(str(name), list(known), 1)
    return f"did you mean {close[0]}?" if close else ""
