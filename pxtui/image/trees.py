"""Listings of the trees that images hold, kept so that the next image can be made from one."""

from __future__ import annotations

import contextlib
import gc
import os
import secrets
from array import array
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from pxtui.image.context import Listing, signature_of, signed, unsigned

KEPT = 20
_LIMIT = 1 << 63


class Trees:
    """The listings of one project, one file each, named by signature; what is lost is made anew.

    The first line of a file has the numbers of all entries (size and stamp) in hexadecimal, the
    rest is what the signature is over: that is all quick to read, and told if it is damaged.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._last: Listing | None = None

    def read(self, signature: str) -> Listing | None:
        """The listing of this signature, without its notes; None if it is not kept or no good."""
        if self._last is not None and self._last.signature == signature:
            return self._last
        numbers = array("q")
        try:
            line, _, data = (self._folder / signature).read_bytes().partition(b"\n")
            numbers.frombytes(bytes.fromhex(line.decode()))
            if signature_of(data) != signature:
                return None
            with _without_collections():
                entries = unsigned(data, numbers)
        except (OSError, ValueError):
            return None
        files = sum(entry.kind != "dir" for entry in entries)
        return Listing(entries, signature, files, sum(entry.size for entry in entries))

    def newest_first(self) -> list[str]:
        """The signatures that are kept."""
        return self._names()[::-1]

    def newest(self) -> Listing | None:
        """The listing that was written last."""
        names = self._names()
        return self.read(names[-1]) if names else None

    def write(self, listing: Listing) -> None:
        """Keep a listing, and of the others the newest; a cache that cannot be written is none."""
        self._last = listing
        columns = zip(*((e.size, *_storable(e.stamp)) for e in listing.entries), strict=True)
        numbers = array("q", chain(*columns))
        temporary = self._folder / f".{secrets.token_hex(4)}.tmp"
        with contextlib.suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(fd, "wb") as file:
                file.write(numbers.tobytes().hex().encode() + b"\n" + signed(listing.entries))
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


def _storable(stamp: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    """A stamp in numbers of 64 bits; one with others is none, and its file is read again."""
    return stamp if max(stamp) < _LIMIT and min(stamp) >= -_LIMIT else (0, 0, 0, 0)


@contextlib.contextmanager
def _without_collections() -> Iterator[None]:
    """Tens of thousands of objects that stay: to look for cycles in them takes as long again."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
