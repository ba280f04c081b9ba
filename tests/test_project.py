"""A project's files: found and read; drafts and consent."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from pxtui import project, trust
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
    trust.trust(found, "x")
    found.places.trust.write_text(garbage)
    assert not trust.is_trusted(found, "x")
    found.places.draft.write_text(garbage)
    assert project.read_draft(found.places, found.file) == ()


def test_a_newer_file_of_ours_is_read_only(make_project: Make) -> None:
    found = project.find(make_project())
    trust.trust(found, "x")
    newer = json.dumps({"v": 2, "engines": {"x": "y"}})
    found.places.trust.write_text(newer)
    trust.trust(found, "z")
    assert found.places.trust.read_text() == newer
