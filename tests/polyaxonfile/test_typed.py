"""Numbers keep their spelling; texts are read as Polyaxon read them."""

from __future__ import annotations

import copy
import json
import math
import pickle
from typing import Any

import pytest

from pxtui.polyaxonfile.typed import as_typed, evaluate, jsonable


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001),
        ("0.10", 0.1),
        ("-5", -5),
        ("+.5", 0.5),
        ("1_000", 1000),
        ("0x1F", 31),
        ("007", "007"),
        ("nan", "nan"),
        ("-inf", "-inf"),
        ("1-2", "1-2"),
        ("...", "..."),
        ("1.2.3", "1.2.3"),
        ("True", True),
        ("true", "true"),
        ("None", None),
        ("'007'", "007"),
        ("[1, 2]", [1, 2]),
        ("(1, 'a')", (1, "a")),
        ("{'a': 1}", {"a": 1}),
        ("{1: 2}", "{1: 2}"),
        ("{1, 2}", "{1, 2}"),
        ("[b'x']", "[b'x']"),
        ("[1j]", "[1j]"),
        ("[x]", "[x]"),
        ("'\\d'", "\\d"),
        ("(" * 1000, "(" * 1000),
        ("9" * 5000, "9" * 5000),
        ("١", "١"),
        ("", ""),
        (" ", " "),
    ],
)
def test_texts_are_python_literals_where_they_are_any(text: str, value: object) -> None:
    found = evaluate(text)
    assert (found, type(found) is str) == (value, type(value) is str)


@pytest.mark.parametrize("text", ["0.10", "1e-3", "1.0e-4", ".5", "+5", "10"])
def test_numbers_keep_their_spelling_everywhere(text: str) -> None:
    number = evaluate(text)
    for same in (number, pickle.loads(pickle.dumps(number)), copy.deepcopy(number)):
        assert (str(same), f"{same}", repr([same])) == (text, text, f"[{text}]")
    assert json.loads(json.dumps(number)) == number == float(text)
    assert type(number + 1) in (int, float)
    assert type(-number) in (int, float)


@pytest.mark.parametrize(
    ("value", "text"), [(8, "010"), (31, "0x1F"), (1000, "1_000"), (True, "1")]
)
def test_other_spellings_become_the_number(value: Any, text: str) -> None:
    assert str(as_typed(value, text)) == str(value)


def test_what_yaml_reads_to_the_base_of_60_stays_text() -> None:
    assert (as_typed(750, "12:30"), as_typed(4202, "1:10:2")) == ("12:30", "1:10:2")


def test_nan_is_left_alone() -> None:
    assert math.isnan(as_typed(math.nan, ".nan"))


def test_jsonable_is_plain() -> None:
    found = jsonable({"a": (evaluate("0.10"), evaluate("5"), None, True)})
    assert found == {"a": [0.1, 5, None, True]}
    assert [type(v) for v in found["a"][:2]] == [float, int]
