"""From bytes to lines: what is shown, and that nothing depends on how the bytes were cut."""

from __future__ import annotations

import importlib.util
import itertools
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pxtui.engine import Stream
from pxtui.logs.line import MAX_LINE
from pxtui.logs.screen import Screen
from pxtui.logs.tracebacks import last_exception, last_line
from tests.shared import SHARED

NASTY = sorted((SHARED / "nasty-output").glob("*.bin")) if SHARED else []
STREAMS: tuple[Stream, ...] = ("stdout", "stderr")

PIECES = st.sampled_from(
    rb"\x1b [ ] P _ \\ m K G 2 1;31 ?25h ; \x07 \r \n \r\n \x08 \t \x00 \x18 \x7f \x9b k ( "
    rb"\xc2\x9b \xc2\x9d \xc3\xa9 \xe2\x96\x88 \xe2 \x88 \xf0\x9f \xed\xa0\x80 \xe2\x80\xae "
    rb"\xe2\x80\xa8 \x1b[0m \x1b[2K ]52;c;UFdORUQ= text \x20".split()
).map(lambda piece: piece.decode("unicode_escape").encode("latin-1"))
CONTROLS = {*map(chr, range(0x20)), *map(chr, range(0x7F, 0xA0)), *map(chr, range(0x202A, 0x202F))}
NOISE = st.lists(PIECES | st.binary(max_size=8), max_size=60).map(b"".join)


def lines_of(pieces: Iterable[bytes]) -> list[str]:
    screen = Screen()
    lines = [line for piece in pieces for line in screen.feed(piece, "stdout")]
    return [line.text for line in [*lines, *screen.close()]]


def cut(data: bytes, at: Iterable[int]) -> list[bytes]:
    marks = [0, *sorted(at), len(data)]
    return [data[a:b] for a, b in itertools.pairwise(marks)]


def shown(text: str) -> list[str]:
    return lines_of([text.encode()])


@settings(max_examples=1500, deadline=None)
@given(NOISE, st.data())
def test_any_chunking_gives_the_same_clean_lines(data: bytes, draw: Any) -> None:
    whole = lines_of([data])
    marks = draw.draw(st.lists(st.integers(0, len(data)), max_size=8))
    assert lines_of(cut(data, marks)) == whole
    assert lines_of(data[i : i + 1] for i in range(len(data))) == whole
    assert not {*"".join(whole)} & CONTROLS


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
    for word in ("BEFORE", "AFTER"):
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
        ("old\x1b[2Knew\n", ["new"]),
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
        assert screen.feed(b"x" * 65_536, "stdout") == []
    (line,) = screen.feed(b"\n", "stdout")
    assert line.text == "x" * MAX_LINE + f"… +{39 * 65_536:,} characters"


def test_the_tail_is_live_and_streams_do_not_mix() -> None:
    screen = Screen()
    screen.feed("wörking 1\rwö".encode()[:-1], "stderr", 1.0)
    assert screen.feed(b"out\nrest", "stdout", 2.0) == [("out", "stdout", 2.0, ())]
    assert {line.stream: line.text for line in screen.tail} == {"stderr": "w", "stdout": "rest"}
    screen.feed("ö".encode()[1:] + b"rking 2", "stderr", 3.0)
    assert {line.stream: line.text for line in screen.tail}["stderr"] == "wörking 2"
    assert [line.text for line in screen.close()] == ["wörking 2", "rest"]
    assert screen.tail == ()


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
