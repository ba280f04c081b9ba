"""The same loop on the newest Docker that Debian has, with either store of images."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.engine.conftest import (
    Private,
    Recorder,
    Waiting,
    Workshop,
    processes_of,
    second_engine,
    wait_for,
)

pytestmark = [pytest.mark.engine, pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module", params=["", "--containerd"], ids=["overlay2", "containerd"])
def current(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Private]:
    """A current engine, with its usual store or the one that newer ones have."""
    options = [request.param] if request.param else []
    with second_engine(tmp_path_factory.mktemp("current"), "--current", *options) as made:
        print(made.shop.engine.info().version)
        yield made


@pytest.fixture
def shop(current: Private) -> Iterator[Workshop]:
    """A project on that engine."""
    yield current.shop
    current.shop.clear()


def test_it_is_a_current_one(current: Private) -> None:
    assert int(current.shop.engine.info().version.split(".")[0]) >= 28
    drivers = current.shop.docker("info", "-f", "{{.DriverStatus}}")
    print(current.shop.engine.info().version, drivers)


def test_a_build_a_cached_one_a_failing_one_and_a_run(shop: Workshop) -> None:
    step = f"echo {shop.project}"
    first = shop.build(step)
    assert first.outcome.result == "done", first.outcome
    assert (step, "done", False) in first.ended
    assert shop.project.encode() in first.sink.all
    again = shop.build(step).outcome
    assert (again.result, again.image) == ("skipped", first.outcome.image)
    (shop.root / "more.py").write_text("")
    changed = shop.build(step)
    assert changed.outcome.result == "done"
    assert all(cached for text, _, cached in changed.ended if text == step)
    failed = shop.build(step, "echo within; exit 3")
    assert (failed.outcome.result, failed.outcome.exit_code) == ("failed", 3)
    assert "exit code 3: echo within; exit 3" in failed.outcome.message
    assert b"within" in failed.sink.all
    spec, sink = shop.spec("ls /code; echo x >/outputs/y", changed.outcome.image or ""), Recorder()
    assert shop.engine.run(spec, sink).wait().result == "done"
    assert sink.all.startswith(b"more.py\ntrain.py\n")
    (shop.root / "more.py").unlink()


def test_what_is_ours_is_listed_and_removed(shop: Workshop) -> None:
    built = shop.build(f"echo {shop.project}; true").outcome
    listed = {image.id: image for image in shop.engine.list_images(shop.project)}
    assert built.image in listed
    assert built.signature in {image.signature for image in listed.values()}
    for image in reversed(shop.engine.list_images(shop.project)):
        shop.engine.remove_image(image.id)
    assert shop.engine.list_images(shop.project) == ()


def test_a_build_that_is_cancelled_leaves_nothing(shop: Workshop) -> None:
    mark = f"mark{time.time_ns()}"
    sink = Recorder()
    job = shop.engine.build(
        shop.request(f"echo {mark}; sleep 60; echo {mark}"), sink, lambda _: None
    )
    waiting = Waiting(job)
    wait_for(lambda: mark.encode() in sink.all)
    assert processes_of(mark)
    began = time.monotonic()
    job.close()
    assert waiting.end(1).result == "cancelled"
    wait_for(lambda: not processes_of(mark), 2)
    print(f"nothing left after {time.monotonic() - began:.2f} s")
    assert shop.build(f"echo {mark}").outcome.result == "done"


def test_a_disk_that_is_full_is_told(shop: Workshop, current: Private) -> None:
    step = "echo 'cp: write error: No space left on device' >&2; exit 1"
    assert "docker system df" in shop.build(step).outcome.message
