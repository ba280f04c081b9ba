"""What befalls an engine, its disk and its containers is told by its name, and nothing is left."""

from __future__ import annotations

import io
import random
import shutil
import socket
import struct
import subprocess
import tarfile
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from pxtui.engine import StepReport
from pxtui.engine.docker import DockerRun
from pxtui.errors import EngineError
from pxtui.run import Mount, Port, Surroundings
from tests.engine.conftest import (
    Private,
    Recorder,
    Waiting,
    Workshop,
    processes_of,
    second_engine,
    wait_for,
)

pytestmark = pytest.mark.engine


@pytest.fixture(autouse=True)
def builder(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The builder that is asked for: BuildKit (1) or the classic one (0)."""
    monkeypatch.setenv("DOCKER_BUILDKIT", getattr(request, "param", "1"))


BUILDKIT = pytest.param("1", id="buildkit")
BOTH = pytest.mark.parametrize(
    "builder", [BUILDKIT, pytest.param("0", id="classic")], indirect=True
)
BOTH_IN_TIME = pytest.mark.parametrize(
    "builder", [BUILDKIT, pytest.param("0", id="classic", marks=pytest.mark.slow)], indirect=True
)


def images_of(shop: Workshop) -> set[str]:
    """The images that have a name of this project."""
    return set(shop.docker("images", "-q", f"pxtui/{shop.project}").split())


# --- the engine dies while it builds (E04)


@BOTH_IN_TIME
def test_after_an_engine_that_died_in_a_build_the_next_one_builds(private: Private) -> None:
    shop = private.shop
    mark = f"mark{shop.project}"
    sink = Recorder()
    job = shop.engine.build(shop.request(f"echo {mark}; sleep 60"), sink, lambda _: None)
    waiting = Waiting(job)
    wait_for(lambda: mark.encode() in sink.all)
    began = time.monotonic()
    private.kill()
    outcome = waiting.end(5)
    took = time.monotonic() - began
    print(f"lost after {took:.2f} s: {outcome.message}")
    assert outcome.result == "lost"
    assert "the engine is gone" in outcome.message
    assert took < 2
    private.restart()
    assert images_of(shop) == set()
    assert shop.build(f"echo {mark}").outcome.result == "done"


# --- builds that are cancelled at any instant (E21)


def cancelled(shop: Workshop, seconds: float) -> tuple[float, float]:
    """Cancel a build after some seconds: until `wait` returned, until nothing of it was left."""
    mark = f"mark{time.time_ns()}"
    job = shop.engine.build(
        shop.request(f"echo {mark}", f"sleep 30; echo {mark}"), Recorder(), lambda _: None
    )
    waiting = Waiting(job)
    waiting.thread.join(seconds)
    began = time.monotonic()
    job.close()
    assert waiting.end(1).result == "cancelled"
    returned = time.monotonic() - began
    wait_for(lambda: not processes_of(mark) and not shop.containers_of(mark), 2)
    return returned, time.monotonic() - began


@BOTH
@pytest.mark.timeout(900)
@pytest.mark.parametrize("times", [5, pytest.param(50, marks=pytest.mark.slow)])
def test_a_build_cancelled_at_any_instant_leaves_nothing(shop: Workshop, times: int) -> None:
    chance = random.Random(times)
    took = [cancelled(shop, chance.uniform(0, 0.6 if times == 5 else 1.5)) for _ in range(times)]
    returned, gone = (max(column) for column in zip(*took, strict=True))
    print(f"{times} times: returned within {returned:.2f} s, nothing left after {gone:.2f} s")
    assert returned < 1
    assert images_of(shop) == set()
    assert shop.build(f"echo {shop.project}").outcome.result == "done"


# --- steps that fail (E11)


FAILING = (
    ("echo to the end; exit 3", 3, b"to the end"),
    ("nosuchcommand --now", 127, b"nosuchcommand"),
    ("echo eats; sh -c 'kill -9 $$'; exit $?", 137, b"eats"),
)


@BOTH
def test_a_step_that_fails_is_told_whole_and_the_good_image_stays(shop: Workshop) -> None:
    good = shop.build("echo good").outcome.image
    named = images_of(shop)
    for step, code, last in FAILING:
        built = shop.build("echo good", step, "echo never")
        assert built.outcome.result == "failed"
        assert built.outcome.exit_code == code
        assert step in built.outcome.message
        assert str(code) in built.outcome.message
        (failed,) = [report for report in built.reports if report.state == "failed"]
        assert failed.text == step
        assert f"step {failed.index} of {failed.total} failed" in built.outcome.message
        assert last in built.sink.all
        assert b"never" not in built.sink.all
    assert good
    assert images_of(shop) == named
    again = shop.build("echo good").outcome
    assert (again.result, again.image) == ("skipped", good)


# --- no space left in the engine (E12)


@pytest.fixture(scope="module")
def full_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Private]:
    """An engine with a disk of 48 MB."""
    with second_engine(tmp_path_factory.mktemp("full"), "--disk", "48m") as made:
        yield made


@pytest.fixture
def small(full_engine: Private) -> Iterator[Private]:
    """That engine with all of its disk free, and a tree with one small file."""
    yield full_engine
    (full_engine.folder / "data" / "filler").unlink(missing_ok=True)
    full_engine.shop.clear()
    full_engine.shop.docker("builder", "prune", "-af")
    full_engine.shop.docker("system", "prune", "-f")
    (full_engine.shop.root / "big").unlink(missing_ok=True)


def fill(engine: Private, left: int = 0) -> None:
    """Take the engine's disk but for some bytes."""
    free = shutil.disk_usage(engine.folder / "data").free
    with open(engine.folder / "data" / "filler", "wb") as file:
        file.write(bytes(max(0, free - left)))


def assert_full(message: str) -> None:
    assert "the engine's disk is full" in message
    assert "docker system df" in message
    assert "\n" not in message


@BOTH
def test_a_step_fills_the_disk(small: Private) -> None:
    built = small.shop.build("dd if=/dev/zero of=/big bs=1M count=100")
    assert built.outcome.result == "failed"
    assert_full(built.outcome.message)


@BOTH_IN_TIME
@pytest.mark.parametrize(
    ("part", "may_fit"),
    [
        # where it fails depends on how often a builder lays the tree down beside the image
        pytest.param(0.4, True, id="in a third copy"),
        pytest.param(0.7, False, id="in a second copy"),
        pytest.param(2, False, id="in the upload"),
    ],
)
def test_the_code_fills_the_disk(small: Private, part: float, may_fit: bool) -> None:
    free = shutil.disk_usage(small.folder / "data").free
    (small.shop.root / "big").write_bytes(random.Random(1).randbytes(int(part * free)))
    built = small.shop.build()
    if may_fit and built.outcome.result == "done":
        return
    print([(report.text, report.state) for report in built.reports][-1:])
    assert built.outcome.result == "failed", built.outcome
    assert_full(built.outcome.message)


@BOTH
def test_the_image_that_is_saved_fills_the_disk(small: Private) -> None:
    sink = Recorder()
    step = "head -c 3000000 /dev/urandom >/random; echo ready; sleep 1"
    waiting = Waiting(small.shop.engine.build(small.shop.request(step), sink, lambda _: None))
    wait_for(lambda: b"ready" in sink.all)
    fill(small)
    outcome = waiting.end(20)
    assert outcome.result == "failed", outcome
    assert_full(outcome.message)


# --- others at our containers (E08)


def test_a_pause_from_outside_is_no_end(shop: Workshop) -> None:
    sink = Recorder()
    waiting = shop.start(shop.spec("echo on; sleep 0.5; echo off"), sink)
    wait_for(lambda: b"on" in sink.all)
    job = waiting.job
    assert isinstance(job, DockerRun)
    shop.docker("pause", job.container)
    waiting.thread.join(1)
    assert not waiting.outcomes
    shop.docker("unpause", job.container)
    assert waiting.end(5).result == "done"
    assert sink.all == b"on\noff\n"


def test_after_a_removal_from_outside_the_name_is_free(shop: Workshop) -> None:
    spec, sink = shop.spec("echo on; sleep 60"), Recorder()
    waiting = shop.start(spec, sink)
    wait_for(lambda: b"on" in sink.all)
    shop.docker("rm", "-f", spec.name)
    assert waiting.end(5).result == "failed"
    assert shop.engine.runs(shop.project) == ()
    assert shop.engine.run(replace(spec, cmd="true"), Recorder()).wait().result == "done"


def test_a_run_over_its_memory_is_told(shop: Workshop) -> None:
    spec = replace(
        shop.spec("head -c 200000000 /dev/zero | tail; exit 137"),
        surroundings=Surroundings(memory=30 << 20),
    )
    outcome = shop.engine.run(spec, Recorder()).wait()
    assert outcome.message == "out of memory (137, OOMKilled)"
    assert outcome.out_of_memory


# --- what cannot start (E26)


def test_a_port_that_is_taken_is_one_line(shop: Workshop) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        spec = replace(shop.spec("true"), surroundings=Surroundings(publish=(Port(80, port),)))
        outcome = shop.engine.run(spec, Recorder()).wait()
    assert outcome.result == "failed"
    assert str(port) in outcome.message
    assert "in use" in outcome.message or "already allocated" in outcome.message
    assert "\n" not in outcome.message


def test_a_mount_that_cannot_be_is_one_line(shop: Workshop) -> None:
    mounts = (Mount(str(shop.root), "/etc/passwd"),)
    spec = replace(shop.spec("true"), surroundings=Surroundings(mounts=mounts))
    try:
        outcome = shop.engine.run(spec, Recorder()).wait()
        assert outcome.result == "failed"
        message = outcome.message
    except EngineError as error:
        message = str(error)
    assert "not a directory" in message
    assert "\n" not in message


def foreign_image(shop: Workshop) -> str:
    """An image whose programs are for a processor that nobody has."""
    head = b"\x7fELF\x02\x01\x01" + bytes(9)
    program = head + struct.pack("<HHIQQQIHHHHHH", 2, 0xFEED, 1, 0, 0, 0, 0, 64, 56, 0, 64, 0, 0)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for folder in ("bin", "code", "etc", "outputs", "tmp"):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(entry)
        for name in ("bin/sh", "bin/bash"):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(program), 0o755
            tar.addfile(entry, io.BytesIO(program))
    name = f"pxtui-test/{shop.project}:foreign"
    subprocess.run(
        ["docker", "-H", shop.found.host, "import", "-", name],
        input=packed.getvalue(),
        capture_output=True,
        check=True,
    )
    return name


@BOTH_IN_TIME
def test_an_image_of_another_processor_is_one_line(shop: Workshop) -> None:
    image = foreign_image(shop)
    try:
        reports = list[StepReport]()
        request = shop.request("echo hello", base=image)
        built = shop.engine.build(request, Recorder(), reports.append).wait()
        said = Recorder()
        outcome = shop.engine.run(shop.spec("true", image), said).wait()
    finally:
        shop.docker("rmi", "-f", image)
    assert built.result == "failed"
    assert "processor" in built.message
    assert outcome.result == "failed"
    assert outcome.exit_code in (126, 1)
    # by the engine's word, or by that of its init
    told = f"{outcome.message}\n{said.all.decode()}".lower()
    assert "cannot be executed" in told or "exec format" in told
    assert "\n" not in built.message + outcome.message
