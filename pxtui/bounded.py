"""A pure function in a child process with limits of time and memory, for input that is hostile."""

from __future__ import annotations

import pickle
import re
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from pxtui.errors import PxtuiError
from pxtui.polyaxonfile.load import load, resolve
from pxtui.polyaxonfile.opening import edited, opened
from pxtui.polyaxonfile.path import Edits
from pxtui.polyaxonfile.problems import PolyaxonfileError, Problem
from pxtui.polyaxonfile.reading import Reading
from pxtui.polyaxonfile.source import Version
from pxtui.polyaxonfile.templating.rendering import Dear

MIB = 1024 * 1024
STARTUP_SECONDS = 4.0
"""What a busy machine may need to start Python; the function's own time is measured apart."""

READ_SECONDS = 0.3
READ_MEMORY = 256 * MIB
MAX_OPENERS = 2_000
"""`{{` and `{%` of a file whose templates are rendered: real files have some dozens."""

_OPENER = re.compile(rb"\{[{%]")

# `-P` and an appended path: nothing is ever imported from the folder that pxtui was started in.
_START = "import sys; sys.path.append(sys.argv[1]); from pxtui.bounded import child; child()"

Result = TypeVar("Result")


class Overrun(PxtuiError):
    """The function took more time or memory than it was given, or died."""


def call(
    function: Callable[..., Result],
    *args: object,
    seconds: float = 1.0,
    memory: int = 512 * MIB,
) -> Result:
    """Call a top-level function in a child: `seconds` of CPU, `memory` bytes; raise Overrun."""
    job = pickle.dumps((function, args, seconds, memory))
    package = str(Path(__file__).parents[1])
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-c", _START, package],
            input=job,
            capture_output=True,
            timeout=STARTUP_SECONDS + 4 * seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Overrun(f"it took more than {seconds:g} s") from None
    if done.returncode in (-signal.SIGPROF, -signal.SIGXCPU):
        raise Overrun(f"it took more than {seconds:g} s of computing")
    if done.returncode != 0:
        raise Overrun(f"it died ({_cause(done)})")
    outcome, value = pickle.loads(done.stdout)  # noqa: S301  (our own child wrote it)
    if outcome == "raised":
        raise value
    result: Result = value
    return result


def _cause(done: subprocess.CompletedProcess[bytes]) -> str:
    """Say why a child ended: its signal, or the last line of its traceback."""
    if done.returncode < 0:
        return signal.Signals(-done.returncode).name
    lines = done.stderr.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else f"exit code {done.returncode}"


def child() -> None:
    """Do one job: read it from stdin, write what came of it to stdout."""
    function, args, seconds, memory = pickle.load(sys.stdin.buffer)  # noqa: S301  (our parent's)
    _limit(seconds, memory)
    try:
        outcome: tuple[str, Any] = ("returned", function(*args))
    except MemoryError:
        outcome = ("raised", Overrun(f"it needed more than {memory // MIB} MiB"))
    except Exception as error:
        outcome = ("raised", error)
    sys.stdout.buffer.write(pickle.dumps(outcome))


def _limit(seconds: float, memory: int) -> None:
    """Let the kernel end this process when it has used more than it may."""
    with suppress(ValueError, OSError):  # macOS has no such limit: those of time and output remain
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.setitimer(signal.ITIMER_PROF, seconds)


def read_polyaxonfile(
    data: bytes,
    file: str,
    edits: Edits | None = None,
    names: Mapping[str, str] | None = None,
    *,
    over: Sequence[Version] = (),
    era: str = "",
) -> Reading:
    """Read a polyaxonfile as `load` does, in a child where its templates could be bombs."""
    try:
        source, refused = edited(opened(Version(data, file), *over), edits or {})
    except PolyaxonfileError as error:
        return Reading(file, "", (), None, error.problems)
    if problem := next(filter(None, map(_too_many, source.versions)), None):
        return resolve(source, names or {}, [*refused, problem], render=False, era=era)
    try:
        return resolve(source, names or {}, refused, trusted=False, era=era)
    except Dear as dear:
        place = dear.path
    try:
        reader = partial(load, over=over, era=era)
        return call(reader, data, file, edits, names, seconds=READ_SECONDS, memory=READ_MEMORY)
    except Overrun as error:
        message = f"the template needs too much: {error.message}"
        problem = source.problem("E_TEMPLATE_LIMIT", message, place)
        return resolve(source, names or {}, [*refused, problem], render=False, era=era)


def _too_many(version: Version) -> Problem | None:
    """What is wrong with a file that has more templates than anyone writes."""
    found = islice(_OPENER.finditer(version.data), MAX_OPENERS, None)
    if (opener := next(found, None)) is None:
        return None
    line = version.data.count(b"\n", 0, opener.start()) + 1
    message = f"the file has more than {MAX_OPENERS:,} templates"
    return Problem("E_TEMPLATE_LIMIT", message, version.file, line)
