"""A local run: a copy of the tree, and a supervisor that outlives the app and notes the end."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pxtui
from pxtui.engine import FoundRun, Outcome
from pxtui.engine.local.environments import Environment, passed
from pxtui.engine.supervisor import CONTROL, JOB, LOCK, OUTCOME, STARTED, read_json, write_json
from pxtui.errors import EngineError
from pxtui.places import LABEL_OWNER, private_dir
from pxtui.run import BASH, SH, WORKDIR, RunSpec

POLL = 0.04
"""Seconds between looks at a run's lock, and so how late its end may be noticed."""


def create(spec: RunSpec, environment: Environment, tree: Path, max_size: int) -> LocalRun:
    """Make a run's folder ready: the code, and all that the supervisor needs to know."""
    folder = private_dir(Path(spec.folder))
    bash = shutil.which("bash") if not os.path.exists(BASH) else BASH
    notes = [] if bash else ["no bash on this machine: /bin/sh"]
    if f"{WORKDIR}/" in spec.cmd:
        notes.append(f"there is no {WORKDIR} without a container: the command names it")
    variables = environment.variables(
        passed(), (*environment.kept_variables(), *spec.with_outputs_at(spec.outputs))
    )
    held = environment.hold()
    try:
        private_dir(Path(spec.outputs))
        shutil.copytree(tree, folder / "code", symlinks=True)
        os.mkfifo(folder / CONTROL, 0o600)
        job = {
            "v": 1,
            "id": spec.id,
            "image": spec.image,
            "argv": spec.argv(bash or SH),
            "cwd": str(folder / "code"),
            "env": sorted(variables.items()),
            "labels": spec.labels,
            "max_size": max_size,
            "copied": time.time_ns(),
        }
        write_json(folder / JOB, job)
    except OSError as error:
        os.close(held)
        raise EngineError(f"the run cannot be prepared: {error}") from error
    return LocalRun(folder, tuple(notes), held)


def is_running(folder: Path) -> bool:
    """Whether a supervisor holds the run's lock."""
    try:
        fd = os.open(folder / LOCK, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(fd)
    return False


def found(folder: Path) -> FoundRun | None:
    """What a run's folder says of it; None if it holds no local run."""
    job = read_json(folder / JOB)
    if job is None:
        return None
    running = is_running(folder)
    started = read_json(folder / STARTED) or {}
    outcome = read_json(folder / OUTCOME) or {}
    log = folder / "log"
    return FoundRun(
        id=folder.name,
        running=running,
        exit_code=outcome.get("exit_code"),
        owner=dict(job["labels"]).get(LABEL_OWNER, ""),
        started=started.get("started", 0.0),
        size=log.stat().st_size if log.exists() else 0,
    )


def remove(folder: Path) -> None:
    """Forget an ended run; its log, its outputs and what it made of its code stay."""
    if is_running(folder):
        raise EngineError("the run is still going")
    forget_code(folder)
    for name in (CONTROL, LOCK, STARTED, JOB):
        (folder / name).unlink(missing_ok=True)


def forget_code(folder: Path) -> None:
    """Of an ended run's code, keep what the run has made or changed."""
    job = read_json(folder / JOB)
    if job is not None:
        _remove_unchanged(folder / "code", job["copied"], (folder / JOB).stat().st_ctime_ns)


def _remove_unchanged(folder: Path, copied: int, noted: int) -> bool:
    """Whether nothing is left of the folder.

    Both times must be older than the run: the one of the content is the person's own and may be
    any, the one of the change is this machine's and is new where a backup was put back.
    """
    empty = True
    for item in os.scandir(folder) if folder.is_dir() else ():
        info = item.stat(follow_symlinks=False)
        if item.is_dir(follow_symlinks=False):
            if item.name == "__pycache__":
                shutil.rmtree(item.path, ignore_errors=True)
            elif not _remove_unchanged(Path(item.path), copied, noted):
                empty = False
        elif info.st_mtime_ns <= copied and info.st_ctime_ns <= noted:
            os.unlink(item.path)
        else:
            empty = False
    if empty:
        with contextlib.suppress(OSError):
            os.rmdir(folder)
    return empty


class LocalRun:
    """One run, new or taken up again. Its supervisor writes the log, no sink is used."""

    def __init__(self, folder: Path, notes: tuple[str, ...] = (), held: int = -1) -> None:
        self._folder = folder
        self._notes = notes
        self._held = held
        """The environment, which the supervisor then holds; -1: it was started before."""
        self._lock = threading.Lock()
        self._let_go = threading.Event()
        self._stopped = False

    @property
    def notes(self) -> tuple[str, ...]:
        """What the person should know of how it was started."""
        return self._notes

    @property
    def got(self) -> tuple[tuple[str, str], ...]:
        """What it was given, as label and text."""
        return ()

    def stop(self, grace: float) -> None:
        """SIGTERM for the command and its children, after the grace SIGKILL."""
        self._tell(f"stop {grace}\n")

    def kill(self) -> None:
        """SIGKILL for all of it."""
        self._tell("kill\n")

    def close(self) -> None:
        """Let go of it: `wait` returns, the supervisor goes on."""
        self._let_go.set()

    def wait(self) -> Outcome:
        """Start it if it is new, and wait for its end."""
        try:
            return self._start() or self._follow()
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            return Outcome("failed", message=f"the run cannot be started: {error}")

    def _tell(self, text: str) -> None:
        with self._lock:
            self._stopped = True
            with contextlib.suppress(OSError):  # nobody listens: it has ended, or not begun
                fd = os.open(self._folder / CONTROL, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
                try:
                    os.write(fd, text.encode())
                finally:
                    os.close(fd)

    def _start(self) -> Outcome | None:
        """Start the supervisor; an outcome only if there is nothing to follow."""
        with self._lock, contextlib.ExitStack() as opened:
            if self._held < 0:
                return None
            held, self._held = self._held, -1
            opened.callback(os.close, held)
            if self._stopped or self._let_go.is_set():
                return Outcome("cancelled", message="stopped before it started")
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
            lock = os.open(self._folder / LOCK, flags, 0o600)
            opened.callback(os.close, lock)
            # The supervisor inherits the lock, so there is no moment in which it seems dead.
            fcntl.flock(lock, fcntl.LOCK_EX)
            control = os.open(self._folder / CONTROL, os.O_RDWR | os.O_CLOEXEC)
            opened.callback(os.close, control)
            return self._spawn(lock, control, held)

    def _spawn(self, *fds: int) -> Outcome | None:
        root = Path(pxtui.__file__).parents[1]
        env = passed()
        if not root.name.endswith("-packages"):
            env["PYTHONPATH"] = str(root)
        # What is started goes as soon as the supervisor stands, and leaves no zombie to us.
        argv = [sys.executable, "-P", "-m", "pxtui.engine.supervisor", str(self._folder)]
        started = subprocess.run(
            [*argv, *map(str, fds)],
            env=env,
            pass_fds=fds,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
            timeout=30,
            check=False,
        )
        if started.returncode:
            said = started.stderr.decode("utf-8", "replace").strip().splitlines()
            cause = said[-1] if said else f"exit code {started.returncode}"
            return Outcome("failed", message=f"the supervisor cannot be started: {cause}")
        return None

    def _follow(self) -> Outcome:
        while is_running(self._folder):
            if self._let_go.wait(POLL):
                return Outcome("lost", message="let go: the run goes on")
        outcome = read_json(self._folder / OUTCOME)
        if outcome is None and not (self._folder / LOCK).exists():
            return Outcome("lost", message="it was never started")
        if outcome is None:
            pid = (read_json(self._folder / STARTED) or {}).get("pid")
            rest = f"; process {pid} may still be there" if pid and _exists(pid) else ""
            return Outcome("lost", message=f"its supervisor ended without a word{rest}")
        with contextlib.suppress(OSError):
            forget_code(self._folder)
        return _outcome(outcome)


def _exists(pid: int) -> bool:
    with contextlib.suppress(PermissionError):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
    return True


def _outcome(note: dict[str, Any]) -> Outcome:
    code, number = note["exit_code"], note.get("signal", 0)
    ended = note.get("ended")
    if note["stopped"]:
        return Outcome("cancelled", code, "stopped", ended=ended)
    if code == 0:
        return Outcome("done", 0, note["log"], ended=ended)
    message = note["message"]
    if number:
        message = f"killed from outside by {_signal_name(number)}"
    elif code == 127 and not message:
        message = "the command was not found (127)"
    return Outcome("failed", code, message, ended=ended)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def folders(home: Path) -> Iterator[Path]:
    """The folders of local runs among a project's runs, oldest first."""
    if home.is_dir():
        yield from sorted(p for p in home.iterdir() if (p / JOB).is_file())
