"""What a run prints is in its own log, whatever became of it and whatever came after it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pxtui.engine.fake import Script
from pxtui.settings import Settings
from tests.session.conftest import Open

Make = Callable[..., Path]
STUBBORN = Script(step_seconds=0.005, line_seconds=0.01, endless=True, ignores_term=True)


async def test_late_output_is_never_another_run_s(make_project: Make, opened: Open) -> None:
    settings = Settings(on_busy="restart")
    async with opened(make_project(), STUBBORN, settings=settings) as driven:
        driven.session.run()
        await driven.trusted()
        await driven.speaks()
        first = driven.state.runs[0].started.id
        sink = driven.engine.jobs[first]._sink
        driven.session.run(on_busy="beside")
        await driven.until(lambda: len(driven.state.runs) == 2)
        second = driven.state.runs[1].started.id
        logs = [driven.session.folder("run", run) / "log" for run in (first, second)]
        await driven.until(lambda: all(log.exists() for log in logs))
        sink.write(b"late\n", "stdout")
        driven.session.kill(first)
        await driven.finished()
        size = logs[0].stat().st_size
        sink.write(b"too late\n", "stdout")
        assert logs[0].stat().st_size == size, "its log is closed"
        assert b"late\n" in logs[0].read_bytes()
        assert b"late\n" not in logs[1].read_bytes()
        driven.session.cancel()


async def test_a_superseded_run_s_last_words_are_its_own(make_project: Make, opened: Open) -> None:
    async with opened(make_project(), STUBBORN) as driven:
        driven.session.run()
        await driven.trusted()
        await driven.speaks()
        first = driven.state.runs[0].started.id
        sink = driven.engine.jobs[first]._sink
        driven.session.run(on_busy="restart")
        await driven.until(lambda: driven.state.runs and driven.state.runs[0].deadline)
        sink.write(b"last words\n", "stderr")
        await driven.finished()
        await driven.until(lambda: driven.state.runs and driven.state.runs[0].started.id != first)
        await driven.speaks()
        second = driven.state.runs[0].started.id
        assert b"last words" in (driven.session.folder("run", first) / "log").read_bytes()
        assert b"last words" not in (driven.session.folder("run", second) / "log").read_bytes()
        driven.session.cancel()


async def test_the_size_of_the_pane_is_that_of_runs_with_a_terminal(
    make_project: Make, opened: Open
) -> None:
    settings = Settings(tty=True)
    async with opened(make_project(), STUBBORN, settings=settings) as driven:
        driven.session.resize(111, 33)
        driven.session.run()
        await driven.trusted()
        await driven.speaks()
        (spec,) = driven.engine.specs
        assert (spec.surroundings.tty, spec.tty, spec.size) == (True, False, (111, 33))
        job = driven.engine.jobs[spec.id]
        driven.session.resize(70, 20)
        driven.session.resize(60, 10, spec.id)
        driven.session.resize(1, 1, "another")
        await driven.until(lambda: job.sizes[-2:] == [(70, 20), (60, 10)])
        driven.session.cancel()
