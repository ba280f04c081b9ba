"""`pxtui check`: several files, files laid over each other, a forced era."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from pxtui.cli.main import cli
from pxtui.cli.options import INVALID, USAGE

Make = Callable[..., Path]

BASE = "version: 1\nkind: experiment\nbuild: {image: a}\nrun: {cmd: c}\n"


def pxtui(*words: object) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words])


def told(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_files_are_laid_over_each_other(make_project: Make) -> None:
    root = make_project(BASE, **{"over.yml": "build: {image: b}\n"})
    words = ("check", "--json", "-f", root / "polyaxonfile.yml", "-f", root / "over.yml")
    (found,) = told(pxtui(*words))
    assert found["valid"]
    assert found["resolved"]["image"] == "b"


def test_each_named_file_is_checked_alone(make_project: Make) -> None:
    root = make_project(BASE, **{"over.yml": "build: {image: b}\n"})
    result = pxtui("check", "--json", root / "polyaxonfile.yml", root / "over.yml")
    assert [one["valid"] for one in told(result)] == [True, False]
    assert result.exit_code == INVALID


def test_files_are_laid_over_each_other_or_checked_alone(make_project: Make) -> None:
    file = make_project(BASE) / "polyaxonfile.yml"
    for words in (("check", "-f", file, file), ("-f", file, "check", file)):
        result = pxtui(*words)
        assert result.exit_code == USAGE
        assert "-f lays files over each other" in result.output


def test_a_folder_stands_for_its_polyaxonfile(make_project: Make) -> None:
    root = make_project(BASE)
    (found,) = told(pxtui("check", "--json", root))
    assert (found["file"], found["valid"]) == (f"{root}/polyaxonfile.yml", True)


def test_a_missing_file_below_others_is_named(make_project: Make) -> None:
    root = make_project(BASE)
    result = pxtui("check", "-f", root / "polyaxonfile.yml", "-f", root / "nope.yml")
    assert result.exit_code == INVALID
    assert f"{root}/nope.yml:1:1: error[E_MISSING]" in result.stdout


@pytest.mark.parametrize(("era", "valid"), [("0.0.5", False), ("0.1.1-0.2.9", True)])
def test_an_era_can_be_forced(make_project: Make, era: str, valid: bool) -> None:
    file = make_project(BASE) / "polyaxonfile.yml"
    for words in (("check", "--era", era), ("--era", era, "check")):
        (found,) = told(pxtui(*words, "--json", file))
        assert found["valid"] is valid
    assert told(pxtui("check", "--json", file))[0]["era"] == "0.5.0-0.6.1"


def test_the_project_of_a_command_has_files_and_era(make_project: Make) -> None:
    root = make_project(BASE, **{"over.yml": "build: {image: b}\n"})
    words = ("-f", root / "polyaxonfile.yml", "-f", root / "over.yml", "--era", "0.2.0")
    result = pxtui("-C", root, *words, "doctor")
    assert "polyaxonfile.yml is valid (0.1.1-0.2.9)" in result.output


def test_an_unknown_era_is_a_usage_error() -> None:
    result = pxtui("check", "--era", "1.0")
    assert result.exit_code == USAGE
    assert "there is no era '1.0'" in result.output
    assert "0.0.2-0.0.6" in result.output
