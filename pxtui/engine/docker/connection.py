"""The way to an engine: clients whose calls can be cut off, and their answers."""

from __future__ import annotations

import contextlib
import errno
import http.client
import json
import os
import socket
import stat
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import docker
from docker.utils import kwargs_from_env

from pxtui.engine.docker.failures import telling
from pxtui.engine.hosts import Found
from pxtui.errors import NoEngine

ANSWER = 4.0
"""Seconds that an engine has to say who it is."""
QUERY = 30
ACTION = 120
PIECE = 65_536
SHARED = "/tmp"  # noqa: S108 - the path of a socket is short; the folder in it is looked at
_SSH = (
    "-o",
    "BatchMode=yes",
    "-o",
    f"ConnectTimeout={round(ANSWER)}",
    "-o",
    "ServerAliveInterval=15",
)


class Client:
    """A client of the engine; `cut` ends all its calls, whatever they wait for.

    docker-py's own streams cannot be closed while they are read, nor a call before its answer:
    so every socket is noted when it is connected, and shut down from outside.
    """

    def __init__(self, api: docker.APIClient, ssh: Sequence[str] = ()) -> None:
        self.api: Any = api  # private methods are used: docker-py has no public way to do the same
        # answers are read raw: some of them would be compressed
        self.api.headers["Accept-Encoding"] = "identity"
        self._lock = threading.Lock()
        self._sockets: list[Any] = []
        self._responses: list[Any] = []
        self._pool: Any = None
        self._ssh = ssh
        self._cut = False
        adapter: Any = self.api.get_adapter(f"{self.api.base_url}/")
        find = adapter.get_connection_with_tls_context

        def find_and_note(*args: Any, **kwargs: Any) -> Any:
            if self._pool is None:  # docker-py has one for each address, and connects anew for each
                self._pool = find(*args, **kwargs)
                self._pool._new_conn = self._noting(self._pool._new_conn)
            return self._pool

        adapter.get_connection_with_tls_context = find_and_note

    def _noting(self, new: Callable[[], Any]) -> Callable[[], Any]:
        def make() -> Any:
            connection = new()
            connect = connection.connect

            def connect_and_note() -> None:
                if self._ssh:
                    connection.sock = _Ssh(self._ssh, connection.timeout)
                    connection.getresponse = connection.sock.telling(connection.getresponse)
                elif hasattr(connection, "unix_socket"):
                    connection.sock = _connect(connection.unix_socket, connection.timeout)
                else:
                    connect()
                self._note(connection.sock)

            connection.connect = connect_and_note
            return connection

        return make

    def _note(self, sock: Any) -> None:
        with self._lock:
            self._sockets = [s for s in self._sockets if s.fileno() != -1 or isinstance(s, _Ssh)]
            self._sockets.append(sock)
            if self._cut:
                _shut(sock)

    @contextlib.contextmanager
    def limited(self, seconds: float) -> Iterator[None]:
        """All that is done must be over in this time: a slow answer is cut off (TimeoutError)."""
        over = threading.Event()

        def end() -> None:
            over.set()
            self.cut()

        timer = threading.Timer(seconds, end)
        timer.daemon = True
        timer.start()
        try:
            yield
        except Exception as error:
            if over.is_set():
                raise TimeoutError("the answer took too long") from error
            raise
        finally:
            timer.cancel()

    def cut(self) -> None:
        """End every call of this client, now and later; from any thread."""
        with self._lock:
            self._cut = True
            for sock in self._sockets:
                _shut(sock)

    def close(self) -> None:
        """Cut it off and give back its sockets."""
        self.cut()
        with contextlib.suppress(Exception):
            for response in self._responses:
                response.close()
            if self._pool is not None:
                self._pool.close()
            self.api.close()
        for sock in self._sockets:
            if isinstance(sock, _Ssh):
                sock.end()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def call(self, method: str, path: str, *names: str, **kwargs: Any) -> Any:
        """One request; an answer that is an error raises APIError."""
        kwargs.setdefault("timeout", QUERY)
        # docker-py has no way of its own for HEAD, but is a session of requests
        send = getattr(self.api, f"_{method}", None) or getattr(self.api, method)
        response = send(self.api._url(path, *names), **kwargs)
        self._responses.append(response)
        self.api._raise_for_status(response)
        return response

    def stream(self, path: str, *names: str, method: str = "post", **kwargs: Any) -> Any:
        """A request whose answer is read as it comes; it has no limit of time."""
        return self.call(method, path, *names, stream=True, timeout=(QUERY, None), **kwargs)


def _connect(path: str, timeout: float | None) -> socket.socket:
    """As docker-py does it, but a socket that could not be connected is closed."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.settimeout(timeout)
        sock.connect(path)
    except BaseException:
        sock.close()
        raise
    return sock


def _shut(sock: Any) -> None:
    with contextlib.suppress(OSError):
        sock.shutdown(2)
    if isinstance(sock, _Ssh):
        sock.process.terminate()


class _Ssh(socket.socket):
    """A connection that the ssh command carries; it asks nothing, for the terminal is the app's."""

    def __init__(self, command: Sequence[str], timeout: float | None) -> None:
        ours, theirs = socket.socketpair()
        super().__init__(fileno=ours.detach())
        self.settimeout(timeout)
        self._complaint = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `end`
        try:
            with theirs:
                self.process = subprocess.Popen(
                    [*command, "docker system dial-stdio"],
                    stdin=theirs.fileno(),
                    stdout=theirs.fileno(),
                    stderr=self._complaint,
                    start_new_session=True,  # Ctrl-C is the app's
                )
        except BaseException:
            self._complaint.close()
            self.close()
            raise

    def telling(self, answer: Callable[[], Any]) -> Callable[[], Any]:
        """Let a connection that ends without an answer say what ssh says of it."""

        def asked() -> Any:
            try:
                return answer()
            except (ConnectionError, http.client.HTTPException) as error:
                with contextlib.suppress(ValueError):  # ended by another thread
                    self._complaint.seek(0)
                    lines = self._complaint.read().decode(errors="replace").split("\n")
                    if said := [line for line in lines if line.strip()]:
                        raise ConnectionResetError(errno.ECONNRESET, said[-1].strip()) from error
                raise

        return asked

    def end(self) -> None:
        """End the command and wait for it."""
        self.process.terminate()
        try:
            self.process.wait(1)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._complaint.close()
        self.close()


def pieces(response: Any) -> Iterator[bytes]:
    """The bytes of an answer in big reads, as soon as they are there."""
    while data := response.raw.read1(PIECE):
        yield data


def messages(response: Any) -> Iterator[dict[str, Any]]:
    """The JSON objects of an answer, one a line."""
    rest = b""
    for piece in pieces(response):
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            if line.strip():
                yield json.loads(line)
    if rest.strip():
        yield json.loads(rest)


class Way:
    """How an engine is reached; makes clients."""

    def __init__(self, found: Found) -> None:
        self.found = found
        self._lock = threading.Lock()
        self._clients: list[Client] = []
        self._version: str | None = None

    def client(self) -> Client:
        """A new client, told the engine's version; raises NoEngine."""
        with telling(f"{self.found.kind} at {self.found.host}", self.found, NoEngine):
            if self._version is None:
                with self._make("1.41", ANSWER) as first, first.limited(ANSWER):
                    self._version = first.api._retrieve_server_version()
            client = self._make(self._version, QUERY)
        with self._lock:
            self._clients = [one for one in self._clients if not one._cut]
            self._clients.append(client)
        return client

    def forget(self) -> None:
        """Ask for the version again at the next client: another engine may answer there."""
        self._version = None

    def close(self) -> None:
        """Cut off all clients."""
        with self._lock:
            for client in self._clients:
                client.cut()

    def _make(self, version: str, timeout: float) -> Client:
        options: dict[str, Any] = {"base_url": self.found.host}
        if self.found.context is not None:
            options |= docker.ContextAPI.kwargs_from_context(self.found.context)
        elif self.found.why == "DOCKER_HOST":
            options |= kwargs_from_env()
        host = str(options["base_url"])
        ssh: list[str] = []
        if host.startswith("ssh://"):
            server = host.removeprefix("ssh://").partition("/")[0]
            if not server or server.startswith("-"):
                told = f"{self.found.kind} at {self.found.host}: it names no host"
                raise NoEngine(told, f"look at {self.found.why}")
            ssh = ["ssh", "-T", *_SSH, *_shared(), "--", "/".join(host.split("/")[:3])]
            # docker-py's own way needs paramiko, has no limits of time, and may ask in the terminal
            options["base_url"] = "unix:///ssh"
        try:
            api = docker.APIClient(
                **options,
                version=version,
                timeout=timeout,  # type: ignore[arg-type]
            )
        except ValueError:
            told = f"{self.found.kind} at {self.found.host}: this is no address of an engine"
            raise NoEngine(told, f"look at {self.found.why}") from None
        return Client(api, ssh)


def _shared() -> list[str]:
    """Options that lead all connections of this person through one login, which ends soon after."""
    folder = Path(SHARED, f"pxtui-ssh-{os.geteuid()}")
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
    if not ours or found.st_mode & 0o077:
        return ["-o", "ControlPath=none"]
    return ["-o", f"ControlPath={folder}/%C", "-o", "ControlMaster=auto", "-o", "ControlPersist=15"]
