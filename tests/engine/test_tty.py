"""A run whose output goes to a terminal: its size is the pane's, and follows it; no keys."""

from __future__ import annotations

import shlex
from dataclasses import replace

import pytest

from pxtui.engine.docker import DockerEngine
from pxtui.engine.docker.size import Size
from pxtui.run import RunSpec, Surroundings
from tests.engine.conftest import Recorder, Waiting, Workshop, wait_for

pytestmark = pytest.mark.engine

IMAGE = "python:3.11-slim"
SCRIPT = """
import os, signal, sys
print([one.isatty() for one in (sys.stdin, sys.stdout, sys.stderr)], os.environ["TERM"])
print(sorted({"COLUMNS", "LINES"} & set(os.environ)), *os.get_terminal_size())
def told(*_):
    print("now", *os.get_terminal_size(), flush=True)
    if os.get_terminal_size().columns == 70:
        sys.exit(7)
signal.signal(signal.SIGWINCH, told)
print("ready", flush=True)
print("oops", file=sys.stderr)
while True:
    signal.pause()
"""


def with_terminal(shop: Workshop, cmd: str, image: str = IMAGE) -> RunSpec:
    spec = shop.spec(cmd, image)
    wanted = Surroundings(tty=True, cache=False)
    return replace(spec, surroundings=wanted, size=(111, 33))


def lines(sink: Recorder) -> list[str]:
    """What came, all of it as output of a terminal."""
    assert {stream for _, stream in sink.pieces} <= {"tty"}
    return sink.all.decode().split("\r\n")


def test_it_has_the_size_of_the_pane_and_follows_it(shop: Workshop) -> None:
    spec = with_terminal(shop, f"stty size; python -c {shlex.quote(SCRIPT)}")
    sink = Recorder()
    job = shop.engine.run(spec, sink)
    assert ("terminal", "yes") in job.got
    waiting = Waiting(job)
    wait_for(lambda: b"oops" in sink.all)
    assert lines(sink)[:5] == [
        "33 111",
        *("[True, True, True] xterm-256color", "[] 111 33", "ready", "oops"),
    ]
    for columns in range(100, 120):
        job.resize(columns, 20)
    wait_for(lambda: b"now 119 20" in sink.all)
    assert sink.all.count(b"now") < 20, "a size that another one followed at once is not told"
    job.resize(70, 20)
    outcome = waiting.end()
    assert (outcome.result, outcome.exit_code) == ("failed", 7)
    assert lines(sink)[-2] == "now 70 20"


def test_taken_up_again_it_is_read_whole_and_follows(shop: Workshop) -> None:
    spec = with_terminal(shop, f"exec python -c {shlex.quote(SCRIPT)}")
    sink = Recorder()
    waiting = shop.start(spec, sink)
    wait_for(lambda: b"ready" in sink.all)
    waiting.job.close()
    assert waiting.end(2).message == "let go"
    again = Recorder()
    job = shop.engine.adopt(spec.id, again)
    job.resize(90, 20)  # before anybody knows whether it has a terminal
    waiting = Waiting(job)
    wait_for(lambda: b"now 90 20" in again.all)
    job.resize(70, 20)
    assert waiting.end().exit_code == 7
    assert lines(again)[1:4] == ["[] 111 33", "ready", "oops"]
    ended = Recorder()
    assert shop.engine.adopt(spec.id, ended).wait().exit_code == 7
    assert ended.all == again.all


def test_without_it_nothing_is_a_terminal(shop: Workshop) -> None:
    sink = Recorder()
    spec = shop.spec('[ -t 0 ] || [ -t 1 ] || [ -t 2 ] || echo "none ${TERM-}"')
    job = shop.engine.run(spec, sink)
    job.resize(70, 20)
    assert job.wait().result == "done"
    assert sink.pieces == [(b"none \n", "stdout")]
    assert "terminal" not in dict(job.got)


def test_a_run_that_ended_is_told_no_size(shop: Workshop) -> None:
    job = shop.engine.run(with_terminal(shop, "exit 3", "pxtui-test/busybox:latest"), Recorder())
    waiting = Waiting(job)
    job.resize(1, 1)
    assert waiting.end().exit_code == 3
    shop.docker("rm", "-f", job.container)
    job.resize(2, 2)


def test_a_size_is_tried_again_until_it_is_taken(
    docker_engine: DockerEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[int, int]] = []

    def refused_twice(client: object, container: str, columns: int, rows: int) -> bool:
        asked.append((columns, rows))
        return len(asked) > 2

    monkeypatch.setattr("pxtui.engine.docker.size.resize", refused_twice)
    size = Size(docker_engine._way, "none", (80, 24))
    size.want(90, 24)
    with docker_engine._way.client() as client:
        size.follow(client)
    wait_for(lambda: len(asked) == 3)
    size.want(90, 24)
    size.end()
    assert asked == [(90, 24)] * 3


def test_no_size_is_told_where_none_is_known(
    docker_engine: DockerEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[int, int]] = []

    def taken(client: object, container: str, columns: int, rows: int) -> bool:
        asked.append((columns, rows))
        return True

    monkeypatch.setattr("pxtui.engine.docker.size.resize", taken)
    size = Size(docker_engine._way, "none", None)
    with docker_engine._way.client() as client:
        size.follow(client)  # a terminal run tells its own at the same time
    assert asked == []
    size.want(90, 24)
    wait_for(lambda: asked == [(90, 24)])
    size.end()
