"""Entries of an archive come out below the folder, with modes of the person, or not at all."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest

from pxtui.engine.docker.extract import LinkOutside, NotAFile, extract


def entry(name: str, kind: bytes = tarfile.REGTYPE, link: str = "", mode: int = 0) -> bytes:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode, info.mtime = kind, link, mode, 1_000
    info.size = 3 if kind == tarfile.REGTYPE else 0
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        tar.addfile(info, io.BytesIO(b"abc"))
    return file.getvalue()


def put(data: bytes, folder: Path) -> None:
    with tarfile.open(fileobj=io.BytesIO(data), mode="r|") as tar:
        for member in tar:
            extract(tar, member, folder)


def test_a_file_is_the_persons_to_read_whatever_its_mode(tmp_path: Path) -> None:
    for mode, kept in ((0, 0o600), (0o4777, 0o755), (0o640, 0o640)):
        put(entry("a/b.pt", mode=mode), tmp_path)
        facts = (tmp_path / "a/b.pt").stat()
        assert (facts.st_mode & 0o7777, facts.st_mtime) == (kept, 1_000)
        assert (tmp_path / "a/b.pt").read_bytes() == b"abc"
    put(entry("a/d", tarfile.DIRTYPE), tmp_path)
    assert (tmp_path / "a/d").stat().st_mode & 0o777 == 0o700


def test_nothing_leaves_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "out").symlink_to(tmp_path)
    for name in ("../x", "a/../../x", "out/x"):
        with pytest.raises(OSError, match="leaves the folder"):
            put(entry(name), folder)
    for target in ("/etc/passwd", "../../x", "a/../../x"):
        with pytest.raises(LinkOutside):
            put(entry("link", tarfile.SYMTYPE, target), folder)
    assert {p.name for p in tmp_path.iterdir()} == {"in"}


def test_a_link_inside_stays_a_link_and_is_not_written_through(tmp_path: Path) -> None:
    put(entry("best.pt", tarfile.SYMTYPE, "ck/1.pt"), tmp_path)
    assert os.readlink(tmp_path / "best.pt") == "ck/1.pt"
    put(entry("best.pt"), tmp_path)
    assert not (tmp_path / "best.pt").is_symlink()
    assert not (tmp_path / "ck").exists()


@pytest.mark.parametrize("kind", [tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_a_device_or_a_pipe_is_no_file(tmp_path: Path, kind: bytes) -> None:
    with pytest.raises(NotAFile):
        put(entry("x", kind), tmp_path)
