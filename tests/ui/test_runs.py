"""Runs: a live list in which each run can be read, taken up, named, handed on and removed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pxtui import events as e
from pxtui.needs import Need
from pxtui.run import USUAL
from pxtui.ui.app import PxtuiApp
from pxtui.ui.dialogs.choose import Choose
from pxtui.ui.dialogs.inspect import Inspect
from pxtui.ui.listed import fitted, when
from pxtui.ui.panes.run import Run
from tests.ui import example as x
from tests.ui.seeing import press, until, words
from tests.ui.stub import StubSession, write_log

SIZE = (120, 40)
OPENED = (x.loaded(), x.FILE_TEXT, x.ENGINE, x.TRUSTED, x.TREE)
STARRED = replace(
    x.past(9, "done", ("lr", "0.05"), last="accuracy 0.902"),
    started=x.NOW - 130,
    label="baseline",
    starred=True,
    outputs="/runs/9/outputs",
    outputs_size=1_204_000_000,
    biggest=(("ckpt/ep10.pt", 1_200_000_000), ("metrics.csv", 2100)),
)
FAILED = replace(
    x.past(10, "failed", ("lr", "1"), exit_code=1, last="the last line", seconds=9.4),
    started=x.NOW - 20,
    message="FloatingPointError: loss is nan",
    values=(("lr", "1"), ("api_key", "••••••")),
    got=(("gpu", "0 (RTX 4090)"), ("/dev/shm", "16 GB")),
    image="sha256:abc",
    engine="docker-1",
    kept="pxtui-keep-me",
)
LIST = e.History((STARRED, FAILED))


def queued(wait: str, *differs: tuple[str, str]) -> e.Queued:
    resolved = x.reading().resolved
    assert resolved is not None
    secret = (("password", "geheim"), ("lr", "0.1"))
    return e.Queued(resolved, "sha256:1", x.current_target(), "asked", differs, id=wait,
                    values=secret, secrets=("password",))  # fmt: skip


def app_on(*events: e.Event, logs: Path | None = None) -> tuple[PxtuiApp, StubSession]:
    session = StubSession(Path("/home/you/code/mnist"), *OPENED, *events, logs=logs)
    return PxtuiApp(session, now=lambda: x.NOW), session


def last(session: StubSession) -> tuple[Any, ...]:
    return session.asked[-1]


@pytest.mark.parametrize("size", [(120, 40), (200, 60), (100, 50)])
async def test_a_run_says_all_of_itself(size: tuple[int, int]) -> None:
    app, _ = app_on(LIST)
    async with app.run_test(size=size) as pilot:
        told = ("10  ✗ exit 1", "lr 1", "FloatingPointError", "9.4 s", "just now",
                "9★ ✓ done", "baseline", "lr 0.05", "accuracy 0.902", "3:00", "2 min ago",
                "1.2 GB")  # fmt: skip
        await until(pilot, lambda: all(text in words(app) for text in told))


async def test_in_a_small_terminal_values_are_whole_or_counted() -> None:
    many = (("dropout", "0.30000000001"), ("lr", "0.00005"))
    app, _ = app_on(e.History((replace(STARRED, label=""), x.past(10, "done", *many))))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "2 values" in words(app) and "lr 0.05" in words(app))
        assert "0.3000" not in words(app)
        await press(pilot, "6", "down")
        await until(pilot, lambda: "#9  ✓ done in 3:00 · accuracy 0.902 · 2 min" in words(app))


async def test_the_last_line_of_a_live_run_comes_by_itself(tmp_path: Path) -> None:
    app, session = app_on(logs=tmp_path)
    write_log(tmp_path / "run" / "r1", (x.NOW, "stdout", "first\nepoch 1: 62%"))
    async with app.run_test(size=SIZE) as pilot:
        session.tell(x.started("r1", 1, x.NOW - 191))
        await press(pilot, "1")
        await until(pilot, lambda: "epoch 1: 62%" in words(app))
        assert "3:11" in words(app)
        write_log(tmp_path / "run" / "r1", (x.NOW, "stdout", "first\nepoch 2: \x1b[31m7%\n\n"))
        await until(pilot, lambda: "epoch 2: 7%" in words(app))


async def test_waiting_runs_are_taken_back_one_by_one() -> None:
    app, session = app_on(
        LIST, x.started("r11", 11, x.NOW), queued("w1", ("lr", "3")), queued("w2", ("lr", "4"))
    )
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "6")
        await until(pilot, lambda: "s take back" in words(app))
        await press(pilot, "s")
        assert session.asked == [("unqueue", "w2")]
        session.tell(e.Unqueued(id="w2"))
        await until(pilot, lambda: "lr 4" not in words(app))
        await press(pilot, "delete")
        assert session.asked[-1] == ("unqueue", "w1")
        await press(pilot, "full_stop", "L", "Y")
        assert len(session.asked) == 2
        await press(pilot, "i")
        await until(pilot, lambda: isinstance(app.screen, Inspect))
        assert "••••••" in words(app)
        assert "geheim" not in words(app)


async def test_the_keys_go_to_the_run_under_the_cursor() -> None:
    live = (x.started("r11", 11, x.NOW), x.started("r12", 12, x.NOW))
    app, session = app_on(LIST, *live)
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "6", "down", "s")
        assert session.asked == [("stop", "r11")]
        await press(pilot, "S", "up", "enter")
        assert last(session) == ("kill", "r11")
        await press(pilot, "down", "full_stop", "L")
        assert session.asked[-2:] == [("repeat", "run10"), ("load", "run10")]
        await press(pilot, "asterisk", "down", "asterisk")
        assert session.asked[-2:] == [("mark", "run10", None, True), ("mark", "run9", None, False)]
        await press(pilot, "l")
        await until(pilot, lambda: "Label of #9" in words(app))
        await press(pilot, *"q1", "enter")
        assert last(session) == ("mark", "run9", "q1", None)
        await press(pilot, "l", "escape", "enter")
        assert last(session) == ("mark", "run9", "q1", None)
        assert app.screen.query_one(Run).shown == "run9"


async def test_a_run_is_removed_when_asked_and_a_starred_one_when_asked_twice() -> None:
    app, session = app_on(LIST, x.started("r11", 11, x.NOW))
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "1", "delete")
        await until(pilot, lambda: "choose the run to remove in Runs" in words(app))
        await press(pilot, "6", "delete")
        await until(pilot, lambda: "#11 has not ended: s stops it" in words(app))
        await press(pilot, "down", "delete", "enter")
        assert session.asked == []
        await press(pilot, "delete", "up", "enter")
        assert session.asked == [("remove", "run10")]
        await press(pilot, "down", "delete")
        await until(
            pilot, lambda: "#9 is starred ★. Remove #9 with its log and 1.2 GB" in words(app)
        )
        await press(pilot, "up", "enter")
        await until(pilot, lambda: "Really remove it for good?" in words(app))
        await press(pilot, "enter")
        assert session.asked == [("remove", "run10")]
        await press(pilot, "delete", "up", "enter", "up", "enter")
        assert session.asked[-1] == ("remove", "run9")


async def test_inspect_shows_everything_also_of_the_run_that_is_shown() -> None:
    app, session = app_on(LIST)
    async with app.run_test(size=(120, 60)) as pilot:
        await press(pilot, "at")
        told = ("#10", "exit 1: FloatingPointError", "2026-11-23 ", "after 9.4 s", "the last line",
                "~ lr", "api_key", "••••••", "sha256:abc", "docker-1", "RTX 4090", "16 GB",
                "pxtui-keep-me: its files", "/runs/run10/log")  # fmt: skip
        await until(pilot, lambda: all(text in words(app) for text in told))
        await press(pilot, "escape", "6", "down", "i")
        more = ("#9", "★ baseline", "/runs/9/outputs, 1.2 GB", "1.2 GB    ckpt/ep10.pt")
        await until(pilot, lambda: all(text in words(app) for text in more))
        await press(pilot, "q")
        session.tell(x.started("r11", 11, x.NOW, ("lr", "7")), e.Given("r11", (("gpu", "none"),)))
        await press(pilot, "1", "6", "home", "i")
        await until(pilot, lambda: "● running" in words(app) and "none" in words(app))


async def test_foreign_text_is_only_text_in_inspect() -> None:
    bad = "a\x1b]52;c;aGk=\x07b\u202ec"
    nasty = replace(
        FAILED, label=bad, message=bad, cmd=bad, outputs=f"/{bad}", biggest=((bad, 3),),
        outputs_size=3, got=((bad, bad),), values=((bad, bad),), kept=bad, last_line=bad,
    )  # fmt: skip
    app, _ = app_on(e.History((nasty,)))
    async with app.run_test(size=(120, 80)) as pilot:
        await press(pilot, "6", "i")
        await until(pilot, lambda: isinstance(app.screen, Inspect))
        await until(pilot, lambda: "surroundings" in words(app))
        seen = words(app)
        assert seen.count("␛]52") >= 8
        assert not {"\x1b", "\x07", "\u202e"} & set(seen)


async def test_what_a_run_wrote_is_said_at_its_end() -> None:
    app, session = app_on()
    async with app.run_test(size=SIZE) as pilot:
        session.tell(x.started("run9", 9, x.NOW))
        await until(pilot, lambda: "● running" in words(app))
        end = e.Finished("run", "run9", "done", 0, None, 180.0, "", "/runs/9/outputs", x.NOW,
                         number=9, outputs_size=1_204_000_000, biggest=STARRED.biggest)  # fmt: skip
        session.tell(end, e.History((replace(STARRED, kept="pxtui-keep-me"),)))
        told = ("#9 done in 3:00 and wrote 1.2 GB, most of it ckpt/ep10.pt · o opens it",
                "outputs in /runs/9/outputs", "wrote 1.2 GB: ckpt/ep10.pt 1.2 GB, metrics.csv",
                "container pxtui-keep-me is kept")  # fmt: skip
        await until(pilot, lambda: all(text in words(app) for text in told))


async def test_outputs_are_opened_or_their_place_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "TMUX"):
        monkeypatch.delenv(name, raising=False)
    app, _ = app_on(e.History((replace(STARRED, outputs=str(tmp_path)), FAILED)))
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "o")
        await until(pilot, lambda: "#10 has written nothing" in words(app))
        await press(pilot, "6", "down", "o")
        await until(pilot, lambda: app.clipboard == str(tmp_path))
        await until(pilot, lambda: "asked the terminal to copy" in words(app))
        opener = tmp_path / "xdg-open"
        opener.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/opened; exit 3\n')
        opener.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
        monkeypatch.setenv("DISPLAY", ":0")
        await press(pilot, "o")
        await until(pilot, lambda: "xdg-open: exit code 3" in words(app))
        assert (tmp_path / "opened").read_text() == f"{tmp_path}\n"


async def test_what_is_to_decide_comes_before_the_problems_of_the_file() -> None:
    choices = (("mount", "mount it read-only"), ("no", "leave it out"))
    needs = (
        Need("link a /big", "link", "a", "a is a link to /big", choices),
        Need("link b /big", "link", "b", "b is a link to /big", choices),
    )
    app, session = app_on(LIST, e.NeedsSeen(needs, USUAL))
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: "What the run gets" in words(app) and "6 Runs" in words(app))
        await press(pilot, "exclamation_mark", "enter")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        assert "a is a link to /big" in words(app)
        await press(pilot, "escape")
        assert session.asked == []
        await press(pilot, "exclamation_mark", "enter", "enter")
        assert session.asked == [("decide", "link b /big", "mount")]
        session.tell(e.NeedsSeen((needs[0], replace(needs[1], decided="mount")), USUAL))
        await press(pilot, "exclamation_mark")
        await until(pilot, lambda: "line 10: nothing uses dropout" in words(app))
        session.tell(e.NeedsSeen(tuple(replace(n, decided="no") for n in needs), USUAL))
        await until(pilot, lambda: "What the run gets" not in words(app))


def test_values_are_never_cut() -> None:
    pairs = (("lr", "0.05"), ("epochs", "20"), ("depth", "3"))
    assert fitted(pairs, 25) == "lr 0.05 epochs 20 depth 3"
    assert fitted(pairs, 24) == "lr 0.05 epochs 20 +1"
    assert fitted(pairs, 12) == "lr 0.05 +2"
    assert fitted(pairs, 9) == "3 values"
    assert fitted(pairs[:1], 6) == "1 value"


def test_when_is_as_near_as_it_needs_to_be() -> None:
    now = x.NOW  # 12:05:13 UTC, but not everywhere
    assert when(now - 59, now) == "just now"
    assert when(now - 60, now) == "1 min ago"
    assert when(now - 3569, now) == "59 min ago"
    assert when(now - 3590, now) == "1 h ago"
    assert when(now - 40 * 86400, now) == "14 Oct"
    assert when(now - 400 * 86400, now).startswith("2025-10-")
