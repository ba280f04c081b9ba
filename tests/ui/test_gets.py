"""What the run gets: its rows have a cursor, and Enter on one asks for a decision."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pxtui import events as e
from pxtui.needs import Need
from pxtui.ui.app import PxtuiApp
from pxtui.ui.dialogs.choose import Choose
from pxtui.ui.panes.gets import Facts, Gets
from tests.ui import example as x
from tests.ui.seeing import press, until, words
from tests.ui.stub import StubSession

SIZE = (120, 40)
NEEDY = (x.loaded(), x.FILE_TEXT, x.GPU_BOX, x.BIG_TREE, x.needing(*x.NEEDS))


class Asking(PxtuiApp):
    """The app, which notes what is to be decided on and asks nothing."""

    def __init__(self, session: StubSession) -> None:
        super().__init__(session, now=lambda: x.NOW)
        self.chosen: list[str] = []

    def on_gets_chosen(self, event: Gets.Chosen) -> None:
        event.prevent_default()
        self.chosen.append(event.need.id)


def asking(*events: e.Event) -> tuple[Asking, StubSession]:
    session = StubSession(Path("/home/you/code/mnist"), *events)
    return Asking(session), session


def current(app: PxtuiApp) -> str:
    fact = app.screen.query_one(Facts).current
    return fact.need or fact.label if fact is not None else ""


async def test_enter_on_a_row_asks_for_its_need() -> None:
    app, _ = asking(*NEEDY)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: "! 3 to decide" in words(app))
        app.screen.query_one(Facts).focus()
        await press(pilot, "enter", "down", "enter", "down", "down", "enter")
        assert current(app) == "engine"
        assert app.chosen == [x.DATA.id, x.CHECKPOINTS.id]


async def test_a_decided_row_asks_again_and_says_what_is_so() -> None:
    app, _ = asking(*x.OPENED, x.DECIDED)
    async with app.run_test(size=SIZE) as pilot:
        facts = app.screen.query_one(Facts)
        facts.focus()
        facts.choose(next(i for i, fact in enumerate(facts.facts) if fact.need == x.DATA.id))
        await press(pilot, "enter")
        assert app.chosen == [x.DATA.id]
        assert "now: mount /mnt/big/imagenet read-only at /code/data" in words(app)


async def test_the_next_need_goes_round_and_takes_the_keys() -> None:
    app, session = asking(*NEEDY)
    async with app.run_test(size=SIZE) as pilot:
        gets = app.screen.query_one(Gets)
        seen = []
        for _ in range(4):
            assert gets.next_need()
            await pilot.pause()
            assert isinstance(app.focused, Facts)
            seen.append(current(app))
        assert seen == [*(need.id for need in x.NEEDS), x.NEEDS[0].id]
        session.tell(x.DECIDED)
        await until(pilot, lambda: "to decide" not in words(app))
        assert not gets.next_need()


async def test_after_a_decision_the_cursor_stands_on_the_next_that_is_open() -> None:
    app, session = asking(*NEEDY)
    async with app.run_test(size=SIZE) as pilot:
        app.screen.query_one(Facts).focus()
        await press(pilot, "down")
        assert current(app) == x.CHECKPOINTS.id
        session.tell(x.needing(x.DATA, replace(x.CHECKPOINTS, decided="ignore"), x.WANDB))
        await until(pilot, lambda: "! 2 to decide" in words(app))
        assert current(app) == x.WANDB.id
        session.tell(
            x.needing(*(replace(n, decided=c) for n, c in zip(x.NEEDS, ("ignore", "ignore", "no"),
                                                             strict=True)))
        )  # fmt: skip
        await until(pilot, lambda: "to decide" not in words(app))
        assert current(app) == x.WANDB.id


async def test_the_cursor_stays_on_its_fact_when_the_rows_are_folded_anew() -> None:
    app, _ = asking(*NEEDY)
    async with app.run_test(size=SIZE) as pilot:
        app.screen.query_one(Facts).focus()
        await press(pilot, "down", "down")
        for size in [(80, 24), (200, 60), (100, 50), SIZE]:
            await pilot.resize_terminal(*size)
            await until(pilot, lambda: "WANDB_API_KEY" in words(app))
            assert current(app) == x.WANDB.id


async def test_all_rows_can_be_reached_where_there_is_little_room() -> None:
    app, _ = asking(*NEEDY)
    async with app.run_test(size=(80, 24)) as pilot:
        app.screen.query_one(Facts).focus()
        await press(pilot, "end")
        await until(pilot, lambda: "the image's" in words(app))
        assert current(app) == "user"
        await press(pilot, "home")
        await until(pilot, lambda: "! data is a link" in words(app))


@pytest.mark.parametrize(("size", "shown"), [(SIZE, True), ((80, 24), False)])
async def test_facts_are_brief_where_there_is_little_room(
    size: tuple[int, int], shown: bool
) -> None:
    app, _ = asking(*x.OPENED)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: "214 files, 1.9 MB" in words(app))
        assert ("docker at /var/run/docker.sock" in words(app)) == shown
        assert ("1.9 MB → /code" in words(app)) == shown


async def test_a_tree_that_is_too_big_says_what_to_decide() -> None:
    app, _ = asking(*NEEDY)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: "checkpoints has 80 GB: decide with !" in words(app))


async def test_the_gpu_stands_beside_the_engine() -> None:
    app, _ = asking(*NEEDY)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "docker gpu 0" in words(app).splitlines()[0])


@pytest.mark.parametrize("need", x.NEEDS)
async def test_leaving_the_question_decides_nothing(need: Need) -> None:
    session = StubSession(Path("/home/you/code/mnist"), *NEEDY)
    app = PxtuiApp(session, now=lambda: x.NOW)
    async with app.run_test(size=SIZE) as pilot:
        facts = app.screen.query_one(Facts)
        facts.focus()
        facts.choose(x.NEEDS.index(need))
        for keys in (("escape",), ("q",), ("down", "enter")):
            await press(pilot, "enter")
            await until(pilot, lambda: isinstance(app.screen, Choose))
            assert session.asked == []
            await press(pilot, *keys)
            await until(pilot, lambda: not isinstance(app.screen, Choose))
        assert session.asked == [("decide", need.id, need.choices[1][0])]


async def test_facts_without_room_are_counted_and_can_be_scrolled() -> None:
    app, _ = asking(*x.OPENED)
    facts = tuple((f"label {n}", f"text {n}") for n in range(40))
    choices = (("yes", "do it"), ("no", "leave it"))
    async with app.run_test(size=(80, 24)) as pilot:
        got: list[str | None] = []
        app.push_screen(Choose("All of it?", choices, "yes", facts), got.append)
        await until(pilot, lambda: "more below" in words(app))
        assert "leave it" in words(app)
        for _ in range(4):
            await press(pilot, "pagedown")
        await until(pilot, lambda: "text 39" in words(app) and "more below" not in words(app))
        await press(pilot, "enter")
        assert got == ["yes"]
