"""What a run gets by the command line, and how `run` ends where it does not wait for the run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pexpect
import pytest

from pxtui import history, project
from pxtui.history import Record
from pxtui.run import Mount, Port

Make = Callable[..., Path]
Pxtui = Callable[..., subprocess.CompletedProcess[str]]

CANARY = "canary-4242"
SECRET = """\
version: 1
project: {name: p}
declarations: {api_key: canary-4242, lr: 0.1}
run:
  image: python:3.11-slim
  cmd: python3 train.py {{ api_key }} {{ lr }}
"""


@pytest.fixture
def pxtui(tmp_path: Path) -> Pxtui:
    def run(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
        quick = json.dumps({"step_seconds": 0.01, "line_seconds": 0.01})
        return subprocess.run(
            [sys.executable, "-m", "pxtui", *words],
            capture_output=True,
            text=True,
            timeout=60,
            env=os.environ | {"PXTUI_FAKE": quick} | environ,
            cwd=tmp_path,
            check=False,
        )

    return run


def records(root: Path) -> tuple[Record, ...]:
    return history.read_all(project.find(root).places)


def objects(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


OPTIONS = (
    *("--env", f"WANDB_API_KEY={CANARY}", "--env", "MINE", "--env-file", "my.env"),
    *("--mount", "data:/data", "--mount", "/mnt/x:/x:rw", "--gpus", "0,1", "--shm-size", "2g"),
    *("--memory", "500 MB", "--cpus", "1.5", "--publish", "8080", "--publish", "0.0.0.0:90:80"),
    *("--user", "me", "--platform", "linux/amd64", "--no-cache-volume"),
)


def test_a_run_gets_what_was_said_and_no_file_has_the_secret(
    make_project: Make, pxtui: Pxtui, tmp_path: Path, own_homes: Path
) -> None:
    (tmp_path / "my.env").write_text(f"OTHER={CANARY}\n")
    root = make_project()
    done = pxtui("-C", str(root), "run", "--engine", "fake", *OPTIONS, MINE=CANARY)
    assert done.returncode == 0, done.stderr
    gets = records(root)[0].as_surroundings()
    assert gets.variables == ("WANDB_API_KEY", "MINE")
    assert gets.env_files == (str(tmp_path / "my.env"),)
    assert gets.mounts == (Mount(f"{tmp_path}/data", "/data"), Mount("/mnt/x", "/x", True))
    assert gets.publish == (Port(8080, 8080), Port(80, 90, "0.0.0.0"))
    assert (gets.gpus, gets.shm_size, gets.memory) == ("0,1", 2 * 10**9, 500 * 10**6)
    assert (gets.cpus, gets.user, gets.platform) == (1.5, "me", "linux/amd64")
    assert not gets.cache
    assert CANARY not in done.stdout + done.stderr
    kept = [path for path in own_homes.rglob("*") if path.is_file()]
    assert kept
    assert not [path for path in kept if CANARY.encode() in path.read_bytes()]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--env", f"A B={CANARY}"], "NAME or NAME=VALUE"),
        (["--env-file", "nope.env"], "there is no file"),
        (["--mount", "data"], "SRC:DST"),
        (["--mount", "data:relative"], "absolute DST"),
        (["--gpus", "some"], "auto, all, none or numbers"),
        (["--shm-size", "much"], "a size such as"),
        (["--cpus", "-1"], "a number of processors"),
        (["--publish", "99999"], "PORT"),
        (["--user", "bob"], "me, image, UID"),
        (["--platform", "amd64"], "linux/amd64"),
        (["--tty"], "needs a terminal"),
        (["--tty", "--json"], "--tty does not go with --json"),
        (["--tty", "--detach"], "--tty does not go with --detach"),
    ],
)
def test_a_bad_value_is_exit_code_2(
    words: list[str], said: str, make_project: Make, pxtui: Pxtui
) -> None:
    root = make_project()
    done = pxtui("-C", str(root), "run", "--engine", "fake", *words)
    assert done.returncode == 2
    assert said in done.stderr
    assert CANARY not in done.stderr
    assert not records(root)


def test_the_command_line_goes_before_the_settings(make_project: Make, pxtui: Pxtui) -> None:
    root = make_project()
    words = ("run", "--engine", "fake", "--user", "image", "--cache-volume", "--gpus", "none")
    pxtui("-C", str(root), *words, PXTUI_USER="me", PXTUI_CACHE="no", PXTUI_GPUS="all")
    gets = records(root)[0].as_surroundings()
    assert (gets.user, gets.cache, gets.gpus) == ("", True, "none")


def test_a_dry_run_tells_what_the_run_would_get(make_project: Make, pxtui: Pxtui) -> None:
    root = make_project(SECRET)
    done = pxtui("-C", str(root), "run", "--engine", "fake", "--dry-run", "--mount", "/mnt:/data")
    assert done.returncode == 0
    assert "/mnt → /data, read-only" in done.stderr
    assert CANARY not in done.stdout + done.stderr
    assert not records(root)


def test_what_the_project_asks_for_is_told_with_its_option(
    make_project: Make, pxtui: Pxtui, tmp_path: Path
) -> None:
    asks = '[tool.pxtui]\nenv = ["WANDB_API_KEY"]\nmounts = ["/mnt/sets:/sets"]\n'
    root = make_project(**{"pyproject.toml": asks})
    (tmp_path / "big").mkdir()
    (root / "data").symlink_to(tmp_path / "big")
    words = ("-C", str(root), "run", "--engine", "fake")
    told = pxtui(*words).stderr
    assert "! the project asks for your variable WANDB_API_KEY: --env WANDB_API_KEY gives" in told
    assert "! the project asks for a mount: --mount /mnt/sets:/sets gives" in told
    assert f"! data is left out: --mount {tmp_path}/big:/code/data gives" in told
    given = ("--env", "WANDB_API_KEY=1", "--mount", "/mnt/sets:/sets")
    told = pxtui(*words, *given, "--mount", "big:/code/data").stderr
    assert "gives it" not in told


def test_secrets_of_the_file_are_dots_in_all_that_is_told(make_project: Make, pxtui: Pxtui) -> None:
    root = make_project(SECRET)
    words = ("-C", str(root))
    told = [pxtui(*words, "run", "--engine", "fake", "--json", "-P", f"api_key={CANARY}-2")]
    told += [
        pxtui(*words, "show"),
        pxtui(*words, "show", "--json"),
        pxtui(*words, "check", "--json"),
    ]
    told += [pxtui(*words, "runs", "list"), pxtui(*words, "runs", "list", "--json")]
    told += [pxtui(*words, "runs", "show", "1"), pxtui(*words, "runs", "show", "1", "--json")]
    assert [done.returncode for done in told] == [0] * len(told)
    assert not [done.args for done in told if CANARY in done.stdout + done.stderr]
    (shown,) = objects(told[2])
    assert shown["declarations"] == {"api_key": "••••••", "lr": 0.1}
    assert shown["trials"] == [shown["declarations"]]
    assert shown["cmd"] == shown["argv"][2] == "python3 train.py •••••• 0.1"
    assert records(root)[0].cmd == f"python3 train.py {CANARY}-2 0.1"


def test_the_unwritten_values_of_the_app_are_used_and_stay(
    make_project: Make, pxtui: Pxtui
) -> None:
    root = make_project()
    found = project.find(root)
    project.write_draft(found.places, found.file, [(("declarations", "lr"), "0.7")])
    draft = found.places.draft.read_bytes()
    assert pxtui("-C", str(root), "run", "--engine", "fake", "--draft").returncode == 0
    assert pxtui("-C", str(root), "run", "--engine", "fake").returncode == 0
    first, second = records(root)
    assert first.differs == (("lr", "0.7"),)
    assert 'lr="0.7"' in first.cmd
    assert second.differs == ()
    assert found.places.draft.read_bytes() == draft


def test_an_unwritten_value_may_mend_the_file(make_project: Make, pxtui: Pxtui) -> None:
    root = make_project(
        "version: 1\nkind: experiment\ndeclarations: {a: '{{ nope }}'}\nrun: {image: i, cmd: x}\n"
    )
    words = ("-C", str(root), "run", "--engine", "fake", "--draft")
    assert pxtui(*words).returncode == 3
    found = project.find(root)
    project.write_draft(found.places, found.file, [(("declarations", "a"), "{{ no }}")])
    assert pxtui(*words).returncode == 3
    project.write_draft(found.places, found.file, [(("declarations", "a"), "1")])
    assert pxtui(*words).returncode == 0
    assert len(records(root)) == 1


def test_tty_needs_a_container_engine(make_project: Make) -> None:
    words = ["-m", "pxtui", "-C", str(make_project()), "run", "--tty", "--engine", "local"]
    screen = pexpect.spawn(sys.executable, words, timeout=30)
    screen.expect("--tty needs a container engine")
    screen.expect(pexpect.EOF)
    screen.close()
    assert screen.exitstatus == 2


def test_a_detached_run_goes_on(make_project: Make, pxtui: Pxtui, tmp_path: Path) -> None:
    go = tmp_path / "go"
    cmd = f"until [ -e {go} ]; do :; done && echo gone on"
    root = make_project(
        f"version: 1\nkind: experiment\nrun:\n  image: python:3.11-slim\n  cmd: {cmd}\n"
    )
    words = ("-C", str(root))
    done = pxtui(*words, "run", "--engine", "local", "--detach")
    assert done.returncode == 0, done.stderr
    (run,) = records(root)
    assert done.stdout == f"#1 {run.id}\n"
    assert run.outcome is None
    go.touch()
    assert "gone on" in pxtui(*words, "runs", "logs", "--follow").stdout
    assert re.match("#1 +done", pxtui(*words, "runs", "list").stdout)


def test_a_detached_run_that_cannot_be_built_fails(make_project: Make, pxtui: Pxtui) -> None:
    words = ("-C", str(make_project()), "run", "--engine", "fake", "--detach")
    done = pxtui(*words, PXTUI_FAKE=json.dumps({"fail_step": 3, "step_seconds": 0.01}))
    assert done.returncode == 1
    assert not done.stdout
