"""The polyaxonfile of a working set, and what is laid over it, as they are on disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pxtui import project as files
from pxtui import saving, trust
from pxtui.bounded import read_polyaxonfile
from pxtui.events import Notice
from pxtui.polyaxonfile.path import Edits
from pxtui.polyaxonfile.problems import PolyaxonfileError, Problem
from pxtui.polyaxonfile.reading import Reading
from pxtui.polyaxonfile.source import Version


@dataclass
class Disk:
    """The files as they could be read last, and why they cannot be read now."""

    project: files.Project
    versions: tuple[Version, ...] = ()
    trouble: tuple[Problem, ...] = ()

    @property
    def is_gone(self) -> bool:
        """Whether there is no polyaxonfile."""
        shown = self.project.shown_file
        return any((p.code, p.file) == ("E_MISSING", shown) for p in self.trouble)

    def tidy(self) -> list[Notice]:
        """Remove what killed saves left, if the person knows this project."""
        if not trust.is_known(self.project):
            return []
        return [_kept(name) for file in self.project.files for name in saving.clean(file)]

    def locked(self) -> list[Notice]:
        """Say which files can be changed here, but not written."""
        named = zip(self.project.shown_files, self.project.files, strict=True)
        hint = "changed values can be run, not written"
        return [
            Notice("warning", f"{shown} is write-protected", hint)
            for shown, file in named
            if saving.is_locked(file)
        ]

    def look(self) -> bool:
        """Read the files again; whether they, or why they cannot be read, are other ones."""
        versions, trouble = self.versions, self.trouble
        try:
            self.versions, self.trouble = files.read_all(self.project), ()
        except PolyaxonfileError as error:
            self.trouble = error.problems
        return (versions, trouble) != (self.versions, self.trouble)

    def read(self, edits: Edits, names: Mapping[str, str]) -> Reading:
        """What the files say, with edits and given values over them."""
        first, *over = self.versions
        era = self.project.era
        return read_polyaxonfile(first.data, first.file, edits, names, over=over, era=era)

    def replace(self, new: Sequence[Version]) -> tuple[list[Notice], list[str] | None]:
        """Save the files that are to change; what is to be said, and which were (None: not all)."""
        notices, written = list[Notice](), list[str]()
        for path, now, wanted in zip(self.project.files, self.versions, new, strict=True):
            gone = bool(self.trouble) and not path.exists()
            if wanted.data == now.data and not gone:
                continue
            try:
                done = saving.save(path, wanted.data, None if gone else now.data)
            except saving.Refused as refused:
                text = f"{now.file} is not written: {refused.message}"
                return [*notices, Notice("error", text, refused.hint)], None
            written.append(now.file)
            notices += map(_kept, done.kept)
            if done.other_names:
                text = f"{now.file} had another name (a hard link), which keeps the old text"
                notices.append(Notice("warning", text))
        return notices, written


def _kept(name: str) -> Notice:
    text = "something else wrote the file at the moment of a save"
    return Notice("warning", f"{text}: its version is kept as {name}")
