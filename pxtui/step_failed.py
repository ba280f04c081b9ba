"""Why a step of a build failed, in one line with what to do: told from its end and its last words.

Only what the step said last counts: it is read backwards, over the lines that an error is known to
leave behind it; the first line that is neither one of these nor a known cause ends the search.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

MOST = 240
"""Characters of foreign text that are told."""

FULL_HINT = "`docker system df` shows what fills it, `docker system prune` clears it"
FULL = f"the engine's disk is full ({FULL_HINT})"
"""What is said of a disk that is full, whoever said so."""


class Seen(NamedTuple):
    """A line that names a cause, the lines before and after it, the step and its exit code."""

    found: re.Match[str]
    before: Sequence[str]
    after: Sequence[str]
    step: str
    exit_code: int | None


def explain(*, step: str, exit_code: int | None, tail: str, message: str = "") -> str:
    """One line: what the step most likely failed of and what to do, else code and last line.

    `tail`: the end of what it printed; `message`: what the builder said of the failure.
    """
    lines, own = _lines(tail), _own(message)
    if exit_code is None and own:
        lines = []  # the builder itself failed, not what it ran
    lines += _lines(own)
    if exit_code == 137:
        return f"killed (137), most likely out of memory: {_MORE_MEMORY}"
    cause = _cause(lines, step, exit_code)
    if cause:
        return _cut(cause, 2 * MOST)
    last = next((line for line in reversed(lines) if not _AFTER.match(line)), "")
    last = _cut((last or (lines[-1] if lines else "")).strip())
    code = "" if exit_code is None else f"exit code {exit_code}"
    return ": ".join(part for part in (code, last) if part) or "it failed without a word"


def sentence(
    index: int, total: int, *, step: str, exit_code: int | None, tail: str, message: str = ""
) -> str:
    """The whole of it for the end of a build: which step, its code, its text, and the cause."""
    code = "" if exit_code is None else f", exit code {exit_code}"
    why = explain(step=step, exit_code=exit_code, tail=tail, message=message)
    why = why.removeprefix(code[2:]).removeprefix(": ")
    told = f"step {index} of {total} failed{code}: {_cut('␤'.join(_lines(step)))}"
    return f"{told} → {why}" if why else told


_COLOUR = re.compile("\x1b\\[[0-9;?]*[ -/]*[@-~]")
_WRAPPED = re.compile(
    r'process "?.*"? did not complete successfully: |executor failed running \[.*\]: '
    r"|The command '.*' returned a non-zero code: \d+|error building at STEP \".*\": "
    r"|failed to solve: (?:rpc error: )?|(?:rpc error: )?code = \w+ desc = ",
    re.DOTALL,
)
_BARE = re.compile(
    r"(?:error )?(?:while running runtime: )?exit (?:code|status):? \d+\s*|runc did not .*"
)


def _own(message: str) -> str:
    """What the builder says beyond the text of the step, which could say anything."""
    own = _WRAPPED.sub("", message).strip()
    return "" if _BARE.fullmatch(own) else own


def _lines(text: str) -> list[str]:
    """The lines as a terminal leaves them, the empty ones left out."""
    plain = _COLOUR.sub("", text).replace("\r\n", "\n")
    shown = (line.rstrip("\r").rpartition("\r")[2].rstrip() for line in plain.split("\n"))
    return [line for line in shown if line]


def _cut(text: str, most: int = MOST) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _cause(lines: Sequence[str], step: str, exit_code: int | None) -> str:
    for at in range(len(lines) - 1, -1, -1):
        for pattern, told in _CASES:
            found = pattern.search(lines[at])
            seen = found and Seen(found, lines[:at], lines[at + 1 :], step, exit_code)
            if seen and (cause := told if isinstance(told, str) else told(seen)):
                return cause
        if not _AFTER.match(lines[at]):
            return ""
    return ""


_AFTER = re.compile(
    # pip's
    r"\[notice\]|WARNING: |You are using pip|You should consider|note: |hint: |[×╰│]"
    r"|Consider using the `--user`|Check the permissions|Check the logs|Failed to build "
    r"|error: (?:subprocess-exited|metadata-gen|failed-wheel)|ERROR: Could not find a version"
    r"|ERROR: Failed building|  Running setup\.py clean|\s*-{20,}$|-> "
    # apt's and dpkg's
    r"|E: Unable to (?:fetch some|lock|acquire)|E: Some index|E: Sub-process|[NW]: "
    r"|Errors were encountered|Processing triggers| /\S+\.deb$|dpkg-deb: error: paste"
    # conda's
    r"|  - |Current channels|To search for alternate|looking for, navigate|and use the search"
    r"|Elapsed: |An HTTP error|HTTP errors are|'?https?://\S+'?$|failed$"
    # the shell's, make's, git's, tar's, dd's
    r"|\+ exit|make(?:\[\d+\])?: |Please make sure|and the repository exists|fatal: (?:Could not "
    r"read from|clone of|fetch-pack|index-pack)|Failed to clone|tar: (?:Error is|Exiting)"
    r"|\d+\+\d+ records|\d+ bytes|gzip: |xz: |curl: \(23\)"
    # Python's, of a program that ran another
    r"|Traceback|  File |    |.*CalledProcessError: |Exception ignored|compilation terminated"
)
"""What an error that was the end is known to leave behind it."""


def _address(text: str) -> str:
    return text.strip("'\"‘’`,;:.()[]{}")


def _dns(seen: Seen) -> str:
    host = _address(next(filter(None, seen.found.groups()), ""))
    where = f"the address of {host}" if host else "an address"
    return f"{where} was not found: no network or DNS in the build: see the engine's DNS and proxy"


_PROXY = (
    "the proxy does not let it through: look at HTTP_PROXY and HTTPS_PROXY (in a build, "
    "localhost is the build itself)"
)
_REACHED = (
    "a server could not be reached: no network, a firewall, or a proxy that is not set "
    "(HTTPS_PROXY)"
)
_TRUSTED = "a server's certificate is not trusted in the image: add the CA (of your proxy?) to it"
_MORE_MEMORY = (
    "give the engine more memory, or let the step do less at once (`pip --no-cache-dir`, fewer "
    "jobs)"
)
_MEMORY_LEFT = f"out of memory: {_MORE_MEMORY}"
_OTHER_CPU = "the image or program is for another processor than the engine's: see --platform"
_NO_LOGIN = "the repository is not there or needs a login, which a build does not have"
_UNSIGNED = (
    "apt does not trust a repository (its key is new or missing): add the key, or remove its "
    "file from /etc/apt/sources.list.d before `apt-get update`"
)
_GONE_RELEASE = (
    "the system of the image is too old, its packages are no longer served: choose a newer base "
    "image, or name their archive in /etc/apt/sources.list"
)
_MANAGED = (
    "the image's Python takes no packages of pip: `pip install --break-system-packages`, or a "
    "`python:` base image"
)

_NETWORK: tuple[tuple[re.Pattern[str], str | Callable[[Seen], str]], ...] = (
    (
        re.compile(r"Cannot connect to proxy|resolve proxy|from proxy after|Proxy Auth|ProxyError"),
        _PROXY,
    ),
    (
        re.compile(
            r"[Cc]ould not resolve (?:host(?:name)?:? ?)?(\S+)|failure resolving (\S+)"
            r"|unable to resolve host address (\S+)|bad address (\S+)|lookup (\S+)[^:]*: no such"
            r"|failure in name resolution|Name or service not known|getaddrinfo|gaierror"
        ),
        _dns,
    ),
    (
        re.compile(
            r"certificate verify failed|CERTIFICATE_VERIFY|SSL certificate problem|certificate ssl"
            r"|confirming the ssl certificate|certificate signed by unknown"
        ),
        _TRUSTED,
    ),
    (
        re.compile(
            r"(?:curl: \((?:7|28|35|52|56)\)|Failed to connect to|Could not connect to|CONNECTION F"
            r"|Connection (?:refused|timed out|reset)|Network is unreachable|No route to host"
            r"|(?:Read|Connect)TimeoutError|[Rr]ead timed out|Max retries exceeded"
            r"|CondaHTTPError|after connection broken)"
        ),
        _REACHED,
    ),
)


def _network(lines: Sequence[str]) -> str:
    """What these lines say of the network."""
    for line in reversed(lines):
        for pattern, told in _NETWORK:
            if found := pattern.search(line):
                return told if isinstance(told, str) else told(Seen(found, (), (), "", None))
    return ""


_LISTED = re.compile(r"Could not find a version .*\(from versions: ?(.*)\)")
_EARLY = re.compile(r"\d(?:a|b|rc|\.?dev)\d")
_WARNED = re.compile(r"WARNING|  (?:Retrying|Could not)|ERROR: Could not|Retrying|Could not|  ")


def _no_version(seen: Seen) -> str:
    """Pip has no such package or version; without a network it says the same."""
    name = re.sub(r" \(from .*", "", seen.found[1])
    warned: list[str] = []
    for line in reversed(seen.before):
        if not _WARNED.match(line):
            break
        warned.insert(0, line)
    listed = next((f[1] for line in reversed(warned) if (f := _LISTED.search(line))), "")
    versions = [one for one in listed.split(", ") if one not in ("", "none")]
    versions = [one for one in versions if not _EARLY.search(one)] or versions
    if not versions:
        return _network(warned) or (
            f"pip finds no {name} for the image's Python: look at its name and version, "
            "or choose a base image with another Python"
        )
    newest = f"{versions[0]} to {versions[-1]}" if len(versions) > 1 else versions[0]
    return (
        f"pip has no {name} for the image's Python, only {newest}: choose one of these, "
        "or a base image with another Python"
    )


_BLAME = re.compile(
    r"^\s*((?:[\w.]*(?:Error|Exception)(?::| \().*)|(?:error: (?!command|subprocess|metadata).+))"
    r"|(fatal error: .+|unable to execute .+|command '\S+' failed: No such file.*)$"
)
_COMPILER = re.compile(r"(?:execute|command) '(\S+?)'.*No such file|(gcc|cc|g\+\+): not found")
_BUILT = re.compile(
    r"[Ff]ailed building wheel for (\S+)|Failed to build (\S+)$|Collecting (\S+)|Processing (\S+)"
    r"|\((\S+)\)$|wheels for (\S+?),|pip-(?:build|install)-[^/]+/([^/]+)/"
)
_NEAR = 80


def _no_build(seen: Seen) -> str:
    """Pip found no wheel and could not make one."""
    near = [*seen.before[-_NEAR:], seen.found.string]
    named = (f for line in reversed(near) if (f := _BUILT.search(line)))
    name = next((next(filter(None, f.groups())) for f in named), "a package")
    for line in reversed(near):
        if _KILLED.search(line):
            return _MEMORY_LEFT
        if _NO_SPACE.search(line):
            return FULL
    compiler = next((f for line in near if (f := _COMPILER.search(line))), None)
    if compiler:
        program = compiler[1] or compiler[2]
        return (
            f"pip has no wheel of {name} for the image's Python and no {program} to build it: "
            f"install {program} before, or choose a version that has a wheel"
        )
    blamed = next((f for line in reversed(near) if (f := _BLAME.search(line))), None)
    why = f" ({_cut(blamed[1] or blamed[2])})" if blamed else ""
    return (
        f"pip could not build {name}{why}: choose a version that has a wheel for the image's "
        "Python, or install what it lacks before"
    )


def _no_wheel(seen: Seen) -> str:
    return (
        f"{seen.found[1]} is for another Python, system or processor than the image's: choose "
        "another version or base image"
    )


def _other_python(seen: Seen) -> str:
    name, wanted, has, has_too, wanted_too = seen.found.groups()
    wanted, has = wanted or wanted_too, has or has_too
    return (
        f"{name} wants Python {wanted}, the image has {has}: choose an older version of it, or "
        "another base image"
    )


def _contradicting(seen: Seen) -> str:
    pattern = re.compile(r"Cannot install (.+) because these")
    found = next((f for line in reversed(seen.before) if (f := pattern.search(line))), None)
    what = found[1] if found else "the requirements"
    return f"no versions fit together: {_cut(what)}: loosen or remove a version"


def _no_apt_package(seen: Seen) -> str:
    name = next(filter(None, seen.found.groups()))
    missed = [line for line in seen.before if line.startswith(("W: Failed", "Err:", "  "))]
    first = "" if "update" in seen.step else "`apt-get update` in the same step, or "
    return _network(missed) or f"apt knows no package {name}: {first}look at its name"


def _not_fetched(seen: Seen) -> str:
    if network := _network([seen.found.string]):
        return network
    if "404" in seen.found.string:
        return (
            "apt's lists are older than the server's: `apt-get update` in the same step; if it "
            "says the same, the system of the image is too old"
        )
    return ""


def _no_conda_package(seen: Seen) -> str:
    names = []
    for line in seen.after:
        if line.startswith("Current channels"):
            break
        names += re.findall(r"^  - (?:nothing provides )?(\S+)", line)
    what = ", ".join(names[:3]) or seen.found.string.partition(": ")[2]
    return (
        f"conda has no {_cut(what)} for the image's Python and channels: look at name and "
        "version, or add its channel"
    )


def _no_answer(seen: Seen) -> str:
    code = seen.found[1] or seen.found[2]
    words = {"404": "there is nothing at this address", "401": "a login is needed"}
    why = words.get(code, "it is forbidden" if code == "403" else "the server refused")
    return f"a download failed with HTTP {code}: {why}"


_RUNNING = re.compile(r"^\S*sh: (?:line )?(?:\d+: )?([^:\s]+): Permission denied$")
_DENIED_PATH = re.compile(
    r"Permission denied: ['\"]([^'\"]+)|['‘\"]([^'’\"]+)['’\"]: Permission|(/[^\s:]+): Permission"
    r"|(/[^\s:]+) - open \(13"
)


def _denied(seen: Seen) -> str:
    text = seen.found.string
    if "publickey" in text:
        return _NO_LOGIN
    if seen.exit_code == 126 and (found := _RUNNING.search(text)):
        return (
            f"{found[1]} may not be executed: `chmod +x` it, or name its program (`sh {found[1]}`)"
        )
    path = _DENIED_PATH.search(text)
    where = f" {next(filter(None, path.groups()))}" if path else " something"
    return (
        f"the image's user may not use{where}: choose an image whose user is root, or write below "
        "the user's home"
    )


def _not_found(seen: Seen) -> str:
    if seen.exit_code != 127:
        return ""
    name = next(filter(None, seen.found.groups()))
    return f"{name} was not found (127): install it in a step before, or mend its name"


_NO_SPACE = re.compile(
    r"no space left on device|\[Errno (?:28|122)\]|disk quota exceeded|ENOSPC|NoSpaceLeftError"
    r"|You don't have enough free space|not enough free disk space",
    re.IGNORECASE,
)
_KILLED = re.compile(
    r"^Killed$|: line \d+: +\d+ Killed|: \d+: Killed|Killed signal terminated|error: Killed \(prog"
    r"|[Cc]annot allocate memory|^MemoryError|virtual memory exhausted|std::bad_alloc|OOMKilled"
    r"|died with <Signals\.SIGKILL|JavaScript heap out of memory"
)

_CASES: tuple[tuple[re.Pattern[str], str | Callable[[Seen], str]], ...] = (
    (_NO_SPACE, FULL),
    (_KILLED, _MEMORY_LEFT),
    (
        re.compile(
            r"exec format error|\x7fELF|Could not open '/lib\S*/ld-|rosetta error"
            r"|uncaught target signal|no match for platform in manifest",
            re.IGNORECASE,
        ),
        _OTHER_CPU,
    ),
    (re.compile(r"No matching distribution found for (.+)"), _no_version),
    (re.compile(r"(\S+) is not a supported wheel on this platform"), _no_wheel),
    (
        re.compile(
            r"(\S+) requires (?:Python '?([^' ]+)'? but the running Python is (\S+)"
            r"|a different Python: (\S+) not in '([^']+)')"
        ),
        _other_python,
    ),
    (re.compile(r"ResolutionImpossible"), _contradicting),
    (re.compile(r"externally-managed-environment|environment is externally managed"), _MANAGED),
    (
        re.compile(
            r"ERROR: (?:Failed to build (?:installable )?|Could not build )wheels"
            r"|error: (?:metadata-generation-failed|failed-wheel-build)"
            r"|ERROR: Command errored out with exit status|^ *Command \".*failed with error code"
        ),
        _no_build,
    ),
    (
        re.compile(
            r"E: Unable to locate package (\S+)|E: Package '?([^\s']+)'? has no installation cand"
            r"|E: Couldn't find any package by \w+ '([^']+)'|E: Version '\S+' for '(\S+)' was not"
        ),
        _no_apt_package,
    ),
    (re.compile(r"E: (?:The repository .* (?:not|no longer) signed)|NO_PUBKEY"), _UNSIGNED),
    (re.compile(r"E: The repository .* (?:no longer has|does not have) a Release"), _GONE_RELEASE),
    (re.compile(r"E: Failed to fetch "), _not_fetched),
    (
        re.compile(
            r"^(?:PackagesNotFoundError|ResolvePackageNotFound|PackageNotFoundError"
            r"|(?:LibMamba)?UnsatisfiableError)"
        ),
        _no_conda_package,
    ),
    (re.compile(r"The requested URL returned error: (\d+)|ERROR (\d+): "), _no_answer),
    (
        re.compile(
            r"Repository not found|repository '.*' not found|could not read Username"
            r"|does not appear to be a git rep|Authentication failed for"
        ),
        _NO_LOGIN,
    ),
    (
        re.compile(
            r"[Pp]ermission denied|\[Errno 13\]|EACCES|NotWritableError"
            r"|NoWritable\w+Error"
        ),
        _denied,
    ),
    *_NETWORK,
    (
        re.compile(
            r": ([^:\s]+): (?:command )?not found$|env: ['‘]?([^'’:\s]+)['’]?: No such file"
            r"|exec: \"([^\"]+)\": .*not found"
        ),
        _not_found,
    ),
)
"""What a line can name; the first that fits is right."""
