"""The command is cleaned as Polyaxon did."""

from __future__ import annotations

import pytest

from pxtui.polyaxonfile.command import joined, loses_lines, sanitised


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("python x.py \\ --a=1 \\ --b=2", "python x.py --a=1 --b=2"),
        ("python a.py\npython b.py\n", "python a.py python b.py"),
        ("a\\\n  b", "a b"),
        ("echo  'a  b'", "echo 'a b'"),
        ("\\a\\ \\\\", "a"),
        (" ", ""),
    ],
)
def test_sanitised(text: str, line: str) -> None:
    assert sanitised(text) == line


def test_commands_are_joined_so_that_a_failure_stops() -> None:
    assert joined(["a \\ b", " ", "c"]) == "a b && c"


def test_lines_that_become_one_command() -> None:
    assert loses_lines("a\nb\n")
    assert not loses_lines("a \\\n  b\n")
    assert not loses_lines("a\n\n")
