"""`pxtui build`: when it opens a shell, and when it cannot."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pexpect
import pytest

START = ["-m", "pxtui"]


@pytest.mark.parametrize("option", ["--shell-on-failure", "--shell-before=3"])
def test_a_shell_needs_a_terminal_and_no_objects(
    make_project: Callable[..., Path], option: str
) -> None:
    words = [sys.executable, *START, "-C", str(make_project()), "build", "--engine=fake", option]
    for more, said in (([], "a shell needs a terminal"), (["--json"], "does not go with --json")):
        done = subprocess.run(
            [*words, *more], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        assert done.returncode == 2
        assert said in done.stderr


@pytest.mark.parametrize(
    ("options", "said", "code"),
    [
        (["--engine=local", "--shell-before=3"], "a shell needs a container engine", 2),
        (["--engine=fake", "--shell-before=9"], "there is nothing before step 9", 1),
        (["--engine=fake", "--shell-on-failure"], "image done", 0),
        (["--engine=fake", "--shell-before=4"], "the state before step 4 of 5", 0),
    ],
)
def test_what_it_says_in_a_terminal(
    make_project: Callable[..., Path], options: list[str], said: str, code: int
) -> None:
    words = [*START, "-C", str(make_project()), "build", *options]
    screen = pexpect.spawn(sys.executable, words, timeout=30, encoding="utf-8")
    screen.expect(pexpect.EOF)
    assert said in (screen.before or "")
    assert screen.wait() == code
