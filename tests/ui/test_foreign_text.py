"""Foreign text is only text: wherever it stands, no control character and no markup comes of it."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from textual.events import Paste

from pxtui import events as e
from pxtui.polyaxonfile.problems import Problem
from pxtui.polyaxonfile.reading import Declaration, Reading, Resolved
from pxtui.ui.app import PxtuiApp
from tests.ui import example as x
from tests.ui.seeing import press, until, words
from tests.ui.stub import StubSession, write_log

NASTY = {
    "sequences": "AB\x1b]52;c;aGk=\x07C\x1b\x1b[m]52;c;aGk=\x07D\x9d52;c;aGk=\x9cE"
    "\x1b]0;owned\x07\nF",
    "characters": "AB\u202e\u2066evil\u2069C\x00\x08\x7f\x0b\x0c\r\u2028D\udc80\ud800E",
    "wide": "AB[/][red]x[/red]" + "日本語👩‍👩‍👧" * 5 + "z" + "\u0301" * 50 + "CD",
    "long": "A" + "B" * 20_000 + "CD",
}
MARKUP = "AB[/][red]x[/red][@click=app.quit]CD"


def events_with(text: str) -> tuple[e.Event, ...]:
    problem = Problem("E_X", text, text, 2, 1, text)
    item = Declaration(text, ("declarations", text), text, "str", text, False, True, text, 3, text)
    resolved = Resolved("experiment", text, text, (text, text), ((text, text),), text + " --a=1")
    reading = Reading(text, text, (item,), resolved, (problem, replace(problem, code="W_X")))
    base = replace(reading, resolved=replace(resolved, cmd="b"))
    past = e.PastRun("r1", 1, "failed", 1, x.NOW, 1.0, ((text, text),), text, text, text)
    return (
        e.Loaded(reading, base, ((item.path, text),)),
        e.FileText(text, f"{text}\n{text}: {text} # {text}\n"),
        e.EngineSeen(True, text, text, True, text, False),
        e.TreeSeen("s", 1, 1, (text,)),
        e.History((past,)),
        e.Changed((text, text), 2, "build", x.NOW),
        e.Started("build", "b", 1, text, x.NOW),
        e.Step("b", 1, 2, text, "done", False, 1.0),
        e.Finished("build", "b", "failed", 1, None, 1.0, text, None, x.NOW),
        e.Started("run", "r2", 2, text, x.NOW, "", ((text, text),), text),
        e.Finished("run", "r2", "failed", 1, None, 1.0, text, text, x.NOW),
        e.History((past, replace(past, id="r2", number=2))),
        e.Notice("error", text, text),
    )


def all_is_text(app: PxtuiApp) -> None:
    for char in words(app).replace("\n", ""):
        assert unicodedata.category(char) not in ("Cc", "Cs", "Zl", "Zp"), hex(ord(char))
        assert char not in "\u202e\u2066\u2069\u2028"


@pytest.mark.parametrize(
    ("name", "size"), [*((name, (120, 40)) for name in NASTY), ("sequences", (80, 24))]
)
async def test_no_place_lets_it_through(name: str, size: tuple[int, int], tmp_path: Path) -> None:
    text = NASTY[name]
    log = text.encode("utf-8", "surrogatepass")
    root = tmp_path / "AB[red]CD"
    session = StubSession(root, logs=tmp_path)
    for job in ("build/b", "run/r1", "run/r2"):
        write_log(tmp_path / job, (x.NOW, "stderr", ""))
        (tmp_path / job / "log").write_bytes(b"Traceback (most recent call last):\n" + log + b"\n")
    app = PxtuiApp(session, now=lambda: x.NOW)
    async with app.run_test(size=size) as pilot:
        session.tell(*events_with(text))
        await until(pilot, lambda: session.heard)
        for key in "123456":
            await press(pilot, key, "z")
            all_is_text(app)
            await press(pilot, "z")
        await press(pilot, "6", "enter", "exclamation_mark", "exclamation_mark")
        all_is_text(app)
        for keys in (("2", "enter"), ("escape",), ("question_mark",), ("escape", "colon")):
            await press(pilot, *keys)
            all_is_text(app)
        await press(pilot, "escape")
        choices = ((text, text), ("no", text))
        session.tell(e.Wished("run", "asked"))
        session.tell(e.Asked("q", "trust", text, ((text, text),), choices, text))
        await until(pilot, lambda: len(app.screen_stack) > 1)
        await pilot.pause()
        all_is_text(app)
    assert app.return_code in (None, 0)


def more_events_with(text: str) -> tuple[e.Event, ...]:
    """What does not go together with the others: errors, a run that goes on, needs, conflicts."""
    plain = events_with(text)
    reading = plain[0].reading if isinstance(plain[0], e.Loaded) else x.reading()
    broken = replace(reading, resolved=None)
    gpu = replace(x.GPUS.devices[0], name=text, holders=(text,))
    engine = replace(x.ENGINE, name=text, note=text, gpus=replace(x.GPUS, devices=(gpu,)))
    need = replace(x.DATA, subject=text, text=text, choices=(("no", text),), source=text)
    tree = e.TreeSeen("s", 1, 1, (text,), text, ((text, text),), ((text, 1, 1),), (text,), (text,))
    return (
        e.Invalid(broken, broken, ((("declarations", text), text),)),
        plain[1],
        engine,
        tree,
        e.NeedsSeen((need,), x.DECIDED.surroundings),
        e.Started("build", "b", 1, text, x.NOW),
        e.Step("b", 1, 2, text, "done", False, 1.0, why=text),
        e.Finished("build", "b", "failed", 1, None, 1.0, text, None, x.NOW),
        e.Started("run", "r1", 1, text, x.NOW, "", ((text, text),), text),
        e.Given("r1", ((text, text),)),
        e.Stopping("r1", x.NOW + 5),
        e.Conflicted((e.Conflict(("declarations", text), text, text, text, text),)),
        e.Saved(text, (text,)),
    )


@pytest.mark.parametrize("name", ["sequences", "characters", "wide"])
async def test_no_other_place_lets_it_through(name: str, tmp_path: Path) -> None:
    text = NASTY[name]
    session = StubSession(tmp_path / "AB[red]CD", logs=tmp_path)
    app = PxtuiApp(session, now=lambda: x.NOW)
    async with app.run_test(size=(120, 40)) as pilot:
        session.tell(*more_events_with(text))
        await until(pilot, lambda: session.heard)
        for key in "123456":
            await press(pilot, key)
            all_is_text(app)
            await press(pilot, "i")
            all_is_text(app)
            await press(pilot, "escape")
        session.tell(e.NoFile(text, text))
        await until(pilot, lambda: session.heard)
        for key in "12":
            await press(pilot, key)
            all_is_text(app)
    assert app.return_code in (None, 0)


@pytest.mark.parametrize("name", ["sequences", "characters"])
async def test_what_is_pasted_into_a_field_is_text(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # a log is written to a file of that name
    session = StubSession(tmp_path, *x.OPENED, logs=tmp_path)
    write_log(tmp_path / "run/r1", (x.NOW, "stdout", "a line\n"))
    app = PxtuiApp(session, now=lambda: x.NOW)
    async with app.run_test(size=(120, 40)) as pilot:
        session.tell(x.started("r1", 1, x.NOW), *x.built())
        await until(pilot, lambda: session.heard)
        for key in ("slash", "ampersand", "greater_than_sign", "l", "colon", "plus"):
            await press(pilot, "4", key)
            before = words(app)
            app.post_message(Paste(NASTY[name]))
            await until(pilot, lambda before=before: words(app) != before)  # type: ignore[misc]
            all_is_text(app)
            await press(pilot, "enter")
            all_is_text(app)
            await press(pilot, "escape", "escape")
        await press(pilot, "2", "enter")
        app.post_message(Paste(NASTY[name]))
        await pilot.pause()
        all_is_text(app)
    assert app.return_code in (None, 0)


async def test_markup_is_shown_as_it_stands() -> None:
    session = StubSession(Path("/x"), *events_with(MARKUP))
    app = PxtuiApp(session, now=lambda: x.NOW)
    async with app.run_test(size=(200, 60)) as pilot:
        await until(pilot, lambda: MARKUP in words(app))
