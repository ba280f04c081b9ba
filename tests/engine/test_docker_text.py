"""The builder's text and the containers' frames are taken apart the same however they arrive."""

from __future__ import annotations

import json
import struct
from itertools import pairwise
from typing import Any

import docker
import pytest
import requests
from docker.errors import APIError, DockerException
from hypothesis import given
from hypothesis import strategies as st

from pxtui.engine import StepReport, Stream
from pxtui.engine.docker.building.base import not_pulled
from pxtui.engine.docker.building.classic import ClassicText
from pxtui.engine.docker.building.progress import Progress
from pxtui.engine.docker.building.sending import Failed, _error_of
from pxtui.engine.docker.connection import messages
from pxtui.engine.docker.failures import telling
from pxtui.engine.docker.frames import _unchunked, frames
from pxtui.engine.hosts import Found
from pxtui.errors import EngineError, EngineLost, NoEngine
from pxtui.image.dockerfile import Instruction

HERE = Found("docker", "unix:///x", "socket")
TEXTS = ("FROM a", "WORKDIR /code", "echo hi", "COPY code /code/")
CLASSIC = [
    *("Step 1/5 : FROM a", "\n", " ---> 0123456789ab\n"),
    *("Step 2/5 : WORKDIR /code", "\n", " ---> Using cache\n", " ---> 0123456789ab\n"),
    *("Step 3/5 : RUN echo hi", "\n", " ---> Running in 0123456789ab\n", "hi\n"),
    *("\x1b[91mwarn\n\x1b[0m", "no end", "\nRemoving intermediate container 0123456789ab\n"),
    *(" ---> 0123456789ab\n", "Step 4/5 : COPY code /code/", "\n", " ---> 0123456789ab\n"),
    *("Step 5/5 : LABEL a=b", "\n", " ---> 0123456789ab\n"),
    *("Successfully built 0123456789ab\n", "Successfully tagged x:y\n"),
]
NEWER = [
    line.replace("Removing intermediate container", " ---> Removed intermediate container")
    for line in CLASSIC
]
PODMAN = [
    "STEP 1/5: FROM a\n",
    *("STEP 2/5: WORKDIR /code\n", "--> Using cache 0123456789ab\n", "--> 0123456789a\n"),
    *("STEP 3/5: RUN echo hi\n", "hi\n", "\x1b[91mwarn\n\x1b[0m", "no end\n", "--> 0123456789ab\n"),
    *("STEP 4/5: COPY code /code/\n", "--> 0123456789ab\n", "STEP 5/5: LABEL a=b\n"),
    *("COMMIT x:y\n", "--> 0123456789ab\n", "Successfully tagged x:y\n", "0123456789ab\n"),
]


class Sink:
    def __init__(self) -> None:
        self.text = b""

    def write(self, data: bytes, stream: Stream) -> None:
        self.text += data


def followed(parts: list[str]) -> tuple[list[tuple[int, str, bool]], str]:
    sink, reports = Sink(), list[StepReport]()
    progress = Progress([Instruction(text, text) for text in TEXTS], sink, reports.append)
    text = ClassicText(progress, len(TEXTS))
    for part in parts:
        text.feed(part)
    text.finish()
    assert all(report.total == 4 and report.text == TEXTS[report.index - 1] for report in reports)
    return [(r.index, r.state, r.cached) for r in reports], sink.text.decode()


EXPECTED = [
    *((1, "started", False), (1, "done", True), (2, "started", False), (2, "done", True)),
    *((3, "started", False), (3, "done", False), (4, "started", False), (4, "done", False)),
]


@pytest.mark.parametrize("text", [CLASSIC, NEWER, PODMAN])
def test_steps_of_every_builder(text: list[str]) -> None:
    reports, printed = followed(text)
    assert reports == EXPECTED
    assert printed.replace("0123456789ab\n", "") == "hi\n\x1b[91mwarn\n\x1b[0mno end\n"


def printing(forged: str) -> list[str]:
    """A classic builder's text of which a step prints this."""
    words = "".join(CLASSIC).replace("LABEL a=b", "LABEL pxtui.id=a pxtui.v=1")
    return [words.replace("ab\nhi\n", f"ab\n{forged}")]


def test_a_step_of_another_number_of_steps_is_output() -> None:
    reports, printed = followed(printing("Step 4/9 : COPY . /code/\nhi\n"))
    assert reports == EXPECTED
    assert printed.startswith("Step 4/9 : COPY . /code/\nhi\n")
    assert "Step 4/5" not in printed


def test_the_labels_are_no_output_whatever_was_printed_before() -> None:
    _, printed = followed(printing("Step 4/5 : COPY . /code/\nStep 5/5 : RUN x\nhi\n"))
    assert "hi\n" in printed
    assert "LABEL" not in printed


@given(st.sets(st.integers(0, sum(map(len, CLASSIC)))))
def test_steps_are_the_same_in_any_pieces(cuts: set[int]) -> None:
    whole = "".join(CLASSIC).replace("\x1b[91m", "").replace("\x1b[0m", "")
    places = sorted({0, len(whole), *(cut for cut in cuts if cut < len(whole))})
    reports, printed = followed([whole[a:b] for a, b in pairwise(places)])
    # a word of the builder that is cut in two may be shown; steps and output are never lost
    assert reports == EXPECTED
    for line in ("hi\n", "warn\n", "no end\n"):
        assert line in printed


chunks = st.lists(st.tuples(st.sampled_from([1, 2]), st.binary(max_size=50)), max_size=12)


@given(chunks, st.integers(1, 40))
def test_frames_are_the_same_in_any_pieces(parts: list[tuple[int, bytes]], size: int) -> None:
    raw = b"".join(struct.pack(">BxxxI", kind, len(data)) + data for kind, data in parts)
    pieces = [raw[at : at + size] for at in range(0, len(raw), size)]
    found = list(frames(pieces))
    for kind, stream in ((1, "stdout"), (2, "stderr")):
        assert b"".join(d for d, s in found if s == stream) == b"".join(
            d for k, d in parts if k == kind
        )
    assert b"".join(data for data, _ in found) == b"".join(data for _, data in parts)
    assert all(data for data, _ in found)


@given(chunks, st.integers(1, 40))
def test_chunks_are_the_same_in_any_pieces(parts: list[tuple[int, bytes]], size: int) -> None:
    some = [data for _, data in parts if data]
    raw = b"".join(b"%x\r\n%b\r\n" % (len(data), data) for data in some) + b"0\r\n\r\nno more"
    pieces = [raw[at : at + size] for at in range(0, len(raw), size)]
    assert b"".join(_unchunked(pieces)) == b"".join(some)


def test_what_there_is_of_a_frame_comes_at_once() -> None:
    head = struct.pack(">BxxxI", 1, 1000)
    assert next(frames([head + b"some"])) == (b"some", "stdout")


class Answer:
    """An answer that is read in small pieces."""

    def __init__(self, data: bytes, size: int) -> None:
        self.raw = self
        self._data, self._size = data, size

    def read1(self, _: int) -> bytes:
        piece, self._data = self._data[: self._size], self._data[self._size :]
        return piece


@given(st.lists(st.dictionaries(st.text(max_size=3), st.text(max_size=9)), max_size=5))
def test_messages_are_whole_in_any_pieces(objects: list[dict[str, str]]) -> None:
    raw = "".join(json.dumps(one, ensure_ascii=False) + "\r\n" for one in objects).encode()
    for size in (1, 7, 1000):
        assert list(messages(Answer(raw, size))) == objects


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ({"stream": '{"error":"x"}'}, None),
        ({"error": "x", "errorDetail": {"message": "long", "code": 3}}, Failed("long", 3)),
        ({"error": "x"}, Failed("x")),
        ({"error": 'building at STEP "RUN x": exit status 7\n'}, None),
    ],
)
def test_errors_of_a_build(message: dict[str, Any], told: Failed | None) -> None:
    found = _error_of(message)
    if "exit status" in str(message):
        assert found is not None
        assert found.code == 7
    else:
        assert found == told


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("manifest for x not found: manifest unknown", "there is no such image"),
        ("manifest for 127.0.0.1:40315/x:2 not found: manifest unknown", "there is no such image"),
        ("pull access denied for x, repository does not exist", "does not exist or needs a login"),
        ("Get https://x/v2/: unauthorized: authentication required", "needs a login"),
        ("toomanyrequests: You have reached your pull rate limit", "rate limit"),
        ("Get https://x/v2/: dial tcp: lookup x: no such host", "cannot be reached"),
        ("x509: certificate signed by unknown authority", "certificate is not trusted"),
        ("write /var/lib: no space left on device", "disk is full"),
    ],
)
def test_a_pull_that_fails_is_one_line(text: str, cause: str) -> None:
    error = not_pulled("x", f"{text}\nmore")
    assert cause in error.message
    assert "\n" not in error.message
    assert error.hint


def api_error(status: int, text: str) -> APIError:
    response = requests.Response()
    response.status_code = status
    return APIError(text, response=response, explanation=text)


@pytest.mark.parametrize(
    ("raised", "kind", "text"),
    [
        (api_error(500, "driver failed\nmore"), EngineError, "it: driver failed"),
        (requests.ConnectionError("x"), EngineLost, "the connection ended"),
        (requests.exceptions.ChunkedEncodingError("x"), EngineLost, "the connection ended"),
        (requests.ReadTimeout("x"), EngineLost, "does not answer"),
        (AttributeError("'NoneType'"), EngineLost, "the connection ended"),
        (DockerException("Invalid bind address protocol: x"), NoEngine, "Invalid bind"),
        (OSError(28, "No space left on device"), EngineError, "this machine's disk is full"),
        (ValueError("Expecting value"), EngineError, "makes no sense"),
        (EngineError("as it is"), EngineError, "as it is"),
    ],
)
def test_every_failure_comes_out_as_an_engine_error(
    raised: Exception, kind: type[EngineError], text: str
) -> None:
    with pytest.raises(EngineError, match=text) as told, telling("it", HERE):
        raise raised
    assert type(told.value) is kind


def test_the_private_ways_of_docker_py_are_still_there() -> None:
    api = docker.APIClient(base_url="unix:///x", version="1.41")
    for name in ("_post", "_get", "_delete", "_url", "_raise_for_status", "_proxy_configs"):
        assert hasattr(api, name)
    assert hasattr(api, "_retrieve_server_version")
    adapter = api.get_adapter(f"{api.base_url}/")
    pool = adapter.get_connection("http+docker://localhost/x")  # type: ignore[attr-defined]
    connection = pool._new_conn()
    assert connection.unix_socket == "/x"
    assert hasattr(connection, "timeout")
    api.close()
