"""A stranger's clone is opened: what is read, asked and refused, and what is written for nobody."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

import pyte
import pytest

from pxtui import project
from pxtui.places import state_home
from tests.in_a_pty import REPO, Program, program, pxtui

SOCKET = "/var/run/docker.sock"
SIZE = (120, 60)
REQUEST = re.compile(rb"([A-Z]+ /\S*) HTTP/1\.[01]\r\n")
PLAIN = "echo lr={{ lr }}"
DEAR = "echo {% for n in range(3) %}{{ n }}{% endfor %}"
"""Its template is rendered by a child with limits."""
FILE = """\
version: 1
project: {{name: clone}}
declarations: {{lr: 0.1}}
run:
  image: pxtui-test/busybox:latest
  steps:
    - {step}
  cmd: {cmd}
"""
SPY = """\
import os, sys
def _hook(event, args):
    if event.startswith(("subprocess.", "os.posix_spawn", "os.exec", "os.fork", "os.system",
                         "socket.connect", "socket.bind", "socket.sendto", "socket.getaddrinfo")):
        fd = os.open(os.environ["SPIED"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(fd, f"{event} {args!r}\\n".encode())
        os.close(fd)
sys.addaudithook(_hook)
"""
"""Loaded by Python as it starts: notes every process and connection that the program makes."""


class Relay:
    """A socket that passes all on to the engine, and keeps what it is asked for."""

    def __init__(self, path: Path) -> None:
        self.host = f"unix://{path}"
        self._sent: list[bytearray] = []
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(path))
        self._listening.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                engine = socket.socket(socket.AF_UNIX)
                engine.connect(SOCKET)
                self._sent.append(bytearray())
                for one, other, kept in ((client, engine, self._sent[-1]), (engine, client, None)):
                    threading.Thread(target=_pass, args=(one, other, kept), daemon=True).start()

    def requests(self) -> list[str]:
        """Method and path of each request so far."""
        return [found.decode() for sent in self._sent for found in REQUEST.findall(bytes(sent))]

    def writes(self) -> list[str]:
        """Requests that do more than read."""
        return [r for r in self.requests() if r.partition(" ")[0] not in ("GET", "HEAD")]

    def looks(self) -> int:
        """How often it was asked what engine it is: at each beat of the heart."""
        return sum(request.endswith("/info") for request in self.requests())

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()


def _pass(one: socket.socket, other: socket.socket, kept: bytearray | None) -> None:
    with contextlib.suppress(OSError):
        while data := one.recv(1 << 16):
            if kept is not None:
                kept += data
            other.sendall(data)
        other.shutdown(socket.SHUT_WR)
    if kept is None:
        for end in (one, other):
            end.close()


@pytest.fixture
def make_relay(tmp_path: Path) -> Iterator[Callable[[str], Relay]]:
    made: list[Relay] = []

    def make(name: str) -> Relay:
        made.append(Relay(tmp_path / f"{name}.sock"))
        return made[-1]

    yield make
    for relay in made:
        relay.close()


def clone(root: Path, cmd: str = PLAIN, step: str = "echo step", **files: str) -> Path:
    """Somebody's project; names of files have `_` for a leading dot."""
    root.mkdir(parents=True)
    (root / "polyaxonfile.yml").write_text(FILE.format(cmd=json.dumps(cmd), step=step))
    for name, text in files.items():
        (root / name).write_text(text)
    return root


class App:
    """The program, and the screen that it draws."""

    def __init__(self, started: Program) -> None:
        self.program, self._fed = started, 0
        self._drawn = pyte.Screen(*SIZE)
        self._stream = pyte.ByteStream(self._drawn)

    def screen(self) -> str:
        """What stands there."""
        self.program.quiet(0.05, 0.5)
        self._stream.feed(bytes(self.program.output[self._fed :]))
        self._fed = len(self.program.output)
        return "\n".join(line.rstrip() for line in self._drawn.display)

    def until(self, wanted: str, seconds: float = 30) -> str:
        """The screen, as soon as a text (a regular expression) stands there."""
        return self._once(lambda found: re.search(wanted, found), wanted, seconds)

    def _once(self, so: Callable[[str], object], wanted: str, seconds: float = 30) -> str:
        limit = time.monotonic() + seconds
        while not so(found := self.screen()):
            assert time.monotonic() < limit, f"{wanted!r}: not after {seconds} s\n{found}"
        return found

    def press(self, key: str) -> None:
        self.program.send(key.encode())

    def answer(self, wanted: str) -> None:
        """Take the choice that has these words."""
        shown = self.until("↵ .*do")
        for _ in range(5):
            if re.search(f"↵ .*{wanted}", shown):
                self.press("\r")
                self._once(lambda found: "here?" not in found, "the question goes")
                return
            self.press("\x1b[B")
            shown = self._once(partial(_has_moved, _cursor(shown)), "the cursor moves")
        raise AssertionError(f"there is no choice {wanted!r}\n{shown}")

    def leave(self) -> None:
        self.press("q")
        assert self.program.ended() == 0


def _has_moved(cursor: list[int], shown: str) -> bool:
    return _cursor(shown) != cursor


def _cursor(shown: str) -> list[int]:
    return [n for n, row in enumerate(shown.splitlines()) if "↵  " in row]


@contextlib.contextmanager
def opened(root: Path, env: Mapping[str, str], words: list[str] | None = None) -> Iterator[App]:
    """The app in that folder, once it shows the engine."""
    with program(words or pxtui(), SIZE, root, env, keep=True) as started:
        app = App(started)
        app.until(r"watch off +(docker|no container)")
        yield app


def as_it_is(root: Path) -> dict[str, tuple[int, ...]]:
    """When each file and folder was written or changed, and what it is."""
    return {
        str(path): (found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_mode)
        for path in (root, *root.rglob("*"))
        for found in (path.lstat(),)
    }


def foreign_sockets(pid: int) -> list[str]:
    """Sockets of a process that are no Unix sockets."""
    with contextlib.suppress(OSError):
        ours = {link.readlink().name for link in Path(f"/proc/{pid}/fd").iterdir()}
        tables = [t for t in Path(f"/proc/{pid}/net").iterdir() if t.name != "unix" and t.is_file()]
        tables = [t for t in tables if t.name.startswith(("tcp", "udp", "raw", "icmp", "packet"))]
        rows = [row.split() for table in tables for row in table.read_text().splitlines()[1:]]
        return [" ".join(row) for row in rows if any(f"socket:[{word}]" in ours for word in row)]
    return []


@pytest.fixture
def spied(tmp_path: Path) -> tuple[dict[str, str], Callable[[], list[str]]]:
    """Variables by which a program notes what it starts and connects to; what it noted."""
    folder, notes = tmp_path / "spy", tmp_path / "spied"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(SPY)
    env = {"PYTHONPATH": f"{REPO}{os.pathsep}{folder}", "SPIED": str(notes)}
    return env, lambda: notes.read_text().splitlines() if notes.exists() else []


@pytest.mark.engine
@pytest.mark.usefixtures("engine")
def test_opening_a_clone_reads_and_does_nothing_else(
    tmp_path: Path,
    make_relay: Callable[[str], Relay],
    spied: tuple[dict[str, str], Callable[[], list[str]]],
    labelled: Callable[[Path], list[str]],
) -> None:
    relay, (spy, notes) = make_relay("engine"), spied
    told = {".env": "DOCKER_HOST=unix:///nowhere\nPXTUI_ENGINE=local\nPXTUI_ON_EXIT=stop\n"}
    root = clone(tmp_path / "work" / "clone", DEAR, **told)
    before = as_it_is(root)
    with opened(root, {**spy, "DOCKER_HOST": relay.host}) as app:
        looked, limit = relay.looks(), time.monotonic() + 30
        while relay.looks() <= looked:  # all of a beat of the heart lies between two looks
            assert time.monotonic() < limit, relay.requests()
            assert [row for pid in app.program.pids() for row in foreign_sockets(pid)] == []
            app.program.sees("never drawn", 0.05)
        assert relay.writes() == []
        assert as_it_is(root) == before

        app.press("r")
        asked = app.until("Build and run clone here[?]")
        for words in (
            "image      pxtui-test/busybox:latest", "steps      echo step",
            "command    echo 012", "outputs    /outputs", "env        ", "user       ",
            "engine     docker at", "engine.sock", "do nothing",
        ):  # fmt: skip
            assert words in asked, f"{words!r} is missing\n{asked}"
        app.answer("do nothing")
        assert "here?" not in app.screen()
        app.press("r")
        app.until("Build and run clone here[?]")
        app.answer("do nothing")
        app.leave()

    assert relay.writes() == []
    assert as_it_is(root) == before
    assert labelled(root) == []
    assert not project.find(root).places.trust.exists()
    for note in notes():
        event, _, args = note.partition(" ")
        if event == "socket.connect":
            assert args.endswith(f"{str(tmp_path / 'engine.sock')!r})"), note
        elif event == "subprocess.Popen":
            assert repr([sys.executable, "-P", "-c"])[1:-1] in args, note
            assert "from pxtui.bounded import child; child()" in args, note
        elif event == "socket.bind":
            assert args.endswith("('::1', 0))"), f"urllib3 tries whether there is IPv6: {note}"
        else:
            # how Python starts what it has told of
            assert event in ("os.posix_spawn", "os.fork_exec", "os.exec"), note
    assert any("subprocess.Popen" in note for note in notes()), "the child that renders"


def start(root: Path, relay: Relay) -> contextlib.AbstractContextManager[App]:
    return opened(root, {"DOCKER_HOST": relay.host})


def runs_unasked(root: Path, relay: Relay) -> None:
    """Open, press `r`: there is no question, it runs."""
    with start(root, relay) as app:
        app.press("r")
        app.until(r"✓ done +#\d|here[?]")
        assert "here?" not in app.screen()
        app.leave()


def asks(root: Path, relay: Relay) -> None:
    """Open, press `r`: there is the question; nothing is done."""
    before = len(relay.writes())
    with start(root, relay) as app:
        app.press("r")
        app.until("here[?]")
        app.answer("do nothing")
        app.leave()
    assert len(relay.writes()) == before


def runs_after(root: Path, relay: Relay, wanted: str) -> None:
    """Open, press `r`, take a choice: it runs."""
    with start(root, relay) as app:
        app.press("r")
        app.answer(wanted)
        app.until(r"✓ done +#\d")
        app.leave()


@pytest.mark.engine
@pytest.mark.usefixtures("engine")
def test_yes_holds_for_one_folder_and_one_engine(
    tmp_path: Path, make_relay: Callable[[str], Relay], labelled: Callable[[Path], list[str]]
) -> None:
    one, other = make_relay("one"), make_relay("other")
    root, copy = clone(tmp_path / "a" / "clone"), tmp_path / "b" / "clone"
    shutil.copytree(root, copy)
    labelled(root)
    runs_after(root, one, "do not ask again for this project")
    file = project.find(root).places.trust
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert json.loads(file.read_text())["engines"] == [one.host]
    runs_unasked(root, one)
    asks(root, other)
    asks(copy, one)


@pytest.mark.slow
@pytest.mark.engine
@pytest.mark.usefixtures("engine")
def test_consent_below_a_folder_holds_for_its_siblings_alone(
    tmp_path: Path, make_relay: Callable[[str], Relay], labelled: Callable[[Path], list[str]]
) -> None:
    relay = make_relay("engine")
    roots = [clone(tmp_path / name) for name in ("mine/a", "mine/b", "mine-not/c")]
    for root in roots:
        labelled(root)
    runs_after(roots[0], relay, "do not ask for any project below")
    file = state_home() / "trust.json"
    assert json.loads(file.read_text())["below"] == [[str(tmp_path / "mine"), relay.host]]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    runs_unasked(roots[1], relay)
    asks(roots[2], relay)


@pytest.mark.parametrize(
    "line", ["engine = 'local'", "on-exit = 'stop'", "watch.confirm = 'always'", "editor = 'sh x'"]
)
def test_what_a_project_may_not_decide_is_refused_by_name(tmp_path: Path, line: str) -> None:
    settings = f"[tool.pxtui]\n{line}\n"
    root = clone(tmp_path / "clone", **{"pyproject.toml": settings})
    name = line.partition(" ")[0]
    with program(pxtui(), (300, 40), root) as started:
        assert started.ended() == 2
        assert f"pxtui: pyproject.toml: a project may not set {name} (set it in " in started.text
        assert "Traceback" not in started.text


@pytest.mark.engine
@pytest.mark.usefixtures("engine")
def test_what_a_project_asks_for_is_not_given_unasked(
    tmp_path: Path, make_relay: Callable[[str], Relay], labelled: Callable[[Path], list[str]]
) -> None:
    relay, data = make_relay("engine"), tmp_path / "data"
    data.mkdir()
    wants = f"[tool.pxtui]\nenv = ['CANARY']\nmounts = ['{data}:/wanted']\n"
    cmd = 'echo "canary=[$CANARY]"; test -e /wanted || echo no mount'
    root = clone(tmp_path / "clone", cmd, **{"pyproject.toml": wants})
    labelled(root)
    env = {"DOCKER_HOST": relay.host, "CANARY": "canary-4711"}
    with opened(root, env) as app:
        app.press("r")
        asked = app.until("here[?]")
        assert "CANARY" in asked
        assert "/wanted" in asked
        app.answer("without what it asks for")
        app.until(r"✓ done +#\d")
        app.leave()
    (log,) = project.find(root).places.run("x").parent.glob("*/log")
    assert log.read_text() == "canary=[]\nno mount\n"
    kept = [p.read_bytes() for p in state_home().rglob("*") if p.is_file()]
    assert not any(b"canary-4711" in data for data in kept)


def test_no_module_of_the_project_is_imported(
    pxtui_command: str,
    tmp_path: Path,
) -> None:
    marker = tmp_path / "imported"
    trap = f"open({str(marker)!r}, 'a').write(__file__)\n"
    names = ("sitecustomize", "usercustomize", "textual", "yaml", "docker", "click", "pxtui",
             "jinja2", "conftest", "json", "re")  # fmt: skip
    root = clone(tmp_path / "clone", DEAR, **{f"{name}.py": trap for name in names})
    env = {"PYTHONPATH": "", "PXTUI_ENGINE": "local"}
    with opened(root, env, [pxtui_command]) as app:
        assert "echo 012" in app.screen()
        app.leave()
    for words in (["check"], ["show"], ["doctor"], ["runs"]):
        done = subprocess.run(
            [pxtui_command, *words], cwd=root, capture_output=True, check=False,
            env={**os.environ, **env},
        )  # fmt: skip
        assert b"Traceback" not in done.stderr, done.stderr.decode()
    assert not marker.exists(), marker.read_text()


def loose(*homes: Path) -> list[str]:
    """What others may read or enter; what runs wrote, and virtualenv and pip, is not ours."""
    found = []
    for path in (path for home in homes for path in (home, *home.rglob("*"))):
        mode, parts = path.lstat(), path.parts
        if stat.S_ISLNK(mode.st_mode) or any(
            name in parts for name in ("outputs", "venv", "virtualenv")
        ):
            continue
        wanted = 0o700 if path.is_dir() else 0o600
        if (is_so := stat.S_IMODE(mode.st_mode)) & ~wanted:
            found.append(f"{is_so:o} {path}")
    return found


def ours() -> list[Path]:
    return [Path(os.environ[f"XDG_{name}_HOME"]) / "pxtui" for name in ("STATE", "CACHE")]


def run_with(umask: str, root: Path, engine: str) -> None:
    """Build and run in the app, where new files have that umask."""
    words = ["sh", "-c", f'umask {umask}; exec "$@"', "sh", *pxtui("--engine", engine)]
    with opened(root, {}, words) as app:
        app.press("r")
        app.answer("do not ask again for this project")
        app.until(r"✓ done +#\d|✗", 60)
        assert "✓ done" in app.screen()
        app.leave()


@pytest.mark.engine
@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("umask", ["000", pytest.param("022", marks=pytest.mark.slow)])
def test_nothing_is_for_others_after_a_run_on_docker(
    tmp_path: Path, labelled: Callable[[Path], list[str]], umask: str
) -> None:
    root = clone(tmp_path / "clone", "echo written > /outputs/file; echo 1 > file")
    labelled(root)
    run_with(umask, root, "docker")
    assert loose(*ours()) == []


@pytest.mark.slow
def test_nothing_is_for_others_after_a_run_without_a_container(tmp_path: Path) -> None:
    root = clone(tmp_path / "clone", 'echo 1 > "$POLYAXON_RUN_OUTPUTS_PATH/file"', "pip --version")
    run_with("000", root, "local")
    assert loose(*ours()) == []


@pytest.mark.engine
@pytest.mark.usefixtures("engine")
def test_the_first_question_says_that_who_may_use_the_engine_is_root(tmp_path: Path) -> None:
    root = clone(tmp_path / "clone")
    with opened(root, {"PXTUI_ENGINE": "docker"}) as app:
        app.press("r")
        asked = app.until("here[?]")
        app.answer("do nothing")
        app.leave()
    assert asked.count("is root on") == 1


def test_the_readme_says_that_who_may_use_docker_is_root() -> None:
    assert "whoever may use Docker is root on its machine" in (REPO / "README.md").read_text()
