"""A project's files: found and read; drafts and consent."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from pxtui import project
from pxtui.polyaxonfile.path import Path as PlaceInFile
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


def test_what_is_no_file_is_refused_by_name(tmp_path: Path) -> None:
    assert code_of(tmp_path / "missing") == "E_MISSING"
    assert code_of(tmp_path) == "E_NOTFILE"


def test_several_files_are_one_project(make_project: Make) -> None:
    root = make_project(**{"over.yml": "version: 1\n"})
    found = project.find(root, None, [root / "over.yml"], era="0.5")
    assert found.shown_files == ("polyaxonfile.yml", "over.yml")
    assert [version.file for version in project.read_all(found)] == ["polyaxonfile.yml", "over.yml"]
    assert found.era == "0.5"


def test_consent_is_kept_for_an_engine_and_private(make_project: Make) -> None:
    places = project.find(make_project()).places
    assert not project.is_trusted(places, "unix:///a")
    assert not project.is_known(places)
    project.trust(places, "unix:///a")
    assert project.is_trusted(places, "unix:///a")
    assert project.is_known(places)
    assert not project.is_trusted(places, "unix:///b")
    assert not project.is_trusted(places, "unix:///a", any_step=True)
    assert stat.S_IMODE(places.trust.stat().st_mode) == 0o600
    assert stat.S_IMODE(places.home.stat().st_mode) == 0o700


def test_a_draft_is_for_its_file(make_project: Make) -> None:
    found = project.find(make_project())
    edits = ((("declarations", "lr"), "0.5"), (("declarations", "layers", 0), None))
    base: dict[PlaceInFile, str | None] = {("declarations", "lr"): "0.1"}
    project.write_draft(found.places, found.file, edits, base)
    assert project.read_draft(found.places, found.file) == edits
    assert project.read_draft_base(found.places, found.file) == base
    other = found.root / "other.yml"
    assert project.read_draft(found.places, other) == ()
    project.write_draft(found.places, other, edits[:1])
    assert project.read_draft(found.places, found.file) == edits
    project.write_draft(found.places, other, ())
    project.write_draft(found.places, found.file, ())
    assert not found.places.draft.exists()


def test_a_draft_of_an_earlier_version_is_read(make_project: Make) -> None:
    found = project.find(make_project())
    earlier = {"file": str(found.file), "edits": [[["declarations", "lr"], "0.5"]]}
    project.write_json(found.places.draft, earlier)
    assert project.read_draft(found.places, found.file) == ((("declarations", "lr"), "0.5"),)


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
