"""A session on a real engine whose image is removed: a run builds it again first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from pxtui import history, project
from pxtui.engine import hosts
from pxtui.engine.docker import DockerEngine
from pxtui.errors import ImageGoneError
from pxtui.events import Event, Notice
from pxtui.session import Session, images
from pxtui.settings import Settings
from tests.engine.conftest import BUSYBOX, Recorder, Workshop

pytestmark = pytest.mark.engine
FILE = f"""\
version: 1
kind: experiment
declarations:
  word: one
build:
  image: {BUSYBOX}
run:
  cmd: echo {{{{ word }}}}
"""


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.01)


async def heard(events: AsyncIterator[Event], told: list[str]) -> None:
    async for event in events:
        if isinstance(event, Notice):
            told.append(event.text)


async def test_an_image_that_is_removed_is_built_again(shop: Workshop, tmp_path: Path) -> None:
    root = tmp_path / "gone"
    root.mkdir()
    (root / "polyaxonfile.yml").write_text(FILE)
    found = hosts.configured()
    assert found
    told = list[str]()
    session = Session(project.find(root), Settings(), lambda: DockerEngine(found), attended=True)

    def ended() -> list[str | None]:
        return [one.outcome for one in history.read_all(session.project.places) if one.outcome]

    async with session:
        hearing = asyncio.create_task(heard(session.listen(), told))
        session.begin()
        session.consent()
        await session.ready()
        session.build()
        await until(lambda: session.state.image_is_current)
        image = session.state.image
        assert image
        shop.docker("rmi", "-f", image.id)
        with pytest.raises(ImageGoneError):
            shop.engine.run(shop.spec("true", image.id), Recorder())
        session.run()
        await until(lambda: ended() == ["done"])
        assert told[0] == "the image was removed: it is built again first"
        (one, *_) = [i for i in await images.look(session) if i.image.kind == "code"]
        assert one.runs == (1,)
        session.remove(history.read_all(session.project.places)[0].id)
        await until(lambda: not ended())
        for held in reversed(await images.look(session)):
            await images.remove_one(session, held)
        assert session.state.image is None
        assert not await images.look(session)
    await hearing
