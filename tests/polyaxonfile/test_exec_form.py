"""Words that are executed as they stand, and the command line that a shell makes them of."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from pxtui.polyaxonfile import modern
from pxtui.polyaxonfile.command import sanitised
from pxtui.polyaxonfile.document import Document
from pxtui.polyaxonfile.load import resolve
from pxtui.polyaxonfile.modern.exec_form import Inexact, filled, folder_of, line

TEXT = st.text(alphabet="ab $`'\"\\;&|*~#!-=(){}%\n\té", max_size=12)


def words_of(command: str) -> list[str]:
    """What a shell makes of a command that begins with `printf %s\\0`."""
    done = subprocess.run(["/bin/bash", "-c", command], capture_output=True, check=True)
    return done.stdout.decode().split("\0")[:-1]


@given(st.lists(TEXT, min_size=1, max_size=4))
@example(["a b", "", "'", "$HOME", "`x`", "~", "#"])
@settings(max_examples=150, deadline=None)
def test_the_shell_gives_the_words_back(words: list[str]) -> None:
    assume(not any("{{" in word or "{%" in word or "{#" in word for word in words))
    try:
        command = line(["printf", "%s\\0", *words], {})
    except Inexact:
        assert any(sanitised(word) != word for word in words)
        return
    assert words_of(sanitised(command)) == words


@given(TEXT)
@settings(max_examples=60, deadline=None)
def test_what_is_filled_in_stays_one_word(value: str) -> None:
    assume(sanitised(value) == value != "")
    assume("{" not in value)
    text = 'kind: component\nrun: {container: {image: a, command: [printf, "%s\\\\0"], args: '
    text += '["--x={{ x }}"]}}\ninputs: [{name: x, type: str}]\n'
    document = Document.parse(text.encode(), "f")
    reading = resolve(modern.mapped(document), {"x": f"'{value.replace(chr(39), chr(39) * 2)}'"})
    if reading.resolved is None or reading.declarations[0].value != value:
        return  # a value that means something else, e.g. a number
    assert words_of(reading.resolved.cmd) == [f"--x={value}"]


def test_references_become_bare_names() -> None:
    types = {"lr": "float", "matrix": "int"}
    assert (
        filled("{{ params.lr.value }}/{{lr}}/{{ matrix }}", types)
        == "{{ lr }}/{{ lr }}/{{ matrix }}"
    )
    with pytest.raises(Inexact, match=r"connections\.s3"):
        filled("{{ connections.s3.bucket }}", types)


def test_only_folders_of_the_project_are_worked_in() -> None:
    assert folder_of("{{globals.run_artifacts_path}}/uploads") == ""
    assert folder_of("/code/a/../b") == "b"
    for path in ("/code/../etc", "/", "a", "{{ globals.artifacts_path }}/x"):
        with pytest.raises(Inexact):
            folder_of(path)
