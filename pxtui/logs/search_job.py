"""One pass of child processes over the lines of a log; a thread takes in what they find."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from array import array
from bisect import bisect_left
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple

from pxtui.logs.lines import Lines
from pxtui.logs.query import Plan, Query
from pxtui.logs.search_child import BLOCK

MAX_CHILDREN = 4
PIPE = 1 << 20
_CHILD = Path(__file__).with_name("search_child.py")
_RG = (
    *("rg", "--no-config", "--text", "--color=never", "--no-filename", "--no-heading"),
    # The cheapest form of an answer: a line's number and a short text in place of the line.
    *("--line-number", "--max-columns=1"),
)
_RG_LINE = b":[Omitted long matching line]\n"


class Found(NamedTuple):
    """Line numbers, all below `looked_at`: so far the lines were looked at."""

    numbers: array[int]
    looked_at: int


class _Block(NamedTuple):
    """What a child found in a block of so many lines; the numbers count from its first."""

    lines: int
    numbers: array[int]


class Job:
    """Looks at the lines from one number to another; `found` grows until `done`."""

    def __init__(self, lines: Lines, query: Query, first: int, end: int) -> None:
        self.found: deque[Found] = deque()
        self.trouble = ""
        self.done = False
        self._lines, self._query = lines, query
        self._looked_at, self._end = first, end
        self._file = lines.plain_file if first == 0 else None
        self._children: list[subprocess.Popen[bytes]] = []
        self._lock = threading.Lock()
        self._closed = False
        threading.Thread(target=self._work, name="search", daemon=True).start()

    def close(self) -> None:
        """Kill the children; their thread tidies up after them."""
        with self._lock:
            self._closed = True
            for child in self._children:
                child.kill()

    def _work(self) -> None:
        try:
            plan = self._query.plan()
            if not (self._file and plan.rust and shutil.which("rg") and self._with_rg(plan)):
                self._with_python(plan)
            self._take(array("I"), self._end)
        except (OSError, EOFError) as error:
            self.trouble = _reason(self._children, error)
        finally:
            self.close()
            for child in self._children:
                _out(child).close()
                child.wait()
            self.done = True

    def _start(self, *words: str, piped: bool = False) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._closed:
                raise EOFError
            child = subprocess.Popen(
                words,
                stdin=subprocess.PIPE if piped else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                pipesize=PIPE,
            )
            self._children.append(child)
            return child

    def _with_rg(self, plan: Plan) -> bool:
        """Whether it could be asked: a pattern may be too much for it."""
        case = "--ignore-case" if plan.fold else "--case-sensitive"
        child = self._start(*_RG, case, f"--regexp={plan.rust}", "--", str(self._file))
        rest = b""
        while piece := _out(child).read1(BLOCK):  # type: ignore[attr-defined]
            piece = rest + piece
            cut = piece.rfind(b"\n") + 1
            rest = piece[cut:]
            if numbers := shifted(_rg_numbers(piece[:cut]), -1):
                self._take(numbers, numbers[-1] + 1)
        if child.wait() in (0, 1):
            return True
        if self._looked_at or child.returncode < 0:
            raise EOFError
        _out(child).close()
        self._children.remove(child)
        return False

    def _with_python(self, plan: Plan) -> None:
        pattern = plan.pattern.encode("unicode_escape").decode()
        words = (sys.executable, "-I", "-S", str(_CHILD), plan.way, pattern, "01"[plan.fold])
        if self._file is None:
            child = self._start(*words, piped=True)
            threading.Thread(target=self._feed, args=(child,), daemon=True).start()
            blocks: Iterator[_Block | None] = iter(lambda: _block(child), None)
        else:
            table = self._lines.starts(BLOCK)
            count = len(table) // 2 - 1
            shares = max(1, min(MAX_CHILDREN, os.cpu_count() or 1, count // 8))
            for share in range(shares):
                file = (str(self._file), str(share), str(shares))
                child = self._start(*words, *file, piped=True)
                threading.Thread(target=_tell, args=(child, table), daemon=True).start()
            children = self._children[-shares:]
            blocks = (_block(children[at % shares]) for at in range(count))
        self._take_blocks(blocks)

    def _take_blocks(self, blocks: Iterator[_Block | None]) -> None:
        base = self._looked_at
        for block in blocks:
            if block is None or base >= self._end:
                break
            lines, numbers = block
            self._take(shifted(numbers, base), base + lines)
            base += lines
        if base < self._end:
            if any(child.wait() for child in self._children):
                raise EOFError
            self._end = base  # lines that were finished are not any more

    def _feed(self, child: subprocess.Popen[bytes]) -> None:
        pipe = child.stdin
        assert pipe is not None  # noqa: S101
        try:
            for first, text in self._lines.blocks(self._looked_at):
                if first >= self._end:
                    break
                pipe.write(text.encode("utf-8", "replace"))
            pipe.close()
        except OSError:  # the child has gone
            with contextlib.suppress(OSError):
                pipe.close()

    def _take(self, numbers: array[int], looked_at: int) -> None:
        looked_at = min(looked_at, self._end)
        del numbers[bisect_left(numbers, looked_at) :]
        if self._query.inverse:
            for piece in missing(numbers, self._looked_at, looked_at):
                self.found.append(piece)
        else:
            self.found.append(Found(numbers, looked_at))
        self._looked_at = looked_at


def shifted(numbers: array[int], by: int) -> array[int]:
    """All numbers moved by as much: as digits of one great number, ten times as fast as each."""
    if not numbers or not by:
        return numbers
    ones = int.from_bytes((array("I", [1]) * len(numbers)).tobytes(), sys.byteorder)
    total = int.from_bytes(numbers.tobytes(), sys.byteorder) + by * ones
    return array("I", total.to_bytes(len(numbers) * numbers.itemsize, sys.byteorder))


def missing(numbers: array[int], first: int, end: int) -> Iterator[Found]:
    """The numbers from one to another that are not there, in pieces."""
    out: array[int] = array("I")
    for number in (*numbers, end):
        while first < number:
            upto = min(number, first + (1 << 16))
            out.extend(range(first, upto))
            first = upto
            if len(out) >= 1 << 16:
                yield Found(out, first)
                out = array("I")
        first = number + 1
    yield Found(out, end)


def _rg_numbers(piece: bytes) -> array[int]:
    *numbers, rest = piece.split(_RG_LINE)
    if not rest:
        try:
            return array("I", map(int, numbers))
        except ValueError:
            pass
    # Lines that are shorter than that text stand there as they are.
    return array("I", map(int, re.findall(rb"^[0-9]+", piece, re.MULTILINE)))


def _tell(child: subprocess.Popen[bytes], table: array[int]) -> None:
    assert child.stdin is not None  # noqa: S101
    with contextlib.suppress(OSError):  # the child has gone
        child.stdin.write(table)
        child.stdin.close()


def _block(child: subprocess.Popen[bytes]) -> _Block | None:
    head = array("I", _out(child).read(8))
    if not head:
        return None
    lines, count = head
    data = _out(child).read(4 * count)
    if len(data) < 4 * count:
        raise EOFError
    return _Block(lines, array("I", data))


def _out(child: subprocess.Popen[bytes]) -> IO[bytes]:
    assert child.stdout is not None  # noqa: S101
    return child.stdout


def _reason(children: list[subprocess.Popen[bytes]], error: Exception) -> str:
    codes = [child.poll() for child in children]
    if -signal.SIGPROF in codes:
        return "the search was given up: this pattern takes too long"
    reason = getattr(error, "strerror", None) or f"its process ended ({codes})"
    return f"the search failed: {reason}"
