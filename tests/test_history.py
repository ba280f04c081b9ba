"""Records of runs: written whole, numbered once, read with care."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

from pxtui import history
from pxtui.history import Record
from pxtui.places import ProjectPlaces
from pxtui.polyaxonfile.reading import Resolved
from pxtui.run import USUAL

RESOLVED = Resolved("experiment", "p", "x", ("pip install y",), (("A", "1"),), "cmd", {"lr": 0.1})


def record(number: int) -> Record:
    return Record(
        id=f"2026-{number}",
        number=number,
        engine="fake",
        image="image",
        target="target",
        cause="asked",
        owner="me",
        started=1.0,
        differs=(("lr", "0.5"),),
        resolved=asdict(RESOLVED),
    )


def test_a_record_reads_back_as_it_was(tmp_path: Path) -> None:
    places = ProjectPlaces.of(tmp_path)
    history.write(places, record(1))
    found = history.read(places, "2026-1")
    assert found
    assert found.as_resolved() == RESOLVED
    assert found.differs == (("lr", "0.5"),)
    assert history.past(places, found).outcome == "running"
    history.write(places, replace(found, outcome="done", exit_code=0))
    assert history.past(places, history.read_all(places)[0]).outcome == "done"


def test_a_record_of_before_there_was_a_setting_has_what_was_usual(tmp_path: Path) -> None:
    places = ProjectPlaces.of(tmp_path)
    older = {name: value for name, value in asdict(USUAL).items() if name != "tty"}
    history.write(places, replace(record(1), surroundings=older))
    assert history.read_all(places)[0].as_surroundings() == USUAL
    wanted = replace(USUAL, tty=True)
    history.write(places, replace(record(1), surroundings=asdict(wanted)))
    assert history.read_all(places)[0].as_surroundings() == wanted


def test_numbers_are_never_given_twice(tmp_path: Path) -> None:
    places = ProjectPlaces.of(tmp_path)
    assert history.next_number(places) == 1
    history.write(places, record(1))
    assert history.next_number(places) == 2
    history.remove(places, "2026-1")
    assert history.next_number(places) == 3
    (places.home / "number").write_text("garbage")
    assert history.next_number(places) == 1


def test_what_cannot_be_read_is_left_out_and_left_alone(tmp_path: Path) -> None:
    places = ProjectPlaces.of(tmp_path)
    history.write(places, record(1))
    for name, text in (("a", "{"), ("b", '{"v": 2}'), ("c", "[]"), ("d", '{"v": 1}')):
        folder = places.run(name)
        folder.mkdir(parents=True)
        (folder / "run.json").write_text(text)
    places.run("e").mkdir()
    assert [r.number for r in history.read_all(places)] == [1]
    assert (places.run("a") / "run.json").read_text() == "{"


def test_no_number_is_given_twice_however_many_ask_at_once(tmp_path: Path) -> None:
    places = ProjectPlaces("0" * 12, tmp_path / "home")
    code = (
        "import sys; from pathlib import Path; from pxtui import history; "
        "from pxtui.places import ProjectPlaces; "
        "p = ProjectPlaces('0' * 12, Path(sys.argv[1])); "
        "print(*(history.next_number(p) for _ in range(50)))"
    )
    words = [sys.executable, "-c", code, str(places.home)]
    asking = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    given = [int(n) for one in asking for n in one.communicate(timeout=60)[0].split()]
    assert sorted(given) == list(range(1, 201))
