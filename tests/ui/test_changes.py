"""Values are added, taken out, changed where they are followed, and chosen in a conflict."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pxtui import events as e
from pxtui import project
from pxtui.engine.fake import FakeEngine, Script
from pxtui.errors import EditError
from pxtui.polyaxonfile.problems import Problem
from pxtui.polyaxonfile.reading import Declaration
from pxtui.session import Session
from pxtui.settings import Settings
from pxtui.state import State
from pxtui.ui.allowed import addition
from pxtui.ui.app import PxtuiApp
from pxtui.ui.dialogs.add import Add
from pxtui.ui.dialogs.choose import Choose
from pxtui.ui.field import Field
from pxtui.ui.panes.columns import Columns
from pxtui.ui.panes.form import Form
from tests.ui import example as x
from tests.ui import scenes
from tests.ui.bursts import burst
from tests.ui.seeing import press, until, words
from tests.ui.stub import StubSession

SIZE = (120, 40)


def app_on(*events: e.Event) -> tuple[PxtuiApp, StubSession]:
    session = StubSession(Path("/home/you/code/mnist"), *events)
    return PxtuiApp(session, now=lambda: x.NOW), session


def line_with(app: PxtuiApp, text: str) -> str:
    return next(line for line in words(app).splitlines() if text in line)


async def test_a_value_is_added_by_name() -> None:
    app, session = app_on(*x.OPENED)
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "plus")
        await press(pilot, *"model.width: 64", "enter")
        await until(pilot, lambda: len(app.screen_stack) == 1)
        assert session.asked == [("edit", x.path("model.width"), "64")]
        await until(pilot, lambda: "model.width is added to the next run" in words(app))
        new = x.declaration("model.width", "64", "int", 64, 14)
        read = replace(x.reading(), declarations=(*x.DECLARATIONS, new))
        session.tell(e.Loaded(read, x.reading(), ((new.path, "64"),)))
        await until(pilot, lambda: app.screen.query_one(Form).current == new)
        assert line_with(app, "model.width").split()[:4] == ["~", "model.width", "64", "—"]
        await press(pilot, "delete")
        assert session.asked[-1] == ("reset", new.path)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("momentum", "write a name and a value"),
        ("lr: 1", "lr is there already"),
        ("model: 1", "model is there already: it holds model.depth"),
        ("batch-size: 1", "reads batch-size as batch minus size: name it batch_size"),
        ("a b: c", "a name has no blanks"),
        ("list: [1, 2", "what begins with \\[ ends with \\]: close it"),
        ("map: {a: 1", "what begins with { ends with }: close it"),
        ("1st: 1", "1st cannot be a name in a template"),
        ("true: 1", "true cannot be a name in a template"),
        ("a..b: 1", "a..b cannot be a name in a template"),
        ("x|upper: 1", "x|upper cannot be a name in a template"),
    ],
)
def test_a_name_that_cannot_be_added_is_refused_with_its_reason(typed: str, said: str) -> None:
    with pytest.raises(EditError, match=said.replace("|", r"\|")):
        addition(typed, x.DECLARATIONS)


@pytest.mark.parametrize(
    ("typed", "name", "path", "text"),
    [
        ("momentum: 0.9", "momentum", ("declarations", "momentum"), "0.9"),
        (" momentum=0.9 ", "momentum", ("declarations", "momentum"), "0.9"),
        ("layers.2: [1, 2]", "layers.2", ("declarations", "layers", 2), "[1, 2]"),
        ("url: http://a/b", "url", ("declarations", "url"), "http://a/b"),
        ("name:", "name", ("declarations", "name"), ""),
    ],
)
def test_what_is_typed_is_a_name_and_a_value(
    typed: str, name: str, path: tuple[str | int, ...], text: str
) -> None:
    new = addition(typed, x.DECLARATIONS)
    assert (new.name, new.path, new.text) == (name, path, text)


async def test_a_refused_name_keeps_the_dialog_open() -> None:
    app, session = app_on(*x.OPENED)
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "plus", *"lr: 1", "enter")
        await until(pilot, lambda: "✗ lr is there already" in words(app))
        assert isinstance(app.screen, Add)
        await press(pilot, "escape")
        assert session.asked == []


async def test_a_secret_is_added_unseen() -> None:
    app, session = app_on(*x.OPENED)
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "plus", *"api_key: hunter2")
        assert "hunter2" not in words(app)
        await press(pilot, "enter")
        assert session.asked == [("edit", x.path("api_key"), "hunter2")]
        assert "hunter2" not in words(app)


async def test_what_is_taken_out_stands_in_its_place_until_it_is_written() -> None:
    app, session = app_on(*x.OPENED)
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "down", "delete")
        assert session.asked == [("edit", x.path("lr"), None)]
        assert "lr is taken out of the next run · u brings it back" in words(app)
        rows = tuple(d for d in x.DECLARATIONS if d.name != "lr")
        read = replace(x.reading(), declarations=rows)
        session.tell(e.Loaded(read, x.reading(), ((x.path("lr"), None),)))
        await until(pilot, lambda: "1 of 6 changed" in words(app))
        assert line_with(app, " lr ").split()[:5] == ["~", "lr", "taken", "out", "0.1"]
        await press(pilot, "delete", "enter")
        assert len(session.asked) == 1
        assert "lr is taken out: = brings it back" in words(app)
        await press(pilot, "equals_sign")
        assert session.asked[-1] == ("reset", x.path("lr"))


def test_rows_of_a_list_keep_their_places_when_one_is_taken_out() -> None:
    def layer(index: int, text: str) -> Declaration:
        path = ("declarations", "layers", index)
        return replace(x.declaration(f"layers.{index}", text, "int", 0, index), path=path)

    base = replace(x.reading(), declarations=tuple(layer(i, f"{i}0") for i in range(4)))
    now = replace(base, declarations=(layer(0, "00"), layer(1, "20"), layer(2, "33")))
    paths = [("declarations", "layers", i) for i in range(4)]
    columns = Columns(State(now, base, ((paths[1], None), (paths[3], "33"))))
    assert [(d.path, columns.text(d)) for d in columns.declarations] == [
        (paths[0], "00"), (paths[1], "taken out"), (paths[2], "20"), (paths[3], "33"),
    ]  # fmt: skip
    assert [d.name for d in columns.declarations] == [f"layers.{i}" for i in range(4)]


async def test_a_list_without_items_left_is_taken_out_itself() -> None:
    def row(name: str, text: str, *path: str | int) -> Declaration:
        return replace(x.declaration(name, text, "int", 0, 9), path=("declarations", *path))

    base = replace(x.reading(), declarations=(row("l.0", "1", "l", 0),))
    now = replace(x.reading(), declarations=(row("l", "[]", "l"),))
    app, session = app_on(e.Loaded(now, base, ((("declarations", "l", 0), None),)), x.FILE_TEXT)
    async with app.run_test(size=SIZE) as pilot:
        form = app.screen.query_one(Form)
        form.cursor = next(i for i, d in enumerate(form.columns.declarations) if d.name == "l")
        await press(pilot, "delete")
        assert session.asked == [("edit", ("declarations", "l"), None)]


async def test_an_input_without_a_value_shows_its_default() -> None:
    default = replace(x.declaration("momentum", "0.9", "float", 0.9, 14), given=False)
    read = replace(x.reading(), declarations=(*x.DECLARATIONS, default))
    app, session = app_on(e.Loaded(read, read, ()), x.FILE_TEXT)
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "end")
        assert line_with(app, " momentum ").split("│")[0].split() == [
            "momentum", "0.9", "float,", "by", "default",
        ]  # fmt: skip
        assert "the default of this input" in words(app)
        await press(pilot, "delete")
        await until(pilot, lambda: "nothing to take out" in words(app))
        await press(pilot, "enter", *"0.5", "enter")
        assert session.asked == [("edit", default.path, "0.5")]
        typed = replace(default, text="0.5", value=0.5, given=True)
        changed = replace(read, declarations=(*x.DECLARATIONS, typed))
        session.tell(e.Loaded(changed, read, ((default.path, "0.5"),)))
        await until(pilot, lambda: "momentum  float · 0.9 by default" in words(app))
        assert line_with(app, " momentum ").split()[:4] == ["~", "momentum", "0.5", "0.9"]


@pytest.mark.parametrize(("keys", "name"), [(["enter"], "decay"), (["down", "enter"], "lr")])
async def test_a_value_that_follows_another_is_asked_about(keys: list[str], name: str) -> None:
    app, session = app_on(*scenes.shared())
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "down", "down", "enter", *"0.5", "enter")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await until(pilot, lambda: "this changes lr, warmup too" in words(app))
        assert session.asked == []
        await press(pilot, *keys)
        assert session.asked == [("edit", x.path(name), "0.5")]


async def test_a_value_that_follows_another_is_left_by_escape() -> None:
    app, session = app_on(*scenes.shared())
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "down")
        assert "followed by decay, warmup" in words(app)
        await press(pilot, "down")
        assert "follows lr" in words(app)
        await press(pilot, "enter", *"0.5", "enter")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await press(pilot, "escape")
        await until(pilot, lambda: "decay: 0.5 was not taken" in words(app))
        assert session.asked == []


async def test_an_error_stands_at_its_row() -> None:
    app, _ = app_on(*scenes._field_error())
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: " ~✗ epochs " in words(app))
        app.say("something else")
        await press(pilot, "down", "down", "down")
        await until(pilot, lambda: "✗ epochs epoch is not declared" in words(app))


def test_an_error_of_a_line_with_several_rows_is_that_of_the_one_it_names() -> None:
    rows = tuple(replace(d, line=1) for d in x.DECLARATIONS)
    told = Problem("E_UNDEFINED", "lr needs base_lr, which is not declared", x.FILE, 1, 1)
    columns = Columns(State(replace(x.reading(), declarations=rows, problems=(told,))))
    assert columns.errors == {x.path("lr"): told}


CONFLICTED = (*scenes.RUN_STATE, e.Conflicted(scenes.CONFLICTS))


@pytest.mark.parametrize("size", [SIZE, (80, 24)])
async def test_both_sides_of_a_conflict_are_shown_and_chosen(size: tuple[int, int]) -> None:
    app, session = app_on(*CONFLICTED)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: " ~! lr " in words(app))
        session.tell(e.Conflicted(scenes.CONFLICTS, saving=True))
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await until(pilot, lambda: "lr was changed here and in the file" in words(app))
        for said in ("yours            0.01", "in the file now  0.05", "before both      0.1"):
            assert said in words(app)
        await press(pilot, "home", "enter")
        await until(pilot, lambda: "epochs was changed here" in words(app))
        assert "in the file now  nothing" in words(app)
        await press(pilot, "home", "down", "enter")
        assert session.asked == [
            ("settle", x.path("lr"), "mine"),
            ("settle", x.path("epochs"), "theirs"),
            ("save",),
        ]


async def test_a_conflict_may_wait_and_is_asked_about_again() -> None:
    app, session = app_on(*CONFLICTED)
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "exclamation_mark")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await press(pilot, "enter")  # the default
        await until(pilot, lambda: "nothing is written yet" in words(app))
        await press(pilot, "exclamation_mark")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await press(pilot, "escape")
        assert session.asked == []
        await press(pilot, "exclamation_mark")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await press(pilot, "home", "down", "down", "enter")
        assert session.asked == [("settle", x.path("lr"), "base")]
        await until(pilot, lambda: "epochs was changed here" in words(app))


async def test_a_choice_made_later_is_told_to_be_unwritten() -> None:
    app, session = app_on(*scenes.RUN_STATE, e.Conflicted(scenes.CONFLICTS[:1]))
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "exclamation_mark", "home", "enter")
        await until(pilot, lambda: "lr: 0.01 stands · ctrl+s writes it" in words(app))
        assert session.asked == [("settle", x.path("lr"), "mine")]


async def test_a_conflict_that_changes_while_it_is_asked_about_is_asked_anew() -> None:
    app, session = app_on(*CONFLICTED)
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "exclamation_mark")
        await until(pilot, lambda: "in the file now  0.05" in words(app))
        newer = replace(scenes.CONFLICTS[0], theirs="0.07", number=3)
        session.tell(e.Conflicted((newer, scenes.CONFLICTS[1])))
        await until(pilot, lambda: "in the file now  0.07" in words(app))
        assert "The file was changed again. lr was changed here" in words(app)
        await until(pilot, lambda: len(app.screen_stack) == 2)
        session.tell(e.Conflicted(()))
        await until(pilot, lambda: "lr is the same here and in the file now" in words(app))
        assert len(app.screen_stack) == 1
        assert session.asked == []


@pytest.mark.parametrize(
    ("keys", "stands"), [((), "0.1"), (("down",), "0.4"), (("down", "down"), "0.3")]
)
async def test_no_side_wins_over_a_value_that_was_not_shown(
    make_project: Callable[..., Path], keys: tuple[str, ...], stands: str
) -> None:
    root = make_project()
    file = root / "polyaxonfile.yml"
    file.write_text(FILE.replace("&lr 0.1", "0.3").replace("*lr", "0.3"))
    engine = FakeEngine(Script())
    async with Session(project.find(root), Settings(engine="fake"), lambda: engine) as session:
        app = PxtuiApp(session)
        async with app.run_test(size=SIZE) as pilot:
            await until(pilot, lambda: "layers" in words(app))
            await press(pilot, "enter", *"0.1", "enter")
            await until(pilot, lambda: bool(session.state.edits))
            file.write_text(file.read_text().replace("lr: 0.3", "lr: 0.2"))
            await press(pilot, "ctrl+s")
            await until(pilot, lambda: "in the file now  0.2" in words(app))
            file.write_text(file.read_text().replace("lr: 0.2", "lr: 0.4"))
            burst(app, "home", *keys, "enter")
            await until(pilot, lambda: "in the file now  0.4" in words(app))
            assert "lr: 0.4" in file.read_text()
            await press(pilot, "home", *keys, "enter")
            await until(pilot, lambda: f"lr: {stands}\n" in file.read_text())
            await until(pilot, lambda: not session.state.edits)
            assert len(app.screen_stack) == 1


async def test_a_conflict_of_secrets_shows_dots_and_offers_no_value_that_nobody_has() -> None:
    secret = e.Conflict(x.path("api_key"), "api_key", "••••••", "••••••", "••••••")
    app, _ = app_on(*x.with_secret(), e.Conflicted((secret,)))
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "exclamation_mark")
        await until(pilot, lambda: "yours            ••••••" in words(app))
        assert "before both" not in words(app)
        assert "hunter2" not in words(app)


async def test_a_list_in_brackets_over_several_lines_is_one_line_in_the_field() -> None:
    item = replace(x.declaration("lr", "[64,\n    32]", "list", [64, 32], 9))
    read = replace(x.reading(), declarations=(item,))
    text = x.TEXT.replace("lr: 0.1", "lr: [64,\n    32]")
    app, session = app_on(e.Loaded(read, read, ()), e.FileText(x.FILE, text))
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "enter")
        assert app.screen.query_one("#field", Field).value == "[64, 32]"
        await press(pilot, "enter")
        assert session.asked == []
        await press(pilot, "enter", "end", "backspace", *", 16]", "enter")
        await until(pilot, lambda: session.asked == [("edit", x.path("lr"), "[64, 32, 16]")])


FILE = """\
version: 1
kind: experiment
declarations:
  lr: &lr 0.1
  decay: *lr
  layers: [64, 32]
run:
  image: a
  cmd: train --lr={{ lr }} --decay={{ decay }} --layers="{{ layers }}"
"""


async def test_on_a_real_session_values_come_go_and_are_written(
    make_project: Callable[..., Path],
) -> None:
    root = make_project()
    file = root / "polyaxonfile.yml"
    file.write_text(FILE)
    engine = FakeEngine(Script())
    async with Session(project.find(root), Settings(engine="fake"), lambda: engine) as session:
        app = PxtuiApp(session)
        async with app.run_test(size=SIZE) as pilot:
            await until(pilot, lambda: "layers" in words(app))
            await press(pilot, "plus", *"momentum: 0.9", "enter")
            await until(pilot, lambda: "1 of 4 changed" in words(app))
            await press(pilot, "home", "down", "enter", *"0.5", "enter")
            await until(pilot, lambda: isinstance(app.screen, Choose))
            await press(pilot, "enter")
            await until(pilot, lambda: "--decay=0.5" in words(app))
            await press(pilot, "down", "enter", "end", "backspace", *", 16]", "enter")
            await until(pilot, lambda: "[64, 32, 16]" in words(app))
            await press(pilot, "u")
            await until(pilot, lambda: "[64, 32, 16]" not in words(app))
            await press(pilot, "U")
            await until(pilot, lambda: "[64, 32, 16]" in words(app))
            await press(pilot, "ctrl+s")
            await until(pilot, lambda: not session.state.edits)
            assert file.read_text() == FILE.replace("*lr", "0.5").replace(
                "[64, 32]\n", "[64, 32, 16]\n  momentum: 0.9\n"
            )
            await press(pilot, "end", "delete")
            await until(pilot, lambda: "taken out" in words(app))
            await press(pilot, "ctrl+s")
            await until(pilot, lambda: "momentum" not in file.read_text())
