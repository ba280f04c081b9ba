"""The view in a real terminal: processor time a line, lost lines, memory, and time beside `cat`."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import time
from pathlib import Path

from tests.benchmarks.logs_store import write_plain
from tests.benchmarks.logs_table import Table
from tests.in_a_pty import program

CPU_LINES = {"log": 200_000, "richlog": 5_000}
CPU_TARGETS = {"log": 1 / 40, "richlog": 1 / 500}
PEERS = {"log": "Log", "richlog": "RichLog"}
LIMIT = 300.0


def shown(folder: Path, kind: str, file: Path, lines: int) -> dict[str, float]:
    """What a view took to show all lines of a file."""
    result = folder / f"{kind}.json"
    result.unlink(missing_ok=True)
    words = [sys.executable, "-m", "tests.benchmarks.logs_apps", kind, str(file), str(lines)]
    with program([*words, str(result)]) as view:
        end = time.monotonic() + LIMIT
        while not result.exists():
            view.quiet(0.01, 0.01)
            assert view.process.poll() is None, f"{kind} ended: {view.text}"
            assert time.monotonic() < end, f"{kind} did not show {lines:,} lines in {LIMIT} s"
        if lines:
            view.until(f"of the line +{lines - 1}")
    found: dict[str, float] = json.loads(result.read_text())
    return found


def cpu(folder: Path, lines: int, table: Table) -> None:
    """Microseconds of processor a line."""
    counts = {"ours": max(lines, *CPU_LINES.values()), **CPU_LINES}
    file = write_plain(folder / "lines", counts["ours"])
    took = {
        kind: 1e6 * shown(folder, kind, file, count)["cpu"] / count
        for kind, count in counts.items()
    }
    for kind, target in CPU_TARGETS.items():
        table.compare("processor a line", took["ours"], PEERS[kind], took[kind], target, "µs")
    file.unlink()


def pane(folder: Path, lines: int, table: Table) -> None:
    """All lines of a large log: none is lost, how long it takes, how much memory."""
    file = write_plain(folder / "large", lines)
    empty = shown(folder, "ours", file, 0)
    ours = shown(folder, "ours", file, lines)
    wall = cat(file)
    name = f"{lines:,} lines"
    table.say(f"pane, {name}", "no line lost")
    table.compare(f"pane, {name}", ours["wall"], "cat", wall, 1.2, "s")
    table.compare(f"memory, {name}", ours["rss"], "no lines", empty["rss"], 1.3, "MB")
    file.unlink()


def cat(file: Path) -> float:
    """Seconds of `cat` to a terminal whose reader throws all away."""
    main, side = pty.openpty()
    began = time.perf_counter()
    with subprocess.Popen(["cat", str(file)], stdout=side, stdin=subprocess.DEVNULL):
        os.close(side)
        while True:
            try:
                if not os.read(main, 1 << 16):
                    break
            except OSError:
                break
    took = time.perf_counter() - began
    os.close(main)
    return took
