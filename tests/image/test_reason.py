"""Why an instruction runs anew, told from what two images are made of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pxtui.image import reason
from pxtui.image.context import Entry, Limits, Listing, look
from pxtui.image.dockerfile import instructions
from pxtui.image.plan import ImagePlan, Own, StagedFile
from pxtui.image.reason import Made, code_change, reasons

REQUIREMENTS = StagedFile("polyaxon_requirements.txt", b"six\n")
SETUP = StagedFile("polyaxon_setup.sh", b"true\n")
# 1 FROM, 2 ENV A, 3 ENV B, 4 WORKDIR, 5 and 6 COPY, 7 and 8 RUN, 9 COPY of the code
PLAN = ImagePlan(
    "python:3.11",
    (("A", "1"), ("B", "2")),
    (REQUIREMENTS, SETUP),
    ("pip install -r polyaxon_requirements.txt", "pip install a"),
)


def told(signature: str = "s", base_id: str = "id", **changed: Any) -> dict[int, str]:
    """Why, where this of the plan is another."""
    old, new = Made.of(PLAN, "s", "id"), Made.of(replace(PLAN, **changed), signature, base_id)
    return reasons(old, new, "train.py: content")


def test_there_is_a_part_for_each_instruction() -> None:
    made = Made.of(PLAN, "s", "id")
    assert len(made.parts) == len(instructions(PLAN)) == 9
    assert [part.kind for part in made.parts] == [
        "base", "variable", "variable", "other", "file", "file", "step", "step", "code",
    ]  # fmt: skip
    assert made.signature == "s"
    assert made.holding("t").signature == "t"
    assert made.on("x").parts[0].mark == "x"


def test_nothing_is_told_of_what_is_the_same() -> None:
    assert told() == {}


def test_without_an_image_before_it_is_the_first() -> None:
    assert reasons(None, Made.of(PLAN, "s")) == dict.fromkeys(range(1, 10), reason.FIRST)


@pytest.mark.parametrize(
    ("first", "changed", "why"),
    [
        (1, {"base": "python:3.12"}, "the base image was python:3.11"),
        (1, {"base_id": "other"}, "python:3.11 is another image now"),
        (2, {"env": (("A", "9"), ("B", "2"))}, "the variable A: value"),
        (3, {"env": (("A", "1"), ("C", "2"))}, "the variable C: new"),
        (2, {"env": (("B", "2"),)}, "the variable A: gone"),
        (2, {"env": (("B", "2"), ("A", "1"))}, "the order is another"),
        (5, {"staged": (replace(REQUIREMENTS, data=b"x"), SETUP)},
         "polyaxon_requirements.txt: content"),
        (5, {"staged": (replace(REQUIREMENTS, executable=True), SETUP)},
         "polyaxon_requirements.txt: mode"),
        (5, {"staged": (SETUP,)}, "polyaxon_requirements.txt: gone"),
        (7, {"staged": (REQUIREMENTS, SETUP, StagedFile("x", b""))}, "x: new"),
        (8, {"steps": (PLAN.steps[0], "pip install b")}, "the step was: pip install a"),
        (9, {"steps": (*PLAN.steps, "true")}, "the step is new"),
        (7, {"steps": ("true", *PLAN.steps)}, "the step is new"),
        (7, {"steps": PLAN.steps[1:]}, "the step pip install -r polyaxon_requirements.txt: gone"),
        (8, {"steps": PLAN.steps[:1]}, "the step pip install a: gone"),
        (7, {"steps": PLAN.steps[::-1]}, "the order is another"),
        (9, {"signature": "t"}, "train.py: content"),
        (9, {"owner": "1:1"}, "the owner of the code is another"),
    ],
)  # fmt: skip
def test_the_first_that_is_another_says_why(first: int, changed: dict[str, Any], why: str) -> None:
    reason_of = told(**changed)
    assert min(reason_of) == first
    assert reason_of[first] == why


def test_what_follows_has_the_reason_of_the_first_unless_it_has_its_own() -> None:
    reason_of = told("t", steps=("pip install b", PLAN.steps[1]))
    was = "was: pip install -r polyaxon_requirements.txt"
    assert reason_of == {7: f"the step {was}", 8: f"step 7 {was}", 9: "train.py: content"}
    assert told(base_id="x")[7] == "python:3.11 is another image now"


def test_a_base_whose_id_is_not_known_is_the_same_by_its_name() -> None:
    assert told(base_id="") == {}
    assert told(base_id="", base="x")[1] == "the base image was python:3.11"


def test_of_a_dockerfile_of_the_projects_own_the_tree_is_known() -> None:
    def made(own: Own, signature: str) -> Made:
        return Made.of(ImagePlan("", (), (), (), own=own), signature, "id")

    old = made(Own("Dockerfile"), "s")
    assert reasons(old, made(Own("Dockerfile"), "s")) == {}
    assert reasons(old, made(Own("Dockerfile"), "t"), "Dockerfile: content") == {
        2: "Dockerfile: content"
    }
    assert reasons(old, made(Own("gpu/Dockerfile", "gpu"), "s"))[1] == (
        "the step was: Dockerfile in ."
    )


def test_values_of_variables_are_not_kept() -> None:
    made = Made.of(replace(PLAN, env=(("TOKEN", "s3cret"),)), "s")
    assert "s3cret" not in repr(made)


def test_a_long_step_is_cut() -> None:
    long = ("echo " + "x" * 500,)
    old, new = Made.of(replace(PLAN, steps=long), "s"), Made.of(replace(PLAN, steps=("a",)), "s")
    assert len(reasons(old, new)[7]) < 130


def listing(*entries: tuple[str, str, int, str]) -> Listing:
    made = tuple(
        Entry(path, kind, mode, 1, content, (0, 0, 0, 0))  # type: ignore[arg-type]
        for path, kind, mode, content in sorted(entries)
    )
    return Listing(made, "", len(made), 1)


A = ("a.py", "file", 0o644, "1")


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ([A], [("a.py", "file", 0o644, "2")], "a.py: content"),
        ([A], [("a.py", "file", 0o755, "1")], "a.py: mode"),
        ([A], [("a.py", "link", 0o644, "b")], "a.py: a link now"),
        ([("l", "link", 0o777, "a")], [("l", "link", 0o777, "b")], "l: target"),
        ([A, ("x", "dir", 0o755, "")], [A, ("x", "file", 0o644, "1")], "x: a file now"),
        ([A], [A, ("x", "dir", 0o755, ""), ("x/b", "file", 0o644, "1")], "x/b: new"),
        ([A, ("b.py", "file", 0o644, "1"), ("c.py", "file", 0o644, "1")],
         [("b.py", "file", 0o755, "1"), ("c.py", "file", 0o644, "1"), ("d", "file", 0o644, "1")],
         "3 files: a.py gone, b.py mode, d new"),
        ([], [(f"{n:04}", "file", 0o644, "1") for n in range(1200)],
         "1,200 files: 0000 new, 0001 new, 0002 new, …"),
        ([A], [A], "the code"),
    ],
)  # fmt: skip
def test_what_changed_in_the_code(
    old: list[tuple[str, str, int, str]], new: list[tuple[str, str, int, str]], wanted: str
) -> None:
    assert code_change(listing(*old), listing(*new)) == wanted


def test_entries_that_two_looks_share_are_not_compared_again(tmp_path: Path) -> None:
    for name in ("a/x.py", "a/y.py", "b.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    old = look(tmp_path, Limits())
    (tmp_path / "a" / "y.py").unlink()
    (tmp_path / "b.py").write_text("other")
    new = look(tmp_path, Limits(), previous=old)
    assert code_change(old, new) == "2 files: a/y.py gone, b.py content"
    assert code_change(old, old) == "the code"
