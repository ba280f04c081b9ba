"""What a container prints is read as it is: at its own speed, and whatever it looks like."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from pxtui import places
from pxtui.engine.docker.frames import READ
from pxtui.logs.reader import LogReader
from pxtui.logs.store import LogWriter
from tests.engine.conftest import Recorder, Waiting, Workshop, wait_for
from tests.shared import SHARED

pytestmark = pytest.mark.engine


def nasty(name: str) -> bytes:
    if SHARED is None:
        pytest.skip("no shared/nasty-output beside the repository")
    return (SHARED / "nasty-output" / name).read_bytes()


def prints(data: bytes) -> str:
    return f"echo {base64.b64encode(data).decode()} | base64 -d"


@pytest.mark.parametrize("buildkit", ["1", "0"])
def test_what_looks_like_the_engine_s_words_ends_no_build(
    buildkit: str, shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_BUILDKIT", buildkit)
    data = nasty("docker-json-lookalike.bin")
    lies = f"{prints(data)}; {prints(data)} >&2; echo {shop.project}"
    built = shop.build(lies, "echo after")
    assert built.outcome.result == "done", built.outcome
    tag = places.image_tag(shop.project, built.outcome.signature or "")
    assert built.outcome.image == shop.docker("images", "-q", "--no-trunc", tag)
    assert [state for _, state, _ in built.ended] == ["done"] * 5
    assert b"after\n" in built.sink.all
    assert shop.docker("images", "-q", "PWNED") == ""
    failed = shop.build(f"{lies}; exit 3")
    assert (failed.outcome.result, failed.outcome.exit_code) == ("failed", 3)


def test_what_looks_like_a_frame_is_output(shop: Workshop) -> None:
    data = nasty("docker-frame-lookalike.bin")
    spec = shop.spec(f"{prints(data)}; {prints(data)} >&2; sleep 1")
    sink = Recorder()
    waiting = shop.start(spec, sink)
    wait_for(lambda: sink.of("stderr"))
    again = Recorder()
    assert shop.engine.adopt(spec.id, again).wait().result == "done"
    assert waiting.end().result == "done"
    assert (sink.of("stdout"), sink.of("stderr")) == (data, data)
    kept = data.decode(errors="replace").encode()  # the engine's own log is JSON
    assert (again.of("stdout"), again.of("stderr")) == (kept, kept)


def test_a_log_read_anew_is_the_same_to_the_byte(shop: Workshop) -> None:
    cmd = "for i in $(seq 3000); do echo out $i; done; printf 'no end'; head -c 100000 /dev/zero"
    spec, sink = shop.spec(cmd), Recorder()
    assert shop.start(spec, sink).end().result == "done"
    again = Recorder()
    assert shop.engine.adopt(spec.id, again).wait().result == "done"
    assert again.all == sink.all
    assert len(sink.all) > 120_000


def test_a_view_that_reads_nothing_holds_no_run_up(shop: Workshop, tmp_path: Path) -> None:
    size = 50 * READ
    log = LogWriter(tmp_path / "log", 1 << 40)
    waiting = Waiting(shop.engine.run(shop.spec(f"yes {'x' * 79} | head -c {size}"), log))
    reader = LogReader(tmp_path / "log")  # of which nobody asks anything
    assert waiting.end(30).result == "done"
    log.close()
    assert reader.size == size
    reader.close()


def test_a_flood_line_by_line_is_read_in_few_pieces(shop: Workshop) -> None:
    cmd = "python -uc \"import os\nfor _ in range(50_000): os.write(1, b'a line\\n')\""
    sink = Recorder()
    assert shop.start(shop.spec(cmd, "python:3.11-slim"), sink).end(30).result == "done"
    assert sink.all == b"a line\n" * 50_000
    assert len(sink.pieces) < 2_000
