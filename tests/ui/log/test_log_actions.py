"""In the app: the next error, the editor at a traceback, the log in a file, the mouse let go."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from pxtui import events as e
from pxtui.ui.app import PxtuiApp
from pxtui.ui.dialogs.save_log import SaveLog, suggested
from pxtui.ui.log import texts
from tests.ui import example as x
from tests.ui.seeing import press, until, words
from tests.ui.stub import StubSession, write_log
from tests.ui.test_editor import SuspendedApp

SIZE = (130, 40)
LOG = """\
start
\x1b[31mTraceback\x1b[0m (most recent call last):
  File "/code/train.py", line 7, in <module>
    main()
  File "/usr/lib/python3/site-packages/torch/nn.py", line 99, in fit
    raise ValueError
ValueError: bad
""" + "".join(f"step {n}\n" for n in range(100))


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "mnist"
    root.mkdir()
    (root / "train.py").write_text("1\n" * 20)
    write_log(tmp_path / "run" / "r1", (x.NOW, "stdout", LOG))
    (tmp_path / "person").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "person"))
    monkeypatch.chdir(root)
    return root


def app_on(root: Path, *events: e.Event) -> tuple[SuspendedApp, StubSession]:
    started = e.Started("run", "r1", 12, "asked", x.NOW)
    session = StubSession(root, *x.OPENED, *x.built(), started, *events, logs=root.parent)
    return SuspendedApp(session, now=lambda: x.NOW), session


async def in_log(app: PxtuiApp, pilot: Pilot[int], *keys: str) -> None:
    await press(pilot, "4")
    await until(pilot, lambda: "step 99" in words(app))
    await press(pilot, *keys)


async def test_the_next_error_of_this_log(root: Path) -> None:
    app, _ = app_on(root)
    async with app.run_test(size=SIZE) as pilot:
        await in_log(app, pilot, "exclamation_mark")
        part = app.log_focused()
        assert part is not None
        await until(pilot, lambda: "ValueError: bad" in words(app) and part.view.here >= 0)
        seen = {part.view.here}
        for _ in range(3):
            await press(pilot, "exclamation_mark")
            seen.add(part.view.here)
        assert seen <= set(range(1, 7))
        await press(pilot, "2", "exclamation_mark")
        await until(pilot, lambda: "nothing uses dropout" in words(app))


async def test_no_error_is_said(root: Path) -> None:
    write_log(root.parent / "run" / "r1", (x.NOW, "stdout", "fine\nstep 99\n"))
    app, _ = app_on(root)
    async with app.run_test(size=SIZE) as pilot:
        await in_log(app, pilot, "exclamation_mark")
        await until(pilot, lambda: "nothing has an error" in words(app))


@pytest.mark.parametrize(
    ("keys", "named"),
    [
        (("exclamation_mark",), "+7 ROOT/train.py"),
        (("g",), "+7 ROOT/train.py"),
        ((), "+8 ROOT/polyaxonfile.yml"),
        (("V", "g"), "+8 ROOT/polyaxonfile.yml"),
    ],
)
async def test_the_editor_opens_what_the_traceback_names(
    keys: tuple[str, ...], named: str, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VISUAL", raising=False)
    editor = root.parent / "vim"
    editor.write_text(f'#!/bin/sh\necho "$@" >{root.parent}/opened\n')
    editor.chmod(0o755)
    monkeypatch.setenv("EDITOR", str(editor))
    app, session = app_on(root)
    async with app.run_test(size=SIZE) as pilot:
        await in_log(app, pilot, *keys)
        if "exclamation_mark" in keys:
            part = app.log_focused()
            await until(pilot, lambda: part is not None and part.view.here >= 0)
        if "V" in keys:
            await press(pilot, "G", "escape")
        await press(pilot, "e")
        await until(pilot, lambda: ("reload",) in session.asked)
        opened = (root.parent / "opened").read_text().strip().removeprefix("+8 ")
        assert opened == named.replace("ROOT", str(root)).removeprefix("+8 ")
        assert ("train.py, line 7" in words(app)) == ("train" in named)


async def test_the_log_is_written_outside_of_the_project(root: Path) -> None:
    app, _ = app_on(root)
    person = root.parent / "person"
    async with app.run_test(size=SIZE) as pilot:
        await in_log(app, pilot, "greater_than_sign")
        await until(pilot, lambda: "~/mnist-run-12.log" in words(app))
        await press(pilot, "enter")
        await until(pilot, lambda: "wrote 993 B to ~/mnist-run-12.log" in words(app))
        assert (person / "mnist-run-12.log").read_text() == LOG.replace("\x1b[31m", "").replace(
            "\x1b[0m", ""
        )
        await press(pilot, "greater_than_sign")
        await until(pilot, lambda: "~/mnist-run-12-2.log" in words(app))
        await press(pilot, "tab", "enter")
        await until(pilot, (person / "mnist-run-12-2.log").exists)
        assert (person / "mnist-run-12-2.log").read_text() == LOG


async def test_only_what_the_filter_shows(root: Path) -> None:
    app, _ = app_on(root)
    async with app.run_test(size=SIZE) as pilot:
        await in_log(app, pilot, "ampersand", *"9$", "enter")
        await until(pilot, lambda: "10 of 107 lines" in words(app))
        await press(pilot, "greater_than_sign")
        await until(pilot, lambda: "what the filter shows, 10 lines" in words(app))
        await press(pilot, "enter")
        path = root.parent / "person" / "mnist-run-12.log"
        await until(pilot, path.exists)
        assert path.read_text() == "".join(f"step {n}\n" for n in range(9, 100, 10))


async def test_a_file_is_replaced_only_when_asked_twice(root: Path) -> None:
    app, _ = app_on(root)
    path = root.parent / "person" / "old"
    path.write_text("old")
    async with app.run_test(size=SIZE) as pilot:
        await in_log(app, pilot, "greater_than_sign", "ctrl+u", *"old", "enter")
        await until(pilot, lambda: "old is there already" in words(app))
        assert path.read_text() == "old"
        await press(pilot, "x", "backspace", "enter")
        await until(pilot, lambda: "replaces it" in words(app))
        assert isinstance(app.screen, SaveLog)
        await press(pilot, "enter")
        await until(pilot, lambda: path.read_text() != "old")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "a file needs a name"),
        ("/proc/nowhere/x", "there is no folder /proc/nowhere"),
        ("/tmp", "/tmp is a folder"),
        ("/dev/null", "/dev/null is no file"),
        ("ab", ""),
    ],
)
async def test_where_nothing_can_be_written(typed: str, said: str, root: Path) -> None:
    app, _ = app_on(root)
    async with app.run_test(size=SIZE) as pilot:
        await in_log(app, pilot, "greater_than_sign", "ctrl+u", *typed, "enter")
        if said:
            await until(pilot, lambda: said in words(app))
            await press(pilot, "escape")
        else:
            await until(pilot, (root.parent / "person" / typed).exists)


async def test_in_the_project_it_is_said_that_the_watch_sees_it(root: Path) -> None:
    app, _ = app_on(root)
    async with app.run_test(size=SIZE) as pilot:
        await in_log(app, pilot, "greater_than_sign", "ctrl+u", *f"{root}/x.log")
        await until(pilot, lambda: "the watch will see it" in words(app))


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES])
async def test_why_it_was_not_written(
    number: int, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(texts, "save", full)
    app, _ = app_on(root)
    async with app.run_test(size=SIZE) as pilot:
        await in_log(app, pilot, "greater_than_sign", "enter")
        await until(
            pilot, lambda: f"not written: {os.strerror(number)} · ~/mnist-run" in words(app)
        )


def test_half_a_file_is_not_left(tmp_path: Path) -> None:
    def breaks() -> Iterator[bytes]:
        yield b"half"
        raise OSError(errno.EIO, "it broke")

    path = tmp_path / "log"
    with pytest.raises(OSError, match="it broke"):
        texts.save(path, breaks(), replace=False)
    assert not list(tmp_path.iterdir())
    path.write_text("old")
    with pytest.raises(FileExistsError):
        texts.save(path, [b"new"], replace=False)
    assert path.read_text() == "old"
    assert texts.save(path, [b"new"], replace=True) == 3
    assert [file.name for file in tmp_path.iterdir()] == ["log"]


def test_the_persons_folder_is_suggested_if_it_is_not_the_project(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, person = root.parent / "kept", root.parent / "person"
    assert suggested("a.log", root, kept) == person / "a.log"
    (person / "sub").mkdir()
    monkeypatch.chdir(person / "sub")
    assert suggested("a.log", root, kept) == person / "sub/a.log"
    assert suggested("a.log", root.parent, kept) == kept / "a.log"


async def test_the_mouse_is_let_go_and_taken_back(root: Path) -> None:
    class Mouse:
        _mouse = True
        done: list[str] = []  # noqa: RUF012

        def _disable_mouse_support(self) -> None:
            self.done.append("off")

        def _enable_mouse_support(self) -> None:
            self.done.append("on")

        def __getattr__(self, name: str) -> Any:
            return getattr(real, name)

    app, _ = app_on(root)
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "M")
        await until(pilot, lambda: "the mouse cannot be freed" in words(app))
        real, driver = app._driver, Mouse()
        app._driver = driver  # type: ignore[assignment]
        await press(pilot, "M")
        await until(pilot, lambda: "the mouse is the terminal's now" in words(app))
        assert not driver._mouse
        await press(pilot, "M")
        await until(pilot, lambda: "the mouse is pxtui's again" in words(app))
        assert driver.done == ["off", "on"]
        app._driver = real
