"""Y: a run as a line that can be handed on, copied through the terminal, without secrets."""

from __future__ import annotations

import base64
import subprocess
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from pxtui import events as e
from pxtui import history, project
from pxtui.history import Record
from pxtui.polyaxonfile.secret import DOTS
from pxtui.run import Surroundings
from pxtui.ui import sharing
from pxtui.ui.app import PxtuiApp
from pxtui.ui.dialogs.share import Share
from pxtui.ui.panes.watch import Watch
from tests.ui import example as x
from tests.ui.seeing import press, until, words
from tests.ui.stub import StubSession

OPENED = (x.loaded(lr="0.01"), x.FILE_TEXT, x.ENGINE, x.TRUSTED, x.TREE)
SIZE = (120, 40)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "mnist"
    folder.mkdir()
    return folder


def app_on(root: Path, *events: e.Event) -> PxtuiApp:
    return PxtuiApp(StubSession(root, *OPENED, *events), now=lambda: x.NOW)


async def copied(app: PxtuiApp, key: str, pane: str = "2") -> str:
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, pane, "Y")
        await until(pilot, lambda: isinstance(app.screen, Share))
        await press(pilot, key)
        await until(pilot, lambda: "(OSC 52)" in words(app) or "copied through" in words(app))
        return app.clipboard


async def test_the_next_run_in_three_forms(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TMUX", raising=False)
    resolved = x.reading(lr="0.01").resolved
    assert resolved is not None
    assert await copied(app_on(root), "enter") == resolved.cmd
    assert await copied(app_on(root), "2") == f"pxtui -C {root} -P lr=0.01 run"
    given = e.NeedsSeen((), Surroundings(variables=("WANDB_API_KEY",), shm_size=5))
    text = await copied(app_on(root, given), "3")
    assert "docker run --rm" in text
    assert "-e WANDB_API_KEY" in text
    tag = project.find(root).places.project
    assert f"pxtui/{tag}:{x.SIGNATURE[:12]} -c " in text


async def test_a_past_run_is_shared_as_it_ran(root: Path) -> None:
    read = x.reading().resolved
    assert read is not None
    resolved = replace(read, cmd="train --lr=7 --password=geheim")
    record = Record(
        "run9", 9, "docker-1", "sha256:theirs", "", "asked", "", x.NOW, (("lr", "7"),),
        asdict(resolved), values=(("lr", "7"), ("password", "geheim")), secrets=("password",),
        surroundings=asdict(Surroundings(env_files=("/p/.env",))),
    )  # fmt: skip
    history.write(project.find(root).places, record)
    listed = e.History((replace(x.past(9, "done", ("lr", "7")), cmd="train"),))
    assert await copied(app_on(root, listed), "1", "6") == f"train --lr=7 --password={DOTS}"
    line = await copied(app_on(root, listed), "2", "6")
    assert line == f"pxtui -C {root} -P lr=7 run --env-file /p/.env"
    text = await copied(app_on(root, listed), "3", "6")
    assert "sha256:theirs -c " in text
    assert "geheim" not in text


async def test_what_cannot_be_shared_says_so(root: Path) -> None:
    app = app_on(root, e.History((x.past(9, "done"),)))
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "6", "Y")
        await until(pilot, lambda: "what #9 ran cannot be read" in words(app))


async def test_without_a_container_there_is_no_docker_line(root: Path) -> None:
    app = app_on(root, replace(x.ENGINE, isolated=False, name="no container (venv)"))
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "Y")
        await until(pilot, lambda: isinstance(app.screen, Share))
        assert "2  pxtui run" in words(app)
        assert "docker run" not in words(app)
        await press(pilot, "3")
        assert isinstance(app.screen, Share)


@pytest.mark.parametrize("size", [(80, 24), (60, 20)])
async def test_a_small_terminal_scrolls_to_each_form(root: Path, size: tuple[int, int]) -> None:
    app = app_on(root)
    async with app.run_test(size=size) as pilot:
        await press(pilot, "Y")
        await until(pilot, lambda: "Copy the next run" in words(app))
        await until(pilot, lambda: "1–3 or ↵ copies" in words(app))
        await press(pilot, "down", "down")
        await until(pilot, lambda: "docker run" in words(app))
        await press(pilot, "enter")
        await until(pilot, lambda: "docker run" in app.clipboard)


def git(root: Path, *given: str) -> None:
    who = ("-c", "user.name=a", "-c", "user.email=a@b")
    subprocess.run(["git", "-C", str(root), *who, *given], check=True, capture_output=True)


def test_the_commit_and_changes_of_a_work_tree(root: Path, tmp_path: Path) -> None:
    assert sharing.commit(root) == ""
    git(root, "init")
    assert sharing.commit(root) == ""
    (root / "a").write_text("1")
    git(root, "add", "a")
    git(root, "commit", "-m", "first")
    clean = sharing.commit(root)
    assert clean.startswith("commit ")
    assert len(clean) >= len("commit abc1234")
    assert "changes" not in clean
    # a folder's own configuration runs nothing
    git(root, "config", "core.fsmonitor", f"touch {tmp_path}/ran; false")
    (root / "b").write_text("2")
    assert sharing.commit(root) == f"{clean} (+ changes)"
    assert not (tmp_path / "ran").exists()


async def test_tmux_is_asked_itself(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tmux").write_text(f'#!/bin/sh\necho "$@" >{tmp_path}/asked; cat >{tmp_path}/got\n')
    (tmp_path / "tmux").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("TMUX", "/tmp/tmux-0/default,1,0")
    text = await copied(app_on(root), "2")
    assert (tmp_path / "asked").read_text() == "load-buffer -w -\n"
    assert (tmp_path / "got").read_text() == text


async def test_without_its_help_tmux_gets_an_envelope(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("TMUX", "/tmp/tmux-0/default,1,0")
    app = app_on(root)
    sent: list[str] = []
    async with app.run_test(size=SIZE) as pilot:
        driver: Any = app._driver
        monkeypatch.setattr(driver, "write", sent.append)
        await press(pilot, "Y")
        await until(pilot, lambda: isinstance(app.screen, Share))
        await press(pilot, "2")
        await until(pilot, lambda: "sent through tmux" in words(app))
        data = base64.b64encode(app.clipboard.encode()).decode()
        assert f"\x1bPtmux;\x1b\x1b]52;c;{data}\x07\x1b\\" in sent


async def test_slow_git_does_not_hold_the_app(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = f"#!/bin/sh\nwhile [ ! -e {tmp_path}/go ]; do sleep 0.05; done\nexit 1\n"
    (tmp_path / "git").write_text(script)
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(sharing, "GIT", 60)
    app = app_on(root)
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "Y", "5")
        await until(pilot, lambda: app.body.tab is Watch)
        assert not isinstance(app.screen, Share)
        (tmp_path / "go").touch()
        await until(pilot, lambda: "Copy the next run" in words(app))


def test_git_is_not_waited_for_for_ever(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "git").write_text("#!/bin/sh\nexec sleep 60\n")
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(sharing, "GIT", 0.2)
    assert sharing.commit(root) == ""
