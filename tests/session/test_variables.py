"""The person's variables: where their values come from, and what a bad file says."""

from __future__ import annotations

from pathlib import Path

import pytest

from pxtui.errors import StartError
from pxtui.run import Surroundings
from pxtui.session.variables import values


def test_typed_before_environment_before_file(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("A=file\nB=file\nC='of the file'\n# D=no\n\nexport E=\"x=y # z\"\nF=\n")
    wanted = Surroundings(variables=("A", "B", "Z"), env_files=(str(file),))
    found, missing = values(wanted, {"A": "typed"}, {"A": "env", "B": "env"})
    assert dict(found) == {
        "A": "typed", "B": "env", "C": "of the file", "E": "x=y # z", "F": "",
    }  # fmt: skip
    assert missing == ("Z",)


def test_a_name_alone_in_a_file_is_the_persons_own(tmp_path: Path) -> None:
    file = tmp_path / "vars"
    file.write_text("HERE\nGONE\n")
    found, missing = values(Surroundings(env_files=(str(file),)), {}, {"HERE": "1"})
    assert found == (("HERE", "1"),)
    assert missing == ()


def test_a_wanted_name_may_come_from_the_file(tmp_path: Path) -> None:
    file = tmp_path / "vars"
    file.write_text("KEY=1\n")
    wanted = Surroundings(variables=("KEY",), env_files=(str(file),))
    assert values(wanted, {}, {}) == ((("KEY", "1"),), ())


@pytest.mark.parametrize("text", [b"sk-123456 is my key\n", b"=sk-123456\n", b"\xff\xfe=sk-123456"])
def test_a_bad_file_is_named_without_its_content(tmp_path: Path, text: bytes) -> None:
    file = tmp_path / "vars"
    file.write_bytes(text)
    with pytest.raises(StartError) as error:
        values(Surroundings(env_files=(str(file),)), {}, {})
    assert str(file) in str(error.value)
    assert "123456" not in str(error.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(StartError, match=r"gone\.env"):
        values(Surroundings(env_files=(str(tmp_path / "gone.env"),)), {}, {})
