"""Search over a large log beside ripgrep: `python -m tests.benchmarks.search [LINES]`.

The peers are given the same case rule (`--smart-case`): `rg` tells the number of every line that it
finds (`--line-number`, read through a pipe), `rg -c` only how many there are.
"""

from __future__ import annotations

import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from pxtui.logs.lines import Lines
from pxtui.logs.query import Query
from pxtui.logs.search import Search
from pxtui.logs.store import LogWriter

ROUNDS = 5
PATTERNS = {
    "rare literal": "NEEDLE_unique_x",
    "common literal": "Checkpoint",
    "common literal, any case": "checkpoint",
    "regex": r"Loss=0\.00\d+",
    "regex, any case": r"loss=0\.00\d+",
    "literal, any case": "needle_unique",
    "no hit": "NOsuchword",
    "all but": "!Checkpoint",
}


def write(folder: Path, count: int) -> None:
    """A plain log of about 100 bytes a line."""
    pick = random.Random(1)
    writer = LogWriter(folder, 1 << 40)
    for first in range(0, count, 100_000):
        lines = [
            f"2024-05-01 12:{at % 60:02d}:{at % 59:02d} INFO train step={at} "
            f"Loss={pick.random():.4f} {'Checkpoint' if pick.random() < 0.27 else 'validate'} "
            f"shard {at % 97} and padding\n"
            for at in range(first, min(first + 100_000, count))
        ]
        writer.write("".join(lines).encode(), "stdout")
    writer.write(b"NEEDLE_unique_x\n", "stdout")
    writer.close()


def ours(lines: Lines, typed: str) -> tuple[float, float, int]:
    """Seconds until all is found, the longest poll, and how many were found."""
    began = time.perf_counter()
    search = Search(lines, Query(typed, inverts=True))
    search.start()
    longest = 0.0
    while True:
        before = time.perf_counter()
        search.poll()
        longest = max(longest, time.perf_counter() - before)
        if search.looked_at == lines.finished:
            break
        if search.trouble:
            raise SystemExit(search.trouble)
        time.sleep(0.002)
    took = time.perf_counter() - began
    hits = len(search.hits)
    search.close()
    return took, longest, hits


def peer(file: Path, typed: str, form: str) -> float:
    inverse = ["--invert-match"] if typed.startswith("!") else []
    words = ["rg", "--no-config", "--text", "--smart-case", *inverse, form, typed.lstrip("!")]
    began = time.perf_counter()
    with subprocess.Popen([*words, str(file)], stdout=subprocess.PIPE, pipesize=1 << 20) as process:
        assert process.stdout
        while os.read(process.stdout.fileno(), 1 << 20):
            pass
    return time.perf_counter() - began


def main(count: int) -> None:
    path = os.environ["PATH"]
    with tempfile.TemporaryDirectory() as temp:
        write(Path(temp), count)
        file = Path(temp) / "log"
        lines = Lines(Path(temp))
        lines.advance(3600, ended=True)
        print(
            f"{lines.finished:,} lines, {file.stat().st_size:,} bytes; seconds, median of {ROUNDS}"
        )
        print(f"{'':26}{'hits':>10}{'rg -n':>8}{'rg -c':>8}{'with rg':>9}", end="")
        print(f"{'/ -n':>7}{'/ -c':>7}{'without':>9}{'/ -n':>7}{'/ -c':>7}{'poll ms':>9}{'MiB':>6}")
        for title, typed in PATTERNS.items():
            rounds, longest, hits = [], 0.0, 0
            for _ in range(ROUNDS):
                row = [peer(file, typed, form) for form in ("--line-number", "--count")]
                for where in (path, ""):
                    os.environ["PATH"] = where
                    took, poll, hits = ours(lines, typed)
                    row.append(took)
                    longest = max(longest, poll)
                os.environ["PATH"] = path
                rounds.append(row)
            numbers, counts, fast, slow = map(statistics.median, zip(*rounds, strict=True))
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
            print(f"{title:26}{hits:>10,}{numbers:>8.2f}{counts:>8.2f}{fast:>9.2f}", end="")
            print(f"{fast / numbers:>6.2f}x{fast / counts:>6.2f}x{slow:>9.2f}", end="")
            print(f"{slow / numbers:>6.2f}x{slow / counts:>6.2f}x{longest * 1e3:>9.1f}{memory:>6}")
        lines.close()


if __name__ == "__main__":
    if not shutil.which("rg"):
        raise SystemExit("needs ripgrep")
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000)
