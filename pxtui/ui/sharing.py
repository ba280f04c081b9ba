"""What is handed on of a run: gathered from its record or from the next run, with the commit."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from pxtui import history, places, project
from pxtui.export import Shared, docker_run, masked, pxtui_run
from pxtui.polyaxonfile.reading import Resolved
from pxtui.polyaxonfile.secret import DOTS
from pxtui.run import Surroundings
from pxtui.session import Session, threads
from pxtui.state import State
from pxtui.ui.listed import ListedRun

GIT = 3.0
"""Seconds that git may take."""


def forms(shared: Shared, *, in_container: bool) -> tuple[tuple[str, str], ...]:
    """Name and text of each form."""
    docker = (("docker run", docker_run.text(shared)),) if in_container else ()
    return (("command", shared.resolved.cmd), ("pxtui run", pxtui_run.text(shared)), *docker)


async def gather(session: Session, run: ListedRun | None) -> Shared | None:
    """A run of the list, else the next run; None if there is nothing to run."""
    state = session.state
    if run is None:
        return await threads.in_thread("share", lambda: _next(session, state))
    return await threads.in_thread("share", lambda: _past(session, run))


def _next(session: Session, state: State) -> Shared | None:
    reading = state.reading
    if reading is None or reading.shown is None:
        return None
    in_file = {d.name: d.text for d in state.base.declarations} if state.base else {}
    edits = tuple(
        (d.name, DOTS if d.secret else d.text)
        for d in reading.declarations
        if in_file.get(d.name) != d.text
    )
    values = [(d.name, d.text) for d in reading.declarations]
    secrets = [d.name for d in reading.declarations if d.secret]
    signature = state.tree.signature if state.tree else ""
    tag = places.image_tag(places.project_id(session.root), signature)
    built = state.image is not None and state.image_is_current
    return _shared(
        session,
        masked(reading.shown, values, secrets),
        state.image.id if state.image is not None and built else tag,
        state.surroundings,
        edits,
        commit(session.root),
    )


def _past(session: Session, run: ListedRun) -> Shared | None:
    record = history.read(session.project.places, run.id)
    if record is None:
        return None
    hidden = set(record.secrets)
    now = commit(session.root)
    return _shared(
        session,
        masked(record.as_resolved(), record.values, record.secrets),
        record.image,
        record.as_surroundings(),
        tuple((name, DOTS if name in hidden else text) for name, text in record.differs),
        # nobody noted what was checked out when it ran
        f"the project is now at {now}" if now else "",
    )


def _shared(
    session: Session,
    resolved: Resolved,
    image: str,
    surroundings: Surroundings,
    edits: tuple[tuple[str, str], ...],
    commit: str,
) -> Shared:
    engine, text = session.state.engine, session.state.file_text
    files = text.files if text is not None else ()
    found = len(files) == 1 and files[0][0] in project.NAMES
    return Shared(
        resolved,
        image,
        surroundings,
        edits,
        folder=str(session.root),
        files=() if found else tuple(str(session.root / name) for name, _ in files),
        commit=commit,
        memory=engine.memory if engine else 0,
        gives_gpus=engine is not None and engine.gpus.usable,
        cache=f"pxtui-cache-{os.getuid()}" if surroundings.cache and not surroundings.user else "",
    )


def commit(root: Path) -> str:
    """The commit of a git work tree: `commit abc1234 (+ changes)`; empty where there is none."""
    found = _git(root, "rev-parse", "--short", "HEAD")
    if not found:
        return ""
    changes = _git(root, "status", "--porcelain", "--", ".")
    return f"commit {found} (+ changes)" if changes else f"commit {found}"


def _git(root: Path, *words: str) -> str:
    # a folder's own configuration may name programs; nothing runs before the person asks
    safe = ("git", "-C", str(root), "-c", "core.fsmonitor=false", "--no-optional-locks")
    try:
        done = subprocess.run(
            [*safe, *words], capture_output=True, text=True, errors="replace", timeout=GIT
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
