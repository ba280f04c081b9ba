"""From the tree that an image holds to the tree of now: what has to go, and what has to come."""

from __future__ import annotations

import json
from dataclasses import dataclass

from pxtui.image.context import Entry, Listing
from pxtui.image.tree import parents

_MOST_REMOVED = 200
_LONGEST = 32_000
"""Bytes of the removed names in a Dockerfile."""
_SMALL = 1_000_000


@dataclass(frozen=True, slots=True)
class Delta:
    """What makes one tree of another."""

    removed: tuple[str, ...]
    """Files, links, and folders with all that is in them."""
    entries: tuple[Entry, ...]
    """What is laid over the rest, in the order of its paths, the folders above it included."""


def delta(old: Listing, new: Listing) -> Delta | None:
    """What leads from one tree to another; None if so much that the whole is better sent."""
    before = {entry.path: entry for entry in old.entries}
    after = {entry.path: entry for entry in new.entries}
    # of tens of thousands nearly all are the very same objects
    others = [entry for entry in old.entries if after.get(entry.path) is not entry]
    gone = {entry.path for entry in others if _goes(entry, after.get(entry.path))}
    removed = sorted(path for path in gone if not any(above in gone for above in parents(path)))
    newer = [entry for entry in new.entries if before.get(entry.path) is not entry]
    coming = {e.path for e in newer if e.path in gone or not _same(before.get(e.path), e)}
    coming |= {above for path in coming for above in parents(path)}
    entries = tuple(entry for entry in new.entries if entry.path in coming)
    sent = sum(entry.size for entry in entries)
    too_much = sent > _SMALL and sent > new.size / 2
    # such a name in a layer hides its neighbours in those below
    hides = any("/.wh." in f"/{path}" for path in coming)
    return (
        None if too_much or hides or not _can_be_named(removed) else Delta(tuple(removed), entries)
    )


def _goes(old: Entry, new: Entry | None) -> bool:
    """Whether what an image has must go; what is laid over a link would go where it leads."""
    if new is None or old.kind != new.kind:
        return True
    return old.kind == "link" and old.content != new.content


def _same(old: Entry | None, new: Entry) -> bool:
    return old is not None and (old.mode, old.content) == (new.mode, new.content)


def _can_be_named(removed: list[str]) -> bool:
    """Whether names can stand in a Dockerfile, which is text of a limited size."""
    if len(removed) > _MOST_REMOVED:
        return False
    try:
        return len(json.dumps(removed, ensure_ascii=False).encode()) <= _LONGEST
    except UnicodeEncodeError:
        return False
