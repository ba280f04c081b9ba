"""What `logs.py` found, as rows of a table: we, the peer, how many times, what it is to be."""

from __future__ import annotations

import contextlib
import statistics
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field


class Missing(Exception):
    """A peer, or what it needs, is not to be had here."""


@dataclass
class Table:
    """The rows so far, and what could not be measured."""

    rows: list[tuple[str, str, str, str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def compare(
        self, what: str, ours: float, peer: str, theirs: float, target: float, unit: str
    ) -> None:
        """A row: our figure is to be at most so many times the peer's."""
        ratio = ours / theirs if theirs else float("inf")
        holds = "" if ratio <= target else "  ✗"
        wanted = f"≤ {target:.3g}{holds}"
        self.rows.append(
            (what, figure(ours, unit), f"{peer} {figure(theirs, unit)}", f"{ratio:.4g}", wanted)
        )

    def say(self, what: str, text: str) -> None:
        """A row without a peer."""
        self.rows.append((what, text, "", "", ""))

    def show(self) -> None:
        """Print it."""
        heads = ("", "we", "peer", "ratio", "target")
        rows = [heads, *self.rows]
        widths = [max(len(row[column]) for row in rows) for column in range(5)]
        for row in rows:
            cells = (f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
            print("  ".join(cells).rstrip())
        for note in self.notes:
            print(f"! {note}")


def figure(value: float, unit: str) -> str:
    """Three digits are enough."""
    number = f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
    return f"{number} {unit}"


def spread(values: Sequence[float]) -> tuple[float, float]:
    """Median and 95th percentile."""
    ordered = sorted(values)
    last = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    return statistics.median(ordered), last


@contextlib.contextmanager
def needs(what: str, table: Table) -> Iterator[None]:
    """Go on without what is not to be had or does not answer."""
    try:
        yield
    except (Missing, AssertionError, OSError, subprocess.SubprocessError) as error:
        said = (getattr(error, "stderr", None) or str(error)).strip()
        table.notes.append(f"{what}: not measured: {said[-600:]}")
