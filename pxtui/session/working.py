"""The working set: the polyaxonfile on disk with the accepted edits over it.

All methods read or write files and belong to one thread at a time; each returns the events to tell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pxtui import project as files
from pxtui.errors import EditError, PxtuiError, StateError
from pxtui.events import (
    Conflict,
    Conflicted,
    Event,
    FileText,
    Invalid,
    Loaded,
    NoFile,
    Notice,
    Saved,
)
from pxtui.polyaxonfile.opening import apply, opened
from pxtui.polyaxonfile.path import Path
from pxtui.polyaxonfile.problems import PolyaxonfileError
from pxtui.polyaxonfile.reading import Reading
from pxtui.polyaxonfile.secret import without as hidden
from pxtui.polyaxonfile.source import Source, Version
from pxtui.session import edits as made
from pxtui.session.conflicts import Conflicts, in_words
from pxtui.session.disk import Disk
from pxtui.session.edits import Edit, Edits, Side

Wanted = tuple[tuple[Path, str | None], ...]


@dataclass
class WorkingSet:
    """A project's polyaxonfile and the edits that are not written to it yet."""

    project: files.Project
    names: Mapping[str, str] = field(default_factory=dict)
    """`-P NAME=TEXT` of the command line: over the file, never written to it."""
    keep_draft: bool = False
    edits: Edits = ()
    _source: Source | None = None
    """What the files say, of the last time that it could be made out."""
    _base: Reading | None = None
    _conflicts: Conflicts = field(default_factory=Conflicts)
    _drafted: Edits = ()
    _gone_is_told: bool = False
    """A save was refused because there is no file; the next one makes it."""
    _undone: list[Edits] = field(default_factory=list)
    _before: list[Edits] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._disk = Disk(self.project)

    @property
    def wanted(self) -> Wanted:
        """The edits as path and text."""
        return tuple((edit.path, edit.text) for edit in self.edits)

    # -- reading

    def open(self) -> list[Event]:
        """Read the file for the first time, with what an earlier session left unwritten."""
        project = self.project
        events = [*self._disk.tidy(), *self.refresh()]
        if self.keep_draft and not self._disk.trouble:
            events += self._disk.locked()
        draft = files.read_draft(project.places, project.file) if self.keep_draft else ()
        if self._source is None or not draft:
            return events
        source, had = self._source, files.read_draft_base(project.places, project.file)
        self._drafted = tuple(Edit(p, t, had.get(p, made.text_at(source, p))) for p, t in draft)
        read = self._set(self._drafted)
        if not self.edits:
            return events
        self._before = [()]
        one = len(self.edits) == 1
        values = "1 changed value" if one else f"{len(self.edits)} changed values"
        text = f"{values} of last time {'is' if one else 'are'} here again, not yet written"
        notice = Notice("info", text, "ctrl+s writes, = takes one back")
        before = [event for event in events if not isinstance(event, Loaded | Invalid)]
        return [*before, *read, notice]

    def refresh(self, written: tuple[Version, ...] = ()) -> list[Event]:
        """Read the files again; no events if they are what they were.

        `written` is what was just saved: where the files are that, no edit is left.
        """
        if not self._disk.look():
            return []
        shown, trouble = self.project.shown_file, self._disk.trouble
        if self._disk.is_gone:
            return [NoFile(str(self.project.root), trouble[0].message)]
        if trouble:
            self._base = Reading(shown, "", (), None, trouble)
            return [Invalid(self._base, self._base, self.wanted)]
        self._gone_is_told = False
        if self._disk.versions == written:
            self.edits = ()
        (_, text), *over = (
            (v.file, v.data.decode("utf-8", "replace")) for v in self._disk.versions
        )
        return [FileText(shown, text, tuple(over)), *self._rebase()]

    def _rebase(self) -> list[Event]:
        """Lay the edits over newer files: what they now say themselves is no edit any more."""
        again = self._source is not None
        self._base = self._disk.read({}, {})
        try:
            self._source = opened(*self._disk.versions)
        except PolyaxonfileError:
            return self._read()
        events = self._set(self.edits)
        if again and self.edits and not any(isinstance(e, Notice) for e in events):
            stand = "your change stands" if len(self.edits) == 1 else "your changes stand"
            told = f"{self.project.shown_file} was changed elsewhere; {stand} over it"
            events.append(Notice("info", told))
        return events

    def _read(self) -> list[Event]:
        assert self._base is not None  # noqa: S101  only called with a file read
        changed = self.edits or self.names
        reading = self._disk.read(dict(self.wanted), self.names) if changed else self._base
        kind = Loaded if reading.valid else Invalid
        told: list[Event] = [kind(reading, self._base, self.wanted)]
        if self._source is not None:
            told += self._conflicts.look(self.edits, self._source, self._base.declarations)
        return told

    # -- changing

    def edit(self, path: Path, text: str | None) -> list[Event]:
        """Accept a text (None: nothing); one that cannot stand in the file is refused."""
        if self._disk.trouble or self._source is None:
            return [Notice("error", "there is no polyaxonfile to change")]
        edits: Edits = (Edit(path, text, None),)
        try:
            edits = made.accepted(self.edits, path, text, self._source)
            apply(self._disk.versions, {e.path: e.text for e in edits})
        except (EditError, PolyaxonfileError) as error:
            cause = self._veiled(error, edits)
            return [Notice("error", f"{made.name(path)} stays as it was: {cause}")]
        return self._change(edits)

    def edit_all(self, values: Wanted) -> list[Event]:
        """Accept several values at once; `undo` takes them back together."""
        edits, before = self.edits, [*self._before]
        events = [event for path, text in values for event in self.edit(path, text)]
        self._before = [*before, edits] if self.edits != edits else before
        return events

    def reset(self, path: Path | None) -> list[Event]:
        """Take one edit back, or (None) all."""
        return self._change(made.without(self.edits, path or ()))

    def settle(self, shown: Conflict, keep: Side) -> list[Event]:
        """Choose whose text stands; refused where it is not the texts shown that stand there."""
        told = self.refresh()
        if self._source is None:
            return told
        if not self._conflicts.stand(shown):
            text = f"{shown.name} was changed again meanwhile: nothing was chosen"
            again = Conflicted(self._conflicts.told)
            return [*told, again, Notice("warning", text, "! asks again")]
        return [*told, *self._change(made.settled(self.edits, shown.path, keep, self._source))]

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

    def _change(self, edits: Edits) -> list[Event]:
        if edits == self.edits:
            return []
        self._before.append(self.edits)
        self._undone.clear()
        return self._set(edits)

    def _set(self, edits: Edits) -> list[Event]:
        self.edits = made.wanted(edits, self._source) if self._source else edits
        told = self._draft() if self.keep_draft and self.edits != self._drafted else []
        return told if self._disk.trouble or self._base is None else [*self._read(), *told]

    def _draft(self) -> list[Event]:
        self._drafted, project = self.edits, self.project
        base = {edit.path: edit.over for edit in self.edits}
        try:
            files.write_draft(project.places, project.file, self.wanted, base)
        except StateError as error:
            return [Notice("error", f"no draft is kept: {error.message}", error.hint)]
        return []

    # -- writing

    def save(self) -> list[Event]:
        """Write the edits to the files, which must still be those that they were made on."""
        told = self.refresh()
        if conflicts := self._conflicts.told:
            asked = Conflicted(conflicts, saving=True)
            text = f"not written: {in_words(conflicts[0])}"
            return [*told, asked, Notice("warning", text, "choose which one stands")]
        if self._disk.trouble:
            return [*told, *self._save_anew()]
        if not self.edits:
            return [*told, Notice("info", "nothing to write: the values are as in the file")]
        return [*told, *self._write()]

    def _save_anew(self) -> list[Event]:
        """Write a file that is gone, when it is asked for twice."""
        trouble = self._disk.trouble[0]
        if trouble.code != "E_MISSING" or not self._disk.versions:
            return [Notice("error", f"{trouble.file} is not written: {trouble.message}")]
        if not self._gone_is_told:
            self._gone_is_told = True
            text = f"{trouble.file} is not written: it is gone"
            return [Notice("warning", text, "save again to write it anew")]
        return self._write()

    def _write(self) -> list[Event]:
        edits, before = self.edits, self._source
        try:
            new = apply(self._disk.versions, dict(self.wanted))
        except (EditError, PolyaxonfileError) as error:
            return [Notice("error", f"not written: {self._veiled(error, edits)}")]
        notices, written = self._disk.replace(new)
        if written is None:
            return [*self.refresh(), *notices]
        events = self.refresh(new)
        if not self.edits:
            self._undone.clear()
            back = made.reverse(edits, before, new) if before else ()
            self._before = [back] if back else []
        names = tuple(made.name(e.path) for e in edits)
        saved = Saved(" and ".join(written) or self.project.shown_file, names)
        return [*events, saved, *notices]

    def _veiled(self, error: PxtuiError, edits: Edits) -> str:
        """What was refused, without the texts of passwords and keys."""
        declared = self._base.declarations if self._base else ()
        return hidden(str(error), made.secrets(edits, declared))
