"""The working set: the polyaxonfile on disk with the accepted edits over it.

All methods read or write files and belong to one thread at a time; each returns the events to tell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pxtui import project as files
from pxtui.bounded import read_polyaxonfile
from pxtui.errors import EditError
from pxtui.events import Event, FileText, Invalid, Loaded, NoFile, Notice, Saved
from pxtui.polyaxonfile.opening import apply
from pxtui.polyaxonfile.path import Path
from pxtui.polyaxonfile.problems import PolyaxonfileError
from pxtui.polyaxonfile.reading import Reading
from pxtui.polyaxonfile.secret import DOTS, is_secret, without
from pxtui.polyaxonfile.source import Version

Edits = tuple[tuple[Path, str], ...]


@dataclass
class WorkingSet:
    """A project's polyaxonfile and the edits that are not written to it yet."""

    project: files.Project
    names: Mapping[str, str] = field(default_factory=dict)
    """`-P NAME=TEXT` of the command line: over the file, never written to it."""
    keep_draft: bool = False
    edits: Edits = ()
    _data: bytes | None = None
    _base: Reading | None = None
    _undone: list[Edits] = field(default_factory=list)
    _before: list[Edits] = field(default_factory=list)

    def open(self) -> list[Event]:
        """Read the file for the first time, with what an earlier session left unwritten."""
        files.remove_stale_saves(self.project.file)
        events = self.refresh()
        draft = files.read_draft(self.project.places, self.project.file) if self.keep_draft else ()
        if self._base is None or not draft:
            return events
        texts = {d.path: d.text for d in self._base.declarations}
        self.edits = tuple((p, t) for p, t in draft if texts.get(p, t) != t)
        if self.edits:
            one = len(self.edits) == 1
            values = "1 changed value" if one else f"{len(self.edits)} changed values"
            text = f"{values} of last time {'is' if one else 'are'} here again, not yet written"
            notice = Notice("info", text, "ctrl+s writes, = takes one back")
            file = [event for event in events if isinstance(event, FileText)]
            events = [*file, *self._read(), notice]
        return events

    def refresh(self) -> list[Event]:
        """Read the file again; no events if its bytes are what they were."""
        try:
            data = files.read(self.project.file, self.project.shown_file)
        except PolyaxonfileError as error:
            problem = error.problems[0]
            changed = self._data is not None or self._base is None
            self._data = None
            if problem.code == "E_MISSING":
                return [NoFile(str(self.project.root), problem.message)] if changed else []
            broken = Reading(self.project.shown_file, "", (), None, error.problems)
            self._base = broken
            return [Invalid(broken, broken, self.edits)]
        if data == self._data:
            return []
        old, self._data = self._base, data
        text = data.decode("utf-8", "replace")
        return [FileText(self.project.shown_file, text), *self._rebase(old)]

    def _rebase(self, old: Reading | None) -> list[Event]:
        """Lay the edits over a newer file: what the file now says itself is no edit any more."""
        assert self._data is not None  # noqa: S101  only called with a file read
        self._base = read_polyaxonfile(self._data, self.project.shown_file, {}, {})
        before = {d.path: d.text for d in old.declarations} if old else {}
        now = {d.path: d.text for d in self._base.declarations}
        notices: list[Event] = []
        if self._base.valid:
            notices = _clashes(self.edits, before, now, _secrets(self._base, old))
            self.edits = tuple((p, t) for p, t in self.edits if now.get(p, t) != t)
        return [*self._read(), *notices]

    def _reading(self, edits: Edits) -> Reading:
        assert self._data is not None  # noqa: S101  only called with a file read
        return read_polyaxonfile(self._data, self.project.shown_file, dict(edits), self.names)

    def _read(self) -> list[Event]:
        assert self._base is not None  # noqa: S101  only called with a file read
        reading = self._reading(self.edits) if self.edits or self.names else self._base
        kind = Loaded if reading.valid else Invalid
        return [kind(reading, self._base, self.edits)]

    def edit(self, path: Path, text: str) -> list[Event]:
        """Accept a value; one that cannot stand in the file is refused and nothing changes."""
        if self._data is None or self._base is None:
            return [Notice("error", "there is no polyaxonfile to change")]
        in_file = next((d.text for d in self._base.declarations if d.path == path), None)
        others = tuple((p, t) for p, t in self.edits if p != path)
        edits = others if text == in_file else (*others, (path, text))
        if edits == self.edits:
            return []
        try:
            apply((Version(self._data, self.project.shown_file),), dict(edits))
        except (EditError, PolyaxonfileError) as error:
            secret = is_secret(_name(path), "str")
            cause = without(str(error), frozenset({text} if secret else ()))
            return [Notice("error", f"{_name(path)} stays as it was: {cause}")]
        self._before.append(self.edits)
        self._undone.clear()
        return self._set(edits)

    def edit_all(self, values: Edits) -> list[Event]:
        """Accept several values at once; `undo` takes them back together."""
        before, events = self.edits, list[Event]()
        for path, text in values:
            events += self.edit(path, text)
            if self.edits != before and self._before and self._before[-1] != before:
                self._before.pop()
        return events

    def reset(self, path: Path) -> list[Event]:
        """Take one edit back."""
        edits = tuple((p, t) for p, t in self.edits if p != path)
        if edits == self.edits:
            return []
        self._before.append(self.edits)
        return self._set(edits)

    def undo(self) -> list[Event]:
        """Take the last change of the working set back."""
        if not self._before:
            return [Notice("info", "nothing to undo")]
        self._undone.append(self.edits)
        return self._set(self._before.pop())

    def redo(self) -> list[Event]:
        """Do again what was undone last."""
        if not self._undone:
            return [Notice("info", "nothing to redo")]
        self._before.append(self.edits)
        return self._set(self._undone.pop())

    def _set(self, edits: Edits) -> list[Event]:
        if self._base is None or self._data is None:
            return []
        self.edits = edits
        if self.keep_draft:
            files.write_draft(self.project.places, self.project.file, edits)
        return self._read()

    def save(self) -> list[Event]:
        """Write the edits to the file, which must still be the one that they were made on."""
        if self._data is None:
            return [Notice("error", "there is no polyaxonfile to write to")]
        if not self.edits:
            return [Notice("info", "nothing to write: the values are as in the file")]
        earlier = self.refresh()
        clash = [e for e in earlier if isinstance(e, Notice)]
        if clash:
            return [
                *earlier,
                Notice("warning", f"not written: {clash[0].text}", "save again to write it"),
            ]
        names = tuple(_name(path) for path, _ in self.edits)
        try:
            (new,) = apply((Version(self._data, self.project.shown_file),), dict(self.edits))
            data = new.data
            files.save(self.project.file, data, self._data)
        except (EditError, PolyaxonfileError) as error:
            return [*earlier, Notice("error", f"not written: {error}")]
        self._data = data
        self._base = read_polyaxonfile(data, self.project.shown_file, {}, {})
        text = FileText(self.project.shown_file, data.decode("utf-8", "replace"))
        self._before.clear()
        self._undone.clear()
        return [*earlier, text, *self._set(()), Saved(self.project.shown_file, names)]


def _secrets(*readings: Reading | None) -> frozenset[Path]:
    """The places of values that no message may show."""
    found = (d for reading in readings if reading for d in reading.declarations)
    return frozenset(d.path for d in found if d.secret)


def _clashes(
    edits: Edits, before: Mapping[Path, str], now: Mapping[Path, str], secrets: frozenset[Path]
) -> list[Event]:
    """What a newer file means for the edits that were made on an older one."""
    notices: list[Event] = []
    for path, text in edits:
        yours, its = (DOTS, DOTS) if path in secrets else (text, now.get(path))
        if path not in now:
            told = f"{_name(path)} is gone from the file, and so is your {yours}"
        elif now[path] not in (before.get(path), text):
            told = f"the file now has {_name(path)} = {its}; your {yours} stands over it"
        else:
            continue
        notices.append(Notice("warning", told))
    return notices


def _name(path: Path) -> str:
    return ".".join(str(part) for part in path[1:])
