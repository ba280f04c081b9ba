"""The store alone, and the store with the lines read back, beside a plain read-and-write copy."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from pxtui.logs.lines import Lines
from pxtui.logs.store import LogWriter
from tests.benchmarks.logs_table import Table

PIECE = 1 << 18
ROUNDS = 3
TARGETS = {"plain": 2.0, "floods of \\r": 4.0}


def plain_line(number: int) -> str:
    """A line of a hundred bytes that ends with its number."""
    return (
        f"epoch {number % 90:02d} step {number % 9_999:04d}/9999 loss=0.4{number % 997:03d}"
        f" acc=0.8{number % 991:03d} lr=0.00100 {number % 89:02d} images a second"
        f" of the line {number:>11}\n"
    )


def write_plain(file: Path, lines: int) -> Path:
    """A file of plain lines."""
    with file.open("w") as out:
        for start in range(0, lines, 100_000):
            out.write("".join(map(plain_line, range(start, min(lines, start + 100_000)))))
    return file


def write_bars(file: Path, size: int) -> Path:
    """A file of bars that are redrawn a thousand times a line."""
    bar = "".join(
        f"\r{n // 10:3d}%|{'█' * (n // 50):<20}| {n}/1000 [00:{n % 60:02d}<00:10, 98.{n % 10}it/s]"
        for n in range(1, 1001)
    )
    data = (bar + "\n").encode()
    with file.open("wb") as out:
        for _ in range(max(1, size // len(data))):
            out.write(data)
    return file


def store(folder: Path, lines: int, table: Table) -> None:
    """Rounds of copy and store in turn, for both kinds of output."""
    size = lines * 100
    for what, file in (
        ("plain", write_plain(folder / "plain", lines)),
        ("floods of \\r", write_bars(folder / "bars", min(size, 100_000_000))),
    ):
        works: dict[str, Callable[[Path, Path], None]] = {"copy": copy, "store": write, "": both}
        took: dict[str, list[float]] = {name: [] for name in works}
        for _ in range(ROUNDS):
            for name, work in works.items():
                with tempfile.TemporaryDirectory(dir=folder) as place:
                    began = time.perf_counter()
                    work(file, Path(place))
                    took[name].append(1000 * (time.perf_counter() - began))
        copied, stored, read = (statistics.median(times) for times in took.values())
        name = f"{file.stat().st_size // 1_000_000:,} MB {what}"
        table.compare(f"store, {name}", stored, "copy", copied, TARGETS[what], "ms")
        table.compare(f"store and lines, {name}", read, "copy", copied, TARGETS[what], "ms")
        file.unlink()


def copy(file: Path, place: Path) -> None:
    with file.open("rb", buffering=0) as source, (place / "copy").open("wb", buffering=0) as out:
        while data := source.read(PIECE):
            out.write(data)


def write(file: Path, place: Path) -> None:
    writer = LogWriter(place / "run", 1 << 40)
    with file.open("rb", buffering=0) as source:
        while data := source.read(PIECE):
            writer.write(data, "stdout")
    writer.close()


def both(file: Path, place: Path) -> None:
    write(file, place)
    lines = Lines(place / "run")
    while not lines.advance(1.0, ended=True):
        pass
    assert lines.get(lines.total - 1, 1)
    lines.close()
