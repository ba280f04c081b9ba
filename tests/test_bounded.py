"""Hostile templates end soon, cost little, and say which limit they hit."""

from __future__ import annotations

import os
import resource
import time
from pathlib import Path

import pytest

from pxtui.bounded import MIB, Overrun, call, read_polyaxonfile
from tests.polyaxonfile.test_templating import ESCAPES


def spin() -> None:
    while True:
        pass


def sleep(seconds: float) -> None:
    time.sleep(seconds)


def eat() -> int:
    return len(bytearray(2048 * MIB))


def die() -> None:
    os.abort()


def add(a: int, b: int) -> int:
    return a + b


def complain() -> None:
    raise ValueError("no")


def test_a_result_comes_back() -> None:
    assert call(add, 1, 2) == 3


def test_an_exception_comes_back() -> None:
    with pytest.raises(ValueError, match="no"):
        call(complain)


def test_computing_too_long() -> None:
    start = resource.getrusage(resource.RUSAGE_CHILDREN)
    with pytest.raises(Overrun, match=r"0\.2 s of computing"):
        call(spin, seconds=0.2)
    end = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert end.ru_utime + end.ru_stime - start.ru_utime - start.ru_stime < 2


def test_waiting_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pxtui.bounded.STARTUP_SECONDS", 1.0)
    with pytest.raises(Overrun, match="more than"):
        call(sleep, 60.0, seconds=0.1)


def test_too_much_memory() -> None:
    with pytest.raises(Overrun, match="512 MiB"):
        call(eat)


def test_death() -> None:
    with pytest.raises(Overrun, match="SIGABRT"):
        call(die)


FILE = """\
version: 1
project: {{name: p}}
declarations: {{a: 1, l: [1]}}
run: {{image: i, cmd: '{}'}}
"""

BOMBS = [
    "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
    '{{ "x"*10**10 }}',
    "{{ 10**(10**9) }}",
    '{{ "x"|center(10**10) }}',
    '{{ "%9999999999d"|format(1) }}',
    "{{ (l*99999999)|length }}",
    "{{ l|slice(10**9)|list }}",
    "{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}",
    "{% set x = l * 4000 %}{% for a in x %}{% for b in x %}{{ a }}{% endfor %}{% endfor %}",
    '{{ "a"|replace("a", "b"*10**7)|replace("b", "c"*10**7) }}',
]


@pytest.mark.parametrize("bomb", BOMBS)
def test_bombs_are_defused(bomb: str) -> None:
    start = resource.getrusage(resource.RUSAGE_CHILDREN)
    reading = read_polyaxonfile(FILE.format(bomb).encode(), "p.yml")
    end = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert [p.code for p in reading.problems if p.severity == "error"]
    assert {p.code for p in reading.problems} <= {"E_TEMPLATE_LIMIT", "E_TEMPLATE", "W_UNUSED"}
    assert reading.problems[0].line == 4
    assert end.ru_utime + end.ru_stime - start.ru_utime - start.ru_stime < 1.5
    assert end.ru_maxrss < 300 * 1024 or end.ru_maxrss == start.ru_maxrss


@pytest.mark.parametrize("escape", ESCAPES)
def test_escapes_leave_no_mark(
    escape: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = FILE.format(escape.replace("MARK", str(tmp_path / "mark")).replace("'", '"'))
    read_polyaxonfile(text.encode(), "p.yml")
    assert not [*tmp_path.iterdir()]


def test_modules_of_the_project_are_not_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("yaml.py", "jinja2.py", "pickle.py", "sitecustomize.py"):
        (tmp_path / name).write_text("open('mark', 'w')\n")
    monkeypatch.chdir(tmp_path)
    assert call(add, 1, 2) == 3
    assert not (tmp_path / "mark").exists()


def test_a_dear_template_is_rendered_all_the_same() -> None:
    reading = read_polyaxonfile(FILE.format("x {{ a * 2 }}").encode(), "p.yml", {}, {"a": "4"})
    assert reading.resolved
    assert reading.resolved.cmd == "x 8"
    assert reading.declarations[0].text == "4"


def test_a_given_value_can_be_dear() -> None:
    data = FILE.format("x {{ a }}").encode()
    reading = read_polyaxonfile(data, "p.yml", None, {"a": "{{ 9**(9**10) }}"})
    assert [p.code for p in reading.problems] == ["E_TEMPLATE_LIMIT"]
    assert [(r.name, r.used) for r in reading.declarations] == [("a", True), ("l", False)]


def test_a_file_that_cannot_be_read() -> None:
    assert [p.code for p in read_polyaxonfile(b"", "p.yml").problems] == ["E_EMPTY"]
