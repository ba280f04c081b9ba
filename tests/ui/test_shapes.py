"""The screen keeps its shape at every size."""

from __future__ import annotations

from pathlib import Path

import pytest

from pxtui.ui.app import PxtuiApp
from pxtui.ui.dialogs.choose import Choose
from tests.ui import example as x
from tests.ui import scenes
from tests.ui.seeing import press, until, words
from tests.ui.stub import StubSession


@pytest.mark.parametrize(
    ("size", "shape"),
    [((200, 60), "-huge"), ((120, 40), "-wide"), ((100, 50), "-stacked"), ((80, 24), "-compact"),
     ((40, 12), "-tiny")],
)  # fmt: skip
async def test_a_size_has_its_shape(size: tuple[int, int], shape: str, tmp_path: Path) -> None:
    session = StubSession(Path("/home/you/code/mnist"), *scenes.RUN_STATE, logs=tmp_path)
    app = PxtuiApp(session, now=lambda: x.NOW)
    async with app.run_test(size=size) as pilot:
        session.tell(*scenes._running(tmp_path))
        await until(pilot, lambda: "● running" in words(app) or size[0] < 60)
        assert app.body.has_class(shape)
        assert "0.01" in words(app)
        assert "? help" in words(app)


async def test_any_resize_is_survived(tmp_path: Path) -> None:
    session = StubSession(Path("/home/you/code/mnist"), *scenes.RUN_STATE, logs=tmp_path)
    app = PxtuiApp(session, now=lambda: x.NOW)
    async with app.run_test(size=(120, 40)) as pilot:
        session.tell(*scenes._running(tmp_path))
        for size in [(1, 1), (300, 90), (20, 5), (59, 17), (80, 24), (10, 60), (110, 28)]:
            await pilot.resize_terminal(*size)
            await press(pilot, "4", "2", "tab")
        await pilot.resize_terminal(120, 40)
        await until(pilot, lambda: "epoch 2 done" in words(app) and "Next run" in words(app))


async def test_without_colour_every_state_can_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    session = StubSession(Path("/home/you/code/mnist"), *scenes.RUN_STATE, logs=tmp_path)
    app = PxtuiApp(session, now=lambda: x.NOW)
    async with app.run_test(size=(120, 40)) as pilot:
        session.tell(*scenes._running(tmp_path))
        signs = ("● running", "✗ exit 1", "✓ done", "◌ queued", "~  lr", "~  --lr", "✓ image")
        await until(pilot, lambda: all(sign in words(app) for sign in signs))


async def test_the_choices_of_a_question_are_never_cut() -> None:
    session = StubSession(Path("/home/you"), *x.OPENED)
    app = PxtuiApp(session, now=lambda: x.NOW)
    long = "the same, and steps of any kind may run on this computer without being asked"
    choices = (("one", "run it"), ("all", long), ("no", "no"))
    async with app.run_test(size=(60, 50)) as pilot:
        got: list[str | None] = []
        app.push_screen(Choose("Run it?", choices, "all"), got.append)
        await until(pilot, lambda: "Run it?" in words(app))
        shown = " ".join(words(app).split())
        assert all(word in shown for word in long.split())
        await press(pilot, "down", "up", "up", "down", "enter")
        assert got == ["all"]
