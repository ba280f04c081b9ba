"""BuildKit's messages become the same steps and output in any order that it sends them in."""

from __future__ import annotations

import base64
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pxtui.engine import StepReport
from pxtui.engine.docker.building.progress import Progress
from pxtui.engine.docker.building.traces import Traces, _StatusResponse
from pxtui.errors import EngineError
from pxtui.image.dockerfile import Instruction
from tests.engine.conftest import Recorder

TEXTS = ("FROM a", 'ENV A="1"', "WORKDIR /code", "echo hi", "COPY . /code/")


def message(*parts: dict[str, Any]) -> str:
    """A trace message of vertexes and logs."""
    status = _StatusResponse()
    for part in parts:
        if "msg" in part:
            status.logs.add(**part)
            continue
        vertex = status.vertexes.add(
            digest=part["digest"],
            name=part["name"],
            cached=part.get("cached", False),
            error=part.get("error", ""),
        )
        for moment in ("started", "completed"):
            if moment in part:
                getattr(vertex, moment).FromMilliseconds(part[moment])
    return base64.b64encode(status.SerializeToString()).decode()


def followed(*messages: str) -> tuple[list[tuple[int, str, bool]], Recorder, Progress, Traces]:
    sink, reports = Recorder(), list[StepReport]()
    progress = Progress([Instruction(text, text) for text in TEXTS], sink, reports.append)
    traces = Traces(progress, (1, 3, 4))
    for one in messages:
        traces.feed(one)
    return [(r.index, r.state, r.cached) for r in reports], sink, progress, traces


FROM = {"digest": "f", "name": "[1/3] FROM docker.io/library/a", "started": 1, "completed": 2}
WORKDIR = {
    **{"digest": "w", "name": "[2/3] WORKDIR /code", "cached": True},
    **{"started": 2, "completed": 2},
}
RUN: dict[str, Any] = {"digest": "r", "name": "[3/3] RUN echo hi", "started": 2}
OUT = {"vertex": "r", "stream": 1, "msg": b"hi\n"}
ERR = {"vertex": "r", "stream": 2, "msg": b"oh\n"}
DONE = {**RUN, "completed": 1502}
OTHER = {"digest": "x", "name": "[internal] load metadata", "started": 1, "completed": 2}
LOAD = {"vertex": "x", "stream": 1, "msg": b"not of a step\n"}

EXPECTED = [
    *((1, "started", False), (1, "done", True), (2, "done", True)),
    *((3, "started", False), (3, "done", True)),
    *((4, "started", False), (4, "done", False)),
]


@given(st.sets(st.integers(0, 8)))
def test_steps_are_the_same_however_the_messages_are_cut(cuts: set[int]) -> None:
    stream = [OTHER, LOAD, FROM, WORKDIR, RUN, OUT, ERR, DONE]
    places = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    pieces = [stream[a:b] for a, b in pairwise(places)]
    reports, sink, progress, traces = followed(*(message(*piece) for piece in pieces))
    traces.finish()
    assert reports == EXPECTED
    assert (sink.of("stdout"), sink.of("stderr")) == (b"hi\n", b"oh\n")
    assert progress.current == 0


def test_the_seconds_are_the_builder_s() -> None:
    sink, reports = Recorder(), list[StepReport]()
    progress = Progress([Instruction(text, text) for text in TEXTS], sink, reports.append)
    traces = Traces(progress, (1, 3, 4))
    traces.feed(message(FROM, WORKDIR, RUN))
    traces.feed(message(DONE))
    assert reports[-1].seconds == pytest.approx(1.5)


def test_a_step_that_fails_goes_on_until_it_is_told_how() -> None:
    failed = {**DONE, "error": "process did not complete: exit code: 3"}
    reports, _, progress, _ = followed(message(FROM, WORKDIR, RUN), message(OUT), message(failed))
    assert reports[-1] == (4, "started", False)
    assert progress.current == 4
    assert progress.tail == "hi\n"
    assert progress.failed() == 4


def test_vertices_that_are_told_again_are_told_once() -> None:
    reports, *_ = followed(message(FROM), message(FROM, WORKDIR), message(WORKDIR, FROM))
    assert reports == EXPECTED[:5]


@pytest.mark.parametrize("aux", ["!", "AAAA", base64.b64encode(b"\xff" * 9).decode()])
def test_nonsense_is_an_error(aux: str) -> None:
    with pytest.raises(EngineError, match="make no sense"):
        followed(aux)
