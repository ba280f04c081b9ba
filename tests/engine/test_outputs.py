"""What a run wrote is in its outputs folder at its end, or its container is kept and named."""

from __future__ import annotations

import gc
import os
import resource
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import urllib3

from pxtui.engine import Outcome
from pxtui.engine.docker import DockerRun, outputs
from pxtui.engine.docker.connection import ACTION, Client, pieces
from pxtui.engine.docker.container import Container
from pxtui.engine.docker.extract import extract
from pxtui.run import Mount, RunSpec, Surroundings
from tests.engine.conftest import BUSYBOX, Recorder, Waiting, Workshop, missing, wait_for

pytestmark = pytest.mark.engine
PYTHON = "python:3.11-slim"


def ran(shop: Workshop, cmd: str, image: str = BUSYBOX, **wanted: Any) -> tuple[Path, Outcome]:
    """Run a command to its end; its outputs folder."""
    spec = shop.spec(cmd, image)
    spec = replace(spec, surroundings=Surroundings(**wanted))
    return Path(spec.outputs), shop.engine.run(spec, Recorder()).wait()


def built(shop: Workshop) -> str:
    """An image with some files under /code."""
    for name in ("same.py", "changed.py", "touched.py", "gone.py", "old/inner.py", "old/a/b.py"):
        (shop.root / name).parent.mkdir(parents=True, exist_ok=True)
        (shop.root / name).write_text(f"{name}\n")
        os.utime(shop.root / name, (1_000_000_000, 1_000_000_000))
    image = shop.build().outcome.image
    assert image
    return image


def tree(folder: Path) -> set[str]:
    return {str(p.relative_to(folder)) for p in folder.rglob("*") if not p.is_dir()}


def test_what_was_created_or_changed_under_code_is_taken(shop: Workshop) -> None:
    folder, outcome = ran(
        shop,
        "echo more >>changed.py; rm gone.py old/inner.py;"
        "mkdir -p checkpoints/deep old/a/__pycache__;"
        "echo 1 >checkpoints/deep/one; echo 2 >old/a/two; chmod 000 checkpoints/deep/one;"
        "ln checkpoints/deep/one checkpoints/hard;"
        "touch old/a/__pycache__/x.pyc stray.pyc; echo model >/outputs/model; exit 3",
        built(shop),
    )
    assert (outcome.result, outcome.exit_code, outcome.kept) == ("failed", 3, "")
    changed = {"code/changed.py", "code/old/a/two"}
    assert tree(folder) == {"model", "code/checkpoints/deep/one", "code/checkpoints/hard", *changed}
    assert (folder / "code/changed.py").read_text() == "changed.py\nmore\n"
    assert (folder / "code/checkpoints/hard").read_text() == "1\n"
    for path in (folder / "code").rglob("*"):
        assert path.lstat().st_uid == os.geteuid()
        assert path.lstat().st_mode & 0o400


def test_nothing_changed_leaves_no_folder(shop: Workshop) -> None:
    folder, outcome = ran(shop, "mkdir __pycache__; touch __pycache__/a.pyc old", built(shop))
    assert outcome.message == ""
    assert not list(folder.iterdir())


@pytest.mark.parametrize("count", [3, outputs.FEW + 20])
def test_many_places_come_like_few(shop: Workshop, count: int) -> None:
    cmd = f"i=0; while [ $i -lt {count} ]; do echo $i >step-$i; i=$((i+1)); done"
    more = "mkdir d; echo d >d/d; ln d/d hard; chmod 700 old"
    folder, outcome = ran(shop, f"{cmd}; {more}", built(shop))
    assert outcome.message == ""
    taken = tree(folder / "code")
    assert taken == {*(f"step-{n}" for n in range(count)), "d/d", "hard"}
    assert all((folder / f"code/step-{n}").read_text() == f"{n}\n" for n in range(count))
    assert not (folder / "code/old").exists()


def test_links_stay_links_and_lead_nowhere_else(shop: Workshop) -> None:
    folder, outcome = ran(
        shop,
        "mkdir ck; echo 9 >ck/9; ln -s 9 ck/near; ln -s /code/ck/9 ck/last; ln -s /etc/passwd bad;"
        "ln -s ../../../etc ck/up; ln -s nowhere ck/dangling; echo after >zz",
    )
    code = folder / "code"
    assert tree(code) == {"ck/9", "ck/near", "ck/last", "ck/dangling", "zz"}
    assert os.readlink(code / "ck/near") == "9"
    assert os.readlink(code / "ck/last") == "9"
    assert outcome.kept == ""
    assert outcome.message.startswith("not taken: ")
    assert "/code/bad (a link to /etc/passwd)" in outcome.message
    assert "/code/ck/up (a link to ../../../etc)" in outcome.message


def test_what_is_no_file_is_told_and_costs_nothing_else(shop: Workshop) -> None:
    folder, outcome = ran(
        shop,
        "mkfifo pipe; mkdir d;"
        "python3 -c 'import socket as s; s.socket(s.AF_UNIX).bind(\"d/sock\")';"
        "echo x >d/x; echo y >y",
        PYTHON,
    )
    assert tree(folder / "code") == {"d/x", "y"}
    assert outcome.kept == ""
    assert "/code/pipe (a device or a pipe)" in outcome.message
    assert "/code/d/sock (a socket)" in outcome.message


def test_names_that_are_no_text_are_taken_too(shop: Workshop) -> None:
    folder, outcome = ran(
        shop, "printf 1 >\"$(printf 'bad\\377name')\"; printf 2 >\"$(printf 'a\\nb')\"; printf 3 >ü"
    )
    assert outcome.message == ""
    names = {os.fsencode(p.name): p.read_text() for p in (folder / "code").iterdir()}
    assert names == {b"bad\xffname": "1", b"a\nb": "2", "ü".encode(): "3"}


def test_what_is_mounted_is_not_copied(shop: Workshop, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "big").write_text("80 GB")
    many = "i=0; while [ $i -lt 30 ]; do echo $i >in/step-$i; i=$((i+1)); done"
    folder, outcome = ran(
        shop, f"cat in/data/big; {many}", mounts=(Mount(str(data), "/code/in/data"),)
    )
    assert outcome.result == "done"
    assert tree(folder / "code") == {f"in/step-{n}" for n in range(30)}


# --- again and again


def finished(shop: Workshop, cmd: str) -> RunSpec:
    spec = shop.spec(cmd)
    assert shop.engine.run(spec, Recorder()).wait().result == "done"
    return spec


def test_taken_again_it_is_the_same(shop: Workshop) -> None:
    spec = finished(shop, "mkdir ck; echo 1 >ck/1; ln -s 1 ck/last; echo out >/outputs/model")
    folder = Path(spec.outputs)
    half = folder / f"{outputs.PART}half" / "code"
    half.mkdir(parents=True)
    (half / "half").write_text("of a pxtui that was killed")
    (folder / "code/ck/1").unlink()  # nor is what is there whole
    assert shop.engine.adopt(spec.id, Recorder()).wait().message == ""
    assert (folder / "code-2/ck/1").read_text() == "1\n"
    assert shop.engine.adopt(spec.id, Recorder()).wait().message == ""
    assert tree(folder) == {"model", "code/ck/last", "code-2/ck/1", "code-2/ck/last"}


def test_an_entry_code_of_the_run_stays_as_it_is(shop: Workshop) -> None:
    spec = finished(shop, "mkdir /outputs/code; echo its >/outputs/code/x; echo ours >x")
    folder = Path(spec.outputs)
    for _ in range(2):
        assert (folder / "code/x").read_text() == "its\n"
        assert (folder / "code-2/x").read_text() == "ours\n"
        assert len(list(folder.iterdir())) == 2
        shop.engine.adopt(spec.id, Recorder()).wait()


def test_links_in_the_outputs_lead_no_copy_astray(shop: Workshop, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "mine").touch()
    folder, outcome = ran(
        shop,
        f"ln -s {elsewhere} /outputs/{outputs.PART}x; ln -s {elsewhere} /outputs/code; echo 1 >x",
    )
    assert outcome.message == ""
    assert (folder / "code-2/x").read_text() == "1\n"
    assert [p.name for p in elsewhere.iterdir()] == ["mine"]


def test_an_engine_that_dies_meanwhile_leaves_it_to_the_next_time(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dying(response: Any) -> Iterator[bytes]:
        yield next(pieces(response))[:700]
        raise urllib3.exceptions.ProtocolError("Connection broken")

    spec = shop.spec("mkdir ck; echo 1 >ck/1; echo 2 >ck/2")
    with monkeypatch.context() as patch:
        patch.setattr(outputs, "pieces", dying)
        outcome = shop.engine.run(spec, Recorder()).wait()
    assert (outcome.result, outcome.kept) == ("lost", "")
    assert not (Path(spec.outputs) / "code").exists()
    assert shop.engine.adopt(spec.id, Recorder()).wait().result == "done"
    assert tree(Path(spec.outputs)) == {"code/ck/1", "code/ck/2"}


def test_let_go_while_it_is_taken_is_let_go(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[object] = []

    def slow(response: Any) -> Iterator[bytes]:
        begun.append(response)
        wait_for(lambda: waiting.job._let_go)  # type: ignore[union-attr]
        yield from pieces(response)

    monkeypatch.setattr(outputs, "pieces", slow)
    waiting = Waiting(shop.engine.run(shop.spec("head -c 9000000 /dev/zero >big"), Recorder()))
    wait_for(lambda: begun)
    waiting.job.close()
    outcome = waiting.end(5)
    assert (outcome.result, outcome.message) == ("lost", "let go")


@pytest.mark.usefixtures("own_terminal")
def test_a_run_that_had_a_terminal_is_taken_up_with_its_files(shop: Workshop) -> None:
    spec = replace(shop.spec("echo on; echo 1 >x; sleep 1; echo end"), tty=True)
    job = shop.engine.run(spec, Recorder())
    shop.docker("start", job.container)
    sink = Recorder()
    assert shop.engine.adopt(spec.id, sink).wait().result == "done"
    assert sink.all == b"on\r\nend\r\n"
    assert tree(Path(spec.outputs)) == {"code/x"}


# --- what cannot be taken out


def kept(shop: Workshop, outcome: Outcome, path: str, folder: Path) -> Path:
    """The file that a message tells how to get, got that way."""
    assert outcome.kept in shop.docker("ps", "-a", "--format", "{{.Names}}").split()
    command = outcome.message.split("`")[1]
    assert shlex.split(command)[:2] == ["docker", "cp"]
    folder.mkdir()
    environment = os.environ | {"DOCKER_HOST": shop.found.host}
    subprocess.run(shlex.split(command), cwd=folder, env=environment, check=True)
    return folder / path


def test_a_full_disk_keeps_the_container_and_what_came_before(
    shop: Workshop, tmp_path: Path
) -> None:
    if os.geteuid() != 0:
        missing("a small disk needs root")
    spec = shop.spec(
        "mkdir ck; echo 1 >ck/1; head -c 3000000 /dev/zero >ck/2; echo 3 >ck/3; exit 4"
    )
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "small", spec.outputs], check=True)
    try:
        outcome = shop.engine.run(spec, Recorder()).wait()
        assert (outcome.result, outcome.exit_code) == ("failed", 4)
        assert "/code/ck/2: No space left on device" in outcome.message
        assert (Path(spec.outputs) / "code/ck/1").read_text() == "1\n"
        assert not (Path(spec.outputs) / "code/ck/2").exists()
        assert [p.name for p in Path(spec.outputs).iterdir()] == ["code"]
    finally:
        subprocess.run(["umount", spec.outputs], check=True)
    assert kept(shop, outcome, "2", tmp_path / "by hand").stat().st_size == 3_000_000


def test_a_name_that_cannot_be_here_loses_no_other(
    shop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refusing(tar: Any, member: Any, where: Path) -> None:
        if "odd" in member.name:
            raise OSError(92, "Illegal byte sequence")
        extract(tar, member, where)

    monkeypatch.setattr("pxtui.engine.docker.outputs.extract", refusing)
    folder, outcome = ran(shop, "echo 1 >a; echo 2 >odd; echo 3 >z")
    assert tree(folder) == {"code/a", "code/z"}
    assert "/code/odd: Illegal byte sequence" in outcome.message
    assert kept(shop, outcome, "odd", tmp_path / "by hand").read_text() == "2\n"


def test_an_archive_without_its_end_is_not_taken_for_whole(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def short(response: Any) -> Iterator[bytes]:
        whole = b"".join(pieces(response))
        yield whole[: whole.index(b"second")]  # the last header of three begins there

    monkeypatch.setattr(outputs, "pieces", short)
    _, outcome = ran(shop, "mkdir ck; echo first >ck/first; echo 2 >ck/second")
    assert outcome.result == "done"
    assert outcome.kept
    assert "/code/ck" in outcome.message


def test_a_big_file_is_never_held_in_memory(shop: Workshop) -> None:
    ran(shop, "echo 1 >x")
    gc.collect()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    folder, outcome = ran(shop, "head -c 300000000 /dev/zero >big")
    assert outcome.message == ""
    assert (folder / "code/big").stat().st_size == 300_000_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 30_000  # kB


# --- GPUs that are refused at the start


def with_gpus(shop: Workshop, sink: Recorder) -> DockerRun:
    """A run whose container asks for GPUs, as it is on an engine that has none."""
    spec = shop.spec("true")
    host = {"DeviceRequests": [{"Driver": "", "Count": -1, "Capabilities": [["gpu"]]}]}
    with shop.engine._way.client() as client:
        made = created(client, spec, HostConfig=host)
    return DockerRun(shop.engine._way, Container(made, Path(spec.outputs)), sink)


def created(client: Client, spec: RunSpec, **more: object) -> str:
    config = {"Image": BUSYBOX, "Cmd": ["sh", "-c", spec.cmd], "Labels": dict(spec.labels), **more}
    answer = client.call("post", "/containers/create", json=config, timeout=ACTION)
    return str(answer.json()["Id"])


def test_gpus_that_the_engine_refuses_are_one_line(shop: Workshop) -> None:
    outcome = with_gpus(shop, Recorder()).wait()
    assert (outcome.result, outcome.exit_code) == ("failed", None)
    assert outcome.message.startswith("the engine cannot give GPUs (could not select device")
    assert "--gpus none" in outcome.message
    assert "\n" not in outcome.message
