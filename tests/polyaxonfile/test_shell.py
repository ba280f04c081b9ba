"""What a shell acts on in a value, held against bash itself."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pxtui.polyaxonfile.command import joined
from pxtui.polyaxonfile.shell import acted_on, quoted, splits

ORDINARY = [
    *("adam", "0.001", "1e-3", "data/train.csv", "/data/x-1_2.tar.gz", "./run", "../a b"),
    *("s3://bucket/a", "https://host:8080/a/b.html", "user@host:path", "a,b,c", "a=b", "50%"),
    *("python:3.11", "a+b", "1:10:2", "C:/x", "x^2", "a.b", "-1", "--flag", "a!b", "a#b", "a~b"),
    *("{}", "{a}", "a$", "[", "]", "a[b", "é"),
]


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_values_are_left_alone(text: str) -> None:
    assert [acted_on(text, quote, before) for quote in ("", '"', "'") for before in ("", "x=")] == [
        ""
    ] * 6


@pytest.mark.parametrize(
    ("text", "bare", "double", "single"),
    [
        ("$(id)", "$(", "$(", ""),
        ("`id`", "`", "`", ""),
        ("$HOME/x", "$H", "$H", ""),
        ("${X}", "${", "${", ""),
        ("a;b", ";", "", ""),
        ("a|b", "|", "", ""),
        ("a&b=1", "&", "", ""),
        ("torch>=1.0", ">", "", ""),
        ("a<b", "<", "", ""),
        ("*.csv", "*", "", ""),
        ("a?b", "?", "", ""),
        ("[ab]", "[ab]", "", ""),
        ("{a,b}", "{a,b}", "", ""),
        ("{1..3}", "{1..3}", "", ""),
        ("(a)", "(", "", ""),
        ("it's", "'", "", "'"),
        ('say "x"', '"', '"', ""),
        ("a\\b", "\\", "", ""),
        ("a\\$b", "\\", "$b", ""),
        ("~/data", "~", "", ""),
        ("#1", "#", "", ""),
        ("a #1", "#", "", ""),
        ("a\nb", "\n", "", ""),
    ],
)
def test_signs(text: str, bare: str, double: str, single: str) -> None:
    found = [acted_on(text, quote, "") for quote in ("", '"', "'")]
    assert found[0] == bare
    assert bool(found[1]) == bool(double)
    assert found[2] == single


@pytest.mark.parametrize(
    ("text", "sign"), [("a?b;c", ";"), ("'a' > b", ">"), ("* $(id)", "$("), ("a?b", "?")]
)
def test_the_most_dangerous_sign_is_named(text: str, sign: str) -> None:
    assert acted_on(text, "", "") == sign


def test_a_question_mark_in_an_address_is_no_pattern() -> None:
    assert acted_on("https://x/y?z=1", "", "--url=") == ""
    assert acted_on("https://x/y?z=1&b", "", "--url=") == "&"


def test_some_signs_act_only_at_the_start_of_a_word() -> None:
    assert acted_on("~/data", "", "--x=") == ""
    assert acted_on("#1", "", "--x=") == ""
    assert acted_on("~/data", "", "X=a:") == "~"


def test_splits() -> None:
    assert splits("[1, 2]", "")
    assert not splits("[1, 2]", '"')
    assert not splits("[1]", "")


@pytest.mark.skipif(not shutil.which("bash"), reason="there is no bash")
@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.text("ab1 $`\"'\\;|&<>()*?[]{},.~#!=%@^+-:/", min_size=1, max_size=8),
        min_size=40,
        max_size=40,
    ),
    st.sampled_from(["", '"', "'"]),
    st.sampled_from(["", "x=", "--x="]),
)
def test_what_is_said_to_be_left_alone_is(texts: list[str], quote: str, before: str) -> None:
    """Values without a warning come through bash as they are (blanks split them)."""
    quiet = [text for text in texts if not acted_on(text, quote, before) and text.strip() == text]
    script = "".join(f"printf '%s\\0' {before}{quote}{text}{quote}; echo\n" for text in quiet)
    done = subprocess.run(["bash", "-c", script], capture_output=True, check=False, text=True)
    words = [[before + text] if quote else (before + text).split() for text in quiet]
    expected = ["\0".join(some) for some in words]
    assert done.stdout.split("\0\n")[:-1] == expected


@pytest.mark.parametrize(
    ("text", "plain"), [("a", "a"), ("a b", "'a b'"), ("a\\b", "'a\\b'"), ("it's", "'it'\"'\"'s'")]
)
def test_quotes_are_plain_where_they_can_be(text: str, plain: str) -> None:
    assert quoted(text) == plain


@pytest.mark.skipif(not shutil.which("bash"), reason="there is no bash")
@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.text("ab1 \n\t\r\\'\"$`;&{}!é\x85\xa0\u2003x", max_size=8), min_size=30, max_size=30
    )
)
def test_a_quoted_text_comes_through_the_clean_up_and_bash(texts: list[str]) -> None:
    command = joined("printf '%s\\0' " + quoted(text) for text in texts)
    done = subprocess.run(["bash", "-c", command], capture_output=True, check=True)
    assert done.stdout.decode().split("\0")[:-1] == texts
