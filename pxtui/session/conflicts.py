"""Values that were changed on both sides: told once, and numbered by the texts that were shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from pxtui.events import Conflict, Conflicted, Event, Notice
from pxtui.polyaxonfile.path import Path
from pxtui.polyaxonfile.reading import Declaration
from pxtui.polyaxonfile.source import Source
from pxtui.session import edits as made
from pxtui.session.edits import Edit, Edits


@dataclass
class Conflicts:
    """What the person has to choose; `told` is the list as it was told last."""

    told: tuple[Conflict, ...] = ()
    _clashes: dict[Path, tuple[int, Edit, str | None]] = field(default_factory=dict)
    """Of each conflict told: its number, the edit, and what the file has."""
    _numbered: int = 0

    def look(self, edits: Edits, source: Source, declared: Sequence[Declaration]) -> list[Event]:
        """The conflicts of these edits with the file, where they are others than told last."""
        clashes = made.clashing(edits, source)
        self._number(clashes, source)
        found = tuple(
            replace(made.conflict(edit, source, declared), number=self._clashes[edit.path][0])
            for edit in clashes
        )
        before, self.told = self.told, found
        new = [conflict for conflict in found if conflict.number not in {c.number for c in before}]
        if not new and len(found) == len(before):
            return []
        asks = "choose one when you write it"
        return [Conflicted(found), *(Notice("warning", in_words(c), asks) for c in new[:1])]

    def stand(self, shown: Conflict) -> bool:
        """Whether the texts that were shown of a conflict are still those of both sides."""
        return any(conflict.number == shown.number for conflict in self.told)

    def _number(self, clashes: Edits, source: Source) -> None:
        """Give each conflict its number; that of the same texts stays."""
        before, self._clashes = self._clashes, {}
        for edit in clashes:
            theirs = made.text_at(source, edit.path)
            number, *same = before.get(edit.path, (0,))
            if same != [edit, theirs]:
                self._numbered = number = self._numbered + 1
            self._clashes[edit.path] = (number, edit, theirs)


def in_words(conflict: Conflict) -> str:
    """Both sides of a conflict in one sentence."""
    name, theirs, mine = conflict.name, conflict.theirs, conflict.mine
    its = f"has no {name} any more" if theirs is None else f"has {name} = {theirs}"
    return f"the file {its}; {'you took it out' if mine is None else f'yours is {mine}'}"
