"""A project whose run or build on the local engine does what a test says, in the real program."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

from pxtui import project, trust
from pxtui.engine.supervisor import STARTED, read_json
from tests.in_a_pty import Program, program, pxtui

FILE = """\
version: 1
project:
  name: output
run:
  image: python:3.11-slim
{steps}  cmd: {cmd}
"""
FOLLOWS = "following|reading"
"""What the foot of the log of a live run says whose end is followed."""


def write(root: Path, cmd: str, step: str = "") -> Path:
    """A project with a command and perhaps a step, which may run here."""
    root.mkdir(exist_ok=True)
    steps = ""
    if step:
        (root / "polyaxon_setup.sh").write_text(f"#!/bin/sh\n{step}\n")
        (root / "polyaxon_setup.sh").chmod(0o755)
        steps = "  steps:\n    - ./polyaxon_setup.sh\n"
    cmd = f"'{cmd.replace(chr(39), chr(39) * 2)}'"
    (root / "polyaxonfile.yml").write_text(FILE.format(steps=steps, cmd=cmd))
    trust.trust(project.find(root), "local", any_step=True)
    return root


def python(file: Path, *words: object) -> str:
    """A command that runs a Python file."""
    return shlex.join([sys.executable, "-I", "-u", str(file), *map(str, words)])


@contextlib.contextmanager
def app(root: Path, *, tty: bool = False, keep: bool = False) -> Iterator[Program]:
    """The app on a project, ready; its runs, in a terminal or not, are ended with it."""
    words = pxtui("-C", str(root), "--engine", "local")
    try:
        with program(words, keep=keep, env={"PXTUI_TTY": str(tty).lower()}) as opened:
            opened.until("run")
            opened.until("What the run gets|Next run")
            yield opened
    finally:
        end_runs(root)


def runs(root: Path) -> list[Path]:
    """The folders of the project's runs, oldest first."""
    home = project.find(root).places.run("x").parent
    return sorted(home.iterdir()) if home.is_dir() else []


def end_runs(root: Path) -> None:
    """End what still runs: a local run outlives the app."""
    for folder in runs(root):
        supervisor = (read_json(folder / STARTED) or {}).get("supervisor")
        if supervisor and not (folder / "outcome.json").exists():
            with contextlib.suppress(OSError):
                os.kill(supervisor, signal.SIGKILL)  # the command dies with it
