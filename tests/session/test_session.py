"""A session's life with the fake engine: consent, builds, runs, watch, edits, leaving."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from pxtui import history, project
from pxtui.engine.fake import FakeEngine, Script
from pxtui.events import Changed, Conflicted, Event, Queued, Saved, Started, Step
from pxtui.session import adopt
from pxtui.session.session import Session
from pxtui.state import State
from tests.session.conftest import ENDLESS, Open

Make = Callable[..., Path]
LR = ("declarations", "lr")


async def test_opening_runs_and_writes_nothing(make_project: Make, opened: Open) -> None:
    root = make_project()

    def facts() -> dict[Path, tuple[int, ...]]:
        found = {path: path.stat() for path in root.rglob("*")}  # reading them changes atime
        return {p: (s.st_mode, s.st_ino, s.st_size, s.st_ctime_ns) for p, s in found.items()}

    before = facts()
    async with opened(root) as driven:
        await driven.until(lambda: driven.state.tree and driven.state.engine)
        assert not driven.engine.requests
        assert not driven.engine.specs
    assert facts() == before


async def test_the_first_run_asks_once_then_builds_and_runs(
    make_project: Make, opened: Open
) -> None:
    root = make_project()
    async with opened(root) as driven:
        driven.session.run()
        await driven.trusted()
        (build,) = await driven.finished(phase="build")
        (run,) = await driven.finished()
        assert (build.outcome, run.outcome, run.exit_code) == ("done", "done", 0)
        assert driven.engine.specs[0].cmd == 'python3 train.py --batch_size="128" --lr="0.1"'
        driven.session.run()
        await driven.finished(2)
        assert len(driven.engine.requests) == 1, "nothing changed: no second build"
    async with opened(root, engine=driven.engine) as again:
        again.session.run()
        await again.finished()
        assert again.state.question is None, "consent is kept"


async def test_no_is_no(make_project: Make, opened: Open) -> None:
    async with opened(make_project()) as driven:
        driven.session.run()
        await driven.until(lambda: driven.state.question)
        assert driven.state.question
        driven.session.answer(driven.state.question.id, "no")
        await driven.until(lambda: driven.state.question is None)
        assert driven.state.wish is None
        assert not driven.engine.requests


async def test_an_edit_starts_nothing_and_is_what_runs_next(
    make_project: Make, opened: Open
) -> None:
    root = make_project()
    text = (root / "polyaxonfile.yml").read_bytes()
    async with opened(root) as driven:
        driven.session.edit(LR, "0.01")
        await driven.until(lambda: driven.state.edits)
        assert (root / "polyaxonfile.yml").read_bytes() == text
        driven.session.run()
        await driven.trusted()
        await driven.finished()
        assert driven.engine.specs[0].cmd.endswith('--lr="0.01"')
        (started,) = [e for e in driven.told if isinstance(e, Started) and e.phase == "run"]
        assert started.differs == (("lr", "0.01"),)


async def test_saving_changes_the_bytes_of_the_value_only(make_project: Make, opened: Open) -> None:
    root = make_project()
    file = root / "polyaxonfile.yml"
    before = file.read_bytes()
    async with opened(root) as driven:
        driven.session.edit(LR, "0.01")
        driven.session.save()
        await driven.until(lambda: driven.of(Saved))
        assert file.read_bytes() == before.replace(b"lr: 0.1", b"lr: 0.01")
        assert not driven.state.edits
        assert not driven.engine.requests


async def test_undo_redo_reset(make_project: Make, opened: Open) -> None:
    async with opened(make_project()) as driven:
        driven.session.edit(LR, "0.01")
        driven.session.edit(LR, "0.02")
        driven.session.undo()
        await driven.until(lambda: driven.state.edits == ((LR, "0.01"),))
        driven.session.redo()
        await driven.until(lambda: driven.state.edits == ((LR, "0.02"),))
        driven.session.reset(LR)
        await driven.until(lambda: driven.state.edits == ())


async def test_edits_made_at_once_are_undone_at_once(make_project: Make, opened: Open) -> None:
    async with opened(make_project()) as driven:
        driven.session.edit_all([(LR, "0.01"), (("declarations", "batch_size"), "1")])
        await driven.until(lambda: len(driven.state.edits) == 2)
        driven.session.undo()
        await driven.until(lambda: driven.state.edits == ())


async def test_edits_outlive_the_session_as_a_draft(make_project: Make, opened: Open) -> None:
    root = make_project()
    async with opened(root) as driven:
        driven.session.edit(LR, "0.01")
        await driven.until(lambda: driven.state.edits)
    async with opened(root) as again:
        assert again.state.edits == ((LR, "0.01"),)
        assert again.state.file_text, "the file is shown all the same"


async def test_a_value_that_changed_on_disk_too_is_asked_before_a_save(
    make_project: Make, opened: Open
) -> None:
    root = make_project()
    file = root / "polyaxonfile.yml"
    async with opened(root) as driven:
        driven.session.edit(LR, "0.01")
        await driven.until(lambda: driven.state.edits)
        file.write_text(file.read_text().replace("lr: 0.1", "lr: 0.3"))
        driven.session.save()
        await driven.until(lambda: any(e.saving for e in _conflicts(driven.told)))
        assert [c.theirs for c in driven.state.conflicts] == ["0.3"]
        assert "lr: 0.3" in file.read_text(), "never overwritten unseen"
        await driven.session.settle(driven.state.conflicts[0], "mine")
        driven.session.save()
        await driven.until(lambda: driven.of(Saved))
        assert not driven.state.conflicts
        assert "lr: 0.01" in file.read_text()


def _conflicts(told: list[Event]) -> list[Conflicted]:
    return [e for e in told if isinstance(e, Conflicted)]


def _in_place(file: Path, text: str) -> None:
    file.write_text(text)


def _by_rename(file: Path, text: str) -> None:
    other = file.with_name("4913~")
    other.write_text(text)
    other.replace(file)


def _away_and_back(file: Path, text: str) -> None:
    file.rename(file.with_name("polyaxonfile.yml~"))
    file.write_text(text)


@pytest.mark.parametrize("write", [_in_place, _by_rename, _away_and_back])
@pytest.mark.parametrize("linked", [False, True])
async def test_the_file_is_read_again_whenever_an_editor_writes_it(
    make_project: Make,
    opened: Open,
    tmp_path: Path,
    write: Callable[[Path, str], None],
    linked: bool,
) -> None:
    root = make_project()
    file = root / "polyaxonfile.yml"
    if linked:  # it lies where nothing is watched
        real = tmp_path / "elsewhere" / "real.yml"
        real.parent.mkdir()
        file.rename(real)
        file.symlink_to(real)
        file = real
    async with opened(root) as driven:
        for number in range(1, 4):
            text = re.sub("lr: .*", f"lr: 0.{number}7", file.read_text())
            write(file, text)
            expected = f"0.{number}7"
            await driven.until(lambda: _lr(driven.state) == expected)  # noqa: B023
        assert driven.state.file_text
        assert driven.state.file_text.text == text
        assert not driven.engine.requests


def _lr(state: State) -> str:
    declared = state.reading.declarations if state.reading else ()
    return next((d.text for d in declared if d.name == "lr"), "")


async def test_a_failing_step_runs_nothing(make_project: Make, opened: Open) -> None:
    async with opened(make_project(), Script(step_seconds=0.001, fail_step=3)) as driven:
        driven.session.run()
        await driven.trusted()
        (build,) = await driven.finished(phase="build")
        assert build.outcome == "failed"
        assert build.exit_code == 1
        await driven.until(lambda: driven.state.wish is None)
        assert not driven.engine.specs


async def test_stop_ends_the_run_as_cancelled(make_project: Make, opened: Open) -> None:
    async with opened(make_project(), ENDLESS) as driven:
        driven.session.run()
        await driven.trusted()
        await driven.speaks()
        driven.session.stop()
        (run,) = await driven.finished()
        assert (run.outcome, run.exit_code) == ("cancelled", 143)


async def test_stop_kills_after_the_grace(make_project: Make, opened: Open) -> None:
    script = Script(step_seconds=0.001, line_seconds=0.01, endless=True, ignores_term=True)
    async with opened(make_project(), script) as driven:
        driven.session.run()
        await driven.trusted()
        await driven.speaks()
        driven.session.stop()
        (run,) = await driven.finished()
        assert (run.outcome, run.exit_code) == ("cancelled", 137)


async def test_a_run_asked_for_while_one_is_going_waits_with_its_own_values(
    make_project: Make, opened: Open
) -> None:
    async with opened(make_project(), ENDLESS) as driven:
        driven.session.run()
        await driven.trusted()
        await driven.until(lambda: driven.state.runs)
        driven.session.edit(LR, "0.5")
        driven.session.run()
        await driven.until(lambda: driven.state.question)
        assert driven.state.question
        driven.session.answer(driven.state.question.id, "queue")
        await driven.until(lambda: driven.state.queue)
        driven.session.edit(LR, "0.7")
        driven.session.stop()
        await driven.until(lambda: len(driven.engine.specs) == 2)
        assert '--lr="0.5"' in driven.engine.specs[1].cmd
        driven.session.stop()


async def test_watch_rebuilds_and_leaves_the_run_alone(make_project: Make, opened: Open) -> None:
    root = make_project()
    async with opened(root, ENDLESS) as driven:
        driven.session.run()
        await driven.trusted()
        await driven.until(lambda: driven.state.runs)
        driven.session.watch("run")
        await driven.until(lambda: driven.state.watching.mode == "run")
        for n in range(10):
            (root / "train.py").write_text(f"print({n})\n")
        await driven.until(lambda: driven.state.queue)
        changed = [e for e in driven.told if isinstance(e, Changed)]
        assert changed[0].paths == ("train.py",)
        assert changed[0].leads_to == "run"
        assert [r.started.number for r in driven.state.runs] == [1]
        assert len(driven.engine.requests) <= 3, "ten saves are one, or one and a late one"
        newest = driven.engine.requests[-1].listing.signature
        driven.session.stop()
        await driven.until(lambda: len(driven.engine.specs) == 2)
        assert driven.engine.specs[1].image.endswith(newest[:8])
        driven.session.watch("off")
        driven.session.stop()


async def test_what_a_change_during_a_build_leads_to(make_project: Make, opened: Open) -> None:
    """Code alone lets the steps come to their end; what the steps depend on begins them anew."""
    root = make_project()
    async with opened(root, Script(step_seconds=0.3)) as driven:
        driven.session.watch("build")
        await driven.trusted()
        await driven.until(lambda: driven.state.building)
        (root / "train.py").write_text("print('new')\n")
        first, second = await driven.finished(2, phase="build")
        assert (first.outcome, second.outcome) == ("done", "done")
        assert driven.state.image_is_current
        (root / "polyaxon_requirements.txt").write_text("one\n")
        await driven.until(lambda: driven.state.building)
        (root / "polyaxon_requirements.txt").write_text("two\n")
        *_, third, fourth = await driven.finished(4, phase="build")
        assert (third.outcome, fourth.outcome) == ("cancelled", "done")
        assert driven.state.image_is_current


async def test_a_changed_declaration_on_disk_never_builds(make_project: Make, opened: Open) -> None:
    root = make_project()
    async with opened(root) as driven:
        driven.session.watch("run")
        await driven.trusted()
        await driven.finished()
        builds = len(driven.engine.requests)
        file = root / "polyaxonfile.yml"
        file.write_text(file.read_text().replace("lr: 0.1", "lr: 0.7"))
        await driven.finished(2)
        assert '--lr="0.7"' in driven.engine.specs[-1].cmd
        assert len(driven.engine.requests) == builds


async def test_repeat_runs_the_same_values_again(make_project: Make, opened: Open) -> None:
    async with opened(make_project()) as driven:
        driven.session.edit(LR, "0.5")
        driven.session.run()
        await driven.trusted()
        await driven.finished()
        driven.session.reset(LR)
        driven.session.repeat()
        await driven.finished(2)
        assert driven.engine.specs[0].cmd == driven.engine.specs[1].cmd


async def test_leaving_leaves_the_run_and_the_next_session_adopts_it(
    make_project: Make, opened: Open
) -> None:
    root = make_project()
    engine = FakeEngine(ENDLESS)
    async with opened(root, engine=engine) as driven:
        driven.session.run()
        await driven.trusted()
        await driven.until(lambda: driven.state.runs)
    (record,) = history.read_all(project.find(root).places)
    assert record.outcome is None, "nobody saw its end"
    async with opened(root, engine=engine) as again:
        await again.until(lambda: again.state.runs)
        assert again.state.runs[0].started.adopted
        assert again.state.runs[0].started.number == 1
        again.session.stop()
        await again.finished()


async def test_a_run_that_the_engine_does_not_know_is_lost(
    make_project: Make, opened: Open
) -> None:
    root = make_project()
    async with opened(root, ENDLESS) as driven:
        driven.session.run()
        await driven.trusted()
        await driven.until(lambda: driven.state.runs)
    async with opened(root, engine=FakeEngine()) as again:
        await again.until(lambda: again.state.history and again.state.history[0].outcome == "lost")


async def test_on_exit_stop_asks_the_run_to_stop(make_project: Make, opened: Open) -> None:
    engine = FakeEngine(ENDLESS)
    async with opened(make_project(), engine=engine) as driven:
        driven.session.run()
        await driven.trusted()
        await driven.speaks()
        (job,) = engine.jobs.values()
        driven.session.leave("stop")
    assert job.outcome
    assert job.outcome.exit_code == 143


async def test_no_engine_is_told_and_it_connects_by_itself(
    make_project: Make, opened: Open
) -> None:
    engine = FakeEngine(Script(down="the engine is asleep"))
    async with opened(make_project(), engine=engine) as driven:
        await driven.until(lambda: driven.state.engine)
        assert driven.state.engine
        assert not driven.state.engine.ok
        assert "asleep" in driven.state.engine.note
        engine.script = Script()
        await driven.until(lambda: driven.state.engine and driven.state.engine.ok)


async def test_nothing_of_ours_is_left_behind(make_project: Make, opened: Open) -> None:
    async with opened(make_project()) as driven:
        driven.session.run()
        await driven.trusted()
        await driven.finished()
    await driven.until(lambda: not [t for t in threading.enumerate() if t.name.startswith("pxtui")])


async def test_steps_are_told_in_order_and_cached_ones_too(
    make_project: Make, opened: Open
) -> None:
    async with opened(make_project()) as driven:
        driven.session.build()
        await driven.trusted()
        await driven.finished(phase="build")
        driven.told.clear()
        driven.session.build()
        (again,) = await driven.finished(phase="build")
        steps = [e for e in driven.told if isinstance(e, Step)]
        assert again.outcome == "skipped"
        assert [s.index for s in steps] == list(range(1, len(steps) + 1))
        assert all(s.cached for s in steps)


async def test_a_waiting_run_can_be_taken_back(make_project: Make, opened: Open) -> None:
    async with opened(make_project(), ENDLESS) as driven:
        driven.session.run()
        await driven.trusted()
        await driven.until(lambda: driven.state.runs)
        driven.session.run(on_busy="queue")
        await driven.until(lambda: driven.of(Queued) and driven.state.queue)
        driven.session.unqueue()
        await driven.until(lambda: not driven.state.queue)
        driven.session.stop()
        await driven.finished()
        assert len(driven.engine.specs) == 1


async def test_removing_a_run_removes_all_of_it(make_project: Make, opened: Open) -> None:
    async with opened(make_project()) as driven:
        driven.session.run()
        await driven.trusted()
        (run,) = await driven.finished()
        folder = driven.session.folder("run", run.id)
        assert (folder / "log").exists()
        driven.session.remove(run.id)
        await driven.until(lambda: not folder.exists())
        assert run.id not in driven.engine.jobs
        await driven.until(lambda: not driven.state.history)


def test_a_session_is_a_small_face() -> None:
    """The public calls; a policy belongs into the schedule, work into the parts."""
    assert len([n for n in vars(Session) if not n.startswith("_")]) <= 32


async def test_an_image_of_an_earlier_session_is_found_without_a_build(
    make_project: Make, opened: Open
) -> None:
    root = make_project()
    engine = FakeEngine(Script(step_seconds=0.001))
    async with opened(root, engine=engine) as driven:
        driven.session.build()
        await driven.trusted()
        await driven.finished(phase="build")
    async with opened(root, engine=engine) as again:
        await again.until(lambda: again.state.image_is_current)
        again.session.run()
        await again.finished()
        assert len(engine.requests) == 1
    (root / "train.py").write_text("print('another')\n")
    async with opened(root, engine=engine) as third:
        await third.until(lambda: third.state.tree and third.state.engine)
        assert not third.state.image_is_current


async def test_a_run_of_another_pxtui_is_left_to_it_and_taken_up_after_it(
    make_project: Make, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adopt, "FOREIGN", 0.05)
    root = make_project()
    engine = FakeEngine(ENDLESS)
    first = opened(root, engine=engine)
    driven = await first.__aenter__()
    driven.session.run()
    await driven.trusted()
    await driven.until(lambda: driven.state.runs)
    async with opened(root, engine=engine) as second:
        await second.until(lambda: second.state.history)
        assert second.state.history[0].foreign
        assert not second.state.runs
        await first.__aexit__(None, None, None)
        await second.until(lambda: second.state.runs)
        second.session.stop()
        await second.finished()
