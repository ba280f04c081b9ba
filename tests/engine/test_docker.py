"""Builds and runs on a real engine: what it says is what happened."""

from __future__ import annotations

import gc
import os
import resource
import signal
import socket
import subprocess
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from pxtui import places
from pxtui.engine import Stream
from pxtui.engine.docker import DockerEngine, DockerRun, connect
from pxtui.engine.hosts import Found
from pxtui.errors import EngineError, NoEngine
from pxtui.image.context import ContextMoved
from tests.engine.conftest import BUSYBOX, Private, Recorder, Waiting, Workshop, wait_for

pytestmark = pytest.mark.engine
PYTHON = "python:3.11-slim"


# --- builds


def test_a_build_from_nothing_then_found_again(shop: Workshop) -> None:
    (shop.root / "polyaxon_requirements.txt").write_text("numpy\n")
    step = f"echo {shop.project}; echo warn >&2; test -s polyaxon_requirements.txt"
    first = shop.build(step)
    assert first.outcome.result == "done"
    assert first.outcome.image
    assert first.outcome.image.startswith("sha256:")
    assert first.ended == [
        (f"FROM {BUSYBOX}", "done", True),
        ("WORKDIR /code", "done", first.ended[1][2]),
        ("COPY polyaxon_requirements.txt /code/", "done", first.ended[2][2]),
        (step, "done", False),
        ("COPY . /code/", "done", False),
    ]
    assert first.sink.all.replace(b"\x1b[91m", b"").replace(b"\x1b[0m", b"") in (
        f"{shop.project}\nwarn\n".encode(),
        f"warn\n{shop.project}\n".encode(),
    )
    again = shop.build(step)
    assert again.outcome == replace(first.outcome, result="skipped", sizes=())
    assert [report.state for report in again.reports] == ["done"] * 5
    assert all(report.cached for report in again.reports)


def test_a_change_of_the_code_leaves_the_steps_cached(shop: Workshop) -> None:
    step = f"echo {shop.project}"
    first = shop.build(step)
    (shop.root / "train.py").write_text("print('changed')\n")
    second = shop.build(step)
    assert second.outcome.result == "done"
    assert second.outcome.image != first.outcome.image
    assert [cached for _, _, cached in second.ended] == [True, True, True, False]


def test_the_same_tree_with_other_steps_is_another_image(shop: Workshop) -> None:
    first = shop.build("echo 1")
    second = shop.build("echo 2")
    assert second.outcome.result == "done"
    assert second.outcome.image != first.outcome.image


def test_no_cache_runs_every_step(shop: Workshop) -> None:
    shop.build("echo x")
    again = shop.build("echo x", no_cache=True)
    assert again.outcome.result == "done"
    assert ("echo x", "done", False) in again.ended


def test_labels_tell_what_an_image_was_built_of(shop: Workshop) -> None:
    request = shop.request()
    built = shop.carry_out(request)
    assert built.outcome.image
    shown = shop.docker(
        "inspect", "-f", "{{range $k, $v := .Config.Labels}}{{$k}} {{$v}}\n{{end}}",
        built.outcome.image,
    )  # fmt: skip
    labels = dict(line.split(" ") for line in shown.splitlines() if line.startswith("pxtui."))
    assert labels.keys() == {
        "pxtui.v", "pxtui.project", "pxtui.kind", "pxtui.key", "pxtui.signature",
    }  # fmt: skip
    assert labels["pxtui.kind"] == "code"
    assert labels["pxtui.signature"] == request.listing.signature == built.outcome.signature


def test_a_step_that_fails_is_named_with_its_code(shop: Workshop) -> None:
    built = shop.build("echo before", "echo within; exit 3", "echo after")
    assert built.outcome.result == "failed"
    assert built.outcome.exit_code == 3
    assert built.outcome.message == "step 4 of 6 failed, exit code 3: echo within; exit 3 → within"
    assert built.outcome.image is None
    assert built.ended[-1][:2] == ("echo within; exit 3", "failed")
    assert b"within\n" in built.sink.all
    assert b"after" not in built.sink.all


@pytest.mark.parametrize(
    ("step", "code"), [("nosuchcommand", 127), ("sh -c 'kill -9 $$'; exit $?", 137)]
)
def test_codes_of_shells_and_signals_are_kept(shop: Workshop, step: str, code: int) -> None:
    assert shop.build(step).outcome.exit_code == code


def test_a_full_engine_is_recognised_by_what_the_step_said(shop: Workshop) -> None:
    built = shop.build("echo 'cp: write error: No space left on device' >&2; exit 1")
    assert "the engine's disk is full" in built.outcome.message
    assert "docker system df" in built.outcome.message


def test_what_a_step_prints_names_no_image(shop: Workshop) -> None:
    lies = (
        "printf 'Successfully built 000000000000\\n"
        '{"aux":{"ID":"sha256:0000"}}\\n{"error":"no"}\\n'
        "Step 3/4 : RUN x\\nStep 9/9 : RUN y\\n ---> Using cache\\n'"
    )
    built = shop.build(lies)
    assert built.outcome.result == "done"
    tag = places.image_tag(shop.project, built.outcome.signature or "")
    assert built.outcome.image == shop.docker("images", "-q", "--no-trunc", tag)
    assert [state for _, state, _ in built.ended] == ["done"] * 4


def test_steps_of_several_lines_and_odd_beginnings(shop: Workshop) -> None:
    steps = (
        f"echo one\necho two # {shop.project}",
        "cat <<EOF\nFROM nowhere\nEOF",
        "[ -d /code ] && echo bracket",
        "# a comment",
        "echo back \\",
    )
    built = shop.build(*steps)
    assert built.outcome.result == "done", built.outcome
    assert [text for text, _, _ in built.ended][2:-1] == list(steps)
    assert built.sink.all == b"one\ntwo\nFROM nowhere\nbracket\nback \\\n"


def test_progress_without_line_ends_comes_at_once(shop: Workshop) -> None:
    sink = Recorder()
    job = shop.engine.build(shop.request("printf 10%%; sleep 20"), sink, lambda _: None)
    waiting = Waiting(job)
    wait_for(lambda: b"10%" in sink.all)
    job.close()
    assert waiting.end(2).result == "cancelled"


def test_a_base_that_is_nowhere_is_one_line(shop: Workshop) -> None:
    built = shop.build(base="127.0.0.1:9/nobody/nothing:1")
    assert built.outcome.result == "failed"
    assert built.outcome.message.startswith("the image 127.0.0.1:9/nobody/nothing:1 cannot be pull")
    assert "the registry cannot be reached" in built.outcome.message
    assert "\n" not in built.outcome.message


def test_a_base_that_is_no_name_is_refused(shop: Workshop) -> None:
    built = shop.build(base="a\nRUN evil")
    assert built.outcome.result == "failed"
    assert "is not the name of an image" in built.outcome.message


def test_pull_asks_the_registry_though_the_base_is_there(shop: Workshop) -> None:
    shop.docker("tag", BUSYBOX, f"127.0.0.1:9/{shop.project}:1")
    try:
        base = f"127.0.0.1:9/{shop.project}:1"
        assert shop.build(base=base).outcome.result == "done"
        assert "cannot be pulled" in shop.build(base=base, pull=True).outcome.message
    finally:
        shop.docker("rmi", f"127.0.0.1:9/{shop.project}:1")


def test_a_tree_that_moves_is_looked_at_again(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = shop.request()
    (shop.root / "train.py").write_text("print('newer')\n")
    built = shop.carry_out(request)
    assert built.outcome.result == "done"
    assert built.outcome.signature == shop.request().listing.signature != request.listing.signature
    assert shop.build().outcome.result == "skipped"

    def moving(*_: object) -> None:
        raise ContextMoved("a file changed")

    monkeypatch.setattr("pxtui.engine.docker.building.pack_code", moving)
    failed = shop.build("echo other").outcome
    assert failed.result == "failed"
    assert "changes faster" in failed.message
    assert failed.moved, "the watch tries it again"


def test_newer_code_is_not_laid_over_an_older_environment(shop: Workshop) -> None:
    (shop.root / "polyaxon_requirements.txt").write_text("numpy\n")
    request = shop.request()
    (shop.root / "polyaxon_requirements.txt").write_text("scipy\n")
    outcome = shop.carry_out(request).outcome
    assert outcome.result == "failed"
    assert "polyaxon_requirements.txt changed while the image was built" in outcome.message
    assert outcome.moved
    assert shop.build().outcome.result == "done"


SECRETS = (".git/config", ".env", ".ssh/id_rsa", ".aws/credentials", ".netrc", "a.pem", "x/b.key")


def test_no_secret_reaches_the_engine(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    canary = f"CANARY{shop.project}"
    for path in SECRETS:
        (shop.root / path).parent.mkdir(parents=True, exist_ok=True)
        (shop.root / path).write_text(canary)
    (shop.root / "link").symlink_to("/etc/shadow")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", canary)
    built = shop.build("env; ls -laR /code; grep -r CANARY /code && exit 9; true")
    assert built.outcome.image
    history = shop.docker("history", "--no-trunc", built.outcome.image)
    facts = shop.docker("inspect", built.outcome.image)
    for text in (built.sink.all.decode(), history, facts):
        assert canary not in text
    sink = Recorder()
    spec = shop.spec("env; find /code", built.outcome.image)
    assert shop.engine.run(spec, sink).wait().result == "done"
    listed = sink.all.decode()
    assert canary not in listed
    assert not any(f"/code/{path}" in listed for path in (*SECRETS, "link"))
    assert "/code/train.py" in listed


def test_a_build_can_be_closed_while_it_is_packed(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    packing = threading.Event()

    def slow(*arguments: object) -> None:
        check = arguments[-1]
        assert callable(check)
        packing.set()
        wait_for(lambda: check())

    monkeypatch.setattr("pxtui.engine.docker.building.pack_code", slow)
    job = shop.engine.build(shop.request(), Recorder(), lambda _: None)
    waiting = Waiting(job)
    assert packing.wait(5)
    job.close()
    assert waiting.end(1).result == "cancelled"


# --- runs


def test_a_run_gives_output_code_variables_and_outputs(shop: Workshop) -> None:
    sink = Recorder()
    spec = shop.spec(
        "echo out $GREETING; echo err >&2; pwd; mkdir $POLYAXON_RUN_OUTPUTS_PATH/sub;"
        "echo kept >$POLYAXON_OUTPUTS_PATH/sub/model; exit 4",
    )
    job = shop.engine.run(spec, sink)
    outcome = job.wait()
    assert (outcome.result, outcome.exit_code, outcome.message) == ("failed", 4, "")
    assert sink.of("stdout") == b"out hi\n/code\n"
    assert sink.of("stderr") == b"err\n"
    kept = Path(spec.outputs) / "sub" / "model"
    assert kept.read_text() == "kept\n"
    assert kept.stat().st_uid == os.geteuid()


def test_without_bash_sh_runs_the_command_and_says_so(shop: Workshop) -> None:
    sink = Recorder()
    job = shop.engine.run(shop.spec("echo $0"), sink)
    assert job.notes == ("no bash in the image: /bin/sh runs the command",)
    assert job.wait().result == "done"
    assert sink.all == b"/bin/sh\n"


def test_with_bash_bash_runs_the_command(shop: Workshop) -> None:
    if shop.engine.base(PYTHON) is None:
        pytest.skip(f"no {PYTHON}")
    sink = Recorder()
    job = shop.engine.run(shop.spec("echo $0; cat <(echo bash)", PYTHON), sink)
    assert job.notes == ()
    assert job.wait().result == "done"
    assert sink.all == b"/bin/bash\nbash\n"


def test_a_container_has_no_more_rights_than_it_needs(shop: Workshop) -> None:
    job = shop.engine.run(shop.spec("true"), Recorder())
    host = shop.docker("inspect", "-f", "{{json .HostConfig}}", job.container)
    assert '"Privileged":false' in host
    assert '"Init":true' in host
    assert '"AutoRemove":false' in host
    assert '"PidsLimit":16384' in host
    assert '"no-new-privileges"' in host
    assert '"NetworkMode":"default"' in host
    mounts = shop.docker(
        "inspect", "-f", "{{range .Mounts}}{{.Destination}} {{end}}", job.container
    )
    assert set(mounts.split()) == {"/outputs", "/var/cache/pxtui"}


@pytest.mark.parametrize(
    ("cmd", "code", "message"),
    [
        ("true", 0, ""),
        ("exit 7", 7, ""),
        ("nosuch", 127, "the command was not found (127)"),
        ("/code", 126, "the command cannot be executed (126)"),
        ("kill -9 $$", 137, "ended by SIGKILL (137), not by pxtui"),
    ],
)
def test_ends_are_told(shop: Workshop, cmd: str, code: int, message: str) -> None:
    outcome = shop.engine.run(shop.spec(cmd), Recorder()).wait()
    assert (outcome.exit_code, outcome.message) == (code, message)
    assert outcome.result == ("done" if code == 0 else "failed")


def test_stop_gives_the_run_its_grace(shop: Workshop) -> None:
    sink = Recorder()
    cmd = (
        "trap 'echo saving; sleep .3; echo saved; exit 5' TERM; echo on; while :; do sleep .1; done"
    )
    waiting = shop.start(shop.spec(cmd), sink)
    wait_for(lambda: b"on" in sink.all)
    began = time.monotonic()
    job = waiting.job
    assert isinstance(job, DockerRun)
    job.stop(5)
    assert time.monotonic() - began < 0.3
    outcome = waiting.end(4)
    assert (outcome.result, outcome.exit_code, outcome.message) == ("failed", 5, "")
    assert sink.all == b"on\nsaving\nsaved\n"


def test_after_the_grace_it_is_killed(shop: Workshop) -> None:
    sink = Recorder()
    waiting = shop.start(shop.spec("trap '' TERM; echo on; while :; do sleep 0.05; done"), sink)
    wait_for(lambda: b"on" in sink.all)
    began = time.monotonic()
    job = waiting.job
    assert isinstance(job, DockerRun)
    job.stop(1)
    assert waiting.end(6).exit_code == 137
    assert 0.8 < time.monotonic() - began < 4


def test_kill_ends_it_now_even_when_paused(shop: Workshop) -> None:
    sink = Recorder()
    waiting = shop.start(shop.spec("echo on; sleep 60"), sink)
    wait_for(lambda: b"on" in sink.all)
    job = waiting.job
    assert isinstance(job, DockerRun)
    shop.docker("pause", job.container)
    job.kill()
    outcome = waiting.end(5)
    assert (outcome.exit_code, outcome.message) == (137, "")


def test_a_run_stopped_before_it_began_never_begins(shop: Workshop) -> None:
    spec = shop.spec("echo ran >/outputs/ran")
    job = shop.engine.run(spec, Recorder())
    job.stop(5)
    assert job.wait().result == "cancelled"
    assert not list(Path(spec.outputs).iterdir())


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (("kill",), "ended by SIGKILL (137), not by pxtui"),
        (("stop", "-t", "3"), "ended by SIGTERM (143), not by pxtui"),
    ],
)
def test_an_end_from_outside_is_told(
    shop: Workshop, command: tuple[str, ...], message: str
) -> None:
    sink = Recorder()
    waiting = shop.start(shop.spec("echo on; exec sleep 60"), sink)
    wait_for(lambda: b"on" in sink.all)
    job = waiting.job
    assert isinstance(job, DockerRun)
    shop.docker(*command, job.container)
    assert waiting.end(5).message == message


def test_a_removal_from_outside_is_told(shop: Workshop) -> None:
    sink = Recorder()
    waiting = shop.start(shop.spec("echo on; sleep 60"), sink)
    wait_for(lambda: b"on" in sink.all)
    job = waiting.job
    assert isinstance(job, DockerRun)
    shop.docker("rm", "-f", job.container)
    outcome = waiting.end(5)
    assert outcome.result == "failed"
    assert "outside" in outcome.message or "not by pxtui" in outcome.message


def test_let_go_the_run_goes_on_and_is_taken_up_whole(shop: Workshop) -> None:
    spec = shop.spec(
        "for i in 1 2 3; do echo out$i; echo err$i >&2; done; sleep 1; echo end; exit 3"
    )
    sink = Recorder()
    waiting = shop.start(spec, sink)
    wait_for(lambda: b"err3" in sink.all)
    waiting.job.close()
    outcome = waiting.end(1)
    assert (outcome.result, outcome.message) == ("lost", "let go")
    (found,) = shop.engine.runs(shop.project)
    assert (found.id, found.running, found.exit_code, found.owner) == (spec.id, True, None, "owner")
    assert abs(found.started - time.time()) < 60
    for _ in range(2):  # while it goes on, and again after its end
        sink = Recorder()
        outcome = shop.engine.adopt(spec.id, sink).wait()
        assert (outcome.result, outcome.exit_code) == ("failed", 3)
        assert sink.of("stdout") == b"out1\nout2\nout3\nend\n"
        assert sink.of("stderr") == b"err1\nerr2\nerr3\n"
    (found,) = shop.engine.runs(shop.project)
    assert (found.running, found.exit_code) == (False, 3)


def test_removed_runs_are_gone_and_running_ones_stay(shop: Workshop) -> None:
    sink = Recorder()
    spec = shop.spec("echo on; sleep 60")
    waiting = shop.start(spec, sink)
    wait_for(lambda: b"on" in sink.all)
    with pytest.raises(EngineError):
        shop.engine.remove(spec.id)
    job = waiting.job
    assert isinstance(job, DockerRun)
    job.kill()
    waiting.end(5)
    shop.engine.remove(spec.id)
    shop.engine.remove(spec.id)
    assert shop.engine.runs(shop.project) == ()
    with pytest.raises(EngineError, match="no longer has"):
        shop.engine.adopt(spec.id, Recorder())


def test_a_run_that_was_never_started_is_told(shop: Workshop) -> None:
    spec = shop.spec("true")
    shop.engine.run(spec, Recorder())
    (found,) = shop.engine.runs(shop.project)
    assert (found.running, found.exit_code, found.started) == (False, None, 0)
    waiting = Waiting(shop.engine.adopt(spec.id, Recorder()))
    assert waiting.end(5).message == "it was created and never started"


def test_a_name_taken_by_somebody_else_is_left_to_them(shop: Workshop) -> None:
    spec = shop.spec("echo ours")
    foreign = shop.docker("create", "--name", spec.name, BUSYBOX, "true")
    try:
        sink = Recorder()
        assert shop.engine.run(spec, sink).wait().result == "done"
        assert sink.all == b"ours\n"
        assert foreign in shop.docker("ps", "-aq", "--no-trunc").split()
    finally:
        shop.docker("rm", "-f", foreign)


def test_what_another_user_wrote_is_the_person_s(shop: Workshop) -> None:
    image = built_with_user(shop)
    spec = shop.spec("id -u; echo x >/outputs/file; mkdir -m 700 /outputs/dir", image)
    sink = Recorder()
    outcome = shop.engine.run(spec, sink).wait()
    assert (outcome.result, outcome.message) == ("done", "")
    assert sink.all == b"1234\n"
    for path in (Path(spec.outputs), *Path(spec.outputs).iterdir()):
        assert path.stat().st_uid == os.geteuid()


def test_without_root_a_container_gives_the_files_back(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pxtui.engine.docker.outputs.os.geteuid", lambda: 4321)
    monkeypatch.setattr("pxtui.engine.docker.outputs.os.getegid", lambda: 4321)
    spec = shop.spec("echo x >/outputs/file; ln -s /etc/passwd /outputs/link")
    job = shop.engine.run(spec, Recorder())
    assert job.wait().message == ""
    owners = {p.name: p.lstat().st_uid for p in Path(spec.outputs).iterdir()}
    assert owners == {"file": 4321, "link": 4321}
    assert not shop.containers_of("chown -hR 4321")
    assert Path("/etc/passwd").stat().st_uid == 0


def built_with_user(shop: Workshop) -> str:
    """An image whose user is not root."""
    folder = shop.root.parent / "user"
    folder.mkdir()
    (folder / "Dockerfile").write_text(f"FROM {BUSYBOX}\nUSER 1234\n")
    label = f"pxtui.project={shop.project}"
    subprocess.run(
        ["docker", "build", "-q", "--label", label, "-t", f"pxtui/{shop.project}:user", folder],
        env=os.environ | {"DOCKER_BUILDKIT": "0", "DOCKER_HOST": shop.found.host},
        capture_output=True,
        check=True,
    )
    return f"pxtui/{shop.project}:user"


def test_outputs_of_an_engine_elsewhere_are_copied_here(shop: Workshop) -> None:
    far = DockerEngine(Far(shop.found.kind, shop.found.host, shop.found.why))
    spec = shop.spec("mkdir /outputs/sub; echo far >/outputs/sub/file")
    job = far.run(spec, Recorder())
    assert any("another machine" in note for note in job.notes)
    assert not (Path(spec.outputs) / "sub").exists()
    assert job.wait().message == ""
    assert (Path(spec.outputs) / "sub" / "file").read_text() == "far\n"
    named = '{{range .Mounts}}{{if eq .Destination "/outputs"}}{{.Name}}{{end}}{{end}}'
    volume = shop.docker("inspect", "-f", named, job.container)
    assert volume in shop.docker("volume", "ls", "-q").split()
    shop.engine.remove(spec.id)
    assert volume not in shop.docker("volume", "ls", "-q").split()


class Far(Found):
    """An engine here that is taken for one elsewhere."""

    @property
    def remote(self) -> bool:
        return True


def test_out_of_memory_is_told(shop: Workshop) -> None:
    job = shop.engine.run(
        shop.spec("echo go; head -c 200000000 /dev/zero | tail; exit 137"), Recorder()
    )
    done = shop.docker("update", "--memory", "30m", "--memory-swap", "30m", job.container)
    limited = shop.docker("inspect", "-f", "{{.HostConfig.Memory}}", job.container)
    if not done or limited == "0":
        pytest.skip("this engine cannot limit memory")
    outcome = job.wait()
    assert outcome.message == "out of memory (137, OOMKilled)"


class Counter:
    """A sink that only counts."""

    def __init__(self) -> None:
        self.bytes = 0
        self.writes = 0
        self.damaged = False

    def write(self, data: bytes, stream: Stream) -> None:
        self.bytes += len(data)
        self.writes += 1
        self.damaged = self.damaged or bool(data.strip(b"y\n"))


def test_a_flood_is_taken_in_big_pieces_and_stays_flat(shop: Workshop) -> None:
    sink = Counter()
    job = shop.engine.run(shop.spec('yes "$(yes | tr -d "\\n" | head -c 2000)"'), sink)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    waiting = Waiting(job)
    waiting.thread.join(3)
    began = time.monotonic()
    job.kill()
    outcome = waiting.end(20)
    print(
        f"{sink.bytes / 3e6:.0f} MB/s in pieces of {sink.bytes // max(1, sink.writes)} bytes,",
        end=" ",
    )
    print(f"ended {time.monotonic() - began:.2f} s after the kill")
    assert outcome.exit_code == 137
    assert not sink.damaged
    assert sink.bytes > 5_000_000
    gc.collect()
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 30_000  # kB


# --- an engine that dies, or never was


def test_an_engine_killed_while_a_run_goes_on_is_lost_not_done(private: Private) -> None:
    sink = Recorder()
    waiting = private.shop.start(private.shop.spec("echo on; sleep 60"), sink)
    wait_for(lambda: b"on" in sink.all)
    began = time.monotonic()
    private.kill()
    outcome = waiting.end(2)
    print(f"lost after {time.monotonic() - began:.2f} s: {outcome.message}")
    assert outcome.result == "lost"
    assert outcome.exit_code is None
    assert "the engine is gone" in outcome.message


def test_a_frozen_engine_holds_nobody(private: Private) -> None:
    sink = Recorder()
    waiting = private.shop.start(private.shop.spec("echo on; sleep 60"), sink)
    wait_for(lambda: b"on" in sink.all)
    os.kill(private.pid(), signal.SIGSTOP)
    try:
        began = time.monotonic()
        waiting.job.close()
        assert waiting.end(1).message == "let go"
        building = Waiting(
            private.shop.engine.build(private.shop.request(), Recorder(), lambda _: None)
        )
        building.thread.join(0.3)
        building.job.close()
        assert building.end(1).result == "cancelled"
        assert time.monotonic() - began < 2
    finally:
        os.kill(private.pid(), signal.SIGCONT)


def nowhere(host: str, folder: Path) -> DockerEngine:
    return DockerEngine(Found("docker", host.format(folder=folder), "DOCKER_HOST"))


@pytest.mark.parametrize(
    ("host", "message"),
    [
        ("unix://{folder}/none.sock", "the socket does not exist"),
        ("unix://{folder}/plain", "nothing answers there"),
        ("unix://{folder}/dead", "nothing answers there"),
        ("tcp://127.0.0.1:9", "nothing answers there"),
        ("tcp://127.0.0.1", "port is required"),
        ("garbage://x", "Invalid bind address protocol"),
        ("ssh://nobody@127.0.0.1:9", "paramiko|nothing answers|ended|ssh"),
    ],
)
def test_an_engine_that_is_not_there_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str, message: str
) -> None:
    monkeypatch.setenv("DOCKER_HOST", host.format(folder=tmp_path))
    (tmp_path / "plain").write_text("")
    with socket.socket(socket.AF_UNIX) as dead:
        monkeypatch.chdir(tmp_path)
        dead.bind("dead")
    began = time.monotonic()
    with pytest.raises(NoEngine, match=message) as raised:
        connect().info()
    assert raised.value.hint
    assert "\n" not in str(raised.value)
    assert time.monotonic() - began < 5


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else")
def test_a_socket_that_may_not_be_used_names_the_group(docker_engine: DockerEngine) -> None:
    os.seteuid(65534)
    try:
        with pytest.raises(NoEngine, match="permission denied") as raised:
            DockerEngine(docker_engine.found).info()
    finally:
        os.seteuid(0)
    assert "equals root" in raised.value.hint


def test_an_engine_that_never_answers_is_said_within_five_seconds(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET) as hole:
        hole.bind(("127.0.0.1", 0))
        hole.listen()
        began = time.monotonic()
        with pytest.raises(NoEngine, match="does not answer"):
            nowhere(f"tcp://127.0.0.1:{hole.getsockname()[1]}", tmp_path).info()
        assert time.monotonic() - began < 5


def test_info_names_the_engine(docker_engine: DockerEngine) -> None:
    info = docker_engine.info()
    assert info.name in ("docker", "podman")
    assert info.id == docker_engine.found.host
    assert info.version
    assert info.isolated


def test_nothing_is_left_open(shop: Workshop) -> None:
    def handles() -> int:
        return len(os.listdir("/proc/self/fd"))

    shop.build("echo 1")
    shop.engine.run(shop.spec("true"), Recorder()).wait()
    gc.collect()
    before, threads = handles(), threading.active_count()
    for number in range(2):
        (shop.root / "train.py").write_text(str(number))
        shop.build("echo 1")
        shop.engine.run(shop.spec("true"), Recorder()).wait()
        shop.engine.runs(shop.project)
    gc.collect()
    assert handles() <= before
    assert threading.active_count() <= threads


# --- what the steps share


def test_steps_share_a_cache_of_pip_s_downloads(shop: Workshop) -> None:
    mark = f"echo {shop.project} >$PIP_CACHE_DIR/{shop.project}"
    assert shop.build(mark).outcome.result == "done"
    look = f"cat $PIP_CACHE_DIR/{shop.project}; rm $PIP_CACHE_DIR/{shop.project}"
    again = shop.build(look)
    assert again.sink.all.decode().strip() == shop.project
    image = again.outcome.image or ""
    found = shop.docker("run", "--rm", image, "find", "/var/cache", "-name", shop.project)
    assert found == ""
    off = shop.build(f"echo [$PIP_CACHE_DIR] {shop.project}", pip_cache=False)
    assert off.sink.all.decode().startswith("[]")


def test_the_state_before_a_step_is_built_from_the_cache(shop: Workshop) -> None:
    steps = (f"echo {shop.project} >/made", "exit 3")
    assert shop.build(*steps).outcome.result == "failed"
    sink = Recorder()
    request = replace(shop.request(*steps), until=4)
    before = shop.engine.build(request, sink, lambda _: None).wait()
    assert (before.result, sink.all) == ("done", b"")
    assert shop.docker("run", "--rm", before.image or "", "cat", "/made") == shop.project
    assert not shop.docker("image", "inspect", "-f", "{{join .RepoTags}}", before.image or "")


def test_the_classic_builder_does_the_same(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_BUILDKIT", "0")
    step = f"echo {shop.project}; ls"
    first = shop.build(step)
    assert [cached for _, _, cached in first.ended][2:] == [False] * 2
    assert first.sink.all.decode() == f"{shop.project}\n"
    (shop.root / "train.py").write_text("print(2)\n")
    second = shop.build(step)
    assert [cached for _, _, cached in second.ended] == [True, True, True, False]
    assert shop.build("exit 7").outcome.message == "step 3 of 4 failed, exit code 7: exit 7"
