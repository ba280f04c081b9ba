"""The lines to hand on: a shell takes them apart into what was meant; no secret is in them."""

from __future__ import annotations

import shlex
import subprocess
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from pxtui.export import Shared, docker_run, masked, pxtui_run
from pxtui.polyaxonfile.reading import Resolved
from pxtui.polyaxonfile.secret import DOTS
from pxtui.run import Mount, Port, Surroundings

NASTY = "a 'b' \"c\" $HOME `id` \\ ; & | ü\ttab"
RESOLVED = Resolved("experiment", "mnist", "python:3.11", (), (), f"python train.py {NASTY}")
ALL = Surroundings(
    mounts=(Mount("/big data", "/code/data"), Mount("/o'k", "/code/out", True)),
    gpus="0,1",
    shm_size=2_000_000_000,
    memory=8_000_000_000,
    cpus=2.5,
    publish=(Port(6006, 16006), Port(80, 8080, "::1")),
    user="1000:100",
    platform="linux/amd64",
    variables=("WANDB_API_KEY",),
    env_files=("/p/.env",),
)
SHARED = Shared(RESOLVED, "pxtui/p:abc", ALL, (("lr", "0.01"), ("name", NASTY)), "/home/a b")


def words(text: str) -> list[str]:
    return shlex.split(text, comments=True)


def test_a_pxtui_run_line_is_what_was_meant() -> None:
    shared = replace(SHARED, files=("/home/a b/x.yml",), commit="commit abc1234 (+ changes)")
    text = pxtui_run.text(shared)
    assert text.startswith("# commit abc1234 (+ changes)\npxtui ")
    assert words(text) == [
        "pxtui", "-C", "/home/a b", "-f", "/home/a b/x.yml", "-P", "lr=0.01", "-P", f"name={NASTY}",
        "run", "--env", "WANDB_API_KEY", "--env-file", "/p/.env",
        "--mount", "/big data:/code/data", "--mount", "/o'k:/code/out:rw", "--gpus", "0,1",
        "--shm-size", "2000000000", "--memory", "8000000000", "--cpus", "2.5",
        "--platform", "linux/amd64", "--publish", "127.0.0.1:16006:6006",
        "--publish", "[::1]:8080:80", "--user", "1000:100",
    ]  # fmt: skip


def test_the_cache_volume_is_the_runs_own_unless_it_has_none() -> None:
    text = docker_run.text(Shared(RESOLVED, "i", cache="pxtui-cache-7"))
    assert "-v pxtui-cache-7:/var/cache/pxtui -e XDG_CACHE_HOME=/var/cache/pxtui" in text
    assert "XDG_CACHE_HOME" not in docker_run.text(Shared(RESOLVED, "i"))
    without = Shared(RESOLVED, "i", Surroundings(cache=False))
    assert words(pxtui_run.text(without)) == ["pxtui", "run", "--no-cache-volume"]


def test_what_is_as_usual_is_not_spoken_of() -> None:
    assert pxtui_run.text(Shared(RESOLVED, "i", folder="/p")) == "pxtui -C /p run"
    assert pxtui_run.text(Shared(RESOLVED, "i", files=("/p/a", "/b c"))) == (
        "pxtui -f /p/a -f '/b c' run"
    )


def test_a_docker_run_line_is_what_was_meant() -> None:
    got = words(docker_run.text(SHARED))
    assert got[:7] == ["mkdir", "-p", "outputs", "&&", "docker", "run", "--rm"]
    assert got[-3:] == ["pxtui/p:abc", "-c", RESOLVED.cmd]
    pairs = list(pairwise(got))
    for pair in (
        ("--shm-size", "2000000000"), ("--memory", "8000000000"), ("--cpus", "2.5"),
        ("--memory-swap", "8000000000"), ("-e", "OMP_NUM_THREADS=2"),
        ("--gpus", '"device=0,1"'), ("--platform", "linux/amd64"), ("--user", "1000:100"),
        ("-v", "/big data:/code/data:ro"), ("-v", "/o'k:/code/out"),
        ("-v", "$PWD/outputs:/outputs"), ("-p", "127.0.0.1:16006:6006"),
        ("-p", "[::1]:8080:80"), ("--entrypoint", "/bin/bash"),
        ("-e", "WANDB_API_KEY"), ("--env-file", "/p/.env"), ("-e", "PYTHONUNBUFFERED=1"),
        ("-e", "POLYAXON_RUN_OUTPUTS_PATH=/outputs"),
    ):  # fmt: skip
        assert pair in pairs
    assert "--init" in got


@pytest.mark.parametrize(
    ("gpus", "gives", "flags"),
    [("auto", True, ["all"]), ("auto", False, []), ("all", False, ["all"]), ("none", True, [])],
)
def test_gpus_are_asked_for_where_they_would_be_given(
    gpus: str, gives: bool, flags: list[str]
) -> None:
    shared = Shared(RESOLVED, "i", Surroundings(gpus=gpus), gives_gpus=gives)
    got = words(docker_run.text(shared))
    assert [b for a, b in pairwise(got) if a == "--gpus"] == flags


def test_shared_memory_is_half_of_the_engines() -> None:
    assert "--shm-size 500" in docker_run.text(Shared(RESOLVED, "i", memory=1000))
    assert "--shm-size" not in docker_run.text(Shared(RESOLVED, "i"))


def test_secret_values_are_in_no_line() -> None:
    params = {"lr": 1, "db": {"password": "geheim"}, "url": "http://geheim@x", "all": ["geheim"]}
    resolved = replace(
        RESOLVED, cmd="train --password=geheim", params=params, env=(("TOKEN", "geheim"),)
    )
    values = (("lr", "1"), ("db.password", "geheim"))
    shown = masked(resolved, values, ["db.password"])
    shared = Shared(shown, "i", edits=(("lr", "1"), ("db.password", DOTS)))
    for text in (shown.cmd, pxtui_run.text(shared), docker_run.text(shared)):
        assert "geheim" not in text
    assert f"train --password={DOTS}" in docker_run.text(shared)
    assert '"lr": 1' in docker_run.text(shared)
    assert "left out, as their values are secret: db.password" in pxtui_run.text(shared)
    assert "-P db.password" not in pxtui_run.text(shared)


@pytest.mark.engine
def test_the_docker_run_line_really_runs(tmp_path: Path) -> None:
    data = tmp_path / "my data"
    data.mkdir()
    (data / "x").write_text("from the mount")
    env_file = tmp_path / "my.env"
    env_file.write_text("FROM_FILE=from the file\n")
    cmd = (
        'cat data/x; echo; echo "$FROM_FILE"; echo "$MINE"; pwd; df -k /dev/shm | tail -1;'
        ' touch data/no 2>/dev/null || echo "read only"; echo $POLYAXON_PARAMS;'
        " echo kept > $POLYAXON_OUTPUTS_PATH/file"
    )
    resolved = Resolved("experiment", "p", "", (), (), cmd, {"lr": 0.1})
    wanted = Surroundings(
        mounts=(Mount(str(data), "/code/data"),),
        shm_size=128 << 20,
        variables=("MINE",),
        env_files=(str(env_file),),
        user="me",
    )
    made = "FROM python:3.11-slim\nWORKDIR /code\n"
    built = subprocess.run(
        ["docker", "build", "-q", "-"], input=made, capture_output=True, text=True, check=True
    )
    image = built.stdout.strip()
    line = docker_run.text(Shared(resolved, image, wanted, commit="commit abc"))
    assert "mine alone" not in line
    done = subprocess.run(
        ["bash", "-c", line],
        cwd=tmp_path,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(tmp_path), "MINE": "mine alone"},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    out = done.stdout.splitlines()
    assert out[:4] == ["from the mount", "from the file", "mine alone", "/code"]
    assert out[4].split()[1] == "131072"
    assert out[5:] == ["read only", '{"lr": 0.1}']
    assert (tmp_path / "outputs" / "file").read_text() == "kept\n"
