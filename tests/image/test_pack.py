"""What is packed is exactly what was listed, or nothing is packed."""

from __future__ import annotations

import io
import os
import tarfile
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from pxtui.image.context import ContextMoved, Limits, Listing, look, look_again, never
from pxtui.image.pack import PackedFile, pack_code, pack_environment
from pxtui.image.plan import ImagePlan, StagedFile


def pack(
    root: Path,
    listing: Listing,
    plan: ImagePlan,
    text: str,
    check: Callable[[], None] = never,
) -> io.BytesIO:
    """The packed context of the code, whole."""
    return io.BytesIO(b"".join(pack_code(root, listing.entries, plan, text, check)))


PLAN = ImagePlan("a", (), (StagedFile("polyaxon_setup.sh", b"echo"),), ())


def packed(root: Path, listing: Listing) -> dict[str, tarfile.TarInfo]:
    with pack(root, listing, PLAN, "FROM a\n") as spool, tarfile.open(fileobj=spool) as tar:
        return {member.name: member for member in tar}


def test_the_first_entry_is_a_plain_header_of_the_dockerfile(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("1")
    with pack(tmp_path, look(tmp_path, Limits()), PLAN, "FROM a\n") as spool:
        header = spool.read(512)
    assert header.startswith(b"Dockerfile\0")
    assert header[257:265] == b"ustar\x0000"
    assert header[156:157] == b"0"


def test_the_environment_s_context_has_the_staged_files(tmp_path: Path) -> None:
    data = b"".join(pack_environment(PLAN, "FROM a\n"))
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        assert tar.getnames() == ["Dockerfile", "staged/polyaxon_setup.sh"]
        assert tar.getmember("staged/polyaxon_setup.sh").mode == 0o777


def test_it_can_be_read_as_a_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(os.urandom(700_000))
    listing = look(tmp_path, Limits())
    whole = pack(tmp_path, listing, PLAN, "FROM a\n").getvalue()
    pieces = pack_code(tmp_path, listing.entries, PLAN, "FROM a\n")
    with io.BufferedReader(PackedFile(pieces)) as file:
        assert file.read() == whole


def test_files_folders_and_links_are_root_s(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / name).write_text("12")
    (tmp_path / "run.sh").write_text("x")
    (tmp_path / "run.sh").chmod(0o4755)
    os.chown(tmp_path / "run.sh", *((1000, 1000) if os.geteuid() == 0 else (-1, -1)))
    (tmp_path / "link").symlink_to("run.sh")
    (tmp_path / ("l" * 200)).write_text("")
    found = packed(tmp_path, look(tmp_path, Limits()))
    assert list(found)[:2] == ["Dockerfile", "code"]
    assert {(m.uid, m.gid, m.uname, m.gname) for m in found.values()} == {(0, 0, "", "")}
    assert found["code/run.sh"].mode == 0o777
    assert found["code/link"].linkname == "run.sh"
    assert found[f"code/sub/{name}"].size == 2
    assert f"code/{'l' * 200}" in found
    assert all(member.mtime == int(member.mtime) for member in found.values())


def test_the_setup_file_stays_executable_when_the_code_comes(tmp_path: Path) -> None:
    for name in ("polyaxon_setup.sh", "setup.sh", "sub/polyaxon_setup.sh"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("echo")
    found = packed(tmp_path, look(tmp_path, Limits()))
    assert found["code/polyaxon_setup.sh"].mode == 0o777
    assert found["code/setup.sh"].mode == 0o666
    assert found["code/sub/polyaxon_setup.sh"].mode == 0o666


def test_whoever_runs_it_can_write_to_what_is_packed(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir()
    for name, mode in (("closed/a", 0o400), ("closed/b", 0o700), ("closed/c", 0o644)):
        (tmp_path / name).write_text("x")
        (tmp_path / name).chmod(mode)
    (tmp_path / "closed").chmod(0o700)
    found = packed(tmp_path, look(tmp_path, Limits()))
    modes = {name: member.mode for name, member in found.items() if name.startswith("code")}
    assert modes == {
        "code": 0o777,
        "code/closed": 0o777,
        "code/closed/a": 0o666,
        "code/closed/b": 0o777,
        "code/closed/c": 0o666,
    }


def edited(root: Path) -> None:
    (root / "b.bin").write_text("1" * (1 << 20))


def shrunk(root: Path) -> None:
    with (root / "b.bin").open("r+b") as file:
        file.truncate(7)


def grown(root: Path) -> None:
    with (root / "b.bin").open("ab") as file:
        file.write(b"more")


def removed(root: Path) -> None:
    (root / "b.bin").unlink()


def linked(root: Path) -> None:
    (root / "b.bin").unlink()
    (root / "b.bin").symlink_to("/etc/passwd")


def piped(root: Path) -> None:
    (root / "b.bin").unlink()
    os.mkfifo(root / "b.bin")


def moded(root: Path) -> None:
    (root / "b.bin").chmod(0o700)


CHANGES = [edited, shrunk, grown, removed, linked, piped, moded]


@pytest.mark.parametrize("change", CHANGES)
def test_a_tree_that_moved_since_it_was_listed_is_not_packed(
    tmp_path: Path, change: Callable[[Path], None]
) -> None:
    (tmp_path / "b.bin").write_bytes(b"0" * (1 << 20))
    listing = look(tmp_path, Limits())
    change(tmp_path)
    with pytest.raises(ContextMoved):
        pack(tmp_path, listing, PLAN, "FROM a\n")
    with pack(tmp_path, look_again(tmp_path, listing), PLAN, "FROM a\n"):
        pass


@pytest.mark.parametrize("change", CHANGES)
def test_a_tree_that_moves_while_it_is_packed_is_not_packed(
    tmp_path: Path, change: Callable[[Path], None]
) -> None:
    (tmp_path / "a.bin").write_bytes(b"0" * (1 << 20))
    (tmp_path / "b.bin").write_bytes(b"0" * (1 << 20))
    listing = look(tmp_path, Limits())
    calls = iter(range(1000))

    def meanwhile() -> None:
        if next(calls) == 30:  # both were opened, the second is being read
            change(tmp_path)

    with pytest.raises(ContextMoved):
        pack(tmp_path, listing, PLAN, "FROM a\n", meanwhile)


def test_a_file_packed_before_it_changes_is_noticed_at_the_end(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / name).write_text(name)
    listing = look(tmp_path, Limits())
    calls = iter(range(1000))

    def meanwhile() -> None:
        if next(calls) == 4:
            (tmp_path / "a").write_text("A")

    with pytest.raises(ContextMoved, match="a changed while the tree was packed"):
        pack(tmp_path, listing, PLAN, "FROM a\n", meanwhile)


def test_a_folder_swapped_for_a_link_leads_nowhere(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "sub").mkdir(parents=True)
    (root / "sub" / "f").write_text("same")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "f").write_text("same")
    listing = look(root, Limits())
    (root / "sub" / "f").unlink()
    (root / "sub").rmdir()
    (root / "sub").symlink_to("../other")
    with pytest.raises(ContextMoved):
        pack(root, listing, PLAN, "FROM a\n")


def test_a_tree_under_constant_change_is_packed_whole_or_not(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("0" * 100_000)
    (tmp_path / "b.txt").write_text("0" * 100_000)
    done = threading.Event()

    def writer() -> None:
        number = 0
        while not done.is_set():
            number = (number + 1) % 10
            for name in ("a.txt", "b.txt"):
                (tmp_path / name).write_text(str(number) * 100_000)

    thread = threading.Thread(target=writer)
    thread.start()
    try:
        for _ in range(50):
            listing = look(tmp_path, Limits())
            try:
                spool = pack(tmp_path, listing, PLAN, "FROM a\n")
            except ContextMoved:
                continue
            copied = tmp_path.parent / "copied"
            with spool, tarfile.open(fileobj=spool) as tar:
                tar.extractall(copied, filter="data")
            again = look(copied / "code", Limits())
            assert {e.path: e.content for e in again.entries} == {
                e.path: e.content for e in listing.entries
            }
    finally:
        done.set()
        thread.join()
