"""Steps that no one knew beforehand are numbered as they begin, also where several go on."""

from __future__ import annotations

import base64

from pxtui.engine import StepReport, Stream
from pxtui.engine.docker.building.classic import ClassicText
from pxtui.engine.docker.building.progress import Appearing
from pxtui.engine.docker.building.traces import Traces, _StatusResponse

PODMAN = (
    "[1/2] STEP 1/2: FROM a AS one\n[1/2] STEP 2/2: RUN x\n[1/2] no step\n[1/2] ST",
    "EP 9/9: no step\n--> 0123456789ab\n[2/2] STEP 1/7: FROM a\n[2/2] STEP 2/7: COPY . .\n",
    '--> Using cache 0123456789ab\n[2/2] STEP 3/7: LABEL "pxtui.v"="1"\n',
    '[2/2] STEP 4/7: LABEL "pxtui.kind"="code"\n[2/2] COMMIT x:y\n--> 0123456789ab\n',
)


class Sink:
    def __init__(self) -> None:
        self.text = b""

    def write(self, data: bytes, stream: Stream) -> None:
        self.text += data


class Told:
    """What a build tells."""

    def __init__(self) -> None:
        self.sink, self.reports = Sink(), list[StepReport]()
        self.progress = Appearing(self.sink, self.reports.append)

    @property
    def said(self) -> list[tuple[int, int, str, str]]:
        return [(r.index, r.total, r.text, r.state) for r in self.reports]


def test_the_stages_of_podman_are_one_row_of_steps() -> None:
    told = Told()
    text = ClassicText(told.progress, 5)
    for message in PODMAN:
        text.feed(message)
    text.finish()
    texts = ("FROM a AS one", "RUN x", "FROM a", "COPY . .")
    assert [row for row in told.said if row[3] == "done"] == [
        (index, 5, step, "done") for index, step in enumerate(texts, 1)
    ]
    assert [r.cached for r in told.reports if r.state == "done"] == [True, False, False, True]
    assert told.sink.text == b"[1/2] no step\n[1/2] STEP 9/9: no step\n"


def vertex(name: str, begun: int = 0, ended: int = 0, error: str = "", cached: bool = False) -> str:
    """A message of BuildKit on one vertex."""
    status = _StatusResponse()
    one = status.vertexes.add(digest=name, name=name, error=error, cached=cached)
    if begun:
        one.started.FromSeconds(begun)
    if ended:
        one.completed.FromSeconds(ended)
    return base64.b64encode(status.SerializeToString()).decode()


def test_steps_that_go_on_at_once_end_each_for_itself() -> None:
    told = Told()
    traces = Traces(told.progress, ())
    base, make, other = "[made 1/2] FROM a", "[made 2/2] RUN make", "[stage-1 2/3] RUN other"
    for name in ("[internal] load", base, make, other):
        traces.feed(vertex(name))
    assert told.said == []
    traces.feed(vertex(base, 1, 1, cached=True))
    traces.feed(vertex(make, 1))
    traces.feed(vertex(other, 2))
    traces.feed(vertex(make, 1, 4))
    traces.feed(vertex(other, 2, 7))
    traces.feed(vertex(other, 2, 7))
    traces.finish()
    assert told.said == [
        (1, 3, "made: FROM a", "started"),
        (1, 3, "made: FROM a", "done"),
        (2, 3, "made: RUN make", "started"),
        (3, 3, "RUN other", "started"),
        (2, 3, "made: RUN make", "done"),
        (3, 3, "RUN other", "done"),
    ]
    assert [r.seconds for r in told.reports if r.state == "done"] == [0.0, 3.0, 5.0]


def test_the_one_that_failed_is_told_and_not_those_that_it_ended() -> None:
    told = Told()
    traces = Traces(told.progress, ())
    bad, good = "[bad 2/2] RUN bad", "[good 2/2] RUN good"
    traces.feed(vertex(bad, 1))
    traces.feed(vertex(good, 1))
    traces.feed(vertex(good, 1, 2, "context canceled"))
    traces.feed(vertex(bad, 1, 2, "exit code: 1"))
    assert told.progress.failed() == 1
    assert told.said[-1] == (1, 2, "bad: RUN bad", "failed")
