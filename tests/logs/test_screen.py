"""From bytes to lines: what is shown, and that nothing depends on how the bytes were cut."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pxtui.engine import Stream
from pxtui.logs.line import MAX_LINE, Line, read, written
from pxtui.logs.pens import BOLD, NO_PEN, Pen
from pxtui.logs.screen import REACH, Screen
from pxtui.logs.tracebacks import last_exception, last_line
from tests.logs.noise import CONTROLS, WORDS, cut, every_byte
from tests.shared import SHARED

NASTY = sorted((SHARED / "nasty-output").glob("*.bin")) if SHARED else []
STREAMS: tuple[Stream, ...] = ("stdout", "stderr")

PIECES = st.sampled_from(WORDS)
KEEP = st.integers(0, 70)
NOISE = st.lists(PIECES | st.binary(max_size=8), max_size=60).map(b"".join)


def screen_of(pieces: Iterable[bytes]) -> Screen:
    screen = Screen()
    for piece in pieces:
        screen.feed(piece, "stdout")
    return screen


def lines_of(pieces: Iterable[bytes]) -> list[str]:
    screen = screen_of(pieces)
    screen.close()
    return [line.text for line in screen.recent]


def shown(text: str) -> list[str]:
    return lines_of([text.encode()])


@pytest.mark.parametrize(
    "end", ["", "日本語", "\t日本", "aaaa日", "\x1b[31m12345678", "e\u0301" * 9]
)
def test_a_long_line_read_by_itself(end: str) -> None:
    raw = b"x" * (MAX_LINE - 5) + end.encode()
    assert [read(raw, "stdout", 0.0, NO_PEN)[0]] == screen_of([raw[:70_000], b"\n"]).recent


def state(screen: Screen) -> tuple[object, ...]:
    return screen.recent, screen.live, screen.pen, screen.fresh


@settings(max_examples=700, deadline=None)
@given(NOISE, st.data())
def test_any_chunking_gives_the_same_clean_lines(data: bytes, draw: Any) -> None:
    whole = screen_of([data])
    marks = draw.draw(st.lists(st.integers(0, len(data)), max_size=8))
    assert state(screen_of(cut(data, marks))) == state(whole)
    assert state(screen_of(every_byte(data))) == state(whole)
    lines = [*whole.recent, *whole.live]
    assert not {*"".join(line.text for line in lines)} & CONTROLS
    for line in lines:
        assert read(written(line).encode(), "stdout", 0.0, NO_PEN)[0] == line
        assert all(start < end <= len(line.text) for start, end, _ in line.spans)


@settings(max_examples=250, deadline=None)
@given(st.lists(st.tuples(NOISE, st.sampled_from(STREAMS), KEEP), max_size=12))
def test_it_does_not_matter_when_lines_are_taken(pieces: list[tuple[bytes, Stream, int]]) -> None:
    taken: list[Line] = []

    def before(count: int) -> list[Line]:
        back = taken[-count:]
        del taken[-count:]
        return back

    kept, screen = Screen(), Screen(before)
    for data, stream, keep in pieces:
        kept.feed(data, stream)
        screen.feed(data, stream)
        taken += screen.take(keep)
    for one in (kept, screen):
        one.close()
    assert [*taken, *screen.recent] == kept.recent


SIMPLE = st.lists(
    st.sampled_from(
        b"\t|\r|\x1b[m|\x1b[1;31m|\x1b[48:5:7m|\x1b[38;2;1;2;3m|a|bc | |\xe6\x97\xa5|\xc3\xa9|"
        b"e\xcc\x81|\xcc\x81|\xe2\x80\xae|\xe2|\xf0\x9f\x98\x80|\xe2\x80\x8d|\x01|\x0b|"
        b"\xef\xbb\xbf|\xe2\x96\x88|\x7f".split(b"|")
    )
    | st.binary(max_size=3).map(lambda data: data.replace(b"\n", b"")),
    max_size=20,
).map(b"".join)


@settings(max_examples=500, deadline=None)
@given(st.lists(SIMPLE.map(lambda raw: raw.rstrip(b"\x1b[0123456789;:")), min_size=1, max_size=4))
def test_a_line_read_by_itself_is_the_line_of_the_screen(raws: list[bytes]) -> None:
    pen, lines = NO_PEN, []
    for raw in raws:
        line, pen = read(raw, "stdout", 0.0, pen)
        lines.append(line)
    for pieces in ([b"\n".join(raws) + b"\n"], every_byte(b"\n".join(raws) + b"\n")):
        screen = screen_of(pieces)
        assert (screen.recent, screen.pen) == (lines, pen)


@pytest.mark.skipif(not NASTY, reason="no shared/nasty-output beside the repository")
@pytest.mark.parametrize("path", NASTY, ids=lambda p: p.stem)
def test_nasty_output(path: Path) -> None:
    assert SHARED
    spec = importlib.util.spec_from_file_location("oracle", SHARED / "nasty-output/oracle.py")
    assert spec
    assert spec.loader
    oracle = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(oracle)
    data = path.read_bytes()
    begun = time.perf_counter()
    lines = lines_of([data])
    assert time.perf_counter() - begun < 3
    findings, text = oracle.check("\n".join(lines).encode())
    assert findings == []
    printed_over = path.stem == "csi-cursor-moves"  # as in every terminal
    for word in ("AFTER",) if printed_over else ("BEFORE", "AFTER"):
        assert (word.encode() in data) == (word in text)
    for size in (1, 2, 3, 4097) if len(data) < 100_000 else (4097,):
        assert lines_of(data[i : i + size] for i in range(0, len(data), size)) == lines


@pytest.mark.parametrize(
    ("output", "lines"),
    [
        ("a\r\nb\nc", ["a", "b", "c"]),
        ("10%\r50%\r100%\n", ["100%"]),
        ("10%\r100%\r\n", ["100%"]),
        ("10%\r100%\r\x1b[0m\n", ["100%"]),
        ("working\r\x1b[K\ndone\n", ["", "done"]),
        ("old\x1b[2Knew\n", ["   new"]),
        ("old\x1b[1Gnew\n", ["new"]),
        ("12/90\b\b\b\b\b13/90\n", ["13/90"]),
        ("a\tb\n", ["a       b"]),
        ("\x1b[1;31mred\x1b[m \x1b]0;title\x07\x1b(Bplain\x1b7\n", ["red plain"]),
        ("a\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\b\n", ["alinkb"]),
        ("a\x1bP1$r q\x1b\\b\x1b_app\x1b\\c\x1b^pm\x1b\\d\x1bXsos\x1b\\e\n", ["abcde"]),
        ("a\u009d52;c;xx\u009cb\u009b1mc\n", ["abc"]),
        ("\x1b]0;never ended\nnext\n", ["", "next"]),
        ("half \x1b[38;5;", ["half "]),
        ("\n\n", ["", ""]),
        ("one\u2028line\x0b\x0c\n", ["one<2028>line␋␌"]),
    ],
)
def test_what_is_shown(output: str, lines: list[str]) -> None:
    assert shown(output) == lines


def test_a_string_without_end_is_given_up() -> None:
    (line,) = shown("\x1b]52;c;" + "A" * 5_000)
    assert line == "A" * (5_000 + len("52;c;") - 4_096)


def test_a_long_line_is_cut_with_a_mark_and_costs_no_memory() -> None:
    screen = Screen()
    for _ in range(40):
        screen.feed(b"x" * 65_536, "stdout")
    assert screen.recent == []
    screen.feed(b"\n", "stdout")
    (line,) = screen.recent
    assert line.text == "x" * MAX_LINE + f"… +{39 * 65_536:,} characters"
    screen.feed(b"\x1b[A\x1b[2D\r\x1b[600Cab\n", "stdout")
    (changed,) = screen.recent
    assert changed.text[510:514] == "xab" + "x"
    assert changed.text[MAX_LINE:] == line.text[MAX_LINE:]


def test_the_live_rows_grow_and_streams_do_not_mix() -> None:
    screen = Screen()
    screen.feed("wörking 1\rwö".encode()[:-1], "stderr", 1.0)
    assert not screen.fresh
    screen.feed(b"out\nrest", "stdout", 2.0)
    assert screen.take(0) == [("out", "stdout", 2.0, ())]
    assert {line.stream: line.text for line in screen.live} == {
        "stderr": "wörking 1",
        "stdout": "rest",
    }
    screen.feed("ö".encode()[1:] + b"rking 2", "stderr", 3.0)
    assert {line.stream: line.text for line in screen.live}["stderr"] == "wörking 2"
    screen.close()
    assert [line.text for line in screen.recent] == ["rest", "wörking 2"]
    assert screen.live == []
    assert screen.fresh


def test_the_pen_is_one_and_carried_over_lines() -> None:
    screen = Screen()
    screen.feed(b"\x1b[1;31mred\nstill ", "stdout")
    screen.feed(b"here too\x1b[m\n", "stderr")
    screen.feed(b"plain\n", "stdout")
    red = Pen(1, None, BOLD)
    assert [line.spans for line in screen.recent] == [
        ((0, 3, red),),
        ((0, 8, red),),
        ((0, 6, red),),
    ]


def test_the_cursor_reaches_the_last_lines_and_only_its_own() -> None:
    screen = Screen()
    screen.feed("".join(f"{n}\n" for n in range(100)).encode(), "stdout")
    screen.feed(b"other\n", "stderr")
    screen.feed(b"\x1b[999Atop\x1b[999B", "stdout")
    texts = [line.text for line in screen.recent]
    assert texts == [*map(str, range(37)), "other", "top", *map(str, range(38, 100))]
    assert screen.reached == REACH
    screen.feed(b"\x1b[2A\r\x1b[Jend\n", "stdout")
    assert [line.text for line in screen.recent][-2:] == ["97", "end"]
    assert not screen.fresh
    screen.feed(b"\n\n", "stdout")
    assert screen.fresh


def test_passing_over_a_line_leaves_it_as_it_was() -> None:
    screen = Screen()
    screen.feed(b"one  \ntwo\n", "stdout", 1.0)
    screen.feed(b"\x1b[2A\x1b[1BTWO\n", "stdout", 2.0)
    assert screen.recent == [("one  ", "stdout", 1.0, ()), ("TWO", "stdout", 2.0, ())]


@pytest.mark.parametrize(
    "data",
    [
        b"\x1b[" + b"1;" * 100_000 + b"mx",
        b"\x1b]0;" * 100_000,
        b"\x1bP" + b"x" * 1_000_000,
        b"a\r" * 500_000,
        b"".join(b"x" * n + b"\r" for n in range(1_000, 0, -1)),
        b"x" * 100_000 + b"\ry" * 100_000,
        b"x" * 100_000 + b"\r\x1b[31my" * 100_000,
        b"\x1b[999Cx\x1b[1K" * 10_000,
        ("e" + "\u0301" * 500_000).encode(),
        "\u3042".encode() * 100_000,
        b"\t\x08" * 100_000,
        b"a\n" * 64 + b"\x1b[64A\x1b[64B" * 2_000,
        b"\x1b[A" * 100_000,
        b"\n" * 100_000,
        b"\x1b[9999999999999999999999999C\x1b[" + b"9" * 200 + b"Xx",
    ],
    ids=range(15),
)
def test_nothing_takes_long(data: bytes) -> None:
    begun = time.process_time()
    lines_of(data[at : at + 4_096] for at in range(0, len(data), 4_096))
    assert time.process_time() - begun < 3


TRACEBACK = """
Traceback (most recent call last):
  File "train.py", line 3, in <module>
    main()
    ~~~~^^
ValueError: no such file
"""


@pytest.mark.parametrize(
    ("text", "exception"),
    [
        ("", ""),
        ("all: good\nError: nothing", ""),
        (TRACEBACK, "ValueError: no such file"),
        (TRACEBACK + "bye\n", "ValueError: no such file"),
        (TRACEBACK.replace("ValueError", "pkg.mod.MyError"), "pkg.mod.MyError: no such file"),
        (TRACEBACK.replace("ValueError: no such file", "KeyboardInterrupt"), "KeyboardInterrupt"),
        (
            TRACEBACK
            + "\nDuring handling of the above exception, another exception occurred:\n"
            + TRACEBACK.replace("ValueError", "OSError"),
            "OSError: no such file",
        ),
        ('  File "x.py", line 1\n    a b\nSyntaxError: bad', "SyntaxError: bad"),
        (TRACEBACK.replace("no such file", "first\nsecond"), "ValueError: first"),
    ],
)
def test_last_exception(text: str, exception: str) -> None:
    assert last_exception(text.splitlines()) == exception


def test_last_line() -> None:
    assert last_line(["a", "b", "", "  "]) == "b"
    assert last_line([]) == ""
