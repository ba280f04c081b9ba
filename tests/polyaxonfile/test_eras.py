"""Eras: their names and order, and which one a file is read as."""

from __future__ import annotations

import pytest

from pxtui.polyaxonfile.load import load
from pxtui.polyaxonfile.spec import eras
from pxtui.polyaxonfile.spec.eras import ALL, ERAS, V002, V007, V008, V050

SEED = "version: 1\nproject: {name: p}\nrun: {image: i, steps: [s], cmd: c}\n"
BUILT = "version: 1\nkind: experiment\nbuild: {image: i}\nrun: {cmd: c}\n"


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("0.0.5", "0.0.2-0.0.6"),
        ("0.0.2-0.0.6", "0.0.2-0.0.6"),
        ("0.0.7", "0.0.7"),
        ("0.0", "0.0.8-0.1.0"),
        ("0.1", "0.1.1-0.2.9"),
        ("0.2", "0.1.1-0.2.9"),
        ("0.3", "0.3.9-0.4.1"),
        ("0.4", "0.4.2-0.4.4"),
        ("0.5", "0.5.0-0.6.1"),
        ("0.6", "0.5.0-0.6.1"),
        ("0.4.1", "0.3.9-0.4.1"),
        ("0.6.1", "0.5.0-0.6.1"),
    ],
)
def test_an_era_has_a_name_and_versions(name: str, found: str) -> None:
    era = eras.named(name)
    assert era
    assert era.name == found


@pytest.mark.parametrize(
    "name",
    [
        *("", "0", "0.0.1", "0.3.10", "0.4.5", "0.6.2", "0.6.5", "0.7", "1.0"),
        *("x", "0.0.5.1", "0.0.5-", "٠.٥"),
    ],
)
def test_what_is_no_era(name: str) -> None:
    assert eras.named(name) is None


def test_sets_of_eras() -> None:
    assert eras.since(V002) == eras.until(V050) == ALL
    assert eras.until(V007) == V002 | V007
    assert eras.since(V050) == V050
    assert eras.until(V008) & eras.since(V008) == V008
    assert len({era.bit for era in ERAS}) == len(ERAS)


def test_sets_in_words() -> None:
    assert eras.shown(V002) == "0.0.2-0.0.6 (early 2018)"
    assert eras.shown(V007 | V008) == "0.0.7 to 0.1.0"
    assert eras.shown(V050) == "0.5.0 and later"


@pytest.mark.parametrize(
    ("text", "era"),
    [
        (SEED, "0.0.2-0.0.6"),
        (SEED.replace("steps", "build_steps") + "kind: experiment\n", "0.0.7"),
        (
            "version: 1\nkind: experiment\nrun: {image: i, build_steps: [s], cmd: c}\n",
            "0.0.8-0.1.0",
        ),
        (BUILT, "0.5.0-0.6.1"),
        (BUILT.replace("image: i", "image: i, git: u"), "0.3.0-0.3.8"),
        (BUILT + "environment: {tensorflow: {n_workers: 1}}\n", "0.3.9-0.4.1"),
        (BUILT + "framework: x\nmodel: {}\n", "0.4.2-0.4.4"),
        (BUILT + "params: {a: 1}\n", "0.5.0-0.6.1"),
        (BUILT.replace("cmd: c", "cmd: {if: {cond: '1', do: c}}"), "0.4.2-0.4.4"),
        (
            BUILT.replace("image: i", "image: i, build_steps: {for: {len: 1, do: s}}"),
            "0.4.2-0.4.4",
        ),
    ],
)
def test_the_era_is_the_newest_that_fits(text: str, era: str) -> None:
    reading = load(text.encode(), "p.yml")
    assert reading.valid, reading.problems
    assert reading.era == era


def test_an_era_can_be_forced() -> None:
    reading = load(BUILT.encode(), "p.yml", era="0.0.7")
    assert reading.era == "0.0.7"
    assert not reading.valid
    assert load(BUILT.encode(), "p.yml", era="0.1.9").valid


@pytest.mark.parametrize("era", ["0.5.0", "0.5.6", "0.6.1"])
def test_the_last_versions_refused_operators(era: str) -> None:
    text = BUILT.replace("cmd: c", "cmd: {if: {cond: '1 == 1', do: c}}")
    reading = load(text.encode(), "p.yml", era=era)
    assert not reading.valid
    (problem,) = reading.problems
    assert problem.message == "run.cmd: `if` cannot stand here since 0.5.0"
    assert "{% if" in problem.hint
    assert load(text.encode(), "p.yml", era="0.4.4").valid
    assert not load(f"{text}params: {{a: 1}}\n".encode(), "p.yml").valid
