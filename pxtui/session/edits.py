"""The edits of a working set: what the person wants, and what the file had there at that time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from pxtui.errors import EditError
from pxtui.events import Conflict
from pxtui.polyaxonfile.opening import apply, opened
from pxtui.polyaxonfile.path import Path, dotted
from pxtui.polyaxonfile.problems import PolyaxonfileError
from pxtui.polyaxonfile.reading import Declaration
from pxtui.polyaxonfile.secret import DOTS, is_secret
from pxtui.polyaxonfile.source import Source, Version

Side = Literal["mine", "theirs", "base"]


@dataclass(frozen=True, slots=True)
class Edit:
    """One wanted text; None stands for nothing at all."""

    path: Path
    text: str | None
    over: str | None
    """What the file had there when the person changed it."""


Edits = tuple[Edit, ...]


def text_at(source: Source, path: Path) -> str | None:
    """What a file has at a path, as typed; None where it has nothing."""
    return None if source.node(path) is None else source.text(path)


def accepted(edits: Edits, path: Path, text: str | None, source: Source) -> Edits:
    """The edits with one more; it replaces those at its path and below. Raises EditError."""
    others = without(edits, path)
    if any(e.text is None and _is_within(path, (e,)) for e in others):
        raise EditError("what it stands in was taken out", "u undoes that")
    now = text_at(source, path)
    if text == now and not _is_within(path, others):
        return others
    return (*others, Edit(path, text, now))


def without(edits: Edits, path: Path) -> Edits:
    """The edits but those at a path and below it."""
    return tuple(e for e in edits if e.path[: len(path)] != path)


def wanted(edits: Edits, source: Source) -> Edits:
    """The edits that the file does not say itself."""
    return tuple(e for e in edits if _is_within(e.path, edits) or e.text != text_at(source, e.path))


def clashing(edits: Edits, source: Source) -> Edits:
    """The edits of values that were changed in the file too, into something else."""
    return tuple(
        e
        for e in edits
        if not _is_within(e.path, edits) and text_at(source, e.path) not in (e.over, e.text)
    )


def settled(edits: Edits, path: Path, keep: Side, source: Source) -> Edits:
    """The edits after the person chose whose text stands at a path."""
    if keep == "theirs":
        return without(edits, path)
    now = text_at(source, path)
    texts = (replace(e, text=e.over if keep == "base" else e.text, over=now) for e in edits)
    return tuple(new if e.path == path else e for e, new in zip(edits, texts, strict=True))


def reverse(edits: Edits, before: Source, new: Sequence[Version]) -> Edits:
    """The edits that bring back what the files had before these were written; none if they cannot.

    They cannot where indices of lists have moved, or where no text says what there was.
    """
    after = opened(*new)
    back = tuple(Edit(e.path, text_at(before, e.path), text_at(after, e.path)) for e in edits)
    try:
        found = opened(*apply(new, {edit.path: edit.text for edit in back}))
    except (EditError, PolyaxonfileError):
        return ()
    return back if found.value == before.value else ()


def _is_within(path: Path, edits: Edits) -> bool:
    """Whether another edit decides on something above a path."""
    return any(len(e.path) < len(path) and path[: len(e.path)] == e.path for e in edits)


def conflict(edit: Edit, source: Source, declarations: Iterable[Declaration]) -> Conflict:
    """A clash as it is told: without the texts of passwords and keys."""
    texts = (edit.text, text_at(source, edit.path), edit.over)
    mine, theirs, base = texts
    if hides(edit.path, texts, declarations):
        mine, theirs, base = _counted(mine), _counted(theirs), base and DOTS
    return Conflict(edit.path, name(edit.path), mine, theirs, base)


def _counted(text: str | None) -> str | None:
    """A text that no message may show: dots alone would say that both sides are the same."""
    return text and f"{DOTS} ({len(text)} characters)"


def hides(
    path: Path, texts: Iterable[str | None], declarations: Iterable[Declaration] = ()
) -> bool:
    """Whether the texts at a path are, or have in them, what no message may show."""
    declared = (d.path for d in declarations if d.secret)
    if any(p[: len(path)] == path or path[: len(p)] == p for p in declared):
        return True
    several = [text for text in texts if text and (text[0] in "{[" or "\n" in text)]
    return any(is_secret(said, "str") for said in (name(path), *several))


def secrets(edits: Edits, declarations: Iterable[Declaration]) -> frozenset[str]:
    """The texts of edits that no message may show."""
    known = tuple(declarations)
    return frozenset(e.text for e in edits if e.text and hides(e.path, (e.text,), known))


def name(path: Path) -> str:
    """A value as the form names it."""
    return dotted(path[1:] or path)
