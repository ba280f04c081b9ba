"""What the table of keys is made of: shapes of values, and keys with their eras and kinds."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from pxtui.polyaxonfile.spec.eras import ALL, V042, since

Type = Literal["any", "text", "number", "bool", "map", "list"]

NEVER = 0
"""The eras of a key that no version read, but that people write; `about` says what to write."""


@dataclass(frozen=True)
class OneOf:
    """Keys of a map of which exactly one is given."""

    eras: int
    names: tuple[str, ...]
    kinds: str = ""
    """The kinds of files for which this holds; empty: all."""


@dataclass(frozen=True)
class Shape:
    """What may stand as a value; a template may stand for any."""

    type: Type = "any"
    words: str = ""
    """What is expected, in words: `a list of commands`."""
    hint: str = ""
    keys: tuple[Key, ...] = ()
    """The keys of a map; none: any."""
    refuses: int = 0
    """Eras that refuse a file with another key in this map; the others drop such a key."""
    one_of: tuple[OneOf, ...] = ()
    of: Shape | None = None
    """What the items of a list are."""
    size: int = 0
    """How many items a list has; 0: any number."""
    choices: tuple[str, ...] = ()
    pattern: str = ""
    lone: Shape | None = None
    """What may stand there instead of a list."""

    @cached_property
    def named(self) -> dict[str, tuple[Key, ...]]:
        """The keys by name: one name may have meant different things in different eras."""
        found: dict[str, tuple[Key, ...]] = {}
        for key in self.keys:
            found[key.name] = (*found.get(key.name, ()), key)
        return found


@dataclass(frozen=True)
class Key:
    """A key of a map."""

    name: str
    shape: Shape
    about: str = ""
    eras: int = ALL
    kinds: str = ""
    """The kinds of files that may have it; empty: all."""
    needed: str = ""
    """The kinds of files that must have it; `*`: all."""
    role: str = ""
    """What it is for; other eras have other names and places for the same."""
    cluster: bool = False
    """Only a cluster acts on it: it is kept, shown, and said once."""
    strict: bool = False
    """Whether unknown keys below it are errors in eras that refuse them, not just warnings."""
    judged: bool = False
    """Whether who reads it says what is wrong below it, but for unknown keys."""


ANY = Shape()
MAP = Shape("map", "a map")
TEXT = Shape("text", "a text", "quote it")
NUMBER = Shape("number", "a number")
YES_NO = Shape("bool", "a yes or no", "write true or false")
TEXTS = Shape("list", "a list of texts", "start each with `- `", of=TEXT)
MAPS = Shape("list", "a list of maps", "start each with `- `", of=MAP)
COMMANDS = Shape(
    "list", "a list of commands", "start each with `- `", of=Shape("text", "a text", "quote it")
)
COMMAND = Shape("text", "a command", "write it on one line, or quote it")
LINES = Shape("list", "a command or a list of commands", of=TEXT, lone=COMMAND)
NAME = Shape("text", "a name", "letters, digits, - and _", pattern=r"^[-a-zA-Z0-9_]+$")
PROJECT_NAME = Shape(
    "text", "a name", "letters, digits, - and _", pattern=r"^[-a-zA-Z0-9_]+(/[-a-zA-Z0-9_]+)?$"
)
PAIRS = Shape(
    "list",
    "a list of pairs",
    "write `- [NAME, value]`",
    of=Shape("list", "a pair", "write `- [NAME, value]`", of=ANY, size=2),
)


def choice(*names: str) -> Shape:
    """One of some words."""
    return Shape("text", "one of " + ", ".join(names), choices=names)


def any_case(*names: str) -> Shape:
    """A choice that Polyaxon read in three spellings."""
    spelled = tuple(f(name) for name in names for f in (str, str.upper, str.capitalize))
    return Shape("text", "one of " + ", ".join(names), choices=spelled)


def map_of(*keys: Key, refuses: int = since(V042)) -> Shape:
    """A map with these keys; since 0.4.2 others are refused."""
    return Shape("map", "a map", keys=keys, refuses=refuses)


def maps_of(of: Shape) -> Shape:
    """A list of maps of one shape."""
    return Shape("list", "a list of maps", "start each with `- `", of=of)


def all_of(shape: Shape, names: str, about: str = "", eras: int = ALL) -> tuple[Key, ...]:
    """Keys of one shape."""
    return tuple(Key(name, shape, about, eras) for name in names.split())
