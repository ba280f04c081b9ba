"""A delta, laid over the one tree, gives the other; what is too much is sent whole."""

from __future__ import annotations

import posixpath

from hypothesis import given
from hypothesis import strategies as st

from pxtui.image.context import Entry, Listing
from pxtui.image.delta import delta
from pxtui.image.tree import parents

NAMES = ("a", "b", "d", "d/x", "d/y", "d/e", "d/e/z", "a/b")
STAMP = (1, 2, 3, 4)


def listing(*entries: Entry) -> Listing:
    ordered = tuple(sorted(entries, key=lambda entry: entry.path))
    return Listing(ordered, "s", 0, sum(entry.size for entry in entries))


def entry(path: str, content: str = "", *, mode: int = 0o644, size: int = 1) -> Entry:
    return Entry(path, "file", mode, size, content, STAMP)


def folder(path: str) -> Entry:
    return Entry(path, "dir", 0o755, 0, "", STAMP)


@st.composite
def trees(draw: st.DrawFn) -> Listing:
    """A tree in which every path's parents are folders."""
    found: dict[str, Entry] = {}
    for name in NAMES:
        kind = draw(st.sampled_from(["none", "file", "link", "dir"]))
        above = found.get(posixpath.dirname(name))
        if kind == "none" or ("/" in name and (above is None or above.kind != "dir")):
            continue
        content = draw(st.sampled_from(["1", "2"]))
        mode = draw(st.sampled_from([0o644, 0o755]))
        if kind == "dir":
            found[name] = folder(name)
        else:
            found[name] = Entry(name, "link" if kind == "link" else "file", mode, 1, content, STAMP)
    return listing(*found.values())


def laid_over(old: Listing, removed: tuple[str, ...], entries: tuple[Entry, ...]) -> list[Entry]:
    """What a builder makes of it; nothing may be laid over what is of another kind."""
    held = {one.path: one for one in old.entries}
    for path in removed:
        held = {p: e for p, e in held.items() if p != path and not p.startswith(f"{path}/")}
    for one in entries:
        there = held.get(one.path)
        assert there is None or there.kind == one.kind
        assert there is None or one.kind != "link" or there.content == one.content
        assert all(held[above].kind == "dir" for above in parents(one.path))
        held[one.path] = one
    return sorted(held.values(), key=lambda one: one.path)


@given(trees(), trees())
def test_it_leads_from_any_tree_to_any_other(old: Listing, new: Listing) -> None:
    step = delta(old, new)
    assert step is not None
    assert laid_over(old, step.removed, step.entries) == list(new.entries)


@given(trees())
def test_nothing_leads_to_itself(tree: Listing) -> None:
    step = delta(tree, tree)
    assert step is not None
    assert (step.removed, step.entries) == ((), ())


def test_only_what_changed_is_in_it() -> None:
    old = listing(folder("d"), entry("d/x", "1"), entry("d/y", "1"), entry("e", "1"))
    new = listing(folder("d"), entry("d/x", "1", mode=0o755), entry("d/y", "1"))
    step = delta(old, new)
    assert step is not None
    assert step.removed == ("e",)
    assert [one.path for one in step.entries] == ["d", "d/x"]


def test_much_is_sent_whole() -> None:
    many = [entry(f"f{n}", "1", size=1_000_000) for n in range(10)]
    other = [one._replace(content="2") for one in many]
    assert delta(listing(*many), listing(*other[:4], *many[4:])) is not None
    assert delta(listing(*many), listing(*other[:6], *many[6:])) is None
    small = [one._replace(size=10) for one in many]
    assert delta(listing(*small), listing(*(s._replace(content="2") for s in small))) is not None


def test_a_name_that_hides_its_neighbours_is_sent_whole() -> None:
    keep = entry("keep")
    assert delta(listing(keep), listing(keep, entry(".wh..wh..opq"))) is None
    assert delta(listing(keep, entry(".wh.x")), listing(keep)) is not None


def test_names_that_a_dockerfile_cannot_hold_are_sent_whole() -> None:
    keep = entry("keep")
    assert delta(listing(keep, entry("caf\udce9")), listing(keep)) is None
    assert delta(listing(keep, *(entry(f"n{n}") for n in range(201))), listing(keep)) is None
    assert (
        delta(listing(keep, *(entry(f"{n}" * 150) for n in range(100, 200))), listing(keep)) is None
    )
    assert delta(listing(keep, entry('a"b\n')), listing(keep)) is not None
