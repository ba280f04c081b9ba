"""The table of keys: no two rows say different things of one key, and each is explained."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from pxtui.polyaxonfile.spec.grammar import Key, Shape
from pxtui.polyaxonfile.spec.keys import FILE, places


def maps(shape: Shape, name: str = "") -> Iterator[tuple[str, Shape]]:
    """Every map of the table."""
    if shape.keys:
        yield name, shape
    for key in shape.keys:
        yield from maps(key.shape, f"{name}.{key.name}")
    if shape.of:
        yield from maps(shape.of, name)


def both(one: Key, other: Key) -> bool:
    """Whether two rows hold for one file."""
    kinds = set(one.kinds.split()) & set(other.kinds.split())
    any_kind = not one.kinds or not other.kinds
    return bool(one.eras & other.eras) and (any_kind or bool(kinds))


def test_a_key_has_one_row_in_an_era() -> None:
    double = [
        f"{name}.{key}"
        for name, shape in maps(FILE)
        for key, rows in shape.named.items()
        for one, other in combinations(rows, 2)
        if both(one, other)
    ]
    assert not double


def test_sections_and_their_keys_are_explained() -> None:
    assert all(key.about for key in FILE.keys)
    for role in ("image", "steps", "env", "cmd", "dockerfile", "matrix", "params"):
        assert all(key.about for keys in places(role).values() for key in keys)


def test_what_is_needed_may_be_there() -> None:
    for name, shape in maps(FILE):
        for key in shape.keys:
            if key.kinds and key.needed and key.needed != "*":
                assert set(key.needed.split()) <= set(key.kinds.split()), f"{name}.{key.name}"


def test_places_in_the_order_of_later_eras() -> None:
    assert [*places("steps")][:3] == [
        ("build", "build_steps"),
        ("build", "steps"),
        ("run", "steps"),
    ]
    assert [*places("params")] == [("declarations",), ("params",)]
    assert places("nothing") == {}
