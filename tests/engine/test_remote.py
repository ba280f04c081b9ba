"""An engine on another machine, reached by ssh and by TCP: this machine stands in for the other."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from pxtui import places
from pxtui.engine.docker import DockerEngine, DockerRun, connection
from pxtui.engine.hosts import Found
from pxtui.errors import NoEngine
from pxtui.run import Mount, Surroundings
from tests.engine.conftest import (
    SCRIPT,
    Recorder,
    Waiting,
    Workshop,
    missing,
    processes_of,
    wait_for,
    workshop,
)

pytestmark = pytest.mark.engine


@dataclass(frozen=True)
class Roads:
    """Ways to the engine of this machine that lead over others."""

    folder: Path
    """Has the `ssh` of a person who may."""
    ssh: str
    port: int
    """Of 127.0.0.1: a tunnel."""

    @property
    def tcp(self) -> str:
        """An address whose name does not say that it is this machine."""
        return f"tcp://0x7f000001:{self.port}"


@pytest.fixture(scope="module")
def roads(docker_engine: DockerEngine) -> Iterator[Roads]:
    if os.geteuid() != 0:
        missing("an sshd needs root")
    with tempfile.TemporaryDirectory(prefix="pxtui-far-", ignore_cleanup_errors=True) as name:
        folder = Path(name, "far")
        try:
            done = subprocess.run(
                [SCRIPT, "far-up", folder], capture_output=True, text=True, check=False, timeout=90
            )
            if done.returncode != 0:
                missing(f"no sshd: {done.stderr[-300:]}")
            ssh, port = done.stdout.split()
            yield Roads(folder, ssh, int(port))
        finally:
            subprocess.run([SCRIPT, "far-down", folder], timeout=60, check=False)


@pytest.fixture(autouse=True)
def shared(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """No login of one test serves another; the path of a socket is short."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        monkeypatch.setattr(connection, "SHARED", folder)
        yield Path(folder)


@pytest.fixture
def as_person(roads: Roads, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{roads.folder}:{os.environ['PATH']}")


@pytest.fixture(params=["ssh", "tcp"])
def far(
    request: pytest.FixtureRequest,
    roads: Roads,
    as_person: None,
    docker_engine: DockerEngine,
    tmp_path: Path,
) -> Iterator[Workshop]:
    """A project on the engine, as one reaches it from elsewhere; its `docker` is over there."""
    found = Found("docker", getattr(roads, request.param), "test")
    made = workshop(DockerEngine(found), docker_engine.found, tmp_path)
    yield made
    made.clear()
    made.engine.close()


def test_it_is_told_as_elsewhere(far: Workshop) -> None:
    info = far.engine.info()
    assert info.remote
    assert info.name.startswith(f"docker {far.engine.found.host.partition(':')[0]}:")


def test_a_build_goes_there(far: Workshop) -> None:
    step = f"echo {far.project}"
    built = far.build(step)
    assert built.outcome.result == "done", built.outcome
    assert f"{far.project}\n".encode() in built.sink.all
    assert far.build(step).outcome.result == "skipped"


def test_outputs_and_code_come_back(far: Workshop) -> None:
    sink = Recorder()
    spec = far.spec(
        "echo go; mkdir -p ck/deep /outputs/sub; echo 1 >ck/deep/1; ln -s /code/ck/deep ck/last;"
        "echo model >/outputs/sub/model; ln -s /outputs/sub /outputs/best; mkfifo /outputs/pipe;"
        "mkdir /outputs/code; echo its >/outputs/code/x; exit 5"
    )
    job = far.engine.run(spec, sink)
    assert any("another machine" in note for note in job.notes)
    outcome = job.wait()
    assert (outcome.result, outcome.exit_code, outcome.kept) == ("failed", 5, "")
    assert outcome.message == "not taken: /outputs/pipe (a device or a pipe)"
    assert sink.all == b"go\n"
    folder = Path(spec.outputs)
    for _ in range(2):
        assert sorted(p.name for p in folder.iterdir()) == ["best", "code", "code-2", "sub"]
        assert (folder / "best/model").read_text() == "model\n"
        assert os.readlink(folder / "best") == "sub"
        assert (folder / "code/x").read_text() == "its\n"
        assert (folder / "code-2/ck/last/1").read_text() == "1\n"
        # where it is taken up its folder is told by its id
        home = places.ProjectPlaces(far.project, places.state_home() / far.project)
        home.run(spec.id).mkdir(parents=True)
        try:
            assert far.engine.adopt(spec.id, Recorder()).wait().exit_code == 5
            folder = home.run(spec.id) / "outputs"
            assert sorted(p.name for p in folder.iterdir()) == ["best", "code", "code-2", "sub"]
        finally:
            shutil.rmtree(home.home)
        folder = Path(spec.outputs)
    far.engine.remove(spec.id)
    assert far.engine.runs(far.project) == ()


def test_a_mount_is_a_path_of_that_machine_and_labelled_so(far: Workshop, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "x").write_text("there\n")
    mounts = (Mount(str(tmp_path / "data"), "/code/data"),)
    spec = replace(far.spec("cat data/x"), surroundings=Surroundings(mounts=mounts))
    sink = Recorder()
    job = far.engine.run(spec, sink)
    (label,) = [text for name, text in job.got if "/code/data" in text]
    host = far.engine.found.host.partition("://")[2].rpartition("@")[2].partition(":")[0]
    assert f"on {host}" in label
    assert job.wait().message == ""
    assert sink.all == b"there\n"
    assert not list(Path(spec.outputs).iterdir())


def test_stop_and_leaving_are_heard_there(far: Workshop) -> None:
    sink = Recorder()
    waiting = far.start(far.spec("echo on; sleep 60"), sink)
    wait_for(lambda: b"on" in sink.all)
    job = waiting.job
    assert isinstance(job, DockerRun)
    job.stop(5)
    assert waiting.end(5).exit_code == 143
    sink = Recorder()
    spec = far.spec("echo on; sleep 60")
    waiting = far.start(spec, sink)
    wait_for(lambda: b"on" in sink.all)
    waiting.job.close()
    assert waiting.end(2).message == "let go"
    (running,) = [run for run in far.engine.runs(far.project) if run.running]
    assert running.id == spec.id


def test_a_build_that_is_closed_ends_there(far: Workshop) -> None:
    mark = far.project
    waiting = Waiting(
        far.engine.build(far.request(f"sleep 60; echo {mark}"), Recorder(), lambda _: None)
    )
    wait_for(lambda: processes_of(f"echo {mark}"))
    waiting.job.close()
    assert waiting.end(2).result == "cancelled"
    wait_for(lambda: not processes_of(f"echo {mark}"), 5)


def children() -> set[int]:
    return {
        int(pid)
        for pid in Path("/proc/self/task", str(os.getpid()), "children").read_text().split()
    }


def test_one_login_is_enough_and_nothing_stays_open(
    roads: Roads, as_person: None, shared: Path
) -> None:
    before, handles = children(), len(os.listdir("/proc/self/fd"))
    logins = (roads.folder / "sshd.log").read_text().count("Accepted")
    engine = DockerEngine(Found("docker", roads.ssh, "test"))
    for _ in range(3):
        engine.info()
        assert engine.runs("none") == ()
    engine.close()
    gc.collect()
    assert (roads.folder / "sshd.log").read_text().count("Accepted") == logins + 1
    assert children() == before
    assert len(os.listdir("/proc/self/fd")) <= handles
    (folder,) = shared.iterdir()
    assert folder.stat().st_mode & 0o077 == 0


def test_a_folder_that_others_can_enter_is_not_used_for_a_login(
    roads: Roads, as_person: None, shared: Path
) -> None:
    folder = shared / f"pxtui-ssh-{os.geteuid()}"
    folder.mkdir()
    folder.chmod(0o755)
    engine = DockerEngine(Found("docker", roads.ssh, "test"))
    assert engine.info().remote
    engine.close()
    assert not list(folder.iterdir())


def test_ssh_that_does_not_let_us_in_is_told_and_asks_nothing(roads: Roads) -> None:
    engine = DockerEngine(Found("docker", roads.ssh, "DOCKER_HOST"))
    with pytest.raises(NoEngine, match=r"Host key verification failed|Permission denied") as raised:
        engine.info()
    where = roads.ssh.removeprefix("ssh://")
    assert raised.value.hint == f"`ssh {where} docker version` has to work unasked"
    assert "\n" not in str(raised.value)


def test_without_docker_over_there_its_shell_says_so(
    roads: Roads, as_person: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = tmp_path / "ssh"
    bare.write_text("#!/bin/sh\nprintf 'sh: 1: \\033[31mdocker: not found\\n' >&2\nexit 127\n")
    bare.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(NoEngine, match="docker: not found") as raised:
        DockerEngine(Found("docker", roads.ssh, "DOCKER_HOST")).info()
    assert "\033" not in str(raised.value)


# --- as a person meets it


def test_pxtui_run_over_ssh(
    roads: Roads, as_person: None, docker_engine: DockerEngine, tmp_path: Path
) -> None:
    root = tmp_path / "project"
    root.mkdir()
    (root / "polyaxonfile.yml").write_text(
        "version: 1\nkind: experiment\nbuild:\n  image: python:3.11-slim\n"
        "run:\n  cmd: python train.py\n"
    )
    (root / "train.py").write_text(
        "import os; os.mkdir('checkpoints'); open('checkpoints/1', 'w').write('one');"
        "print(open('checkpoints/1').read())"
    )
    state = tmp_path / "state"
    environment = os.environ | {
        "DOCKER_HOST": roads.ssh,
        "XDG_STATE_HOME": str(state),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
    }
    done = subprocess.run(
        [sys.executable, "-m", "pxtui", "run"],
        cwd=root,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    try:
        assert done.returncode == 0, done.stderr
        assert "one" in done.stdout
        (checkpoint,) = state.glob("pxtui/*/runs/*/outputs/code/checkpoints/1")
        assert checkpoint.read_text() == "one"
        label = f"label={places.LABEL_PROJECT}={places.project_id(root)}"
        left = subprocess.run(
            ["docker", "ps", "-aq", "--filter", label], capture_output=True, check=True
        )
        assert left.stdout == b""
    finally:
        found = docker_engine.found
        Workshop(docker_engine, found, root, root, places.project_id(root)).clear()
