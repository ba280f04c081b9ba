"""What came out of reading a polyaxonfile: the values that everything else works with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pxtui.polyaxonfile.matrix import Space
from pxtui.polyaxonfile.path import Path
from pxtui.polyaxonfile.problems import Problem


@dataclass(frozen=True, slots=True)
class Declaration:
    """One declaration (one row of the form); nested ones are named `a.b`."""

    name: str
    path: Path
    text: str
    """The value as typed, without quotes: `0.10`, `adam`."""
    type: str
    """What the command gets: `int`, `float`, `bool`, `str`, `null`, `list`, `map`, `template`."""
    value: Any
    """The value that templates see."""
    used: bool
    """Whether a template of `run`/`build` uses it, directly or through another declaration."""
    editable: bool
    """Whether a field can change it; what cannot is changed in an editor."""
    hint: str = ""
    """What YAML or Polyaxon make of the typed text where that is not plain (`yes` is True)."""
    line: int = 1
    """Where its name stands in `file`."""
    file: str = ""
    """Of several files the one whose value it has, as a person names it."""
    secret: bool = False
    """By its name a password or key: its value is shown as dots, and runs as it is."""
    shared: Path = ()
    """Where the value stands that it follows through `*` or `<<`; empty: it is its own."""
    given: bool = True
    """Whether the file gives it; else it is an input with what it has by default."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """The polyaxonfile with its declarations filled in: what is built and run."""

    kind: str
    project: str | None
    image: str
    steps: tuple[str, ...]
    env: tuple[tuple[str, str], ...]
    cmd: str
    """One line for `bash -c`, cleaned as Polyaxon did; empty where the file has no command."""
    params: Mapping[str, Any] = field(default_factory=dict)
    """The declarations as JSON-ready values, for POLYAXON_PARAMS and `show`."""
    nocache: bool = False
    """Whether the file asks for a build without the cache."""
    masked: str = ""
    """The command with dots for secret values; empty where it has none."""
    dockerfile: str = ""
    """The file's own Dockerfile, relative to the project; empty: image and steps make one."""
    context: str = ""
    """The folder that the file's own Dockerfile is built from; empty: the project's."""
    space: Space | None = None
    """What a sweep would try; the values here are those of its first trial."""

    @property
    def shown(self) -> str:
        """The command as it is shown: what runs, but for secret values."""
        return self.masked or self.cmd


@dataclass(frozen=True, slots=True)
class Reading:
    """A polyaxonfile as read: `resolved` is None where an error stands in `problems`."""

    file: str
    era: str
    """The versions of Polyaxon that it is read as, for the screen: `0.1.1-0.2.9`, `1.x`."""
    declarations: tuple[Declaration, ...]
    resolved: Resolved | None
    problems: tuple[Problem, ...]
    masked: Resolved | None = None
    """`resolved` with dots for secret values, in all its texts; None where it has none."""

    @property
    def shown(self) -> Resolved | None:
        """What is built and run, as it is shown."""
        return self.masked or self.resolved

    @property
    def valid(self) -> bool:
        """Whether it can be built and run."""
        return self.resolved is not None
