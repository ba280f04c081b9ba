"""The same loop on Podman, by the API that it shares with Docker."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pxtui.engine import open_engine
from pxtui.engine.docker import DockerEngine, DockerRun
from pxtui.engine.hosts import Found
from tests.engine.conftest import (
    BUSYBOX,
    Recorder,
    Waiting,
    Workshop,
    own_folder,
    processes_of,
    script,
    wait_for,
    workshop,
)

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def podman() -> Iterator[str]:
    """The address of Podman's service, with busybox."""
    with own_folder("podman") as folder:
        yield script("podman-up", folder)


@pytest.fixture
def shop(podman: str, tmp_path: Path) -> Iterator[Workshop]:
    """A project on Podman."""
    found = Found("podman", podman, "test")
    engine = DockerEngine(found)
    engine.info()
    made = workshop(engine, found, tmp_path)
    yield made
    made.clear()
    engine.close()


def test_it_is_found_and_named(podman: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", podman)
    for name in ("docker", "podman"):
        monkeypatch.setenv("CONTAINER_HOST", podman)
        engine = open_engine(name)
        assert engine.info().name == "podman"
        assert engine.base(BUSYBOX) == "linux/amd64"
        engine.close()


def test_a_build_a_cached_one_and_one_that_is_found_again(shop: Workshop) -> None:
    step = f"echo {shop.project}; test -d /code"
    first = shop.build(step)
    assert first.outcome.result == "done", first.outcome
    assert (step, "done", False) in first.ended
    assert shop.project.encode() in first.sink.all
    assert shop.build(step).outcome.result == "skipped"
    assert shop.build(step).outcome.image == first.outcome.image
    (shop.root / "train.py").write_text("print('changed')\n")
    (shop.root / "more.py").write_text("")
    changed = shop.build(step)
    assert changed.outcome.result == "done"
    assert changed.outcome.image != first.outcome.image
    assert all(cached for text, _, cached in changed.ended if text == step)
    sink = Recorder()
    spec = shop.spec("ls /code; cat /code/train.py", changed.outcome.image or "")
    assert shop.engine.run(spec, sink).wait().result == "done"
    assert sink.of("stdout") == b"more.py\ntrain.py\nprint('changed')\n"


def test_a_step_that_fails_is_named_with_its_code(shop: Workshop) -> None:
    built = shop.build("echo before", "echo within; exit 3", "echo never")
    assert built.outcome.result == "failed"
    assert built.outcome.exit_code == 3
    assert "exit code 3: echo within; exit 3" in built.outcome.message
    assert b"within" in built.sink.all
    assert b"never" not in built.sink.all
    assert shop.docker("images", "-q", f"pxtui/{shop.project}") == ""


def test_a_base_that_is_nowhere_is_one_line(shop: Workshop) -> None:
    base = "127.0.0.1:9/nobody/nothing:1"
    outcome = shop.build(base=base).outcome
    assert outcome.result == "failed"
    assert base in outcome.message
    assert "cannot be reached" in outcome.message
    assert "\n" not in outcome.message


def test_a_run_gives_output_and_outputs_and_its_code(shop: Workshop) -> None:
    spec, sink = shop.spec("echo out; echo err >&2; echo kept >/outputs/file; exit 3"), Recorder()
    outcome = shop.engine.run(spec, sink).wait()
    assert (outcome.result, outcome.exit_code) == ("failed", 3)
    assert (sink.of("stdout"), sink.of("stderr")) == (b"out\n", b"err\n")
    assert Path(spec.outputs, "file").read_text() == "kept\n"
    (found,) = shop.engine.runs(shop.project)
    assert (found.id, found.running, found.exit_code) == (spec.id, False, 3)
    shop.engine.remove(spec.id)
    assert shop.engine.runs(shop.project) == ()


def test_a_run_that_is_stopped_ends_in_its_grace(shop: Workshop) -> None:
    sink = Recorder()
    cmd = "trap 'echo saved; exit 5' TERM; echo on; while :; do sleep .1; done"
    waiting = shop.start(shop.spec(cmd), sink)
    wait_for(lambda: b"on" in sink.all)
    assert isinstance(waiting.job, DockerRun)
    waiting.job.stop(5)
    assert waiting.end(5).exit_code == 5
    assert sink.all == b"on\nsaved\n"


def test_a_build_that_is_cancelled_returns_at_once(shop: Workshop) -> None:
    mark = f"mark{shop.project}"
    sink = Recorder()
    request = shop.request(f"echo {mark}; sleep 2; echo {mark}")
    waiting = Waiting(shop.engine.build(request, sink, lambda _: None))
    wait_for(lambda: mark.encode() in sink.all)
    assert processes_of(mark)
    began = time.monotonic()
    waiting.job.close()
    assert waiting.end(1).result == "cancelled"
    print(f"returned after {time.monotonic() - began:.2f} s,", end=" ")
    wait_for(lambda: not processes_of(mark), 10)
    print(f"its step had ended after {time.monotonic() - began:.2f} s")
    assert shop.docker("images", "-q", f"pxtui/{shop.project}") == ""
    assert shop.build(f"echo {mark}").outcome.result == "done"
