"""Outputs that are much, fast, in crumbs or redrawn all the time, in the real program."""

from __future__ import annotations

import random
import re
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pyte
import pytest

from pxtui.logs.lines import Lines
from pxtui.logs.reader import LogReader
from tests import local_runs
from tests.in_a_pty import ESCAPES, Program
from tests.shared import SHARED

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc"),
    pytest.mark.timeout(400),
]

LEAVES = "[Ff]ollows|new"
"""What the foot of the log says once the end is left; `following` where it is not."""
ENDED = "✓ done after"
BYTES = """\
import os, sys, time
data, seconds = open(sys.argv[1], "rb").read(), float(sys.argv[2])
began = time.monotonic()
for at in range(len(data)):
    os.write(1, data[at : at + 1])
    while time.monotonic() < began + seconds * at / len(data):
        time.sleep(0.0005)
os.write(1, b"THE END\\n")
"""
BARS = """\
import sys, time
outer, inner, seconds = 10, int(sys.argv[1]) * 100, float(sys.argv[1])
began, n = time.monotonic(), 0
def bar(name, at, of):
    done = 20 * at // of
    return f"{name}: {100 * at // of:3d}%|{'█' * done:<20}| {at}/{of} [{n / 1000:.1f}s]"
for at in range(outer + 1):
    sys.stderr.write("\\r" + bar("epoch", at, outer))
    for step in range(inner + 1 if at < outer else 1):
        n += 1
        last = inner if at == outer else step
        sys.stderr.write("\\n\\r" + bar("batch", last, inner) + "\\x1b[A")
        sys.stderr.flush()
        while time.monotonic() < began + n / 1000:
            time.sleep(0.0002)
sys.stderr.write("\\n\\n")
"""
FLOOD = """\
import os, sys, time
from pathlib import Path
here = Path(sys.argv[1])
def wait(name):
    while not (here / name).exists():
        time.sleep(0.01)
lines = "".join(f"line {n} of what stands still\\n" for n in range(200)).encode()
os.write(1, lines + b"PAUSED ONE\\n")
wait("go")
line = "a line of a flood, and 日本語 \\x1b[3%dmin colours\\x1b[0m\\n"
flood = "".join(line % (n % 8) for n in range(1000)).encode()
while not (here / "still").exists():
    os.write(1, flood)
os.write(1, lines + b"PAUSED TWO\\n")
wait("end")
"""
FLOODS = {
    "yes": "timeout 30 yes",
    "seq": "seq 10000000",
    "one line": r"head -c 1000000000 /dev/zero | tr '\0' x",
}


def script(folder: Path, text: str, *words: object) -> str:
    """A command that runs this Python text."""
    file = folder / "script.py"
    file.write_text(text)
    return local_runs.python(file, *words)


def begun(app: Program) -> None:
    """Start the run and look at its log."""
    app.send(b"r")
    app.until("#1 started")
    app.send(b"4")


def log_of(root: Path) -> LogReader:
    (folder,) = local_runs.runs(root)
    return LogReader(folder)


def lines_of(root: Path) -> list[str]:
    (folder,) = local_runs.runs(root)
    lines = Lines(folder)
    while not lines.advance(1.0, ended=True):
        pass
    found = [line.text for line in lines.get(0, lines.total)]
    lines.close()
    return found


@pytest.mark.parametrize(
    "seconds", [pytest.param(1, id="short"), pytest.param(60, id="60s", marks=pytest.mark.slow)]
)
def test_characters_that_come_byte_by_byte_are_whole(seconds: int, tmp_path: Path) -> None:
    if not SHARED:
        pytest.skip("the shared files are not here")
    data = (SHARED / "nasty-output/utf8-split-chunks.bin").read_bytes()
    file = tmp_path / "bytes"
    file.write_bytes(data if seconds > 30 else data[-3_000:].partition(b"\n")[2])
    root = local_runs.write(tmp_path / "p", script(tmp_path, BYTES, file, seconds))
    with local_runs.app(root, keep=True) as app:
        begun(app)
        app.until("THE END", seconds * 3 + 20)
        app.quiet()
        assert "\ufffd" not in app.output.decode()
    text = file.read_text()
    assert "\n".join(lines_of(root)) == text + ("" if text.endswith("\n") else "\n") + "THE END"


@pytest.mark.parametrize(
    "seconds", [pytest.param(2, id="short"), pytest.param(60, id="60s", marks=pytest.mark.slow)]
)
def test_bars_that_are_redrawn_all_the_time_stay_two_lines(seconds: int, tmp_path: Path) -> None:
    root = local_runs.write(tmp_path / "p", script(tmp_path, BARS, seconds))
    with local_runs.app(root) as app:
        begun(app)
        app.until("batch: ")
        before, at = app.cpu(), time.perf_counter()
        app.until("epoch: 100%", seconds * 3 + 20)
        used = (app.cpu() - before) / (time.perf_counter() - at)
        app.until(ENDED)
    print(f"{used:.0%} of a core")
    lines = [line for line in lines_of(root) if line.strip()]
    assert [line.partition("%")[0] for line in lines] == ["epoch: 100", "batch: 100"]
    assert used < 0.3


@pytest.mark.parametrize(
    "times", [pytest.param(20, id="short"), pytest.param(200, id="200", marks=pytest.mark.slow)]
)
def test_the_terminal_is_resized_in_a_flood(times: int, tmp_path: Path) -> None:
    signs = tmp_path / "signs"
    signs.mkdir()
    root = local_runs.write(tmp_path / "p", script(tmp_path, FLOOD, signs))
    sizes, chance = [(1, 1), (500, 200), (2, 40), (120, 1), (47, 7)], random.Random(13)
    with local_runs.app(root, keep=True) as app:
        begun(app)
        app.until("PAUSED ONE")
        before = drawn(app, "PAUSED ONE")
        (signs / "go").touch()
        app.until("a line of a flood")
        for n in range(times):
            at = chance.randint(1, 500), chance.randint(1, 200)
            app.resize(*(sizes[n] if n < len(sizes) else at))
            app.quiet(still=chance.random() / 20, limit=0.05)
        app.resize(120, 40)
        (signs / "still").touch()
        app.until("PAUSED TWO")
        after = drawn(app, "PAUSED TWO")
        assert app.process.poll() is None
    assert shape(before) == [row.replace("PAUSED TWO", "PAUSED ONE") for row in shape(after)]


def drawn(app: Program, last: str) -> list[str]:
    """The whole screen of 120x40, drawn anew, once log and list have the last line."""
    limit = time.monotonic() + 30
    while "\n".join(rows := _drawn(app)).count(last) < 2:
        assert time.monotonic() < limit, rows
    return rows


def _drawn(app: Program) -> list[str]:
    app.resize(119, 40)
    app.quiet()
    at = len(app.output)
    app.resize(120, 40)
    app.quiet()
    screen = pyte.Screen(120, 40)
    known = re.compile(rb"\x1b\[\??[0-9;]*[A-HJKLMPSTXZ@`a-fhlmr]")
    stream = pyte.ByteStream(screen)
    stream.feed(ESCAPES.sub(lambda m: m[0] if known.fullmatch(m[0]) else b"", app.output[at:]))
    return list(screen.display)


def shape(screen: list[str]) -> list[str]:
    """Without what the count of the lines and the clock make different; nor the scrollbar."""
    rows = [re.sub(r"[─ ]+", " ", re.sub(r"[\d,.:]+", "0", row)) for row in screen]
    return [re.sub("(following.*|[▁-█ ]*)$", "", row) for row in rows]


@pytest.mark.slow
@pytest.mark.parametrize("flood", FLOODS)
def test_a_flood(flood: str, tmp_path: Path) -> None:
    """Keys are answered, memory stays, and the log is whole or says what it lacks."""
    root = local_runs.write(tmp_path / "p", f"{FLOODS[flood]}; sleep 3")
    with local_runs.app(root) as app:
        begun(app)
        took: list[float] = []
        limit, most = time.monotonic() + 30, 0.0
        while time.monotonic() < limit:
            took.append(answered(app, len(took) % 2 == 1))
            most = max(most, app.rss())
            if app.sees(ENDED, 0.05):
                break
        app.until(ENDED, 60)
        most = max(most, app.rss())
    took.sort()
    p95 = took[int(len(took) * 0.95)]
    print(f"{flood}: {len(took)} keys, median {1000 * statistics.median(took):.0f} ms,"
          f" p95 {1000 * p95:.0f}, max {1000 * took[-1]:.0f}; {most:.0f} MB")  # fmt: skip
    log = log_of(root)
    last = b"".join(piece.data for piece in log.last(1 << 17))
    if log.cut:
        assert b"[pxtui: log cut here: " in last
        assert log.size > 1_900_000_000
    else:
        whole: dict[str, Callable[[], bool]] = {
            "yes": lambda: log.size % 2 == 0 and last.endswith(b"y\ny\n"),
            "seq": lambda: log.size == 78_888_897 and last.endswith(b"\n10000000\n"),
            "one line": lambda: log.size == 1_000_000_000,
        }
        assert whole[flood]()
    (local_runs.runs(root)[0] / "log").unlink()  # gigabytes
    assert most < 300
    assert took[-1] < 1.0


def answered(app: Program, at_the_end: bool) -> float:
    """Seconds from the key that leaves the end, or goes there, to what the foot says of it."""
    app.mark()
    pressed = app.send(b"F")
    return app.until(local_runs.FOLLOWS if at_the_end else LEAVES, 20) - pressed
