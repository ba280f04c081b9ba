"""Which images may go: what is needed stays, and what stays is bounded, whatever there is."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from pxtui.image.housekeeping import ENVIRONMENTS, GRACE, alone, chosen, goes, is_needed, total

NOW = 10.0 * GRACE


@dataclass(frozen=True)
class Made:
    id: str
    kind: str = "code"
    key: str = "k"
    created: float = 0.0
    tags: tuple[str, ...] = ("t",)
    used: bool = False
    project: str = "p"
    size: int = 100
    layers: tuple[tuple[str, int], ...] | None = None


@st.composite
def many(draw: st.DrawFn) -> list[Made]:
    count = draw(st.integers(0, 25))
    return [
        Made(
            f"i{n}",
            draw(st.sampled_from(["code", "code", "environment"])),
            draw(st.sampled_from("abcdef")),
            draw(st.integers(0, 10)) * GRACE / 2,
            draw(st.sampled_from([(f"t{n}",), (f"t{n}", f"u{n}"), ()])),
            draw(st.booleans()) and draw(st.booleans()),
            draw(st.sampled_from("pq")),
        )
        for n in range(count)
    ]


NEEDED = st.frozensets(st.sampled_from([f"{letter}{n}" for letter in "iut" for n in range(25)]))


@settings(max_examples=60)
@given(many(), st.integers(0, 12), NEEDED, st.randoms())
def test_what_is_needed_stays_and_the_rest_is_bounded(
    images: list[Made], keep: int, needed: frozenset[str], random: object
) -> None:
    gone = goes(images, keep, needed, NOW)
    stay = [one for one in images if one not in gone]
    assert set(gone) <= set(images)
    assert len(set(gone)) == len(gone)
    assert not [one for one in gone if is_needed(one, needed)]
    code = sorted((i for i in images if i.kind == "code" and i.tags), key=lambda i: i.created)
    kept = [one for one in code if one in stay]
    free = [one for one in kept if not is_needed(one, needed)]
    assert len(kept) >= min(keep, len(code))
    assert len(free) <= keep
    # those that go are none younger than any that stays for its youth
    for one in (one for one in gone if one in code):
        assert sum(other.created >= one.created for other in kept) >= keep
    keys = {one.key for one in stay if one.kind == "code"}
    environments = [i for i in images if i.kind == "environment" and i.tags]
    left = [i for i in environments if i in stay]
    assert {i for i in environments if i.key in keys} <= set(left)
    assert len(left) >= min(ENVIRONMENTS, len(environments))
    extra = [i for i in left if i.key not in keys and not is_needed(i, needed)]
    assert len(extra) <= ENVIRONMENTS
    assert not [i for i in gone if not i.tags and i.created >= NOW - GRACE]
    # doing it again finds nothing more, in whatever order the engine lists them
    assert goes(stay, keep, needed, NOW) == ()
    assert goes(images[::-1], keep, needed, NOW) == gone


@settings(max_examples=60)
@given(many(), st.integers(0, 11), st.booleans(), NEEDED)
def test_what_a_person_chooses_by_age_is_old_and_not_needed(
    images: list[Made], halves: int, only_code: bool, needed: frozenset[str]
) -> None:
    before = halves * GRACE / 2
    gone = chosen(images, before=before, only_code=only_code, needed=needed)
    stay = [one for one in images if one not in gone]
    assert not [one for one in gone if is_needed(one, needed) or one.created > before]
    keys = {(one.project, one.key) for one in stay if one.kind == "code"}
    for one in gone:
        assert one.kind == "code" or not only_code
        assert one.kind == "code" or (one.project, one.key) not in keys
    for one in stay:
        assert (
            is_needed(one, needed)
            or one.created > before
            or (one.kind == "environment" and (only_code or (one.project, one.key) in keys))
        )


def test_the_code_goes_before_its_environment_and_the_oldest_first() -> None:
    images = [Made(f"e{n}", "environment", f"k{n}", n) for n in range(5)]
    images += [Made(f"c{n}", "code", f"k{n}", n) for n in range(5)]
    assert [one.id for one in goes(images, 1, {"c1"}, NOW)] == ["c0", "c2", "c3", "e0"]


def test_keeping_none_keeps_what_is_needed() -> None:
    images = [Made("c0"), Made("c1", tags=("now",)), Made("c2", used=True)]
    assert [one.id for one in goes(images, 0, {"now"}, NOW)] == ["c0"]


def test_what_lost_its_tag_goes_after_a_while() -> None:
    images = [
        Made("young", tags=(), created=NOW - GRACE + 1),
        Made("old", tags=(), created=NOW - GRACE - 1),
        Made("env", "environment", tags=()),
        Made("now", tags=("t",), created=NOW),
    ]
    assert {one.id for one in goes(images, 9, (), NOW)} == {"old", "env"}


def test_what_images_share_counts_once() -> None:
    environment = Made("e", "environment", layers=(("a", 50),))
    one = Made("c1", layers=(("a", 50), ("b", 3)))
    two = Made("c2", layers=(("a", 50), ("b", 3), ("c", 2)))
    unknown = Made("x", size=7)
    assert total((environment, one, two, unknown)) == 62
    assert total((environment,)) == 50
    assert alone((environment, one, two, unknown)) == {"e": 0, "c1": 0, "c2": 2}
    assert alone((environment, one)) == {"e": 0, "c1": 3}
