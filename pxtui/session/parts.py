"""The parts of a session, made and closed together."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import threading
from collections.abc import Callable, Mapping
from functools import partial

from pxtui import places
from pxtui.engine import Engine
from pxtui.errors import StateError
from pxtui.events import EngineSeen, Event, Finished, Hinted, Notice
from pxtui.image.context import Listing
from pxtui.image.trees import Trees
from pxtui.project import Project
from pxtui.session import images, threads
from pxtui.session.builds import Builds
from pxtui.session.guard import Guard
from pxtui.session.link import Link
from pxtui.session.needs import Needs
from pxtui.session.owner import Owner
from pxtui.session.runs import Runs
from pxtui.session.teller import Teller
from pxtui.session.tree import Tree
from pxtui.session.working import WorkingSet
from pxtui.settings import Settings
from pxtui.state import State

CLOSING = 0.3
"""Seconds that jobs are given to notice that the session closes."""
BEGINNING = 1.5
"""Seconds that a run which was told as started is given to really start, so that it goes on."""
LOOK = 0.01
FEW = 10
"""Images of which that many need no look at whether some can go."""
TIDYING = 1.0
"""Seconds that a command gives the removal of old images at its end."""


class Chores:
    """Requests, carried out one after the other in the order in which they came."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Callable[[], object]] = asyncio.Queue()

    def add(self, chore: Callable[[], object]) -> None:
        """Let a function or coroutine function have its turn."""
        self._queue.put_nowait(chore)

    async def work(self, failed: Callable[[StateError], None]) -> None:
        """Carry out until cancelled; what our own folders refuse is told, and the next is done."""
        while True:
            try:
                result = (await self._queue.get())()
                if inspect.isawaitable(result):
                    await result
            except StateError as error:
                failed(error)


class Parts:
    """What a session is made of; `settings` and `project` for all of them."""

    def __init__(
        self,
        project: Project,
        settings: Settings,
        engine: Callable[[], Engine],
        names: Mapping[str, str],
        attended: bool,
        follow: bool,
        allow_steps: bool,
    ) -> None:
        self.project = project
        self.settings = settings
        self.attended = attended
        self.follow = follow
        self.allow_steps = allow_steps
        self.consented = False
        self.teller = Teller()
        self.chores = Chores()
        self.hinted = asyncio.Event()
        self.touched = asyncio.Event()
        self.doubts = 0
        self.looking = asyncio.Lock()
        self.reading = asyncio.Lock()
        """Held by whoever uses `working`."""
        self.looked = asyncio.Event()
        """The tree was looked at since this was cleared."""
        self.look_took = 0.0
        self.guard = Guard(confirm_always=settings.watch_confirm == "always")
        self.before_hold: State | None = None
        """What was so before the watch began to pause."""
        self.held_listing: Listing | None = None
        """The tree of that moment."""
        self.left_out = False
        """A change that looked like a loop led to nothing; somebody must look at it again."""
        self.unlooked: State | None = None
        """What was so before the polyaxonfile changed, until the tree is looked at too."""
        self.working = WorkingSet(project, names, keep_draft=attended)
        trees = places.trees(project.places.project)
        with contextlib.suppress(StateError):  # a cache that cannot be written is none
            places.private_dir(trees)
        self.trees = Trees(trees)
        self.tree = Tree(project, settings, self.trees)
        self.owner = Owner(project.places.owners)
        gone = partial(images.miss, self.teller)
        self.link = Link(engine, self._image, self._seen, keep_trying=follow, beside=gone)
        tell_now, size = self.teller.tell, settings.log_max_size
        self.builds = Builds(project.places, self._build_told, tell_now, size)
        tell_soon, name = self.teller.tell_soon, project.root.name
        self.runs = Runs(project.places, self.owner.name, tell_soon, tell_now, settings, name)
        self.needs = Needs(project, settings)
        self._loop = asyncio.get_running_loop()
        self._tidying: threading.Thread | None = None

    def _image(self) -> str:
        resolved = self.teller.state.resolved
        return resolved.image if resolved else ""

    def _seen(self, seen: EngineSeen) -> None:
        self.teller.tell_soon(seen)

    def _build_told(self, event: Event) -> None:
        """A build takes time: at its end the tree is doubted."""
        if isinstance(event, Finished):
            self._tidy(event)
        self.teller.tell_soon(event)
        if isinstance(event, Finished):
            self.hint_soon()

    def _tidy(self, built: Finished) -> None:
        """After a good build old images go, beside whatever comes next."""
        engine = self.link.engine
        keep = self.settings.builds_keep
        # to list images keeps an engine busy for a while: not while there are few
        many = len(self.trees.newest_first()) > min(keep, FEW)
        if engine is not None and built.outcome == "done" and many:
            needed = lambda: images.in_use(self.teller.state, built)  # noqa: E731
            self._tidying = images.tidy_soon(engine, self.project.root, keep, needed)

    def doubt(self) -> None:
        """The tree may have changed."""
        self.doubts += 1
        self.teller.tell(Hinted())
        self.hinted.set()
        self.touched.set()

    def hint_soon(self) -> None:
        """`doubt`, from another thread."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self.doubt)

    def refused(self, error: StateError) -> None:
        """Tell that our own folders cannot be used."""
        self.teller.tell(Notice("error", error.message, error.hint))

    def notice_soon(self, text: str) -> None:
        """A warning, from another thread."""
        self.teller.tell_soon(Notice("warning", text))

    async def close(self, *, stop_runs: bool) -> None:
        """Close the build, leave or stop the runs, let go of all, in a fraction of a second."""
        self.tree.close()
        self.builds.close()
        live = [run.started.id for run in self.teller.state.runs]
        if stop_runs:
            for run in live:
                self.runs.stop(run, self.settings.grace)
        waiting = self.teller.state.building is not None or (stop_runs and live)
        if waiting:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CLOSING):
                    await self._settled()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(BEGINNING):
                while self.runs.beginning:
                    await asyncio.sleep(LOOK)
        self.runs.let_go()
        if not self.attended and (tidying := self._tidying) is not None:
            # all has been told: without this a command would end before anything is removed
            await threads.in_thread("tidying", lambda: tidying.join(TIDYING))
        threads.start("closing", self.link.close)
        self.owner.close()
        self.teller.close()

    async def _settled(self) -> None:
        while self.teller.state.building is not None or self.teller.state.runs:
            self.teller.news.clear()
            await self.teller.news.wait()
