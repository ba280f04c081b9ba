"""A million random byte strings through the screen: clean, the same in every cutting, no exception.

A string is drawn from a seed of its own: `one(seed)` shows what a failing one is about.
"""

from __future__ import annotations

import os
import random
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from pxtui.logs.line import Line
from pxtui.logs.screen import Screen
from tests.logs.noise import CONTROLS, WORDS, cut

STRINGS = 1_000_000
BATCH = 10_000
BATTERY = 20_261_123
"""The first seed."""


def one(seed: int) -> None:
    """Check the string of a seed."""
    chance = random.Random(seed)
    words = [
        chance.choice(WORDS) if chance.random() < 0.9 else chance.randbytes(chance.randint(1, 6))
        for _ in range(chance.randint(1, 50))
    ]
    data = b"".join(words)
    whole = lines_of([data], 1_000)
    assert not {*"".join(line.text for line in whole)} & CONTROLS, seed
    for _ in range(2):
        marks = chance.choices(range(len(data)), k=chance.randint(1, len(data)))
        keep = chance.choice((0, 1, 5, 64, 1_000))
        assert lines_of(cut(data, marks), keep) == whole, seed


def lines_of(pieces: list[bytes], keep: int) -> list[Line]:
    """The lines of a string, taken away after each piece except so many."""
    taken: list[Line] = []

    def before(count: int) -> list[Line]:
        back = taken[-count:]
        del taken[-count:]
        return back

    screen = Screen(before)
    for piece in pieces:
        screen.feed(piece, "stdout")
        taken += screen.take(keep)
    screen.close()
    return [*taken, *screen.recent]


def batch(start: int) -> int:
    """Check the strings from a seed on."""
    for seed in range(start, start + BATCH):
        one(seed)
    return BATCH


def test_a_few() -> None:
    for seed in range(1_000):
        one(seed)


@pytest.mark.slow
@pytest.mark.timeout(3_600)
def test_a_million() -> None:
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as processes:
        starts = range(BATTERY, BATTERY + STRINGS, BATCH)
        assert sum(processes.map(batch, starts)) == STRINGS
