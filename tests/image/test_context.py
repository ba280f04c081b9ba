"""The listing is the tree: links, odd files, limits, stamps, signature, changes."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pxtui.errors import ContextError
from pxtui.image import context
from pxtui.image.context import Limits, Listing, changes, look, look_again


def paths(listing: Listing) -> list[str]:
    return [entry.path for entry in listing.entries]


def age(root: Path) -> None:
    """Wait until no stamp in the tree is so young that it is not trusted."""
    limit = time.monotonic() + 10
    while time.monotonic() < limit:
        newest = max(os.lstat(p).st_ctime_ns for p in (root, *root.rglob("*")))
        if time.time_ns() - newest > context._RACY:
            return
        time.sleep(0.05)
    raise AssertionError("the tree does not come to rest")


def test_what_can_be_read_is_listed_in_order(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "c.py").write_text("12345")
    (tmp_path / "a.py").write_text("1")
    (tmp_path / "empty").mkdir()
    listing = look(tmp_path, Limits())
    assert paths(listing) == ["a.py", "b", "b/c.py", "empty"]
    assert (listing.files, listing.size) == (2, 6)


def test_excluded_paths_are_not_part_of_the_tree(tmp_path: Path) -> None:
    (tmp_path / "polyaxonfile.yml").write_text("x")
    (tmp_path / "a.py").write_text("1")
    listing = look(tmp_path, Limits(), frozenset({"polyaxonfile.yml"}))
    assert paths(listing) == ["a.py"]
    assert paths(look_again(tmp_path, listing)) == ["a.py"]


def test_links_are_never_followed(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "sub").mkdir(parents=True)
    (tmp_path / "secret").write_text("CANARY")
    (root / "a.py").write_text("1")
    for name, target in {
        "inside": "a.py",
        "sub/up": "../a.py",
        "loop": "loop",
        "out": "../secret",
        "sub/out": "../../secret",
        "etc": "/etc",
        "here": str(root / "a.py"),
        "folder": "..",
        "dot": ".",
    }.items():
        (root / name).symlink_to(target)
    listing = look(root, Limits())
    links = {e.path: e.content for e in listing.entries if e.kind == "link"}
    assert links == {"inside": "a.py", "sub/up": "../a.py", "loop": "loop", "dot": "."}
    assert len(listing.skipped) == 5
    assert all("leaves the tree" in note for note in listing.skipped)


def test_a_chain_of_links_ends_at_the_one_that_leaves(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "sub").mkdir(parents=True)
    (tmp_path / "secret").write_text("CANARY")
    for name, target in {"a": "b", "b": "sub/c", "sub/c": "../../secret", "x": "sub/y/z"}.items():
        (root / name).symlink_to(target)
    (root / "sub/y").symlink_to("../..")
    listing = look(root, Limits())
    assert [(e.path, e.content) for e in listing.entries if e.kind == "link"] == [
        ("a", "b"),
        ("b", "sub/c"),
        ("x", "sub/y/z"),
    ]
    assert listing.files == 3
    assert dict(listing.links) == {"sub/c": str(tmp_path / "secret"), "sub/y": str(tmp_path)}


def test_a_project_may_be_a_link_itself(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.py").write_text("1")
    (tmp_path / "root").symlink_to("real")
    assert paths(look(tmp_path / "root", Limits())) == ["a.py"]


def test_a_device_is_left_out_with_a_note(tmp_path: Path) -> None:
    try:
        os.mknod(tmp_path / "null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("no device may be made here")
    listing = look(tmp_path, Limits())
    assert listing.entries == ()
    assert listing.skipped == ("null: left out, neither file nor folder (device)",)


def test_odd_files_are_left_out_with_a_note(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "a.py").write_text("1")
    with socket.socket(socket.AF_UNIX) as server:
        here = Path.cwd()
        os.chdir(tmp_path)  # the name of a socket is short
        server.bind("sock")
        os.chdir(here)
        listing = look(tmp_path, Limits())
    assert paths(listing) == ["a.py"]
    assert [note.split(":")[0] for note in listing.skipped] == ["fifo", "sock"]


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else")
def test_what_cannot_be_read_is_left_out_with_a_note() -> None:
    with tempfile.TemporaryDirectory() as name:  # every folder above it is open to all
        root = Path(name)
        root.chmod(0o755)
        (root / "a.py").write_text("1")
        (root / "closed.txt").write_text("2")
        (root / "closed.txt").chmod(0)
        (root / "shut").mkdir(mode=0)
        (root / "told").mkdir()
        (root / "told" / "name.txt").write_text("3")
        (root / "told").chmod(0o444)  # its names can be read, and no more
        os.seteuid(65534)
        try:
            listing = look(root, Limits())
        finally:
            os.seteuid(0)
    assert paths(listing) == ["a.py", "shut", "told"]
    assert [note.split(" (")[0] for note in listing.skipped] == [
        "closed.txt: left out, cannot be read",
        "shut: left out, cannot be read",
        "told/name.txt: left out, cannot be read",
    ]


def test_names_that_are_no_text_survive(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.txt")
    (tmp_path / name).write_text("1")
    assert paths(look(tmp_path, Limits())) == [name]


def test_deep_trees_are_walked(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["d" * 8] * 150)
    deep.mkdir(parents=True)
    (deep / "x").write_text("1")
    assert look(tmp_path, Limits()).files == 1


def test_a_big_tree_names_its_biggest_folders(tmp_path: Path) -> None:
    for number in range(7):
        folder = tmp_path / f"d{number}" / "inner"
        folder.mkdir(parents=True)
        with (folder / "data.bin").open("wb") as file:
            file.truncate((number + 1) * 1_000_000)
    with pytest.raises(ContextError) as raised:
        look(tmp_path, Limits(max_size=10_000_000))
    text = str(raised.value)
    assert "d6/inner (7.0 MB, 1 files), d5/inner" in text
    assert "d2/inner" in text
    assert "d1/inner" not in text
    for way_out in (".dockerignore", "context.max-size", "context.max-files"):
        assert way_out in text


def test_too_many_files_are_said_before_any_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(context, "_digest", lambda *_: pytest.fail("a file was read"))
    for number in range(30):
        (tmp_path / f"{number}.txt").write_text("1")
    with pytest.raises(ContextError, match="30 files"):
        look(tmp_path, Limits(max_files=20))
    with pytest.raises(ContextError, match="more than 21 files"):
        look(tmp_path, Limits(max_files=2))


def test_a_sparse_giant_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "giant").open("wb") as file:
        file.truncate(10_000_000_000)
    began = time.monotonic()
    with pytest.raises(ContextError, match=r"10\.0 GB"):
        look(tmp_path, Limits())
    assert time.monotonic() - began < 1


def test_a_folder_that_is_gone_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ContextError, match="cannot be read"):
        look(tmp_path / "none", Limits())


def test_equal_stamps_are_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.py").write_text("1")
    age(tmp_path)
    first = look(tmp_path, Limits())
    monkeypatch.setattr(context, "_digest", lambda *_: pytest.fail("read again"))
    again = look(tmp_path, Limits(), previous=first)
    assert again == first
    assert again.entries is first.entries
    assert changes(first, again) == ()


def test_what_did_not_change_is_the_same_entry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(context, "_RACY", 0)  # every stamp is believed
    (tmp_path / "sub").mkdir()
    for name in ("a.py", "sub/b.py", "sub/c.py"):
        (tmp_path / name).write_text("1")
    (tmp_path / "link").symlink_to("a.py")
    first = look(tmp_path, Limits())
    (tmp_path / "sub/b.py").write_text("22")
    again = look(tmp_path, Limits(), previous=first)
    other = {e.path for e, f in zip(again.entries, first.entries, strict=True) if e is not f}
    assert other == {"sub/b.py"}
    assert changes(first, again) == ("sub/b.py",)


@pytest.mark.parametrize("kinds", ["fl", "lf", "fd", "df", "ld", "dl"])
def test_another_kind_under_a_name_is_a_change(tmp_path: Path, kinds: str) -> None:
    path = tmp_path / "a"

    def make(kind: str) -> None:
        if kind == "f":
            path.write_text("b")
        elif kind == "l":
            path.symlink_to("b")
        else:
            path.mkdir()

    make(kinds[0])
    first = look(tmp_path, Limits())
    path.rmdir() if kinds[0] == "d" else path.unlink()
    make(kinds[1])
    again = look_again(tmp_path, first)
    assert [e.kind for e in again.entries] == [{"f": "file", "l": "link", "d": "dir"}[kinds[1]]]
    assert again.signature != first.signature
    assert changes(first, again) == ("a",)


def test_a_change_of_the_same_size_and_time_is_seen(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text("1")
    os.utime(file, ns=(1, 1))
    listing = look(tmp_path, Limits())
    for content in "2345":  # each within the same tick of the clock, or nearly
        file.write_text(content)
        os.utime(file, ns=(1, 1))
        newer = look_again(tmp_path, listing)
        assert newer.signature != listing.signature
        listing = newer


def test_the_signature_is_of_content_and_mode_not_of_time(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text("1")
    file.chmod(0o644)
    first = look(tmp_path, Limits())
    os.utime(file, (1, 1))
    assert look(tmp_path, Limits()).signature == first.signature
    file.chmod(0o755)
    assert look(tmp_path, Limits()).signature != first.signature


trees = st.dictionaries(
    st.sampled_from(["a.py", "b/c.py", "b/d.py", "e/f/g.py", "caf\udce9"]),
    st.sampled_from(["", "x", "yy"]),
    max_size=5,
)


@given(trees, trees)
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None
)
def test_signature_and_changes_tell_the_same(
    tmp_path: Path, before: dict[str, str], after: dict[str, str]
) -> None:
    def grown(tree: dict[str, str]) -> Listing:
        root = tmp_path / "root"
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir()
        for path, content in tree.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(content)
        return look(root, Limits())

    old, new = grown(before), grown(after)
    assert (old.signature == new.signature) == (before == after) == (not changes(old, new))
    differing = {p for p in before.keys() | after.keys() if before.get(p) != after.get(p)}
    assert set(changes(old, new)) == differing


PEM = "-----BEGIN {}PRIVATE KEY-----\nCANARY\n"
KEYS = {
    "deploy_key": PEM.format("OPENSSH "),
    "old/rsa": PEM.format("RSA "),
    "plain.txt": PEM.format(""),
    "locked": PEM.format("ENCRYPTED "),
    "sub/account.json": '{\n  "type": "x",\n  "private_key": "-----BEGIN PRIVATE KEY-----\\nX"}',
}
NO_KEYS = {
    "ca.crt": "-----BEGIN CERTIFICATE-----\n",
    "key.pub": "-----BEGIN PUBLIC KEY-----\n",
    "read.me": f"such as\n{PEM}",
    "test.py": '"private_key": "-----BEGIN PRIVATE KEY-----',
    "a.json": '{"private_key": "none", "b": "PRIVATE KEY"}',
    "big": PEM.format("") + "x" * 65_536,
    "empty": "",
}


def test_what_looks_like_a_private_key_is_told_at_each_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(context, "_RACY", 0)
    for name, text in (KEYS | NO_KEYS).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    notes = tuple(
        f"{name}: looks like a private key, and is sent: name it in .dockerignore, "
        "with `!` if it shall be"
        for name in sorted(KEYS)
    )
    first = look(tmp_path, Limits())
    assert first.skipped == notes
    again = look_again(tmp_path, first)
    assert (again.skipped, again.entries is first.entries) == (notes, True)
    (tmp_path / "empty").write_text("1")
    assert look_again(tmp_path, again).skipped == notes
    (tmp_path / ".dockerignore").write_text("old\nlocked\n!plain.txt\n")
    named = look_again(tmp_path, again)
    assert named.skipped == (notes[0], notes[4])
    assert "plain.txt" in paths(named)
    (tmp_path / "deploy_key").write_text("none")
    assert look_again(tmp_path, named).skipped == (notes[4],)


def test_a_caller_can_end_the_look(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("1")

    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        look(tmp_path, Limits(), check=stop)
