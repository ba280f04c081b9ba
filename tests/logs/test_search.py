"""Search and filter: the lines that `re` finds one by one, whoever looks, however it grows."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from array import array
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pxtui.logs import filter_rows, search, search_child, search_job
from pxtui.logs.filter_rows import FilterRows
from pxtui.logs.line import Line
from pxtui.logs.lines import Lines
from pxtui.logs.query import Query
from pxtui.logs.search import Search
from pxtui.logs.store import LogWriter

PATTERNS = (
    *("loss", "Loss", "!loss", "e", "!e", r"loss=0\.0\d", r"^step \d+$", "^$", "!^$", "nothing"),
    *(r"\s\d+\s", r"[^a-z ]", "a|Step", "(?=l)loss", "x*", r"\bstep", "été", "É", "loss.*STEP"),
    *("日", r"\W\W", "([a-z])=", "(?i:LOSS)", "s{2}", "characters"),
)
ENDLESS = "(a|aa|aaa)+b?$"
PLAIN = ("loss=0.01 step 3", "Loss 0.1", "step 12", "", "aaa", "E = 5 ,, loss", "Step of A", "ss")
DRESSED = (*PLAIN, "\x1b[31mloss\x1b[0m=\x1b[1m0.02", "Été été", "日本\tloss", "LOSS step\r\n")


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """Neither a process nor a thread nor an open file of a search stays behind."""
    before = set(os.listdir("/proc/self/fd")) if sys.platform == "linux" else set()
    yield
    wait(lambda: not [one for one in threading.enumerate() if one.name == "search"])
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
    if sys.platform == "linux":
        wait(lambda: len(os.listdir("/proc/self/fd")) <= len(before))


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is left to children, at once, in small blocks."""
    monkeypatch.setattr(search, "FEW", 0)
    monkeypatch.setattr(search, "PAUSE", 0.0)


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., tuple[LogWriter, Lines]]]:
    opened: list[LogWriter | Lines] = []

    def make(text: str = "") -> tuple[LogWriter, Lines]:
        folder = tmp_path / str(len(opened))
        writer, lines = LogWriter(folder, 1 << 40), Lines(folder)
        opened.extend((writer, lines))
        writer.write(text.encode(), "stdout")
        lines.advance(10)
        return writer, lines

    yield make
    for one in opened:
        one.close()


def wait(until: Callable[[], object], seconds: float = 20) -> None:
    limit = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < limit
        time.sleep(0.001)


def naive(lines: Lines, query: Query) -> list[int]:
    return in_texts([line.text for line in lines.get(0, lines.finished)], query)


def in_texts(texts: list[str], query: Query) -> list[int]:
    found = re.compile(query.pattern, re.IGNORECASE if query.fold else 0).search
    return [at for at, text in enumerate(texts) if (found(text) is None) is query.inverse]


def finish(found: Search) -> None:
    def done() -> bool:
        found.poll()
        return bool(found.trouble) or (
            not found.running and found.looked_at == found._lines.finished
        )

    wait(done)


def searched(lines: Lines, typed: str) -> tuple[list[int], str]:
    found = Search(lines, Query(typed, inverts=True))
    found.start()
    finish(found)
    assert found.trouble or found.looked_at == lines.finished
    found.close()
    return list(found.hits), found.trouble


@pytest.mark.usefixtures("jobs")
@pytest.mark.parametrize(
    ("kinds", "rg"),
    [
        pytest.param(
            *(PLAIN, True),
            marks=pytest.mark.skipif(not shutil.which("rg"), reason="needs ripgrep"),
            id="plain, with rg",
        ),
        pytest.param(PLAIN, False, id="plain"),
        pytest.param(DRESSED, False, id="dressed"),
    ],
)
def test_finds_what_re_finds(
    make: Callable[..., tuple[LogWriter, Lines]],
    monkeypatch: pytest.MonkeyPatch,
    rg: bool,
    kinds: tuple[str, ...],
) -> None:
    if not rg:
        monkeypatch.setenv("PATH", "")
    pick = random.Random(1)
    text = "".join(pick.choice(kinds) + "\n" for _ in range(6_000))
    _, lines = make(text)
    lines.advance(10, ended=True)
    assert (lines.plain_file is None) is (kinds is DRESSED)
    texts = [line.text for line in lines.get(0, lines.finished)]
    for typed in PATTERNS:
        assert searched(lines, typed) == (in_texts(texts, Query(typed, inverts=True)), ""), typed


def test_looks_at_a_few_lines_in_our_own_process(
    make: Callable[..., tuple[LogWriter, Lines]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subprocess, "Popen", None)
    _, lines = make("".join(line + "\n" for line in DRESSED) * 20)
    for typed in PATTERNS:
        assert searched(lines, typed) == (naive(lines, Query(typed, inverts=True)), ""), typed


class FakeLines:
    """Lines of which the last 64 change at will."""

    plain_file = None

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.finished = self.version = 0

    def get(self, first: int, count: int) -> list[Line]:
        return [Line(text, "stdout", 0.0) for text in self.texts[first : first + count]]

    def blocks(self, first: int) -> Iterator[tuple[int, str]]:
        for at in range(first, self.finished, 50):
            texts = self.texts[at : min(at + 50, self.finished)]
            yield at, "".join(text + "\n" for text in texts)


@pytest.mark.parametrize("few", [0, 40, 10_000])
@settings(max_examples=12, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 64), st.integers(0, 300)), max_size=12),
    st.sampled_from(PATTERNS),
    st.randoms(use_true_random=False),
)
def test_goes_on_with_a_log_that_grows_and_falls(
    few: int, steps: list[tuple[int, int]], typed: str, pick: random.Random
) -> None:
    lines = FakeLines()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "FEW", few)
        patch.setattr(search, "PAUSE", 0.0)
        found = Search(cast(Lines, lines), Query(typed, inverts=True))
        rows = FilterRows(1)
        found.start()
        for back, more in steps:
            del lines.texts[max(0, len(lines.texts) - back) :]
            lines.finished = len(lines.texts)
            if pick.random() < 0.5:
                found.poll()
            lines.texts += [pick.choice(PLAIN) for _ in range(more)]
            lines.finished, lines.version = len(lines.texts), lines.version + 1
            found.poll()
            rows.update(found.hits, lines.finished)
            assert found.looked_at <= lines.finished
            assert all(hit < found.looked_at for hit in found.hits)
        finish(found)
        found.close()
        assert list(found.hits) == naive(cast(Lines, lines), found.query)
        while not rows.update(found.hits, lines.finished):
            pass
        assert list(rows.rows) == around(list(found.hits), 1, lines.finished)


def test_a_real_log_grows_and_goes_back(make: Callable[..., tuple[LogWriter, Lines]]) -> None:
    writer, lines = make("loss 0\n" * 100)
    found = Search(lines, Query("loss"))
    found.start()
    for step in range(30):
        writer.write(b"\x1b[3A\x1b[2K" + f"loss {step}\r\n\x1b[2Kstep\n\n\n".encode(), "stdout")
        lines.advance(1)
        found.poll()
    lines.advance(1, ended=True)
    finish(found)
    found.close()
    assert list(found.hits) == naive(lines, found.query)


def test_poll_tells_whether_there_is_anything_new(
    make: Callable[..., tuple[LogWriter, Lines]],
) -> None:
    writer, lines = make("loss\n\x1b[mstep\n" * 10)
    found = Search(lines, Query("loss"))
    found.start()
    found.poll()
    assert not found.poll()
    writer.write(b"more\n", "stdout")
    lines.advance(1)
    assert found.poll()
    assert not found.poll()
    found.close()


@pytest.mark.parametrize("around", [0, 5_000, 10_000, 20_000])
def test_the_first_screen_is_what_is_nearest(
    make: Callable[..., tuple[LogWriter, Lines]], around: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "FIRST_BUDGET", 60.0)
    _, lines = make("".join(f"step {at} {'loss' * (at % 50 == 0)}\n" for at in range(10_000)))
    found = Search(lines, Query("loss"))
    hits = found.first_screen(around, 20)
    wanted = sorted(range(0, 10_000, 50), key=lambda at: abs(at - around))[:20]
    assert hits == sorted(hits)
    assert [abs(at - around) for at in hits] == [abs(at - around) for at in sorted(wanted)]
    assert len(found.first_screen(around, 1_000)) == 200


def test_the_first_screen_takes_its_time_only(
    make: Callable[..., tuple[LogWriter, Lines]],
) -> None:
    _, lines = make("no such word here\n" * 200_000)
    assert lines.finished == 200_000
    began = time.monotonic()
    assert Search(lines, Query("loss")).first_screen(100_000, 40) == []
    assert Search(lines, Query(ENDLESS)).first_screen(100_000, 40) == []
    assert time.monotonic() - began < 0.5


@pytest.mark.parametrize("few", [0, 10_000])
def test_a_pattern_without_end_holds_nothing_up(
    make: Callable[..., tuple[LogWriter, Lines]], monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(search, "FEW", few)
    _, lines = make("a loss\n" * 10 + "a" * 200 + "!\n" + "a loss\n" * 2_000)
    found = Search(lines, Query(ENDLESS))
    took: list[float] = []
    found.start()

    def polled() -> bool:
        took.append(timed(found.poll))
        return found.running and len(took) > 100

    wait(polled)
    assert sorted(took)[len(took) * 9 // 10] < 0.05
    assert timed(found.close) < 0.1
    assert not found.poll()


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


@pytest.mark.usefixtures("jobs")
def test_a_pattern_without_end_is_named_at_last(
    make: Callable[..., tuple[LogWriter, Lines]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", "")
    child = tmp_path / "child.py"
    source = Path(search_child.__file__).read_text()
    child.write_text(source.replace("PATIENCE = 20\n", "PATIENCE = 0.2\n"))
    monkeypatch.setattr(search_job, "_CHILD", child)
    _, lines = make("a" * 200 + "!\n")
    hits, trouble = searched(lines, ENDLESS)
    assert hits == []
    assert trouble == "the search was given up: this pattern takes too long"


@pytest.mark.usefixtures("jobs")
def test_a_child_that_is_killed_is_named(make: Callable[..., tuple[LogWriter, Lines]]) -> None:
    _, lines = make("a" * 200 + "!\n")
    found = Search(lines, Query(ENDLESS + "(?!x)"))
    found.start()
    job = found._job
    assert job is not None
    wait(lambda: job._children)
    job._children[0].send_signal(signal.SIGTERM)
    finish(found)
    assert found.trouble.startswith("the search failed")
    assert not found.running
    found.close()


@pytest.mark.usefixtures("jobs")
def test_a_pattern_that_is_too_much_for_ripgrep_goes_to_python(
    make: Callable[..., tuple[LogWriter, Lines]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    rg = tmp_path / "rg"
    rg.write_text("#!/bin/sh\nexit 2\n")
    rg.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    _, lines = make("loss\nstep\nloss\n")
    assert lines.plain_file
    assert searched(lines, "loss") == ([0, 2], "")


@pytest.mark.usefixtures("jobs")
@pytest.mark.parametrize("size", [1, 7, 64, 1_000])
def test_shares_of_a_file_are_put_together(
    make: Callable[..., tuple[LogWriter, Lines]],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    size: int,
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    child = tmp_path / "child.py"
    source = Path(search_child.__file__).read_text()
    child.write_text(source.replace("BLOCK = 1 << 18\n", f"BLOCK = {size}\n"))
    monkeypatch.setattr(search_job, "_CHILD", child)
    monkeypatch.setattr(search_job, "BLOCK", size)
    pick = random.Random(size)
    _, lines = make("\n".join(pick.choice(PLAIN) * pick.choice((1, 9)) for _ in range(200)))
    lines.advance(1, ended=True)
    for typed in ("loss", "^$", r"step \d", "!e"):
        assert searched(lines, typed)[0] == naive(lines, Query(typed, inverts=True)), typed


def test_numbers_are_moved_all_at_once() -> None:
    numbers = array("I", [1, 2, 4_000_000_000])
    assert list(search_job.shifted(numbers, -1)) == [0, 1, 3_999_999_999]
    assert list(search_job.shifted(numbers, 5)) == [6, 7, 4_000_000_005]
    assert not search_job.shifted(array("I"), 5)


def around(hits: list[int], context: int, finished: int) -> list[int]:
    rows = {row for hit in hits for row in range(hit - context, hit + context + 1)}
    return sorted(row for row in rows if 0 <= row < finished)


@settings(max_examples=100, deadline=None)
@given(
    st.integers(0, 5),
    st.lists(st.tuples(st.integers(0, 64), st.sets(st.integers(0, 200))), max_size=20),
)
def test_rows_of_a_filter(context: int, steps: list[tuple[int, set[int]]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(filter_rows, "AT_ONCE", 50)
        patch.setattr(filter_rows, "STEADY", 64)
        rows = FilterRows(context)
        hits: array[int] = array("I")
        finished = 0
        for back, more in steps:
            finished = max(0, finished - back)
            hits = array("I", [hit for hit in hits if hit < finished])
            hits.extend(finished + hit for hit in sorted(more))
            finished += 201
            while not rows.update(hits, finished):
                pass
            assert list(rows.rows) == around(list(hits), context, finished)
