"""Second looks at values: what the command gets that the author may not have meant."""

from __future__ import annotations

import time

import pytest

from pxtui.polyaxonfile.load import load
from pxtui.polyaxonfile.problems import Problem
from pxtui.polyaxonfile.reading import Reading

HEAD = "version: 1\nkind: experiment\nbuild: {image: i}\n"


def read(value: str, template: str = "x {{ a }}", **given: str) -> Reading:
    text = f'{HEAD}declarations: {{a: {value}}}\nrun: {{cmd: "{template}"}}\n'
    return load(text.encode(), "p.yml", None, given)


def said(reading: Reading) -> list[str]:
    return [problem.code for problem in reading.problems]


def one(reading: Reading) -> Problem:
    (problem,) = reading.problems
    return problem


def written(problem: Problem) -> str:
    """What the hint says is to be written to have the value passed as it is spelled."""
    return problem.hint.split(" or ")[-1].removeprefix("write ").split(" to pass")[0]


NUMBERS = [
    *(("0010", "8"), ("017", "15"), ("0x1F", "31"), ("1_000", "1000"), ("0o17", "15")),
    *(("'1_000'", "1000"), ('"0b11"', "3"), (".inf", "inf")),
]


@pytest.mark.parametrize(("spelling", "got"), NUMBERS)
def test_a_number_that_the_command_gets_otherwise(spelling: str, got: str) -> None:
    reading = read(spelling)
    problem = one(reading)
    assert (problem.code, problem.line, problem.column) == ("W_NUMBER", 4, 19)
    assert reading.resolved
    assert reading.resolved.cmd == f"x {got}"
    assert got in problem.message
    as_said = read(written(problem)).resolved
    assert as_said
    assert as_said.cmd == "x " + spelling.strip("'\"")


@pytest.mark.parametrize("spelling", ["0.10", "1e-3", "+5", "5", "'0010'", "0", "yes", "'1.50'"])
def test_a_number_that_the_command_gets_as_typed(spelling: str) -> None:
    assert said(read(spelling)) == []


def test_a_given_number_is_not_the_files() -> None:
    assert said(read("5", a="0x1F")) == []


@pytest.mark.parametrize(
    ("spelling", "got", "hint"),
    [
        ("'1,2,3'", "(1, 2, 3)", "{{ a | join(',') }}"),
        ("'1, 2'", "(1, 2)", "{{ a | join(', ') | sh }}"),
        ("'{\"a\": 1}'", "{'a': 1}", "{{ a | tojson | sh }}"),
        ("'0.10,2'", "(0.1, 2)", "\"'0.10,2'\""),
    ],
)
def test_a_text_that_becomes_a_list_or_map(spelling: str, got: str, hint: str) -> None:
    reading = read(spelling)
    problem = one(reading)
    assert problem.code == "W_LITERAL"
    assert f"the command gets {got}" in problem.message
    assert hint in problem.hint
    text = spelling.strip("'")
    in_command = hint.startswith("{{")
    as_said = (read(spelling, f"x {hint}") if in_command else read(hint)).resolved
    assert as_said
    assert as_said.cmd in (f"x {text}", f"x '{text}'")


def test_messages_stay_short_and_tell_no_secret() -> None:
    problem = one(read(f"'{'1,' * 3_000}'"))
    assert problem.code == "W_LITERAL"
    assert len(str(problem)) < 300
    text = f"{HEAD}declarations: {{password: '12,34'}}\nrun: {{cmd: 'x {{{{ password }}}}'}}\n"
    reading = load(text.encode(), "p.yml")
    assert not any("12" in str(problem) for problem in reading.problems)


def test_a_list_that_is_written_as_one_is_no_text() -> None:
    assert said(read("[1, 2]")) == ["W_SHELL"]
    assert said(read("'1,2,3'", "x {{ a | join(',') }}")) == []


@pytest.mark.parametrize(
    ("value", "codes"),
    [
        ("/data/my dir", ["W_SHELL"]),
        ("--a 1 --b 2", []),
        ("https://x/y?z=1", []),
        ("https://x/y?z=1&b=2", ["W_SHELL"]),
    ],
)
def test_what_a_shell_makes_of_a_text(value: str, codes: list[str]) -> None:
    assert said(read(f"'{value}'")) == codes
    assert said(read(f"'{value}'", "x {{ a | sh }}")) == []


@pytest.mark.parametrize("sign", ["\\u202e", "\\u2066", "\\x07"])
def test_characters_that_are_not_seen(sign: str) -> None:
    assert "W_CTRL" in said(read(f'"a{sign}b"', "x {{ a | sh }}"))


@pytest.mark.parametrize(
    "template", ["{{ a.get('y') }}", "{% for k, v in a.items() %}{{ v }}{% endfor %}"]
)
def test_a_method_uses_the_map(template: str) -> None:
    reading = read("{y: 1}", f"x {template}")
    assert reading.resolved
    assert said(reading) == []
    assert all(row.used for row in reading.declarations)


def test_what_a_number_does_not_have() -> None:
    problem = one(read("1", "x {{ a.foo }}"))
    assert (problem.code, problem.message) == (
        "E_UNDEFINED",
        "a is the number 1: it has no foo",
    )


@pytest.mark.parametrize("use", ["a['lrr']", "a.lrr"])
def test_the_name_that_was_meant_is_named_whole(use: str) -> None:
    assert one(read("{lr: 1}", f"x {{{{ {use} }}}}")).hint == "did you mean a.lr?"


def test_a_value_that_waits_for_another_is_no_text_yet() -> None:
    text = (
        f"{HEAD}declarations: {{a: '{{{{ m }}}}', m: {{x: 1}}}}\nrun: {{cmd: 'x {{{{ a.x }}}}'}}\n"
    )
    reading = load(text.encode(), "p.yml")
    assert reading.resolved
    assert reading.resolved.cmd == "x 1"


def test_a_command_whose_condition_is_false() -> None:
    text = HEAD + "declarations: {a: 1}\nrun: {cmd: {if: {cond: '{{ a }} == 2', do: x}}}\n"
    reading = load(text.encode(), "p.yml")
    assert ("W_NOT_RUNNABLE", 5) in [(p.code, p.line) for p in reading.problems]


def test_many_long_values_are_looked_at_in_time() -> None:
    """A long text in many places, and a long word before a value."""
    start = time.process_time()
    places = " ".join(f"w{i}{{{{ a | length }}}}" for i in range(600))
    assert read("'" + "x;" * 60_000 + "'", places).resolved
    lists = " ".join("{% if false %}{{ a }}{% endif %}" for _ in range(150))
    assert read(f"'{'1,' * 30_000}'", f"x {lists}").resolved
    assert read("true", "-" * 50_000 + "{{ a }}").resolved
    assert time.process_time() - start < 3
