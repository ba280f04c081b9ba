"""Consent: for a project and an engine, for all projects below a folder, private, taken back."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

from click.testing import CliRunner

from pxtui import places, project, trust
from pxtui.cli.main import cli
from pxtui.cli.options import Where

Make = Callable[..., Path]


def test_consent_is_kept_for_an_engine_and_private(make_project: Make) -> None:
    found = project.find(make_project())
    assert not trust.is_trusted(found, "unix:///a")
    assert not trust.is_known(found)
    trust.trust(found, "unix:///a")
    assert trust.is_trusted(found, "unix:///a")
    assert trust.is_known(found)
    assert not trust.is_trusted(found, "unix:///b")
    assert not trust.is_trusted(found, "unix:///a", any_step=True)
    assert stat.S_IMODE(found.places.trust.stat().st_mode) == 0o600
    assert stat.S_IMODE(found.places.home.stat().st_mode) == 0o700


def test_consent_for_a_folder_covers_what_is_below_it_on_that_engine(
    make_project: Make, tmp_path: Path
) -> None:
    inside, outside = tmp_path / "code", tmp_path / "code-of-others"
    inside.mkdir()
    outside.mkdir()
    one, other = project.find(make_project(name="code/a")), project.find(outside)
    (inside / "link").symlink_to(outside)
    linked = project.find(inside / "link")
    trust.trust_below(inside, "unix:///a")
    assert trust.is_trusted(one, "unix:///a")
    assert not trust.is_known(one)
    assert not trust.is_trusted(one, "unix:///b")
    assert not trust.is_trusted(one, "unix:///a", any_step=True)
    assert not trust.is_trusted(other, "unix:///a")
    assert not trust.is_trusted(linked, "unix:///a"), "where it really is"
    file = places.state_home() / "trust.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.write_text("garbage")
    assert not trust.is_trusted(one, "unix:///a")


def test_the_command_lists_gives_and_takes_back(make_project: Make, tmp_path: Path) -> None:
    root = make_project(name="code/a")

    def pxtui(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(cli, ["-C", str(root), *words], obj=Where())
        return done.exit_code, done.output

    assert pxtui("trust") == (0, "")
    told = f"{tmp_path / 'code'}  on fake\n"
    assert pxtui("--engine", "fake", "trust", "--below", str(tmp_path / "code")) == (0, told)
    assert trust.is_trusted(project.find(root), "fake")
    assert pxtui("trust") == (0, told)
    assert pxtui("trust", "--forget", str(tmp_path / "code")) == (0, "")
    assert not trust.is_trusted(project.find(root), "fake")
    code, said = pxtui("trust", "--forget", str(tmp_path / "code"))
    assert code == 1
    assert "was not trusted" in said
