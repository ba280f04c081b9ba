"""The session: one project, its working set, its jobs; it tells all as events.

Requests are plain calls that return at once and are carried out in their order by one task; another
task decides and acts, see `pxtui.schedule`. Blocking work is in daemon threads.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping
from pathlib import Path as FilePath
from types import TracebackType
from typing import Literal, cast

from pxtui.engine import Engine
from pxtui.events import (
    Conflict,
    Dropped,
    Event,
    OnBusy,
    Phase,
    Unqueued,
    Watching,
    WatchMode,
    Wished,
)
from pxtui.polyaxonfile.path import Path
from pxtui.project import Project, read_on_busy
from pxtui.session import acts, adopt, before, looking, threads
from pxtui.session.edits import Side
from pxtui.session.parts import Parts
from pxtui.session.working import WorkingSet
from pxtui.settings import ON_BUSY, Settings
from pxtui.state import State

LOG = logging.getLogger("pxtui")


class Session:
    """One project being worked on; `async with` it, then `begin` when the first frame is shown."""

    def __init__(
        self,
        project: Project,
        settings: Settings,
        engine: Callable[[], Engine],
        *,
        names: Mapping[str, str] | None = None,
        attended: bool = True,
        follow: bool = True,
        allow_steps: bool = False,
    ) -> None:
        """`attended`: a person is there to be asked (the app); else typing the command was consent.

        An attended session keeps a draft and adopts runs; `follow`: it looks at what changes in
        the project, and connects to the engine again.
        """
        self.project = project
        self.root = project.root
        self.attended = attended
        self.opening: tuple[Event, ...] = ()
        """What was told on opening, before anybody could listen."""
        self._settings = settings
        self._make: Callable[[], Parts] = lambda: Parts(
            project, settings, engine, names or {}, attended, follow, allow_steps
        )
        self._parts: Parts
        self._tasks: list[asyncio.Task[None]] = []
        self._on_exit: Literal["leave", "stop"] = "stop" if settings.on_exit == "stop" else "leave"

    @property
    def state(self) -> State:
        """What is so now."""
        return self._parts.teller.state

    async def __aenter__(self) -> Session:
        self._parts = self._make()
        self.opening = tuple(await threads.in_thread("open", self._parts.working.open))
        chosen = read_on_busy(self.project.places) if self.attended else ""
        usual = chosen if chosen in ON_BUSY else self._settings.on_busy
        on_busy = cast(OnBusy, usual)
        for event in (Watching("off", on_busy), *self.opening):
            self._parts.teller.tell(event)
        self._task("chores", self._parts.chores.work(self._parts.refused))
        self._task("decide", acts.decide_and_act(self._parts))
        return self

    def _task(self, name: str, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work, name=f"pxtui {name}")
        task.add_done_callback(self._ended)
        self._tasks.append(task)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """No task of a session ends before it is cancelled, unless pxtui has a fault."""
        if task.cancelled() or (error := task.exception()) is None:
            return
        LOG.error("in the task %s", task.get_name(), exc_info=error)
        words = f"pxtui has a fault ({type(error).__name__}: {error}); please start it anew"
        self._parts.teller.tell(Dropped(words, "error"))

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the build, leave or stop the runs, let go of all; once is enough."""
        tasks, self._tasks = self._tasks, []
        if not tasks:
            return
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._parts.close(stop_runs=self._on_exit == "stop")

    def begin(self) -> None:
        """Connect to the engine, look at the tree, and take up what an earlier pxtui left."""
        parts = self._parts
        threads.start("engine", parts.link.work)
        self._do(lambda: looking.look(parts))
        if parts.follow:
            parts.tree.watch(parts.hint_soon, parts.notice_soon)
            self._task("file", looking.follow_file(parts))
            self._task("hints", looking.follow_hints(parts))
            self._task("idle", looking.look_when_idle(parts))
            self._task("adopt", adopt.when_connected(parts))
            self._task("foreign", adopt.follow_foreign(parts))

    async def ready(self) -> None:
        """Wait until the engine has answered, or not, and the project was looked at."""
        await self._all_done()
        teller = self._parts.teller
        events = teller.listen()
        while teller.state.engine is None or teller.state.tree is None:
            await anext(events)

    async def _all_done(self) -> None:
        """Wait until all that was asked for so far is carried out."""
        done = asyncio.Event()
        self._do(done.set)
        await done.wait()

    def _do(self, chore: Callable[[], object]) -> None:
        self._parts.chores.add(chore)

    def _work(self, change: Callable[[WorkingSet], Iterable[Event]]) -> None:
        self._do(lambda: acts.edit(self._parts, change))

    def listen(self) -> AsyncIterator[Event]:
        """Every event from this call on, until the session closes; one iterator a listener."""
        return self._parts.teller.listen()

    def edit(self, path: Path, text: str | None) -> None:
        """Accept a text into the working set, None takes out what is there; starts nothing."""
        self._work(lambda working: working.edit(path, text))

    def edit_all(self, edits: Iterable[tuple[Path, str | None]]) -> None:
        """Accept several texts at once; `undo` takes them back together."""
        wanted = tuple(edits)
        self._work(lambda working: working.edit_all(wanted))

    def undo(self) -> None:
        """Take the last change of the working set back."""
        self._work(WorkingSet.undo)

    def redo(self) -> None:
        """Do again what was undone last."""
        self._work(WorkingSet.redo)

    def reset(self, path: Path | None) -> None:
        """Back to the file's value, or (None) to all of its values."""
        self._work(lambda working: working.reset(path))

    async def settle(self, shown: Conflict, keep: Side) -> None:
        """Choose between the texts of a Conflict as it was shown; `undo` takes the choice back.

        It waits until `state.conflicts` says what is left to choose.
        """
        self._work(lambda working: working.settle(shown, keep))
        await self._all_done()

    def save(self) -> None:
        """Write the accepted edits (Saved, or Conflicted or a Notice that say why not)."""
        self._work(WorkingSet.save)

    def reload(self) -> None:
        """Read the polyaxonfile and look at the tree again (after $EDITOR)."""
        self._do(lambda: looking.look(self._parts))
        self._do(lambda: adopt.refresh(self._parts))

    def build(self, *, no_cache: bool = False, pull: bool = False) -> None:
        """Build what the working set and the tree say now."""
        self._do(lambda: acts.wish(self._parts, Wished("build", "asked", None, no_cache, pull)))

    def run(self, *, on_busy: OnBusy | None = None, tty: bool = False) -> None:
        """Build if needed, then run the working set; asks (Asked `busy`) while a run is going."""
        self._do(lambda: acts.wish(self._parts, Wished("run", "asked", on_busy, tty=tty)))

    def repeat(self, run: str | None = None) -> None:
        """Run again with the values and the image of a run (the newest)."""
        self._do(lambda: acts.repeat(self._parts, run))

    def decide(self, need: str, choice: str) -> None:
        """Decide on a Need by the key of one of its choices; an empty choice opens it again."""
        self._do(lambda: looking.decide(self._parts, need, choice))

    def load(self, run: str) -> None:
        """Take the values of a run into the working set; values the file has not are told."""
        self._do(lambda: adopt.load_values(self._parts, run))

    def mark(self, run: str, *, label: str | None = None, starred: bool | None = None) -> None:
        """Name a run, or star it; None leaves that as it is."""
        self._do(lambda: adopt.mark(self._parts, run, label, starred))

    def stop(self, run: str | None = None) -> None:
        """Stop a run (the newest: SIGTERM, grace, SIGKILL), else the build, else what waits."""
        self._do(lambda: acts.stop(self._parts, run))

    def kill(self, run: str | None = None) -> None:
        """Kill a run (the newest) now."""
        self._do(lambda: acts.kill(self._parts, run))

    def resize(self, columns: int, rows: int, run: str | None = None) -> None:
        """Let the terminals of a run, or of all and those to come, have the size of their view."""
        self._do(lambda: self._parts.runs.resize(columns, rows, run))

    def cancel(self) -> None:
        """Stop all that this session has started."""
        self._do(lambda: acts.cancel(self._parts))

    def unqueue(self, wait: str | None = None) -> None:
        """Take the waiting run of this `Queued.id` back, or all."""
        self._do(lambda: self._parts.teller.tell(Unqueued(id=wait)))

    def watch(self, mode: WatchMode, on_busy: OnBusy | None = None) -> None:
        """Set what a change of the project leads to."""
        self._do(lambda: acts.watch(self._parts, mode, on_busy))

    def pause(self, *, leave_out: bool = False) -> None:
        """Let the watch pause, or go on with what has changed meanwhile.

        `leave_out`: the file for which it pauses leaves image and watch first.
        """
        self._do(lambda: acts.ignore(self._parts) if leave_out else acts.pause(self._parts))

    def answer(self, question: str, choice: str) -> None:
        """Answer an Asked by the key of one of its choices."""
        self._do(lambda: acts.answer(self._parts, question, choice))

    async def shell_before(
        self, step: int, say: Callable[[str], None], unwanted: asyncio.Event
    ) -> str:
        """A shell in this terminal, in the state before a step of the build; why there was none."""
        return await before.shell(self._parts, step, say, unwanted)

    def consent(self) -> None:
        """Typing the command was the consent, for the engine that is connected."""
        self._parts.consented = True

    def folder(self, phase: Phase, job: str) -> FilePath:
        """The folder that holds `log` and `log.idx` of a build or run."""
        places = self.project.places
        return places.build(job) if phase == "build" else places.run(job)

    def remove(self, run: str) -> None:
        """Remove a run that has ended: its container and its folder."""
        self._do(lambda: adopt.remove(self._parts, run))

    def leave(self, runs: Literal["leave", "stop"]) -> None:
        """Say what becomes of live runs when the session closes."""
        self._on_exit = runs
