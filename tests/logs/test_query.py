"""What was typed as a pattern: its case, its meaning in every engine, where it is in a line."""

from __future__ import annotations

import re
import shutil
import subprocess
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pxtui.logs.query import BadQuery, Query, problems_query

TEXT = st.text(st.sampled_from("abAB01 \\.,:;=-_()[]{}<>|+*?^$#/\"'éÉſK"), max_size=12)
PARTS = (
    *("a", "B", "0", " ", "=", ":", "é", r"\.", r"\[", r"\\", "-", ",", "_", "/", "#", "&", "~"),
    *(r"\d", r"\w", r"\s", r"\S", r"\W", r"\D", r"\b", ".", "^", "$", "|", "(", "(?:", ")"),
    *(
        "[ab]",
        "[^a]",
        "[^\\w.-]",
        "[0-]",
        "[a-z]",
        "[^0-9 ]",
        "[[]",
        "[]a]",
        "[^]]",
        r"[\]b]",
        "[a&&b]",
        "{",
        "}",
    ),
    *(
        "*",
        "+",
        "?",
        "{2}",
        "{1,}",
        "{,2}",
        "*?",
        "{e}",
        "(?=a)",
        "(?!b)",
        "(?i:a)",
        "*+",
        "[[:a:]",
    ),
)
PATTERN = st.lists(st.sampled_from(PARTS), min_size=1, max_size=5).map("".join)


def query(typed: str) -> Query | None:
    try:
        return Query(typed)
    except BadQuery:
        return None


def naive(query: Query, text: str) -> bool:
    return re.search(query.pattern, text, re.IGNORECASE if query.fold else 0) is not None


@pytest.mark.parametrize(
    ("typed", "fold"),
    [
        ("error", True),
        ("Error", False),
        (r"\S+ error\W", True),
        (r"\S+ Error\W", False),
        ("(?P<Name>x)", True),
        ("(?<=A)x", False),
        ("[A-Z]", False),
        ("0.1", False),
        ("état", True),
        ("État", False),
        ("日本", False),
    ],
)
def test_no_capital_letter_means_any_case(typed: str, fold: bool) -> None:
    assert Query(typed).fold is fold


def test_an_exclamation_mark_turns_filters_around_only() -> None:
    assert Query("!a", inverts=True).has("b")
    assert not Query("!a", inverts=True).has("a")
    assert Query("!a").has("b!A")
    assert not Query("!a").has("b")
    assert Query("a") != Query("!a", inverts=True)
    assert len({Query("a"), Query("a", inverts=True)}) == 1


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("", "there is nothing to look for"),
        ("a(b", "the pattern is not right: missing ), unterminated subpattern, character 2"),
        ("[z", "the pattern is not right: unterminated character set, character 1"),
        ("*", "the pattern is not right: nothing to repeat, character 1"),
        (r"\p{L}", r"the pattern is not right: bad escape \p, character 1"),
        ("a" * 1_001, "the pattern is longer than 1,000 characters"),
        ("a{99999999999999999999}", "the pattern is not right"),
        ("(?\x1b", "the pattern is not right: unknown extension ?␛, character 2"),
        ("(" * 400, "the pattern is not right"),
    ],
)
def test_what_is_no_pattern_is_named(typed: str, message: str) -> None:
    with pytest.raises(BadQuery) as raised:
        Query(typed)
    assert raised.value.message.startswith(message)
    assert raised.value.message.isprintable()


def test_spans_are_what_can_be_marked() -> None:
    assert Query("o").spans("foO bar") == [(1, 2), (2, 3)]
    assert Query("x*").spans("axxb") == [(1, 3)]
    assert Query("日.").spans("x日本") == [(1, 3)]


def test_a_pattern_without_end_is_given_up() -> None:
    slow = Query("(a|aa|aaa)+b?$")
    line = "a" * 200 + "!"
    began = time.monotonic()
    assert not slow.has(line)
    assert slow.spans(line) == []
    assert time.monotonic() - began < 1
    with pytest.raises(TimeoutError):
        slow.look(line)


@settings(max_examples=400, deadline=None)
@given(PATTERN, TEXT)
def test_means_what_it_means_to_re(pattern: str, text: str) -> None:
    if found := query(pattern):
        assert found.has(text) == naive(found, text)


@settings(max_examples=400, deadline=None)
@given(PATTERN, st.lists(TEXT, min_size=1, max_size=4))
def test_the_pattern_for_many_lines_never_spans_two(pattern: str, lines: list[str]) -> None:
    if not (found := query(pattern)):
        return
    plan = found.plan()
    if plan.way == "block":
        flags = re.MULTILINE | (re.IGNORECASE if plan.fold else 0)
        text = "\n".join(lines)
        numbers = {text.count("\n", 0, m.start()) for m in re.finditer(plan.pattern, text, flags)}
        assert numbers == {at for at, line in enumerate(lines) if naive(found, line)}


@pytest.mark.skipif(not shutil.which("rg"), reason="needs ripgrep")
@settings(max_examples=60, deadline=None)
@given(PATTERN, st.lists(TEXT.filter(str.isascii), min_size=1, max_size=8))
def test_means_the_same_to_ripgrep(pattern: str, lines: list[str]) -> None:
    if (found := query(pattern)) and (rust := found.plan().rust):
        case = "-i" if found.fold else "-s"
        words = ["rg", "--no-config", "-n", case, f"--regexp={rust}", "-"]
        text = "".join(line + "\n" for line in lines)
        done = subprocess.run(words, input=text, capture_output=True, text=True)
        numbers = [int(line.split(":")[0]) for line in done.stdout.splitlines()]
        assert done.returncode < 2, done.stderr
        assert numbers == [n for n, line in enumerate(lines, 1) if naive(found, line)]


@pytest.mark.parametrize(
    ("typed", "way", "rust"),
    [
        ("loss=", "literal", True),
        (r"loss=0\.00\d+", "block", True),
        (r"\.", "literal", True),
        ("日本", "literal", False),
        ("été", "lines", False),
        ("a*", "lines", True),
        ("^$", "lines", True),
        (r"a\Z", "lines", False),
        ("(?!a)b", "lines", False),
        ("a++", "lines", False),
        (r"\Bx", "lines", False),
        ("[!--]", "lines", False),
        ("[a&&b]", "lines", False),
        (r"\<x", "lines", False),
        ("x{,3}y", "lines", False),
    ],
)
def test_only_what_is_common_goes_to_other_engines(typed: str, way: str, rust: bool) -> None:
    plan = Query(typed).plan()
    assert (plan.way, bool(plan.rust)) == (way, rust)


PROBLEMS = """\
Traceback (most recent call last):
[rank0]: Traceback (most recent call last):
ValueError: shapes do not match
[rank1]: torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB
AssertionError
subprocess.CalledProcessError
java.lang.RuntimeException: no
2024-05-01 12:00:00,123 ERROR train: cannot open data
2024-05-01 12:00:00 [ERROR] cannot open
ERROR: Could not find a version that satisfies the requirement torhc
FATAL: kernel too old
CRITICAL:root:stop
main.c:3:5: error: expected ';' before 'return'
fatal error: foo.h: No such file or directory
error[E0425]: cannot find value `x` in this scope
src/a.ts(3,1): error TS2304: Cannot find name 'x'.
fatal: not a git repository (or any of the parent directories): .git
thread 'main' panicked at src/main.rs:2:5:
panic: runtime error: index out of range [3]
Segmentation fault (core dumped)
Segmentation fault
Bus error
Killed
/bin/sh: line 1:    12 Killed                  python train.py
Out of memory: Killed process 12 (python)
oom-kill:constraint=CONSTRAINT_MEMCG
OOMKilled
npm ERR! code E404
E: Unable to locate package foo
E0501 12:00:00.000000 12 cuda.cc:12] failed call to cuInit
2024-05-01 12:00:00.1: E tensorflow/stream_executor/cuda.cc:1] failed
time=2024-05-01 level=error msg="no"
Error response from daemon: no such image
Error: no such file
error: metadata-generation-failed
"""
NO_PROBLEMS = """\
0 errors, 0 warnings
0 errors
errors: 0
error=0.1
error: 0.1
Error: 12.5 %
step 3 error: -1e-5
loss_error 0.3
loss_error: nothing
mean_squared_error: 0.25
ERROR_RATE 0.1
LOG_LEVEL=ERROR
ERROR=0
Building with -Werror
terror: the film
step 1/10 loss=0.3 lr=0.1
no errors were found
test_error_handling PASSED
killed time
12:00:01 Killed by nobody
"""


@pytest.mark.parametrize("line", PROBLEMS.splitlines())
def test_a_problem_is_found(line: str) -> None:
    assert problems_query().has(line)


@pytest.mark.parametrize("line", NO_PROBLEMS.splitlines())
def test_what_only_looks_like_a_problem_is_not(line: str) -> None:
    assert not problems_query().has(line)


def test_problems_are_looked_for_in_the_fast_ways() -> None:
    plan = problems_query().plan()
    assert plan.way == "block"
    assert plan.rust
    assert re.compile(plan.pattern)
