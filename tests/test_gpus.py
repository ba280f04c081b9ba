"""Which GPUs a run is given, and what is said of the others."""

from __future__ import annotations

import pytest

from pxtui.errors import EngineError
from pxtui.gpus import Gpu, Gpus, give, visible

GB = 1_000_000_000


def gpu(index: int, used: int = 0, *holders: str) -> Gpu:
    return Gpu(index, f"GPU-{index}{index}-x", "A100", 80 * GB, used * GB, holders)


FOUR = (gpu(0, 70, "python (1)"), gpu(1, 30), gpu(2, 1), gpu(3, 0, "a (2)", "b (3)"))
HAS = Gpus(FOUR, usable=True)
NONE = Gpus(why="this machine has no GPU")


def test_auto_takes_the_freest() -> None:
    given = give(HAS, "auto")
    assert given.ids == ("GPU-22-x",)
    assert given.text == (
        "2 A100, 79 of 80 GB free; 0 held by python (1); 1 free; 3 held by a (2), b (3)"
    )


def test_with_everything_held_auto_shares_and_says_with_whom() -> None:
    held = Gpus((gpu(0, 10, "a (1)", "b (2)"), gpu(1, 70, "c (3)")), usable=True)
    given = give(held, "auto")
    assert given.ids == ("GPU-11-x",)
    assert "shared with c (3)" in given.text


def test_all_and_some() -> None:
    assert give(HAS, "all").ids == tuple(one.uuid for one in FOUR)
    assert give(HAS, "3,0,3").ids == ("GPU-33-x", "GPU-00-x")
    assert give(HAS, "none").ids == give(NONE, "none").ids == ()


def test_where_they_cannot_be_seen_the_engine_is_asked_by_number() -> None:
    far = Gpus(usable=True)
    assert give(far, "auto").ids == give(far, "all").ids == ("all",)
    assert give(far, "0,1").ids == ("0", "1")


def test_why_none() -> None:
    assert give(NONE, "auto").ids == ()
    assert give(NONE, "auto").text == "none: this machine has no GPU"


@pytest.mark.parametrize("wanted", ["all", "0", "0,1"])
def test_asked_for_and_not_there_is_a_failure_with_its_cause(wanted: str) -> None:
    with pytest.raises(EngineError, match="this machine has no GPU") as raised:
        give(NONE, wanted)
    assert wanted in raised.value.message
    assert "--gpus" in raised.value.hint


def test_a_number_that_is_not_there_is_named() -> None:
    with pytest.raises(EngineError, match="no GPU 7 to give: there is 0, 1, 2, 3"):
        give(HAS, "0,7")


@pytest.mark.parametrize(
    ("hidden", "left"),
    [
        (None, (0, 1, 2, 3)),
        ("", ()),
        ("-1", ()),
        ("1", (1,)),
        ("3, 1", (1, 3)),
        ("GPU-22", (2,)),
        ("GPU-", ()),
        ("0,9,1", (0,)),
        ("1,1", (1,)),
        ("NoDevFiles", ()),
    ],
)
def test_what_is_hidden_is_not_given(hidden: str | None, left: tuple[int, ...]) -> None:
    assert tuple(one.index for one in visible(FOUR, hidden)) == left


def test_memory_in_use_makes_no_news() -> None:
    assert gpu(0, 10) == gpu(0, 20)
    assert gpu(0) != gpu(0, 0, "python (1)")
