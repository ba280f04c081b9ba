"""Floods, killed programs, killed engines: nothing is told falsely, nothing is left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pxtui import history, project, trust
from pxtui.logs.reader import LogReader
from tests.whole.conftest import REPO, Terminal, need

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("engine"), pytest.mark.timeout(300)]

FILE = """\
version: 1
project:
  name: hard
declarations:
  n: 1
run:
  image: python:3.11-slim
  steps:
    - {step}
  cmd: {cmd}
"""


def write(root: Path, step: str = "echo ready", cmd: str = "echo {{ n }}") -> Path:
    root.mkdir(exist_ok=True)
    (root / "polyaxonfile.yml").write_text(FILE.format(step=step, cmd=cmd))
    return root


def start(root: Path, *words: str, host: str = "") -> subprocess.Popen[str]:
    environ = {**os.environ, **({"DOCKER_HOST": host} if host else {})}
    return subprocess.Popen(
        [sys.executable, "-m", "pxtui", "-C", str(root), "--engine", "docker", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environ,
    )


def told_until(
    process: subprocess.Popen[str], condition: Callable[[dict[str, Any]], object]
) -> list[dict[str, Any]]:
    assert process.stdout
    told = []
    for line in process.stdout:
        told.append(json.loads(line))
        if condition(told[-1]):
            return told
    raise AssertionError(told)


def is_run_output(told: dict[str, Any]) -> bool:
    return bool(told["type"] == "output" and told["phase"] == "run")


def is_build_output(told: dict[str, Any]) -> bool:
    return bool(told["type"] == "output" and told["phase"] == "build")


def build_containers(words: str, host: str = "") -> list[str]:
    """The running containers whose command has these words."""
    listed = subprocess.run(
        ["docker", "ps", "--no-trunc", "--format", "{{.Command}}"],
        capture_output=True,
        text=True,
        check=True,
    )
    return [line for line in listed.stdout.splitlines() if words in line]


def wait_for(condition: Callable[[], object], seconds: float = 20) -> None:
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, condition
        time.sleep(0.05)


@pytest.fixture
def private_engine() -> Iterator[tuple[Path, str]]:
    """A second engine that may be killed: its folder and its host."""
    need(os.geteuid() == 0, "root, for a second engine")
    script = REPO / ".ci/engine"
    with tempfile.TemporaryDirectory(prefix="pxtui-", ignore_cleanup_errors=True) as name:
        up = [str(script), "private-up", name, "--images"]
        done = subprocess.run(up, capture_output=True, text=True, check=True)
        try:
            yield Path(name), done.stdout.split()[-1]
        finally:
            subprocess.run([str(script), "private-down", name], check=False)


def test_pxtui_killed_in_a_run_and_started_again(
    tmp_path: Path, labelled: Callable[[Path], list[str]]
) -> None:
    """The run goes on; the next start has its whole log and its outcome."""
    root = write(tmp_path / "p", cmd="for i in 1 2 3 4 5 6 7 8; do echo line $i; sleep 0.5; done")
    labelled(root)
    with start(root, "run", "--json") as process:
        told_until(process, lambda o: is_run_output(o) and o["text"] == "line 2")
        process.send_signal(signal.SIGKILL)
    listed = run(root, "runs", "list")
    assert listed.split()[1] == "running"
    adopted = adopt(root)
    assert [line.text for line in adopted.lines] == [f"line {n}" for n in range(1, 9)]
    assert (adopted.outcome, adopted.exit_code) == ("done", 0)


def test_the_log_of_a_run_that_was_left_is_whole_on_the_command_line(
    tmp_path: Path, labelled: Callable[[Path], list[str]]
) -> None:
    root = write(tmp_path / "p", cmd="for i in 1 2 3 4 5 6; do echo line $i; sleep 0.5; done")
    labelled(root)
    with start(root, "run", "--json") as process:
        told_until(process, lambda o: is_run_output(o) and o["text"] == "line 2")
        process.send_signal(signal.SIGKILL)
    so_far = run(root, "runs", "logs").splitlines()
    assert so_far[:2] == ["line 1", "line 2"]
    followed = run(root, "runs", "logs", "last", "--follow").splitlines()
    assert followed == [f"line {n}" for n in range(1, 7)]
    wait_for(lambda: run(root, "runs", "list").split()[1] == "done", 5)
    (record,) = history.read_all(project.find(root).places)
    assert record.seconds is not None
    assert 2.5 < record.seconds < 6, "as the engine says, not when somebody looked"
    assert record.last_line == "line 6"
    assert run(root, "runs", "rm", "--yes", "1") == ""
    assert labelled(root) == []


def test_pxtui_killed_in_a_build_leaves_nothing(
    tmp_path: Path, labelled: Callable[[Path], list[str]]
) -> None:
    root = write(tmp_path / "p", step="echo begun && sleep 77.25")
    labelled(root)
    with start(root, "build", "--json") as process:
        told_until(process, is_build_output)
        process.send_signal(signal.SIGKILL)
    wait_for(lambda: not build_containers("sleep 77.25"), 5)
    with start(root, "build", "--json") as again:
        told = told_until(again, is_build_output)
        assert not [o for o in told if o["type"] == "finished"], "nothing is called done"
        again.send_signal(signal.SIGINT)
        rest = [json.loads(line) for line in again.stdout or ()]
    assert rest[-1]["outcome"] == "cancelled"
    assert again.returncode == 130
    assert not build_containers("sleep 77.25")


@pytest.mark.parametrize("phase", ["run", "build"])
def test_the_engine_killed_in_a_job_is_lost(
    phase: str, tmp_path: Path, private_engine: tuple[Path, str]
) -> None:
    folder, host = private_engine
    begun = "echo begun && sleep 60"
    root = write(tmp_path / "p", **{"cmd" if phase == "run" else "step": begun})
    file = root / "polyaxonfile.yml"
    file.write_text(file.read_text().replace("python:3.11-slim", "pxtui-test/busybox:latest"))
    with start(root, phase, "--json", host=host) as process:
        told_until(process, is_run_output if phase == "run" else is_build_output)
        subprocess.run([str(REPO / ".ci/engine"), "private-kill", str(folder)], check=True)
        (end,) = [o for o in map(json.loads, process.stdout or ()) if o["type"] == "finished"]
    assert (end["phase"], end["outcome"], end["exit_code"]) == (phase, "lost", None)
    assert process.returncode == 1


class Adopted:
    """A run as the next start of pxtui finds it."""

    def __init__(self, root: Path) -> None:
        from pxtui.cli.follow import Follow

        (self.record,) = history.read_all(project.find(root).places)
        self.lines = list(Follow(project.find(root).places.run(self.record.id)).lines(last=True))
        self.outcome, self.exit_code = self.record.outcome, self.record.exit_code


def adopt(root: Path) -> Adopted:
    """Open a session as the app does, until the run has ended."""
    import asyncio

    from pxtui.session import Session, link
    from pxtui.settings import Settings

    async def work() -> None:
        found = project.find(root)
        session = Session(found, Settings(), link.opener("docker", found.places))
        async with session:
            session.begin()
            async with asyncio.timeout(30):
                while not (session.state.history and session.state.history[0].outcome == "done"):
                    await asyncio.sleep(0.05)

    asyncio.run(work())
    return Adopted(root)


def run(root: Path, *words: str) -> str:
    command = [sys.executable, "-m", "pxtui", "-C", str(root), "--engine", "docker", *words]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def rss(pid: int) -> int:
    """MB of memory of a process."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) // 1024
    raise AssertionError(pid)


@pytest.mark.parametrize("where", ["step", "cmd"])
@pytest.mark.parametrize(
    "seconds", [pytest.param(4, id="short"), pytest.param(30, id="30s", marks=pytest.mark.slow)]
)
def test_a_flood_leaves_keys_and_memory_alone(
    where: str,
    seconds: int,
    tmp_path: Path,
    pxtui_command: str,
    terminal: Terminal,
    labelled: Callable[[Path], list[str]],
) -> None:
    """`yes` in a step and in the command: keys answer, memory is flat, `s` ends it."""
    flood, tab = "yes 'a line of a flood'", "3" if where == "step" else "4"
    root = write(tmp_path / "p", **{where: flood})
    trust.trust(project.find(root), "unix:///var/run/docker.sock")
    labelled(root)
    terminal.start(f"{pxtui_command} --engine docker", root)
    terminal.until("build, then run")
    terminal.keys("r")
    terminal.until("a line of a flood", 60)
    pid = int(terminal.tmux("list-panes", "-F", "#{pane_pid}"))
    child = int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])
    first = rss(child)
    slowest = 0.0
    for n in range(seconds * 2):
        began = time.monotonic()
        file_is_shown = n % 2 == 0
        terminal.keys("1" if file_is_shown else tab)
        terminal.until(lambda s, shown=file_is_shown: ("version: 1" in s) == shown)  # type: ignore[misc]
        slowest = max(slowest, time.monotonic() - began)
        time.sleep(max(0.0, 0.5 - (time.monotonic() - began)))
    assert slowest < 10, "keys answer"
    assert rss(child) - first < 60, "memory is flat"
    terminal.keys("s")
    terminal.until(lambda s: "●" not in s.splitlines()[0] or "stop" in s, 5)
    if "●" in terminal.screen().splitlines()[0]:
        terminal.keys("Enter")
    terminal.until(lambda s: "●" not in s.splitlines()[0], 30)
    terminal.keys("q")
    terminal.until("EXIT=0", 10)
    assert not build_containers("a line of a flood")
    if where == "cmd":
        assert labelled(root) == []
        (record,) = history.read_all(project.find(root).places)
        reader = LogReader(project.find(root).places.run(record.id))
        assert reader.size + reader.cut > 1_000_000
        pieces = reader.read(0, 1_000_000)
        text = b"".join(piece.data for piece in pieces)
        assert set(text.split(b"\n")[:-1]) == {b"a line of a flood"}, "no piece is missing"
        reader.close()


def test_a_terminal_that_is_closed_in_a_build_leaves_nothing(
    tmp_path: Path, pxtui_command: str, terminal: Terminal, labelled: Callable[[Path], list[str]]
) -> None:
    root = write(tmp_path / "p", step="yes 'a closed terminal'")
    trust.trust(project.find(root), "unix:///var/run/docker.sock")
    labelled(root)
    terminal.start(f"{pxtui_command} --engine docker", root)
    terminal.until("build, then run")
    terminal.keys("b")
    terminal.until("● building")
    terminal.until("following")
    pid = int(terminal.tmux("list-panes", "-F", "#{pane_pid}"))
    child = int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])
    terminal.close()
    wait_for(lambda: not Path(f"/proc/{child}").exists(), 5)
    wait_for(lambda: not build_containers("a closed terminal"), 5)
