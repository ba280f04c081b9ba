"""The watcher gives hints: for what is new, nested, renamed, and not for what is ignored."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pxtui.watch import Watcher
from tests.whole.conftest import need


@pytest.fixture
def hints(tmp_path: Path) -> Iterator[Callable[[], None]]:
    """Wait for a hint, given since the last one was waited for."""
    told = threading.Event()
    root = tmp_path / "tree"
    root.mkdir()
    watcher = Watcher(root, lambda: lambda path: path.startswith("ignored"), told.set, print)
    watcher.start()

    def wait(*, none_for: float = 0) -> None:
        if none_for:
            assert not told.wait(none_for)
            return
        assert told.wait(10)
        told.clear()

    limit = time.monotonic() + 10
    while not told.wait(0.05) and time.monotonic() < limit:
        (root / "ready").write_text(str(time.monotonic()))
    while told.is_set():
        told.clear()
        told.wait(0.3)
    yield wait
    watcher.close()


def test_a_change_a_rename_and_a_new_folder_are_hinted(
    tmp_path: Path, hints: Callable[..., None]
) -> None:
    root = tmp_path / "tree"
    (root / "a.py").write_text("1")
    hints()
    (root / "new").write_text("2")
    os.replace(root / "new", root / "a.py")
    hints()
    (root / "d/e/f").mkdir(parents=True)
    hints()
    (root / "a.py").unlink()
    hints()


def test_what_is_ignored_is_not(tmp_path: Path, hints: Callable[..., None]) -> None:
    (tmp_path / "tree/ignored.log").write_text("x")
    hints(none_for=0.5)


def test_a_name_that_is_no_text_does_not_end_it(tmp_path: Path, hints: Callable[..., None]) -> None:
    with open(os.fsencode(tmp_path / "tree") + b"/\xff\xfe", "wb"):
        pass
    hints()
    limit = time.monotonic() + 20
    while time.monotonic() < limit:
        (tmp_path / "tree/again.py").write_text(str(time.monotonic()))
        try:
            hints()
        except AssertionError:
            continue
        return
    raise AssertionError("it is deaf")


def test_what_a_link_leads_to_is_not_watched(tmp_path: Path, hints: Callable[..., None]) -> None:
    outside = tmp_path / "data"
    outside.mkdir()
    (tmp_path / "tree/data").symlink_to(outside)
    (tmp_path / "tree/ignored").mkdir()
    hints()
    (tmp_path / "tree/after.py").write_text("1")
    hints()
    (outside / "huge.bin").write_text("x")
    (tmp_path / "tree/ignored/x.bin").write_text("x")
    hints(none_for=0.6)


def test_a_folder_made_again_is_watched_again(tmp_path: Path, hints: Callable[..., None]) -> None:
    folder = tmp_path / "tree/d"
    for round_ in range(3):
        folder.mkdir()
        hints()
        limit = time.monotonic() + 10
        (folder / "a.py").write_text(str(round_))
        hints()
        shutil.rmtree(folder)
        hints()
        assert time.monotonic() < limit


def test_a_folder_replaced_at_once_is_watched(tmp_path: Path) -> None:
    """As git does at a checkout: gone and made again before anybody looked."""
    folder = tmp_path / "d"
    folder.mkdir()
    told = threading.Event()

    def hinted() -> None:
        assert told.wait(10)
        while told.is_set():
            told.clear()
            told.wait(0.3)

    watcher = Watcher(tmp_path, lambda: lambda path: False, told.set, print)
    watcher.start()
    try:
        hinted()
        for _ in range(3):
            folder.rmdir()
            folder.mkdir()
            hinted()
            (folder / "a.py").touch()
            hinted()
            (folder / "a.py").unlink()
            hinted()
    finally:
        watcher.close()


def test_what_is_ignored_later_is_let_go(tmp_path: Path) -> None:
    root = tmp_path / "tree"
    (root / "data").mkdir(parents=True)
    out: set[str] = set()
    watched: list[str] = []
    told = threading.Event()

    def ignored() -> Callable[[str], bool]:
        now = set(out)

        def judge(path: str) -> bool:
            watched.append(path)
            return path in now

        return judge

    watcher = Watcher(root, ignored, told.set, print)
    watcher.start()
    try:
        assert told.wait(10)
        (root / "data/a").write_text("1")
        limit = time.monotonic() + 10
        while "data/a" not in watched and time.monotonic() < limit:
            told.wait(0.05)
        assert "data/a" in watched
        out.add("data")
        watcher.renew()
        while told.wait(0.5):
            told.clear()
        (root / "data/b").write_text("1")
        (root / "c").write_text("1")
        assert told.wait(10)
        assert "data/b" not in watched
    finally:
        watcher.close()


@pytest.mark.parametrize("way", ["removed", "renamed"])
def test_a_project_that_is_gone_is_said_to_be_and_watched_when_it_is_back(
    way: str, tmp_path: Path, hints: Callable[..., None], capfd: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "tree"
    if way == "removed":
        shutil.rmtree(root)
    else:
        root.rename(tmp_path / "elsewhere")
    hints()
    said = ""
    limit = time.monotonic() + 10
    while "is gone: watching goes on when it is back" not in said:
        assert time.monotonic() < limit
        said += capfd.readouterr().out
        time.sleep(0.05)
    root.mkdir()
    limit = time.monotonic() + 20
    for n in range(10**6):  # until it is watched again: then hints follow at once
        (root / "a.py").write_text(str(n))
        try:
            hints()
            break
        except AssertionError:
            assert time.monotonic() < limit
    (root / "b.py").write_text("1")
    hints()


LIMITED = """
import sys, threading
from pathlib import Path
from pxtui.watch import Watcher

root, said, told = Path(sys.argv[1]), [], threading.Event()
trouble = lambda text: (said.append(text), told.set())
watcher = Watcher(root, lambda: lambda path: False, told.set, trouble)
watcher.start()
for n in range(12):  # the first folders may have a watch each
    (root / f"d{n}").mkdir()
while not said:
    assert told.wait(20)
    told.clear()
print(said[0], flush=True)
while told.wait(3):  # until it is quiet
    told.clear()
(root / "d11/late.py").write_text("1")
assert told.wait(20), "it is deaf"
print("heard")
watcher.close()
"""


@pytest.mark.parametrize(("limit", "number"), [("watches", 5), ("watches", 0), ("instances", 0)])
def test_a_limit_of_the_system_is_named_and_it_goes_on(
    limit: str, number: int, tmp_path: Path
) -> None:
    """At the start and for folders that come later, as root of a user namespace of its own."""
    root = tmp_path / "tree"
    root.mkdir()
    (tmp_path / "limited.py").write_text(LIMITED)
    setting = f"/proc/sys/user/max_inotify_{limit}"
    script = f'echo {number} > {setting} && exec "$0" "$@"'
    command = ["unshare", "-Ur", "sh", "-c", script, sys.executable]
    if subprocess.run(["unshare", "-Ur", "test", "-w", setting], check=False).returncode:
        need(False, "a user namespace")
    done = subprocess.run(
        [*command, str(tmp_path / "limited.py"), str(root)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    reason = f"the system's limit of watches is reached (sysctl fs.inotify.max_user_{limit})"
    assert done.stdout == f"watching by looking again and again: {reason}\nheard\n"
