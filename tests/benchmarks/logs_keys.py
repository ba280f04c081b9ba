"""From a key to its repaint: in the real app at rest and in a flood, in the smallest Textual app,
and in toolong on a file that grows as fast."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import local_runs
from tests.benchmarks.logs_peers import peer
from tests.benchmarks.logs_table import Table, needs, spread
from tests.in_a_pty import Program, program

KEYS = 48
RATE = 50_000_000
GAP = 0.12
"""Seconds between two keys, half of it by chance: they do not fall in step with the frames."""
FIRST = 500
"""Lines that stand there before the flood."""
FLOOD = """\
import os, sys, time
rate, go = float(sys.argv[1]), sys.argv[2]
out = os.open(sys.argv[3], os.O_WRONLY | os.O_APPEND) if len(sys.argv) > 3 else 1
line = "step %09d loss=0.412 acc=0.871 and some words to make it a hundred bytes ............\\n"
def lines(first, count):
    return "".join(line % n for n in range(first, first + count)).encode()
os.write(out, lines(0, 500) + b"READY\\n")
while not os.path.exists(go):
    time.sleep(0.01)
piece, sent, began = lines(500, 2500), 0, time.monotonic()
while time.monotonic() < began + 60:
    rest = memoryview(piece)
    while rest:
        rest = rest[os.write(out, rest) :]
    sent += len(piece)
    time.sleep(max(0.0, began + sent / rate - time.monotonic()))
"""


def keys(folder: Path, lines: int, table: Table) -> None:
    """Idle beside the smallest app, in a flood beside idle and toolong."""
    script = folder / "flood.py"
    script.write_text(FLOOD)
    least, _ = spread(smallest())
    resting, flooded = ours(folder, script)
    (idle, _), (median, p95) = spread(resting), spread(flooded)
    smallest_app = "smallest Textual app"
    table.compare("key, idle, median", idle, smallest_app, least, 1.5, "ms")
    table.compare("key, flood of 50 MB/s, median", median, "idle", idle, 5, "ms")
    table.compare("key, flood of 50 MB/s, p95", p95, "idle", idle, 15, "ms")
    with needs("toolong", table):
        theirs, theirs_p95 = spread(toolong(folder, script))
        table.compare("key, flood of 50 MB/s, median", median, "toolong", theirs, 0.3, "ms")
        table.compare("key, flood of 50 MB/s, p95", p95, "toolong", theirs_p95, 0.3, "ms")


def smallest() -> list[float]:
    """The smallest app, whose text says how many keys it got."""
    with program([sys.executable, "-m", "tests.benchmarks.logs_apps", "smallest"]) as app:
        app.until("READY")
        app.quiet()
        return pressed(app, lambda n: (b"x", f"KEY {n + 1} "))


def ours(folder: Path, script: Path) -> tuple[list[float], list[float]]:
    """The app on the local engine, whose run is the flood: `F` leaves the end and goes there."""
    go = folder / "go-ours"
    root = local_runs.write(folder / "project", local_runs.python(script, RATE, go))
    with local_runs.app(root) as app:
        app.send(b"r")
        app.until("#1 started")
        app.until("READY")
        app.quiet()
        app.send(b"4")
        app.quiet()
        resting = pressed(app, follow)
        go.touch()
        app.until("step 000002")
        flooded = pressed(app, follow)
    return resting, flooded


def follow(number: int) -> tuple[bytes, str]:
    """The key, and what the foot says of it."""
    return b"F", (local_runs.FOLLOWS if number % 2 else r"F follows|F [\d,]+ new")


def toolong(folder: Path, script: Path) -> list[float]:
    """toolong on a file that grows: ctrl+f opens its find dialog."""
    file, go = folder / "grows.log", folder / "go-toolong"
    file.touch()
    words = [sys.executable, str(script), str(RATE), str(go), str(file)]
    command = [peer(folder, "toolong", "tl"), str(file)]
    with child(words), program(command) as app:
        app.until("READY")
        app.quiet()
        go.touch()
        time.sleep(1)
        taken = []
        for _ in range(KEYS):
            taken += pressed(app, lambda n: (b"\x06", "Regex|Case"), 1)
            app.send(b"\x1b")
            app.quiet(0.2, 0.4)
    file.unlink()
    return taken


@contextmanager
def child(words: list[str]) -> Iterator[None]:
    with subprocess.Popen(words) as process:
        try:
            yield
        finally:
            process.kill()


def pressed(
    app: Program, key: Callable[[int], tuple[bytes, str]], count: int = KEYS
) -> list[float]:
    """Milliseconds of each key until its text is drawn."""
    taken = []
    for number in range(count):
        app.quiet(GAP, GAP / 2 + random.random() * GAP)
        app.mark()
        typed, text = key(number)
        taken.append(1000 * (-app.send(typed) + app.until(text, 20)))
    return taken
