"""Settings: four places, one order, and what a project may not set."""

from __future__ import annotations

from pathlib import Path

import pytest

from pxtui import places
from pxtui.errors import SettingsError
from pxtui.session import needs
from pxtui.settings import Settings, load


def test_without_anything_the_defaults(tmp_path: Path) -> None:
    assert load(tmp_path, {}, {}) == Settings()


def test_flags_over_environment_over_project_over_user(tmp_path: Path) -> None:
    config = places.config_file()
    config.parent.mkdir(parents=True)
    config.write_text('grace = 1\non-busy = "restart"\n[context]\nmax-files = 7\n')
    assert load(tmp_path, {}, {}).grace == 1
    (tmp_path / "pyproject.toml").write_text('[tool.pxtui]\ngrace = 2\n"on-busy" = "beside"\n')
    assert load(tmp_path, {}, {}).grace == 2
    assert load(tmp_path, {}, {}).context_max_files == 7
    assert load(tmp_path, {}, {"PXTUI_GRACE": "3"}).grace == 3
    assert load(tmp_path, {"grace": "4"}, {"PXTUI_GRACE": "3"}).grace == 4
    assert load(tmp_path, {}, {}).on_busy == "beside"


@pytest.mark.parametrize("name", ["engine", "on-exit", "editor"])
def test_a_project_may_not_choose_for_the_person(tmp_path: Path, name: str) -> None:
    (tmp_path / "pyproject.toml").write_text(f'[tool.pxtui]\n{name} = "local"\n')
    with pytest.raises(SettingsError, match="a project may not set"):
        load(tmp_path, {}, {})


@pytest.mark.parametrize(
    "text",
    [
        "grace = -1",
        "grace = true",
        'grace = "soon"',
        'on-busy = "never"',
        'context.max-size = "big"',
        "context.max-files = 1.5",
        "nope = 1",
        "grace = ",
    ],
)
def test_a_bad_value_is_named_with_its_place(tmp_path: Path, text: str) -> None:
    (tmp_path / "pyproject.toml").write_text(f"[tool.pxtui]\n{text}\n")
    with pytest.raises(SettingsError, match=r"pyproject\.toml"):
        load(tmp_path, {}, {})


def test_a_terminal_for_runs_is_asked_for_by_anybody_and_never_by_itself(tmp_path: Path) -> None:
    assert not Settings().tty
    assert not needs.surroundings(Settings(), ()).tty
    (tmp_path / "pyproject.toml").write_text("[tool.pxtui]\ntty = true\n")
    found = load(tmp_path, {}, {})
    assert found.tty
    assert needs.surroundings(found, ()).tty
    assert not load(tmp_path, {}, {"PXTUI_TTY": "no"}).tty


def test_sizes_are_read_as_people_write_them(tmp_path: Path) -> None:
    for text, size in (("2 GB", 2_000_000_000), ("500mb", 500_000_000), ("1.5k", 1500), ("7", 7)):
        found = load(tmp_path, {}, {"PXTUI_CONTEXT_MAX_SIZE": text})
        assert found.context_max_size == size


def test_a_bad_value_is_shown_and_a_variable_never(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"the command line: mounts = a, b:c is not SRC:DST"):
        load(tmp_path, {"mounts": ("a", "b:c")}, {})
    with pytest.raises(SettingsError) as refused:
        load(tmp_path, {"env": ("GOOD=1", "not good=canary")}, {})
    assert "env is not NAME or NAME=VALUE" in str(refused.value)
    assert "canary" not in str(refused.value)
    with pytest.raises(SettingsError, match="without values"):
        load(tmp_path, {}, {"PXTUI_ENV": "NAME=canary"})
