"""The images in the app: listed with what needs them, removed after a question."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest

from pxtui.engine import FoundImage
from pxtui.errors import EngineError
from pxtui.session import images
from pxtui.session.images import Held, Removed
from pxtui.ui.app import PxtuiApp
from pxtui.ui.dialogs.choose import Choose
from pxtui.ui.dialogs.images import Images
from tests.ui import example as x
from tests.ui.seeing import press, until, words
from tests.ui.stub import StubSession

SIZES = [(120, 40), (80, 24)]


def image(
    name: str,
    *runs: int,
    hours: float = 1,
    alone: int | None = 4_100_000,
    used: bool = False,
    size: int = 354_000_000,
) -> Held:
    kind: Literal["environment", "code"] = "environment" if name.startswith("env-") else "code"
    tag = f"pxtui/0123456789ab:{name}"
    made = x.NOW - hours * 3600
    found = FoundImage(f"sha256:{name}", kind, "0123456789ab", "k", "s", (tag,), made, size, used)
    return Held(found, "/home/you/code/mnist", runs, alone)


FOUND = (
    image("env-17d76dcdc3f2", hours=30, alone=0, size=349_000_000),
    image("f082414c3d8e", 4, 5, 6, hours=30),
    image("0bbbf7869093", 11, hours=3),
    image("9b769a0ec515", 12, hours=0.5, used=True),
)


class Engine:
    """What the dialog sees of an engine."""

    def __init__(self, found: tuple[Held, ...] = FOUND) -> None:
        self.found = found
        self.trouble = ""
        self.may_remove = asyncio.Event()
        self.may_remove.set()

    async def look(self, session: object = None) -> tuple[Held, ...]:
        if self.trouble:
            raise EngineError(self.trouble, "start it")
        return self.found

    async def remove(self, session: object, one: Held) -> Removed:
        await self.may_remove.wait()
        if self.trouble:
            return Removed((), 0, True, ((one, EngineError(self.trouble)),))
        self.found = tuple(other for other in self.found if other != one)
        return Removed((one,), one.alone or one.image.size, one.alone is not None, ())


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    made = Engine()
    monkeypatch.setattr(images, "look", made.look)
    monkeypatch.setattr(images, "remove_one", made.remove)
    return made


@pytest.fixture
def app(tmp_path: Path, engine: Engine) -> PxtuiApp:
    return PxtuiApp(StubSession(tmp_path, *x.OPENED), now=lambda: x.NOW)


@pytest.mark.parametrize("size", SIZES)
async def test_all_is_shown(app: PxtuiApp, size: tuple[int, int]) -> None:
    async with app.run_test(size=size) as pilot:
        await press(pilot, "colon", *"images", "enter")
        await until(pilot, lambda: "4 images" in words(app))
        seen = words(app)
        for text in ("needed by", "env-17d76dcdc3f2", "9b769a0ec515", "30h", "354 MB", "4.1 MB",
                     "in use #12", "#6 #5 #4", "d removes", "esc leaves"):  # fmt: skip
            assert text in seen
        # the newest stands first and has the cursor
        assert seen.index("9b769a0ec515") < seen.index("0bbbf7869093") < seen.index("env-17d7")
        assert " env  env-17d76dcdc3f2" in seen
        await press(pilot, "escape")
        assert not isinstance(app.screen, Images)


async def test_one_is_removed_after_a_question(app: PxtuiApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        app.action_images()
        await until(pilot, lambda: "4 images" in words(app))
        await press(pilot, "d")
        await until(pilot, lambda: "a container uses it" in words(app))
        await press(pilot, "down", "d")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        assert "Remove the image 0bbbf7869093?" in words(app)
        assert "#11" in words(app)
        await press(pilot, "enter")  # the default is to keep it
        await until(pilot, lambda: isinstance(app.screen, Images))
        assert "0bbbf7869093" in words(app)
        await press(pilot, "delete")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await press(pilot, "up", "enter")
        await until(pilot, lambda: "removed 0bbbf7869093, freed 4.1 MB" in words(app))
        await until(pilot, lambda: "3 images" in words(app))


async def test_what_the_engine_says(app: PxtuiApp, engine: Engine) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        app.action_images()
        await until(pilot, lambda: "4 images" in words(app))
        engine.trouble = "it is \x1b[31mbusy"
        await press(pilot, "end", "d")
        await until(pilot, lambda: "the steps again" in words(app))
        await press(pilot, "up", "enter")
        await until(pilot, lambda: "it is" in words(app))
        assert "\x1b" not in words(app)


async def test_no_engine_and_no_images(app: PxtuiApp, engine: Engine) -> None:
    engine.trouble = "nothing answers"
    async with app.run_test(size=(80, 24)) as pilot:
        app.action_images()
        await until(pilot, lambda: "nothing answers (start it)" in words(app))
        assert "asking the engine" not in words(app)
        await press(pilot, "d", "escape")
        engine.trouble, engine.found = "", ()
        app.action_images()
        await until(pilot, lambda: "there are none yet" in words(app))
        await press(pilot, "d", "q")
        assert not isinstance(app.screen, Images)


async def test_many_scroll_and_unknown_sizes_say_so(app: PxtuiApp, engine: Engine) -> None:
    engine.found = tuple(replace(image(f"{n:012}", *range(n)), alone=None) for n in range(60))
    async with app.run_test(size=(80, 24)) as pilot:
        app.action_images()
        await until(pilot, lambda: "60 images, at most 21 GB" in words(app))
        assert "d removes" in words(app)
        await press(pilot, "end")
        await until(pilot, lambda: "000000000000" in words(app))
        assert "d removes" in words(app)


async def test_a_long_error_is_folded(app: PxtuiApp, engine: Engine) -> None:
    engine.trouble = " ".join(["the engine at unix:///run/nobody.sock does not answer"] * 4)
    async with app.run_test(size=(80, 24)) as pilot:
        app.action_images()
        await until(pilot, lambda: "(start it)" in words(app))
        assert words(app).count("nobody.sock") == 4
        assert "esc leaves" in words(app)


@pytest.mark.parametrize("trouble", ["", "it is busy"])
async def test_a_removal_goes_on_and_is_told_without_the_dialog(
    app: PxtuiApp, engine: Engine, trouble: str
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        app.action_images()
        await until(pilot, lambda: "4 images" in words(app))
        engine.may_remove.clear()
        await press(pilot, "down", "d")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await press(pilot, "up", "enter")
        await until(pilot, lambda: "removing 0bbbf7869093" in words(app))
        await press(pilot, "escape")
        await until(pilot, lambda: not isinstance(app.screen, Images))
        engine.trouble = trouble
        engine.may_remove.set()
        said = "0bbbf7869093 stays: it is busy" if trouble else "removed 0bbbf7869093, freed 4.1 MB"
        await until(pilot, lambda: said in words(app))
