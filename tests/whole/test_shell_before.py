"""E: a shell in the state before the step that failed, in the person's terminal, and back."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.whole.conftest import REPO, Terminal, _docker

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("engine")]

PXTUI = f"PYTHONPATH={REPO} {sys.executable} -m pxtui"
FILE = """\
version: 1
project: {name: shell}
declarations: {lr: 0.1}
run:
  image: pxtui-test/busybox:latest
  steps:
    - echo first > /first && echo %s
    - cat /first /nothing-here
  cmd: echo {{ lr }}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = tmp_path / "project"
    made.mkdir()
    (made / "polyaxonfile.yml").write_text(FILE % time.time_ns())
    (made / "train.py").write_text("print(1)\n")
    return made


def images(root: Path) -> list[str]:
    from pxtui.places import project_id

    label = f"label=pxtui.project={project_id(root)}"
    return _docker("images", "-q", "--filter", label)


def is_empty(what: Callable[[], object]) -> bool:
    """Wait until there is nothing of it, with a limit."""
    end = time.monotonic() + 15
    while what():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


@pytest.mark.parametrize("buildkit", ["1", "0"])
def test_the_shell_is_before_the_failed_step_and_leaves_nothing(
    terminal: Terminal,
    labelled: Callable[[Path], list[str]],
    root: Path,
    buildkit: str,
) -> None:
    terminal.start(f"export DOCKER_BUILDKIT={buildkit}; {PXTUI}", root)
    terminal.until("What the run gets")
    terminal.keys("b")
    terminal.until("Build shell here?")
    terminal.keys("Enter")
    screen = terminal.until("✗ build failed")
    assert "step 4 of 5 failed, exit code 1" in screen
    assert "E opens a shell before step 4" in screen
    assert "newest good image: none yet" in screen
    terminal.keys("E")
    screen = terminal.until("/code #")
    assert "    cat /first /nothing-here" in screen
    assert "nothing of this is kept and it is no run" in screen
    assert len(labelled(root)) == 1
    terminal.type("cat /first; ls /nothing-here; touch kept\n")
    screen = terminal.until("/nothing-here: No such file")
    assert "\nfirst\n" in screen
    terminal.type("exit\n")
    terminal.until("the shell has ended")
    assert labelled(root) == []
    assert images(root) == []
    assert not list((root.parent).rglob("kept"))
    terminal.keys("6")
    terminal.until("there are no runs yet")
    terminal.keys("q")
    terminal.until("EXIT=0")


def test_a_terminal_that_goes_away_leaves_nothing(
    terminal: Terminal, labelled: Callable[[Path], list[str]], root: Path
) -> None:
    terminal.start(f"{PXTUI} build --shell-on-failure", root)
    terminal.until("/code #")
    assert len(labelled(root)) == 1
    terminal.close()
    assert is_empty(lambda: labelled(root))
    assert is_empty(lambda: images(root))
