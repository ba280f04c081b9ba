"""The output of a live job: each line once, and of nested progress bars only what they end as."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pxtui.cli import follow
from pxtui.cli.follow import QUIET, Follow
from pxtui.logs.store import LogWriter

Step = Callable[..., list[str]]


class Clock:
    """Stands where it is put."""

    now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(follow, "time", clock)
    return clock


@pytest.fixture
def step(tmp_path: Path, clock: Clock) -> Step:
    """Writes some output; gives back the lines that are given out then."""
    writer, follower = LogWriter(tmp_path, 1 << 30), Follow(tmp_path)

    def go(text: str = "", *, after: float = 0.1, last: bool = False) -> list[str]:
        clock.now += after
        writer.write(text.encode(), "stdout")
        return [line.text for line in follower.lines(last=last)]

    return go


def nested(inner: int, outer: int) -> str:
    """What nested bars of tqdm write when the inner one, and then the outer one, gets on."""
    return f"\n\rinner {inner}%\x1b[A\router {outer}%"


def test_plain_lines_come_at_once(step: Step) -> None:
    assert step("one\ntwo\nthr") == ["one", "two"]
    assert step("ee\n") == ["three"]
    assert step() == []
    assert step("10%\r20%") == []
    assert step(last=True) == ["20%"]


def test_nested_bars_do_not_print_a_line_at_each_refresh(step: Step) -> None:
    assert step("start\n") == ["start"]
    assert [step(nested(n, n // 10)) for n in range(100)] == [[]] * 100
    assert step("\n\ndone\n", last=True) == ["outer 9%", "inner 99%", "done"]


def test_a_line_that_was_given_out_comes_again_only_if_it_changed(step: Step) -> None:
    assert step("a\nb\nc\n") == ["a", "b", "c"]
    assert step("\x1b[3A\x1b[1B\rB\x1b[1B\x1b[1B") == []
    assert step(last=True) == ["B"]


def test_what_is_held_comes_when_it_is_quiet(step: Step) -> None:
    step("\n\n\x1b[2Aa\nb\n")
    assert step("c\n") == ["a"]
    assert step() == []
    assert step(after=QUIET) == ["b", "c"]
    assert step("d\n") == []


def test_many_lines_without_going_up_end_the_holding(step: Step) -> None:
    step("\n\n\x1b[2Aa\nb\n")
    given = [line for n in range(70) for line in step(f"{n}\n")]
    assert given == ["a", "b", *map(str, range(70))]
    assert step("at once\n") == ["at once"]
