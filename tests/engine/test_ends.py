"""Runs that end at random moments in every way: whatever they had written is in their outputs."""

from __future__ import annotations

import asyncio
import random
import re
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pxtui import history, project
from pxtui.engine.docker import DockerEngine
from pxtui.engine.docker.outputs import PART
from pxtui.history import Record
from pxtui.session import Session
from pxtui.settings import Settings
from tests.engine.conftest import BUSYBOX, SCRIPT, Private

pytestmark = [pytest.mark.engine, pytest.mark.slow, pytest.mark.timeout(3600)]
RUNS = 100
SIZE = 30_000
FILE = f"""\
version: 1
kind: experiment
declarations:
  steps: 10
  code: 0
build:
  image: {BUSYBOX}
run:
  cmd: sh write.sh {{{{ steps }}}} {{{{ code }}}}
"""
WRITE = f"""\
n=0
mkdir -p checkpoints runs/deep/er
while [ $n -lt $1 ]; do
    n=$((n+1))
    for file in /code/checkpoints/$n /outputs/$n /code/runs/deep/er/$n; do
        {{ echo $file; head -c {SIZE} /dev/zero; }} >$file
        fsync $file
        echo have $file
    done
done
exit $2
"""
WAYS = ("finish", "fail", "stop", "outside", "engine", "left", "engine taking", "left taking")
"""The last two: while the files of a run that has ended are taken out."""
ENDLESS = 1_000_000


@dataclass
class Desk:
    """A person at a project on an engine that may be killed."""

    private: Private
    root: Path
    session: Session

    @classmethod
    async def opened(cls, private: Private, root: Path) -> Desk:
        found = private.shop.found
        session = Session(
            project.find(root), Settings(grace=2.0), lambda: DockerEngine(found), attended=True
        )
        await session.__aenter__()
        session.begin()
        session.consent()
        await session.ready()
        return cls(private, root, session)

    async def until(self, condition: Callable[[], object], what: str) -> None:
        try:
            async with asyncio.timeout(60):
                while not condition():
                    await asyncio.sleep(0.01)
        except TimeoutError:
            raise AssertionError(
                f"not within 60 s: {what}; {self.session.state.question}"
            ) from None

    def records(self) -> tuple[Record, ...]:
        return history.read_all(self.session.project.places)

    def log(self, run: str) -> bytes:
        path = self.session.folder("run", run) / "log"
        return path.read_bytes() if path.exists() else b""

    async def start(self, steps: int, code: int) -> str:
        """Start a run with these values; its id."""
        number = len(self.records())
        for name, value in (("steps", steps), ("code", code)):
            self.session.edit(("declarations", name), str(value))
        self.session.run()
        await self.until(lambda: len(self.records()) > number, "the run has no record")
        return self.records()[-1].id

    async def written(self, run: str, count: int) -> None:
        """Wait until the run has announced so many files."""
        await self.until(
            lambda: self.log(run).count(b"have ") >= count, f"{run} did not write {count} files"
        )

    async def taking(self, run: str) -> None:
        """Wait until its files are being taken out, or have been."""
        (record,) = [one for one in self.records() if one.id == run]
        folder = Path(record.outputs)
        await self.until(
            lambda: list(folder.glob(f"{PART}*")) or (folder / "code").exists(), "nothing is taken"
        )

    async def ended(self, run: str) -> Record:
        def record() -> Record | None:
            return history.read(self.session.project.places, run)

        def has_ended() -> bool:
            one = record()
            live = {each.started.id for each in self.session.state.runs}
            return one is not None and one.outcome not in (None, "lost") and run not in live

        await self.until(has_ended, f"run {run} has no end")
        found = record()
        assert found is not None
        return found

    async def end(self, run: str, way: str) -> None:
        """Bring the end about; runs that finish or fail do it themselves."""
        if way == "stop":
            self.session.stop(run)
        elif way == "outside":
            name = f"pxtui-{self.session.project.places.project}-{run}"
            await asyncio.to_thread(self.private.shop.docker, "kill", name)
        elif way.startswith("engine"):
            self.private.kill()
            up = [str(SCRIPT), "private-up", str(self.private.folder)]
            await asyncio.to_thread(lambda: subprocess.run(up, check=True, capture_output=True))
        elif way.startswith("left"):
            await self.session.close()
            self.session = (await self.opened(self.private, self.root)).session


def announced(log: bytes) -> Iterator[str]:
    for path in re.findall(rb"^have (/\S+)\n", log, re.MULTILINE):
        yield path.decode()


def missing_files(log: bytes, folder: Path) -> list[str]:
    """The files that were announced and are not in the outputs as they were written."""
    missing = []
    for path in announced(log):
        name = path.removeprefix("/outputs/") if path.startswith("/outputs/") else path[1:]
        data = (folder / name).read_bytes() if (folder / name).is_file() else b""
        if data != f"{path}\n".encode() + bytes(SIZE):
            missing.append(path)
    return missing


async def test_a_hundred_ends_lose_no_file(private: Private, tmp_path: Path) -> None:
    root = tmp_path / "writer"
    root.mkdir()
    (root / "polyaxonfile.yml").write_text(FILE)
    (root / "write.sh").write_text(WRITE)
    chance, began = random.Random(11), time.monotonic()
    files, outcomes = 0, Counter[tuple[str, str]]()
    desk = await Desk.opened(private, root)
    try:
        for number in range(RUNS):
            way = WAYS[number % len(WAYS)]
            some = chance.randint(1, 150)  # files until the end
            by_itself = way in ("finish", "fail") or way.endswith("taking")
            steps = -(-some // 3) if by_itself else ENDLESS
            run = await desk.start(steps, 3 if way == "fail" else 0)
            count = steps * 3 if by_itself else some
            await desk.written(run, count)
            if way.endswith("taking"):
                await desk.taking(run)
            await desk.end(run, way)
            if way == "left":
                await desk.until(lambda: desk.session.state.runs, "it is not taken up")
                await desk.end(run, "outside")
            record = await desk.ended(run)
            log = desk.log(run)
            lost = missing_files(log, Path(record.outputs))
            assert not lost, (number, way, record.message, lost[:5], len(lost))
            assert not record.kept, record.message
            there = {path.name for path in Path(record.outputs).iterdir()}
            assert not [name for name in there if not name.isdigit() and name != "code"], there
            files += len(list(announced(log)))
            outcomes[way, str(record.outcome)] += 1
        left = private.shop.docker("ps", "-aq", "--filter", "label=pxtui.kind=run")
        assert left == "", "a container stays though all is here"
    finally:
        await desk.session.close()
    print(f"{RUNS} runs, {files} files, none missing, {time.monotonic() - began:.0f} s")
    print(", ".join(f"{way} {out}: {n}" for (way, out), n in sorted(outcomes.items())))
    assert files > RUNS * 30
