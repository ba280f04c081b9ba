"""The command line as a user meets it: a process, its streams and its exit code."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pxtui import project

Make = Callable[..., Path]
Pxtui = Callable[..., subprocess.CompletedProcess[str]]

START = [sys.executable, "-m", "pxtui"]


@pytest.fixture
def pxtui() -> Pxtui:
    def run(*words: str, script: dict[str, Any] | None = None) -> subprocess.CompletedProcess[str]:
        quick = {"step_seconds": 0.01, "line_seconds": 0.01, **(script or {})}
        environ = {**os.environ, "PXTUI_FAKE": json.dumps(quick)}
        return subprocess.run(
            [*START, *words], capture_output=True, text=True, timeout=60, env=environ, check=False
        )

    return run


def objects(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_run_streams_the_output_and_passes_the_exit_code_on(
    make_project: Make, pxtui: Pxtui
) -> None:
    root = str(make_project())
    done = pxtui("-C", root, "run", "--engine", "fake", script={"exit_code": 7})
    assert done.returncode == 7
    assert done.stdout.splitlines()[0].startswith("epoch 1/3")
    assert "pip install -r polyaxon_requirements.txt" in done.stderr
    assert 'python3 train.py --batch_size="128" --lr="0.1"' in done.stderr


def test_run_json_is_one_object_a_line(make_project: Make, pxtui: Pxtui) -> None:
    done = pxtui("run", "-C", str(make_project()), "--engine", "fake", "--json", "-P", "lr=0.5")
    told = objects(done)
    assert done.returncode == 0
    assert all({"v", "time", "type"} <= o.keys() for o in told)
    assert [o["type"] for o in told][:2] == ["loaded", "started"]
    ends = [o for o in told if o["type"] == "finished"]
    assert [(o["phase"], o["outcome"]) for o in ends] == [("build", "done"), ("run", "done")]
    assert told[-1] is ends[-1]
    outputs = [o for o in told if o["type"] == "output" and o["phase"] == "run"]
    assert [o["text"][:7] for o in outputs] == ["epoch 1", "epoch 2", "epoch 3"]
    steps = [o for o in told if o["type"] == "step" and o["state"] == "done"]
    assert [o["index"] for o in steps] == list(range(1, steps[0]["total"] + 1))


def test_a_failed_build_is_exit_code_1(make_project: Make, pxtui: Pxtui) -> None:
    done = pxtui(
        "-C", str(make_project()), "--engine", "fake", "run", "--json", script={"fail_step": 3}
    )
    assert done.returncode == 1
    assert objects(done)[-1]["phase"] == "build"
    assert objects(done)[-1]["outcome"] == "failed"


def test_an_invalid_file_is_exit_code_3(make_project: Make, pxtui: Pxtui) -> None:
    root = make_project(
        "version: 1\nkind: experiment\nrun:\n  image: x\n  cmd: python {{ nope }}\n"
    )
    for command in (["check"], ["show"], ["run", "--engine", "fake"]):
        done = pxtui("-C", str(root), *command)
        assert done.returncode == 3, command
        assert "E_UNDEFINED" in done.stdout + done.stderr


def test_no_engine_is_exit_code_4(make_project: Make, pxtui: Pxtui) -> None:
    done = pxtui("-C", str(make_project()), "run", "--engine", "fake", script={"down": "asleep"})
    assert done.returncode == 4
    assert "asleep" in done.stderr


def test_no_polyaxonfile_is_exit_code_3(tmp_path: Path, pxtui: Pxtui) -> None:
    done = pxtui("-C", str(tmp_path), "build", "--engine", "fake")
    assert done.returncode == 3
    assert "there is no polyaxonfile" in done.stderr


@pytest.mark.parametrize(
    "words",
    [["show", "-P", "lr"], ["show", "--engine", "nope"], ["nope"], ["-C", "/nope", "show"]],
)
def test_wrong_words_are_exit_code_2(words: list[str], pxtui: Pxtui) -> None:
    assert (
        pxtui(*words, *([] if words[0] == "nope" or "show" in words else ["show"])).returncode == 2
    )


def test_without_a_terminal_the_app_does_not_start(make_project: Make, pxtui: Pxtui) -> None:
    done = pxtui("-C", str(make_project()))
    assert done.returncode == 2
    assert "use check, show, build, run or watch" in done.stderr


def test_an_unknown_name_says_the_nearest(make_project: Make, pxtui: Pxtui) -> None:
    done = pxtui("-C", str(make_project()), "show", "-P", "batchsize=1")
    assert done.returncode == 3
    assert "batch_size" in done.stderr


def test_check_tells_place_and_code(make_project: Make, pxtui: Pxtui) -> None:
    root = make_project()
    (root / "bad.yml").write_text("version: 1\nrun:\n\timage: x\n")
    done = pxtui("check", str(root / "polyaxonfile.yml"), str(root / "bad.yml"))
    assert done.returncode == 3
    assert f"{root}/bad.yml:3:1: error[E_SYNTAX]" in done.stdout
    found = objects(pxtui("check", "--json", str(root / "polyaxonfile.yml"), str(root / "bad.yml")))
    assert [(o["file"], o["valid"]) for o in found] == [
        (f"{root}/polyaxonfile.yml", True),
        (f"{root}/bad.yml", False),
    ]
    assert found[0]["resolved"]["cmd"] == 'python3 train.py --batch_size="128" --lr="0.1"'


def test_show_json_has_every_key(make_project: Make, pxtui: Pxtui) -> None:
    (shown,) = objects(pxtui("-C", str(make_project()), "show", "--json"))
    wanted = "v kind project image steps env cmd argv declarations trials trials_total problems"
    assert set(wanted.split()) <= shown.keys()
    assert shown["argv"][:2] == ["/bin/bash", "-c"]
    assert shown["declarations"] == {"batch_size": 128, "lr": 0.1}


def test_show_dockerfile(make_project: Make, pxtui: Pxtui) -> None:
    lines = pxtui("-C", str(make_project()), "show", "--dockerfile").stdout.splitlines()
    assert [line.split()[0] for line in lines if line] == ["FROM", "WORKDIR", "COPY", "RUN", "COPY"]


def test_dry_run_does_nothing(make_project: Make, pxtui: Pxtui) -> None:
    root = make_project()
    done = pxtui("-C", str(root), "run", "--engine", "fake", "--dry-run")
    assert done.returncode == 0
    assert not done.stdout
    assert "pip install -r polyaxon_requirements.txt" in done.stderr
    assert "nothing was run" in pxtui("-C", str(root), "runs", "list").stderr


def test_runs_list_logs_show_rm(make_project: Make, pxtui: Pxtui) -> None:
    root = str(make_project())
    pxtui("-C", root, "run", "--engine", "fake", "-P", "lr=0.5")
    pxtui("-C", root, "run", "--engine", "fake", script={"exit_code": 3})
    lines = pxtui("-C", root, "runs", "list").stdout.splitlines()
    assert lines[0].split()[:2] == ["#1", "done"]
    assert "lr=0.5" in lines[0]
    assert lines[1].split()[:3] == ["#2", "failed", "3"]
    assert pxtui("-C", root, "runs", "logs", "1").stdout.count("epoch") == 3
    assert 'lr="0.5"' in pxtui("-C", root, "runs", "show", "#1").stdout
    refused = pxtui("-C", root, "runs", "rm", "1", "--engine", "fake")
    assert refused.returncode == 2
    assert "nothing was removed" in refused.stderr
    assert pxtui("-C", root, "runs", "rm", "--yes", "1", "--engine", "fake").returncode == 0
    (left,) = objects(pxtui("-C", root, "runs", "list", "--json"))
    assert left["number"] == 2
    assert pxtui("-C", root, "runs", "show", "1").returncode == 2


def test_foreign_text_leaves_no_control_character(make_project: Make, pxtui: Pxtui) -> None:
    root = str(make_project())
    line = "\x1b]52;c;UFdORUQ=\x07\x1b[2J\x1b]0;PWNED\x07hello\x9b31m\x00\n"
    done = pxtui("-C", root, "run", "--engine", "fake", script={"lines": [line]})
    logs = pxtui("-C", root, "runs", "logs")
    for text in (done.stdout, done.stderr, logs.stdout):
        assert not [c for c in text if (c < " " and c != "\n") or "\x7f" <= c <= "\x9f"]
    assert "hello" in done.stdout


def start(root: Path, *words: str, **script: Any) -> subprocess.Popen[str]:
    environ = {**os.environ, "PXTUI_FAKE": json.dumps({"step_seconds": 0.01, **script})}
    return subprocess.Popen(
        [*START, "-C", str(root), "--engine", "fake", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environ,
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_what_was_started(make_project: Make, number: signal.Signals) -> None:
    told: list[dict[str, Any]] = []
    with start(make_project(), "run", "--json", endless=True, line_seconds=0.02) as process:
        assert process.stdout
        for line in process.stdout:
            told.append(json.loads(line))
            if told[-1]["type"] == "output" and told[-1]["phase"] == "run":
                process.send_signal(number)
                break
        told += [json.loads(line) for line in process.stdout]
    assert process.returncode == 128 + number
    assert told[-1]["type"] == "finished"
    assert told[-1]["outcome"] == "cancelled"


def minds(process: subprocess.Popen[str]) -> bool:
    """Whether it has handlers of its own already (before that, Python itself starts)."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    caught = next(line for line in status.splitlines() if line.startswith("SigCgt:"))
    return bool(int(caught.split()[1], 16) >> (signal.SIGTERM - 1) & 1)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("words", [("build", "--json"), ("watch",), ("run", "--json")])
def test_a_signal_at_the_start_ends_it_without_a_word(
    make_project: Make, number: signal.Signals, words: tuple[str, ...]
) -> None:
    root = make_project()
    for after in (0, 0.2, 0.45):
        with subprocess.Popen(
            [*START, "-C", str(root), "--engine", "fake", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PXTUI_FAKE": json.dumps({"endless": True, "step_seconds": 9})},
        ) as process:
            until = time.monotonic() + 20
            while not minds(process):
                assert time.monotonic() < until
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(after)
            process.send_signal(number)
            told, said = process.communicate(timeout=20)
        assert process.returncode == 128 + number, (after, said)
        assert "Traceback" not in said
        assert "Aborted" not in said
        if "--json" in words:
            assert all(json.loads(line) for line in told.splitlines())


def test_a_signal_does_not_wait_for_an_engine(make_project: Make) -> None:
    with socket.create_server(("127.0.0.1", 0)) as engine:  # it never answers
        engine.settimeout(20)
        host = f"tcp://127.0.0.1:{engine.getsockname()[1]}"
        process = subprocess.Popen(
            [*START, "-C", str(make_project()), "--engine", "docker", "build"],
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "DOCKER_HOST": host},
        )
        with process, engine.accept()[0]:
            process.send_signal(signal.SIGINT)
            said = process.communicate(timeout=20)[1]
    assert process.returncode == 130
    assert said == ""


def test_watch_rebuilds_at_a_change(make_project: Make) -> None:
    root = make_project()
    ends = 0
    told: list[dict[str, Any]] = []
    with start(root, "watch", "--json", line_seconds=0.01) as process:
        assert process.stdout
        for line in process.stdout:
            told.append(json.loads(line))
            ends += told[-1]["type"] == "finished" and told[-1]["phase"] == "run"
            if ends == 1 and told[-1]["type"] == "finished":
                (root / "train.py").write_text("print('changed')\n")
            if ends == 2:
                process.send_signal(signal.SIGINT)
    assert process.returncode == 130
    (changed,) = (o for o in told if o["type"] == "changed")
    assert changed["paths"] == ["train.py"]
    assert changed["leads_to"] == "run"
    started = [(o["phase"], o["cause"]) for o in told if o["type"] == "started"]
    causes = [(phase, cause) for cause in ("watch", "changed") for phase in ("build", "run")]
    assert started[:4] == causes


def test_demo_writes_once_and_opens_nothing_without_a_terminal(
    tmp_path: Path, pxtui: Pxtui
) -> None:
    folder = tmp_path / "demo"
    assert pxtui("demo", "--no-open", str(folder)).returncode == 0
    assert pxtui("-C", str(folder), "check").returncode == 0
    again = pxtui("demo", "--no-open", str(folder))
    assert again.returncode == 2
    assert "pxtui:" in again.stderr


def test_doctor_names_what_is_wrong(make_project: Make, tmp_path: Path, pxtui: Pxtui) -> None:
    assert pxtui("-C", str(make_project()), "doctor", "--engine", "fake").returncode == 0
    done = pxtui("-C", str(tmp_path), "doctor", "--engine", "fake")
    assert done.returncode == 3
    assert "✗ polyaxonfile" in done.stdout


def test_the_debug_log_has_events_and_no_values(make_project: Make, pxtui: Pxtui) -> None:
    root = str(make_project())
    pxtui("--log-level", "debug", "-C", root, "run", "--engine", "fake", "-P", "lr=0.4242")
    log = Path(os.environ["XDG_STATE_HOME"]) / "pxtui/debug.log"
    assert "Finished" in log.read_text()
    assert "0.4242" not in log.read_text()
    assert log.stat().st_mode & 0o777 == 0o600


def test_a_closed_output_ends_it_and_leaves_the_run(make_project: Make, pxtui: Pxtui) -> None:
    root = make_project()
    for words in (["run", "--json"], ["run"], ["watch", "--json"]):
        with start(root, *words, endless=True, line_seconds=0.01) as process:
            assert process.stdout
            process.stdout.readline()
            process.stdout.close()
            assert process.wait(20) == 128 + signal.SIGPIPE, words


def test_a_full_output_is_named(make_project: Make) -> None:
    words = [*START, "-C", str(make_project()), "run", "--engine", "fake", "--json"]
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            words, stdout=full, stderr=subprocess.PIPE, text=True, timeout=30, check=False
        )
    assert done.returncode == 1
    assert "the output cannot be written" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_state_folder_that_cannot_be_used_is_named(
    make_project: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pxtui: Pxtui
) -> None:
    root = str(make_project())
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    done = pxtui("-C", root, "run", "--engine", "fake")
    assert done.returncode == 1
    assert "cannot be used" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_damaged_state_folder_does_not_hang_a_run(make_project: Make, pxtui: Pxtui) -> None:
    root = make_project()
    project.find(root).places.home.mkdir(parents=True)
    (project.find(root).places.home / "number").mkdir()
    done = pxtui("-C", str(root), "run", "--engine", "fake", "--json")
    assert done.returncode == 1
    assert "cannot be used" in done.stderr
    assert objects(done)[-1]["outcome"] == "failed"


def test_run_tells_the_warnings_of_the_file(make_project: Make, pxtui: Pxtui) -> None:
    text = "version: 1\nkind: experiment\nrun:\n  image: x\n  cmd: |\n    set -e\n    false\n"
    done = pxtui("-C", str(make_project(text)), "run", "--engine", "fake", "--json")
    assert "W_CMD_LINES" in done.stderr
    assert objects(done)[0]["problems"][0]["code"] == "W_CMD_LINES"


def test_what_is_left_out_of_the_image_is_told(make_project: Make, pxtui: Pxtui) -> None:
    root = make_project(**{".env": "SECRET=1", "kaggle.json": "{}"})
    done = pxtui("-C", str(root), "build", "--engine", "fake")
    assert "left out" in done.stderr
    assert ".env" in done.stderr
    assert "kaggle.json" in done.stderr


def test_watch_waits_for_a_file_that_is_invalid_at_first(make_project: Make) -> None:
    root = make_project("version: 1\nrun: [\n")
    with start(root, "watch", "--json", line_seconds=0.01) as process:
        assert process.stdout
        for line in process.stdout:
            told = json.loads(line)
            if told["type"] == "invalid":
                make_project()
            if told["type"] == "finished" and told["phase"] == "run":
                process.send_signal(signal.SIGINT)
    assert process.returncode == 130


def test_json_has_no_infinite_numbers(make_project: Make, pxtui: Pxtui) -> None:
    values = "declarations: {a: .inf, b: .nan}"
    run = "run:\n  image: x\n  cmd: c {{ a }} {{ b }}\n"
    text = f"version: 1\nproject: {{name: p}}\n{values}\n{run}"
    done = pxtui("-C", str(make_project(text)), "show", "--json")

    def refuse(word: str) -> None:
        raise AssertionError(word)

    (shown,) = (json.loads(line, parse_constant=refuse) for line in done.stdout.splitlines())
    assert shown["declarations"] == {"a": "inf", "b": "nan"}


def test_show_json_of_an_invalid_file_has_every_key(make_project: Make, pxtui: Pxtui) -> None:
    (shown,) = objects(pxtui("-C", str(make_project("version: 1\nrun: [")), "show", "--json"))
    assert shown["cmd"] is None
    assert shown["problems"][0]["code"] == "E_SYNTAX"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("words", [("check", "--json"), ("show",), ("schema",)])
def test_a_full_disk_is_said_in_one_line(make_project: Make, words: tuple[str, ...]) -> None:
    root = str(make_project())
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [*START, "-C", root, *words],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == "pxtui: the output cannot be written: No space left on device\n"
