"""A session on a project with the fake engine, and waiting for what it tells."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from pxtui import project
from pxtui.engine.fake import FakeEngine, Script
from pxtui.events import Event, Finished
from pxtui.session import Session
from pxtui.settings import Settings
from pxtui.state import State

LIMIT = 10.0
ENDLESS = Script(step_seconds=0.005, line_seconds=0.01, endless=True)


@dataclass
class Driven:
    """A session and all that it told."""

    session: Session
    engine: FakeEngine
    told: list[Event] = field(default_factory=list)

    @property
    def state(self) -> State:
        return self.session.state

    async def until(self, condition: Callable[[], object], what: str = "") -> None:
        async with asyncio.timeout(LIMIT):
            while not condition():
                await asyncio.sleep(0.005)

    async def finished(self, count: int = 1, phase: str = "run") -> list[Finished]:
        def those() -> list[Finished]:
            return [e for e in self.told if isinstance(e, Finished) and e.phase == phase]

        await self.until(lambda: len(those()) >= count)
        return those()

    def of(self, kind: type[Event]) -> list[Event]:
        return [e for e in self.told if isinstance(e, kind)]

    async def speaks(self) -> None:
        """Wait until a run is going and has said something."""
        await self.until(lambda: self.state.runs)
        run = self.state.runs[0].started.id
        await self.until((self.session.folder("run", run) / "log").exists)

    async def trusted(self) -> None:
        """Answer the first question with yes."""
        await self.until(lambda: self.state.question)
        assert self.state.question
        assert self.state.question.kind == "trust"
        self.session.answer(self.state.question.id, "yes")


class Opened:
    """`async with opened(root, script) as driven`."""

    def __init__(
        self, root: Path, engine: FakeEngine, attended: bool, settings: Settings | None
    ) -> None:
        settings = replace(settings or Settings(), grace=0.2)
        self._session = Session(project.find(root), settings, lambda: engine, attended=attended)
        self._engine = engine
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Driven:
        await self._session.__aenter__()
        driven = Driven(self._session, self._engine)

        async def hear(events: AsyncIterator[Event]) -> None:
            async for event in events:
                driven.told.append(event)

        self._task = asyncio.create_task(hear(self._session.listen()))
        self._session.begin()
        return driven

    async def __aexit__(self, *error: object) -> None:
        await self._session.__aexit__(None, None, None)
        assert self._task is not None
        await self._task


Open = Callable[..., Opened]


@pytest.fixture
def opened() -> Open:
    def open_it(
        root: Path,
        script: Script | None = None,
        *,
        engine: FakeEngine | None = None,
        attended: bool = True,
        settings: Settings | None = None,
    ) -> Opened:
        quick = Script(step_seconds=0.005, line_seconds=0.005)
        return Opened(root, engine or FakeEngine(script or quick), attended, settings)

    return open_it
