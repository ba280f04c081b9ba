"""The parameters of each trial: declarations beat the matrix, templates are filled in anew."""

from __future__ import annotations

from typing import Any

import pytest

from pxtui.polyaxonfile import trials
from pxtui.polyaxonfile.load import load
from pxtui.polyaxonfile.source import Version
from pxtui.polyaxonfile.templating.rendering import Dear

FILE = """
version: 1
kind: group
hptuning:
  matrix:
    lr: {values: [0.10, 1e-3]}
    units: {values: [[8, 8], '{{ width }}']}
declarations:
  width: 16
  name: "{{ lr }}-{{ units }}"
build: {image: busybox}
run: {cmd: 'train {{ name }}'}
"""


def read(text: str, limit: int = 1000, **options: Any) -> list[dict[str, Any]]:
    texts = options.pop("texts", {})
    found = trials.read((Version(text.encode(), "f.yml"),), texts, limit, **options)
    return [dict(one) for one in found]


def test_each_trial_has_its_values_and_what_is_made_of_them() -> None:
    assert read(FILE) == [
        {"lr": 0.1, "units": [8, 8], "width": 16, "name": "0.10-[8, 8]"},
        {"lr": 0.1, "units": 16, "width": 16, "name": "0.10-16"},
        {"lr": 0.001, "units": [8, 8], "width": 16, "name": "1e-3-[8, 8]"},
        {"lr": 0.001, "units": 16, "width": 16, "name": "1e-3-16"},
    ]
    assert read(FILE, 3) == read(FILE)[:3]


def test_the_first_trial_is_what_is_resolved() -> None:
    reading = load(FILE.encode(), "f.yml")
    assert reading.resolved is not None
    assert read(FILE, 1) == [reading.resolved.params]
    assert reading.resolved.space is not None
    assert reading.resolved.space.total == 4


def test_a_declaration_beats_the_matrix() -> None:
    text = FILE.replace("width: 16", "width: 16\n  lr: 9")
    assert [trial["lr"] for trial in read(text)] == [9, 9, 9, 9]


def test_a_given_value_beats_both() -> None:
    found = read(FILE, texts={"lr": "5", "width": "7"})
    assert [(trial["lr"], trial["width"]) for trial in found] == [(5, 7)] * 4


def test_what_hyperband_gives_is_among_the_parameters() -> None:
    text = FILE.replace(
        "build:",
        "  epochs: '{{ num_epochs * 1 }}'\nbuild:",
    ).replace(
        "  matrix:",
        "  hyperband: {max_iter: 9, eta: 3, resource: {name: num_epochs, type: int},"
        " metric: {name: loss}}\n  matrix:",
    )
    found = read(text, trusted=True)
    assert [(trial["num_epochs"], trial["epochs"]) for trial in found] == [(1, 1)] * 4


def test_secrets_are_dots_in_what_is_made_of_them_too() -> None:
    text = FILE.replace("width: 16", "width: 16\n  token: canary\n  keys: {password: canary}")
    text = text.replace('name: "{{ lr }}', 'name: "{{ token }}{{ keys.password }}{{ lr }}')
    found = read(text)
    assert "canary" not in str(found)
    assert found[0]["token"] == found[0]["keys"]["password"] == "••••••"
    assert found[0]["name"] == "••••••••••••0.10-[8, 8]"


def test_secrets_that_are_made_or_tried_are_dots_too() -> None:
    text = FILE.replace("width: 16", "width: canary\n  token: '{{ width }}'\n  also: '{{ token }}'")
    assert {(one["token"], one["also"]) for one in read(text)} == {("••••••", "••••••")}
    text = FILE.replace("lr: {values: [0.10, 1e-3]}", "password: {values: [canary, word]}")
    found = read(text.replace("{{ lr }}", "{{ password }}"))
    assert {one["name"][:6] for one in found} == {one["password"] for one in found} == {"••••••"}


def test_a_template_that_may_be_dear_is_left_to_a_child() -> None:
    text = FILE.replace("{{ lr }}-", "{{ 'a' * 10 }}-")
    with pytest.raises(Dear):
        read(text)
    assert len(read(text, trusted=True)) == 4


def test_a_file_without_a_matrix_has_none() -> None:
    assert read("version: 1\nkind: experiment\nbuild: {image: a}\nrun: {cmd: b}\n") == []
