"""The watcher gives hints: for what is new, nested, renamed, and not for what is ignored."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pxtui.watch import Watcher


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
