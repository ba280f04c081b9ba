"""E and a: a shell in the running container and the terminal of its command, and back."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pxtui import project, trust
from tests.whole.conftest import REPO, Terminal

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("engine"), pytest.mark.timeout(120)]

PXTUI = f"PYTHONPATH={REPO} PXTUI_TTY=%s {sys.executable} -m pxtui --engine docker"
FILE = """\
version: 1
project: {name: entered}
declarations: {lr: 0.1}
run:
  image: python:3.11-slim
  cmd: python3 train.py
"""
TRAIN = """
open("/code/here", "w")
print("go on?")
print("so:", input())
print("twice:", input() * 2)
"""


def test_a_shell_and_the_terminal_of_a_run_come_back_to_the_same_screen(
    tmp_path: Path, terminal: Terminal, labelled: Callable[[Path], list[str]]
) -> None:
    root = tmp_path / "project"
    root.mkdir()
    (root / "polyaxonfile.yml").write_text(FILE)
    (root / "train.py").write_text(TRAIN)
    trust.trust(project.find(root), "unix:///var/run/docker.sock")
    labelled(root)
    terminal.start(PXTUI % "true", root)
    terminal.until("build, then run")
    terminal.keys("E")
    terminal.until("no run is going")
    terminal.keys("r")
    terminal.until("go on?", 60)
    terminal.keys("E")
    terminal.until("which goes on · exit ends it")
    terminal.until(":/code#")
    terminal.type("ls /code; exit\n")
    terminal.until("the shell has ended")
    terminal.until(lambda screen: "go on?" in screen and "● running" in screen)
    terminal.keys("a")
    terminal.until("ctrl-] lets go of it, and it goes on")
    terminal.type("yes\n")
    terminal.until("so: yes")
    terminal.keys("C-]")
    terminal.until("its terminal was given back")
    terminal.until(lambda screen: "so: yes" in screen and "● running" in screen)
    terminal.keys("a")
    terminal.until("ctrl-] lets go of it")
    terminal.type("ab\n")
    terminal.until(lambda screen: "twice: abab" in screen and "✓ done" in screen)
    terminal.keys("a")
    terminal.until("no run is going")
    terminal.keys("q")
    terminal.until("EXIT=0")


def test_a_run_without_a_terminal_says_so(
    tmp_path: Path, terminal: Terminal, labelled: Callable[[Path], list[str]]
) -> None:
    root = tmp_path / "project"
    root.mkdir()
    (root / "polyaxonfile.yml").write_text(FILE.replace("python3 train.py", "sleep 60"))
    trust.trust(project.find(root), "unix:///var/run/docker.sock")
    labelled(root)
    terminal.start(PXTUI % "false", root)
    terminal.until("build, then run")
    terminal.keys("r")
    terminal.until("● running", 60)
    terminal.keys("a")
    terminal.until("#1 has no terminal · tty = true gives the runs one")
    terminal.keys("S")
    terminal.until("Kill #1")
    terminal.keys("Up", "Enter")
    terminal.until("○ stopped after")
    terminal.keys("q")
    terminal.until("EXIT=0")


def test_a_terminal_that_goes_away_while_it_is_lent_ends_the_app(
    tmp_path: Path, terminal: Terminal, labelled: Callable[[Path], list[str]]
) -> None:
    root = tmp_path / "project"
    root.mkdir()
    (root / "polyaxonfile.yml").write_text(FILE.replace("python3 train.py", "sleep 600"))
    trust.trust(project.find(root), "unix:///var/run/docker.sock")
    labelled(root)
    terminal.start(PXTUI % "false", root)
    terminal.until("build, then run")
    terminal.keys("r")
    terminal.until("● running", 60)
    terminal.keys("E")
    terminal.until(":/code#")
    shell = int(terminal.tmux("list-panes", "-F", "#{pane_pid}"))
    apps = children(shell)
    assert apps
    apps += children(apps[0])
    terminal.close()
    limit = time.monotonic() + 15
    while any(Path(f"/proc/{pid}/exe").exists() for pid in apps):
        assert time.monotonic() < limit, "it goes on without a terminal"
        time.sleep(0.05)
    assert labelled(root), "the run goes on"


def children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(number) for number in text.split()]
