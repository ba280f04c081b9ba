"""The store: every byte kept in order, with stream and time, whatever becomes of the index."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pxtui.engine import Stream
from pxtui.logs import store
from pxtui.logs.reader import LogReader, Piece
from pxtui.logs.store import LogWriter

BIG = 1 << 40
STREAM = st.sampled_from(["stdout", "stderr", "tty"])


def joined(pieces: list[Piece]) -> list[tuple[str, bytes]]:
    """Pieces with neighbours of one stream put together."""
    result: list[tuple[str, bytes]] = []
    for piece in pieces:
        if result and result[-1][0] == piece.stream:
            result[-1] = (piece.stream, result[-1][1] + piece.data)
        else:
            result.append((piece.stream, piece.data))
    return result


def fill(folder: Path, pieces: list[tuple[bytes, Stream]], max_size: int = BIG) -> LogWriter:
    writer = LogWriter(folder, max_size)
    for data, stream in pieces:
        writer.write(data, stream)
    writer.close()
    return writer


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.binary(min_size=1, max_size=50), STREAM), min_size=1, max_size=20))
def test_what_was_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[tuple[bytes, Stream]]
) -> None:
    folder = tmp_path_factory.mktemp("log")
    fill(folder, pieces)
    reader = LogReader(folder)
    wanted = joined([Piece(data, stream, 0) for data, stream in pieces])
    assert joined(reader.read(0)) == wanted
    one_by_one = [piece for at in range(reader.size) for piece in reader.read(at, 1)]
    assert joined(one_by_one) == wanted
    assert joined(reader.last(reader.size)) == wanted
    assert (folder / "log").read_bytes() == b"".join(data for data, _ in pieces)
    reader.close()


def test_files_are_private_and_made_by_the_first_write(tmp_path: Path) -> None:
    folder = tmp_path / "job"
    writer = LogWriter(folder, BIG)
    assert not folder.exists()
    writer.write(b"x", "stdout")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(p.stat().st_mode) for p in folder.iterdir()} == {0o600}
    writer.close()
    writer.close()
    writer.write(b"late", "stdout")
    assert (folder / "log").read_bytes() == b"x"


def test_an_empty_place_reads_as_empty(tmp_path: Path) -> None:
    reader = LogReader(tmp_path / "none")
    assert (reader.size, reader.cut, reader.read(0), reader.last(9)) == (0, 0, [], [])
    LogWriter(tmp_path / "none", BIG).close()


def test_times_are_those_of_the_writing(tmp_path: Path) -> None:
    before = time.time()
    fill(tmp_path, [(b"a", "stdout"), (b"b", "stderr")])
    pieces = LogReader(tmp_path).read(0)
    assert all(before <= piece.time <= time.time() for piece in pieces)


def test_past_the_limit_bytes_are_counted_and_a_mark_stands_at_the_end(tmp_path: Path) -> None:
    writer = LogWriter(tmp_path, 10)
    reader = LogReader(tmp_path)
    writer.write(b"12345678", "stdout")
    assert reader.cut == 0
    writer.write(b"90abc", "stderr")
    assert reader.cut == 3
    writer.write(b"d" * 1000, "stdout")
    writer.close()
    assert reader.cut == writer.left_out == 1003
    log = (tmp_path / "log").read_bytes()
    assert log == b"1234567890\n[pxtui: log cut here: 1,003 bytes left out (log.max-size)]\n"


def test_the_end_of_a_log_that_was_cut_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "LAST", 40)
    writer = LogWriter(tmp_path, 12)
    writer.write(b"first line\n", "stdout")
    for number in range(100):
        writer.write(b"line %d\n" % number, "stdout")
    writer.write(b"Traceback\nValueError: what it died of\n", "stderr")
    writer.close()
    reader = LogReader(tmp_path)
    log = (tmp_path / "log").read_text()
    mark = f"[pxtui: log cut here: {reader.cut:,} bytes left out (log.max-size)]"
    assert log.splitlines()[:3] == ["first line", "l", mark]
    assert log.splitlines()[-2:] == ["Traceback", "ValueError: what it died of"]
    assert reader.read(0)[-1].stream == "stderr"
    kept = len(log) - len(mark) - 2
    assert reader.cut + kept == 11 + sum(len(b"line %d\n" % n) for n in range(100)) + 38


def test_a_full_disk_is_named_and_never_raised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.write

    def write(fd: int, data: bytes) -> int:
        if len(data) > 100:
            if len(data) == 1000:
                return real(fd, data[:400])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(fd, data)

    monkeypatch.setattr(os, "write", write)
    writer = LogWriter(tmp_path, BIG)
    writer.write(b"fits\n", "stdout")
    writer.write(b"x" * 1000, "stdout")
    assert "No space left" in writer.trouble
    assert writer.left_out == 600
    writer.write(b"more", "stdout")
    writer.close()
    log = (tmp_path / "log").read_bytes()
    assert log.startswith(b"fits\n" + b"x" * 400)
    assert LogReader(tmp_path).cut == 604


def test_a_folder_that_cannot_be_made_is_trouble_not_an_exception(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    writer = LogWriter(tmp_path / "file" / "job", BIG)
    writer.write(b"x", "stdout")
    writer.close()
    assert writer.trouble
    assert writer.left_out == 1


@pytest.mark.parametrize("damage", ["lost", "header", "empty", "half a record", "zeros"])
def test_a_damaged_index_costs_no_bytes(tmp_path: Path, damage: str) -> None:
    fill(tmp_path, [(b"out\n", "stdout"), (b"err\n", "stderr"), (b"out\n", "stdout")])
    index = tmp_path / "log.idx"
    good = index.read_bytes()
    index.unlink()
    if damage != "lost":
        bad = {
            "header": b"?" * len(good),
            "empty": b"",
            "half a record": good[:-7],
            "zeros": good + bytes(48),
        }[damage]
        index.write_bytes(bad)
    pieces = LogReader(tmp_path).read(0)
    assert b"".join(piece.data for piece in pieces) == b"out\nerr\nout\n"
    if damage == "half a record":
        assert [piece.stream for piece in pieces] == ["stdout", "stderr"]
    if damage == "zeros":
        assert [piece.stream for piece in pieces] == ["stdout", "stderr", "stdout"]


def test_a_reader_follows_a_writer_in_another_process(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from pxtui.logs.store import LogWriter\n"
        "writer = LogWriter(Path(sys.argv[1]), 1 << 40)\n"
        "for n in range(20_000): writer.write(b'%d\\n' % n, 'stderr' if n % 7 == 0 else 'stdout')\n"
        "writer.close()"
    )
    root = Path(store.__file__).parents[2]
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], cwd=root) as child:
        reader, at, lines = LogReader(tmp_path), 0, dict[str, bytes]()
        limit = time.monotonic() + 20
        while child.poll() is None or at < reader.size:
            for piece in reader.read(at, 10_000):
                at += len(piece.data)
                lines[piece.stream] = lines.get(piece.stream, b"") + piece.data
            assert time.monotonic() < limit
    assert lines["stderr"] == b"".join(b"%d\n" % n for n in range(0, 20_000, 7))
    assert lines["stdout"] == b"".join(b"%d\n" % n for n in range(20_000) if n % 7)


def test_closing_from_another_thread_is_safe(tmp_path: Path) -> None:
    writer = LogWriter(tmp_path, BIG)
    go_on = threading.Event()

    def pour() -> None:
        while not go_on.is_set():
            writer.write(b"x" * 1000, "stdout")

    thread = threading.Thread(target=pour)
    thread.start()
    while writer.size < 100_000:
        pass
    writer.close()
    go_on.set()
    thread.join()
    assert (tmp_path / "log").stat().st_size == writer.size
    assert not writer.trouble


def test_a_new_writer_begins_a_new_log(tmp_path: Path) -> None:
    fill(tmp_path, [(b"old log\n", "stdout")])
    reader = LogReader(tmp_path)
    assert reader.size == 8
    fill(tmp_path, [(b"new\n", "stdout")])
    assert reader.read(0)[0].data == b"old log\n"
    assert LogReader(tmp_path).read(0)[0].data == b"new\n"
