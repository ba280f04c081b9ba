"""Search spaces: the numbers are numpy's, as Polyaxon took them; the trials are always the same."""

from __future__ import annotations

import json
import math
import pickle
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pxtui.polyaxonfile import matrix
from pxtui.polyaxonfile.document import Document
from pxtui.polyaxonfile.matrix import Space
from pxtui.polyaxonfile.path import Path
from pxtui.polyaxonfile.problems import Problem
from tests.shared import SHARED


def read(text: str, **options: str) -> tuple[Space | None, tuple[Problem, ...]]:
    """The space of the `hptuning` (or the `matrix` and `settings`) of a file."""
    document = Document.parse(text.encode(), "f.yml")
    search: Path = ("hptuning",) if "hptuning" in document.value else ("settings",)
    path = (*search, "matrix") if "matrix" in document.value.get(search[0], {}) else ("matrix",)
    if path == ("matrix",) and "matrix" not in document.value:
        path = ()
    return matrix.read(document, path, search, **options)


def tuning(matrix: object, **keys: object) -> str:
    return json.dumps({"hptuning": {"matrix": matrix, **keys}})


def space(text: str) -> Space:
    found, problems = read(text)
    assert found is not None, problems
    return found


def values(definition: str) -> list[Any]:
    """The values of one name, tried in order."""
    found = space(f"hptuning:\n  matrix:\n    x: {{{definition}}}\n")
    assert found.total is not None
    return [trial["x"] for trial in found.trials(found.total)]


def errors(text: str, **options: str) -> list[str]:
    found, problems = read(text, **options)
    said = [str(problem) for problem in problems if problem.severity == "error"]
    assert (found is None) == bool(said)
    return said


# -- distributions


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        ("values: [1, 2.5, a, true, [1, 2], {b: 1}]", [1, 2.5, "a", True, [1, 2], {"b": 1}]),
        ("values: ['{{ a }}', 0]", ["{{ a }}", 0]),
        ("range: '1:10:3'", [1, 4, 7]),
        ("range: [1, 10, 3]", [1, 4, 7]),
        ("range: {step: 3, start: 1, stop: 10}", [1, 4, 7]),
        ("range: ['1', '1e1', '3']", [1.0, 4.0, 7.0]),
        ("range: 0.1:0.6:0.1", [0.1, 0.2, 0.30000000000000004, 0.4, 0.5]),
        ("range: [1, 2, 0.25]", [1.0, 1.25, 1.5, 1.75]),
        (
            "range: '-1:1:0.3'",
            [
                *(-1.0, -0.7, -0.3999999999999999, -0.09999999999999987),
                *(0.20000000000000018, 0.5000000000000002, 0.8000000000000003),
            ],
        ),
        ("range: 16:128:56", [16, 72]),
        (
            "linspace: 0.001:0.1:5",
            [0.001, 0.025750000000000002, 0.0505, 0.07525000000000001, 0.1],
        ),
        ("linspace: [0.01, 0.1, 4]", [0.01, 0.04, 0.07, 0.1]),
        ("linspace: {start: 0, stop: 1, num: 1}", [0.0]),
        ("linspace: [0, 1, 2.0]", [0.0, 1.0]),
        ("logspace: '-4:-1:4'", [0.0001, 0.001, 0.01, 0.1]),
        ("logspace: [0, 3, 4, 2]", [1.0, 2.0, 4.0, 8.0]),
        ("logspace: {start: 0, stop: 3, num: 4, base: 2}", [1.0, 2.0, 4.0, 8.0]),
        ("geomspace: 1:1000:4", [1.0, 10.0, 100.0, 1000.0]),
    ],
)
def test_values_in_order(definition: str, expected: list[Any]) -> None:
    got = values(definition)
    assert got == expected
    assert [type(one) for one in got if isinstance(one, bool | str)] == [
        type(one) for one in expected if isinstance(one, bool | str)
    ]
    assert [isinstance(one, float) for one in got] == [isinstance(one, float) for one in expected]


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        (
            "logspace: 0.01:0.1:5",
            [
                *(1.023292992280754, 1.077705253694322, 1.135010815672315),
                *(1.1953635256737185, 1.2589254117941673),
            ],
        ),
        ("geomspace: '-8:-1:4'", [-8.0, -4.0, -2.0, -1.0]),
        ("geomspace: [0.0001, 0.1, 4]", [0.0001, 0.001, 0.01, 0.1]),
    ],
)
def test_powers(definition: str, expected: list[float]) -> None:
    assert values(definition) == pytest.approx(expected, rel=1e-12)


def test_a_number_without_quotes_that_yaml_reads_to_the_base_of_60() -> None:
    found, problems = read("hptuning:\n  matrix:\n    x: {range: 1:10:2}\n")
    assert found is not None
    assert [trial["x"] for trial in found.trials(9)] == [1, 3, 5, 7, 9]
    assert [(p.code, p.line, p.column) for p in problems] == [("W_BASE60", 3, 16)]
    assert problems[0].hint == "write '1:10:2'"
    assert problems[0].fix == ((("hptuning", "matrix", "x", "range"), "'1:10:2'"),)


@pytest.mark.parametrize("text", ["'1:10:2'", "16:128:8", "0:9:3", "0.1:9:3"])
def test_what_yaml_takes_for_text_anyway(text: str) -> None:
    assert not read(f"hptuning:\n  matrix:\n    x: {{range: {text}}}\n")[1]


def test_bounds_that_are_exponents_are_pointed_out() -> None:
    found, problems = read("hptuning:\n  matrix:\n    lr: {logspace: '0.01:0.1:5'}\n")
    assert found is not None
    assert [p.code for p in problems] == ["W_EXPONENT"]
    assert "1.023 to 1.259" in problems[0].message
    assert not read("hptuning:\n  matrix:\n    lr: {logspace: '-3:-1:3'}\n")[1]


NUMBERS = st.floats(-50, 50).map(lambda number: round(number, 3))


def drawn(kind: str, definition: object) -> list[Any]:
    found = space(tuning({"x": {kind: definition}}, random_search={"n_experiments": 30}))
    got = [trial["x"] for trial in found.trials(30)]
    assert len(got) == 30
    return got


@given(NUMBERS, NUMBERS, st.integers(1, 50).map(lambda n: n / 8))
def test_draws_lie_between_their_bounds(one: float, other: float, q: float) -> None:
    low, high = sorted((one / 5, other / 5))
    for kind in ("uniform", "loguniform"):
        below, above = (low, high) if kind == "uniform" else (math.exp(low), math.exp(high))
        slack = 1e-12 * (1 + abs(above))
        for value in drawn(kind, [low, high]):
            assert below - slack <= value <= above + slack
        for value in drawn(f"q{kind}", [low, high, q]):
            assert below - q - slack <= value <= above + slack
            assert value % q == 0


@given(NUMBERS, st.floats(0, 5), st.integers(1, 50).map(lambda n: n / 8))
def test_draws_around_a_middle(loc: float, scale: float, q: float) -> None:
    for value in drawn("normal", [loc, scale]):
        assert abs(value - loc) <= 10 * scale
    for value in drawn("qnormal", {"loc": loc, "scale": scale, "q": q}):
        assert value % q == 0
    for value in drawn("lognormal", f"{loc}:{scale}"):
        assert math.exp(loc - 10 * scale) <= value * (1 + 1e-12)
    for value in drawn("qlognormal", [loc, scale, q]):
        assert value >= 1


def test_a_draw_that_is_too_large_for_a_number_is_infinite() -> None:
    assert set(drawn("loguniform", [1000, 1001])) == {math.inf}


def test_chances_decide_and_what_is_missing_to_one_falls_on_the_last() -> None:
    found = space(
        tuning(
            {"x": {"pvalues": [["a", 0.0], ["b", 0.5], ["c", 0.25]]}, "y": {"uniform": [0, 1]}},
            random_search={"n_experiments": 4000},
        )
    )
    got = [trial["x"] for trial in found.trials(4000)]
    assert got.count("a") == 0
    assert 1800 < got.count("b") < 2200
    assert got.count("b") + got.count("c") == 4000


@pytest.mark.parametrize(
    ("definition", "words"),
    [
        ("[1, 2]", "expected a map with a distribution, not a list"),
        ("{}", "one and only one distribution is required, and there is none"),
        ("{range: null}", "one and only one distribution is required, and there is none"),
        ("{values: [1], range: '1:2:1'}", "is required, not 2: values, range"),
        ("{values: []}", "one and only one distribution is required, and there is none"),
        ("{values: a}", "x.values: expected a list, not a text"),
        ("{values: [1, null]}", "x.values.1: nothing is no value"),
        ("{range: [3, 4, 5, 6]}", "requires 3 elements (start, stop, step), not 4"),
        ("{range: '1:2'}", "requires 3 elements (start, stop, step), not 2"),
        ("{range: 5}", "expected start:stop:step, not a number"),
        ("{range: true}", "expected start:stop:step, not a yes or no"),
        ("{range: 'a:2:1'}", "range: start must be a number, not 'a'"),
        ("{range: '{{ a }}:2:1'}", "range: start must be a number, not '{{ a }}'"),
        ("{range: ['0x1', 20, 1]}", "range.0: start must be a number, not '0x1'"),
        ("{range: [1, [2], 1]}", "range.1: stop must be a number, not a list"),
        ("{range: [1, .inf, 1]}", "stop must be a number"),
        ("{range: {start: 1, stop: 2}}", "range: step is missing"),
        ("{range: {start: 1, stop: 2, stpe: 1}}", "range.stpe: 'stpe' is no part of it"),
        ("{range: '5:1:1'}", "stop must be greater than start, not 1 after 5"),
        ("{range: '1:1:1'}", "stop must be greater than start"),
        ("{range: '1:5:0'}", "step cannot be 0"),
        ("{range: '1:5:-1'}", "step must be greater than 0"),
        ("{range: [0, 1, 1.0e-300]}", "there are more than 1,000,000,000,000,000,000 numbers"),
        ("{range: [-1.0e+308, 1.0e+308, 1.0e-300]}", "there are more than"),
        ("{linspace: '0:1:0'}", "num cannot be 0"),
        ("{linspace: [0, 1, 1.0e+300]}", "num must be a whole number above 0"),
        ("{linspace: [0, 1, 2.5]}", "num must be a whole number above 0, not 2.5"),
        ("{logspace: [0, 1, 5, 0]}", "base must be greater than 0, not 0"),
        ("{logspace: [0, 1, 5, 2, 1]}", "requires 3 elements (start, stop, num), not 5"),
        ("{geomspace: '-1:1:3'}", "start and stop must be both above or both below 0"),
        ("{pvalues: [a, b]}", "pvalues.0: expected a pair: a value and its chance"),
        ("{pvalues: [[a, 1]]}", "pvalues.0.1: a chance is a fraction below 1"),
        ("{pvalues: [[a, 1e-3]]}", "written like 0.5, not 1e-3"),
        ("{pvalues: [[a, 0.6], [b, 0.6]]}", "the chances add up to 1.2, which is more than 1"),
        ("{uniform: '1'}", "uniform: requires 2 elements (low, high), not 1"),
        ("{quniform: [0, 1, 0]}", "quniform: q cannot be 0"),
        ("{normal: [0, -1]}", "normal: scale must not be below 0, not -1"),
    ],
)
def test_what_is_wrong_with_a_distribution(definition: str, words: str) -> None:
    text = f"hptuning:\n  matrix:\n    x: {definition}\n  random_search: {{n_experiments: 5}}\n"
    (said,) = errors(text)
    assert words in said
    assert said.startswith("f.yml:3:")


def test_a_distribution_that_nobody_has_is_named_with_the_nearest() -> None:
    _, problems = read("hptuning:\n  matrix:\n    x: {values: [1], linspce: '0:1:2'}\n")
    (problem,) = problems
    assert (problem.code, problem.hint) == ("W_UNKNOWN_KEY", "did you mean linspace?")


def test_a_name_must_be_text() -> None:
    (said,) = errors("hptuning:\n  matrix: {1: {values: [1]}}\n")
    assert "1 is a number, but a name must be text (quote it)" in said


@pytest.mark.parametrize("text", ["hptuning: {matrix: {}}", "hptuning: {matrix: [x]}", "a: 1"])
def test_without_a_matrix_there_is_no_space(text: str) -> None:
    assert read(text) == (None, ())


def test_sizes_are_ignored_as_they_were() -> None:
    assert drawn("uniform", [0, 1, 5]) == drawn("uniform", {"low": 0, "high": 1, "size": 7})


# -- algorithms

TWO = {"a": {"values": [1, 2, 3]}, "b": {"values": ["x", "y"]}}


def test_a_grid_goes_through_the_file_the_last_name_fastest() -> None:
    found = space(tuning(TWO))
    assert (found.names, found.search, found.concurrency) == (("a", "b"), "grid", 1)
    assert (found.total, found.size) == (6, 6)
    expected = [{"a": a, "b": b} for a, b in product((1, 2, 3), "xy")]
    assert [*found.trials(100)] == expected
    assert found.first() == expected[0]


def test_a_grid_can_be_cut_off() -> None:
    found = space(tuning(TWO, grid_search={"n_experiments": 4}, concurrency=3))
    assert (found.total, found.concurrency) == (4, 3)
    assert len(found.trials(100)) == 4
    assert space(tuning(TWO, grid_search={"n_experiments": 40})).total == 6


@pytest.mark.parametrize(
    ("n_experiments", "total"), [(4, 4), (4.9, 4), (0.5, 3), (0.01, 1), (0, 6), (99, 6)]
)
def test_the_settings_of_early_2018(n_experiments: float, total: int) -> None:
    settings = {"n_experiments": n_experiments, "concurrent_experiments": 2}
    found = space(json.dumps({"matrix": TWO, "settings": settings}))
    assert (found.search, found.total, found.concurrency) == ("grid", total, 2)
    assert found.trials(9) == space(tuning(TWO)).trials(total)
    by_chance = space(
        json.dumps({"matrix": TWO, "settings": {**settings, "search_method": "RANDOM"}})
    )
    assert (by_chance.search, by_chance.total) == ("random", total)


def test_a_matrix_without_settings_is_a_grid() -> None:
    assert space(json.dumps({"matrix": TWO})).total == 6


def test_random_trials_differ_from_each_other_and_are_no_more_than_there_are() -> None:
    found = space(tuning(TWO, random_search={"n_experiments": 100}))
    assert (found.search, found.total) == ("random", 6)
    trials = found.trials(100)
    assert sorted(map(str, trials)) == sorted(map(str, space(tuning(TWO)).trials(6)))
    assert trials != space(tuning(TWO)).trials(6)


def test_the_seed_decides() -> None:
    def trials(**keys: object) -> object:
        return space(tuning(TWO, random_search={"n_experiments": 6}, **keys)).trials(6)

    assert trials() == trials()
    assert trials(seed=5) == trials(seed=5)
    assert trials(seed=5) != trials(seed=6)


def test_random_search_without_a_number_of_trials_has_no_end() -> None:
    found = space(tuning({"x": {"uniform": [0, 1]}}, random_search={}))
    assert (found.total, found.size) == (None, None)
    assert len(found.trials(7)) == 7


def test_draws_that_can_only_repeat_come_to_an_end() -> None:
    one = {"quniform": [0, 1, 1]}
    found = space(tuning({"x": one, "y": one}, random_search={"n_experiments": 500}))
    assert {*(str(trial) for trial in found.trials(500))} == {"{'x': 0.0, 'y': 0.0}"}


def test_a_billion_combinations_are_not_made() -> None:
    wide = {"linspace": [0, 1, 1000]}
    for keys in ({}, {"random_search": {"n_experiments": 10**9}}):
        found = space(tuning({"a": wide, "b": wide, "c": wide}, **keys))
        assert found.total == 10**9
        assert len(found.trials(1000)) == 1000
    assert space(tuning({"a": {"range": [0, 10**15, 1]}})).total == 10**15


@pytest.mark.parametrize("keys", [{}, {"random_search": {"n_experiments": 5}}])
def test_more_combinations_than_anyone_counts(keys: dict[str, Any]) -> None:
    wide = {"linspace": [0, 1, 10**18]}
    found = space(tuning({f"n{index}": wide for index in range(300)}, **keys))
    assert (found.size, found.total) == (None, 5 if keys else None)
    assert len(found.trials(5)) == 5
    assert space(tuning({"a": {"values": [1]}, "b": wide})).size == 10**18


HYPERBAND = {
    "max_iter": 81,
    "eta": 3,
    "resource": {"name": "num_epochs", "type": "int"},
    "metric": {"name": "loss", "optimization": "minimize"},
}


def test_hyperband_begins_with_many_that_get_little() -> None:
    found = space(tuning({"lr": {"uniform": [0, 1]}}, hyperband=HYPERBAND))
    assert (found.search, found.total) == ("hyperband", 81 + 34 + 15 + 8 + 5)
    trials = found.trials(1000)
    assert len(trials) == 81
    assert {trial["num_epochs"] for trial in trials} == {1}
    as_float = {**HYPERBAND, "max_iter": 10, "resource": {"name": "n"}}
    first = space(tuning({"lr": {"uniform": [0, 1]}}, hyperband=as_float)).first()
    assert first["n"] == pytest.approx(10 / 9)
    assert isinstance(first["n"], float)


def test_hyperband_tries_no_more_than_there_is() -> None:
    found = space(tuning({"lr": {"values": [1, 2]}}, hyperband=HYPERBAND))
    assert (found.total, len(found.trials(1000))) == (10, 2)


BO = {"n_initial_trials": 4, "n_iterations": 10, "metric": {"name": "loss"}}


def test_bo_begins_by_chance() -> None:
    found = space(tuning({"lr": {"uniform": [0, 1]}}, bo=BO))
    assert (found.search, found.total, len(found.trials(99))) == ("bo", 14, 4)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"grid_search": {}, "bo": BO}, "only one search algorithm can be used"),
        ({"grid_search": {"n_experiments": 0}}, "n_experiments: must be at least 1, not 0"),
        ({"random_search": {"n_experiments": -1}}, "n_experiments: must be at least 1, not -1"),
        ({"hyperband": {**HYPERBAND, "max_iter": 0}}, "max_iter: must be at least 1, not 0"),
        ({"hyperband": {**HYPERBAND, "max_iter": 10**13}}, "max_iter: must be at most"),
        ({"hyperband": {**HYPERBAND, "eta": 1}}, "eta: must be greater than 1, not 1"),
        ({"hyperband": {**HYPERBAND, "eta": 1.000001}}, "eta: must be greater than 1"),
        ({"bo": {**BO, "utility_function": {"acquisition_function": "UCB"}}}, "ucb needs kappa"),
        ({"bo": {**BO, "utility_function": {"acquisition_function": "ei"}}}, "ei needs eps"),
    ],
)
def test_what_is_wrong_with_a_search(keys: dict[str, Any], words: str) -> None:
    (said,) = errors(tuning(TWO, **keys))
    assert words in said


def test_a_negative_share_is_refused() -> None:
    (said,) = errors(json.dumps({"matrix": TWO, "settings": {"n_experiments": -0.5}}))
    assert "settings.n_experiments: must be at least 0" in said


@pytest.mark.parametrize(
    ("kind", "keys", "words"),
    [
        ("uniform", {"grid_search": {}}, "uniform is a distribution, and it cannot be used with"),
        ("normal", {"bo": BO}, "normal cannot be used with bo"),
    ],
)
def test_distributions_that_an_algorithm_cannot_have(
    kind: str, keys: dict[str, Any], words: str
) -> None:
    (said,) = errors(tuning({"lr": {kind: [0, 1]}}, **keys), era="0.5.6")
    assert "hptuning.matrix.lr: " in said
    assert words in said


def test_chance_without_an_algorithm_is_of_the_first_versions() -> None:
    text = tuning({"lr": {"uniform": [0, 1]}})
    for era in ("", "0.1.9"):
        found, problems = read(text, era=era)
        assert found is not None
        assert (found.search, found.total) == ("random", None)
        assert [p.code for p in problems] == ["W_NO_END"]
    assert "cannot be used with grid search" in errors(text, era="0.3.9")[0]


def test_bo_with_any_distribution_is_of_the_first_version_that_had_it() -> None:
    text = tuning({"lr": {"normal": [0, 1]}}, bo=BO)
    assert space(text).search == "bo"
    assert read(text, era="0.0.7")[0] == space(text)
    assert "cannot be used with bo" in errors(text, era="0.0.8")[0]


def test_a_space_goes_to_another_process() -> None:
    found = space(tuning(TWO, random_search={"n_experiments": 3}))
    assert pickle.loads(pickle.dumps(found)).trials(3) == found.trials(3)


# -- any space

ONE = st.one_of(
    st.builds(
        lambda numbers: {"values": numbers}, st.lists(st.integers(), min_size=1, unique=True)
    ),
    st.builds(lambda a, n, s: {"range": [a, a + n, s]}, *[st.integers(1, 9)] * 3),
    st.builds(lambda a, n: {"linspace": [a, a + 1, n]}, NUMBERS, st.integers(1, 9)),
    st.builds(lambda a, n: {"logspace": [a, a + 1, n]}, NUMBERS, st.integers(1, 9)),
    st.builds(lambda a, n: {"geomspace": [a, a + 1, n]}, st.floats(0.1, 9), st.integers(1, 9)),
)
SPACES = st.dictionaries(st.sampled_from("abcde"), ONE, min_size=1, max_size=4)


@given(SPACES)
def test_a_grid_is_the_product_of_its_values(names: dict[str, Any]) -> None:
    found = space(tuning(names))
    lists = [[t["x"] for t in space(tuning({"x": one})).trials(99)] for one in names.values()]
    assert found.total == math.prod(map(len, lists))
    expected = [dict(zip(names, values, strict=True)) for values in product(*lists)]
    assert [*found.trials(10**6)] == expected


@given(
    st.dictionaries(
        st.sampled_from("abc"),
        ONE | st.just({"uniform": [0, 1]}) | st.just({"pvalues": [[1, 0.5], [2, 0.4]]}),
        min_size=1,
    ),
    st.sampled_from(["random_search", "hyperband"]),
    st.integers(0, 60),
    st.integers(0, 60),
)
def test_fewer_trials_are_the_first_of_more(
    names: dict[str, Any], search: str, less: int, more: int
) -> None:
    keys = {"random_search": {"n_experiments": 50}, "hyperband": HYPERBAND}
    found = space(tuning(names, **{search: keys[search]}))
    less, more = sorted((less, more))
    assert found.trials(less) == found.trials(more)[:less]
    assert len(found.trials(less)) <= (found.total or 0)
    assert found.trials(1) == (found.first(),)


# -- against Polyaxon's own parser


def corpus() -> Iterator[tuple[Space, frozenset[str], dict[str, Any]]]:
    """The spaces of the corpus, what is declared besides, what a version of Polyaxon made of it."""
    if SHARED is None:
        return
    folder = SHARED / "corpus"
    for line in (folder / "expected.jsonl").read_text().splitlines():
        row = json.loads(line)
        if not row.get("matrix"):
            continue
        text = (folder / row["file"]).read_text()
        found, problems = read(text)
        assert found is not None, (row["file"], row["version"], problems)
        file = Document.parse(text.encode(), "").value
        declared = {*(file.get("declarations") or ()), *(file.get("params") or ())}
        inputs = {one["name"] for one in file.get("inputs") or ()}
        yield found, frozenset(declared | inputs), row


@pytest.mark.skipif(SHARED is None, reason="the shared corpus is not here")
def test_the_spaces_of_the_corpus_are_those_of_polyaxon() -> None:
    seen = 0
    for found, declared, row in corpus():
        name = (row["file"], row["version"])
        seen += 1
        if "matrix_space" in row:
            assert found.size == row["matrix_space"], name
        if row["search"] != found.search:  # chance without an algorithm cannot be a grid
            assert (row["search"], found.search) == ("grid", "random"), name
            assert row["matrix_error"], name
        assert found.concurrency == (row["concurrency"] or 1), name
        if row.get("n_experiments"):
            assert found.total == row["n_experiments"], name
        for index, experiment in enumerate(row.get("experiments", ())):
            tried = found.combination(index)
            left = {key: value for key, value in tried.items() if key not in declared}
            _same(left, experiment["declarations"], name)
    assert seen > 400


def _same(combination: Any, declared: dict[str, Any], name: object) -> None:
    """What was tried is among the declarations."""
    for key, value in combination.items():
        got = declared[key]
        if isinstance(value, str):
            value, got = str(value), str(got)
        if isinstance(value, float) and isinstance(got, float):
            assert value == pytest.approx(got, rel=1e-12, abs=0), (name, key)
        elif value != got:
            pytest.fail(f"{name}: {key} is {value!r}, not {got!r}")
