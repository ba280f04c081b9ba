"""Images on a real engine: ours are listed, sized and removed, and nothing else is touched."""

from __future__ import annotations

import io
import json
import os
import re
import secrets
import tarfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from pxtui import places
from pxtui.engine import FoundImage
from pxtui.engine.docker import DockerEngine
from pxtui.engine.docker.container import seconds
from pxtui.engine.docker.image import own_tags
from pxtui.engine.docker.layers import sized_images
from pxtui.engine.hosts import Found
from pxtui.errors import EngineError
from pxtui.image.housekeeping import alone, total
from pxtui.image.trees import Trees
from pxtui.session.images import tidy
from tests.engine.conftest import (
    BUSYBOX,
    Recorder,
    Waiting,
    Workshop,
    own_folder,
    script,
    wait_for,
    workshop,
)

pytestmark = pytest.mark.engine
BUILDERS = pytest.mark.parametrize(
    "version",
    [pytest.param("1", id="classic", marks=pytest.mark.slow), pytest.param("2", id="buildkit")],
)
HOUR = 3_600


@dataclass
class Images:
    """Makes images as a build does, and as others do."""

    shop: Workshop
    others: list[str] = field(default_factory=list)

    def labels(self, kind: str = "code", key: str = "k1", signature: str = "s1") -> dict[str, str]:
        return {
            places.LABEL_V: "1",
            places.LABEL_PROJECT: self.shop.project,
            places.LABEL_KIND: kind,
            places.LABEL_KEY: key,
            places.LABEL_SIGNATURE: "" if kind == "environment" else signature,
        }

    def ours(self, name: str, under: str = BUSYBOX, *, version: str = "2", **labels: str) -> str:
        """An image of ours with a megabyte of its own."""
        tag = f"pxtui/{self.shop.project}:{name}"
        return self.make(tag, under, self.labels(**labels), version)

    def make(
        self,
        tag: str,
        under: str,
        labels: dict[str, str],
        version: str = "2",
        size: int = 1_000_000,
        text: str = "",
    ) -> str:
        packed = io.BytesIO()
        text = text or f"FROM {under}\nCOPY blob /blobs/{secrets.token_hex(4)}\n"
        with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as tar:
            for name, data in (("Dockerfile", text.encode()), ("blob", os.urandom(size))):
                member = tarfile.TarInfo(name)
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))
        params = {"version": version, "labels": json.dumps(labels), "rm": "1"}
        params |= {"t": tag} if tag else {}
        if tag and not tag.startswith(f"pxtui/{self.shop.project}:"):
            self.others.append(tag)
        with self.shop.engine._way.client() as client:
            answer = client.stream("/build", params=params, data=packed.getvalue(),
                                   headers={"Content-Type": "application/x-tar"})  # fmt: skip
            said = [json.loads(line) for line in answer.text.splitlines()]
        told = [one["aux"] for one in said if isinstance(one.get("aux"), dict)]
        made = [one["ID"] for one in told if "ID" in one]
        assert made, said
        return str(made[-1])

    def tag(self, image: str, tag: str) -> None:
        self.shop.docker("tag", image, tag)
        self.others.append(tag)

    def listed(self) -> dict[str, FoundImage]:
        return {image.id: image for image in self.shop.engine.list_images(self.shop.project)}

    def sized(self) -> list[FoundImage]:
        with self.shop.engine._way.client() as client:
            return list(sized_images(client, self.shop.project))

    def there(self, image: str) -> bool:
        return bool(self.shop.docker("inspect", "-f", "{{.Id}}", image))

    def reads(self, image: str) -> int:
        """How many blobs a container of it sees."""
        return len(self.shop.docker("run", "--rm", image, "ls", "/blobs").split())


@pytest.fixture
def images(shop: Workshop) -> Iterator[Images]:
    made = Images(shop)
    yield made
    if made.others:
        shop.docker("rmi", "-f", *made.others)


@BUILDERS
def test_images_on_each_other_go_one_by_one(images: Images, version: str) -> None:
    tag = f"pxtui/{images.shop.project}"
    env = images.ours("env", version=version, kind="environment")
    one = images.ours("one", f"{tag}:env", version=version, signature="s1")
    two = images.ours("two", f"{tag}:one", version=version, signature="s2")
    three = images.ours("three", f"{tag}:two", version=version, signature="s3")
    assert set(images.listed()) == {env, one, two, three}
    remove = images.shop.engine.remove_image
    for gone in (two, env, one):
        remove(gone)
        assert gone not in images.listed()
    assert list(images.listed()) == [three]
    assert images.reads(three) == 4
    remove(three)
    assert not images.listed()
    for image in (env, one, two, three):
        assert not images.there(image)


def test_what_images_share_is_known(images: Images) -> None:
    tag = f"pxtui/{images.shop.project}"
    env = images.ours("env", kind="environment")
    one = images.ours("one", f"{tag}:env")
    two = images.ours("two", f"{tag}:one")
    sized = images.sized()
    assert total(sized) == 3_000_000
    assert alone(sized) == {env: 0, one: 0, two: 1_000_000}
    left = [image for image in sized if image.id != two]
    assert alone(left) == {env: 0, one: 1_000_000}
    # what somebody builds on an image of ours holds its layers
    images.make("mine:1", f"{tag}:one", {}, size=0)
    assert alone(images.sized())[two] == total(images.sized()) == 1_000_000


def test_what_others_made_is_not_ours(images: Images) -> None:
    project = images.shop.project
    ours = images.ours("one")
    whole = images.labels()
    foreign = [
        images.make(f"pxtui/{project}-x:one", BUSYBOX, {}),
        images.make(f"me/pxtui/{project}:one", BUSYBOX, whole),
        images.make("child:1", f"pxtui/{project}:one", {"mine": "yes"}),
        images.make("partly:1", BUSYBOX, {k: v for k, v in whole.items() if k != places.LABEL_KEY}),
        images.make("", BUSYBOX, {places.LABEL_PROJECT: project}),
        images.make(f"pxtui/{project}:unlabelled", BUSYBOX, {}),
        images.make(f"pxtui/{project}:run", BUSYBOX, {**whole, places.LABEL_KIND: "run"}),
        images.make(f"pxtui/{project}:other", BUSYBOX, {**whole, places.LABEL_PROJECT: "0" * 12}),
    ]
    assert list(images.listed()) == [ours]
    assert ours in {image.id for image in images.shop.engine.list_images()}
    for image in foreign:
        with pytest.raises(EngineError, match="not an image that pxtui made"):
            images.shop.engine.remove_image(image)
    images.shop.engine.remove_image(ours)
    assert all(images.there(image) for image in foreign)
    assert images.there("child:1")
    images.shop.docker("rmi", "-f", *foreign)


@BUILDERS
def test_the_tag_of_somebody_else_keeps_the_image(images: Images, version: str) -> None:
    ours = images.ours("one", version=version)
    images.shop.docker("tag", ours, f"pxtui/{images.shop.project}:again")
    images.tag(ours, "mine:kept")
    assert len(images.listed()[ours].tags) == 2
    images.shop.engine.remove_image(ours)
    assert not images.listed()
    tags = images.shop.docker("inspect", "-f", "{{.RepoTags}}", ours)
    assert re.fullmatch(r"\[([\w.]+/)*mine:kept\]", tags)
    with pytest.raises(EngineError, match="not an image that pxtui made"):
        images.shop.engine.remove_image(ours)


def test_two_tags_of_ours_are_one_image(images: Images) -> None:
    ours = images.ours("one")
    images.shop.docker("tag", ours, f"pxtui/{images.shop.project}:again")
    images.shop.engine.remove_image(ours)
    assert not images.there(ours)
    images.shop.engine.remove_image(ours)  # gone already is fine


@pytest.mark.parametrize("also", ["", "mine:used"])
def test_what_a_container_uses_stays(images: Images, also: str) -> None:
    ours = images.ours("one")
    if also:
        images.tag(ours, also)
    container = images.shop.docker("create", ours, "true")
    try:
        assert images.listed()[ours].used
        with pytest.raises(EngineError, match="a container uses"):
            images.shop.engine.remove_image(ours)
        assert images.listed()[ours].tags
    finally:
        images.shop.docker("rm", "-f", container)
    assert not images.listed()[ours].used


def test_an_image_that_lost_its_tag_is_still_ours(images: Images) -> None:
    old = images.ours("one")
    new = images.ours("one")
    found = images.listed()
    assert (found[old].tags, len(found[new].tags)) == ((), 1)
    assert abs(time.time() - found[new].created) < HOUR
    images.shop.engine.remove_image(old)
    assert list(images.listed()) == [new]


def test_an_image_is_as_old_as_its_tag_not_as_its_layers(images: Images) -> None:
    first = images.ours("first")
    began = time.time()
    tag = f"pxtui/{images.shop.project}:last"
    last = images.make(tag, BUSYBOX, images.labels(), text=f"FROM {BUSYBOX}\n")
    listed = images.listed()
    stamp = images.shop.docker("inspect", "-f", "{{.Created}}", last)
    assert seconds(stamp) < began <= listed[last].created
    assert list(listed) == [first, last]


def test_a_bounded_number_stays_after_many_builds(images: Images, tmp_path: Path) -> None:
    shop, trees = images.shop, Trees(tmp_path / "trees")
    shop.project = places.ProjectPlaces.of(shop.root).project

    def build(name: str) -> str:
        (shop.root / f"{name}.py").write_text(name)
        built = shop.carry_out(replace(shop.request("touch /x"), trees=trees)).outcome
        assert built.result == "done"
        return built.image or ""

    first, *_, last = [build(str(n)) for n in range(5)]
    tidy(shop.engine, shop.root, 1, lambda: frozenset([first, last]))
    # the engine tells seconds only, so the newest may be another one than the last
    kept = {one.id: one.kind for one in images.listed().values()}
    assert {first, last} <= kept.keys()
    assert sorted(kept.values()) in (["code", "code", "environment"],
                                     ["code", "code", "code", "environment"])  # fmt: skip
    # they are not broken by it, and the next build stands on one
    for image, files in ((first, 1), (last, 5), (build("last"), 6)):
        seen = shop.docker("run", "--rm", image, "sh", "-c", "ls /code/*.py")
        assert len(seen.split()) == files + 1
    assert tidied_to_nothing(images)


def tidied_to_nothing(images: Images) -> bool:
    for image in reversed(images.listed()):
        images.shop.engine.remove_image(image)
    return not images.listed()


def test_a_build_that_nobody_finished_leaves_no_tag(images: Images) -> None:
    shop = images.shop
    job = shop.engine.build(
        shop.request("echo begun; sleep 60"), sink := Recorder(), lambda _: None
    )
    waiting = Waiting(job)
    wait_for(lambda: b"begun" in sink.all)
    job.close()
    assert waiting.end().result == "cancelled"
    assert not [one for one in images.listed().values() if one.tags]
    assert not shop.docker("images", "-q", f"pxtui/{shop.project}")


@pytest.mark.slow
def test_podman_lists_and_removes_too(tmp_path: Path) -> None:
    with own_folder("podman") as folder:
        found = Found("podman", script("podman-up", folder), "test")
        engine = DockerEngine(found)
        images = Images(workshop(engine, found, tmp_path))
        tag = f"pxtui/{images.shop.project}"
        env = images.ours("env", kind="environment")
        one = images.ours("one", f"{tag}:env")
        two = images.ours("two", f"{tag}:one", signature="s2")
        assert set(images.listed()) == {env, one, two}
        container = images.shop.docker("create", one, "true")
        with pytest.raises(EngineError, match="a container uses"):
            engine.remove_image(one)
        images.shop.docker("rm", container)
        for gone in (one, env):
            engine.remove_image(gone)
        assert list(images.listed()) == [two]
        assert images.reads(two) == 3
        images.shop.clear()
        engine.close()


def test_the_names_of_podman() -> None:
    labels = {places.LABEL_V: "1", places.LABEL_PROJECT: "0123456789ab",
              places.LABEL_KIND: "environment", places.LABEL_KEY: "k"}  # fmt: skip
    for host in ("", "localhost/", "docker.io/"):
        tag = f"{host}pxtui/0123456789ab:env-k"
        assert own_tags(labels, [tag, "mine:1"]) == (tag,)
    assert own_tags(labels, ["quay.io/pxtui/0123456789ab:env-k"]) is None
    assert own_tags(labels, None) == ()
    assert own_tags({**labels, places.LABEL_PROJECT: "../x"}, []) is None
    assert own_tags(None, []) is None
