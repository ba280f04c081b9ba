"""Where pxtui reads a file otherwise than Polyaxon did, on purpose: each says so.

`DECISIONS` is the list: what is written, what comes of it here, what Polyaxon did, and the warning
or error that says it.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from pxtui.polyaxonfile.load import load
from pxtui.polyaxonfile.opening import apply
from pxtui.polyaxonfile.reading import Reading
from pxtui.polyaxonfile.source import Version


@dataclass(frozen=True)
class Decision:
    """One difference: `code` is empty where there is nothing to say."""

    name: str
    upstream: str
    here: str
    declarations: str
    cmd: str
    code: str
    line: str
    """The command that is run; empty for an error."""
    hint: str
    more: str = ""


DECISIONS = [
    Decision(
        "an undefined name",
        "filled in as nothing",
        "an error with the nearest name, which Enter writes",
        "{lr: 1}",
        "'x {{ lrr }}'",
        "E_UNDEFINED",
        "",
        "did you mean lr?",
    ),
    Decision(
        "a name with a dash",
        "an error: batch minus size",
        "an error that says what to write",
        "{batch_size: 1}",
        "'x {{ batch-size }}'",
        "E_UNDEFINED",
        "",
        "write batch_size",
    ),
    Decision(
        "a name in a condition",
        "false",
        "an error that shows how to write it",
        "{m: a}",
        "{if: {cond: \"m == 'a'\", do: x}}",
        "E_UNDEFINED",
        "",
        "'{{ name }}' == 'text'",
    ),
    Decision(
        "a date without quotes",
        "nothing (None)",
        "the text",
        "{d: 2018-01-02}",
        "'x {{ d }}'",
        "W_DATE",
        "x 2018-01-02",
        "write '2018-01-02'",
    ),
    Decision(
        "numbers joined by colons, without quotes",
        "a number to the base of 60",
        "the text",
        "{r: 1:10:20}",
        "'x {{ r }}'",
        "W_BASE60",
        "x 1:10:20",
        "write '1:10:20'",
    ),
    Decision(
        "a number as it was typed",
        "written anew: 0.1, 0.001",
        "as typed",
        "{a: 0.10, b: 1e-3}",
        "'x {{ a }} {{ b }}'",
        "",
        "x 0.10 1e-3",
        "",
    ),
    Decision(
        "a declaration that computes with another",
        "with its text, where that is quoted or a template: 77",
        "with its value",
        "{a: '{{ b * 2 }}', b: '{{ c }}', c: 7}",
        "'x {{ a }}'",
        "",
        "x 14",
        "",
    ),
    Decision(
        "a bool after `=`",
        "--amp=False, which is true for most programs",
        "the same, with a warning",
        "{amp: false}",
        "'x --amp={{ amp }}'",
        "W_BOOL",
        "x --amp=False",
        "{{ '--amp' if amp }}",
    ),
    Decision(
        "a declaration of a name that the matrix has",
        "it beats the matrix in every trial",
        "the same, with a warning; Enter takes it out",
        "{lr: 9}",
        "'x {{ lr }}'",
        "W_HIDDEN",
        "x 9",
        "take it out here",
        "kind: group\nhptuning: {matrix: {lr: {values: [1, 2]}}}\nbuild: {image: i}\n",
    ),
    Decision(
        "a matrix",
        "every trial is run",
        "a run is the first trial",
        "{a: 1}",
        "'x {{ a }} {{ lr }}'",
        "W_MATRIX",
        "x 1 3",
        "-P lr=…",
        "kind: group\nhptuning: {matrix: {lr: {values: [3, 2]}}}\nbuild: {image: i}\n",
    ),
    Decision(
        "a block of two commands",
        "one command with the words of both",
        "the same, with a warning",
        "{a: 1}",
        "|\n    x {{ a }}\n    y",
        "W_CMD_LINES",
        "x 1 y",
        "&& \\",
    ),
    Decision(
        "a declaration that nothing uses",
        "said nothing",
        "a warning: only code that reads POLYAXON_PARAMS sees it",
        "{a: 1, b: 2}",
        "'x {{ a }}'",
        "W_UNUSED",
        "x 1",
        "{{ b }}",
    ),
    Decision(
        "a value with signs of the shell",
        "the shell acted on them",
        "the same, with a warning",
        "{a: '$(id)'}",
        "'x {{ a }}'",
        "W_SHELL",
        "x $(id)",
        "{{ a | sh }}",
    ),
    Decision(
        "a step that reads env_vars, in the first files",
        "they were set after the steps",
        "they are set before the steps in every era",
        "{a: 1}",
        "'x {{ a }}'",
        "W_ENV_ORDER",
        "x 1",
        "set it in the step itself",
        "  image: i\n  steps: ['echo $A']\n  env_vars: [[A, b]]\nproject: {name: p}\n",
    ),
    Decision(
        "a template in a name",
        "it was filled in",
        "an error",
        "{'{{ a }}': 1}",
        "x",
        "E_TEMPLATE",
        "",
        "write the name itself",
    ),
    Decision(
        "a text that is a template again",
        "it was filled in again, without end if need be",
        "the same, and an error where it has no end",
        "{a: '{% raw %}{{ b }}{% endraw %}', b: '{% raw %}{{ a }}{% endraw %}'}",
        "'x {{ a }}'",
        "E_CYCLE",
        "",
        "",
    ),
]


def read(one: Decision) -> Reading:
    more = one.more or "kind: experiment\nbuild: {image: i}\n"
    text = f"version: 1\ndeclarations: {one.declarations}\nrun:\n  cmd: {one.cmd}\n{more}"
    return load(text.encode(), "p.yml")


@pytest.mark.parametrize("one", DECISIONS, ids=lambda one: one.name)
def test_a_difference_is_said(one: Decision) -> None:
    reading = read(one)
    found = [p for p in reading.problems if p.code == one.code]
    assert bool(found) == bool(one.code), reading.problems
    assert all(one.hint in p.hint for p in found[:1])
    assert (reading.resolved.cmd if reading.resolved else "") == one.line
    if not one.code:
        assert reading.problems == ()


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("an undefined name", "  cmd: 'x {{ lr }}'\n"),
        ("a date without quotes", "declarations: {d: '2018-01-02'}\n"),
        ("numbers joined by colons, without quotes", "declarations: {r: '1:10:20'}\n"),
    ],
)
def test_what_can_be_mended_is_mended(name: str, changed: str) -> None:
    one = next(one for one in DECISIONS if one.name == name)
    reading = read(one)
    (problem,) = (p for p in reading.problems if p.code == one.code)
    more = "kind: experiment\nbuild: {image: i}\n"
    text = f"version: 1\ndeclarations: {one.declarations}\nrun:\n  cmd: {one.cmd}\n{more}"
    (mended,) = apply([Version(text.encode(), "p.yml")], dict(problem.fix))
    assert changed in mended.data.decode()
    assert one.code not in {p.code for p in load(mended.data, "p.yml").problems}
