"""Kept listings come back as they were, and spare the first look what did not change."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pxtui.image import context, trees
from pxtui.image.context import Limits, Listing, changes, look
from pxtui.image.trees import Trees


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A tree of every kind of entry, and with names that would end a line or are no text."""
    root = tmp_path / "root"
    (root / "sub" / "empty").mkdir(parents=True)
    (root / "sub" / "a\nb.py").write_text("1")
    (root / os.fsdecode(b"caf\xe9.txt")).write_text("2")
    (root / "\U0001f600").write_text("")
    (root / "run.sh").write_text("3")
    (root / "run.sh").chmod(0o755)
    (root / "link").symlink_to("run.sh")
    return root


@pytest.fixture
def kept(tmp_path: Path) -> Trees:
    return Trees(tmp_path / "state" / "trees")


def later(kept: Trees) -> Trees:
    """The kept listings as another session has them."""
    return Trees(kept._folder)


def read_files(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths that are read from now on."""
    read: list[str] = []
    digest = context._digest

    def noted(fd: int, path: str, check: object) -> object:
        read.append(path)
        return digest(fd, path, context.never)

    monkeypatch.setattr(context, "_digest", noted)
    return read


def test_a_listing_comes_back_as_it_was(root: Path, kept: Trees) -> None:
    listing = look(root, Limits())
    kept.write(listing)
    again = later(kept).read(listing.signature)
    assert again == Listing(listing.entries, listing.signature, listing.files, listing.size)
    assert later(kept).newest() == again
    assert changes(listing, again) == ()


def test_an_empty_tree_comes_back(tmp_path: Path, kept: Trees) -> None:
    (tmp_path / "none").mkdir()
    listing = look(tmp_path / "none", Limits())
    kept.write(listing)
    assert later(kept).read(listing.signature) == listing


def test_the_first_look_reads_only_what_changed(
    root: Path, kept: Trees, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(context, "_RACY", 0)  # every stamp is believed
    first = look(root, Limits())
    kept.write(first)
    (root / "run.sh").write_text("other")
    (root / "new").write_text("new")
    read = read_files(monkeypatch)
    again = look(root, Limits(), previous=later(kept).newest())
    assert sorted(read) == ["new", "run.sh"]
    assert changes(first, again) == ("new", "run.sh")
    assert again.signature == look(root, Limits()).signature


def test_the_first_look_is_the_kept_listing_if_nothing_changed(
    root: Path, kept: Trees, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(context, "_RACY", 0)  # every stamp is believed
    first = look(root, Limits())
    kept.write(first)
    read = read_files(monkeypatch)
    assert look(root, Limits(), previous=later(kept).newest()) == first
    assert read == []


def test_a_file_that_was_young_when_it_was_kept_is_read_again(
    root: Path, kept: Trees, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(context, "_RACY", 3600 * 10**9)
    kept.write(look(root, Limits()))
    read = read_files(monkeypatch)
    look(root, Limits(), previous=later(kept).newest())
    assert len(read) == 4


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:-1],
        lambda data: data[1:],
        lambda data: data[16:],
        lambda data: data.replace(b"run.sh", b"ran.sh"),
        lambda data: b'{"v": 1, "entries": []}',
        lambda data: b"\xff" * 100,
    ],
)
def test_what_is_damaged_is_not_believed(root: Path, kept: Trees, damage: object) -> None:
    assert callable(damage)
    listing = look(root, Limits())
    kept.write(listing)
    file = next(kept._folder.iterdir())
    file.write_bytes(damage(file.read_bytes()))
    assert later(kept).read(listing.signature) is None
    assert later(kept).newest() is None


def test_the_newest_are_kept_for_the_owner_alone(
    root: Path, kept: Trees, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trees, "KEPT", 3)
    signatures = []
    for number in range(5):
        (root / "run.sh").write_text(str(number))
        listing = look(root, Limits())
        kept.write(listing)
        os.utime(kept._folder / listing.signature, ns=(number, number))
        signatures.append(listing.signature)
    files = list(kept._folder.iterdir())
    assert {file.name for file in files} == set(signatures[-3:])
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    newest = later(kept).newest()
    assert newest is not None
    assert newest.signature == signatures[-1]


def test_a_cache_that_cannot_be_written_is_none(root: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    kept = Trees(tmp_path / "file" / "trees")
    kept.write(look(root, Limits()))
    assert later(kept).newest() is None


def test_a_time_far_away_is_kept_too(root: Path, kept: Trees) -> None:
    os.utime(root / "run.sh", (10**10, 10**10))
    listing = look(root, Limits())
    kept.write(listing)
    again = later(kept).read(listing.signature)
    assert again is not None
    assert again.signature == listing.signature
    assert look(root, Limits(), previous=again).signature == listing.signature
