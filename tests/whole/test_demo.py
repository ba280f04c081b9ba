"""The demo in a real terminal by keys alone: the installed wheel, a real engine, or none."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.whole.conftest import Terminal, need

pytestmark = pytest.mark.timeout(420)

BUILD = 180
TRAIN = 90
NEWER = """\
import sys
print("a newer script", flush=True)
if "--epochs=6" in sys.argv:
    sys.exit()
"""
"""Put before the script; the run of watching, whose six epochs were seen once, then ends here."""


def commit(root: Path) -> None:
    """Put a project into git."""
    git = ["git", "-C", str(root), "-c", "user.name=t", "-c", "user.email=t@example.org"]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "demo"]):
        subprocess.run([*git, *words], check=True)


def change(terminal: Terminal, row: str, text: str) -> None:
    """Change a value of the form by keys."""
    terminal.until(row)
    terminal.keys("2", "Home")
    names = ["batch_size", "lr", "epochs"]
    terminal.keys(*["Down"] * names.index(row), "Enter")
    terminal.until("esc leave as it was")
    terminal.type(text)
    terminal.keys("Enter")
    terminal.until(lambda screen: re.search(rf"~\s+{row}\s+{re.escape(text)}\b", screen))


def accuracy(screen: str) -> list[str]:
    return re.findall(r"acc=(0\.\d+)", screen)


def shows_end(screen: str) -> bool:
    """The first status cell says that the last run is done."""
    return "✓ done" in screen.splitlines()[0]


@pytest.mark.engine
@pytest.mark.usefixtures("engine")
def test_the_whole_loop_by_keys_alone(
    pxtui_command: str,
    tmp_path: Path,
    terminal: Terminal,
    labelled: Callable[[Path], list[str]],
) -> None:
    """The demo line of the README, and a working day after it."""
    demo = tmp_path / "pxtui-demo"
    command = f"{shlex.quote(pxtui_command)} --engine docker"
    terminal.start(f"{command} demo", tmp_path)
    terminal.until("opening ran nothing")
    assert labelled(demo) == []
    commit(demo)

    change(terminal, "epochs", "1")
    terminal.keys("r")
    terminal.until("command")
    terminal.keys("Enter")
    first = terminal.until(shows_end, BUILD + TRAIN)

    change(terminal, "lr", "0.001")
    terminal.keys("r")
    terminal.until("#2", TRAIN)
    second = terminal.until(lambda s: "#2" in s.splitlines()[0] and shows_end(s), TRAIN)
    assert accuracy(first)[-1] != accuracy(second)[-1], "accuracy depends on the declarations"

    terminal.keys("2", ":")
    terminal.until("what to do")
    terminal.type("w")
    terminal.keys("Enter")
    terminal.until("as in the file")
    diff = subprocess.check_output(["git", "-C", str(demo), "diff"], text=True)
    changed = [line for line in diff.splitlines() if re.match(r"[+-][^+-]", line)]
    assert changed == ["-  lr: 0.1", "-  epochs: 20", "+  lr: 0.001", "+  epochs: 1"]

    watch_during_a_run(terminal, demo)
    leave_and_come_back(terminal, command, demo)


def watch_during_a_run(terminal: Terminal, demo: Path) -> None:
    """A change during a run: it goes on, the image is rebuilt, the next run starts after it."""
    change(terminal, "epochs", "6")
    terminal.keys("w", "r")
    terminal.until("watch build and run")
    terminal.keys("r")
    terminal.until(lambda s: "● running" in s and "#3" in s.splitlines()[0], TRAIN)
    train = demo / "train.py"
    train.write_text(NEWER + train.read_text())
    during = terminal.until("◌", BUILD)
    assert "● running" in during, "the run goes on"
    assert "#3" in during.splitlines()[0]
    terminal.until(lambda s: "● running" in s and "#4" in s.splitlines()[0], TRAIN)
    terminal.until("a newer script")
    terminal.until(lambda s: "#4" in s.splitlines()[0] and shows_end(s), TRAIN)
    terminal.keys("w", "w")
    terminal.until("watch off")


def leave_and_come_back(terminal: Terminal, command: str, demo: Path) -> None:
    change(terminal, "epochs", "30")
    terminal.keys("r")
    terminal.until("epoch 1/30", TRAIN)
    terminal.keys("q")
    terminal.until("leave it running")
    terminal.keys("Enter")
    terminal.until("EXIT=0", 5)
    terminal.close()
    terminal.start(command, demo)
    back = terminal.until(lambda s: "● running" in s and "epoch 1/30" in s, TRAIN)
    assert "#5" in back.splitlines()[0]
    terminal.keys("4", "Home")
    terminal.until("a newer script")
    terminal.keys("s")
    terminal.until(lambda s: "cancelled" in s or "stopped" in s, 30)
    terminal.keys("q")
    terminal.until("EXIT=0", 5)


def test_the_demo_line_of_the_readme_without_an_engine(
    pxtui_command: str, tmp_path: Path, terminal: Terminal
) -> None:
    """No socket and no DOCKER_HOST: `auto` says that there is no container, and runs."""
    need(os.geteuid() == 0, "root, to hide the engine's socket")
    hide = "mount -t tmpfs none /run && unset DOCKER_HOST DOCKER_CONTEXT DOCKER_CONFIG"
    inner = f"{hide} && export HOME={tmp_path} && {shlex.quote(pxtui_command)} demo"
    terminal.start(f"unshare --mount sh -c {shlex.quote(inner)}", tmp_path)
    terminal.until("no container (venv)")
    change(terminal, "epochs", "3")
    terminal.keys("r")
    screen = terminal.until("not used")
    assert "nothing is isolated" in screen
    terminal.keys("Enter")
    screen = terminal.until(shows_end, BUILD + TRAIN)
    assert float(accuracy(screen)[-1]) > 0.9
    terminal.keys("q")
    terminal.until("EXIT=0", 5)
