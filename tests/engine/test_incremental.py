"""An image made of the one before holds what a clean build would hold, entry by entry."""

from __future__ import annotations

import io
import os
import random
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pxtui.engine.docker.building import code
from pxtui.image.trees import Trees
from tests.engine.conftest import BUSYBOX, Built, Workshop

pytestmark = [pytest.mark.engine, pytest.mark.timeout(300)]

STEPS = ("mkdir -p gen/deep && echo env >gen/deep/made && echo env >a && ln -s gen links",)
"""What the steps leave where the tree may have something too: `a` and `gen`."""
FILES = ("a", "gen/x", "b c", "-rf", "sub/one", "sub/two", "$HOME", "q\"uo'te", "new\nline", "ü")
ODD = ("back\\slash", os.fsdecode(b"latin\xe9"), "d/deep/er/still", "n" * 150, "*", "[x]")
FLIPPING = ("flip", "d/flop")
"""What is now a file, now a folder, now a link."""


def incremental(shop: Workshop, *steps: str) -> Built:
    """A build as a session makes it."""
    return shop.carry_out(replace(shop.request(*steps), trees=Trees(shop.kept / "trees")))


def held(shop: Workshop, image: str | None) -> dict[str, tuple[object, ...]]:
    """What an image has in /code: kind, mode, owner, target and content of each entry."""
    assert image is not None
    with shop.engine._way.client() as client:
        made = client.call("post", "/containers/create", json={"Image": image, "Cmd": ["-"]})
        name = made.json()["Id"]
        data = client.call("get", "/containers/{0}/archive", name, params={"path": "/code"}).content
        client.call("delete", "/containers/{0}", name)
    found: dict[str, tuple[object, ...]] = {}
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        for one in tar:
            file = tar.extractfile(one) if one.isfile() else None
            content = file.read() if file else b""
            found[one.name] = (one.type, oct(one.mode), one.uid, one.gid, one.linkname, content)
    return found


def layers(shop: Workshop, image: str | None) -> int:
    assert image is not None
    with shop.engine._way.client() as client:
        facts = client.call("get", "/images/{0}/json", image).json()
    return len(facts["RootFS"]["Layers"])


@pytest.fixture(params=["buildkit", "classic"])
def builder(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("DOCKER_BUILDKIT", "0" if request.param == "classic" else "1")
    return str(request.param)


def cleared(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    elif os.path.lexists(path):
        path.unlink()


def write(root: Path, chance: random.Random) -> None:
    path = root / chance.choice(FILES + ODD)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(chance.randbytes(chance.choice((0, 10, 5000))))


def delete(root: Path, chance: random.Random) -> None:
    cleared(root / chance.choice((*FILES, *ODD, "sub", "gen", "d")))


def rename(root: Path, chance: random.Random) -> None:
    old, new = (root / chance.choice(FILES + ODD) for _ in range(2))
    if old.is_file():
        new.parent.mkdir(parents=True, exist_ok=True)
        old.rename(new)


def mode(root: Path, chance: random.Random) -> None:
    path = root / chance.choice(FILES + ODD)
    if path.is_file():
        path.chmod(chance.choice((0o600, 0o644, 0o755)))


def flip(root: Path, chance: random.Random) -> None:
    path = root / chance.choice(FLIPPING)
    cleared(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    match chance.randrange(4):
        case 0:
            path.write_text("file")
        case 1:
            path.mkdir()
            (path / "inside").write_text(str(chance.random()))
        case 2:
            path.symlink_to(chance.choice(("sub", "a", "inside", "nowhere")))
        case _:
            pass


EDITS: tuple[Callable[[Path, random.Random], None], ...] = (
    write,
    write,
    delete,
    rename,
    mode,
    flip,
)


def compared(shop: Workshop, seed: int, rounds: int) -> int:
    """Edit at random, build both ways, compare; how many images were made of a former one."""
    chance = random.Random(seed)
    clean = replace(shop, project=shop.project[::-1])
    on_top = 0
    base = layers(shop, shop.build(*STEPS).outcome.image)
    try:
        for _ in range(rounds):
            for _ in range(chance.choice((1, 1, 1, 2, 5))):
                chance.choice(EDITS)(shop.root, chance)
            ours, theirs = incremental(shop, *STEPS), clean.build(*STEPS)
            assert ours.outcome.signature == theirs.outcome.signature, ours.outcome
            assert held(shop, ours.outcome.image) == held(shop, theirs.outcome.image)
            on_top += layers(shop, ours.outcome.image) > base
    finally:
        clean.clear()
    return on_top


def test_it_is_what_a_clean_build_gives(shop: Workshop, builder: str) -> None:
    assert compared(shop, 1, 6) > 2


@pytest.mark.slow
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("seed", range(100, 120))
def test_it_is_what_a_clean_build_gives_in_long(shop: Workshop, builder: str, seed: int) -> None:
    assert compared(shop, seed, 25) > 5


def test_only_what_changed_is_sent(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(20):
        (shop.root / f"f{n}").write_text(str(n))
    (shop.root / "sub").mkdir()
    (shop.root / "sub" / "x").write_text("1")
    incremental(shop)
    sent: list[tuple[str, ...]] = []

    def noted(*arguments: object) -> code.Ground:
        ground = real(*arguments)  # type: ignore[arg-type]
        sent.append((*ground.removed, *(entry.path for entry in ground.entries)))
        return ground

    real = code.ground
    monkeypatch.setattr("pxtui.engine.docker.building.ground", noted)
    (shop.root / "sub" / "x").write_text("2")
    (shop.root / "f3").unlink()
    assert incremental(shop).outcome.result == "done"
    assert incremental(shop).outcome.result == "skipped"
    assert sent == [("f3", "sub", "sub/x")]


def test_layers_are_bounded(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code, "_LAYERS", 4)
    made = []
    for n in range(6):
        (shop.root / "train.py").write_text(str(n))
        made.append(layers(shop, incremental(shop).outcome.image))
    assert max(made) <= layers(shop, BUSYBOX) + 1 + 4
    assert len(set(made)) > 1


def test_no_cache_and_a_changed_environment_begin_anew(shop: Workshop) -> None:
    incremental(shop)
    (shop.root / "train.py").write_text("2")
    top = layers(shop, incremental(shop).outcome.image)
    (shop.root / "train.py").write_text("3")
    request = replace(shop.request(), trees=Trees(shop.kept / "trees"), no_cache=True)
    anew = shop.carry_out(request)
    assert layers(shop, anew.outcome.image) == top - 1
    other = incremental(shop, "true")
    assert [cached for _, _, cached in other.ended][-1] is False
    assert held(shop, other.outcome.image) == held(shop, shop.build("true").outcome.image)


def test_a_former_image_that_is_gone_is_not_needed(shop: Workshop) -> None:
    first = incremental(shop).outcome.image
    assert first is not None
    (shop.root / "train.py").write_text("2")
    second = incremental(shop).outcome.image
    shop.docker("rmi", "-f", first)
    (shop.root / "train.py").write_text("3")
    assert incremental(shop).outcome.result == "done"
    assert second is not None
    assert held(shop, second)["code/train.py"][-1] == b"2"


def test_an_image_without_rm_is_made_from_its_environment(shop: Workshop) -> None:
    """Nothing that was deleted stays, whatever the image can do."""
    no_rm = "mv /bin/rm /bin/_rm 2>/dev/null; rm -f /bin/rm; true"
    (shop.root / "gone").write_text("1")
    assert incremental(shop, no_rm).outcome.result == "done"
    (shop.root / "gone").unlink()
    after = incremental(shop, no_rm)
    assert after.outcome.result == "done", after.outcome
    assert sorted(held(shop, after.outcome.image)) == ["code", "code/train.py"]


def made_outside(name: str, text: str) -> None:
    """An image as somebody else would make it."""
    classic = os.environ | {"DOCKER_BUILDKIT": "0"}
    words = ["docker", "build", "-q", "-t", name, "-"]
    subprocess.run(words, input=text.encode(), env=classic, check=True, capture_output=True)


def test_what_was_in_a_volume_of_the_base_goes_too(shop: Workshop, builder: str) -> None:
    base = f"pxtui-test/{shop.project}:volume"
    text = f"FROM {BUSYBOX}\nVOLUME /code/data\n"
    made_outside(base, text)
    try:
        (shop.root / "data").mkdir()
        for name in ("data/gone", "data/stays", "gone"):
            (shop.root / name).write_text("1")
        trees = Trees(shop.kept / "trees")
        shop.carry_out(replace(shop.request(base=base), trees=trees))
        (shop.root / "data/gone").unlink()
        (shop.root / "gone").unlink()
        made = shop.carry_out(replace(shop.request(base=base), trees=trees)).outcome
        listed = shop.docker("run", "--rm", made.image or "", "find", "/code", "-type", "f")
        assert sorted(listed.split()) == ["/code/data/stays", "/code/train.py"]
    finally:
        shop.docker("rmi", "-f", base)


def test_a_base_with_triggers_is_refused(shop: Workshop) -> None:
    base = f"pxtui-test/{shop.project}:onbuild"
    text = f"FROM {BUSYBOX}\nONBUILD COPY . /code/onb/\n"
    made_outside(base, text)
    try:
        outcome = shop.build(base=base).outcome
        assert outcome.result == "failed"
        assert "ONBUILD" in outcome.message
    finally:
        shop.docker("rmi", "-f", base)


def test_people_who_are_not_root_can_delete_too(shop: Workshop) -> None:
    (shop.root / "sub").mkdir()
    for name in ("gone", "sub/gone"):
        (shop.root / name).write_text("1")
    first = replace(shop.request(), trees=Trees(shop.kept / "trees"))
    mine = replace(first, plan=replace(first.plan, owner="1000:1000"))
    assert shop.carry_out(mine).outcome.result == "done"
    (shop.root / "gone").unlink()
    shutil.rmtree(shop.root / "sub")
    listing = shop.request().listing
    after = shop.carry_out(replace(mine, listing=listing)).outcome
    found = held(shop, after.image)
    assert sorted(found) == ["code", "code/train.py"]
    assert found["code/train.py"][2:4] == (1000, 1000)
