"""A project's files: found, read with limits, saved whole or not at all; drafts and consent."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pxtui import project
from pxtui.errors import EditError
from pxtui.polyaxonfile.problems import PolyaxonfileError

Make = Callable[..., Path]


def code_of(file: Path) -> str:
    with pytest.raises(PolyaxonfileError) as caught:
        project.read(file, "shown.yml")
    return caught.value.problems[0].code


def test_the_first_name_that_exists_is_taken(tmp_path: Path) -> None:
    assert project.find(tmp_path).file.name == "polyaxonfile.yml"
    (tmp_path / "polyaxon.json").touch()
    assert project.find(tmp_path).file.name == "polyaxon.json"
    (tmp_path / "polyaxonfile.yaml").touch()
    assert project.find(tmp_path).file.name == "polyaxonfile.yaml"
    assert project.find(tmp_path, tmp_path / "other.yml").shown_file == "other.yml"


def test_what_is_no_file_is_refused_unread(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "big").write_bytes(b"#" * (project.MAX_SIZE + 1))
    assert code_of(tmp_path / "missing") == "E_MISSING"
    assert code_of(tmp_path) == "E_NOTFILE"
    assert code_of(tmp_path / "fifo") == "E_NOTFILE"
    assert code_of(Path("/dev/zero")) == "E_NOTFILE"
    assert code_of(tmp_path / "big") == "E_TOO_BIG"


def test_a_save_keeps_mode_and_link(tmp_path: Path) -> None:
    target = tmp_path / "real.yml"
    target.write_bytes(b"old")
    target.chmod(0o640)
    link = tmp_path / "link.yml"
    link.symlink_to("real.yml")
    project.save(link, b"new", b"old")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert sorted(p.name for p in tmp_path.iterdir()) == ["link.yml", "real.yml"]


def test_a_file_that_was_changed_elsewhere_is_not_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "polyaxonfile.yml"
    file.write_bytes(b"theirs")
    with pytest.raises(EditError, match="changed by something else"):
        project.save(file, b"mine", b"base")
    assert file.read_bytes() == b"theirs"


def test_a_full_disk_leaves_the_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "polyaxonfile.yml"
    file.write_bytes(b"old")

    def full(fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(EditError, match="No space left"):
        project.save(file, b"new", b"old")
    assert file.read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 1


SAVER = """
import sys
from pathlib import Path
from pxtui import project
file = Path(sys.argv[1])
print("ready", flush=True)
n = 0
while True:
    n += 1
    project.save(file, bytes([65 + n % 26]) * 200_000, file.read_bytes())
"""


def test_a_killed_save_leaves_a_whole_file(tmp_path: Path) -> None:
    file = tmp_path / "polyaxonfile.yml"
    file.write_bytes(b"A" * 200_000)
    for delay in range(10):
        words = [sys.executable, "-c", SAVER, str(file)]
        with subprocess.Popen(words, stdout=subprocess.PIPE) as process:
            assert process.stdout
            process.stdout.readline()
            os.set_blocking(process.stdout.fileno(), False)
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(0.01 * (delay + 1))
            process.kill()
        data = file.read_bytes()
        assert len(data) == 200_000
        assert len(set(data)) == 1
    project.remove_stale_saves(file)
    assert [p.name for p in tmp_path.iterdir()] == ["polyaxonfile.yml"]


def test_consent_is_kept_for_an_engine_and_private(make_project: Make) -> None:
    places = project.find(make_project()).places
    assert not project.is_trusted(places, "unix:///a")
    project.trust(places, "unix:///a")
    assert project.is_trusted(places, "unix:///a")
    assert not project.is_trusted(places, "unix:///b")
    assert not project.is_trusted(places, "unix:///a", any_step=True)
    assert stat.S_IMODE(places.trust.stat().st_mode) == 0o600
    assert stat.S_IMODE(places.home.stat().st_mode) == 0o700


def test_a_draft_is_for_its_file(make_project: Make) -> None:
    found = project.find(make_project())
    edits = ((("declarations", "lr"), "0.5"), (("declarations", "layers", 0), "3"))
    project.write_draft(found.places, found.file, edits)
    assert project.read_draft(found.places, found.file) == edits
    assert project.read_draft(found.places, found.root / "other.yml") == ()
    project.write_draft(found.places, found.file, ())
    assert not found.places.draft.exists()


@pytest.mark.parametrize("garbage", ["", "{", "[]", "null", '{"v": 99}', "\x00"])
def test_garbage_in_our_files_is_set_aside(make_project: Make, garbage: str) -> None:
    found = project.find(make_project())
    project.trust(found.places, "x")
    found.places.trust.write_text(garbage)
    assert not project.is_trusted(found.places, "x")
    found.places.draft.write_text(garbage)
    assert project.read_draft(found.places, found.file) == ()


def test_a_newer_file_of_ours_is_read_only(make_project: Make) -> None:
    found = project.find(make_project())
    project.trust(found.places, "x")
    newer = json.dumps({"v": 2, "engines": {"x": "y"}})
    found.places.trust.write_text(newer)
    project.trust(found.places, "z")
    assert found.places.trust.read_text() == newer
