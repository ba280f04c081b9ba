"""What makes the watch pause: loops, and plans that nobody here has agreed to."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from pxtui.events import Held, Phase
from pxtui.run import Mount, Surroundings
from pxtui.session.guard import MANY, SOON, TIMES, Guard, Plan

PLAN = Plan("python:3", "", "", "docker", Surroundings(), ("pip install x",), "train", "staged")
MANY_FILES = [f"file{n}" for n in range(MANY + 2)]


def guard(*, always: bool = False) -> Guard:
    one = Guard(confirm_always=always)
    one.agree(PLAN)
    return one


def judged(one: Guard, plan: Plan | None = PLAN, *paths: str, at: float = 1e9) -> Held | None:
    return one.judge(paths or ("train.py",), plan, at, "the command")


def test_the_same_plan_is_followed_however_many_files_change() -> None:
    assert judged(guard(always=True), PLAN, *MANY_FILES) is None


def test_another_place_pauses_with_what_was_and_is() -> None:
    changes: dict[str, tuple[Plan, str]] = {
        "image": (replace(PLAN, image="evil:1"), "python:3 → evil:1"),
        "engine": (replace(PLAN, engine="ssh://host"), "docker → ssh://host"),
        "dockerfile": (replace(PLAN, dockerfile="D"), "none → D"),
        "mounts": (
            replace(PLAN, surroundings=Surroundings(mounts=(Mount("/", "/host", True),))),
            "none → /:/host:rw",
        ),
        "user": (replace(PLAN, surroundings=Surroundings(user="0")), "none → 0"),
        "shm size": (
            replace(PLAN, surroundings=Surroundings(shm_size=2_000_000)),
            "none → 2.0 MB",
        ),
    }
    for label, (plan, text) in changes.items():
        held = judged(guard(), plan)
        assert held is not None
        assert (held.why, held.facts) == ("plan", ((label, text),))
        assert held.text == f"{label} changed outside of pxtui"


def test_a_plan_that_was_not_agreed_to_is_not_taken_by_asking_twice() -> None:
    one, other = guard(), replace(PLAN, image="evil:1")
    assert judged(one, other)
    assert judged(one, other)
    one.agree(other)
    assert judged(one, other) is None
    assert judged(one, PLAN)


def test_an_edit_of_the_commands_is_followed_and_a_burst_with_them_pauses() -> None:
    for other in (
        replace(PLAN, steps=("pip install y",)),
        replace(PLAN, command="other"),
        replace(PLAN, staged="other"),
    ):
        one = guard()
        assert judged(one, other, "polyaxonfile.yml", *MANY_FILES[:MANY]) is None
        assert judged(one, other) is None
        held = judged(guard(), other, "polyaxonfile.yml", *MANY_FILES)
        assert held is not None
        assert held.text.endswith(f", with {MANY + 2} other files")
        assert judged(guard(always=True), other)


def test_the_differences_of_steps_and_command_are_named() -> None:
    other = replace(PLAN, steps=("pip install y", "make"), command="rm")
    held = judged(guard(always=True), other)
    assert held is not None
    assert held.text == "steps and command changed outside of pxtui"
    assert held.facts == (
        ("steps", "no longer: pip install x"),
        ("steps", "new: pip install y"),
        ("steps", "new: make"),
        ("command", "now: the command"),
    )
    held = judged(guard(always=True), replace(PLAN, staged="other"))
    assert held is not None
    assert held.facts == (("what the steps read", "has other contents"),)


def test_what_is_changed_here_is_agreed_to_but_not_what_came_from_elsewhere() -> None:
    one, mine = guard(always=True), replace(PLAN, command="mine")
    one.edited(PLAN, mine)
    assert judged(one, mine) is None
    theirs = replace(mine, image="evil:1")
    assert judged(one, theirs)
    one.edited(theirs, replace(theirs, command="mine too"))
    assert judged(one, replace(theirs, command="mine too"))


def test_without_a_plan_nothing_is_judged() -> None:
    assert judged(guard(always=True), None) is None
    one = Guard(confirm_always=True)
    assert judged(one, PLAN) is None
    assert judged(one, replace(PLAN, command="other")), "the first plan seen is what it is held to"


def loop(one: Guard, phase: Phase, times: int, paths: list[str]) -> list[Held | None]:
    """So many jobs, 10 s apart, each with a change a second after its start."""
    held = []
    for n in range(times):
        one.started(phase, 10.0 * n)
        held.append(judged(one, PLAN, *paths, at=10.0 * n + 1))
    return held


def test_a_file_that_changes_at_three_jobs_is_a_loop() -> None:
    for phase in ("build", "run"):
        one = guard()
        held = loop(one, phase, TIMES, ["out.log", "train.py"])
        assert held[:-1] == [None] * (TIMES - 1)
        assert held[-1] is not None
        assert (held[-1].why, held[-1].path) == ("loop", "out.log")
        assert loop(one, phase, TIMES - 1, ["out.log"]) == [None] * (TIMES - 1), "counted anew"


def test_builds_and_runs_that_alternate_are_a_loop_too() -> None:
    one = guard()
    held = []
    for n in range(TIMES):
        one.started("build", 10.0 * n)
        one.started("run", 10.0 * n + 0.5)
        held.append(judged(one, PLAN, "out.log", at=10.0 * n + 1))
    assert [h is not None for h in held] == [False] * (TIMES - 1) + [True]


@given(st.lists(st.tuples(st.floats(SOON + 0.01, 9), st.integers(0, 1)), max_size=12))
def test_a_person_who_saves_is_no_loop(saves: list[tuple[float, int]]) -> None:
    """Saves that come later than SOON after the start, or of another file each time."""
    one = guard()
    for n, (after, soon) in enumerate(saves):
        one.started("build", 10.0 * n)
        at = 10.0 * n + (0.5 if soon else after)
        name = f"other{n}.py" if soon else "train.py"
        assert judged(one, PLAN, name, at=at) is None
