"""The process that stays with one local run: keeps its log, passes stops on, notes how it ended.

It is started as `python -m pxtui.engine.supervisor FOLDER LOCK CONTROL`, with the descriptors of a
lock that it holds while it lives and of a pipe through which it is told `stop SECONDS`, `kill` or
`size COLUMNS ROWS`.
The command's variables come as JSON on its standard input: they may hold secrets and no file does.
It leaves the app's session and process group, so nothing that happens to the app reaches it. It
starts for every run: it imports little.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import secrets
import selectors
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pxtui.logs.store import LogWriter, Stream

JOB = "local.json"
STARTED = "started.json"
OUTCOME = "outcome.json"
LOCK = "supervisor.lock"
CONTROL = "control"

READ = 262_144
TERM_GRACE = 10.0
"""Seconds that a run is given when the supervisor itself is asked to end (a shutdown)."""
DRAIN = 1.0
"""Seconds in which the rest of the output is read once the command has ended."""

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def write_json(path: Path, value: dict[str, Any]) -> None:
    """Write a file whole or not at all, and to the disk before this returns."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(fd, "w", encoding="utf-8", errors="surrogateescape") as file:
            json.dump(value, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError:
        temporary.unlink()
        raise


def read_json(path: Path) -> dict[str, Any] | None:
    """What `write_json` wrote; None if it is not there or damaged."""
    try:
        value = json.loads(path.read_bytes().decode("utf-8", "surrogateescape"))
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def exit_code(returncode: int) -> int:
    """The code as a shell tells it: 128+n for an end by signal n."""
    return 128 - returncode if returncode < 0 else returncode


def kill_session(leader: int) -> None:
    """SIGKILL for every process of the session that `leader`, not yet waited for, began."""
    for pid, session, _parent in _processes():
        if session == leader:
            _kill(pid)
    with contextlib.suppress(OSError):
        os.killpg(leader, signal.SIGKILL)


def _processes() -> list[tuple[int, int, int]]:
    """Every process as (pid, session, parent); empty where there is no /proc."""
    found = []
    for name in os.listdir("/proc") if os.path.isdir("/proc") else ():
        if name.isdigit():
            with contextlib.suppress(OSError, ValueError):
                stat = Path("/proc", name, "stat").read_bytes()
                # The name of the program stands in parentheses and may hold any character.
                fields = stat[stat.rindex(b")") + 2 :].split()
                found.append((int(name), int(fields[3]), int(fields[1])))
    return found


def _kill(pid: int) -> None:
    with contextlib.suppress(OSError):
        os.kill(pid, signal.SIGKILL)


_PRCTL: Any = ctypes.CDLL(None).prctl if sys.platform == "linux" else None


def die_with_parent() -> None:
    """Between fork and exec: end when the thread that forked ends, even by SIGKILL (Linux)."""
    if _PRCTL is not None:
        _PRCTL(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


class Supervisor:
    """One command from its start to the end of its last child."""

    def __init__(
        self, folder: Path, job: dict[str, Any], variables: dict[str, str], control: int
    ) -> None:
        self.folder = folder
        self.job = job
        self._variables = variables
        self.log = LogWriter(folder, job["max_size"])
        self.stopped = False
        self._deadline: float | None = None
        self._terminal = -1
        self._selector = selectors.DefaultSelector()
        self._control = control
        self._selector.register(control, selectors.EVENT_READ, self._told)
        self._wake = _signals()
        self._selector.register(self._wake, selectors.EVENT_READ, self._woken)

    def run(self) -> None:
        """Run the command; how it ended is in the file OUTCOME when this returns."""
        started = time.time()
        note: dict[str, Any] = {"v": 1, "started": started, "pid": None, "supervisor": os.getpid()}
        try:
            self._command = self._start()
        except (OSError, ValueError) as error:
            # As a shell says it: found but not to be run, or not found.
            code = 127 if isinstance(error, FileNotFoundError) else 126
            note |= {"exit_code": code, "message": f"the command cannot be started: {error}"}
        else:
            note["pid"] = self._command.pid
            write_json(self.folder / STARTED, note)
            code = self._follow()
            note |= {"exit_code": exit_code(code), "signal": max(0, -code), "message": ""}
        self.log.close()
        note |= {"ended": time.time(), "stopped": self.stopped, "log": self.log.trouble}
        write_json(self.folder / OUTCOME, note)

    def _start(self) -> subprocess.Popen[bytes]:
        size = self.job.get("size")
        return self._in_terminal(size) if size else self._with_pipes()

    def _popen(
        self, ends: tuple[int, int, int], ready: Callable[[], None]
    ) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self.job["argv"],
            cwd=self.job["cwd"],
            env=self._variables,
            stdin=ends[0],
            stdout=ends[1],
            stderr=ends[2],
            bufsize=0,
            start_new_session=True,
            preexec_fn=ready,
        )

    def _in_terminal(self, size: tuple[int, int]) -> subprocess.Popen[bytes]:
        """The command leads a terminal of this size; nobody types there."""
        self._terminal, theirs = os.openpty()
        self._resize(*size)

        def ready() -> None:
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
            die_with_parent()

        try:
            command = self._popen((theirs, theirs, theirs), ready)
        finally:
            os.close(theirs)
        self._selector.register(self._terminal, selectors.EVENT_READ, "tty")
        return command

    def _resize(self, columns: int, rows: int) -> None:
        """The kernel tells the foreground processes of the terminal."""
        with contextlib.suppress(OSError, struct.error):
            packed = struct.pack("HHHH", rows, columns, 0, 0)
            fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, packed)

    def _with_pipes(self) -> subprocess.Popen[bytes]:
        command = self._popen(
            (subprocess.DEVNULL, subprocess.PIPE, subprocess.PIPE), die_with_parent
        )
        names: tuple[tuple[Any, Stream], ...] = (
            (command.stdout, "stdout"),
            (command.stderr, "stderr"),
        )
        for pipe, stream in names:
            with contextlib.suppress(OSError, AttributeError):
                fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, 1 << 20)
            self._selector.register(pipe, selectors.EVENT_READ, stream)
        return command

    def _follow(self) -> int:
        while (code := self._reap()) is None:
            self._turn(self._left())
            if self._left() == 0:
                self._deadline = None
                kill_session(self._command.pid)
        self._end_children()
        limit = time.monotonic() + DRAIN
        while len(self._selector.get_map()) > 2 and time.monotonic() < limit:
            self._turn(0.05)
        return code

    def _reap(self) -> int | None:
        """Wait for what has ended, orphans too; how the command ended, once it has."""
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                if ended[0] == self._command.pid:
                    self._command.returncode = os.waitstatus_to_exitcode(ended[1])
        return self._command.returncode

    def _left(self) -> float | None:
        if self._deadline is None:
            return None
        return max(0.0, self._deadline - time.monotonic())

    def _turn(self, timeout: float | None) -> None:
        for key, _ in self._selector.select(timeout):
            if callable(key.data):
                key.data()
            elif data := _read(key.fd):
                self.log.write(data, key.data)
            else:
                self._selector.unregister(key.fileobj)

    def _told(self) -> None:
        for line in os.read(self._control, 4096).decode("ascii", "replace").splitlines():
            with contextlib.suppress(ValueError):
                match line.split():
                    case ["kill"]:
                        self._stop(0.0)
                    case ["stop", seconds]:
                        self._stop(float(seconds))
                    case ["size", columns, rows]:
                        self._resize(int(columns), int(rows))

    def _woken(self) -> None:
        if signal.SIGTERM in os.read(self._wake, 4096):
            self._stop(TERM_GRACE)

    def _stop(self, grace: float) -> None:
        self.stopped = True
        deadline = time.monotonic() + grace
        self._deadline = deadline if self._deadline is None else min(self._deadline, deadline)
        if grace > 0:
            with contextlib.suppress(OSError):
                os.killpg(self._command.pid, signal.SIGTERM)

    def _end_children(self) -> None:
        """Kill what the command left behind, also what left its session: all come to us."""
        with contextlib.suppress(OSError):
            os.killpg(self._command.pid, signal.SIGKILL)
        limit = time.monotonic() + DRAIN
        while time.monotonic() < limit:
            children = [pid for pid, _, parent in _processes() if parent == os.getpid()]
            if not children:
                return
            for pid in children:
                _kill(pid)
            time.sleep(0.002)
            self._reap()


def _read(fd: int) -> bytes:
    """What is there; nothing at the end, which a terminal tells as an error."""
    try:
        return os.read(fd, READ)
    except OSError:
        return b""


def _signals() -> int:
    """Make signals wake the selector and end nothing; the command gets the usual ones back."""
    reading, writing = os.pipe()
    for end in (reading, writing):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        # A handler, for SIG_IGN would be inherited by the command.
        signal.signal(number, lambda *_: None)
    return reading


def main() -> None:
    """Leave the process that was started, and supervise the run of the folder in the arguments."""
    folder, control = Path(sys.argv[1]), int(sys.argv[3])
    job = read_json(folder / JOB)
    if job is None:
        sys.exit(f"{JOB} cannot be read")
    variables = json.load(sys.stdin.buffer)
    if os.fork():
        os._exit(0)  # The one who started us knows by this that we are there.
    os.chdir("/")
    nothing = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(nothing, fd)
    if _PRCTL is not None:
        _PRCTL(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    Supervisor(folder, job, variables, control).run()


if __name__ == "__main__":
    main()
