"""Steps and ends of builds in words."""

from __future__ import annotations

from typing import Any

import pytest

from pxtui.cli import objects, words
from pxtui.events import Finished, Step
from pxtui.state import Image, State

TEXT = "pip install -r polyaxon_requirements.txt"


def step(seconds: float | None = 12.2, **more: Any) -> str | None:
    values = {"state": "done", "cached": False, **more}
    return words.of(Step("id", 3, 5, TEXT, seconds=seconds, **values), State())


def finished(outcome: Any = "failed", code: int | None = 1, **more: Any) -> Finished:
    values = {"image": None, "seconds": 2.0, "message": "", "outputs": None, "at": 1.0, **more}
    return Finished("build", "id", outcome, code, **values)


@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        ({"cached": True, "seconds": 0.0, "usual": 11.0}, "  cached"),
        ({"seconds": 0.25}, "  0.2 s"),
        ({"seconds": 9.94}, "  9.9 s"),
        ({"seconds": 9.96}, "  10 s"),
        ({"seconds": None}, "  0.0 s"),
        ({}, "  12 s"),
        ({"usual": 11.0}, "  12 s (usually 11 s)"),
        ({"usual": 12.4}, "  12 s"),
        ({"seconds": 0.2, "usual": 0.4}, "  0.2 s"),
        ({"seconds": 0.2, "usual": 4}, "  0.2 s (usually 4.0 s)"),
        ({"size": 86_200_000}, "  12 s  +86.2 MB"),
        ({"size": 0}, "  12 s"),
        ({"why": "polyaxon_requirements.txt: content"},
         "  12 s  because polyaxon_requirements.txt: content"),
        ({"why": "a\x1b[31mb\nc"}, "  12 s  because a␛[31mb␤c"),
    ],
)  # fmt: skip
def test_a_step_says_how_it_was_made_and_why(more: dict[str, Any], wanted: str) -> None:
    assert step(**more) == f"✓ 3/5 {TEXT}{wanted}"


def test_a_step_that_failed_is_marked_and_one_that_begins_is_not_told() -> None:
    assert step(state="failed") == f"✗ 3/5 {TEXT}  12 s"
    assert step(state="started") is None


def test_a_failed_build_says_its_code_once_and_which_image_is_left() -> None:
    message = "step 3 of 5 failed, exit code 1: x → pip has no x"
    told = words.of(finished(message=message), State())
    assert told == f"✗ image failed in 2.0 s: {message}"
    assert words.of(finished(), State()) == "✗ image failed in 2.0 s, exit code 1"
    told = words.of(finished(), State(image=Image("sha256:1", "t")))
    assert told is not None
    assert told.splitlines()[1:] == ["  the image built before is kept: sha256:1"]


def test_the_end_of_a_build_says_what_its_steps_added() -> None:
    built = finished("done", None, sizes=((1, 0), (3, 86_200_000), (5, 1_000)))
    told = words.of(built, State())
    assert told == "✓ image done in 2.0 s\n  added by steps: 3: 86.2 MB, 5: 1.0 kB"
    assert '"sizes": [[1, 0], [3, 86200000], [5, 1000]]' in str(objects.of(built))
