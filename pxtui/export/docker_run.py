"""A run as a `docker run` line that does what pxtui does with the image."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from pxtui.export import Shared
from pxtui.polyaxonfile.secret import DOTS
from pxtui.run import BASH, CACHE, OUTPUTS, PIDS, TERM, RunSpec, environment

HERE = '"$PWD/outputs":' + OUTPUTS
"""A folder of whoever runs the line; the shell says where that is."""


def text(run: Shared) -> str:
    """Comments, then one line that a shell takes; the image has to be on the engine."""
    comments = [f"# {run.commit}"] if run.commit else []
    if DOTS in run.resolved.cmd:
        comments.append("# dots stand for secret values: put your own there")
    if run.surroundings.user:
        comments.append("# what pxtui adds: /code and $HOME are made writable for this user")
    # docker would make the folder for the outputs too, but as root
    words = ["docker", "run", "--rm", "--init", "--pids-limit", str(PIDS)]
    words += ["--security-opt", "no-new-privileges", *_limits(run)]
    line = shlex.join([*words, *_places(run)])
    user = ' --user "$(id -u):$(id -g)"' if run.surroundings.user == "me" else ""
    # where it runs the image says itself
    rest = [*_environment(run), "--entrypoint", BASH]
    rest += [run.image, "-c", run.resolved.cmd]
    return "\n".join([*comments, f"mkdir -p outputs && {line}{user} -v {HERE} {shlex.join(rest)}"])


def _limits(run: Shared) -> Iterator[str]:
    wanted = run.surroundings
    # /dev/shm is half of the memory unless said: with docker's own 64 MB a DataLoader dies
    shm = run.memory // 2 if wanted.shm_size is None else wanted.shm_size
    if shm:
        yield from ("--shm-size", str(shm))
    if wanted.memory is not None:
        memory = str(wanted.memory)
        yield from ("--memory", memory, "--memory-swap", memory)
    if wanted.cpus is not None:
        threads = f"OMP_NUM_THREADS={max(1, int(wanted.cpus))}"
        yield from ("--cpus", f"{wanted.cpus:g}", "-e", threads)
    if wanted.gpus == "all" or (wanted.gpus == "auto" and run.gives_gpus):
        yield from ("--gpus", "all")
    elif wanted.gpus not in ("auto", "none"):
        # the quotes are docker's own: without them a comma begins another option
        yield from ("--gpus", f'"device={wanted.gpus}"')
    if wanted.platform:
        yield from ("--platform", wanted.platform)
    if wanted.tty:
        yield from ("-t", "-e", f"TERM={TERM}")


def _places(run: Shared) -> Iterator[str]:
    wanted = run.surroundings
    if run.cache:
        yield from ("-v", f"{run.cache}:{CACHE}", "-e", f"XDG_CACHE_HOME={CACHE}")
    if wanted.user and wanted.user != "me":
        yield from ("--user", wanted.user)
    for mount in wanted.mounts:
        mode = "" if mount.writable else ":ro"
        yield from ("-v", f"{mount.source}:{mount.target}{mode}")
    for port in wanted.publish:
        address = f"[{port.address}]" if ":" in port.address else port.address
        yield from ("-p", f"{address}:{port.host}:{port.container}")


def _environment(run: Shared) -> Iterator[str]:
    """Our own variables with their values; of the person's own only the names."""
    ours = environment(run.resolved, "run")
    wanted, cmd = run.surroundings, run.resolved.cmd
    spec = RunSpec("run", "run", run.image, cmd, ours, (), OUTPUTS, OUTPUTS, surroundings=wanted)
    for name, value in spec.with_outputs_at(OUTPUTS):
        yield from ("-e", f"{name}={value}")
    for path in run.surroundings.env_files:
        yield from ("--env-file", path)
    for name in run.surroundings.variables:
        yield from ("-e", name)
