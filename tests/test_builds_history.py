"""Records of builds: kept, read with care, and what is usual by them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pxtui.history import builds
from pxtui.history.builds import BuildRecord, BuiltStep, Earlier, newest_good, usual
from pxtui.image.reason import Made, Part
from pxtui.places import ProjectPlaces

MADE = Made((Part("base", "x", "id"), Part("step", "", "pip install a"), Part("code", "", "s")))


def record(build_id: str, seconds: float = 1.0, *, cached: bool = False) -> BuildRecord:
    step = BuiltStep(2, "pip install a", "done", cached, seconds)
    return BuildRecord(build_id, "e", "asked", 1.0, 2.0, "done", None, "", "image", MADE, (step,))


@pytest.fixture
def places(tmp_path: Path) -> ProjectPlaces:
    return ProjectPlaces("p", tmp_path)


def test_a_record_reads_back_as_it_was(places: ProjectPlaces) -> None:
    builds.write(places, record("a"))
    path = places.home / "builds" / "a.json"
    assert builds.read(path) == record("a")
    assert path.stat().st_mode & 0o777 == 0o600
    assert json.loads(path.read_text())["v"] == 1
    assert record("a").step(2)
    assert record("a").step(1) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"v": 2}',
        '{"v": 1}',
        '{"v": 1, "made": {"parts": [1]}}',
        "\0",
        '{"v": 1, "made": {"parts": []}, "steps": [], "started": "x"}',
    ],
)
def test_what_cannot_be_read_is_left_out_and_left_alone(places: ProjectPlaces, text: str) -> None:
    builds.write(places, record("a"))
    bad = places.home / "builds" / "b.json"
    bad.write_text(text)
    assert Earlier(places).look() == (record("a"),)
    assert bad.read_text() == text


def test_records_of_others_are_found_and_known_ones_not_read_again(
    places: ProjectPlaces, monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier = Earlier(places)
    assert earlier.look() == ()
    builds.write(places, replace(record("a"), started=2.0))
    builds.write(places, record("b"))
    assert [r.id for r in earlier.look()] == ["b", "a"]
    read: list[str] = []
    monkeypatch.setattr(builds, "read", lambda path: read.append(path.name))
    builds.write(places, record("c"))
    assert [r.id for r in earlier.look()] == ["b", "a"]
    assert read == ["c.json"]


def test_what_is_usual_is_the_median_of_what_was_really_built() -> None:
    failed = replace(record("f"), steps=(BuiltStep(2, "pip install a", "failed", False, 99.0),))
    records = [record("a", 10), record("b", 14), record("c", 90), record("d", 0, cached=True)]
    assert usual([*records, failed]) == {"pip install a": 14}
    assert usual([]) == {}


def test_what_was_usual_before_all_records_is_still_known() -> None:
    def of(usual: float | None, *, cached: bool = True) -> BuildRecord:
        step = BuiltStep(2, "pip install a", "done", cached, 7.0, usual=usual)
        return replace(record("a"), steps=(step,))

    assert usual([of(10.0), of(12.0)]) == {"pip install a": 12.0}
    assert usual([of(12.0), of(12.0, cached=False)]) == {"pip install a": 7.0}


def test_the_oldest_logs_and_records_go(
    places: ProjectPlaces, monkeypatch: pytest.MonkeyPatch
) -> None:
    builds.prune(places, ())
    monkeypatch.setattr(builds, "KEPT", 2)
    for name in "abcde":
        builds.write(places, record(name))
        places.build(name).mkdir()
    builds.prune(places, ())
    left = sorted(path.name for path in (places.home / "builds").iterdir())
    assert left == ["d", "d.json", "e", "e.json"]


def test_the_newest_good_ones_of_each_engine_stay(
    places: ProjectPlaces, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(builds, "KEPT", 1)
    # each: engine and outcome, oldest first
    ends = {
        "a": ("e", "done"), "b": ("e", "done"), "c": ("other", "done"), "d": ("e", "skipped"),
        "f": ("e", "skipped"), "g": ("third", "failed"), "h": ("e", "cancelled"),
    }  # fmt: skip
    for at, (name, (engine, outcome)) in enumerate(ends.items()):
        made = replace(record(name), started=float(at), engine=engine, outcome=outcome)
        builds.write(places, made)
        places.build(name).mkdir()
    builds.prune(places, Earlier(places).look())
    left = sorted(path.name for path in (places.home / "builds").iterdir())
    assert left == [name + end for name in "bcfh" for end in ("", ".json")]


def test_the_newest_good_one_is_the_newest_that_was_built() -> None:
    made = replace(record("a"), started=5.0)
    found = replace(record("b"), started=6.0, outcome="skipped")
    failed = replace(record("c"), started=7.0, outcome="failed")
    assert newest_good([made, found, failed]) == made
    assert newest_good([found, failed]) == found
    assert newest_good([failed]) is None
