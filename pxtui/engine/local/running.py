"""A local run: a copy of the tree, and a supervisor that outlives the app and notes the end."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pxtui
from pxtui.engine import FoundRun, Outcome
from pxtui.engine.local import surroundings, written
from pxtui.engine.local.environments import Environment, passed
from pxtui.engine.supervisor import CONTROL, JOB, LOCK, OUTCOME, STARTED, read_json, write_json
from pxtui.errors import EngineError, PxtuiError
from pxtui.gpus import Gpus
from pxtui.places import LABEL_OWNER, private_dir
from pxtui.run import BASH, SH, TERM, WORKDIR, RunSpec

POLL = 0.04
"""Seconds between looks at a run's lock, and so how late its end may be noticed."""

ENDING = 1.0
"""Seconds in which a command is gone after its supervisor was killed."""


def create(
    spec: RunSpec, environment: Environment, tree: Path, max_size: int, gpus: Gpus
) -> LocalRun:
    """Make a run's folder ready: the code, and all that the supervisor needs to know."""
    folder = private_dir(Path(spec.folder))
    code = folder / written.CODE
    shell = BASH if os.path.exists(BASH) else shutil.which("bash") or SH
    notes = [f"no bash on this machine: {SH}"] if shell == SH else []
    if f"{WORKDIR}/" in spec.cmd:
        notes.append(f"there is no {WORKDIR} without a container: the command names it")
    job = {
        "v": 1,
        "id": spec.id,
        "image": spec.image,
        "argv": spec.argv(shell),
        "cwd": str(code),
        "outputs": spec.outputs,
        "labels": spec.labels,
        "max_size": max_size,
        "size": spec.size if spec.surroundings.tty else None,
    }
    held = environment.hold()
    try:
        private_dir(Path(spec.outputs))
        shutil.copytree(tree, code, symlinks=True)
        had = surroundings.give(spec, code, gpus)
        os.mkfifo(folder / CONTROL, 0o600)
        write_json(folder / JOB, job | written.as_it_was(code))
    except (OSError, PxtuiError) as error:
        os.close(held)
        shutil.rmtree(code, ignore_errors=True)
        if isinstance(error, PxtuiError):
            raise
        raise EngineError(f"the run cannot be prepared: {error}") from error
    variables = _variables(spec, environment, had)
    return LocalRun(folder, New(held, variables, (*notes, *had.notes), had.got))


def _variables(spec: RunSpec, environment: Environment, had: surroundings.Had) -> Mapping[str, str]:
    """What the command gets: this machine's first, the person's own over all."""
    sources = {mount.target: mount.source for mount in spec.surroundings.mounts}
    return {
        **environment.variables(passed(), environment.kept_variables()),
        **dict(spec.with_outputs_at(spec.outputs, sources.__getitem__)),
        **dict(had.variables),
        **({"TERM": TERM} if spec.surroundings.tty else {}),
        **dict(spec.variables),
    }


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
    """Forget an ended run; its log and its outputs stay, and what it made of its code is there."""
    if is_running(folder):
        raise EngineError("the run is still going")
    trouble = written.take_out(folder)
    if trouble:
        raise EngineError(trouble)
    for name in (CONTROL, LOCK, STARTED, written.TAKEN, JOB):
        (folder / name).unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class New:
    """What a run needs that was not started yet."""

    held: int
    """The environment, which the supervisor then holds."""
    variables: Mapping[str, str] = field(repr=False)
    notes: tuple[str, ...] = ()
    got: tuple[tuple[str, str], ...] = ()


class LocalRun:
    """One run, new or taken up again. Its supervisor writes the log, no sink is used."""

    def __init__(self, folder: Path, new: New | None = None) -> None:
        self._folder = folder
        self.notes = new.notes if new else ()
        self.got = new.got if new else ()
        self._new = new
        self._lock = threading.Lock()
        self.begun = threading.Event()
        self._let_go = threading.Event()
        self._stopped = False
        self._size = b""

    def stop(self, grace: float) -> None:
        """SIGTERM for the command and its children, after the grace SIGKILL."""
        self._end(f"stop {grace}\n".encode())

    def kill(self) -> None:
        """SIGKILL for all of it."""
        self._end(b"kill\n")

    def resize(self, columns: int, rows: int) -> None:
        """Its terminal, if it has one, has this size from now on."""
        self._size = f"size {columns} {rows}\n".encode()
        self._tell(self._size)

    def close(self) -> None:
        """Let go of it: `wait` returns, the supervisor goes on."""
        self._let_go.set()

    def wait(self) -> Outcome:
        """Start it if it is new, and wait for its end."""
        try:
            ended = self._start()
            self.begun.set()
            return ended or self._follow()
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            return Outcome("failed", message=f"the run cannot be started: {error}")
        finally:
            self.begun.set()

    def _end(self, word: bytes) -> None:
        with self._lock:
            self._stopped = True
            self._tell(word)

    def _tell(self, word: bytes) -> None:
        with contextlib.suppress(OSError):  # nobody listens: it has ended, or not begun
            fd = os.open(self._folder / CONTROL, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            try:
                os.write(fd, word)
            finally:
                os.close(fd)

    def _start(self) -> Outcome | None:
        """Start the supervisor; an outcome only if there is nothing to follow."""
        with self._lock, contextlib.ExitStack() as opened:
            new, self._new = self._new, None
            if new is None:
                return None
            opened.callback(os.close, new.held)
            if self._stopped or self._let_go.is_set():
                return Outcome("cancelled", message="stopped before it started")
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
            lock = os.open(self._folder / LOCK, flags, 0o600)
            opened.callback(os.close, lock)
            # The supervisor inherits the lock, so there is no moment in which it seems dead.
            fcntl.flock(lock, fcntl.LOCK_EX)
            control = os.open(self._folder / CONTROL, os.O_RDWR | os.O_CLOEXEC)
            opened.callback(os.close, control)
            os.write(control, self._size)  # wanted before anybody listened
            return self._spawn(new.variables, lock, control, new.held)

    def _spawn(self, variables: Mapping[str, str], *fds: int) -> Outcome | None:
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
            # Through a pipe: the person's variables are in no file and no list of processes.
            input=json.dumps(dict(variables)).encode(),
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
        if outcome is None:
            return self._lost()
        return self._with_written(_outcome(outcome))

    def _lost(self) -> Outcome:
        if not (self._folder / LOCK).exists():
            return Outcome("lost", message="it was never started")
        pid = (read_json(self._folder / STARTED) or {}).get("pid")
        lost = Outcome("lost", message="its supervisor ended without a word")
        limit = time.monotonic() + ENDING
        while pid and _exists(pid):
            if time.monotonic() > limit:
                return replace(lost, message=f"{lost.message}; process {pid} may still be there")
            time.sleep(POLL)
        return self._with_written(lost)

    def _with_written(self, outcome: Outcome) -> Outcome:
        trouble = written.take_out(self._folder)
        if not trouble:
            return outcome
        told = "; ".join(part for part in (outcome.message, trouble) if part)
        return replace(outcome, message=told, kept=str(self._folder / written.CODE))


def _exists(pid: int) -> bool:
    with contextlib.suppress(OSError):
        stat = Path(f"/proc/{pid}/stat").read_bytes()
        return stat[stat.rindex(b")") + 2 :][:1] not in b"ZX"
    with contextlib.suppress(PermissionError):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
    return True


def _outcome(note: dict[str, Any]) -> Outcome:
    code, number = note["exit_code"], note.get("signal", 0)
    ended, log = note.get("ended"), note["log"]
    if note["stopped"]:
        return Outcome("cancelled", code, "stopped", ended=ended, log=log)
    if code == 0:
        return Outcome("done", 0, ended=ended, log=log)
    message = f"killed by {_signal_name(number)} ({code}), not by pxtui" if number else ""
    return Outcome("failed", code, note["message"] or message, ended=ended, log=log)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def folders(home: Path) -> Iterator[Path]:
    """The folders of local runs among a project's runs, oldest first."""
    if home.is_dir():
        yield from sorted(p for p in home.iterdir() if (p / JOB).is_file())
