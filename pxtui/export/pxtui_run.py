"""A run as a `pxtui run` line: project, commit, changed values and what the run gets."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from pxtui.export import Shared
from pxtui.polyaxonfile.secret import DOTS
from pxtui.run import Surroundings


def text(run: Shared) -> str:
    """Comments, then one line that a shell takes."""
    hidden = [name for name, value in run.edits if DOTS in value]
    comments = [f"# {run.commit}"] if run.commit else []
    if hidden:
        comments.append(f"# left out, as their values are secret: {', '.join(hidden)}")
    words = ["pxtui", *(["-C", run.folder] if run.folder else [])]
    for file in run.files:
        words += ["-f", file]
    for name, value in run.edits:
        words += ["-P", f"{name}={value}"] if DOTS not in value else []
    return "\n".join([*comments, shlex.join([*words, "run", *flags(run.surroundings)])])


def flags(wanted: Surroundings) -> Iterator[str]:
    """The options of `pxtui run` for what is not as usual."""
    for name in wanted.variables:
        yield from ("--env", name)
    for path in wanted.env_files:
        yield from ("--env-file", path)
    for mount in wanted.mounts:
        mode = ":rw" if mount.writable else ""
        yield from ("--mount", f"{mount.source}:{mount.target}{mode}")
    if wanted.gpus != "auto":
        yield from ("--gpus", wanted.gpus)
    if wanted.shm_size is not None:
        yield from ("--shm-size", str(wanted.shm_size))
    if wanted.memory is not None:
        yield from ("--memory", str(wanted.memory))
    if wanted.cpus is not None:
        yield from ("--cpus", f"{wanted.cpus:g}")
    if wanted.platform:
        yield from ("--platform", wanted.platform)
    for port in wanted.publish:
        address = f"[{port.address}]" if ":" in port.address else port.address
        yield from ("--publish", f"{address}:{port.host}:{port.container}")
    if wanted.user:
        yield from ("--user", wanted.user)
    if not wanted.cache:
        yield "--no-cache-volume"
