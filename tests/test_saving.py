"""A save is whole or not at all, keeps what is not its own, and says by name why it cannot be."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from pxtui import saving
from tests.shared import SHARED

NOBODY = 65534
ROOT = os.geteuid() == 0
PROJECT = Path(__file__).resolve().parents[1]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "project" / "polyaxonfile.yml"
    path.parent.mkdir()
    path.write_bytes(b"old")
    return path


@pytest.fixture
def shared_folder() -> Iterator[Path]:
    """A folder that another user can reach."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


@contextlib.contextmanager
def as_nobody() -> Iterator[None]:
    """As a user that permissions hold for."""
    if not ROOT:
        yield
        return
    os.setresgid(NOBODY, NOBODY, 0)
    os.setresuid(NOBODY, NOBODY, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)
        os.setresgid(0, 0, 0)


def refused(work: Callable[[], object]) -> str:
    with pytest.raises(saving.Refused) as caught:
        work()
    return caught.value.code


def names(file: Path) -> list[str]:
    return sorted(os.listdir(file.parent))


# -- what is read


def test_what_is_no_file_is_refused_unopened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(tmp_path / "socket"))
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "zero").symlink_to("/dev/zero")
    codes = {
        name: refused(partial(saving.content, tmp_path / name))
        for name in ("missing", "loop", ".", "fifo", "socket", "zero")
    }
    assert codes == {
        **dict.fromkeys(("missing", "loop"), "E_MISSING"),
        **dict.fromkeys((".", "fifo", "socket", "zero"), "E_NOTFILE"),
    }


@pytest.mark.parametrize("size", [saving.MAX_SIZE + 1, 10 << 30])
def test_what_is_too_big_is_refused_unread(tmp_path: Path, size: int) -> None:
    with (tmp_path / "big").open("wb") as big:
        big.truncate(size)
    assert refused(lambda: saving.content(tmp_path / "big")) == "E_TOO_BIG"


@pytest.mark.skipif(SHARED is None, reason="the shared hostile inputs are not here")
def test_special_files_are_opened_or_refused_by_name(shared_folder: Path) -> None:
    assert SHARED
    make = SHARED / "nasty-polyaxonfiles" / "make_special.sh"
    subprocess.run(["bash", make, shared_folder], check=True, capture_output=True)
    expected = {
        **dict.fromkeys(("fifo", "dir", "devnull", "devzero", "socket", "proc"), "E_NOTFILE"),
        **dict.fromkeys(("dangling", "loop"), "E_MISSING"),
        **dict.fromkeys(("huge", "sparse"), "E_TOO_BIG"),
        **dict.fromkeys(("hard", "link", "ro-dir"), ""),
        "noread": "E_PERM",
        "immutable": "E_MISSING",  # an empty folder
    }
    (shared_folder / "noread" / "polyaxonfile.yml").chmod(0)
    assert sorted(expected) == names(shared_folder / "fifo")
    for kind, code in expected.items():
        started = time.monotonic()
        found = ""
        with as_nobody() if kind == "noread" else contextlib.nullcontext():
            try:
                saving.content(shared_folder / kind / "polyaxonfile.yml")
            except saving.Refused as error:
                found = error.code
        assert (kind, found) == (kind, code)
        assert time.monotonic() - started < 1


# -- what a save keeps


def test_a_save_keeps_mode_owner_and_attributes(file: Path) -> None:
    for mode in (0o640, 0o755, 0o600):
        file.chmod(mode)
        if ROOT:
            os.chown(file, 1234, 2345)
        before = file.stat()
        saving.save(file, b"new", b"old")
        after = file.stat()
        assert (after.st_mode, after.st_uid, after.st_gid) == (
            before.st_mode,
            before.st_uid,
            before.st_gid,
        )
        saving.save(file, b"old", b"new")
    assert names(file) == [file.name]


@pytest.mark.skipif(not hasattr(os, "setxattr"), reason="Linux only")
def test_a_save_keeps_extended_attributes_and_the_access_list(file: Path) -> None:
    entries = [(1, 6, 0xFFFFFFFF), (2, 4, 1234), (4, 4, 0xFFFFFFFF), (16, 4, 0xFFFFFFFF)]
    access = struct.pack("<I", 2) + b"".join(
        struct.pack("<HHI", *entry) for entry in (*entries, (32, 0, 0xFFFFFFFF))
    )
    try:
        os.setxattr(file, "user.note", b"mine")
        os.setxattr(file, "system.posix_acl_access", access)
    except OSError:
        pytest.skip("no attributes on this file system")
    before = {name: os.getxattr(file, name) for name in os.listxattr(file)}
    mode = file.stat().st_mode
    saving.save(file, b"new", b"old")
    assert {name: os.getxattr(file, name) for name in os.listxattr(file)} == before
    assert file.stat().st_mode == mode


def test_links_stay_links(file: Path, tmp_path: Path) -> None:
    far = Path("/dev/shm") if os.path.isdir("/dev/shm") else tmp_path  # another file system
    with tempfile.TemporaryDirectory(dir=far) as other:
        real = Path(other) / "real.yml"
        real.write_bytes(b"old")
        (file.parent / "middle.yml").symlink_to(real)
        file.unlink()
        file.symlink_to("middle.yml")
        saving.save(file, b"new", b"old")
        assert file.is_symlink()
        assert (file.parent / "middle.yml").is_symlink()
        assert real.read_bytes() == b"new"
        assert names(real) == ["real.yml"]
    assert names(file) == ["middle.yml", file.name]


def test_another_name_of_the_file_keeps_its_text_and_is_told(file: Path) -> None:
    other = file.with_name("other.yml")
    other.hardlink_to(file)
    assert saving.save(file, b"new", b"old").other_names
    assert (file.read_bytes(), other.read_bytes()) == (b"new", b"old")
    assert not saving.save(file, b"newer", b"new").other_names


# -- what cannot be saved


def test_what_was_changed_elsewhere_is_not_overwritten(file: Path) -> None:
    assert refused(lambda: saving.save(file, b"mine", b"base")) == "E_CHANGED"
    assert file.read_bytes() == b"old"
    assert names(file) == [file.name]


def test_what_is_gone_is_written_anew_only_when_asked(file: Path) -> None:
    file.unlink()
    assert refused(lambda: saving.save(file, b"new", b"old")) == "E_MISSING"
    assert names(file) == []
    saving.save(file, b"new", None)
    assert file.read_bytes() == b"new"
    assert refused(lambda: saving.save(file, b"newer", None)) == "E_CHANGED"
    assert file.read_bytes() == b"new"
    assert names(file) == [file.name]


@pytest.mark.parametrize("kind", ["folder", "fifo", "socket", "device"])
def test_what_became_something_else_is_left_alone(file: Path, kind: str) -> None:
    file.unlink()
    with socket.socket(socket.AF_UNIX) as bound:
        make: dict[str, Callable[[], object]] = {
            "folder": file.mkdir,
            "fifo": lambda: os.mkfifo(file),
            "socket": lambda: bound.bind(str(file)),
            "device": lambda: file.symlink_to("/dev/zero"),
        }
        make[kind]()
        before = file.lstat()
        assert refused(lambda: saving.save(file, b"new", b"old")) == "E_NOTFILE"
    assert file.lstat().st_ino == before.st_ino
    assert names(file) == [file.name]


def test_a_full_disk_leaves_the_file_and_nothing_else(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(fd: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        assert refused(lambda: saving.save(file, b"new", b"old")) == "E_NO_SPACE"
    assert file.read_bytes() == b"old"
    assert names(file) == [file.name]
    saving.save(file, b"new", b"old")
    assert file.read_bytes() == b"new"


def test_a_disk_that_is_full_indeed(mounted: Callable[..., Path]) -> None:
    folder = mounted("-t", "tmpfs", "-o", "size=64k", "tmpfs")
    file, rest = folder / "polyaxonfile.yml", folder / "rest"
    file.write_bytes(b"old")
    with contextlib.suppress(OSError):
        rest.write_bytes(bytes(1 << 20))
    assert refused(lambda: saving.save(file, b"new", b"old")) == "E_NO_SPACE"
    assert file.read_bytes() == b"old"
    assert names(file) == [file.name, "rest"]
    rest.unlink()
    saving.save(file, b"new", b"old")
    assert file.read_bytes() == b"new"


def test_what_is_mounted_read_only(file: Path, mounted: Callable[..., Path]) -> None:
    folder = mounted("-o", "bind,ro", str(file.parent))
    with pytest.raises(saving.Refused, match="read-only") as caught:
        saving.save(folder / file.name, b"new", b"old")
    assert caught.value.code == "E_PERM"
    assert names(file) == [file.name]


@pytest.mark.parametrize("case", ["0444", "0555 folder", "0000", "other owner", "immutable"])
def test_what_may_not_be_written_to_stays(shared_folder: Path, case: str) -> None:
    file = shared_folder / "polyaxonfile.yml"
    with as_nobody():
        file.write_bytes(b"old")
    if case in ("other owner", "immutable") and not ROOT:
        pytest.skip("only root can make that")
    if case == "other owner":
        os.chown(file, 1234, NOBODY)
        file.chmod(0o664)
    elif case == "0555 folder":
        shared_folder.chmod(0o555)
    elif case == "immutable":
        if subprocess.run(["chattr", "+i", file], capture_output=True).returncode:
            pytest.skip("no immutable files here")
    else:
        file.chmod(int(case, 8))
    before = file.stat()
    try:
        with as_nobody():
            assert saving.is_locked(file) == (case != "other owner")
            assert refused(lambda: saving.save(file, b"new", b"old")) == "E_PERM"
        after = file.stat()
        assert (after.st_ino, after.st_mode, after.st_uid, after.st_mtime_ns) == (
            before.st_ino,
            before.st_mode,
            before.st_uid,
            before.st_mtime_ns,
        )
        assert names(file) == [file.name]
    finally:
        if case == "immutable":
            subprocess.run(["chattr", "-i", file], check=True)
        shared_folder.chmod(0o777)


# -- who else writes


def meanwhile(
    monkeypatch: pytest.MonkeyPatch, act: Callable[[], object], *, swap: bool = True
) -> None:
    """Act between the last look at the file and the exchange."""
    real = saving._swap

    def swapped(folder: int, first: str, second: str) -> bool:
        act()
        return swap and real(folder, first, second)

    monkeypatch.setattr(saving, "_swap", swapped)


def by_rename(file: Path) -> None:
    other = file.with_name("other.tmp")
    other.write_bytes(b"theirs")
    other.replace(file)


def in_place(file: Path) -> None:
    file.write_bytes(b"theirs")


def as_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


@pytest.mark.parametrize("write", [by_rename, in_place, as_folder])
@pytest.mark.parametrize("swap", [True, False])
def test_a_version_that_gets_in_between_is_kept(
    file: Path, monkeypatch: pytest.MonkeyPatch, write: Callable[[Path], None], swap: bool
) -> None:
    meanwhile(monkeypatch, lambda: write(file), swap=swap)
    if write is as_folder and not swap:
        assert refused(lambda: saving.save(file, b"mine", b"old")) == "E_SAVE"
        assert file.is_dir()
        assert names(file) == [file.name]
        return
    (kept,) = saving.save(file, b"mine", b"old").kept
    assert file.read_bytes() == b"mine"
    assert re.fullmatch(r"polyaxonfile\.yml\.conflict-\d{8}-\d{6}-[0-9a-f]{6}", kept)
    assert names(file) == [file.name, kept]
    beside = file.with_name(kept)
    assert beside.is_dir() if write is as_folder else beside.read_bytes() == b"theirs"


def test_a_system_that_cannot_exchange_saves_too(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    meanwhile(monkeypatch, lambda: None, swap=False)
    assert saving.save(file, b"new", b"old") == saving.Done()
    assert file.read_bytes() == b"new"
    assert names(file) == [file.name]


# -- kills


def test_what_a_killed_save_left_is_removed_but_for_what_is_not_ours(file: Path) -> None:
    folder = file.parent
    for data in (b"old", b"new", b"theirs"):
        (folder / saving._name(b"old", b"new")).write_bytes(data)
    (folder / saving._name()).write_bytes(b"ha")
    (folder / ".pxtui-save-of-mine").write_bytes(b"by hand")
    (kept,) = saving.clean(file)
    assert (folder / kept).read_bytes() == b"theirs"
    assert names(file) == [".pxtui-save-of-mine", file.name, kept]


def test_what_another_pxtui_is_about_to_save_is_not_removed(file: Path) -> None:
    begun = file.with_name(saving._name())
    begun.write_bytes(b"ha")
    with saving._folder(file.parent) as folder:
        assert saving._is_alone(folder)
        assert saving.clean(file) == ()
        assert begun.exists()
    saving.clean(file)
    assert not begun.exists()


def battery(which: str, folder: Path, count: int, size: int, *more: str) -> dict[str, int]:
    words = [sys.executable, "-m", "tests.savers", which, str(folder), str(count), str(size)]
    done = subprocess.run([*words, "7", *more], cwd=PROJECT, capture_output=True, check=True)
    seen: dict[str, int] = json.loads(done.stdout)
    return seen


KILLS = {"damaged": 0, "stale": 0, "lost": 0}
RACES = {"lost": 0, "mine_lost": 0, "stale": 0}


@pytest.mark.parametrize("size", [2_000, 200_000])
@pytest.mark.parametrize("more", [(), ("no-swap",)])
def test_a_killed_save_leaves_a_whole_file(
    tmp_path: Path, size: int, more: tuple[str, ...]
) -> None:
    seen = battery("kills", tmp_path, 30, size, *more)
    assert seen.items() >= KILLS.items()


def test_a_race_loses_no_version(tmp_path: Path) -> None:
    seen = battery("races", tmp_path, 100, 2_000)
    assert seen.items() >= RACES.items()


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("size", [2_000, 200_000])
def test_a_thousand_kills(tmp_path: Path, size: int) -> None:
    seen = battery("kills", tmp_path, 1_000, size)
    print(seen)
    assert seen.items() >= KILLS.items()
    assert seen["killed_while_writing"] + seen["killed_while_complete"] > 100


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("size", [2_000, 200_000])
def test_a_thousand_races(tmp_path: Path, size: int) -> None:
    seen = battery("races", tmp_path, 1_000, size)
    print(seen)
    assert seen.items() >= RACES.items()
    assert seen["other_kept"] > 10


# -- the order of it


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not here")
def test_the_system_calls_of_a_save(file: Path, tmp_path: Path) -> None:
    code = "import sys; from pathlib import Path; from pxtui import saving;" + (
        "saving.save(Path(sys.argv[1]), b'new', b'old')"
    )
    calls = "openat,write,fchmod,fsync,rename,renameat,renameat2,unlinkat,truncate,ftruncate"
    trace = tmp_path / "trace"
    traced = ["strace", "-f", "-e", f"trace={calls}", "-o", str(trace)]
    words = [*traced, sys.executable, "-c", code, str(file)]
    if subprocess.run(words, cwd=PROJECT, capture_output=True).returncode:
        pytest.skip("nothing can be traced here")
    seen = trace.read_text().splitlines()
    start = next(at for at, line in enumerate(seen) if saving.SAVE_PREFIX in line)
    assert re.search(r"O_CREAT\|O_EXCL\S*, 0600\) = \d", seen[start])
    told = [line.split(maxsplit=1)[1] for line in seen[start:]]
    order = [call.split("(")[0] for call in told]
    assert "O_TRUNC" not in "".join(told)
    assert order[:5] == ["openat", "write", "fchmod", "fsync", "renameat"]
    at = order.index("renameat2")
    assert "RENAME_EXCHANGE" in told[at]
    assert order[at + 1] == "fsync"
