"""Lines by number: the same as one terminal would show, however they were written and read."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pxtui.engine import Stream
from pxtui.logs import lines as lines_module
from pxtui.logs import spans, store
from pxtui.logs.line import MAX_LINE, Line
from pxtui.logs.lines import Lines
from pxtui.logs.screen import Screen
from pxtui.logs.store import LogWriter

BIG = 1 << 40
STREAMS: tuple[Stream, ...] = ("stdout", "stderr")
WORDS = [
    *(
        b"word",
        b"loss=0.1",
        b" ",
        b"\xc3\xa9t\xc3\xa9",
        b"\xe6\x97\xa5",
        b"\xe2\x96\x88",
        b"e\xcc\x81",
    ),
    *(b"\n", b"\n", b"\n", b"\r\n", b"\t", b"\r", b"\x08", b"\x1b[31m", b"\x1b[0m", b"\x1b[1;32m"),
    *(
        b"\x1b[A",
        b"\x1b[2A",
        b"\x1b[B",
        b"\x1b[K",
        b"\x1b[2K",
        b"\x1b[G",
        b"\x1b[J",
        b"\x1b[3",
        b"\x07",
    ),
    *(b"\xe2", b"\x00", b"\xc2\x9b", b"\x1b]0;t\x07", b"\xff"),
]
PLAIN = [
    b"a line\n",
    b"another line of it\n",
    b"loss=0.25\n",
    b"\x1b[33mwarning\x1b[m\n",
    b"x\ty\r\n",
]


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits so small that short texts reach them."""
    monkeypatch.setattr(lines_module, "STAY", 40)
    monkeypatch.setattr(lines_module, "READ", 300)
    monkeypatch.setattr(lines_module, "READ_BUSY", 60)
    monkeypatch.setattr(store, "MARK_EVERY", 120)
    monkeypatch.setattr(store, "LONG", 300)
    monkeypatch.setattr(spans, "FULL", 100)


def timeless(lines: list[Line]) -> list[Line]:
    return [line._replace(time=0.0) for line in lines]


def by_terminal(pieces: list[tuple[bytes, Stream]], *, ended: bool) -> list[Line]:
    screen = Screen()
    for data, stream in pieces:
        screen.feed(data, stream)
    if ended:
        screen.close()
    return timeless([*screen.recent, *screen.live])


def everything(lines: Lines) -> list[Line]:
    return timeless(lines.get(0, lines.total + 9))


def check(folder: Path, pieces: list[tuple[bytes, Stream]], looks: set[int]) -> None:
    writer, lines = LogWriter(folder, BIG), Lines(folder)
    for number, (data, stream) in enumerate(pieces):
        writer.write(data, stream)
        if number in looks:
            assert lines.advance(9)
            assert everything(lines) == by_terminal(pieces[: number + 1], ended=False)
    writer.close()
    lines.advance(9, ended=True)
    wanted = by_terminal(pieces, ended=True)
    assert everything(lines) == wanted
    assert lines.finished == lines.total == len(wanted)
    for first in range(0, len(wanted), 3):
        assert timeless(lines.get(first, 2)) == wanted[first : first + 2]
        text = "".join(text for _, text in lines.blocks(first))
        assert text == "".join(line.text + "\n" for line in wanted[first:])
    again = Lines(folder)
    again.advance(9, ended=True)
    assert everything(again) == wanted
    lines.close()
    again.close()


PIECE = st.tuples(
    st.lists(st.sampled_from(WORDS), max_size=6).map(b"".join)
    | st.lists(st.sampled_from(PLAIN), max_size=9).map(b"".join),
    st.sampled_from(STREAMS),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECE, max_size=30), st.data())
def test_lines_are_those_of_a_terminal(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[tuple[bytes, Stream]], draw: Any
) -> None:
    looks = draw.draw(st.sets(st.integers(0, len(pieces))))
    check(tmp_path_factory.mktemp("log"), [one for one in pieces if one[0]], looks)


def made(seed: int) -> Iterator[tuple[bytes, Stream]]:
    """Long stretches of plain lines, with bars and partial lines of two streams between."""
    draw = random.Random(seed)
    for _ in range(draw.randint(5, 60)):
        words = PLAIN if draw.random() < 0.7 else WORDS
        data = b"".join(draw.choices(words, k=draw.randint(1, 30)))
        yield data, "stderr" if draw.random() < 0.2 else "stdout"


@pytest.mark.parametrize("seed", range(40))
def test_long_stretches(tmp_path: Path, seed: int) -> None:
    pieces = list(made(seed))
    check(tmp_path, pieces, set(random.Random(seed).sample(range(len(pieces)), 3)))


def test_a_log_without_an_index_has_the_same_lines(tmp_path: Path) -> None:
    pieces: list[tuple[bytes, Stream]] = [(data, "stdout") for data, _ in made(7)]
    check(tmp_path, pieces, set())
    (tmp_path / "log.idx").unlink()
    lines = Lines(tmp_path)
    lines.advance(9, ended=True)
    assert everything(lines) == by_terminal(pieces, ended=True)


def test_only_plain_logs_are_plain_files(tmp_path: Path) -> None:
    writer, lines = LogWriter(tmp_path, BIG), Lines(tmp_path)
    writer.write(b"plain line\n" * 100 + b"not yet ended", "stdout")
    lines.advance(9)
    before = lines.plain_file
    assert before == tmp_path / "log"
    assert (lines.finished, lines.total) == (100, 101)
    writer.write(b" \x1b[31mred\x1b[0m\n", "stdout")
    lines.advance(9)
    assert lines.plain_file is None
    assert lines.get(100, 1)[0].text == "not yet ended red"


def test_a_line_without_end_costs_no_memory(tmp_path: Path) -> None:
    writer, lines = LogWriter(tmp_path, BIG), Lines(tmp_path)
    for _ in range(50):
        writer.write(b"x" * 10_000, "stdout")
        lines.advance(9)
    assert lines.total == 1
    writer.write(b"\nnext\n", "stdout")
    lines.advance(9, ended=True)
    assert lines.get(0, 2)[0].text == "x" * MAX_LINE + f"… +{500_000 - MAX_LINE:,} characters"
    assert lines.get(1, 1)[0].text == "next"


def test_the_spool_that_cannot_be_written_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer, lines = LogWriter(tmp_path, BIG), Lines(tmp_path)
    real = os.pwrite

    def full(fd: int, data: bytes, at: int) -> int:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(os, "pwrite", full)
    writer.write(b"1%\r2%\n" * 200, "stdout")
    assert lines.advance(9)
    assert "No space left" in lines.trouble
    monkeypatch.setattr(os, "pwrite", real)
    assert lines.advance(9, ended=True)
    assert [line.text for line in lines.get(0, 300)] == ["2%"] * 200
    assert lines.trouble == ""


def test_closed_lines_read_as_they_were_and_leave_no_file(tmp_path: Path) -> None:
    writer, lines = LogWriter(tmp_path, BIG), Lines(tmp_path)
    writer.write(b"1%\r2%\n" * 200, "stdout")
    lines.advance(9, ended=True)
    writer.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log", "log.idx"]
    before = set(os.listdir("/proc/self/fd"))
    lines.close()
    assert len(before - set(os.listdir("/proc/self/fd"))) >= 4
