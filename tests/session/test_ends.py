"""The end of a run as it is written down: outcome, cause, size of what it wrote."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import pytest

from pxtui import history
from pxtui.engine import Engine, Outcome
from pxtui.engine.fake import FakeEngine, Script
from pxtui.errors import EngineError
from pxtui.history import Record
from pxtui.logs.store import LogWriter
from pxtui.places import ProjectPlaces
from pxtui.run import Surroundings
from pxtui.session.ends import write_end
from tests.session.conftest import Open

Make = Callable[..., Path]
TRACEBACK = 'Traceback (most recent call last):\n  File "train.py", line 3, in <module>\n    a()\n'
FULL = "OSError: [Errno 28] No space left on device: '{}'\n"
RECORD = Record(
    id="20260101-000000-aaaa",
    number=1,
    engine="fake",
    image="image",
    target="target",
    cause="asked",
    owner="me",
    started=1.0,
    differs=(),
    resolved={},
    values=(("batch_size", "128"),),
    surroundings=asdict(Surroundings(memory=64_000_000)),
)


@dataclass
class Disk(FakeEngine):
    """An engine that is asked how full its disk is."""

    asked: int = 0
    broken: bool = False

    def disk(self) -> str:
        """Counts how often it is asked."""
        self.asked += 1
        if self.broken:
            raise EngineError("no answer")
        return "0 B of 20 GB free, 12 GB are pxtui's"


@pytest.fixture
def places(tmp_path: Path) -> ProjectPlaces:
    return ProjectPlaces.of(tmp_path)


def end(
    places: ProjectPlaces,
    log: str,
    outcome: Outcome,
    engine: Engine | None = None,
    record: Record = RECORD,
    *,
    stopped: bool = False,
) -> Record:
    """Write the end of a run with this log, and read it back."""
    writer = LogWriter(places.run(record.id), 1 << 20)
    places.run(record.id).mkdir(parents=True)
    writer.write(log.encode(), "stderr")
    writer.close()
    write_end(places, record, outcome, engine, stopped=stopped)
    written = history.read(places, record.id)
    assert written
    return written


def test_a_failure_has_its_cause(places: ProjectPlaces) -> None:
    log = TRACEBACK + "RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB (GPU 0)\n"
    written = end(places, log, Outcome("failed", 1))
    assert (written.outcome, written.exit_code) == ("failed", 1)
    assert written.message.startswith("the GPU's memory is full (it wanted 2.00 GiB more): lower ")
    assert "batch_size (now 128)" in written.message


def test_without_a_known_cause_the_last_exception_is_told(places: ProjectPlaces) -> None:
    written = end(places, TRACEBACK + "KeyError: 'loss'\nbye\n", Outcome("failed", 1))
    assert (written.message, written.last_line) == ("KeyError: 'loss'", "bye")


def test_a_run_that_is_done_has_none(places: ProjectPlaces) -> None:
    log = TRACEBACK + "KeyError: 'loss'\ngoing on\nno space left on device\n"
    assert end(places, log, Outcome("done", 0)).message == ""


def test_a_child_at_the_memory_limit_is_told_of_a_run_that_is_done(places: ProjectPlaces) -> None:
    written = end(places, "step 1: Killed\n", Outcome("done", 0, out_of_memory=True))
    assert written.outcome == "done"
    assert written.message.startswith("a process was killed at the memory limit of 64.0 MB")


def test_who_is_stopped_did_not_fail(places: ProjectPlaces) -> None:
    written = end(places, "", Outcome("failed", 137, out_of_memory=True), stopped=True)
    assert (written.outcome, written.message) == ("cancelled", "stopped")


def test_nothing_foreign_breaks_the_line(places: ProjectPlaces) -> None:
    record = replace(RECORD, values=(("batch_size", "1\n\x1b[31m2"),))
    outcome = Outcome("failed", 137, out_of_memory=True)
    told = end(places, "", outcome, record=record).message
    assert "\x1b" not in told
    assert "\n" not in told


def test_the_engines_disk_is_asked_for_only_where_one_is_full(places: ProjectPlaces) -> None:
    engine = Disk()
    assert end(places, TRACEBACK + "KeyError: 'x'\n", Outcome("failed", 1), engine).message
    assert engine.asked == 0
    other = replace(RECORD, id="20260101-000001-aaaa")
    log = TRACEBACK + FULL.format("/code/m.pt")
    told = end(places, log, Outcome("failed", 1), engine, other).message
    assert "the engine's disk is full (0 B of 20 GB free, 12 GB are pxtui's)" in told
    assert engine.asked == 1


def test_an_engine_that_is_gone_does_not_hide_the_cause(places: ProjectPlaces) -> None:
    log = TRACEBACK + FULL.format("/code/m.pt")
    for number, engine in enumerate((None, Disk(broken=True))):
        record = replace(RECORD, id=f"20260101-00000{number}-aaaa")
        told = end(places, log, Outcome("failed", 1), engine, record).message
        assert told.startswith("no space left for /code/m.pt: the engine's disk is full: ")


def test_the_outputs_disk_is_this_machines_or_the_remote_engines(
    places: ProjectPlaces, tmp_path: Path
) -> None:
    outputs = tmp_path / "out"
    outputs.mkdir()
    (outputs / "half.pt").write_bytes(b"x" * 1500)
    log = TRACEBACK + FULL.format("/outputs/m.pt")
    here = replace(RECORD, outputs=str(outputs))
    engine = Disk()
    told = end(places, log, Outcome("failed", 1), engine, here)
    assert "the outputs' disk is full (" in told.message
    assert " free, 1.5 kB are this run's)" in told.message
    assert (engine.asked, told.outputs_size) == (0, 1500)
    there = replace(here, id="20260101-000001-aaaa", got=(("engine", "ssh://box"),))
    assert "12 GB are pxtui's" in end(places, log, Outcome("failed", 1), engine, there).message


async def test_the_session_tells_the_cause(make_project: Make, opened: Open) -> None:
    log = (*TRACEBACK.splitlines(keepends=True), "ModuleNotFoundError: No module named 'torch'\n")
    script = Script(step_seconds=0.005, line_seconds=0.005, lines=log, exit_code=1)
    async with opened(make_project(), script) as driven:
        driven.session.run()
        await driven.trusted()
        (run,) = await driven.finished()
    assert run.outcome == "failed"
    assert run.message.startswith("No module named 'torch': add the package that has it to ")
