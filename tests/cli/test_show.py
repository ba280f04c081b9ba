"""`show`: what would be built and run, and what a sweep would try."""

from __future__ import annotations

import json

from tests.cli.test_commands import Make, Pxtui, objects, pxtui

__all__ = ["pxtui"]

SWEEP = """\
version: 1
kind: group
hptuning:
  concurrency: 2
  matrix:
    lr: {values: [0.1, 0.2, 0.3]}
    units: {range: [1, 9, 1]}
declarations:
  api_token: canary
  name: "{{ api_token }}-{{ lr }}"
build: {image: busybox}
run: {cmd: "train {{ name }} {{ units }}"}
"""


def test_a_sweep_is_told_in_one_line(make_project: Make, pxtui: Pxtui) -> None:
    lines = pxtui("-C", str(make_project(SWEEP)), "show").stdout.splitlines()
    assert "sweep    24 trials: lr (3) × units (8), grid, 2 at once" in lines
    assert "command  train ••••••-0.1 1" in lines


def test_a_sweep_without_an_end(make_project: Make, pxtui: Pxtui) -> None:
    text = SWEEP.replace("values: [0.1, 0.2, 0.3]", "uniform: [0, 1]")
    text = text.replace("  concurrency: 2\n", "  random_search: {}\n")
    root = make_project(text)
    lines = pxtui("-C", str(root), "show").stdout.splitlines()
    assert "sweep    trials without end: lr (uniform) × units (8), random" in lines
    (shown,) = objects(pxtui("-C", str(root), "show", "--json"))
    assert (len(shown["trials"]), shown["trials_total"]) == (1000, None)


def test_show_json_has_the_parameters_of_each_trial(make_project: Make, pxtui: Pxtui) -> None:
    done = pxtui("-C", str(make_project(SWEEP)), "show", "--json")
    (shown,) = objects(done)
    assert (len(shown["trials"]), shown["trials_total"]) == (24, 24)
    assert shown["trials"][0] == shown["declarations"]
    assert shown["trials"][9] == {
        **{"lr": 0.2, "units": 2},
        **{"api_token": "••••••", "name": "••••••-0.2"},
    }
    assert "canary" not in done.stdout + done.stderr


def test_trials_with_dear_templates_are_filled_in_all_the_same(
    make_project: Make, pxtui: Pxtui
) -> None:
    text = SWEEP.replace("{{ api_token }}-{{ lr }}", "{{ 'ab' * 3 }}-{{ lr }}")
    (shown,) = objects(pxtui("-C", str(make_project(text)), "show", "--json"))
    assert [trial["name"] for trial in shown["trials"][::8]] == [
        *("ababab-0.1", "ababab-0.2", "ababab-0.3")
    ]


def test_trials_that_need_too_much_are_left_out(make_project: Make, pxtui: Pxtui) -> None:
    slow = "{% for a in range(99999) %}{% endfor %}"
    text = SWEEP.replace("{{ api_token }}-", slow).replace("[1, 9, 1]", "[1, 900, 1]")
    done = pxtui("-C", str(make_project(text)), "show", "--json")
    (shown,) = objects(done)
    assert shown["trials"] == [shown["declarations"]]
    assert shown["trials_total"] == 3 * 899
    assert "only the first trial is told" in done.stderr


def test_a_file_without_a_sweep_has_one_trial(make_project: Make, pxtui: Pxtui) -> None:
    (shown,) = objects(pxtui("-C", str(make_project()), "show", "--json"))
    assert shown["trials"] == [shown["declarations"]]
    assert shown["trials_total"] == 1
    assert (shown["dockerfile"], shown["context"]) == (None, None)


def test_files_are_laid_over_each_other(make_project: Make, pxtui: Pxtui) -> None:
    more = "hptuning: {matrix: {lr: {values: [7]}}}\n"
    root = make_project(SWEEP, **{"more.yml": more})
    files = ("-f", str(root / "polyaxonfile.yml"), "-f", str(root / "more.yml"))
    done = pxtui("-C", str(root), "show", *files, "--json")
    shown = json.loads(done.stdout)
    assert shown["trials_total"] == 8
    assert {trial["lr"] for trial in shown["trials"]} == {7}


def test_a_dockerfile_of_the_project_is_shown_as_it_is(make_project: Make, pxtui: Pxtui) -> None:
    text = "version: 1\nkind: job\nbuild: {dockerfile: d/Dockerfile, context: d}\nrun: {cmd: x}\n"
    root = make_project(text)
    missing = pxtui("-C", str(root), "show", "--dockerfile")
    assert (missing.returncode, missing.stdout) == (3, "")
    assert "context: d is no folder of the project" in missing.stderr
    (root / "d").mkdir()
    (root / "d" / "Dockerfile").write_text("# \x1b[31mours\nFROM scratch\n")
    assert pxtui("-C", str(root), "show", "--dockerfile").stdout == "# ␛[31mours\nFROM scratch\n"
    assert "image    by d/Dockerfile in d/" in pxtui("-C", str(root), "show").stdout.splitlines()
    (root / "polyaxonfile.yml").write_text(text.replace("d/Docker", "../Docker"))
    outside = pxtui("-C", str(root), "show", "--dockerfile")
    assert "dockerfile: ../Dockerfile is outside of the project" in outside.stderr
