"""A program in a terminal of its own, watched by a thread that notes when it drew what."""

from __future__ import annotations

import collections
import contextlib
import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

REPO = Path(__file__).resolve().parents[1]
ESCAPES = re.compile(
    rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[P_^X][^\x1b]*\x1b\\|[ -/]*[0-~])"
)
_PARTIAL = re.compile(
    rb"\x1b(?:\[[0-?]*[ -/]*|\][^\x07\x1b]*\x1b?|[P_^X][^\x1b]*\x1b?|[ -/]*)?\Z"
    rb"|[\xc0-\xff][\x80-\xbf]*\Z"
)
KEPT = 1 << 20
"""Characters without escapes that are looked at for a text."""
LIMIT = 30.0


class Program:
    """One program in one terminal; what it drew is kept in `output` where that is wanted."""

    def __init__(
        self,
        words: Sequence[str],
        size: tuple[int, int] = (120, 40),
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        *,
        keep: bool = False,
    ) -> None:
        self.output = bytearray()
        self._keep = keep
        self._chunks: collections.deque[tuple[float, bytes]] = collections.deque()
        self._came = threading.Event()
        self._closed = False
        self._text = self._rest = b""
        self._fd, side = pty.openpty()
        self.resize(*size)
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            words,
            stdin=side,
            stdout=side,
            stderr=side,
            cwd=cwd,
            env=_environment(env or {}),
            start_new_session=True,
            preexec_fn=_takes_the_terminal,
        )
        os.close(side)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._fd, 1 << 16)
            except OSError:
                data = b""
            if data:
                self._chunks.append((time.perf_counter(), data))
            else:
                self._closed = True
            self._came.set()
            if not data:
                return

    def resize(self, columns: int, rows: int) -> None:
        """Another size of the terminal; the program is told."""
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def send(self, keys: bytes) -> float:
        """Press keys; when that was."""
        now = time.perf_counter()
        os.write(self._fd, keys)
        return now

    def take(self) -> float | None:
        """Look at the next that was drawn, if anything was: when it came."""
        if not self._chunks:
            return None
        stamp, data = self._chunks.popleft()
        if self._keep:
            self.output += data
        data = self._rest + data
        cut = _PARTIAL.search(data, max(0, len(data) - 4096))
        end = cut.start() if cut else len(data)
        self._rest = data[end:]
        self._text = (self._text + ESCAPES.sub(b"", data[:end]))[-KEPT:]
        return stamp

    def mark(self) -> None:
        """What was drawn until now is not looked at by `until`."""
        while self.take() is not None:
            pass
        self._text = b""

    def until(self, text: str, seconds: float = LIMIT) -> float:
        """When the first was drawn with which a text (a regular expression) stood there."""
        stamp = self.sees(text, seconds)
        if stamp is None:
            raise AssertionError(f"{text!r} was not drawn in {seconds:.0f} s, but\n{self.text}")
        return stamp

    @property
    def text(self) -> str:
        """The last that was drawn, without escapes."""
        return self._text[-3000:].decode(errors="replace")

    def sees(self, text: str, seconds: float) -> float | None:
        """The same; None if it is not drawn in this time."""
        wanted, limit = re.compile(text.encode()), time.perf_counter() + seconds
        if wanted.search(self._text):
            return time.perf_counter()
        while time.perf_counter() < limit:
            self._came.clear()
            if (stamp := self.take()) is not None:
                if wanted.search(self._text):
                    return stamp
            elif self._closed:
                break
            else:
                self._came.wait(0.1)
        return None

    def quiet(self, still: float = 0.3, limit: float = 5.0) -> None:
        """Until nothing more is drawn."""
        end = time.perf_counter() + limit
        while time.perf_counter() < end:
            self._came.clear()
            while self.take() is not None:
                pass
            if not self._came.wait(still):
                return

    def ended(self, seconds: float = LIMIT) -> int:
        """Its exit code; all that it drew has been taken."""
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.quiet()
            raise AssertionError(f"it did not end in {seconds:.0f} s, but\n{self.text}") from None
        self._thread.join(0.5)  # a child that lives on may hold the terminal open
        while self.take() is not None:
            pass
        return code

    def pids(self) -> list[int]:
        """The program and its children (Linux)."""
        found = [self.process.pid]
        for pid in found:
            with contextlib.suppress(OSError):
                for task in Path(f"/proc/{pid}/task").iterdir():
                    found += [int(n) for n in (task / "children").read_text().split()]
        return found

    def cpu(self) -> float:
        """Seconds of processor that it and its children, also the ended ones, took."""
        return sum(map(cpu_of, self.pids()))

    def rss(self, what: str = "VmRSS") -> float:
        """MB of memory of it and its children; VmHWM: the most that it was."""
        return sum(rss_of(pid, what) for pid in self.pids())

    def close(self) -> None:
        """End it."""
        if self.process.poll() is None:
            with contextlib.suppress(OSError):
                os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._thread.join(0.5)
        os.close(self._fd)


@contextlib.contextmanager
def program(
    words: Sequence[str],
    size: tuple[int, int] = (120, 40),
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    *,
    keep: bool = False,
) -> Iterator[Program]:
    """Start a program in a terminal; end it."""
    started = Program(words, size, cwd, env, keep=keep)
    try:
        yield started
    finally:
        started.close()


def pxtui(*words: str) -> list[str]:
    """The app or a command of it, as it stands in this tree."""
    return [sys.executable, "-m", "pxtui", *words]


def cpu_of(pid: int) -> float:
    """Seconds of processor of a process and of its ended children."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0.0
    ticks = stat.rpartition(")")[2].split()[11:15]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def rss_of(pid: int, what: str = "VmRSS") -> float:
    """MB of memory of a process."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(what):
                return int(line.split()[1]) / 1024
    return 0.0


def _takes_the_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)  # else it is told of no resize


def _environment(more: Mapping[str, str]) -> dict[str, str]:
    usual = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES", "NO_COLOR")}
    path = os.pathsep.join(p for p in (str(REPO), usual.get("PYTHONPATH", "")) if p)
    return {**usual, "TERM": "xterm-256color", "PYTHONPATH": path, **more}
