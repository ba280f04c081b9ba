"""Registries for tests: one that answers as it is told, and the errors that registries know."""

from __future__ import annotations

import contextlib
import ctypes
import http.server
import json
import os
import ssl
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

PASSWORD = "canary-of-the-registry"
"""Of `tester`, see registry-up in .ci/engine."""
CODES = {
    401: ("UNAUTHORIZED", "authentication required"),
    403: ("DENIED", "requested access to the resource is denied"),
    404: ("MANIFEST_UNKNOWN", "manifest unknown"),
    429: ("TOOMANYREQUESTS", "You have reached your pull rate limit"),
    500: ("UNKNOWN", "it broke\nin the middle"),
}


@dataclass
class FakeRegistry:
    """A registry that answers every question for an image with one status, or never."""

    status: int
    certificate: Path | None = None
    """Folder for a certificate of its own making; without it, plain HTTP."""
    address: str = "127.0.0.1"
    asked: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def serve(self) -> http.server.ThreadingHTTPServer:
        """Bind and answer from a thread; the caller shuts it down."""
        server = _Quiet((self.address, 0), self._handler())
        if self.certificate is not None:
            server.socket = _certified(self.certificate).wrap_socket(
                server.socket, server_side=True, do_handshake_on_connect=False
            )
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return server

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        registry = self

        class Answer(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                registry.asked.append(self.path)
                if self.path == "/v2/":
                    self._say(200, {})
                elif registry.status:
                    code, message = CODES[registry.status]
                    self._say(registry.status, {"errors": [{"code": code, "message": message}]})
                else:
                    registry.over.wait(30)

            do_HEAD = do_GET

            def _say(self, status: int, value: object) -> None:
                body = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Docker-Distribution-Api-Version", "registry/2.0")
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Nothing is told."""

        return Answer


class _Quiet(http.server.ThreadingHTTPServer):
    """Says nothing of callers who hang up, as they do at a certificate that they do not trust."""

    def handle_error(self, request: object, client_address: object) -> None:
        """It is the caller's affair."""


@contextlib.contextmanager
def fake_registry(
    status: int = 0, certificate: Path | None = None, inside: int | None = None
) -> Iterator[tuple[str, FakeRegistry]]:
    """A registry and its address; `inside` is a process whose network it stands in.

    There it has an address that is not 127.0.0.1, where an engine asks for a true certificate.
    """
    address = "127.0.0.1" if inside is None else "192.0.2.1"
    made = FakeRegistry(status, certificate, address)
    with contextlib.nullcontext() if inside is None else _network_of(inside, address):
        server = made.serve()
    try:
        yield f"{address}:{server.server_address[1]}", made
    finally:
        made.over.set()
        server.shutdown()
        server.server_close()


@contextlib.contextmanager
def _network_of(process: int, address: str) -> Iterator[None]:
    """Sockets of this thread are made in the network of that process, which has the address."""
    namespace = f"/proc/{process}/ns/net"
    subprocess.run(
        ["nsenter", f"--net={namespace}", "ip", "address", "add", f"{address}/32", "dev", "lo"],
        check=True,
    )
    libc = ctypes.CDLL(None, use_errno=True)
    ours, theirs = os.open("/proc/thread-self/ns/net", os.O_RDONLY), os.open(namespace, os.O_RDONLY)
    try:
        if libc.setns(theirs, 0):
            raise OSError(ctypes.get_errno(), "setns")
        yield
    finally:
        libc.setns(ours, 0)
        os.close(ours)
        os.close(theirs)


def _certified(folder: Path) -> ssl.SSLContext:
    """A certificate that nobody trusts."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-keyout", key, "-out", certificate, "-subj", "/CN=192.0.2.1",
         "-addext", "subjectAltName=IP:192.0.2.1"],
        check=True,
        capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context
