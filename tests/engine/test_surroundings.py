"""What a run is given on a real engine, and that whoever it runs as can write where it must."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import subprocess
import tarfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pxtui import places
from pxtui.engine import StepReport
from pxtui.engine.docker import DockerEngine, DockerRun
from pxtui.engine.docker.building.buildargs import build_args
from pxtui.engine.docker.disk import images_size
from pxtui.engine.docker.machine import Machine
from pxtui.engine.hosts import Found
from pxtui.errors import EngineError
from pxtui.run import Mount, Port, RunSpec, Surroundings
from tests.engine.conftest import BUSYBOX, Recorder, Workshop

pytestmark = pytest.mark.engine
PYTHON = "python:3.11-slim"
GB = 1_000_000_000


@pytest.fixture(autouse=True)
def _no_volumes_left(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The person of these tests is nobody else: their volumes are theirs alone."""
    person = 700_000 + int(shop.project[:4], 16)
    monkeypatch.setattr("pxtui.engine.docker.surroundings.os.getuid", lambda: person)
    monkeypatch.setattr("pxtui.engine.docker.person.os.getuid", lambda: person)
    monkeypatch.setattr("pxtui.engine.docker.person.os.getgid", lambda: person)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "FTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_TRUSTED_HOST", "PIP_CERT"):
        monkeypatch.delenv(name, raising=False)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    yield
    shop.clear()
    mine = shop.docker("volume", "ls", "-q", "--filter", f"name=pxtui-cache-{person}").split()
    if mine:
        shop.docker("volume", "rm", "-f", *mine)


def me() -> int:
    return os.getuid()


def with_(spec: RunSpec, **surroundings: Any) -> RunSpec:
    return replace(spec, surroundings=Surroundings(**surroundings))


def inspect(shop: Workshop, job: DockerRun) -> dict[str, Any]:
    found: list[dict[str, Any]] = json.loads(shop.docker("inspect", job.container))
    return found[0]


def image(shop: Workshop, lines: str) -> str:
    """An image made outside of pxtui."""
    folder = shop.root.parent / "outside"
    folder.mkdir(exist_ok=True)
    (folder / "Dockerfile").write_text(lines)
    tag = f"pxtui/{shop.project}:outside"
    label = f"{places.LABEL_PROJECT}={shop.project}"
    subprocess.run(
        ["docker", "build", "-q", "--label", label, "-t", tag, folder],
        env=os.environ | {"DOCKER_BUILDKIT": "0", "DOCKER_HOST": shop.found.host},
        capture_output=True,
        check=True,
    )
    return tag


def ran(shop: Workshop, spec: RunSpec) -> tuple[DockerRun, str]:
    sink = Recorder()
    job = shop.engine.run(spec, sink)
    outcome = job.wait()
    assert outcome.result == "done", (outcome, sink.all)
    return job, sink.all.decode()


# --- what it gets


def test_mounts_are_read_only_unless_they_are_said_to_be_writable(shop: Workshop) -> None:
    data = shop.root.parent / "data set"
    data.mkdir()
    (data / "a").write_text("data\n")
    mounts = (Mount(str(data), "/code/data"), Mount(str(data), "/rw", writable=True))
    spec = with_(
        shop.spec("cat /code/data/a; touch /code/data/b 2>/dev/null || echo no; touch /rw/c"),
        mounts=mounts,
    )
    job, said = ran(shop, spec)
    assert said == "data\nno\n"
    assert sorted(path.name for path in data.iterdir()) == ["a", "c"]
    assert [text for label, text in job.got if label == "mount"] == [
        f"{data} -> /code/data read-only",
        f"{data} -> /rw writable",
    ]


def test_a_mount_of_nothing_fails_before_anything_is_made(shop: Workshop) -> None:
    spec = with_(shop.spec("true"), mounts=(Mount("/nowhere/data", "/code/data"),))
    with pytest.raises(EngineError, match=r"/nowhere/data.*does not exist"):
        shop.engine.run(spec, Recorder())
    assert shop.engine.runs(shop.project) == ()
    assert not Path("/nowhere").exists()


def test_the_engine_s_socket_is_never_mounted(shop: Workshop) -> None:
    socket = shop.found.host.removeprefix("unix://")
    for source in (socket, str(Path(socket).parent), "/"):
        with pytest.raises(EngineError, match="holds the engine's socket"):
            shop.engine.run(with_(shop.spec("true"), mounts=(Mount(source, "/x"),)), Recorder())
    assert shop.engine.runs(shop.project) == ()


def test_limits_shared_memory_and_ports(shop: Workshop) -> None:
    spec = with_(
        shop.spec("echo $OMP_NUM_THREADS; df -k /dev/shm | tail -1"),
        memory=200_000_000,
        cpus=1.5,
        shm_size=64 << 20,
        publish=(Port(80, 8123), Port(80, 8124, "0.0.0.0"), Port(81, 8125, "::1")),
    )
    job = shop.engine.run(spec, Recorder())
    found = inspect(shop, job)
    host = found["HostConfig"]
    assert (host["Memory"], host["MemorySwap"]) == (200_000_000, 200_000_000)
    assert (host["NanoCpus"], host["ShmSize"]) == (1_500_000_000, 64 << 20)
    assert host["PortBindings"] == {
        "80/tcp": [
            {"HostIp": "127.0.0.1", "HostPort": "8123"},
            {"HostIp": "0.0.0.0", "HostPort": "8124"},
        ],
        "81/tcp": [{"HostIp": "::1", "HostPort": "8125"}],
    }
    assert found["Config"]["ExposedPorts"].keys() == {"80/tcp", "81/tcp"}
    assert "OMP_NUM_THREADS=1" in found["Config"]["Env"]
    got = dict(job.got)
    assert (got["memory"], got["cpus"], got["shm"]) == ("200.0 MB", "1.5", "67.1 MB")
    assert [text for label, text in job.got if label == "port"] == [
        "127.0.0.1:8123 -> 80",
        "0.0.0.0:8124 -> 80",
        "[::1]:8125 -> 81",
    ]


def test_shared_memory_is_half_of_the_engine_s_memory(shop: Workshop) -> None:
    job, said = ran(shop, shop.spec("df -k /dev/shm | tail -1"))
    memory = shop.engine.info().memory
    assert memory > 0
    assert abs(int(said.split()[1]) * 1024 - memory // 2) < 8192
    assert dict(job.got)["shm"].endswith("GB")


def test_the_person_s_variables_come_last_and_only_to_the_container(shop: Workshop) -> None:
    secret = f"CANARY{shop.project}"
    variables = (("GREETING", "mine"), ("WANDB_API_KEY", secret), ("ODD", 'a "b" $c\nd'))
    spec = replace(shop.spec('echo $GREETING $WANDB_API_KEY; echo "$ODD"'), variables=variables)
    job, said = ran(shop, spec)
    assert said == f'mine {secret}\na "b" $c\nd\n'
    assert secret not in repr(job.got) + repr(job.notes) + repr(spec)


@pytest.mark.usefixtures("own_terminal")
def test_a_terminal_is_asked_for_by_its_flags(shop: Workshop) -> None:
    job = shop.engine.run(replace(shop.spec("tty"), tty=True), Recorder())
    config = inspect(shop, job)["Config"]
    flags = ("Tty", "OpenStdin", "StdinOnce", "AttachStdin")
    assert [config[name] for name in flags] == [True] * 4
    plain = inspect(shop, shop.engine.run(shop.spec("true"), Recorder()))["Config"]
    assert [plain[name] for name in flags] == [False] * 4


def test_whatever_is_asked_for_the_container_gets_no_more_rights(shop: Workshop) -> None:
    spec = with_(
        shop.spec("true"),
        mounts=(Mount(str(shop.root), "/data"),),
        publish=(Port(80, 8123),),
        user="me",
        memory=GB // 10,
    )
    host = inspect(shop, shop.engine.run(spec, Recorder()))["HostConfig"]
    assert not host["Privileged"]
    assert host["Init"]
    assert not host["AutoRemove"]
    assert host["PidsLimit"] == 16384
    assert host["SecurityOpt"] == ["no-new-privileges"]
    assert (host["NetworkMode"], host["PidMode"], host["UTSMode"]) == ("default", "", "")
    assert host["IpcMode"] in ("private", "shareable")
    assert not host["CapAdd"]
    assert not host["Devices"]
    assert not any("docker.sock" in json.dumps(mount) for mount in host["Mounts"])


# --- the cache


def test_the_cache_is_kept_between_runs_of_one_person(shop: Workshop) -> None:
    job, _ = ran(shop, shop.spec("mkdir $XDG_CACHE_HOME/pip; echo kept >$XDG_CACHE_HOME/pip/x"))
    name = f"pxtui-cache-{me()}"
    assert dict(job.got)["cache"] == name
    _, said = ran(shop, shop.spec("cat /var/cache/pxtui/pip/x"))
    assert said == "kept\n"
    labels = json.loads(shop.docker("volume", "inspect", "-f", "{{json .Labels}}", name))
    assert labels == {places.LABEL_V: "1", places.LABEL_KIND: "cache"}


def test_another_user_of_a_container_has_a_cache_of_their_own(shop: Workshop) -> None:
    write = "echo >>$XDG_CACHE_HOME/file && ls -ld $XDG_CACHE_HOME"
    ran(shop, shop.spec(write))
    for _ in range(2):
        job, _ = ran(shop, with_(shop.spec(write), user="4321:4321"))
        assert dict(job.got)["cache"] == f"pxtui-cache-{me()}-4321"


def test_no_cache_where_none_is_wanted_or_the_image_has_its_own(shop: Workshop) -> None:
    job, said = ran(shop, with_(shop.spec("echo -$XDG_CACHE_HOME-"), cache=False))
    assert said == "--\n"
    assert "cache" not in dict(job.got)
    own = image(shop, f"FROM {BUSYBOX}\nENV XDG_CACHE_HOME=/mine\n")
    job, said = ran(shop, shop.spec("echo -$XDG_CACHE_HOME-", own))
    assert said == "-/mine-\n"
    assert "cache" not in dict(job.got)
    assert not shop.docker("volume", "ls", "-q", "--filter", f"name=pxtui-cache-{me()}")


# --- whoever it runs as

WORKER = "RUN mkdir -p /own /home/worker && echo worker:x:1777:1777::{home}:/bin/sh >>/etc/passwd"
LINES = {
    "root": "",
    "a number": "USER 1234\n",
    "a number with a group": "USER 1234:99\n",
    "a name with a home": f"{WORKER.format(home='/home/worker')} && chown 1777:1777 /home/worker\n"
    "USER worker\n",
    "a name whose home is missing": f"{WORKER.format(home='/gone')}\nUSER worker\n",
    "a name whose home is root's": f"{WORKER.format(home='/own')}\nUSER worker\n",
    "a home by variable": "RUN mkdir -m 777 /wide\nENV HOME=/wide\nUSER 1234\n",
}
WRITE = """
set -e
touch new && mkdir -p pkg/made && echo more >>train.py && echo >pkg/__init__.py && rm pkg/a.py
touch $HOME/.config $POLYAXON_RUN_OUTPUTS_PATH/model $XDG_CACHE_HOME/x
echo $(id -u) $HOME
"""


@pytest.mark.parametrize("lines", LINES.values(), ids=LINES.keys())
def test_everybody_can_write_to_code_home_and_outputs(shop: Workshop, lines: str) -> None:
    (shop.root / "pkg").mkdir()
    (shop.root / "pkg" / "a.py").write_text("1")
    (shop.root / "pkg" / "a.py").chmod(0o400)
    base = image(shop, f"FROM {BUSYBOX}\n{lines}")
    built = shop.build(base=base).outcome
    assert built.image, built
    for user in ("", "me", "4321:4321", "0:0"):
        job, said = ran(shop, with_(shop.spec(WRITE, built.image), user=user))
        uid, home = said.split()
        if user:
            assert uid == {"me": str(me())}.get(user, user.partition(":")[0])
        assert dict(job.got)["user"].startswith("root" if uid == "0" else f"{uid}:")
        if uid != "0":
            assert dict(job.got)["user"].endswith(f"HOME {home}")
        if not user and "with a home" in next(k for k, v in LINES.items() if v == lines):
            assert home == "/home/worker"
        if "HOME=/wide" in lines:
            assert home == "/wide"


def test_python_knows_who_it_is(shop: Workshop) -> None:
    if shop.engine.base(PYTHON) is None:
        pytest.skip(f"no {PYTHON}")
    code = "import getpass, pathlib; print(getpass.getuser(), pathlib.Path.home())"
    for user, name in (("4321", "pxtui"), ("me", "pxtui"), ("", "root")):
        _, said = ran(shop, with_(shop.spec(f"python3 -c '{code}'", PYTHON), user=user))
        assert said == f"{name} {'/root' if name == 'root' else f'/home/{name}'}\n"


def test_me_owns_code_and_has_my_name(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pxtui.engine.docker.person._own_name", lambda: "ada")
    request = shop.request()
    owned = replace(request, plan=replace(request.plan, owner=f"{me()}:{me()}"))
    built = shop.carry_out(owned).outcome
    assert built.image, built
    spec = shop.spec("stat -c %u /code /code/train.py $HOME; echo $USER $LOGNAME $HOME")
    _, said = ran(shop, with_(replace(spec, image=built.image), user="me"))
    assert said == f"{me()}\n{me()}\n{me()}\nada ada /home/ada\n"


def test_in_a_rootless_engine_root_is_me() -> None:
    from pxtui.engine.docker.person import wanted_user

    assert wanted_user("me", Machine(rootless=True)) == "0:0"
    assert wanted_user("", Machine(rootless=True)) == ""


def test_a_user_that_the_image_does_not_have_is_named(shop: Workshop) -> None:
    base = image(shop, f"FROM {BUSYBOX}\nUSER nobodyhere\n")
    with pytest.raises(EngineError, match="no user 'nobodyhere'"):
        shop.engine.run(shop.spec("true", base), Recorder())
    assert shop.engine.runs(shop.project) == ()


def test_what_is_mounted_keeps_its_owner(shop: Workshop) -> None:
    data = shop.root.parent / "data"
    data.mkdir(mode=0o755)
    for target in ("/code", "/", "/home/pxtui"):
        mounts = (Mount(str(data), "/code" if target == "/" else target, writable=True),)
        shop.engine.run(with_(shop.spec("true"), mounts=mounts, user="4321:4321"), Recorder())
        assert (data.stat().st_uid, data.stat().st_mode & 0o777) == (os.geteuid(), 0o755)


def test_nothing_but_the_run_is_left_of_looking_into_the_image(shop: Workshop) -> None:
    before = set(shop.docker("ps", "-aq", "--no-trunc").split())
    job = shop.engine.run(with_(shop.spec("true"), user="4321"), Recorder())
    made = set(shop.docker("ps", "-aq", "--no-trunc", "--filter", f"id={job.container}").split())
    named = shop.docker("ps", "-aq", "--no-trunc", "--filter", "status=created").split()
    ours = {one for one in named if one not in before and shop.project in shop.docker(
        "inspect", "-f", "{{json .Config}}", one
    )}  # fmt: skip
    assert made == ours == {job.container}


# --- an engine elsewhere


class Far(Found):
    """An engine here that is taken for one elsewhere."""

    @property
    def remote(self) -> bool:
        return True


def test_on_another_machine_all_is_labelled_so(shop: Workshop) -> None:
    far = DockerEngine(Far(shop.found.kind, shop.found.host, shop.found.why))
    spec = with_(
        shop.spec("touch /outputs/file; ls /there"),
        mounts=(Mount("/etc", "/there"),),
        publish=(Port(80, 8126),),
        user="4321",
    )
    job = far.run(spec, Recorder())
    host = Machine.of({}, far.found).host
    got = dict(job.got)
    assert got["engine"] == host
    assert got["mount"] == f"/etc -> /there read-only on {host}"
    assert got["port"] == f"127.0.0.1:8126 -> 80 on {host}"
    assert job.wait().exit_code == 0
    assert far.info().remote
    nowhere = with_(shop.spec("true"), mounts=(Mount("/nowhere/data", "/d"),))
    with pytest.raises(EngineError, match="/nowhere/data"):
        far.run(nowhere, Recorder())


def test_the_name_of_another_machine() -> None:
    hosts = {
        "ssh://me@box:22": "box",
        "tcp://10.0.0.7:2376": "10.0.0.7",
        "tcp://[fe80::1]:2376": "fe80::1",
        "ssh://box": "box",
    }
    for host, name in hosts.items():
        assert Machine.of({}, Found("docker", host, "DOCKER_HOST")).host == name
    assert Machine.of({}, Found("docker", "unix:///var/run/docker.sock", "socket")).host == ""


# --- platforms


def test_a_platform_is_only_said_where_it_is_emulated(shop: Workshop) -> None:
    job = shop.engine.run(shop.spec("true"), Recorder())
    assert "platform" not in dict(job.got)
    own = shop.engine.info().platform
    assert own == shop.engine.base(BUSYBOX)
    foreign = "arm64" if own != "linux/arm64" else "amd64"
    base = f"pxtui/{shop.project}:foreign"
    load(shop, base, foreign)
    assert shop.engine.base(base) == f"linux/{foreign}"
    built = shop.build(base=base).outcome
    assert built.image, built
    assert shop.docker("inspect", "-f", "{{.Architecture}}", built.image) == foreign
    job = shop.engine.run(shop.spec("true", built.image), Recorder())
    assert dict(job.got)["platform"] == f"linux/{foreign}, emulated: slow"


def load(shop: Workshop, name: str, architecture: str) -> None:
    """Give the engine an empty image that says it is of another architecture."""
    layer = tar_of({})
    config = {
        "architecture": architecture,
        "os": "linux",
        "config": {"Labels": {places.LABEL_PROJECT: shop.project}},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]},
    }
    manifest = [{"Config": "config.json", "RepoTags": [name], "Layers": ["layer.tar"]}]
    files = {"config.json": config, "manifest.json": manifest}
    packed = {path: json.dumps(content).encode() for path, content in files.items()}
    subprocess.run(
        ["docker", "load"],
        env=os.environ | {"DOCKER_HOST": shop.found.host},
        input=tar_of({"layer.tar": layer, **packed}),
        capture_output=True,
        check=True,
    )


def tar_of(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return packed.getvalue()


def test_the_engine_is_told_the_platform_where_it_is_not_its_own(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.engine.info()
    native = shop.engine.info().platform
    request = replace(shop.request(), platform=native)
    assert shop.carry_out(request).outcome.result == "done"
    asked: list[str] = []

    def pull(_client: object, name: str, platform: str, *_: object) -> None:
        asked.append(platform)
        if not platform:
            raise EngineError(
                f"the image {name} cannot be pulled: no matching manifest for linux/x"
            )

    monkeypatch.setattr("pxtui.engine.docker.building.base._pull", pull)
    sink = Recorder()
    job = shop.engine.build(
        shop.request(base=f"pxtui-test/{shop.project}:none"), sink, list[StepReport]().append
    )
    assert job.wait().result == "failed"
    assert asked == ["", "linux/amd64"]
    assert b"is not made for" in sink.all
    asked.clear()
    other = replace(shop.request(), platform="linux/riscv64")
    shop.carry_out(other)
    assert asked == ["linux/riscv64"]


# --- what steps get

SECRET = "CANARY-9317"


def test_steps_get_proxies_and_indexes_and_the_image_keeps_nothing(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def environment(canary: str) -> None:
        monkeypatch.setenv("HTTPS_PROXY", f"http://u:{canary}@proxy.invalid:3128")
        monkeypatch.setenv("all_proxy", f"socks5://{canary}.invalid")
        monkeypatch.setenv("ftp_proxy", f"http://{canary}-ftp.invalid")
        monkeypatch.setenv("PIP_INDEX_URL", f"https://me:{canary}@index.invalid/it's/$HOME")
        monkeypatch.setenv("PIP_EXTRA_INDEX_URL", f"https://{canary}.invalid/simple")

    environment(SECRET)
    # the canary is printed in another spelling, so that the log can hold it
    tell = f"env | grep CANARY | sed s/CANARY/YRANAC/ | sort; : {shop.project}; false || exit 0"
    built = shop.build(tell, f"echo one\nfalse || echo {shop.project}")
    assert built.outcome.image, built.outcome
    said = built.sink.all.decode().replace("YRANAC", "CANARY").splitlines()
    given = dict(line.split("=", 1) for line in said if "=" in line)
    proxy = f"http://u:{SECRET}@proxy.invalid:3128"
    assert given == {
        "HTTPS_PROXY": proxy,
        "https_proxy": proxy,
        "ALL_PROXY": f"socks5://{SECRET}.invalid",
        "all_proxy": f"socks5://{SECRET}.invalid",
        "FTP_PROXY": f"http://{SECRET}-ftp.invalid",
        "ftp_proxy": f"http://{SECRET}-ftp.invalid",
        "PIP_INDEX_URL": f"https://me:{SECRET}@index.invalid/it's/$HOME",
        "PIP_EXTRA_INDEX_URL": f"https://{SECRET}.invalid/simple",
    }
    assert [text for text, _, _ in built.ended][2] == tell
    history = shop.docker("history", "--no-trunc", built.outcome.image)
    assert tell[:20] in history
    assert SECRET not in history
    assert SECRET not in shop.docker("inspect", *shop.docker("images", "-aq").split())
    # another token is no other environment: nothing is run again
    environment("CANARY-other")
    again = shop.build(tell, f"echo one\nfalse || echo {shop.project}")
    assert again.outcome.result == "skipped"
    (shop.root / "train.py").write_text("changed")
    third = shop.build(tell, f"echo one\nfalse || echo {shop.project}")
    assert [cached for _, _, cached in third.ended] == [True, True, True, True, False]


def test_a_step_that_fails_fails_with_an_index_too(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "https://index.invalid/simple")
    built = shop.build("exit 5")
    assert built.outcome.message == "step 3 of 4 failed, exit code 5: exit 5"
    assert shop.build("false\ntrue").outcome.exit_code == 1


def test_a_ca_bundle_is_there_for_the_step_only(
    shop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.write_text("-----BEGIN CERTIFICATE-----\nit's $ours\n-----END CERTIFICATE-----\n")
    monkeypatch.setenv("PIP_CERT", str(bundle))
    built = shop.build(f"cat $PIP_CERT; : {shop.project}", "exit 0")
    assert built.outcome.image
    assert built.sink.all.decode() == bundle.read_text()
    _, said = ran(shop, shop.spec("ls /tmp; echo -$PIP_CERT-", built.outcome.image))
    assert said == "--\n"


def test_what_cannot_reach_a_step_is_said(tmp_path: Path) -> None:
    big, key = tmp_path / "big.pem", tmp_path / "key.pem"
    big.write_text("x" * 100_000)
    key.write_text("-----BEGIN PRIVATE KEY-----")
    cases = {
        "HTTP_PROXY": "http://127.0.0.1:3128",
        "PIP_INDEX_URL": "http://localhost:3141/simple",
        "PIP_CERT": str(big),
    }
    for name, value in cases.items():
        args = build_args({}, {name: value})
        assert (args.values, args.before) == ({}, "")
        assert len(args.notes) == 1
        assert args.notes[0].startswith(f"{name} is not passed to the steps")
    assert "private key" in build_args({}, {"PIP_CERT": str(key)}).notes[0]
    assert "No such file" in build_args({}, {"PIP_CERT": str(tmp_path / "none")}).notes[0]
    assert build_args({}, {"PIP_CERT": "/etc/ssl/certs/ca-certificates.crt"}).notes == ()


def test_the_environment_goes_before_the_docker_configuration() -> None:
    configured = {"http_proxy": "http://a.invalid", "no_proxy": "a"}
    args = build_args(configured, {"HTTP_PROXY": "http://b.invalid"})
    assert args.values == {
        "HTTP_PROXY": "http://b.invalid",
        "http_proxy": "http://b.invalid",
        "NO_PROXY": "a",
        "no_proxy": "a",
    }
    assert args.before == ""


# --- the disk


def test_the_disk_in_one_line(shop: Workshop) -> None:
    assert shop.build().outcome.image
    line = shop.engine.disk()
    assert "free of" in line or "holds" in line
    assert re.search(r"pxtui's own: [\d.]+ [kMG]?B \(\d+ images?, \d+ containers?, \d+ vol", line)


def test_what_two_images_share_is_counted_once_and_their_base_not_at_all(shop: Workshop) -> None:
    step = f"head -c 4000000 /dev/urandom >/{shop.project}"
    assert shop.build(step).outcome.image
    (shop.root / "more").write_bytes(os.urandom(300_000))
    assert shop.build(step).outcome.image
    every = json.loads(shop.docker("image", "inspect", *shop.docker("images", "-q").split()))
    mine = [one for one in every if f"pxtui/{shop.project}" in str(one["RepoTags"])]
    assert len(mine) == 3
    assert 4_300_000 <= images_size(mine, every) < 4_400_000


def test_the_disk_can_be_asked_for_by_several_at_once(shop: Workshop) -> None:
    shop.engine.info()
    with ThreadPoolExecutor(4) as several:
        assert all(several.map(lambda _: shop.engine.disk(), range(8)))


def test_the_disk_of_an_engine_elsewhere(shop: Workshop) -> None:
    far = DockerEngine(Far(shop.found.kind, shop.found.host, shop.found.why))
    assert " holds " in far.disk()


def test_code_that_is_a_link_stays_one(shop: Workshop) -> None:
    base = image(shop, f"FROM {BUSYBOX}\nRUN mkdir /app && ln -s /app /code\n")
    built = shop.build(base=base).outcome
    assert built.image, built
    _, said = ran(shop, with_(shop.spec("touch new; ls /app", built.image), user="4321"))
    assert said == "new\ntrain.py\n"
