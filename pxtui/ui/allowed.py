"""Whether a text can stand at a place of the file, and a new name among its declarations."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pxtui.errors import EditError, PxtuiError
from pxtui.events import FileText
from pxtui.polyaxonfile import templating
from pxtui.polyaxonfile.opening import opened
from pxtui.polyaxonfile.path import Path
from pxtui.polyaxonfile.problems import PolyaxonfileError
from pxtui.polyaxonfile.reading import Declaration
from pxtui.polyaxonfile.secret import without
from pxtui.polyaxonfile.source import Version
from pxtui.session import threads

DEAR = 32_000
"""Characters of a file from which on a look at it is not taken on the loop."""

_PAIR = re.compile(r"\s*([^:=\s]+)\s*[:=]\s*(.*?)\s*", re.DOTALL)

_BLANK = re.compile(r"\s*[^:=\s]+\s+[^:=\s][^:=]*[:=]")
_CLOSED = {"[": "]", "{": "}"}
"""How a text has to end that begins so."""


async def refused(file: FileText | None, path: Path, text: str, *, secret: bool = False) -> str:
    """Why the text cannot stand at its place in the files; empty if it can."""
    if file is None:
        return ""
    if sum(len(content) for _, content in file.files) < DEAR:
        reason = _refusal(file, path, text)
    else:
        reason = await threads.in_thread("check", lambda: _refusal(file, path, text))
    return without(reason, frozenset({text} if secret else ()))


def _refusal(file: FileText, path: Path, text: str) -> str:
    try:
        versions = [Version(content.encode(), name) for name, content in file.files]
        opened(*versions).change(path, text)
    except PolyaxonfileError:
        return "the file cannot be read as it is: e opens it in the editor"
    except (PxtuiError, UnicodeEncodeError) as error:
        return str(error)
    return ""


@dataclass(frozen=True, slots=True)
class Addition:
    """A value that the file does not have yet."""

    name: str
    path: Path
    text: str


def addition(typed: str, rows: Sequence[Declaration]) -> Addition:
    """`name: value` as a place and its text; raises EditError where it cannot be that."""
    found = _PAIR.fullmatch(typed)
    if found is None:
        if _BLANK.match(typed):
            raise EditError("a name has no blanks in it: use _ instead")
        raise EditError("write a name and a value: `momentum: 0.9`")
    name, text = found[1], found[2]
    end = _CLOSED.get(text[:1], "")
    if not text.endswith(end):
        raise EditError(
            f"what begins with {text[0]} ends with {end}: close it, or put it in quotes"
        )
    uses = _uses(name)
    if [".".join(map(str, use)) for use in uses] != [name]:
        if len(uses) > 1:
            means = " minus ".join(str(use[0]) for use in uses)
            raise EditError(f"a template reads {name} as {means}: name it {name.replace('-', '_')}")
        raise EditError(f"{name} cannot be a name in a template: use letters, digits and _")
    if any(d.name == name for d in rows):
        raise EditError(f"{name} is there already: Enter on its row changes it")
    below = next((d.name for d in rows if d.name.startswith(f"{name}.")), "")
    if below:
        raise EditError(f"{name} is there already: it holds {below}")
    section = rows[0].path[0] if rows else "declarations"
    return Addition(name, (section, *uses[0]), text)


def name_of(typed: str) -> str:
    """The name in what is typed so far; empty before there is a value."""
    found = _PAIR.fullmatch(typed)
    return found[1] if found and found[2] else ""


def _uses(name: str) -> list[Path]:
    """What a template that is only this name uses, in the order of the text."""
    try:
        uses = templating.parse("{{ " + name + " }}").uses
    except templating.TemplateProblem:
        return []
    return sorted(uses, key=lambda use: name.find(str(use[0])))
