"""Environments and trees of the local engine, listed and removed as images."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pxtui import places
from pxtui.engine.local import connect
from pxtui.engine.local.environments import Environment
from pxtui.errors import EngineError
from pxtui.session.images import tidy
from tests.engine.test_local import Project

ENGINE = connect()


def environment(digit: str, *projects: str, trees: int = 1, at: float = 0.0) -> Environment:
    """An environment as a build leaves it."""
    made = Environment(places.local_environments() / (digit * 16))
    (made.venv / "bin").mkdir(parents=True)
    (made.venv / "bin/python").write_text("x" * 10_000)
    made.code.mkdir()
    (made.folder / "environment.json").write_text("{}")
    os.utime(made.folder / "environment.json", (at, at))
    for n in range(trees):
        tree = made.tree(f"{n}" * 12)
        tree.mkdir(parents=True)
        os.utime(tree, (at + n + 1, at + n + 1))
    for project in projects:
        made.note_project(project)
    return made


def ids(project: str = "") -> list[str]:
    return [image.id for image in ENGINE.list_images(project)]


def test_what_there_is(tmp_path: Path) -> None:
    assert ids() == []
    environment("a", "p", at=10)
    environment("b", "p", "q", at=20)
    environment("c", at=30)
    (places.local_environments() / "half").mkdir()
    (places.local_environments() / ("d" * 16)).mkdir()
    (places.local_environments() / f"{'a' * 16}.lock").touch()
    a, b, c = (letter * 16 for letter in "abc")
    zero = "0" * 12
    assert ids() == [a, f"{a}/{zero}", b, f"{b}/{zero}", c, f"{c}/{zero}"]
    assert ids("p") == [a, f"{a}/{zero}"]
    assert ids("q") == []
    first, tree, *_ = ENGINE.list_images()
    assert (first.kind, first.project, first.created) == ("environment", "p", 10)
    assert (tree.kind, tree.key, tree.created) == ("code", first.key, 11)
    assert first.size == ENGINE.list_images()[0].size >= 10_000


def test_a_tree_goes_and_an_environment_with_its_trees() -> None:
    made = environment("a", "p", trees=2)
    first, second = (f"{made.name}/{digit * 12}" for digit in "01")
    ENGINE.remove_image(first)
    assert ids() == [made.name, second]
    ENGINE.remove_image(made.name)
    assert ids() == []
    assert not made.folder.exists()
    ENGINE.remove_image(made.name)  # gone already is fine
    assert not made.folder.exists()


@pytest.mark.parametrize("name", ["..", "/etc", "virtualenv", f"{'a' * 16}/..", f"{'a' * 16}/../x"])
def test_nothing_else_is_removed(name: str) -> None:
    made = environment("a", "p")
    with pytest.raises(EngineError, match="not an environment"):
        ENGINE.remove_image(name)
    assert made.is_ready


@pytest.mark.parametrize("what", ["", "/000000000000"])
def test_what_a_run_uses_stays(what: str) -> None:
    made = environment("a", "p")
    held = made.hold()
    assert all(image.used for image in ENGINE.list_images())
    with pytest.raises(EngineError, match="a run uses"):
        ENGINE.remove_image(made.name + what)
    os.close(held)
    assert not any(image.used for image in ENGINE.list_images())
    ENGINE.remove_image(made.name + what)


def test_old_environments_of_a_project_go(make_project: Callable[..., Path]) -> None:
    root = make_project()
    project = places.project_id(root)
    for n, digit in enumerate("abcdef"):
        environment(digit, *([project] if digit != "b" else [project, "q"]), at=n * 100)
    tidy(ENGINE, root, 1, frozenset)
    left = {name for name in ids() if "/" not in name}
    assert left == {letter * 16 for letter in "bdef"}


def test_a_build_notes_its_project(tmp_path: Path) -> None:
    root = tmp_path / "project"
    root.mkdir()
    project = Project(root)
    project.write("train.py", "")
    image = project.build().image
    assert image in ids(project.places.project)
