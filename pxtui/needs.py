"""Needs: what a project seems to need beside its files, on which only the person can decide."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["link", "folder", "variable", "env-file", "mount"]
"""A link that leaves the tree; a folder that is too big; a variable; a file of variables; a mount
that the project asks for."""


@dataclass(frozen=True, slots=True)
class Need:
    """One thing to decide; undecided it does the least: left out, not given."""

    id: str
    """Kind, subject and what it leads to: another target is another need."""
    kind: Kind
    subject: str
    """Path in the project, name of a variable, or `SRC:DST`."""
    text: str
    """What is so, in one line; not cleaned: `data: a link to /mnt/big (left out)`."""
    choices: tuple[tuple[str, str], ...]
    """Key of the choice and its words, the usual one first: mount, ignore, send, give, no."""
    decided: str = ""
    """Key of the choice that was made; empty while it is open."""
    source: str = ""
    """Links, folders and mounts: the path on the engine's machine."""
    asked: bool = False
    """The project's own settings ask for it."""
    blocks: bool = False
    """Nothing can be built before it is decided."""
