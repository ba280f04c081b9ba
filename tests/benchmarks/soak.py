"""The app left alone for an hour, beside the smallest Textual app: what idling costs, what grows.

`python -m tests.benchmarks.soak [--minutes 60] [--project demo|20000] [--engine docker|local]`

Both are in terminals of their own; the app watches and builds (`w b`), and every five minutes a
file is changed. Every ten seconds it is noted what each has used (with its children): seconds of
processor, memory, open files. Nothing is asserted: the table says what meets its target.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pxtui import demo, project, trust
from pxtui.engine import open_engine
from pxtui.places import project_id, state_home
from tests.benchmarks.__main__ import MINIMAL
from tests.in_a_pty import Program, program, pxtui

EVERY = 10.0
CHANGE_EVERY = 300.0
AFTER_CHANGE = 40.0
"""Seconds after a change that do not count as idle: its build, and what comes of it."""
FIRST_BUILD = 600.0
FILES = 20_000
MOST_CPU, MOST_MEMORY = 0.5, 5.0
"""Targets: percent of a core more than the smallest app; MB an hour."""

FILE = """\
version: 1
project: {name: soak}
declarations: {lr: 0.1}
run:
  image: python:3.11-slim
  cmd: python train.py --lr={{ lr }}
"""


@dataclass(frozen=True, slots=True)
class Sample:
    """What a program has used until then, or has open."""

    at: float
    cpu: float
    rss: float
    fds: int
    idle: bool
    """Nothing had been changed since a while, and since the sample before."""


@dataclass(slots=True)
class Watched:
    """A program and its samples."""

    name: str
    program: Program
    samples: list[Sample] = field(default_factory=list)

    def look(self, idle: bool) -> None:
        self.program.mark()  # what it drew is not kept
        used = (self.program.cpu(), self.program.rss(), fds(self.program))
        self.samples.append(Sample(time.monotonic(), *used, idle))

    def share(self, *, idle: bool) -> float:
        """Percent of a core, over the whole time or without what follows the changes."""
        pairs = list(zip(self.samples, self.samples[1:], strict=False))
        kept = [(one, two) for one, two in pairs if two.idle or not idle]
        wall = sum(two.at - one.at for one, two in kept)
        return 100 * sum(two.cpu - one.cpu for one, two in kept) / wall if wall else 0.0

    def growth(self, of: str) -> float:
        """By how much an hour it grew in the second half, by least squares."""
        half = self.samples[len(self.samples) // 2 :]
        return slope([s.at / 3600 for s in half], [float(getattr(s, of)) for s in half])


def slope(xs: Sequence[float], ys: Sequence[float]) -> float:
    """Of the straight line that is nearest to the points."""
    x, y = sum(xs) / len(xs), sum(ys) / len(ys)
    spread = sum((one - x) ** 2 for one in xs)
    return sum((a - x) * (b - y) for a, b in zip(xs, ys, strict=True)) / spread if spread else 0.0


def fds(opened: Program) -> int:
    """How many files the program and its children have open."""
    count = 0
    for pid in opened.pids():
        with contextlib.suppress(OSError):
            count += len(os.listdir(f"/proc/{pid}/fd"))
    return count


def write(root: Path, kind: str) -> Path:
    """The project; the file of it that is changed."""
    if kind == "demo":
        demo.write(root)
        return root / "train.py"
    root.mkdir()
    (root / "polyaxonfile.yml").write_text(FILE)
    (root / "train.py").write_text("print('soak')\n")
    for number in range(FILES - 2):
        folder = root / f"data{number // 200:03}"
        folder.mkdir(exist_ok=True)
        (folder / f"{number:05}.txt").write_text(f"{number}\n")
    return root / "train.py"


def builds(root: Path) -> int:
    """How many builds there were."""
    return len(list((state_home() / project_id(root) / "builds").glob("*.json")))


@contextlib.contextmanager
def app(root: Path, engine: str) -> Iterator[Program]:
    """The app, consented to, watching; its first build is over."""
    opened = open_engine(engine)
    trust.trust(project.find(root), opened.info().id, any_step=engine == "local")
    opened.close()
    with program(pxtui("-C", str(root), "--engine", engine)) as started:
        started.until("What the run gets")
        started.quiet(2.0)
        started.send(b"w")
        started.quiet()
        started.send(b"b")
        limit = time.monotonic() + FIRST_BUILD
        while not builds(root):
            assert time.monotonic() < limit, f"there was no first build, but\n{started.text}"
            started.sees("never drawn", 0.5)
        started.quiet(6.0, AFTER_CHANGE)
        yield started
        started.send(b"q")
        started.ended()


def soak(watched: Sequence[Watched], minutes: float, changed: Path) -> None:
    """Let them idle, look at them, change a file now and then."""
    began = time.monotonic()
    last_change = began - AFTER_CHANGE
    changes = looks = 0
    while (now := time.monotonic()) < began + 60 * minutes + EVERY / 2:
        for one in watched:
            one.look(now - last_change > AFTER_CHANGE)
        if now - began >= CHANGE_EVERY * (changes + 1):
            changes, last_change = changes + 1, now
            with changed.open("a") as file:
                file.write(f"# change {changes}\n")
        looks += 1
        time.sleep(max(0.0, began + EVERY * looks - time.monotonic()))


def table(watched: Sequence[Watched]) -> str:
    """The figures of all, and whether the second meets its targets beside the first."""
    head = f"{'':22}{'cpu %':>8}{'idle %':>8}{'MB':>8}{'MB/h':>8}{'files':>7}{'files/h':>9}"
    rows = [head]
    for one in watched:
        end = one.samples[-1]
        rows.append(
            f"{one.name:22}{one.share(idle=False):8.2f}{one.share(idle=True):8.2f}"
            f"{end.rss:8.1f}{one.growth('rss'):8.1f}{end.fds:7}{one.growth('fds'):9.1f}"
        )
    smallest, ours = watched
    more = ours.share(idle=True) - smallest.share(idle=True)
    half = ours.samples[len(ours.samples) // 2 :]
    grown = half[-1].fds - half[0].fds
    for what, figure, most in (
        ("% of a core, idle, more than the smallest app", more, MOST_CPU),
        ("MB an hour in the second half", ours.growth("rss"), MOST_MEMORY),
        ("files more open at the end of the second half than at its start", grown, 0.5),
    ):
        rows.append(f"{'meets' if figure < most else 'MISSED'}: {figure:.2f} {what} (< {most:g})")
    return "\n".join(rows)


def remove_images(root: Path) -> None:
    """Remove what the builds made."""
    label = f"label=pxtui.project={project_id(root)}"
    words = ["docker", "images", "-q", "--filter", label]
    found = subprocess.run(words, capture_output=True, text=True, check=False).stdout.split()
    if found:
        subprocess.run(["docker", "rmi", "-f", *set(found)], capture_output=True, check=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--project", choices=("demo", str(FILES)), default="demo")
    parser.add_argument("--engine", choices=("docker", "local"), default="docker")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        for home in ("STATE", "CACHE", "CONFIG"):
            os.environ[f"XDG_{home}_HOME"] = str(Path(name) / home)
        root = Path(name) / "project"
        changed = write(root, given.project)
        try:
            with (
                program([sys.executable, "-c", MINIMAL]) as least,
                app(root, given.engine) as ours,
            ):
                least.until("batch_size")
                before = builds(root)
                watched = [Watched("smallest Textual app", least), Watched("pxtui", ours)]
                soak(watched, given.minutes, changed)
                after = builds(root)
        finally:
            if given.engine == "docker":
                remove_images(root)
    print(f"{given.project}, engine {given.engine}, {given.minutes:g} minutes,", end=" ")
    print(f"{before} builds before and {after - before} while measured")
    print(table(watched))


if __name__ == "__main__":
    main()
