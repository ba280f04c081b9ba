"""What the screen says of a file while changed values lie over it, or wait for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pxtui import events as e
from pxtui import project
from pxtui.engine.fake import FakeEngine, Script
from pxtui.polyaxonfile.load import load
from pxtui.polyaxonfile.path import Path as Place
from pxtui.session import Session
from pxtui.settings import Settings
from pxtui.state import State, apply
from pxtui.ui.app import PxtuiApp
from pxtui.ui.command_lines import changed_spans
from pxtui.ui.panes import drafted
from pxtui.ui.panes.columns import Columns
from pxtui.ui.panes.file import File
from pxtui.ui.panes.file_marks import notes, on_disk
from pxtui.ui.panes.form import Form
from pxtui.ui.panes.row_hint import hint
from pxtui.ui.panes.will_run import _before
from pxtui.ui.prospect import hindrance
from tests.ui import example as x
from tests.ui.seeing import press, until, words
from tests.ui.stub import StubSession

Make = Callable[..., Path]
Edits = tuple[tuple[Place, str | None], ...]
SIZE = (120, 40)
TEXT = """\
version: 1
kind: job
declarations:
  lr: 0.1
  batch: 64
  spare: 1
run:
  image: busybox:1
  cmd: train {{ lr }} {{ batch }} {{ nope }}
"""
GOOD = TEXT.replace(" {{ nope }}", "")
COMPONENT = """\
version: 1.1
kind: component
inputs:
- name: lr
  type: float
  is_optional: true
  value: 0.1
- name: n
  type: int
  is_optional: true
  value: abc
run:
  kind: job
  container:
    image: busybox:1
    command: [sh, -c, "echo {{ lr }} {{ n }}"]
"""


def told(text: str, edits: Edits = ()) -> tuple[e.Event, ...]:
    """What a session tells of a file with these edits over it."""
    data = text.encode()
    base, now = (load(data, x.FILE, dict(each), {}) for each in ((), edits))
    kind = e.Loaded if now.valid else e.Invalid
    return (kind(now, base, edits), e.FileText(x.FILE, text))


def state_of(*events: e.Event) -> State:
    state = State()
    for event in events:
        state = apply(state, event)
    return state


def at(name: str) -> Place:
    return ("declarations", *name.split("."))


def app_on(*events: e.Event) -> tuple[PxtuiApp, StubSession]:
    session = StubSession(Path("/home/you/code/mnist"), *events)
    return PxtuiApp(session, now=lambda: x.NOW), session


# -- problems at the lines of the file


@pytest.mark.parametrize(
    "edits",
    [
        ((at("lr"), None),),
        ((at("new"), "1"), (at("other"), "2")),
        ((at("lr"), None), (at("new"), "1"), (at("batch"), "[1,\n 2]")),
    ],
)
def test_a_problem_stands_at_its_line_of_the_file_whatever_was_added_or_taken(
    edits: Edits,
) -> None:
    state = state_of(*told(TEXT, edits))
    placed = on_disk(state)
    nope = next(p for p in placed if "nope" in p.message)
    assert placed[nope].line == 9
    spare = [p for p in placed if "spare" in p.message]
    assert [placed[p].line for p in spare] == [6] * len(spare)


def test_a_problem_of_an_added_line_stands_where_the_line_will_come() -> None:
    state = state_of(*told(GOOD, ((at("new"), "'{{ nope }}'"),)))
    placed = on_disk(state)
    (line,) = [placed[p].line for p in placed if "nope" in p.message]
    assert line == 6, "behind the last of the section"


def test_a_changed_value_beside_one_that_was_taken_out_keeps_its_line() -> None:
    state = state_of(*told(GOOD, ((at("lr"), None), (at("batch"), "'{{ nope }}'"))))
    placed = on_disk(state)
    (line,) = [placed[p].line for p in placed if "nope" in p.message]
    assert line == 5


def test_each_file_has_its_own_lines() -> None:
    over = "version: 1\ndeclarations:\n  a: 1\n  lr: 0.5\n"
    text = e.FileText(x.FILE, GOOD, (("over.yml", over),))
    state = replace(state_of(*told(GOOD)), file_text=text, edits=((at("a"), None),))
    texts = drafted.texts(state)
    assert texts["over.yml"].line(3) == 4
    assert texts[x.FILE].line(9) == 9


async def test_a_name_that_was_taken_out_is_brought_back_by_enter() -> None:
    app, session = app_on(*told(GOOD, ((at("lr"), None),)), x.ENGINE, x.TREE)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: "line 9: lr is not declared" in words(app))
        assert "bring lr back (= on its row)" in words(app)
        await press(pilot, "exclamation_mark")
        await until(pilot, lambda: "↵ mends it: bring lr back (= on its row)" in words(app))
        assert app.body.query_one(File).line == 9
        await press(pilot, "enter")
        assert session.asked == [("edit_all", ((at("lr"), "0.1"),))]


async def test_the_file_is_valid_and_the_changed_values_are_not() -> None:
    app, session = app_on(*told(GOOD, ((at("lr"), None),)), x.ENGINE, x.TREE)
    async with app.run_test(size=SIZE) as pilot:
        said = "✓ valid, ✗ changed values"
        await until(pilot, lambda: said in words(app))
        assert "!  the changed values have 1 error" in words(app)
        assert "the file itself is valid" in words(app)
        assert "the polyaxonfile has" not in words(app)
        session.tell(*told(TEXT))
        await until(pilot, lambda: "✗ 1 error" in words(app))
        assert "!  the polyaxonfile has 1 error" in words(app)


def test_errors_of_the_file_and_of_changed_values_are_told_together() -> None:
    state = state_of(*told(TEXT, ((at("lr"), None),)))
    assert hindrance(state) == "the polyaxonfile has 2 errors with the changed values"


def test_an_error_within_the_lines_of_a_row_is_an_error_of_the_row() -> None:
    columns = Columns(state_of(*told(COMPONENT)))
    (path,) = columns.errors
    assert path[-1] == "n"
    assert columns.errors[path].line == 11


def test_an_error_behind_the_last_row_is_none_of_it() -> None:
    assert not Columns(state_of(*told(TEXT))).errors


# -- notes of changed values


MERGED = """\
version: 1
kind: job
declarations:
  base: &base
    lr: 0.1
    opt: {a: 1, b: 2}
  mine:
    <<: *base
    k: 2
  whole: *base
run:
  image: busybox:1
  cmd: train {{ base.lr }} {{ mine.lr }} {{ whole.lr }} {{ mine.k }}
"""


@pytest.mark.parametrize(
    ("edits", "said"),
    [
        (
            ((at("base.lr"), "0.5"), (at("mine.lr"), "0.7")),
            {4: "~ 0.5 in the next run", 6: "~ 0.7 in the next run"},
        ),
        (((at("whole.lr"), "0.9"),), {9: "~ 0.9 in the next run"}),
        (((at("whole.opt.a"), "9"),), {9: "~ 9 in the next run"}),
        (((at("mine.opt.a"), "9"),), {6: "~ 9 in the next run"}),
        (
            ((at("base.opt.a"), "3"), (at("base.opt.b"), None)),
            {5: "~ base.opt.a 3, base.opt.b taken out in the next run"},
        ),
    ],
)
def test_a_changed_value_is_told_at_the_line_that_gets_it(
    edits: Edits, said: dict[int, str]
) -> None:
    assert notes(state_of(*told(MERGED, edits)), x.FILE) == said


def test_a_changed_input_is_told_at_its_value() -> None:
    state = state_of(*told(COMPONENT, ((("params", "lr"), "0.5"),)))
    assert notes(state, x.FILE) == {6: "~ 0.5 in the next run"}


async def test_a_note_without_room_is_shortened() -> None:
    text = GOOD.replace("batch: 64", "batch_size_of_one: 64 # one")
    text = text.replace("{{ batch }}", "{{ batch_size_of_one }}")
    app, _ = app_on(*told(text, ((at("batch_size_of_one"), "77"), (at("lr"), "0.7"))))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "~ 0.7 in the next run" in words(app))
        line = next(line for line in words(app).splitlines() if "64 # one" in line)
        assert line.rstrip().endswith("~ 77")


# -- values and defaults


def test_the_default_of_an_input_is_the_value_of_the_file() -> None:
    columns = Columns(state_of(*told(COMPONENT, ((("params", "lr"), "0.5"),))))
    lr = columns.declarations[0]
    assert columns.before(lr) == "0.1"
    assert columns.note(lr)[0] == ("float",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (COMPONENT, "a value is written in its place"),
        (
            "version: 1\nkind: experiment\ninputs:\n- {name: lr, type: float, is_optional: true,"
            " default: 0.1}\nrun:\n  image: busybox:1\n  cmd: train {{ lr }}\n",
            "a value is written as its own",
        ),
    ],
)
def test_where_a_value_of_an_input_is_written_is_said(text: str, said: str) -> None:
    columns = Columns(state_of(*told(text)))
    row = hint(columns, columns.declarations[0], 200)
    assert said in "".join(piece.text for piece in row)


def test_a_list_over_lines_is_shown_in_one_whatever_ends_them() -> None:
    text = GOOD.replace("batch: 64", "batch: [1,\n    2]").replace("\n", "\r\n")
    columns = Columns(state_of(*told(text)))
    assert columns.text(columns.declarations[1]) == "[1, 2]"


def test_what_is_said_without_rows_is_why_there_are_none() -> None:
    broken = state_of(*told("version: 1\n  kind: {"), *told("version: 1\n  kind: {"))
    assert Columns(broken).empty == "the file cannot be read"
    kept = replace(broken, edits=((at("lr"), "0.5"), (at("a"), "1")))
    assert Columns(kept).empty == "the file cannot be read: 2 changed values are kept"
    assert Columns(State()).empty == "nothing is declared"


async def test_changed_values_are_kept_while_the_file_is_broken_or_gone(
    make_project: Make,
) -> None:
    root = make_project(GOOD)
    settings = Settings(engine="fake")
    async with Session(project.find(root), settings, lambda: FakeEngine(Script())) as session:
        app = PxtuiApp(session)
        async with app.run_test(size=SIZE) as pilot:
            await until(pilot, lambda: session.state.engine is not None)
            session.edit(at("lr"), "0.5")
            await until(pilot, lambda: bool(session.state.edits))
            (root / "polyaxonfile.yml").write_text("version: 1\n  kind: {")
            session.reload()
            await until(pilot, lambda: "1 changed value is kept" in words(app))
            assert "lacks last change" not in words(app)


# -- the row under the cursor


@pytest.mark.parametrize("rows", [18, 24])
async def test_the_changed_row_stays_in_view(rows: int) -> None:
    values = "".join(f"  v{n:02}: {n}\n" for n in range(rows - 1))
    text = GOOD.replace("  lr: 0.1\n", f"  lr: 0.1\n{values}".replace("  batch", "")).replace(
        "  batch: 64\n  spare: 1\n", "  last: 7\n"
    ).replace("{{ batch }}", "{{ last }}")  # fmt: skip
    app, session = app_on(*told(text), x.ENGINE, x.TREE)
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "end")
        form = app.screen.query_one(Form)
        for value in ("8", "7", "9"):
            session.tell(*told(text, ((at("last"), value),) if value != "7" else ()))
            await until(pilot, lambda: form.columns.text(form.columns.declarations[-1]) == value)  # noqa: B023
            await until(pilot, lambda: f" {value} " in line_under_the_cursor(app))  # noqa: B023


def line_under_the_cursor(app: PxtuiApp) -> str:
    """The row of the form as the screen has it; empty where it is out of view."""
    form = app.screen.query_one(Form)
    at_row = form.cursor - form.scroll_offset.y
    is_seen = 0 <= at_row < form.size.height
    return words(app).splitlines()[form.region.y + at_row] if is_seen else ""


# -- what was said, and what is so


async def test_that_it_was_written_is_said_until_another_program_writes_the_file() -> None:
    app, session = app_on(*told(GOOD), x.ENGINE, x.TREE)
    async with app.run_test(size=SIZE) as pilot:
        session.tell(*told(GOOD), e.Saved(x.FILE, ("lr",)))
        await until(pilot, lambda: "✓ written to polyaxonfile.yml: lr" in words(app))
        session.tell(*told(GOOD.replace("0.1", "0.9")))
        await until(pilot, lambda: "0.9" in words(app))
        await until(pilot, lambda: "written to" not in words(app))


async def test_a_broken_file_does_not_say_what_an_image_lacks() -> None:
    app, session = app_on(*x.OPENED, e.ImageSeen("sha256:1", x.current_target()))
    session.tell(e.Watching("build"))
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: "✓ image" in words(app))
        session.tell(*told("version: 1\n  kind: {"))
        await press(pilot, "5")
        await until(pilot, lambda: "image is built" in words(app))
        assert "lacks last change" not in words(app)
        nothing = "until the polyaxonfile can be run: nothing"
        await until(pilot, lambda: nothing in words(app))


def test_a_changed_secret_is_marked_in_the_command() -> None:
    text = GOOD.replace("lr: 0.1", "api_key: abcdefgh\n  db_password: qrstuvwx").replace(
        "{{ lr }}", "--key={{ api_key }} --password={{ db_password }}"
    )
    state = state_of(*told(text, ((at("api_key"), "ijklmnop"),)))
    assert state.resolved is not None
    cmd = state.resolved.shown
    spans = changed_spans(cmd, _before(state))
    assert [cmd[a:b] for a, b in spans] == ["••••••"]
    assert cmd[: spans[0][0]].endswith("--key=")
    assert "abcdefgh" not in _before(state)
    assert changed_spans(cmd, _before(replace(state, reading=state.base))) == ()
