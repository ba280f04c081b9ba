"""The watch in a session: its pause, the loop guard, what was changed elsewhere, idle looks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from pxtui import project
from pxtui.engine.fake import Script
from pxtui.events import Changed, Dropped, Finished, Held, Pending, Wished
from pxtui.session import looking
from pxtui.settings import Settings
from tests.session.conftest import ENDLESS, Driven, Open

Make = Callable[..., Path]


async def watched(driven: Driven, mode: str = "build") -> None:
    """Watch, and wait for the first image."""
    driven.session.watch("run" if mode == "run" else "build")
    await driven.trusted()
    await driven.until(lambda: driven.state.image_is_current and not driven.state.building)


def has_pending(driven: Driven, name: str = "") -> bool:
    """Whether anything, or this file, waits for the end of a pause."""
    pending = driven.state.pending
    return pending is not None and (name in pending.paths if name else bool(pending.total))


def is_held(driven: Driven, builds: int | None = None) -> bool:
    """Whether the watch pauses, or more was built than so often."""
    more = builds is not None and len(driven.engine.requests) > builds
    return driven.state.held is not None or more


def facts(driven: Driven) -> set[str]:
    """What the pause shows as another thing."""
    held = driven.state.held
    return {label for label, _ in held.facts} if held is not None else set()


async def test_a_pause_keeps_what_changes_and_going_on_builds_it_once(
    make_project: Make, opened: Open
) -> None:
    root = make_project()
    async with opened(root) as driven:
        await watched(driven)
        builds = len(driven.engine.requests)
        driven.session.pause()
        await driven.until(lambda: driven.state.held)
        assert driven.state.pending == Pending((), 0)
        for name in ("train.py", "new.py"):
            (root / name).write_text("print('changed')\n")
            await driven.until(partial(has_pending, driven, name))
        assert driven.state.pending == Pending(("new.py", "train.py"), 2)
        (root / "new.py").unlink()
        await driven.until(lambda: driven.state.pending == Pending(("train.py",), 1))
        changed = [e for e in driven.told if isinstance(e, Changed)]
        assert {e.leads_to for e in changed} == {"none"}
        assert len(driven.engine.requests) == builds
        driven.session.pause()
        await driven.finished(2, phase="build")
        await driven.until(lambda: driven.state.image_is_current and not driven.state.building)
        assert len(driven.engine.requests) == builds + 1
        assert driven.state.held is None
        assert driven.state.pending is None


async def test_going_on_with_nothing_changed_does_nothing(make_project: Make, opened: Open) -> None:
    root = make_project()
    async with opened(root) as driven:
        await watched(driven)
        builds = len(driven.engine.requests)
        before = (root / "train.py").read_text()
        driven.session.pause()
        await driven.until(lambda: driven.state.held)
        (root / "train.py").write_text("print('tried')\n")
        await driven.until(lambda: has_pending(driven))
        (root / "train.py").write_text(before)
        await driven.until(lambda: not has_pending(driven))
        driven.session.pause()
        await driven.until(lambda: driven.state.held is None)
        await driven.session.ready()
        assert len(driven.engine.requests) == builds
        assert driven.state.wish is None


async def test_a_command_that_changed_in_a_pause_runs_after_it(
    make_project: Make, opened: Open
) -> None:
    root = make_project()
    async with opened(root) as driven:
        await watched(driven, "run")
        await driven.finished()
        driven.session.pause()
        await driven.until(lambda: driven.state.held)
        file = root / "polyaxonfile.yml"
        file.write_text(file.read_text().replace("lr: 0.1", "lr: 0.7"))
        await driven.until(lambda: driven.state.pending == Pending(("polyaxonfile.yml",), 1))
        assert len(driven.engine.specs) == 1
        driven.session.pause()
        await driven.finished(2)
        assert '--lr="0.7"' in driven.engine.specs[-1].cmd


async def test_the_person_can_run_in_a_pause_and_it_stays(make_project: Make, opened: Open) -> None:
    root = make_project()
    async with opened(root) as driven:
        await watched(driven)
        driven.session.pause()
        await driven.until(lambda: driven.state.held)
        (root / "train.py").write_text("print('changed')\n")
        await driven.until(lambda: has_pending(driven))
        driven.session.run()
        await driven.finished()
        assert driven.state.held is not None
        driven.session.watch("off")
        await driven.until(lambda: driven.state.held is None)


async def test_an_image_that_was_changed_elsewhere_pauses_with_what_it_was(
    make_project: Make, opened: Open
) -> None:
    root = make_project()
    async with opened(root) as driven:
        await watched(driven)
        builds = len(driven.engine.requests)
        file = root / "polyaxonfile.yml"
        file.write_text(file.read_text().replace("python:3.11-slim", "evil:1"))
        await driven.until(lambda: driven.state.held)
        held = driven.state.held
        assert held is not None
        assert held.facts == (("image", "python:3.11-slim → evil:1"),)
        assert driven.state.pending == Pending(("polyaxonfile.yml",), 1)
        assert len(driven.engine.requests) == builds
        driven.session.pause()
        await driven.until(lambda: len(driven.engine.requests) == builds + 1)
        assert driven.engine.requests[-1].plan.base == "evil:1"
        assert driven.state.held is None


async def test_what_is_changed_back_needs_no_answer(make_project: Make, opened: Open) -> None:
    root = make_project()
    async with opened(root) as driven:
        await watched(driven)
        builds = len(driven.engine.requests)
        file = root / "polyaxonfile.yml"
        good = file.read_text()
        file.write_text(good.replace("python:3.11-slim", "evil:1"))
        await driven.until(lambda: driven.state.held)
        (root / "train.py").write_text("print('changed')\n")
        await driven.until(lambda: has_pending(driven, "train.py"))
        file.write_text(good)
        await driven.until(lambda: len(driven.engine.requests) > builds)
        assert driven.engine.requests[-1].plan.base == "python:3.11-slim"
        assert driven.state.held is None


async def test_the_persons_own_run_agrees_to_what_is_on_the_screen(
    make_project: Make, opened: Open
) -> None:
    root = make_project()
    async with opened(root) as driven:
        await watched(driven)
        file = root / "polyaxonfile.yml"
        file.write_text(file.read_text().replace("python:3.11-slim", "other:1"))
        await driven.until(lambda: driven.state.held)
        driven.session.run()
        await driven.finished()
        assert driven.state.held is None
        (root / "train.py").write_text("print('changed')\n")
        await driven.until(lambda: len(driven.engine.requests) == 3)
        assert driven.state.held is None


async def test_what_is_changed_in_the_form_or_decided_here_never_pauses(
    make_project: Make, opened: Open
) -> None:
    root = make_project()
    (root / "data").symlink_to("/srv")
    settings = replace(Settings(), watch_confirm="always")
    async with opened(root, settings=settings) as driven:
        await watched(driven, "run")
        await driven.finished()
        driven.session.edit(("declarations", "lr"), "0.7")
        driven.session.save()
        await driven.until(lambda: "lr: 0.7" in (root / "polyaxonfile.yml").read_text())
        driven.session.decide("link data /srv", "mount")
        await driven.until(lambda: driven.state.surroundings.mounts)
        (root / "train.py").write_text("print('changed')\n")
        await driven.until(lambda: len(driven.engine.requests) == 2)
        assert not driven.of(Held)


async def test_commands_that_change_are_followed_or_confirmed_as_the_person_wants(
    make_project: Make, opened: Open
) -> None:
    for confirm, pauses in (("risky", False), ("always", True)):
        root = make_project(name=confirm)
        settings = replace(Settings(), watch_confirm=confirm)
        async with opened(root, settings=settings) as driven:
            await watched(driven, "run")
            await driven.finished()
            (root / "polyaxon_requirements.txt").write_text("seven\n")
            if pauses:
                await driven.until(partial(is_held, driven))
            else:
                await driven.finished(2)
            assert bool(driven.of(Held)) is pauses


async def test_a_branch_with_other_commands_pauses(make_project: Make, opened: Open) -> None:
    root = make_project()
    async with opened(root) as driven:
        await watched(driven)
        async with driven.session._parts.looking:  # one burst, as git makes it
            file = root / "polyaxonfile.yml"
            file.write_text(file.read_text().replace("train.py", "other.py"))
            for n in range(30):
                (root / f"module{n}.py").write_text("x")
        await driven.until(lambda: driven.state.held)
        assert driven.state.held is not None
        assert driven.state.held.text == "command changed outside of pxtui, with 30 other files"
        assert driven.state.pending is not None
        assert driven.state.pending.total == 31
        assert len(driven.state.pending.paths) == 20


async def test_a_pause_shows_what_is_another_thing_by_now(make_project: Make, opened: Open) -> None:
    root = make_project()
    async with opened(root) as driven:
        await watched(driven)
        builds = len(driven.engine.requests)
        file = root / "polyaxonfile.yml"
        good = file.read_text()
        file.write_text(good.replace("python:3.11-slim", "other:1"))
        await driven.until(lambda: facts(driven) == {"image"})
        async with driven.session._parts.looking:
            file.write_text(good.replace("train.py", "evil.py"))
            for n in range(30):
                (root / f"module{n}.py").write_text("x")
        await driven.until(lambda: facts(driven) == {"command"})
        assert len(driven.engine.requests) == builds
        driven.session.pause()
        await driven.finished(2, phase="build")
        assert driven.state.held is None


async def test_the_end_of_a_pause_shows_another_plan_first(
    make_project: Make, opened: Open
) -> None:
    root = make_project()
    async with opened(root) as driven:
        await watched(driven)
        builds = len(driven.engine.requests)
        driven.session.pause()
        await driven.until(lambda: driven.state.held)
        file = root / "polyaxonfile.yml"
        file.write_text(file.read_text().replace("python:3.11-slim", "other:1"))
        await driven.until(partial(has_pending, driven))
        driven.session.pause()
        await driven.until(lambda: facts(driven) == {"image"})
        assert len(driven.engine.requests) == builds
        driven.session.pause()
        await driven.finished(2, phase="build")
        assert driven.engine.requests[-1].plan.base == "other:1"


async def test_a_loop_pauses_names_the_file_and_leaves_it_out(
    make_project: Make, opened: Open
) -> None:
    root = make_project()
    async with opened(root) as driven:
        await watched(driven)
        out = root / "out.log"
        for n in range(20):
            before = len(driven.engine.requests)
            out.write_text(f"{n}")
            await driven.until(partial(is_held, driven, before))
            if driven.state.held:
                break
        assert driven.state.held is not None
        assert (driven.state.held.why, driven.state.held.path) == ("loop", "out.log")
        assert len(driven.engine.requests) <= 4
        driven.session.pause(leave_out=True)
        await driven.until(lambda: driven.state.held is None)
        await driven.until(lambda: driven.state.image_is_current and not driven.state.building)
        builds, looks = len(driven.engine.requests), len(driven.of(Changed))
        out.write_text("again")
        driven.session.reload()
        await driven.session.ready()
        assert len(driven.engine.requests) == builds
        assert len(driven.of(Changed)) == looks
        assert any(need.id == "loop out.log" for need in driven.state.needs)


async def test_without_a_person_only_the_change_is_left_out(
    make_project: Make, opened: Open
) -> None:
    root = make_project()
    async with opened(root, attended=False) as driven:
        driven.session.consent()
        driven.session.watch("run")
        await driven.finished()
        file = root / "polyaxonfile.yml"
        good = file.read_text()
        file.write_text(good.replace("python:3.11-slim", "evil:1"))
        await driven.until(lambda: driven.of(Dropped))
        (dropped,) = driven.of(Dropped)
        assert isinstance(dropped, Dropped)
        assert dropped.message == "image changed outside of pxtui"
        assert (dropped.goal, dropped.severity) == ("run", "info")
        file.write_text(good)
        (root / "train.py").write_text("print('changed')\n")
        await driven.finished(2)
        assert {request.plan.base for request in driven.engine.requests} == {"python:3.11-slim"}


@pytest.mark.parametrize("mode", ["build", "run"])
async def test_without_a_person_a_loop_is_built_when_it_is_over(
    mode: str, make_project: Make, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "IDLE", 0.3)
    monkeypatch.setattr(looking, "IDLE_SHARE", 1)
    root = make_project()
    async with opened(root, attended=False) as driven:
        driven.session.consent()
        driven.session.watch("run" if mode == "run" else "build")
        await driven.finished(phase="build")
        for n in range(20):
            before = len(driven.engine.requests)
            (root / "out.log").write_text(f"{n}")
            await driven.until(
                partial(lambda b: len(driven.engine.requests) > b or driven.of(Dropped), before)
            )
            if driven.of(Dropped):
                break
        (dropped,) = driven.of(Dropped)
        assert isinstance(dropped, Dropped)
        assert dropped.message.startswith("out.log changed soon after the start of 3 ")
        await driven.until(lambda: driven.state.image_is_current and not driven.state.building)
        *_, last = driven.of(Wished)
        assert isinstance(last, Wished)
        assert last.goal == "build", "a run that changes its own code would begin anew"


async def test_what_follows_while_a_run_goes_is_remembered(
    make_project: Make, opened: Open
) -> None:
    root = make_project()
    async with opened(root, ENDLESS) as driven:
        assert driven.state.watching.on_busy == "queue"
        driven.session.watch("off", "ignore")
        await driven.until(lambda: driven.state.watching.on_busy == "ignore")
    assert project.read_on_busy(project.find(root).places) == "ignore"
    async with opened(root) as driven:
        assert driven.state.watching.on_busy == "ignore"
    async with opened(root, attended=False) as driven:
        assert driven.state.watching.on_busy == "queue", "a command has its own option"


async def test_a_change_that_nobody_hinted_is_found(
    make_project: Make, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "IDLE", 0.1)
    monkeypatch.setattr(looking, "IDLE_SHARE", 1)
    root = make_project()
    async with opened(root, Script(step_seconds=0.005)) as driven:
        await watched(driven)
        assert driven.session._parts.tree._watcher is not None
        driven.session._parts.tree._watcher.close()
        (root / "train.py").write_text("print('changed')\n")
        done = await driven.finished(2, phase="build")
        assert [e.outcome for e in done] == ["done", "done"]
        assert isinstance(done[-1], Finished)
