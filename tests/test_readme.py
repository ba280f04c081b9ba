"""The README is true: its commands exist, its files too, its lines are what CI runs."""

from __future__ import annotations

import re
from pathlib import Path

from pxtui import settings
from pxtui.cli.main import COMMANDS
from pxtui.image.context import Limits

REPO = Path(__file__).parents[1]
README = (REPO / "README.md").read_text()


def test_every_command_is_named_and_every_named_command_exists() -> None:
    named = set(re.findall(r"^\| `pxtui (\w+)", README, re.MULTILINE))
    assert named == set(COMMANDS)


def test_every_setting_is_named() -> None:
    part = README.split("## Settings")[1].split("##")[0]
    for name in settings.READERS:
        assert f"`{name}`" in part, name


def test_pictures_exist() -> None:
    for picture in re.findall(r"!\[.*?\]\((.*?)\)", README):
        assert (REPO / picture).is_file(), picture


def test_ci_runs_the_test_line() -> None:
    (line,) = re.findall(r"<!-- tests -->\n```bash\n(.*)\n```", README)
    assert line.startswith("python3 -m venv .venv && ")
    assert line.endswith("-m pytest")
    assert "<!-- tests -->" in (REPO / ".ci/run").read_text()


def test_the_limits_are_those_of_the_settings() -> None:
    given = settings.Settings()
    assert Limits() == Limits(given.context_max_size, given.context_max_files)


def test_the_version_is_in_the_changelog() -> None:
    assert "## Unreleased" in (REPO / "CHANGELOG.md").read_text()
