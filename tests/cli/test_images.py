"""`pxtui images`: what is listed, and that only what may go is removed."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import pytest
from click.testing import CliRunner, Result

from pxtui import history, project
from pxtui.cli.main import cli
from pxtui.cli.options import Where
from pxtui.engine import FoundImage
from pxtui.engine.fake import FakeEngine
from pxtui.errors import EngineError, NoEngine
from pxtui.places import ProjectPlaces
from pxtui.session import images, link
from tests.cli.test_runs import made as run_made

DAY = 86_400.0
OTHER = "0123456789ab"
Kind = Literal["environment", "code"]


@dataclass(frozen=True)
class Layered(FoundImage):
    layers: tuple[tuple[str, int], ...] = ()


class Engine(FakeEngine):
    """A fake engine with images of the test's choosing."""

    def have(
        self, name: str, project: str, *, days: float = 0, used: bool = False, key: str = "k",
        layers: tuple[tuple[str, int], ...] = (("env", 50_000_000),),
    ) -> str:  # fmt: skip
        kind: Kind = "environment" if name.startswith("env-") else "code"
        image = f"sha256:{len(self.found):x}{'ab' * 31}"
        tags = (f"pxtui/{project}:{name}",) if name else ()
        at, size = time.time() - days * DAY, 500_000_000
        self.found[image] = Layered(
            image, kind, project, key, "s" * (kind == "code"), tags, at, size, used, layers=layers
        )
        return image

    def list_images(self, project: str = "") -> tuple[FoundImage, ...]:
        return tuple(one for one in self.found.values() if project in ("", one.project))

    def remove_image(self, image: str) -> None:
        if self.found[image].used:
            raise EngineError("a container uses it")
        del self.found[image]


@pytest.fixture
def root(make_project: Callable[..., Path]) -> Path:
    return make_project()


@pytest.fixture
def places(root: Path) -> ProjectPlaces:
    return project.find(root).places


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    made = Engine()
    monkeypatch.setattr(link, "opener", lambda *_: lambda: made)
    return made


@pytest.fixture
def run(root: Path, engine: Engine) -> Callable[..., Result]:
    def call(*words: str) -> Result:
        return CliRunner().invoke(cli, ["-C", str(root), "images", *words], obj=Where())

    return call


Run = Callable[..., Result]


def test_all_that_is_known_is_told(run: Run, engine: Engine, places: ProjectPlaces) -> None:
    env = engine.have("env-0123456789ab", places.project, days=3)
    code = engine.have("fedcba987654", places.project, days=0.5, used=True,
                       layers=(("env", 50_000_000), ("code", 3_000_000)))  # fmt: skip
    engine.have("elsewhere", OTHER, layers=(("x", 7_000_000),))
    run_made(places, 4, image=code)
    run_made(places, 5, image=code)
    told = run()
    assert told.exit_code == 0
    assert [line.split() for line in told.stdout.splitlines()] == [
        ["environment", "env-0123456789ab", "3d", "500.0", "MB", "frees", "0", "B"],
        ["code", "fedcba987654", "12h", "500.0", "MB", "frees", "3.0", "MB", "#4", "#5",
         "in", "use"],
        ["2", "images,", "53.0", "MB"],
    ]  # fmt: skip
    told = run("--all")
    assert "elsewhere" in told.stdout
    assert OTHER in told.stdout
    assert "3 images, 60.0 MB" in told.stdout
    data = json.loads(run("--json").stdout)
    assert (data["v"], data["total"], data["exact"]) == (1, 53_000_000, True)
    assert (data["engine"], data["project"]) == ("fake", places.project)
    first, second = data["images"]
    assert (first["id"], first["kind"], first["signature"]) == (env, "environment", None)
    assert (second["shared"], second["alone"], second["used"]) == (497_000_000, 3_000_000, True)
    assert second["runs"] == [4, 5]


def test_the_folder_of_another_project_is_told_if_it_is_true(
    run: Run, engine: Engine, make_project: Callable[..., Path], places: ProjectPlaces
) -> None:
    elsewhere = make_project(name="else\x1b[31mwhere")
    images.remember(elsewhere)
    engine.have("one", project.find(elsewhere).places.project)
    engine.have("two", places.project)
    (places.home / "root").parent.mkdir(parents=True, exist_ok=True)
    (places.home / "root").write_text(str(elsewhere))
    first, second, *_ = run("--all").stdout.splitlines()
    assert "else" in first
    assert "\x1b" not in first
    assert places.project in second
    folders = [one["folder"] for one in json.loads(run("--all", "--json").stdout)["images"]]
    assert folders == [str(elsewhere), None]


def test_nothing_there(run: Run) -> None:
    told = run()
    assert (told.exit_code, told.stdout) == (0, "")
    assert "there are no images" in told.stderr
    assert json.loads(run("--json").stdout)["images"] == []
    assert run("rm", "--older", "1d").exit_code == 0


def test_named_images_go_and_no_others(run: Run, engine: Engine, places: ProjectPlaces) -> None:
    env = engine.have("env-1", places.project)
    one = engine.have("one", places.project, layers=(("env", 50), ("one", 2_000_000)))
    two = engine.have("two", places.project, layers=(("env", 50), ("two", 3_000_000)))
    three = engine.have("three", places.project)
    engine.have("four", places.project)
    run_made(places, 1, image=two)
    done = run("rm", "--yes", one[7:20], "two", f"pxtui/{places.project}:three")
    assert done.exit_code == 0
    assert "#1" in done.stderr
    assert "removed 3 images, freed 5.0 MB" in done.stderr
    assert not {one, two, three} & engine.found.keys()
    assert env in engine.found
    assert len(engine.found) == 2


@pytest.mark.parametrize(
    ("words", "gone"),
    [
        (["--older", "7d"], ["old", "env-old"]),
        (["--older", "7d", "--all-code"], ["old"]),
        (["--all-code"], ["old", "young"]),
        (["--older", "0m"], ["old", "young", "env-old"]),
        (["--older", "7d", "--all"], ["old", "env-old", "theirs"]),
        (["--older", "7d", "named"], ["old", "env-old", "named"]),
    ],
)
def test_the_old_go_but_not_what_is_needed(
    words: list[str], gone: list[str], run: Run, engine: Engine, places: ProjectPlaces
) -> None:
    ours = places.project
    engine.have("env-old", ours, days=30, key="o")
    engine.have("env-kept", ours, days=30)
    engine.have("old", ours, days=30, key="o")
    engine.have("used", ours, days=30, used=True)
    named = engine.have("named", ours, days=30)
    engine.have("young", ours, days=1)
    engine.have("theirs", OTHER, days=30)
    run_made(places, 1, image=named)
    before = {image.tags[0].rpartition(":")[2] for image in engine.found.values()}
    done = run("rm", "--yes", *words)
    assert done.exit_code == 0, done.output
    left = {image.tags[0].rpartition(":")[2] for image in engine.found.values()}
    assert before - left == set(gone)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ([], "name images"),
        (["--all"], "name images"),
        (["--older", "7"], "30m, 12h, 7d"),
        (["nothing"], "there is no image nothing"),
        (["sha256:0abab"], "there is no image"),
        (["used"], "a container uses used"),
        (["one", "used"], "a container uses used"),
        (["theirs"], "there is no image theirs"),
        (["--all", "one"], "means several"),
    ],
)
def test_wrong_words_remove_nothing(
    words: list[str], why: str, run: Run, engine: Engine, places: ProjectPlaces
) -> None:
    engine.have("one", places.project)
    engine.have("used", places.project, used=True)
    engine.have("one", OTHER)
    engine.have("theirs", OTHER)
    done = run("rm", "--yes", *words)
    assert done.exit_code == 2
    assert why in done.stderr
    assert len(engine.found) == 4


def test_nobody_to_ask_removes_nothing(run: Run, engine: Engine, places: ProjectPlaces) -> None:
    engine.have("one", places.project)
    done = run("rm", "one")
    assert done.exit_code == 2
    assert "nothing was removed" in done.stderr
    assert engine.found


def test_what_the_engine_refuses_is_told_and_the_rest_goes(
    run: Run, engine: Engine, places: ProjectPlaces
) -> None:
    one = engine.have("one", places.project)
    engine.have("two", places.project)
    really = engine.list_images

    def while_a_run_starts(project: str = "") -> tuple[FoundImage, ...]:
        listed = really(project)
        engine.found[one] = replace(engine.found[one], used=True)
        return listed

    engine.list_images = while_a_run_starts  # type: ignore[method-assign]
    done = run("rm", "--yes", "one", "two")
    assert done.exit_code == 1
    assert "one stays: a container uses it" in done.stderr
    assert "removed 1 image," in done.stderr
    assert list(engine.found) == [one]


def test_no_engine(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> Any:
        raise NoEngine("nothing answers", "start it")

    monkeypatch.setattr(link, "opener", lambda *_: none)
    for words in ([], ["--json"], ["rm", "--all-code"]):
        done = run(*words)
        assert (done.exit_code, done.stdout) == (4, "")
        assert "nothing answers (start it)" in done.stderr


def test_history_of_a_project_that_is_gone_is_no_trouble(run: Run, engine: Engine) -> None:
    engine.have("one", OTHER)
    engine.have("", OTHER)
    assert run("--all").exit_code == 0
    assert history.read_all(ProjectPlaces(OTHER, Path("/nowhere"))) == ()
