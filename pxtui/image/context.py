"""Which files go into the image: their listing, its signature, and the limits of both."""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path

from pxtui.errors import ContextError
from pxtui.image.ignore import Rules, ignored
from pxtui.image.staging import stage
from pxtui.image.tree import Entry, Walk, open_file, open_folder, parents, stamp_of

__all__ = [
    "ContextMoved",
    "Entry",
    "KeepsMoving",
    "Limits",
    "Listing",
    "TreeTooBig",
    "changes",
    "ignored",
    "look",
    "look_again",
    "never",
    "stage",
]

_PIECE = 1 << 20
_RACY = 2_000_000_000
"""A file changed less than these ns ago could change again without its stamp showing it."""
_LIKE_A_KEY = (
    "looks like a private key, and is sent: name it in .dockerignore, with `!` if it shall be"
)
_NO_STAMP = (0, 0, 0, 0)
_KEY_SIZE = 1 << 16
_HEAD = 1 << 12
"""Of a JSON file; that of a service account has its key in the first 300 bytes."""
_KEY = re.compile(rb"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY")
_KEY_IN_JSON = re.compile(rb'"private_key"\s*:\s*"-----BEGIN ')


class ContextMoved(ContextError):
    """The tree changed while it was packed: look at it and pack it again."""


class KeepsMoving(ContextError):
    """The tree did not stand still for a build: the same may work the next time."""

    def __init__(
        self,
        message: str = "the tree changes faster than it can be packed",
        hint: str = "name what is being written in .dockerignore",
    ) -> None:
        super().__init__(message, hint)


class TreeTooBig(ContextError):
    """The tree is over its limits; `heavy` are its biggest folders: path, bytes, files."""

    heavy: tuple[tuple[str, int, int], ...] = ()
    links: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """What a tree may have before it must be asked for (`context.max-size`, `.max-files`)."""

    max_size: int = 500_000_000
    max_files: int = 20_000
    allowed: tuple[str, ...] = ()
    """Folders and files that are sent whatever their size: the person said so."""

    @property
    def walked(self) -> int:
        """How many files and folders are looked at before the walk is given up."""
        return 100 * 10 * self.max_files if self.allowed else 10 * self.max_files

    def counts(self, path: str) -> bool:
        """Whether a path counts for the limits."""
        return not any(path == one or path.startswith(f"{one}/") for one in self.allowed)


@dataclass(frozen=True, slots=True)
class Listing:
    """The tree as it was looked at: sorted entries and the signature over them."""

    entries: tuple[Entry, ...]
    signature: str
    """64 hex digits over path, kind, mode, content of every entry (not the stamps)."""
    files: int
    size: int
    """Bytes of all files."""
    skipped: tuple[str, ...] = ()
    """Notes: what was left out and why (denied, FIFO, unreadable, link that leaves the tree)."""
    limits: Limits = Limits()
    exclude: frozenset[str] = frozenset()
    """What it was looked at with, so that it can be looked at again."""
    links: tuple[tuple[str, str], ...] = ()
    """Links that leave the tree: path, and the absolute path that they lead to."""


def never() -> None:
    """Stand in for a caller who never gives up."""


def look(
    root: Path,
    limits: Limits,
    exclude: frozenset[str] = frozenset(),
    previous: Listing | None = None,
    check: Callable[[], None] = never,
) -> Listing:
    """Look at the tree; files whose stamp is that of `previous` are not read again.

    `check` is called now and then; what it raises ends the look.
    """
    known = {entry.path: entry for entry in previous.entries} if previous else {}
    rules = Rules.read(root)
    walk = Walk(root, rules, exclude, limits.walked, check, known)
    found = walk.found()
    try:
        _within(limits, found, walk.cut)
    except TreeTooBig as error:
        error.links = tuple(sorted(walk.links))
        raise
    entries = []
    with open_folder(root) as fd:
        for entry in found:
            if entry.kind == "file" and not entry.content:
                try:
                    entry, is_key = _read(fd, entry, check)
                except (FileNotFoundError, NotADirectoryError):
                    continue  # it went away after the walk: it is no longer part of the tree
                except OSError as error:
                    walk.note(f"{entry.path}: left out, cannot be read ({error.strerror})")
                    continue
                if is_key and not rules.named(entry.path):
                    walk.note(f"{entry.path}: {_LIKE_A_KEY}")
            entries.append(entry)
    return _listing(tuple(entries), walk, limits, exclude, previous)


def look_again(root: Path, listing: Listing, check: Callable[[], None] = never) -> Listing:
    """Look at the tree as it was looked at before."""
    return look(root, listing.limits, listing.exclude, listing, check)


def changes(old: Listing, new: Listing) -> tuple[str, ...]:
    """The paths that differ between two listings; a folder only where nothing in it does."""
    if old.entries is new.entries:
        return ()
    before = {entry.path: entry for entry in old.entries}
    gone = before.keys() - {entry.path for entry in new.entries}
    differing = gone.union(e.path for e in new.entries if not _same(before.get(e.path), e))
    above = {parent for path in differing for parent in parents(path)}
    return tuple(sorted(differing - above, key=os.fsencode))


def _same(old: Entry | None, new: Entry) -> bool:
    """Whether two entries of a path have the same kind, mode and content."""
    if old is None or old is new:
        return old is new
    return old.content == new.content and old.mode == new.mode and old.kind == new.kind


def _read(fd: int, entry: Entry, check: Callable[[], None]) -> tuple[Entry, bool]:
    """The entry with its content, and whether that looks like a private key."""
    content, info, is_key = _digest(fd, entry.path, check)
    if info is None:
        return entry._replace(content=content, stamp=_NO_STAMP), is_key
    racy = time.time_ns() - info.st_ctime_ns < _RACY
    # what looks like a key is read at each look: its note would be gone with the second
    stamp = _NO_STAMP if racy or is_key else stamp_of(info)
    return entry._replace(size=info.st_size, content=content, stamp=stamp), is_key


def _digest(
    fd: int, path: str, check: Callable[[], None]
) -> tuple[str, os.stat_result | None, bool]:
    """Hash a file; no stat if it kept changing, so that it is read again at the next look.

    Also whether it looks like a private key.
    """
    content, is_key = "", False
    for _ in range(3):
        with open_file(fd, path) as file:
            before = os.fstat(file.fileno())
            digest = hashlib.sha256()
            left = before.st_size
            is_small = left <= _KEY_SIZE
            while left > 0 and (piece := file.read(min(_PIECE, left))):
                is_key = is_small and _is_key(piece)
                digest.update(piece)
                left -= len(piece)
                check()
            content = digest.hexdigest()
            if left == 0 and stamp_of(os.fstat(file.fileno())) == stamp_of(before):
                return content, before, is_key
    return content, None, is_key


def _is_key(data: bytes) -> bool:
    if data.startswith(b"{"):
        head = data[:_HEAD]
        return b"PRIVATE KEY" in head and _KEY_IN_JSON.search(head) is not None
    return data.startswith(b"-----BEGIN ") and _KEY.match(data) is not None


def signed(entries: Sequence[Entry]) -> bytes:
    """What the signature is over: the columns path, kind, mode and content."""
    fields = (
        [entry.path for entry in entries],
        [entry.kind for entry in entries],
        [str(entry.mode) for entry in entries],
        [entry.content for entry in entries],
    )
    return os.fsencode("\0".join(chain(*fields)))


def unsigned(data: bytes, numbers: Sequence[int]) -> tuple[Entry, ...]:
    """The entries that were signed, with the columns of their sizes and stamps."""
    texts = os.fsdecode(data).split("\0")
    count = len(numbers) // 5
    paths, kinds, modes, contents = (texts[n * count : (n + 1) * count] for n in range(4))
    sizes, *stamps = (numbers[n * count : (n + 1) * count] for n in range(5))
    columns = (paths, kinds, map(int, modes), sizes, contents, zip(*stamps, strict=True))
    # as Entry._make does, but quicker
    return tuple(map(partial(tuple.__new__, Entry), zip(*columns, strict=True)))


def signature_of(data: bytes) -> str:
    """The signature over what `signed` gave."""
    return hashlib.sha256(b"pxtui tree 2\0" + data).hexdigest()


def _listing(
    entries: tuple[Entry, ...],
    walk: Walk,
    limits: Limits,
    exclude: frozenset[str],
    previous: Listing | None,
) -> Listing:
    if previous is not None and entries == previous.entries:
        base = previous
    else:
        files = sum(entry.kind != "dir" for entry in entries)
        size = sum(entry.size for entry in entries)
        base = Listing(entries, signature_of(signed(entries)), files, size)
    links = tuple(sorted(walk.links))
    return replace(base, skipped=walk.notes(), limits=limits, exclude=exclude, links=links)


def _within(limits: Limits, found: list[Entry], cut: bool) -> None:
    files = [
        entry
        for entry in found
        if entry.kind != "dir" and (not limits.allowed or limits.counts(entry.path))
    ]
    size = sum(entry.size for entry in files)
    if not cut and size <= limits.max_size and len(files) <= limits.max_files:
        return
    heavy = _biggest(files)
    biggest = ", ".join(f"{path} ({amount(s)}, {n} files)" for path, s, n in heavy)
    least = "more than " if cut else ""
    error = TreeTooBig(
        f"the tree has {least}{amount(size)} in {least}{len(files):,} files, more than the "
        f"{amount(limits.max_size)} or {limits.max_files:,} files allowed; "
        f"the biggest folders: {biggest}",
        "name what the image does not need in .dockerignore, or raise the settings "
        "context.max-size or context.max-files",
    )
    error.heavy = tuple(heavy)
    raise error


def _biggest(files: Iterable[Entry]) -> list[tuple[str, int, int]]:
    """The five folders that a person would ignore: the deepest that still hold most of it."""
    sizes: dict[str, int] = defaultdict(int)
    counts: dict[str, int] = defaultdict(int)
    inner: dict[str, set[str]] = defaultdict(set)
    for item in files:
        child = ""
        for folder in parents(item.path):
            sizes[folder] += item.size
            counts[folder] += 1
            if child:
                inner[folder].add(child)
            child = folder
        if "/" not in item.path:
            sizes["."] += item.size
            counts["."] += 1
    named = []
    for top in [folder for folder in sizes if "/" not in folder]:
        folder = top
        while heavy := [
            c
            for c in inner[folder]
            if sizes[c] >= 0.9 * sizes[folder] and counts[c] >= 0.9 * counts[folder]
        ]:
            folder = heavy[0]
        named.append((folder, sizes[folder], counts[folder]))
    return sorted(named, key=lambda one: (-one[1], -one[2], one[0]))[:5]


def amount(size: int) -> str:
    """A size as people write it: `80.1 GB`."""
    for unit, least in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= least:
            return f"{size / least:.1f} {unit}"
    return f"{size} B"
