"""Listings of the trees that images hold, kept so that the next image can be made from one."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from pathlib import Path

from pxtui.image.context import Entry, Listing

KEPT = 20
_V = 1


class Trees:
    """The listings of one project, one file each, named by signature; what is lost is made anew."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, signature: str) -> Listing | None:
        """The listing of this signature, without its notes; None if it is not kept or no good."""
        try:
            kept = json.loads((self._folder / signature).read_text(errors="surrogateescape"))
            if kept["v"] != _V:
                return None
            entries = tuple(
                Entry(path, kind, mode, size, content, tuple(stamp))
                for path, kind, mode, size, content, stamp in kept["entries"]
            )
        except (OSError, ValueError, TypeError, KeyError, IndexError):
            return None
        files = sum(entry.kind != "dir" for entry in entries)
        return Listing(entries, signature, files, sum(entry.size for entry in entries))

    def newest(self) -> Listing | None:
        """The listing that was written last."""
        names = self._names()
        return self.read(names[-1]) if names else None

    def write(self, listing: Listing) -> None:
        """Keep a listing, and of the others the newest; a cache that cannot be written is none."""
        entries = [(e.path, e.kind, e.mode, e.size, e.content, e.stamp) for e in listing.entries]
        text = json.dumps({"v": _V, "entries": entries})
        temporary = self._folder / f".{secrets.token_hex(4)}.tmp"
        with contextlib.suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(fd, "w", errors="surrogateescape") as file:
                file.write(text)
            os.replace(temporary, self._folder / listing.signature)
            for old in self._names()[:-KEPT]:
                (self._folder / old).unlink()

    def _names(self) -> list[str]:
        """The signatures that are kept, the newest last."""
        try:
            found = [item for item in os.scandir(self._folder) if not item.name.startswith(".")]
            return [item.name for item in sorted(found, key=lambda item: item.stat().st_mtime_ns)]
        except OSError:
            return []
