"""The batteries of saves that are killed and of saves that race with another writer, as processes.

`python -m tests.savers kills|races FOLDER COUNT SIZE SEED` prints what it saw as one JSON object;
with one word more the system cannot exchange two files.
They fork, which a process with threads should not: so they are no part of pytest's.
"""

from __future__ import annotations

import collections
import contextlib
import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from pxtui import saving

LONGEST = 0.02
"""Seconds until a kill or another write: some saves."""


def forked(work: Callable[[], None]) -> int:
    """Do something in another process; its id."""
    if child := os.fork():
        return child
    try:
        work()
    finally:
        os._exit(0)


def version(letter: int, size: int) -> bytes:
    return bytes([65 + letter % 26]) * size


def kills(folder: Path, count: int, size: int, seed: int) -> dict[str, int]:
    """Kill a loop of saves, look at the file, save once more, look at the folder."""
    chance, file = random.Random(seed), folder / "polyaxonfile.yml"
    file.write_bytes(version(0, size))
    seen: collections.Counter[str] = collections.Counter(damaged=0, stale=0, lost=0)

    def save_on_and_on() -> None:
        for number in range(1_000_000):
            saving.save(file, version(number, size), file.read_bytes())

    for number in range(count):
        child = forked(save_on_and_on)
        time.sleep(chance.uniform(0.0005, LONGEST))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        data = file.read_bytes()
        seen["damaged"] += len(data) != size or len(set(data)) != 1
        left = [name for name in os.listdir(folder) if name != file.name]
        seen["killed_while_writing"] += any(name.count("-") == 2 for name in left)
        seen["killed_while_complete"] += any(name.count("-") == 4 for name in left)
        saving.save(file, version(number, size), data)
        seen["lost"] += file.read_bytes() != version(number, size)
        seen["stale"] += os.listdir(folder) != [file.name]
    return dict(seen)


def races(folder: Path, count: int, size: int, seed: int) -> dict[str, int]:
    """Save while another process writes a version of its own: half by rename, half in place."""
    chance, seen = random.Random(seed), collections.Counter[str](lost=0, mine_lost=0, stale=0)
    for number in range(count):
        here = folder / str(number)
        here.mkdir()
        file, theirs = here / "polyaxonfile.yml", f"theirs {number} ".encode() * (size // 10)
        base, mine = version(0, size), version(1, size)
        file.write_bytes(base)
        waits = chance.uniform(0, LONGEST / 8) if number % 4 < 2 else None
        writer = forked(lambda: write(file, theirs, number % 2 == 0, waits))  # noqa: B023
        refused = False
        try:
            saving.save(file, mine, base)
        except saving.Refused:
            refused = True
        os.waitpid(writer, 0)
        copies = [p.read_bytes() for p in here.iterdir() if ".conflict-" in p.name]
        now = file.read_bytes()
        seen["lost"] += theirs not in (now, *copies)
        seen["mine_lost"] += not refused and mine != now and theirs != now
        seen["stale"] += any(p.name.startswith(saving.SAVE_PREFIX) for p in here.iterdir())
        how = "refused" if refused else "kept" if copies else "first" if now == mine else "after"
        seen[f"other_{how}"] += 1
        for path in here.iterdir():
            path.unlink()
        here.rmdir()
    return dict(seen)


def write(file: Path, data: bytes, by_rename: bool, waits: float | None) -> None:
    """Write as an editor does: after a while, or just when a save is about to be done."""
    if waits is None:
        until = time.monotonic() + LONGEST
        while time.monotonic() < until:
            with contextlib.suppress(FileNotFoundError):
                if any(name.count("-") == 4 for name in os.listdir(file.parent)):
                    break
    else:
        time.sleep(waits)
    if by_rename:
        other = file.with_name("other.tmp")
        other.write_bytes(data)
        other.replace(file)
    else:
        file.write_bytes(data)


if __name__ == "__main__":
    battery, where, how_often, how_big, start, *no_swap = sys.argv[1:]
    if no_swap:
        setattr(saving, "_swap", lambda *_: False)  # noqa: B010
    run = {"kills": kills, "races": races}[battery]
    print(json.dumps(run(Path(where), int(how_often), int(how_big), int(start))))
