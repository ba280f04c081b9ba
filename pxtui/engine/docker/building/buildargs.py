"""What the steps of a build get of the person's surroundings, and the image does not keep.

A builder knows a few build arguments without an `ARG` line: the proxies. Their values stand neither
in the image nor in its history nor in the builder's cache key. Everything else that a step needs
and an image must not hold (an index with a token in its address) travels in one of them: each step
begins with `eval "$FTP_PROXY"`, which puts it into the step's own environment.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

_PREDEFINED = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "FTP_PROXY")
_CARRIED = ("ALL_PROXY", "all_proxy")
"""Proxies too, but not every builder has them predefined."""
_INDEX = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_TRUSTED_HOST")
_BUNDLES = ("PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
_CARRIER = "FTP_PROXY"
_LIMIT = 64_000
"""Bytes of a CA bundle: what a program is given in one variable ends at 128 KiB."""
_SYSTEM = ("/etc/", "/usr/", "/nix/", "/opt/homebrew/")
"""Where systems keep their own bundles, which images have too."""
_IN_STEP = "/tmp/pxtui-ca.pem"  # noqa: S108  a place in the container of one step


@dataclass(frozen=True, slots=True)
class BuildArgs:
    """Build arguments, and how the steps unpack what one of them carries."""

    values: dict[str, str]
    before: str = ""
    """Shell text that every step begins with; empty where there is nothing to unpack."""
    notes: tuple[str, ...] = ()
    """What is not passed and why, for the build's log."""


def build_args(configured: Mapping[str, str], environ: Mapping[str, str]) -> BuildArgs:
    """Of the docker configuration's proxies and the person's environment, which goes first."""
    notes: list[str] = []
    given: dict[str, str] = {}
    for name in (*_PREDEFINED, *_CARRIED[:1]):
        value = environ.get(name.lower()) or environ.get(name)
        if value and name != "NO_PROXY" and _is_here(value):
            notes.append(f"{name} is not passed to the steps: it leads to this machine itself")
            value = None
        value = value or configured.get(name.lower()) or configured.get(name)
        if value:
            given |= {name: value, name.lower(): value}
    for name in _INDEX:
        if value := environ.get(name):
            if name != "PIP_TRUSTED_HOST" and all(map(_is_here, value.split())):
                notes.append(f"{name} is not passed to the steps: it leads to this machine itself")
            else:
                given[name] = value
    lines = [f"export {name}={shlex.quote(value)}" for name, value in _carried(given)]
    lines += _bundle(environ, notes)
    if not lines:
        return BuildArgs(given, notes=tuple(notes))
    own = given.get(_CARRIER)
    both = (_CARRIER, _CARRIER.lower())  # for a builder they are one
    lines[:0] = [f"export {n}={shlex.quote(own)}" if own else f"unset {n}" for n in both]
    values = {name: value for name, value in given.items() if name.upper() in _PREDEFINED}
    values |= dict.fromkeys(both, "; ".join(lines))
    return BuildArgs(values, f'eval "${_CARRIER}"; ', tuple(notes))


def _carried(given: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    return ((name, given[name]) for name in (*_CARRIED, *_INDEX) if name in given)


def _bundle(environ: Mapping[str, str], notes: list[str]) -> list[str]:
    """Lines that make the person's CA bundle a file of the step, which goes when the step ends."""
    names: dict[str, list[str]] = {}
    for name in _BUNDLES:
        path = environ.get(name, "")
        if path and not os.path.realpath(path).startswith(_SYSTEM):
            names.setdefault(path, []).append(name)
    if not names:
        return []
    path, same = next(iter(names.items()))
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            text = file.read(_LIMIT + 1)
    except OSError as error:
        notes.append(f"{same[0]} is not passed to the steps: {path}: {error.strerror}")
        return []
    if len(text) > _LIMIT:
        notes.append(
            f"{same[0]} is not passed to the steps: {path} is over {_LIMIT // 1000} kB; "
            "name a file with your own authority only"
        )
        return []
    if "PRIVATE KEY" in text:
        notes.append(f"{same[0]} is not passed to the steps: {path} has a private key in it")
        return []
    return [
        f"printf %s {shlex.quote(text)} >{_IN_STEP}",
        f"trap 'rm -f {_IN_STEP}' EXIT",
        *(f"export {name}={_IN_STEP}" for name in same),
    ]


def _is_here(url: str) -> bool:
    """Whether an address means this machine, which a step is not on."""
    try:
        host = urlsplit(url if "//" in url else f"//{url}").hostname or ""
    except ValueError:
        return False
    return host in ("localhost", "::1") or host.startswith("127.")
