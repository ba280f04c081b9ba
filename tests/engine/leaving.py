"""A program that is left: when it has ended, how its terminal is then, and what is left of it."""

from __future__ import annotations

import contextlib
import itertools
import os
import select
import signal
import socket
import termios
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pxtui import places, project, trust
from tests.engine.conftest import BUSYBOX, Workshop, wait_for
from tests.in_a_pty import Program, pxtui

QUIT = b"\x11"
"""ctrl+q: quit without a question."""
BEGIN = b"\x1b[?1049h"
RESTORED = (*(b"\x1b[?%dl" % mode for mode in (1049, 1000, 1003, 1006, 2004)), b"\x1b[?25h")
"""The usual screen, no mouse, no bracketed paste, a cursor."""
OPEN = "What the run gets|Next run"
LIMIT = 10.0
FILE = """\
version: 1
project: {{name: leaving}}
run:
  image: {image}
{steps}  cmd: {cmd}
"""


@dataclass(frozen=True)
class Left:
    """How a program was left; seconds are counted from the key or signal."""

    code: int
    ended: float
    restored: float | None
    """When the last of RESTORED came."""
    same_modes: bool
    """Whether the terminal has the modes that it had before."""

    @property
    def seconds(self) -> float:
        assert self.restored is not None, "the terminal is not as it was"
        return max(self.ended, self.restored)


class Leaver(Program):
    """A program in a terminal that can be taken away, and whose end is noted when it comes."""

    def __init__(self, words: list[str], cwd: Path, env: Mapping[str, str]) -> None:
        self._let_go = threading.Event()
        super().__init__(words, cwd=cwd, env=env, keep=True)
        self.modes = termios.tcgetattr(self._fd)
        self._watched = os.pidfd_open(self.process.pid)

    def _read(self) -> None:
        """A terminal that is being read cannot be taken away: look whether there is something."""
        while not self._let_go.is_set():
            if not select.select([self._fd], [], [], 0.1)[0]:
                continue
            try:
                data = os.read(self._fd, 1 << 16)
            except OSError:
                data = b""
            if data:
                self._chunks.append((time.perf_counter(), data))
            self._closed = not data
            self._came.set()
            if not data:
                return

    def leave(self, how: bytes | signal.Signals, limit: float = LIMIT) -> Left:
        """Press keys, or send a signal, and wait for the end."""
        self.mark()
        seen = len(self.output)
        began = time.perf_counter()
        if isinstance(how, bytes):
            self.send(how)
        else:
            self.process.send_signal(how)
        code, ended = self._gone(limit)
        self._thread.join(limit)
        assert not self._thread.is_alive(), "something holds its terminal open"
        ends, stamps = [], []
        while self._chunks:
            stamps.append(self._chunks[0][0])
            self.take()
            ends.append(len(self.output))
        return Left(code, ended - began, self._restored(seen, ends, stamps, began),
                    termios.tcgetattr(self._fd) == self.modes)  # fmt: skip

    def _restored(
        self, seen: int, ends: list[int], stamps: list[float], began: float
    ) -> float | None:
        places = [self.output.rfind(text) for text in RESTORED]
        if min(places) < max(seen, self.output.rfind(BEGIN)):
            return None
        last = max(places)
        return next(at for end, at in zip(ends, stamps, strict=True) if end > last) - began

    def _gone(self, limit: float) -> tuple[int, float]:
        """Its exit code and when it ended; waiting in Popen would be late by up to 50 ms."""
        if not select.select([self._watched], [], [], limit)[0]:
            raise AssertionError(f"it did not end in {limit:.0f} s, but\n{self.text}")
        ended = time.perf_counter()
        return self.process.wait(), ended

    def hang_up(self, limit: float = LIMIT) -> int:
        """Take its terminal away; its exit code."""
        self._let_go.set()
        self._thread.join()
        os.close(self._fd)  # nobody has it any more: the kernel tells the program
        self._fd = os.open(os.devnull, os.O_RDWR)
        return self._gone(limit)[0]

    def close(self) -> None:
        os.close(self._watched)
        super().close()


@dataclass
class Desk:
    """One project that is opened and left, with a temporary folder of its own."""

    root: Path
    shop: Workshop | None = None
    """On this engine; on none: without containers."""

    def __post_init__(self) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        self.temporary = self.root.parent / f"{self.root.name}-tmp"
        self.temporary.mkdir(exist_ok=True)
        if self.shop is not None:
            given = (self.shop.engine, self.shop.found, self.root, self.root / "kept")
            self.shop = Workshop(*given, places.project_id(self.root))

    def write(self, cmd: str, *steps: str, image: str = BUSYBOX) -> None:
        """The polyaxonfile, and the consent to run it."""
        lines = "  steps:\n" + "".join(f"    - {step}\n" for step in steps) if steps else ""
        text = FILE.format(image=image, steps=lines, cmd=cmd)
        (self.root / "polyaxonfile.yml").write_text(text)
        host = self.shop.found.host if self.shop else "local"
        trust.trust(project.find(self.root), host, any_step=True)

    @contextlib.contextmanager
    def open(self, *, ready: bool = True) -> Iterator[Leaver]:
        """The app, in a terminal."""
        engine = {"DOCKER_HOST": self.shop.found.host} if self.shop else {}
        words = pxtui("-C", str(self.root), "--engine", "docker" if self.shop else "local")
        opened = Leaver(words, self.root, {"TMPDIR": str(self.temporary), **engine})
        try:
            if ready:
                opened.until(OPEN)
            yield opened
        finally:
            opened.close()

    def live(self) -> list[str]:
        """The containers of its runs that go on."""
        assert self.shop is not None
        label = f"label={places.LABEL_PROJECT}={self.shop.project}"
        return self.shop.docker("ps", "-q", "--filter", label).split()

    def clear(self) -> None:
        """Remove what it left on the engine."""
        if self.shop is not None:
            self.shop.clear()

    def processes(self) -> list[int]:
        """The processes that came of the app, but for runs and what stays with them."""
        return [pid for pid in processes_with(f"TMPDIR={self.temporary}") if not of_a_run(pid)]

    def nothing_is_left(self) -> None:
        """No process, no temporary file, no claim, and no file that was not written to its end."""
        wait_for(lambda: not self.processes(), LIMIT)
        assert list(self.temporary.iterdir()) == []
        owners = project.find(self.root).places.owners
        assert not owners.exists() or list(owners.iterdir()) == []
        assert half_written() == []


def half_written() -> list[Path]:
    """Files of ours that were begun under another name and never finished."""
    return [path for home in (places.state_home(), places.cache_home())
            for path in home.rglob("*.tmp") if "site-packages" not in path.parts]  # fmt: skip


def kept() -> dict[str, int]:
    """All that is in the state folder, with sizes."""
    home = places.state_home()
    return {
        str(path.relative_to(home)): path.lstat().st_size
        for path in home.rglob("*")
        if not path.is_dir()
    }


def processes_with(variable: str) -> list[int]:
    """The processes that were started with this among their variables."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if variable.encode() in (path / "environ").read_bytes().split(b"\0"):
                found.append(int(path.name))
    return found


def of_a_run(pid: int) -> bool:
    """Whether this is the supervisor of a local run, or below one."""
    while pid > 1:
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
            stat = Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            return False
        if b"pxtui.engine.supervisor" in command:
            return True
        pid = int(stat.rpartition(")")[2].split()[1])
    return False


class HangingRegistry:
    """A registry that lets everybody in and never says a word."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self._held: list[socket.socket] = []
        self.image = f"127.0.0.1:{self._server.getsockname()[1]}/x:1"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                self._held.append(self._server.accept()[0])

    @property
    def asked(self) -> int:
        """How often somebody has come."""
        return len(self._held)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        for one in self._held:
            one.close()


@contextlib.contextmanager
def frozen(pid: int) -> Iterator[None]:
    """A process that stands still."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


_NUMBERS = itertools.count(1)


def own_sleep(seconds: int) -> str:
    """A command that sleeps, which no other process has in the same words."""
    return f"sleep {seconds}.{os.getpid()}{next(_NUMBERS):03d}"
