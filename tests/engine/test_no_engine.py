"""Without an engine, or with an ill one, the app stays usable and nobody is told what is not so."""

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import shutil
import signal
import socket
import socketserver
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pyte
import pytest

from pxtui import history, places, project, trust
from pxtui.engine.docker import DockerEngine
from pxtui.history import Record
from tests.engine.conftest import BUSYBOX, Private, second_engine, wait_for
from tests.in_a_pty import Program, program, pxtui
from tests.whole.conftest import need

pytestmark = pytest.mark.xdist_group("engine")  # what is made once for all is made once

FILE = """\
version: 1
project:
  name: alone
declarations:
  lr: 0.1
run:
  image: {image}
  cmd: {cmd}
"""
PRIVATE_SEQUENCES = re.compile(rb"\x1b\[[<>=][0-9;]*[a-zA-Z]")
"""What pyte would show as text."""
NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--")


def write(root: Path, cmd: str = "echo {{ lr }}") -> Path:
    root.mkdir(parents=True, exist_ok=True)
    (root / "polyaxonfile.yml").write_text(FILE.format(image=BUSYBOX, cmd=json.dumps(cmd)))
    return root


def homes(folder: Path) -> dict[str, str]:
    return {f"XDG_{name}_HOME": str(folder / name) for name in ("STATE", "CACHE", "CONFIG")}


# --- the app, as a person sees it


class View:
    """The screen of a program, and every first row (the status) that it has had."""

    def __init__(self, shown: Program) -> None:
        self.app = shown
        self.statuses: list[str] = []
        self._screen = pyte.Screen(120, 40)
        self._stream = pyte.ByteStream(self._screen)
        self._at = 0

    def rows(self) -> list[str]:
        self.app.mark()
        data = bytes(self.app.output[self._at :])
        self._at += len(data)
        self._stream.feed(PRIVATE_SEQUENCES.sub(b"", data))
        rows = [row.rstrip() for row in self._screen.display]
        if self.statuses[-1:] != rows[:1]:
            self.statuses.append(rows[0])
        return rows

    def until(self, wanted: str, seconds: float = 30) -> float:
        """Until the screen, with all white space as one, has this (a regular expression)."""
        limit = time.monotonic() + seconds
        while not re.search(wanted, " ".join(" ".join(rows := self.rows()).split())):
            if time.monotonic() > limit:
                raise AssertionError(f"{wanted!r} not within {seconds} s:\n" + "\n".join(rows))
            time.sleep(0.02)
        return time.monotonic()

    def until_status(self, wanted: str, seconds: float = 30) -> float:
        limit = time.monotonic() + seconds
        while not re.search(wanted, (rows := self.rows())[0]):
            if time.monotonic() > limit:
                raise AssertionError(f"{wanted!r} not within {seconds} s:\n" + "\n".join(rows))
            time.sleep(0.02)
        return time.monotonic()

    def change(self, value: str) -> None:
        """Type another value into the form."""
        self.app.send(b"2\x1b[H\r")
        self.until("esc leave as it was")
        self.app.send(value.encode() + b"\r")
        self.until(rf"~ lr {re.escape(value)}")

    def leave(self) -> float:
        """Press ctrl+q; the seconds until the program had ended."""
        began = self.app.send(b"\x11")
        assert self.app.ended(10) == 0
        return time.perf_counter() - began


@contextlib.contextmanager
def app(root: Path, env: Mapping[str, str], *before: str) -> Iterator[View]:
    with program([*before, *pxtui("-C", str(root))], env=env, keep=True) as opened:
        yield View(opened)


# --- servers that are no engines, and one that leads to an engine


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """Serves each connection by a function, until it is closed with all of them."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 100

    def __init__(self, path: Path | None, serve: Callable[[socket.socket], None]) -> None:
        self.address_family = socket.AF_UNIX if path else socket.AF_INET
        self._path, self._serve = path, serve
        self._open: set[socket.socket] = set()
        address = str(path) if path else ("127.0.0.1", 0)
        super().__init__(address, socketserver.BaseRequestHandler)  # type: ignore[arg-type]
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,))
        self._thread.start()

    @property
    def host(self) -> str:
        return f"unix://{self._path}" if self._path else f"tcp://127.0.0.1:{self.server_address[1]}"

    def server_bind(self) -> None:
        socketserver.TCPServer.server_bind(self) if not self._path else self.socket.bind(
            str(self._path)
        )

    def finish_request(self, request: object, client_address: object) -> None:
        assert isinstance(request, socket.socket)
        self._open.add(request)
        with contextlib.suppress(OSError):
            self._serve(request)

    def close(self) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        if self._path:
            self._path.unlink()


def answering(status: str, body: bytes) -> Callable[[socket.socket], None]:
    """An HTTP server that has one answer to all."""

    def serve(connection: socket.socket) -> None:
        connection.recv(65536)
        head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n"
        connection.sendall(f"{head}Content-Type: application/json\r\n\r\n".encode() + body)

    return serve


def babbling(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.sendall(b"\x00\xff\x1b]0;title\x07 this is no HTTP\r\n\r\n")


def with_certificate(folder: Path) -> Callable[[socket.socket], None]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")

    def serve(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as wrapped:
            wrapped.recv(65536)

    return serve


def silent(connection: socket.socket) -> None:
    while connection.recv(65536):
        pass


def dripping(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
    while not select.select([connection], [], [], 1)[0]:
        connection.sendall(b"x")


def falling_silent(after: int) -> Callable[[socket.socket], None]:
    """An engine of which only some questions get an answer."""
    version = b'{"ApiVersion": "1.41", "Version": "20.10.24"}'
    about = b'{"OSType": "linux", "Architecture": "x86_64", "MemTotal": 1000000000}'
    answers = {b"/version ": version, b"/info ": about}
    known = dict(list(answers.items())[:after])

    def serve(connection: socket.socket) -> None:
        while asked := connection.recv(65536):
            body = next((body for path, body in known.items() if path in asked), None)
            if body is not None:
                head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n"
                connection.sendall(f"{head}Content-Type: application/json\r\n\r\n".encode() + body)

    return serve


def leading_to(host: str) -> Callable[[socket.socket], None]:
    """Forwards to a unix socket, both ways."""

    def pump(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def serve(connection: socket.socket) -> None:
        with socket.socket(socket.AF_UNIX) as engine:
            engine.connect(host.removeprefix("unix://"))
            back = threading.Thread(target=pump, args=(engine, connection), daemon=True)
            back.start()
            pump(connection, engine)
            back.join()

    return serve


def certificate(folder: Path) -> Path:
    need(shutil.which("openssl") is not None, "openssl")
    folder.mkdir()
    key, made = folder / "key.pem", folder / "cert.pem"
    kind = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-x509")
    subprocess.run(
        ["openssl", "req", *kind, "-subj", "/CN=me", "-keyout", key, "-out", made],
        check=True,
        capture_output=True,
    )
    shutil.copy(made, folder / "ca.pem")
    return folder


@pytest.fixture(scope="module")
def short() -> Iterator[Path]:
    """A folder whose sockets have short paths, and which everybody may enter."""
    with tempfile.TemporaryDirectory(prefix="pxtui-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


# --- no engine at all (E01)

TOO_NEW = b'{"message":"client version 1.41 is too new. Maximum supported API version is 1.12"}'
CASES = (
    pytest.param("no socket", "socket does not exist", "start Docker", id="no socket"),
    pytest.param("dead socket", "connection refused", "start Docker", id="dead socket"),
    pytest.param("plain file", "nothing answers there", "start Docker", id="plain file"),
    pytest.param("closed port", "connection refused", "start Docker", id="closed port"),
    pytest.param("foo", "foo: Invalid bind address", "DOCKER_HOST", id="foo"),
    pytest.param("tcp://", "Invalid bind address", "DOCKER_HOST", id="tcp without a host"),
    pytest.param("http://[", "URL|address", "DOCKER_HOST", id="half an address"),
    pytest.param("tcp://127.0.0.1:x", "no address", "DOCKER_HOST", id="a port of letters"),
    pytest.param("ssh://", "host|address", "DOCKER_HOST", id="ssh to nowhere"),
    pytest.param("tcp://a\x1b\x07\u202eb:1", "host|address", "DOCKER_HOST", id="no name"),
    pytest.param(
        "unix:///a\n\x1b]0;title\x07b", "does not exist", "start Docker", id="a path of two lines"
    ),
    pytest.param("ssh refused", "port .* refused", "has to work unasked", id="ssh refused"),
    pytest.param("tls", "self-signed certificate", "DOCKER_CERT_PATH", id="a wrong certificate"),
    pytest.param("no certificate", "certificate", "DOCKER_CERT_PATH", id="no certificate of mine"),
    pytest.param("babble", "not|no sense", "DOCKER_HOST", id="babble"),
    pytest.param("no engine", "not|no sense", "DOCKER_HOST", id="other HTTP"),
    pytest.param("too new", "client version 1.41 is too new", "DOCKER_HOST", id="too new for it"),
    pytest.param("too old", "API versions? below", "DOCKER_HOST", id="too old for us"),
)


@dataclass
class Ward:
    """Engines that are missing or ill: what DOCKER_HOST and its like are for each."""

    folder: Path
    stack: contextlib.ExitStack
    known: dict[str, dict[str, str]] = field(default_factory=dict)

    def server(self, serve: Callable[[socket.socket], None]) -> str:
        made = Server(None, serve)
        self.stack.callback(made.close)
        return made.host

    def fill(self) -> None:
        folder = self.folder
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(str(folder / "dead.sock"))
        (folder / "plain").write_text("no socket\n")
        # bound and never listening: nobody else gets this port
        closed = self.stack.enter_context(socket.socket())
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        mine, other = certificate(folder / "mine"), certificate(folder / "other")
        wrong = self.server(with_certificate(other))
        about = b'{"ApiVersion": "1.12", "Version": "1.0"}'
        hosts = {
            "no socket": f"unix://{folder}/none.sock",
            "dead socket": f"unix://{folder}/dead.sock",
            "plain file": f"unix://{folder}/plain",
            "closed port": f"tcp://127.0.0.1:{port}",
            "ssh refused": f"ssh://127.0.0.1:{port}",
            "babble": self.server(babbling),
            "no engine": self.server(answering("200 OK", b"{}")),
            "too new": self.server(answering("400 Bad Request", TOO_NEW)),
            "too old": self.server(answering("200 OK", about)),
        }
        self.known = {name: {"DOCKER_HOST": host} for name, host in hosts.items()}
        self.known["tls"] = {
            "DOCKER_HOST": wrong,
            "DOCKER_TLS_VERIFY": "1",
            "DOCKER_CERT_PATH": str(mine),
        }
        none = {"DOCKER_CERT_PATH": str(folder / "nowhere")}
        self.known["no certificate"] = {**self.known["tls"], **none}

    def env(self, name: str) -> dict[str, str]:
        return self.known.get(name) or {"DOCKER_HOST": name}


@pytest.fixture(scope="module")
def ward(short: Path) -> Iterator[Ward]:
    need(shutil.which("ssh") is not None, "ssh")
    with contextlib.ExitStack() as stack:
        made = Ward(short, stack)
        made.fill()
        yield made


Said = subprocess.CompletedProcess[bytes]
EACH = """
import json, os, sys
import pxtui.cli.run, pxtui.engine.docker
from pxtui.__main__ import main
for env, out, err in json.load(sys.stdin):
    if child := os.fork():
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
        continue
    os.environ.update(env)
    for number, file in ((1, out), (2, err)):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT), number)
    main()
"""
"""The command in a process of its own for each case; most of its time would be the imports."""


@pytest.fixture(scope="module")
def on_the_command_line(ward: Ward, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Said]:
    """What `pxtui run` says in each case."""
    folder = tmp_path_factory.mktemp("command")
    names = [str(case.values[0]) for case in CASES]
    files = [(folder / f"{n}.out", folder / f"{n}.err") for n in range(len(names))]
    cases = [
        ({**homes(folder), **ward.env(name)}, *map(str, pair))
        for name, pair in zip(names, files, strict=True)
    ]
    done = subprocess.run(
        [sys.executable, "-c", EACH, "-C", str(write(folder / "p")), "run"],
        input=json.dumps(cases),
        env=without_docker(),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=100,
    )
    return {
        name: Said((), int(code), *(file.read_bytes() for file in pair))
        for name, code, pair in zip(names, done.stdout.split(), files, strict=True)
    }


def without_docker() -> dict[str, str]:
    path = {"PYTHONPATH": str(Path(__file__).parents[2])}
    return {k: v for k, v in os.environ.items() if not k.startswith("DOCKER_")} | path


def command(root: Path, env: Mapping[str, str], *words: str, before: tuple[str, ...] = ()) -> Said:
    words = (*before, *pxtui("-C", str(root), *(words or ("run",))))
    return subprocess.run(
        words, env={**without_docker(), **env}, capture_output=True, check=False, timeout=60
    )


def one_line(done: Said) -> str:
    """The one line that a command without an engine says."""
    text = done.stderr.decode()
    assert done.returncode == 4, text
    assert done.stdout == b""
    (line,) = text.splitlines()
    assert text == f"{line}\n"
    assert line.startswith("pxtui: docker at ")
    assert not [c for c in line if unicodedata.category(c) in ("Cc", "Cf", "Cs")]
    return line


@pytest.mark.parametrize(("name", "cause", "remedy"), CASES)
def test_without_an_engine_a_command_says_cause_and_remedy_in_a_line(
    name: str,
    cause: str,
    remedy: str,
    on_the_command_line: dict[str, Said],
) -> None:
    line = one_line(on_the_command_line[name])
    assert re.search(f"(?:{cause}).* \\(.*{remedy}", line), line
    if remedy != "start Docker":
        assert "start Docker" not in line


def test_a_wrong_certificate_is_told_in_plain_words(on_the_command_line: dict[str, Said]) -> None:
    line = one_line(on_the_command_line["tls"])
    assert not re.search(r"Pool|Max retries|Error\(|_ssl\.c", line), line


IN_THE_APP = (
    ("unix:///a\n\x1b]0;title\x07b", "does not exist", "start Docker"),
    ("ssh refused", "Connection refused", "has to work unasked"),
    ("tls", "certificate", "DOCKER_CERT_PATH"),
)


@pytest.mark.parametrize(
    ("name", "cause", "remedy"), IN_THE_APP, ids=["control characters", "ssh", "tls"]
)
def test_without_an_engine_the_app_says_why_and_its_form_works(
    name: str, cause: str, remedy: str, ward: Ward, tmp_path: Path
) -> None:
    with app(write(tmp_path / "p"), ward.env(name)) as view:
        view.until("lr 0.1")
        view.until(f"no engine: docker at .*{cause}")
        view.until(remedy)
        view.until_status("! no engine")
        view.change("0.7")
        view.leave()
        assert b"title\x07" not in view.app.output


@pytest.mark.engine
def test_a_scheme_alone_is_the_usual_socket_as_for_docker(
    docker_engine: DockerEngine, tmp_path: Path
) -> None:
    need(docker_engine.found.host == "unix:///var/run/docker.sock", "an engine at its usual place")
    done = command(write(tmp_path / "p"), {"DOCKER_HOST": "unix://"}, "run", "--dry-run")
    assert done.returncode == 0
    assert re.search(rb"engine +docker at \S*/var/run/docker.sock\n", done.stderr)


# --- engines that come and go (E01)


def goes_through(docker_engine: DockerEngine, path: Path) -> Server:
    host = docker_engine.found.host
    need(host.startswith("unix://"), "an engine at a socket")
    return Server(path, leading_to(host))


CONNECTED = r"watch off +docker$"


@pytest.mark.engine
def test_an_engine_that_appears_is_taken_by_itself(
    docker_engine: DockerEngine, short: Path, tmp_path: Path
) -> None:
    path = short / "later.sock"
    with app(write(tmp_path / "p"), {"DOCKER_HOST": f"unix://{path}"}) as view:
        view.until("no engine: .* socket does not exist")
        way = goes_through(docker_engine, path)
        try:
            view.until_status(CONNECTED, 10)
            view.until("r shows what will be done and asks once", 10)
            assert "no engine" not in " ".join(view.rows())
            view.leave()
        finally:
            way.close()


@pytest.mark.engine
@pytest.mark.slow
def test_an_engine_that_comes_and_goes_is_told_each_time(
    docker_engine: DockerEngine, short: Path, tmp_path: Path
) -> None:
    path = short / "again.sock"
    with app(write(tmp_path / "p"), {"DOCKER_HOST": f"unix://{path}"}) as view:
        view.until("no engine: .* socket does not exist")
        for absent in (0.0, 3.0, 12.0):
            threading.Event().wait(absent)  # the tries come less often
            way, began = goes_through(docker_engine, path), time.monotonic()
            try:
                came = view.until_status(CONNECTED) - began
            finally:
                way.close()
            began = time.monotonic()
            gone = view.until("no engine: .* socket does not exist") - began
            print(f"away for {absent:4.1f} s: taken after {came:.2f} s; gone: said in {gone:.2f} s")
            assert came < 10
            assert gone < 10
        view.change("0.7")
        view.leave()


# --- engines that do not answer (E02)


def test_an_engine_that_never_answers_leaves_the_form_alone(short: Path, tmp_path: Path) -> None:
    hole = Server(short / "hole.sock", silent)
    try:
        with app(write(tmp_path / "p"), {"DOCKER_HOST": hole.host}) as view:
            view.until("lr 0.1")
            view.change("0.7")  # while it waits for the answer
            view.until("no engine: .* it does not answer")
            view.change("0.8")
            view.leave()
    finally:
        hole.close()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["unix", "tcp", "tls", "ssh"])
def test_how_soon_an_engine_that_never_answers_is_told(
    kind: str, ward: Ward, tmp_path: Path
) -> None:
    path = ward.folder / "slow.sock" if kind == "unix" else None
    hole = Server(path, silent)
    env = {"DOCKER_HOST": hole.host.replace("tcp:", "ssh:") if kind == "ssh" else hole.host}
    if kind == "tls":
        env |= {"DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": ward.env("tls")["DOCKER_CERT_PATH"]}
    root = write(tmp_path / "p")
    try:
        began = time.monotonic()
        line = one_line(command(root, env))
        took = time.monotonic() - began
        with app(root, env) as view:
            began = time.monotonic()
            form = view.until("lr 0.1")
            said = view.until("no engine: .* does not answer|no engine: .* timed out")
            view.change("0.7")
            left = view.leave()
    finally:
        hole.close()
    print(
        f"{kind:4}: `pxtui run` ended after {took:.2f} s; app: form {form - began:.2f} s, "
        f"said {said - form:.2f} s later, left in {left:.2f} s"
    )
    print(line)
    assert said - form < 5
    assert left < 0.5


@pytest.mark.slow
@pytest.mark.parametrize(("after", "limit"), [(1, 10), (2, 40)], ids=["version", "info"])
def test_an_engine_that_falls_silent_leaves_the_form_alone(
    after: int, limit: int, tmp_path: Path
) -> None:
    hole = Server(None, falling_silent(after))
    try:
        with app(write(tmp_path / "p"), {"DOCKER_HOST": hole.host}) as view:
            form = view.until("lr 0.1")
            view.change("0.7")
            said = view.until("no engine: .* does not answer", limit)
            view.change("0.8")
            left = view.leave()
    finally:
        hole.close()
    print(f"silent after {after} answers: said after {said - form:.2f} s, left in {left:.2f} s")
    assert left < 0.5


@pytest.mark.slow
def test_an_engine_that_answers_byte_by_byte_is_given_up(tmp_path: Path) -> None:
    drip = Server(None, dripping)
    try:
        with app(write(tmp_path / "p"), {"DOCKER_HOST": drip.host}) as view:
            view.until("lr 0.1")
            view.change("0.7")
            said = view.app.sees("does not answer", 15)
            view.change("0.8")
            view.leave()
    finally:
        drip.close()
    assert said is not None


@pytest.mark.engine
@pytest.mark.slow
def test_an_engine_that_stalls_is_told_and_taken_again(private: Private, tmp_path: Path) -> None:
    with app(write(tmp_path / "p"), {"DOCKER_HOST": private.shop.found.host}) as view:
        view.until_status(CONNECTED)
        began = time.monotonic()
        os.kill(private.pid(), signal.SIGSTOP)
        try:
            said = view.until("no engine: .* it does not answer") - began
            view.change("0.7")
        finally:
            os.kill(private.pid(), signal.SIGCONT)
        began = time.monotonic()
        back = view.until_status(CONNECTED) - began
        left = view.leave()
    print(f"stalled: said after {said:.2f} s; taken again {back:.2f} s after it woke")
    assert said < 15
    assert left < 0.5


# --- an engine that one may not use (E03)


@pytest.fixture(params=["socket", pytest.param("folder", marks=pytest.mark.slow)])
def forbidden(request: pytest.FixtureRequest, short: Path) -> Iterator[tuple[str, Path]]:
    """A socket that only root may use, or whose folder is root's alone; a place for nobody."""
    need(os.geteuid() == 0, "root, to be nobody")
    need(shutil.which("setpriv") is not None, "setpriv")
    words = [*NOBODY, sys.executable, "-c", "import pxtui"]
    readable = subprocess.run(
        words, cwd=Path(__file__).parents[2], check=False, capture_output=True
    )
    need(readable.returncode == 0, "a Python that everybody may use")
    folder = Path(tempfile.mkdtemp(dir=short))
    folder.chmod(0o755)
    server = Server(folder / "s", silent)
    (folder if request.param == "folder" else folder / "s").chmod(0o600)
    home = write(Path(tempfile.mkdtemp(dir=short)))
    for path in (home, *home.iterdir()):
        os.chown(path, 65534, 65534)
    try:
        yield server.host, home
    finally:
        server.close()


def person(home: Path, host: str) -> dict[str, str]:
    return {**homes(home), "HOME": str(home), "DOCKER_HOST": host}


def test_a_socket_that_one_may_not_use_is_told_with_what_the_group_is(
    forbidden: tuple[str, Path],
) -> None:
    host, home = forbidden
    line = one_line(command(home, person(home, host), before=NOBODY))
    assert "permission denied" in line
    assert "group `docker` (which equals root)" in line
    assert "sudo" not in line


@pytest.mark.parametrize("forbidden", ["socket"], indirect=True)
def test_the_app_of_a_person_who_may_not_use_it_says_so(forbidden: tuple[str, Path]) -> None:
    host, home = forbidden
    with app(home, person(home, host), *NOBODY) as view:
        view.until("no engine: .*permission denied")
        view.until(r"the group `docker` \(which equals root\)")
        assert "sudo" not in " ".join(view.rows())
        view.change("0.7")
        view.leave()


# --- an engine that is killed in a run (E05)

GOES_ON = "n=0; until [ -e /tmp/end ]; do n=$((n+1)); echo line-$n; sleep 0.2; done; echo over"
"""A run that ends when it is told to."""
RUNNING = "● running +#1"
LOST = "! lost +#1"


@dataclass
class Told:
    """What an app told of its one run while something happened to the engine."""

    root: Path
    host: str
    statuses: list[str] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    screen: str = ""
    log: list[str] = field(default_factory=list)
    containers: list[str] = field(default_factory=list)
    listed: str = ""
    times: str = ""

    def note(self, view: View) -> None:
        """What is so now: on the screen and in the record."""
        self.screen = "\n".join(view.rows())
        self.records += history.read_all(project.find(self.root).places)

    @property
    def labels(self) -> tuple[str, ...]:
        return "--filter", f"label={places.LABEL_PROJECT}={places.project_id(self.root)}"


@contextlib.contextmanager
def in_a_run(folder: Path) -> Iterator[tuple[Private, View, Told]]:
    """An app whose run has begun to print, on an engine of its own."""
    with pytest.MonkeyPatch.context() as patch, second_engine(folder / "engine") as private:
        for name, value in homes(folder).items():
            patch.setenv(name, value)
        told = Told(write(folder / "p", GOES_ON), private.shop.found.host)
        trust.trust(project.find(told.root), told.host)
        with app(told.root, {"DOCKER_HOST": told.host}) as view:
            view.until_status(CONNECTED)
            view.app.send(b"r")
            view.until("line-3 ", 60)
            view.until_status(RUNNING)
            yield private, view, told
            told.statuses = view.statuses


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """The engine is killed in a run; then it is there again, its containers dead."""
    with in_a_run(tmp_path_factory.mktemp("killed")) as (private, view, told):
        began = time.monotonic()
        private.kill()
        lost = view.until_status(LOST) - began
        view.until("no engine: .*connection refused")
        told.note(view)
        private.restart()
        began = time.monotonic()
        view.until_status(r"#1 .* docker$")
        view.until_status(r"(exit|lost|failed|killed).* #1")
        wait_for(lambda: history.read_all(project.find(told.root).places)[0].outcome != "lost")
        ended = time.monotonic() - began
        told.times = f"lost after {lost:.2f} s; its end {ended:.2f} s after the engine's return"
        told.note(view)
        view.leave()
    return told


@pytest.mark.engine
def test_a_run_whose_engine_was_killed_is_lost_never_done_and_its_end_is_told_later(
    killed: Told,
) -> None:
    print(killed.times)
    first, last = killed.records
    assert (first.outcome, first.exit_code) == ("lost", None)
    assert "the engine is gone, what became of the run is unknown" in first.message
    said = "\n".join(killed.statuses)
    assert re.search(LOST, said)
    assert not re.search("done +#1|exit 0", said), said
    assert last.id == first.id
    assert last.outcome in ("failed", "lost")
    assert last.exit_code in (None, 137, 255)
    assert last.last_line.startswith("line-")
    assert re.search(r"exit \d+|lost", killed.screen.splitlines()[0])


@pytest.mark.engine
@pytest.mark.slow
def test_an_exit_code_that_nobody_saw_is_told_as_such(killed: Told) -> None:
    last = killed.records[-1]
    assert last.exit_code != 255 or re.search("engine|unknown|not see", last.message), last


# --- an engine that is restarted under live runs (E07)


@contextlib.contextmanager
def restarted(private: Private, how: signal.Signals) -> Iterator[float]:
    """End dockerd, start it anew in the same network namespace; its containers live meanwhile.

    What is yielded is when it was ended.
    """
    need(shutil.which("nsenter") is not None, "nsenter")
    folder, pid = private.folder, private.pid()
    (folder / "daemon.json").write_text('{"live-restore": true}')
    os.kill(pid, signal.SIGHUP)
    wait_for(lambda: private.shop.docker("info", "-f", "{{.LiveRestoreEnabled}}") == "true")
    words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")[:-1]
    network = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)
    try:
        began = time.monotonic()
        os.kill(pid, how)
        wait_for(lambda: is_gone(pid))
        for path in (folder / "dockerd.pid", *(folder / "exec/containerd").glob("containerd*")):
            path.unlink(missing_ok=True)
        with (folder / "dockerd.log").open("ab") as log:
            anew = subprocess.Popen(
                ["nsenter", f"--net=/proc/self/fd/{network}", *words],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[network],
                start_new_session=True,
            )
    finally:
        os.close(network)
    try:
        yield began
    finally:
        anew.terminate()
        anew.wait(30)


def is_gone(pid: int) -> bool:
    try:
        return "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return True


@pytest.fixture(scope="module", params=[signal.SIGKILL, signal.SIGTERM], ids=["killed", "ended"])
def survived(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Told:
    """The engine is restarted in a run that goes on, and whose end comes later."""
    with in_a_run(tmp_path_factory.mktemp("restarted")) as (private, view, told):
        docker = private.shop.docker
        told.containers += docker("ps", "-q", *told.labels).split()
        seen = len(view.statuses)
        with restarted(private, request.param) as began:
            wait_for(lambda: view.rows() and re.search(LOST, "\n".join(view.statuses[seen:])))
            lost = time.monotonic() - began
            wait_for(lambda: docker("ps", "-q"))
            engine = time.monotonic() - began
            again = view.until_status(f"{RUNNING}.*docker$") - began
            told.containers += docker("ps", "-aq", *told.labels).split()
            told.listed = command(
                told.root, {"DOCKER_HOST": told.host}, "runs", "list"
            ).stdout.decode()
            view.until(r"line-\d+ .*line-\d+ ")
            docker("exec", told.containers[0], "touch", "/tmp/end")
            view.until_status("(done|exit|lost).* #1")
            wait_for(lambda: docker("ps", "-aq", *told.labels) == "")
            told.note(view)
            view.leave()
        told.times = (
            f"lost after {lost:.2f} s, engine there after {engine:.2f} s, "
            f"running again after {again:.2f} s"
        )
        (record,) = told.records
        log = project.find(told.root).places.run(record.id) / "log"
        told.log = log.read_text().splitlines()
    return told


@pytest.mark.engine
@pytest.mark.slow
def test_a_run_that_outlives_its_engine_is_taken_up_again(survived: Told) -> None:
    print(survived.times)
    first, *others = survived.containers
    assert others == [first], "there is no second container"
    (record,) = survived.records
    assert (record.outcome, record.exit_code, record.last_line) == ("done", 0, "over")
    *lines, last = survived.log
    assert last == "over"
    assert lines == [f"line-{n}" for n in range(1, len(lines) + 1)], "the log is whole"
    assert [one for one in survived.statuses if re.search(LOST, one)]
    assert re.search("done +#1", survived.screen.splitlines()[0])


@pytest.mark.engine
@pytest.mark.slow
def test_a_run_that_was_taken_up_again_is_listed_as_running(survived: Told) -> None:
    assert survived.listed.split()[1] == "running", survived.listed
