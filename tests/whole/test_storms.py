"""Storms of changes while the project is watched: at rest the image is the tree (W02-W16)."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.whole.conftest import need

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("engine"), pytest.mark.timeout(900)]

FILE = """\
version: 1
project: {name: storm}
declarations: {lr: 0.1}
run:
  image: python:3.11-slim
  steps: [sleep 0]
  cmd: python3 train.py {{ lr }}
"""
QUEUE = Path("/proc/sys/fs/inotify/max_queued_events")
ROUNDS = pytest.mark.parametrize(
    "rounds", [pytest.param(1, id="1"), pytest.param(20, id="20", marks=pytest.mark.slow)]
)


class Watched:
    """A project that `pxtui watch --no-run` builds."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir()
        (root / "polyaxonfile.yml").write_text(FILE)
        (root / "train.py").write_text("print('a')\n")
        self.told: list[dict[str, Any]] = []
        self.said = ""

    def start(self) -> None:
        command = [sys.executable, "-m", "pxtui", "-C", str(self.root), "--engine", "docker"]
        self.process = subprocess.Popen(
            [*command, "watch", "--no-run", "--json"], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
        self.readers = [threading.Thread(target=read) for read in (self._hear, self._listen)]
        for reader in self.readers:
            reader.start()
        self.settles()

    def _hear(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.told.append(json.loads(line))

    def _listen(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.said += line.decode()

    def end(self) -> None:
        with self.process:  # its pipes are closed
            self.process.send_signal(signal.SIGTERM)
            code = self.process.wait(20)
            for reader in self.readers:
                reader.join()
        assert code == 128 + signal.SIGTERM

    @property
    def builds(self) -> list[dict[str, Any]]:
        """The builds that ended well, the newest last."""
        ended = [one for one in list(self.told) if one["type"] == "finished"]
        return [one for one in ended if one["image"]]

    @property
    def is_current(self) -> bool:
        """Whether the newest image holds what is on the disk."""
        return bool(self.builds) and in_image(self.builds[-1]["image"]) == on_disk(self.root)

    def differing(self) -> list[tuple[bytes, str]]:
        """Some files that are others in the newest image than on the disk."""
        image, disk = in_image(self.builds[-1]["image"]), on_disk(self.root)
        return sorted(image.items() ^ disk.items())[:20]

    def settles(self, seconds: float = 60) -> None:
        """The image becomes the tree, and stays it when nothing changes any more."""
        limit = time.monotonic() + seconds
        while not self.is_current:
            if time.monotonic() > limit:
                pytest.fail(f"{self.said}\n{self.told[-5:]}\n{self.differing()}", pytrace=False)
            assert self.process.poll() is None, self.said
            time.sleep(0.1)


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def on_disk(root: Path) -> dict[bytes, str]:
    """The files of the tree and what they hold; they may go while it is read."""
    found = {}
    for here, _, names in os.walk(os.fsencode(root)):
        for name in names:
            path = os.path.join(here, name)
            with contextlib.suppress(FileNotFoundError):
                if os.path.isfile(path) and not os.path.islink(path):
                    with open(path, "rb") as file:
                        found[os.path.relpath(path, os.fsencode(root))] = digest(file.read())
    return {path: text for path, text in found.items()
            if path != b"polyaxonfile.yml" and not path.startswith(b".git/")}  # fmt: skip


IN_IMAGE = """
import hashlib, os, sys
for here, _, names in os.walk(b"/code"):
    for name in names:
        path = os.path.join(here, name)
        if os.path.isfile(path) and not os.path.islink(path):
            text = hashlib.sha256(open(path, "rb").read()).hexdigest()
            for part in (os.path.relpath(path, b"/code"), text.encode()):
                sys.stdout.buffer.write(part + b"\\0")
"""


def in_image(image: str) -> dict[bytes, str]:
    """The files under /code in an image."""
    words = ["docker", "run", "--rm", "--network=none", image, "python3", "-c", IN_IMAGE]
    said = subprocess.run(words, capture_output=True, check=True).stdout.split(b"\0")[:-1]
    return {path: text.decode() for path, text in zip(said[::2], said[1::2], strict=True)}


@pytest.fixture
def watched(tmp_path: Path, labelled: Callable[[Path], list[str]]) -> Iterator[Watched]:
    one = Watched(tmp_path / "storm")
    labelled(one.root)
    yield one
    one.end()


@contextlib.contextmanager
def small_queue() -> Iterator[None]:
    """Of what begins to watch now, the system keeps 16 events that were not read yet."""
    need(os.access(QUEUE, os.W_OK), "root")
    before = QUEUE.read_text()
    QUEUE.write_text("16")
    try:
        yield
    finally:
        QUEUE.write_text(before)


@ROUNDS
def test_a_queue_that_overflows(rounds: int, watched: Watched) -> None:
    """3,000 files at once while the system's queue holds 16 (W03)."""
    with small_queue():
        watched.start()
        for turn in range(rounds):
            folder = watched.root / f"many{turn}"
            folder.mkdir()
            for n in range(3_000):
                (folder / f"{n}.txt").write_text(f"{turn} {n}")
            watched.settles()
            shutil.rmtree(folder)
        watched.settles()


@ROUNDS
def test_new_folders_with_files_at_once(rounds: int, watched: Watched) -> None:
    """A file in a nested folder as soon as that is there, 200 times (W04)."""
    watched.start()
    for turn in range(rounds):
        for n in range(200):
            folder = watched.root / f"turn{turn}" / f"d{n}" / "e/f"
            folder.mkdir(parents=True)
            (folder / "file.py").write_text(f"{turn} {n}")
        watched.settles()
        assert len(on_disk(watched.root)) == 200 * (turn + 1) + 1


@ROUNDS
def test_a_branch_with_2000_other_files(rounds: int, watched: Watched) -> None:
    """`git checkout` back and forth: few builds, the last one is the tree (W10)."""

    def git(*words: str) -> None:
        who = ("-c", "user.name=x", "-c", "user.email=x")
        subprocess.run(["git", *who, *words], cwd=watched.root, check=True, capture_output=True)

    git("init", "-q", "-b", "one")
    for branch in ("one", "two"):
        if branch == "two":
            git("checkout", "-q", "-b", "two")
        for n in range(2_000):
            (watched.root / f"m{n % 20}").mkdir(exist_ok=True)
            (watched.root / f"m{n % 20}" / f"{n}.py").write_text(f"{branch} {n}")
        git("add", ".")
        git("commit", "-q", "-m", branch)
    watched.start()
    for turn in range(rounds):
        before = len(watched.builds)
        git("checkout", "-q", ("one", "two")[turn % 2])
        watched.settles()
        assert len(watched.builds) - before <= 2


def test_an_edit_at_any_instant_of_a_build(watched: Watched) -> None:
    """Saved every 10 ms for the time of a build: the last content, by few builds (W02)."""
    watched.root.joinpath("polyaxonfile.yml").write_text(FILE.replace("sleep 0", "sleep 3"))
    watched.start()
    before = len(watched.builds)
    end, n = time.monotonic() + 3, 0
    while time.monotonic() < end:
        n += 1
        (watched.root / "train.py").write_text(f"print({n})\n")
        time.sleep(0.01)
    watched.settles()
    assert len(watched.builds) - before <= 8, "batches, not one build for each save"


def test_odd_names_links_and_what_is_no_file(watched: Watched, tmp_path: Path) -> None:
    """Names that are no text, loops of links, links out of the tree, FIFOs (W05, W12)."""
    watched.start()
    root = watched.root
    with open(os.fsencode(root) + b"/\xff\xfe.py", "wb") as file:
        file.write(b"odd")
    watched.settles()
    (root / "loop").symlink_to(root)
    (root / "out").symlink_to("/")
    os.mkfifo(root / "fifo")
    (tmp_path / "outside").mkdir()
    (root / "data").symlink_to(tmp_path / "outside")
    (root / "after.py").write_text("1")
    watched.settles()
    (root / "after.py").write_text("2")
    watched.settles()


def test_a_project_that_is_removed_and_made_again(watched: Watched) -> None:
    """It says that it is gone, and goes on when it is back (W06)."""
    watched.start()
    kept = watched.root.with_name("kept")
    watched.root.rename(kept)
    limit = time.monotonic() + 20
    while "is gone: watching goes on when it is back" not in watched.said:
        assert time.monotonic() < limit, watched.said
        time.sleep(0.05)
    (kept / "train.py").write_text("print('changed meanwhile')\n")
    kept.rename(watched.root)
    watched.settles()
    (watched.root / "train.py").write_text("print('changed after')\n")
    watched.settles()


def test_saves_by_rename_are_read_each_time(watched: Watched) -> None:
    """The polyaxonfile replaced ten times, as editors do it (W07)."""
    watched.start()
    file = watched.root / "polyaxonfile.yml"
    for n in range(10):
        new = file.with_name("new~")
        new.write_text(FILE.replace("lr: 0.1", f"lr: 0.{n + 2}"))
        before = len(watched.told)
        os.replace(new, file)
        limit = time.monotonic() + 10
        while not any(one["type"] == "loaded" for one in watched.told[before:]):
            assert time.monotonic() < limit, watched.told[before:]
            time.sleep(0.01)
    watched.settles()


def test_files_that_vanish_and_shrink_while_they_are_packed(watched: Watched) -> None:
    """A large file is cut and 2,000 files go while a build packs them (W16)."""
    watched.start()
    root = watched.root
    (root / "many").mkdir()
    for turn in range(3):
        seen = len(watched.told)
        (root / "large.bin").write_bytes(os.urandom(30_000_000))
        for n in range(2_000):
            (root / "many" / str(n)).write_text(f"{turn} {n}")
        limit = time.monotonic() + 20
        while not any(one["type"] == "started" for one in watched.told[seen:]):
            assert time.monotonic() < limit, watched.said
            time.sleep(0.005)
        os.truncate(root / "large.bin", 1_000)
        for n in range(0, 2_000, 2):
            (root / "many" / str(n)).unlink()
        watched.settles()
