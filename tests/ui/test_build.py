"""Build: what each step cost and why, what goes on, what failed of what, and what is good."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest
from rich.cells import cell_len

from pxtui import events as e
from pxtui.state import Build as BuildState
from pxtui.state import State, apply
from pxtui.ui import run_actions
from pxtui.ui.app import PxtuiApp
from pxtui.ui.panes.build_steps import failure, step_rows
from pxtui.ui.prospect import image_words, prospect, run_words
from tests.ui import example as x
from tests.ui import scenes
from tests.ui.seeing import press, until, words
from tests.ui.stub import StubSession, write_log
from tests.ui.test_editor import SuspendedApp

READY = (*x.OPENED, x.TRUSTED)
START = e.Started("build", "b2", 1, "asked", x.NOW - 20, x.current_target())


def end(outcome: e.Outcome, message: str = "", **more: object) -> e.Finished:
    made = e.Finished("build", "b2", outcome, None, None, 6.0, message, None, x.NOW)
    return replace(made, **more)  # type: ignore[arg-type]


def state(*events: e.Event) -> State:
    made = State()
    for event in events:
        made = apply(made, event)
    return made


def rows(
    *steps: e.Step, width: int = 100, most: int = 20, finished: e.Finished | None = None
) -> list[str]:
    build = BuildState(START, steps, finished=finished)
    made = step_rows(build, width, most, 4.2)
    texts = ["".join(piece.text for piece in one) for one in made]
    assert all(cell_len(text) <= width for text in texts)
    return [text.rstrip() for text in texts]


def of(*events: e.Event, finished: e.Finished | None = None, width: int = 100) -> list[str]:
    build = state(START, *events, *([finished] if finished else [])).build
    assert build is not None
    return rows(*build.steps, width=width, finished=build.finished)


PIP = x.step("b2", 4, x.STEPS[3], seconds=12.0, total=5, usual=11.2)
GOING = replace(PIP, state="started", seconds=None)
COPY = x.step("b2", 3, x.STEPS[2], seconds=0.4, total=5, usual=0.3, why="f.txt: content")
CACHED = x.step("b2", 2, "WORKDIR /code", cached=True, seconds=0.0, total=5, why="old")


def test_figures_stand_in_columns_and_the_reason_below_the_first_uncached_step() -> None:
    sizes = end("done", sizes=((3, 41), (4, 86_000_000)))
    shown = of(CACHED, COPY, PIP, finished=sizes)
    assert shown[0].startswith(" ✓  2/5  WORKDIR /code  ")
    assert shown[1].startswith(" ✓  3/5  COPY polyaxon_requirements.txt /code/  ")
    assert shown[2] == "         because f.txt: content"
    assert shown[3].endswith("+86 MB    12 s · usually 11 s")
    assert len(shown) == 4
    assert shown[1].index("+41 B") + 5 == shown[3].index("+86 MB") + 6
    ends = [shown[0].index("cached") + 6, shown[1].index("0.4 s") + 5, shown[3].index("12 s") + 4]
    assert len(set(ends)) == 1
    assert "usually 0.3 s" not in shown[1]


def test_what_goes_on_is_told_beside_what_is_usual() -> None:
    assert of(CACHED, GOING)[-1].endswith(" 4 s of about 11 s")
    assert of(CACHED, replace(GOING, usual=None))[-1].endswith("  4 s")
    assert of(CACHED, replace(GOING, usual=0.04))[-1].endswith("  4 s")
    narrow = of(CACHED, GOING, width=46)
    assert narrow[-1] == " ●  4/5  RUN pip install -…  4 s of about 11 s"


def test_where_there_is_little_room_texts_are_cut_before_figures() -> None:
    done = of(CACHED, COPY, PIP, finished=end("done", sizes=((4, 86_000_000),)), width=46)
    assert done[-1] == " ✓  4/5  RUN pip install -r p…  +86 MB    12 s"
    assert of(PIP, width=30)[-1].endswith("12 s")


def test_a_step_that_failed_is_told_whole_and_the_first_ones_give_way() -> None:
    text = "pip install -r a.txt && \\\n" + " ".join(f"word{i}" for i in range(30)) + "\x1b[31m"
    failed = x.step("b2", 4, text, state="failed", seconds=5.2, total=5, usual=11.0)
    shown = of(CACHED, COPY, failed, finished=end("failed"), width=60)
    assert shown[3].startswith(" ✗  4/5  pip install -r a.txt && \\ ")
    assert shown[3].endswith("5.2 s")
    told = " ".join(line.strip() for line in shown[4:])
    assert told == " ".join(f"word{i}" for i in range(30)) + "␛[31m"
    few = rows(CACHED, COPY, failed, width=60, most=8)
    assert few[0] == "    2 steps before these"
    assert few[1].startswith(" ✗  4/5")
    endless = replace(failed, text="\n".join(map(str, range(5000))))
    assert of(endless)[-1].strip() == "and 4,988 rows more"


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (f"step 4 of 5 failed, exit code 1: {x.STEPS[3]} → no such package: choose → another",
         ("step 4 of 5 failed, exit code 1", "no such package: choose → another")),
        (f"step 4 of 5 failed, exit code 1: {x.STEPS[3]}", ("step 4 of 5 failed, exit code 1", "")),
        ("the engine is gone: → why", ("the engine is gone: → why", "")),
        ("", ("", "")),
    ],
)  # fmt: skip
def test_the_cause_is_told_without_the_text_that_stands_below(
    message: str, told: tuple[str, str]
) -> None:
    finished = end("failed", message)
    step = x.step("b2", 4, x.STEPS[3], state="failed", total=5)
    assert failure(BuildState(START, (step,), finished=finished), finished) == told


def test_the_newest_good_image_and_what_r_does_after_a_failed_build() -> None:
    built = x.built()[0]
    assert isinstance(built, e.Started)
    older = replace(built, target="older")
    failed = x.step("b2", 4, x.STEPS[3], state="failed", total=5)
    good = (*READY, older, *x.built()[1:])
    after = state(*good, START, failed, end("failed"))
    clock = time.strftime("%H:%M:%S", time.localtime(x.NOW - 159))
    assert image_words(after, x.NOW) == (f"{clock} · 3 min ago", "")
    assert run_words(after) == "build again, then run"
    changed = apply(after, replace(x.TREE, signature="1" * 64))
    assert run_words(changed) == "build, then run"
    assert image_words(state(*READY), x.NOW) == ("none yet", "")
    seen = e.ImageSeen("sha256:9", x.current_target())
    assert image_words(state(*READY, seen), x.NOW) == ("one from before", "")
    then = (f"{clock} · 3 min ago", " (of an earlier session)")
    ended = end("failed", good=("sha256:9", x.NOW - 159))
    assert image_words(state(*READY, START, failed, ended), x.NOW) == then
    assert image_words(state(*READY, seen, START, failed, ended), x.NOW) == then
    other = replace(ended, good=("sha256:8", x.NOW - 159))
    assert image_words(state(*READY, seen, START, other), x.NOW) == ("one from before", "")
    assert image_words(state(*good, START, other), x.NOW) == (f"{clock} · 3 min ago", "")
    anew = state(*READY, *x.built(), START, failed, end("failed"))
    assert run_words(anew) == "run"


def test_an_image_that_is_found_again_keeps_its_time() -> None:
    found = replace(end("skipped"), image="sha256:1")
    again = state(*READY, *x.built(), START, found)
    assert again.image is not None
    assert again.image.at == x.NOW - 159
    other = state(*READY, *x.built(), START, replace(found, image="sha256:2"))
    assert other.image is not None
    assert other.image.at == 0


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_the_good_image_of_an_earlier_session_is_named_on_the_screen(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    session = StubSession(tmp_path, *READY, logs=tmp_path)
    app = PxtuiApp(session, now=lambda: x.NOW)
    async with app.run_test(size=size) as pilot:
        failed = x.step("b2", 4, x.STEPS[3], state="failed", total=5)
        session.tell(START, failed, end("failed", "no", good=("sha256:9", x.NOW - 2400)))
        await until(pilot, lambda: " · 40 min ago" in words(app))
        assert ("(of an earlier session)" in words(app)) == (size == (120, 40))
        assert "(of an…" not in words(app)


async def test_a_pull_is_what_the_build_does_before_its_steps(tmp_path: Path) -> None:
    write_log(
        tmp_path / "build" / "b2",
        (x.NOW, "stdout", "pulling big/base:1\na1b2: Already exists\n"),
        (x.NOW, "stdout", "34 MB of 120 MB in 5 layers\n"),
    )
    session = StubSession(tmp_path, *READY, logs=tmp_path)
    app = PxtuiApp(session, now=lambda: x.NOW)
    async with app.run_test(size=(80, 24)) as pilot:
        session.tell(START)
        await until(pilot, lambda: words(app).count("34 MB of 120 MB in 5 layers") == 2)
        assert words(app).count("pulling big/base:1") == 2
        session.tell(x.step("b2", 1, x.STEPS[0], state="started", seconds=None))
        await until(pilot, lambda: words(app).count("34 MB of 120 MB in 5 layers") == 1)


async def test_a_failed_build_says_why_and_what_is_next(tmp_path: Path) -> None:
    session = StubSession(tmp_path, *READY, logs=tmp_path)
    app = PxtuiApp(session, now=lambda: x.NOW)
    async with app.run_test(size=(120, 40)) as pilot:
        session.tell(*scenes._build_failed(tmp_path))
        last = "No matching distribution found for scikit-learn==0.99"
        await until(pilot, lambda: "E opens a shell before step 4" in words(app))
        await until(pilot, lambda: last in words(app))
        screen = words(app)
        assert "✗ step 4 of 5 failed, exit code 1 · " in screen
        assert "only 0.9 to" in screen
        assert "3 min ago · r build again, then run" in screen
        assert "build failed   6.0 s  step 4 of 5" in screen
        assert "lacks last change" in screen


@pytest.mark.parametrize("text", ["\x1b]52;c;eA==\x07", "[red]not markup[/]", "a\u202eb"])
async def test_foreign_text_is_only_text(tmp_path: Path, text: str) -> None:
    session = StubSession(tmp_path, *READY, logs=tmp_path)
    app = PxtuiApp(session, now=lambda: x.NOW)
    failed = x.step("b2", 2, text, state="failed", why=text)
    message = f"step 2 of 4 failed, exit code 1: {text} → {text}"
    async with app.run_test(size=(120, 40)) as pilot:
        session.tell(START, x.step("b2", 1, text, why=text), failed, end("failed", message))
        await until(pilot, lambda: "step 2 of 4 failed" in words(app))
        assert not any(c in words(app) for c in "\x1b\x07\u202e")


async def test_the_shell_gets_the_terminal_and_only_after_a_failed_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, ...]] = []

    def child(root: Path, now: State, what: tuple[str, ...]) -> list[str]:
        asked.append(what)
        return ["true"]

    monkeypatch.setattr(run_actions, "child_command", child)
    session = StubSession(tmp_path, *READY, logs=tmp_path)
    app = SuspendedApp(session, now=lambda: x.NOW)
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, "E")
        await until(
            pilot, lambda: "no run is going, and no step of the newest build failed" in words(app)
        )
        session.tell(*scenes._build_failed(tmp_path))
        await until(pilot, lambda: "E opens a shell" in words(app))
        await press(pilot, "colon", *"shell-before", "enter")
        await until(pilot, lambda: "the shell has ended" in words(app))
        assert asked == [("build", "--shell-before=4")]
        assert not app.terminal_lent
        session.tell(scenes.LOCAL)
        await press(pilot, "E")
        await until(pilot, lambda: "this needs a container engine" in words(app))
        assert len(asked) == 1


def shown(now: State) -> list[str]:
    return ["".join(piece.text for piece in one) for one in prospect(now)]


def test_a_run_that_follows_the_build_is_told() -> None:
    wish = e.Wished("run", "asked")
    going = state(*READY, START)
    assert shown(going)[0] == " r  run after this build"
    assert shown(apply(going, wish))[0] == " r  a run follows, with the values of then"
    assert run_words(apply(going, wish)) == "a run follows this build"
    asking = apply(apply(going, wish), e.Asked("q", "busy", "", (), (), "queue"))
    for other in (asking, apply(going, e.Wished("build", "asked")), state(*READY, wish)):
        assert "follows" not in shown(other)[0]


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_second_r_during_a_build_is_answered(size: tuple[int, int]) -> None:
    session = StubSession(Path("/p"), *READY, replace(START, at=x.NOW - 3))
    app = PxtuiApp(session, now=lambda: x.NOW)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: "● building  0:03" in words(app))
        assert "then run" not in words(app)
        await press(pilot, "r")
        assert "a run follows this build already" not in words(app)
        session.tell(e.Wished("run", "asked"))
        await until(pilot, lambda: "● building  0:03 · then run" in words(app))
        await press(pilot, "r")
        told = "a run follows this build already: it takes the values and code of its end"
        await until(pilot, lambda: told in words(app))
        assert session.asked == [("run",), ("run",)]  # the tree is looked at anew
