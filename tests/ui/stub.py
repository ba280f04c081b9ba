"""A session that tells what a test or a picture makes it tell, and notes what it is asked to do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from pathlib import Path as FilePath
from typing import Any, Literal

from pxtui import events as e
from pxtui import project
from pxtui.events import Event, OnBusy, Phase, WatchMode
from pxtui.logs.store import HEADER, KINDS, RECORD
from pxtui.polyaxonfile.path import Path
from pxtui.session import Session
from pxtui.session.edits import Side
from pxtui.state import State, apply


class StubSession(Session):
    """The public face of a session; `asked` holds the calls that the app made."""

    def __init__(self, root: FilePath, *events: Event, logs: FilePath | None = None) -> None:
        self._state = State()
        self.root = root
        self.project = project.find(root)
        self.opening = events
        self.logs = logs or root
        self.asked: list[tuple[Any, ...]] = []
        self.begun = False
        self.sizes: list[tuple[int, int]] = []
        """Of the terminals of runs."""
        self._listeners: list[asyncio.Queue[Event]] = []
        for event in events:
            self.tell(event)

    @property
    def state(self) -> State:
        return self._state

    async def close(self) -> None:
        """Nothing is held."""

    def begin(self) -> None:
        self.begun = True

    def tell(self, *events: Event) -> None:
        for event in events:
            self._state = apply(self._state, event)
            for queue in self._listeners:
                queue.put_nowait(event)

    @property
    def heard(self) -> bool:
        """Whether the listeners have taken all that was told."""
        return bool(self._listeners) and all(queue.empty() for queue in self._listeners)

    async def _told(self, queue: asyncio.Queue[Event]) -> AsyncIterator[Event]:
        while True:
            yield await queue.get()

    def listen(self) -> AsyncIterator[Event]:
        queue: asyncio.Queue[Event] = asyncio.Queue()
        self._listeners.append(queue)
        return self._told(queue)

    def edit(self, path: Path, text: str | None) -> None:
        self.asked.append(("edit", path, text))

    def edit_all(self, edits: Iterable[tuple[Path, str | None]]) -> None:
        self.asked.append(("edit_all", tuple(edits)))

    def undo(self) -> None:
        self.asked.append(("undo",))

    def redo(self) -> None:
        self.asked.append(("redo",))

    def reset(self, path: Path | None) -> None:
        self.asked.append(("reset", path))

    async def settle(self, shown: e.Conflict, keep: Side) -> None:
        self.asked.append(("settle", shown.path, keep))
        self.tell(e.Conflicted(tuple(c for c in self.state.conflicts if c != shown)))

    def save(self) -> None:
        self.asked.append(("save",))

    def build(self, *, no_cache: bool = False, pull: bool = False) -> None:
        self.asked.append(("build",))

    def run(self, *, on_busy: OnBusy | None = None, tty: bool = False) -> None:
        self.asked.append(("run",))

    def repeat(self, run: str | None = None) -> None:
        self.asked.append(("repeat", *([run] if run else [])))

    def decide(self, need: str, choice: str) -> None:
        self.asked.append(("decide", need, choice))

    def load(self, run: str) -> None:
        self.asked.append(("load", run))

    def mark(self, run: str, *, label: str | None = None, starred: bool | None = None) -> None:
        self.asked.append(("mark", run, label, starred))

    def stop(self, run: str | None = None) -> None:
        self.asked.append(("stop", *([run] if run else [])))

    def kill(self, run: str | None = None) -> None:
        self.asked.append(("kill", *([run] if run else [])))

    def resize(self, columns: int, rows: int, run: str | None = None) -> None:
        self.sizes.append((columns, rows))

    def unqueue(self, wait: str | None = None) -> None:
        self.asked.append(("unqueue", *([wait] if wait else [])))

    def watch(self, mode: WatchMode, on_busy: OnBusy | None = None) -> None:
        self.asked.append(("watch", mode, *([on_busy] if on_busy else [])))
        self.tell(e.Watching(mode, on_busy or self.state.watching.on_busy))

    def pause(self, *, leave_out: bool = False) -> None:
        self.asked.append(("leave out" if leave_out else "pause",))

    def answer(self, question: str, choice: str) -> None:
        self.asked.append(("answer", question, choice))
        asked = self.state.question
        if asked is not None and asked.id == question:
            self.tell(e.Answered(question, asked.kind, choice))

    def reload(self) -> None:
        self.asked.append(("reload",))

    def folder(self, phase: Phase, job: str) -> FilePath:
        return self.logs / phase / job

    def remove(self, run: str) -> None:
        self.asked.append(("remove", run))

    def leave(self, runs: Literal["leave", "stop"]) -> None:
        self.asked.append(("leave", runs))


def write_log(folder: FilePath, *pieces: tuple[float, Literal["stdout", "stderr"], str]) -> None:
    """A log as the store keeps it, with times of the test's choosing."""
    folder.mkdir(parents=True, exist_ok=True)
    log, index = b"", HEADER
    for at, stream, text in pieces:
        index += RECORD.pack(len(log), int(at * 1e9), KINDS[stream])
        log += text.encode()
    (folder / "log.idx").write_bytes(index)
    (folder / "log").write_bytes(log)
