"""The one boundary: what the libraries raise comes out as an error of ours, told in one line."""

from __future__ import annotations

import contextlib
import errno
import http.client
import ssl
from collections.abc import Iterator
from typing import TypeVar

import requests
import urllib3
from docker.errors import APIError, DockerException, TLSParameterError

from pxtui.engine.hosts import Found
from pxtui.errors import EngineError, EngineLost, NoEngine, PxtuiError
from pxtui.logs.text import clean_line

_START = {
    "docker": "start Docker (Docker Desktop, or `sudo systemctl start docker`)",
    "podman": "start it: `systemctl --user start podman.socket`",
}


_NONSENSE = "what answers there makes no sense"

_CONNECTION = (
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    http.client.HTTPException,
    OSError,
    AttributeError,  # what docker-py and urllib3 raise when a stream is closed under them
)


@contextlib.contextmanager
def telling(what: str, found: Found, gone: type[EngineError] = EngineLost) -> Iterator[None]:
    """The one boundary: whatever the libraries raise comes out as an EngineError with its cause."""
    try:
        yield
    except PxtuiError:
        raise
    except APIError as error:
        raise EngineError(f"{what}: {explanation(error)}", _remedy(explanation(error))) from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise EngineError(f"{what}: this machine's disk is full", "make room") from error
        raise gone(*_cause(what, found, error)) from error
    except (TLSParameterError, *_CONNECTION) as error:
        raise gone(*_cause(what, found, error)) from error
    except DockerException as error:
        cause = error.__cause__ or error.__context__
        told = _cause(what, found, cause if cause is not None else error)
        raise (gone if cause is not None else NoEngine)(*told) from error
    except (ValueError, KeyError, TypeError) as error:
        kind = NoEngine if gone is NoEngine else EngineError  # it answers: it is not lost
        raise kind(f"{what}: {_NONSENSE} ({one_line(error)})", f"look at {found.why}") from error


def explanation(error: APIError) -> str:
    """What the engine said, in one line."""
    return one_line(error.explanation or error)


def one_line(text: object) -> str:
    """The first line of a text that has something in it."""
    for line in str(text).splitlines():
        if line.strip():
            return line.strip()[:500]
    return ""


def _remedy(text: str) -> str:
    if "no space left" in text.lower():
        return "the engine's disk is full: `docker system df`, `docker system prune`"
    return ""


def _cause(what: str, found: Found, error: BaseException) -> tuple[str, str]:
    """Message and hint for a connection that failed."""
    start = _START[found.kind]
    root = _root(error)
    text = one_line(error)
    if isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError) or isinstance(
        root, TimeoutError
    ):
        return f"{what}: it does not answer", "it may be busy or stopped: look at it, or restart it"
    certificate = next(_of(error, ssl.SSLCertVerificationError), None)
    if certificate is not None:
        told = f"its certificate is not trusted ({one_line(certificate.verify_message)})"
        return f"{what}: {told}", "look at DOCKER_TLS_VERIFY and DOCKER_CERT_PATH"
    if isinstance(error, requests.exceptions.SSLError | TLSParameterError):
        return f"{what}: {text}", "look at DOCKER_TLS_VERIFY and DOCKER_CERT_PATH"
    if isinstance(error, requests.exceptions.InvalidURL | urllib3.exceptions.LocationValueError):
        return f"{what}: this is no address of an engine", f"look at {found.why}"
    status = next(_of(error, http.client.BadStatusLine), None)
    gone = status is None or isinstance(status, http.client.RemoteDisconnected)
    if not gone or isinstance(error, KeyError | TypeError):
        return f"{what}: {_NONSENSE}: it is no engine", f"look at {found.why}"
    match root.errno if root is not None else None:
        case errno.ENOENT if "ssh" in str(getattr(root, "filename", "") or ""):
            return f"{what}: the command ssh is missing", "install OpenSSH's client"
        case errno.ENOENT:
            return f"{what}: the socket does not exist", start
        case errno.ECONNREFUSED | errno.ENOTSOCK:
            return f"{what}: nothing answers there (connection refused)", start
        case errno.EACCES | errno.EPERM:
            return (
                f"{what}: you may not use its socket (permission denied)",
                "join the group `docker` (which equals root) and log in again, or use a rootless "
                "engine",
            )
    if "Name or service" in text or "Failed to resolve" in text or "getaddrinfo" in text:
        return f"{what}: no such host", f"look at {found.why}"
    if found.host.startswith("ssh://"):
        said = root.strerror if root is not None and root.strerror else "the connection ended"
        server = found.host.removeprefix("ssh://").partition("/")[0]
        return f"{what}: {clean_line(said)}", f"`ssh {server} docker version` has to work unasked"
    if root is not None and root.strerror:
        return f"{what}: {root.strerror}", f"look at {found.why}"
    if isinstance(error, DockerException):
        return f"{what}: {text}", f"look at {found.why}"
    return f"{what}: the connection ended", start


def _root(error: BaseException) -> OSError | None:
    """The system's own error under layers of wrapping."""
    for one in _of(error, OSError):
        if isinstance(one, TimeoutError):
            return one
        if not isinstance(one, requests.RequestException) and one.errno is not None:
            return one
    return None


Kind = TypeVar("Kind", bound=BaseException)


def _of(error: BaseException, kind: type[Kind]) -> Iterator[Kind]:
    """The errors of a kind among this one and what it wraps, the outermost first."""
    seen: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        one = waiting.pop(0)
        if not isinstance(one, BaseException) or one in seen:
            continue
        seen.append(one)
        if isinstance(one, kind):
            yield one
        waiting += [*one.args, getattr(one, "reason", None), one.__cause__, one.__context__]
