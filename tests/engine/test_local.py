"""The engine without containers: environments, snapshots, and runs that outlive the app."""

from __future__ import annotations

import contextlib
import errno
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

import pxtui
from pxtui import places
from pxtui.engine import BuildRequest, Outcome, StepReport, Stream
from pxtui.engine.local import LocalEngine, connect, running, surroundings
from pxtui.engine.local.steps import command, refusal
from pxtui.engine.supervisor import read_json
from pxtui.errors import EngineError
from pxtui.gpus import NO_GPUS, Gpu, Gpus
from pxtui.image.context import ContextMoved, Limits, Listing, look, stage
from pxtui.image.plan import ImagePlan
from pxtui.logs.reader import LogReader
from pxtui.run import Mount, Port, RunSpec, Surroundings

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")
SOURCE = Path(pxtui.__file__).parents[1]


def until(condition: Callable[[], Any], limit: float = 20.0) -> Any:
    """The first true value of a condition."""
    end = time.monotonic() + limit
    while not (value := condition()):
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.01)
    return value


def is_alive(pid: int) -> bool:
    """Whether a process goes on (one that nobody has waited for yet does not)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


@contextlib.contextmanager
def in_thread(work: Callable[[], object]) -> Iterator[None]:
    """Do something beside the test, and wait for it."""
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    yield
    thread.join(20)
    assert not thread.is_alive()


@dataclass
class Told:
    """A sink and a reporter that remember."""

    output: bytes = b""
    steps: list[StepReport] = field(default_factory=list)
    max_size: int = 1 << 30

    def write(self, data: bytes, stream: Stream) -> None:
        self.output += data

    @property
    def ended(self) -> list[tuple[str, str, bool]]:
        return [(s.text, s.state, s.cached) for s in self.steps if s.state != "started"]


class Project:
    """A project's tree, and the engine under it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.engine: LocalEngine = connect()
        self.places = places.ProjectPlaces.of(root)
        self.steps: tuple[str, ...] = ()
        self.env: tuple[tuple[str, str], ...] = ()
        self.told = Told()

    def write(self, name: str, text: str, mode: int = 0o644) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)

    def listing(self) -> Listing:
        return look(self.root, Limits())

    def request(self, **more: Any) -> BuildRequest:
        plan = ImagePlan(
            "python:3.11-slim", self.env, stage(self.root, self.steps).files, self.steps
        )
        listing = more.pop("listing", None) or self.listing()
        return BuildRequest(places.new_id(), self.places.project, self.root, plan, listing, **more)

    def build(self, **more: Any) -> Outcome:
        self.told = Told()
        return self.engine.build(self.request(**more), self.told, self.told.steps.append).wait()

    def spec(self, image: str | None, cmd: str) -> RunSpec:
        run = places.new_id()
        folder = self.places.run(run)
        labels = ((places.LABEL_OWNER, "me"),)
        outputs = str(folder / "outputs")
        return RunSpec(run, "name", image or "", cmd, (("X", "1"),), labels, outputs, str(folder))

    def tree(self, outcome: Outcome) -> Path:
        name, _, signature = (outcome.image or "").partition("/")
        return places.local_environments() / name / "trees" / signature


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """State and cache of this module, so that one environment serves many tests."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(places, "state_home", lambda: home / "state")
        patch.setattr(places, "cache_home", lambda: home / "cache")
        yield home


@pytest.fixture
def project(home: Path, tmp_path: Path) -> Project:
    """A project of one file."""
    made = Project(tmp_path / "project")
    made.write("train.py", "print('trained')\n")
    return made


def read_log(spec: RunSpec, stream: str = "stdout") -> str:
    pieces = LogReader(Path(spec.folder)).read(0)
    return b"".join(piece.data for piece in pieces if piece.stream == stream).decode()


# Steps


@pytest.mark.parametrize(
    "step",
    [
        "pip install -r polyaxon_requirements.txt",
        "pip3 install 'torch>=1.0' scikit-learn[extra]==1.0",
        "python -m pip install -U pip",
        "  python3 -m pip install six ",
        "uv pip install --system six",
        "pip install $EXTRA",
        "./polyaxon_setup.sh",
        "bash polyaxon_setup.sh --fast",
        "/bin/sh ./polyaxon_setup.sh",
    ],
)
def test_steps_that_run(step: str) -> None:
    assert refusal(step, ("polyaxon_setup.sh",)) == ""


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        ("apt-get update", "neither pip"),
        ("pip install six && rm -rf /", "more than one"),
        ("pip install six; reboot", "more than one"),
        ("pip install six > /etc/x", "more than one"),
        ("pip install torch>=1.0", "more than one"),
        ("pip install $(cat x)", "more than one"),
        ("pip install `cat x`", "more than one"),
        ("pip install six & reboot", "more than one"),
        ("pip install six\nreboot", "more than one"),
        ("pip install 'six", "more than one"),
        ("pip install --target=/usr six", "--target"),
        ("uv pip install --python /usr/bin/python3 six", "--python"),
        ("pip config set global.index-url x", "your own"),
        ("python setup.py install", "neither pip"),
        ("bash -c 'reboot'", "neither pip"),
        ("bash", "neither pip"),
        ("sudo pip install six", "neither pip"),
        ("pipx install six", "neither pip"),
        ("# nothing", "neither pip"),
    ],
)
def test_steps_that_do_not(step: str, reason: str) -> None:
    assert reason in refusal(step, ("polyaxon_setup.sh",))


def test_files_that_a_step_names_are_there_and_a_change_of_one_makes_it_anew(
    project: Project,
) -> None:
    project.write("requirements/dev.txt", "-r base.txt\n")
    project.write("requirements/base.txt", "# nothing\n")
    project.write("setup.sh", "#!/bin/sh\ncat requirements/base.txt\n")
    project.steps = ("pip install -r requirements/dev.txt", "./setup.sh")
    first = project.build()
    assert first.result == "done", project.told.output
    assert b"# nothing" in project.told.output
    assert (project.tree(first) / "setup.sh").stat().st_mode & 0o100

    def environment(outcome: Outcome) -> str:
        return (outcome.image or "").partition("/")[0]

    project.write("train.py", "print('changed')\n")
    second = project.build()
    assert (environment(second), second.result) == (environment(first), "done")
    project.write("requirements/base.txt", "# something\n")
    third = project.build()
    assert environment(third) != environment(first)
    assert b"# something" in project.told.output
    request = project.request(no_cache=True)
    request = replace(request, plan=replace(request.plan, notes=("a note",)))
    assert project.engine.build(request, project.told, lambda _: None).wait().result == "done"
    assert b"a note\n" in project.told.output


def test_the_setup_file_must_be_there() -> None:
    assert "has no polyaxon_setup.sh" in refusal("./polyaxon_setup.sh", ())


def test_uv_is_pip_where_it_is_missing() -> None:
    assert command("uv pip install --system six", False)[-1] == "python -m pip install six"
    assert command("uv pip install --system six", True)[-1] == "uv pip install six"


# Builds


def test_build_then_cached_then_found_again(project: Project, tmp_path: Path) -> None:
    wheel = tmp_path / "tiny_pxtui_test-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as file:
        file.writestr("tiny_pxtui_test.py", "word = 'from the wheel'\n")
        meta = "tiny_pxtui_test-1.0.dist-info"
        file.writestr(
            f"{meta}/METADATA", "Metadata-Version: 2.1\nName: tiny_pxtui_test\nVersion: 1.0\n"
        )
        file.writestr(
            f"{meta}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        file.writestr(f"{meta}/RECORD", "")
    project.write("polyaxon_requirements.txt", f"{wheel}\n")
    install = "pip install --no-index -r polyaxon_requirements.txt"
    project.steps, project.env = (install,), (("WORD", "one"), ("WORDS", "$WORD two"))
    first = project.build()
    base, _, copy = [text for text, _, _ in project.told.ended]
    assert first.result == "done"
    assert base.startswith("FROM python:3.11-slim: not used, this Python 3.")
    assert [(s.index, s.total) for s in project.told.steps if s.state == "done"] == [
        (1, 3), (2, 3), (3, 3),
    ]  # fmt: skip
    assert b"Successfully installed tiny" in project.told.output
    assert project.build() == Outcome("skipped", image=first.image, signature=first.signature)
    assert project.told.ended == [(t, "done", True) for t in (base, install, copy)]
    project.write("train.py", "import tiny_pxtui_test as t, os; print(t.word, os.environ['WORDS'])")
    again = project.build()
    assert (again.result, again.image != first.image) == ("done", True)
    assert [cached for _, _, cached in project.told.ended] == [True, True, False]
    spec = project.spec(again.image, "python3 train.py")
    assert project.engine.run(spec, project.told).wait() == Outcome("done", 0)
    assert read_log(spec) == "from the wheel one two\n"


def test_steps_see_only_the_staged_files_and_no_secrets(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush")
    monkeypatch.setenv("PYTHONPATH", "/hush")
    project.write("polyaxon_setup.sh", "#!/bin/sh\nls; env; mkdir made; echo made > made/file\n")
    project.write("made/own", "own")
    project.steps = ("./polyaxon_setup.sh",)
    outcome = project.build()
    assert outcome.result == "done"
    assert b"polyaxon_setup.sh" in project.told.output
    assert b"train.py" not in project.told.output
    assert b"hush" not in project.told.output
    tree = project.tree(outcome)
    assert (tree / "made/file").read_text() == "made\n"
    assert (tree / "made/own").read_text() == "own"
    spec = project.spec(outcome.image, "env")
    project.engine.run(spec, project.told).wait()
    assert "hush" not in read_log(spec)
    assert "POLYAXON_RUN_OUTPUTS_PATH" in read_log(spec)


def test_the_snapshot_is_the_tree(project: Project) -> None:
    project.write("run.sh", "#!/bin/sh\n", 0o755)
    project.write("sub/deep/data", "x" * 100_000)
    (project.root / "link").symlink_to("sub/deep/data")
    tree = project.tree(project.build())
    assert os.access(tree / "run.sh", os.X_OK)
    assert os.readlink(tree / "link") == "sub/deep/data"
    assert (tree / "link").read_text() == "x" * 100_000
    assert sorted(p.name for p in tree.iterdir()) == ["link", "run.sh", "sub", "train.py"]


def test_only_the_last_snapshots_are_kept(project: Project) -> None:
    trees = []
    for text in "abc":
        project.write("train.py", text)
        trees.append(project.tree(project.build()))
    base, copy = project.told.ended
    assert (base[0][:5], base[2], copy) == ("FROM ", True, ("COPY 1 files", "done", False))
    assert [tree.exists() for tree in trees] == [False, True, True]
    assert not [p for p in trees[0].parent.iterdir() if p.name.startswith(".")]


def test_a_tree_that_moved_is_taken_as_it_is_now(project: Project) -> None:
    stale = project.listing()
    project.write("train.py", "print('newer than the listing')\n")
    outcome = project.build(listing=stale)
    assert outcome.result == "done"
    assert outcome.signature == project.listing().signature
    assert "newer" in (project.tree(outcome) / "train.py").read_text()


def test_a_tree_that_keeps_moving_is_to_be_tried_again(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def moving(*_: object) -> None:
        raise ContextMoved("a file changed")

    monkeypatch.setattr("pxtui.engine.local.building.pack_code", moving)
    project.write("other.py", "1")
    failed = project.build()
    assert (failed.result, failed.moved) == ("failed", True)
    assert "changes faster" in failed.message


def test_a_failing_step_is_named_and_nothing_is_left(project: Project) -> None:
    project.write("polyaxon_setup.sh", "#!/bin/sh\necho before\necho wrong >&2\nexit 7\n")
    project.steps = ("./polyaxon_setup.sh",)
    before = set(places.local_environments().glob("*/"))
    outcome = project.build()
    message = "step 2 of 3 failed with exit code 7: ./polyaxon_setup.sh"
    assert outcome == Outcome("failed", 7, message)
    assert project.told.ended[-1] == ("./polyaxon_setup.sh", "failed", False)
    assert project.told.output.endswith(b"before\nwrong\n")
    assert {p for p in places.local_environments().glob("*/") if p.is_dir()} <= before


def test_a_step_for_containers_is_refused_before_anything_is_made(project: Project) -> None:
    project.steps = ("pip install six", "apt-get install -y git")
    outcome = project.build()
    assert outcome.result == "failed"
    assert outcome.message.startswith("step 3 of 4 is not run without a container")
    assert "apt-get install -y git (--allow-steps" in outcome.message
    assert project.told.steps == []


def test_allowed_steps_run_in_a_shell(project: Project) -> None:
    project.steps = ("echo $VIRTUAL_ENV && command -v python", "false\necho not reached")
    outcome = project.build(allow_steps=True)
    assert outcome.message.startswith("step 3 of 4 failed with exit code 1")
    venv, python = project.told.output.decode().splitlines()[-2:]
    assert python == f"{venv}/bin/python"
    assert venv.startswith(str(places.local_environments()))


@LINUX
def test_closing_kills_the_step_with_its_children(project: Project, tmp_path: Path) -> None:
    script = f"cd {tmp_path}; sleep 300 & echo $! $$ > new; mv new pids; wait\n"
    project.write("polyaxon_setup.sh", f"#!/bin/sh\n{script}")
    project.steps = ("./polyaxon_setup.sh",)
    build = project.engine.build(project.request(), project.told, project.told.steps.append)
    outcomes: list[Outcome] = []
    with in_thread(lambda: outcomes.append(build.wait())):
        pids = until(lambda: (tmp_path / "pids").exists() and (tmp_path / "pids").read_text())
        build.close()
        until(lambda: outcomes)
    assert outcomes == [Outcome("cancelled")]
    assert not [pid for pid in pids.split() if is_alive(int(pid))]
    assert build.wait() == Outcome("cancelled")


def test_of_two_builds_of_one_environment_the_second_waits(
    project: Project, tmp_path: Path
) -> None:
    script = f"touch {tmp_path}/begun; while [ ! -e {tmp_path}/go ]; do sleep 0.02; done"
    project.write("polyaxon_setup.sh", f"#!/bin/sh\n{script}\n")
    project.steps = ("./polyaxon_setup.sh",)
    outcomes: list[Outcome] = []
    with in_thread(lambda: outcomes.append(project.build())):
        until((tmp_path / "begun").exists)
        told = [Told(), Told()]
        given_up, second = (
            project.engine.build(project.request(), t, t.steps.append) for t in told
        )
        with in_thread(lambda: outcomes.append(given_up.wait())):
            until(lambda: b"another pxtui" in told[0].output)
            given_up.close()
        with in_thread(lambda: outcomes.append(second.wait())):
            until(lambda: b"another pxtui" in told[1].output)
            (tmp_path / "go").touch()
    assert sorted(outcome.result for outcome in outcomes) == ["cancelled", "done", "skipped"]


def test_an_unfinished_environment_is_made_anew(project: Project) -> None:
    project.env = (("UNFINISHED", "1"),)
    first = project.build()
    environment = project.tree(first).parents[1]
    (environment / "environment.json").unlink()
    (environment / "code/rubbish").write_text("")
    again = project.build()
    assert (again.result, again.image) == ("done", first.image)
    assert not (environment / "code/rubbish").exists()


@LINUX
def test_no_cache_leaves_a_running_run_its_environment(project: Project) -> None:
    project.env = (("GENERATION", "1"),)
    first = project.build()
    old = project.tree(first).parents[1]
    spec = project.spec(
        first.image, "echo begun; while [ ! -e go ]; do sleep 0.02; done; python -V"
    )
    run = project.engine.run(spec, project.told)
    outcomes: list[Outcome] = []
    with in_thread(lambda: outcomes.append(run.wait())):
        until(lambda: read_log(spec) == "begun\n")
        second = project.build(no_cache=True)
        assert second.result == "done"
        assert second.image != first.image
        assert [cached for _, _, cached in project.told.ended] == [False, False]
        assert old.exists()
        (Path(spec.folder) / "code/go").touch()
    assert outcomes == [Outcome("done", 0)]
    assert project.build().image == second.image
    project.build(no_cache=True)
    assert not old.exists()
    with pytest.raises(EngineError, match="not on this machine any more"):
        project.engine.run(project.spec(first.image, "true"), project.told)


# Runs


@pytest.fixture(scope="module")
def plain(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project without steps."""
    project = Project(tmp_path_factory.mktemp("plain"))
    project.write("train.py", "print('trained')\n")
    project.write("kept/data", "as it was")
    return project


@pytest.fixture
def image(plain: Project) -> str:
    """Its image: made anew where those of other tests have taken its place."""
    return plain.build().image or ""


WRITES = (
    "mkdir -p checkpoints/old kept/__pycache__; echo weights > checkpoints/1.pt;"
    "ln -s checkpoints/1.pt last; echo x > kept/__pycache__/x.pyc; mkfifo pipe; mkdir empty;"
    "mv kept moved; echo changed >> train.py;"
)
WRITTEN = {"checkpoints/1.pt", "last", "pipe", "moved/data", "train.py"}


def files_in(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if not p.is_dir()}


def run(project: Project, image: str, cmd: str) -> tuple[RunSpec, Outcome]:
    spec = project.spec(image, cmd)
    return spec, project.engine.run(spec, project.told).wait()


def test_a_run_has_its_own_folder_and_keeps_what_it_wrote(project: Project, image: str) -> None:
    spec, outcome = run(
        project,
        image,
        "python3 train.py; echo oops >&2; echo $X > $POLYAXON_RUN_OUTPUTS_PATH/x;"
        "echo changed > kept/data; echo new > new; exit 3",
    )
    assert outcome == Outcome("failed", 3)
    assert (read_log(spec), read_log(spec, "stderr")) == ("trained\n", "oops\n")
    assert (Path(spec.outputs) / "x").read_text() == "1\n"
    assert not (Path(spec.folder) / "code").exists()
    assert files_in(Path(spec.outputs)) == {"x", "code/kept/data", "code/new"}
    (found,) = project.engine.runs(project.places.project)
    assert (found.id, found.running, found.exit_code, found.owner) == (spec.id, False, 3, "me")
    assert found.started > time.time() - 60
    project.engine.remove(spec.id)
    project.engine.remove(spec.id)
    assert project.engine.runs(project.places.project) == ()
    assert {p.name for p in Path(spec.folder).iterdir()} >= {"log", "outputs"}
    assert files_in(Path(spec.outputs)) == {"x", "code/kept/data", "code/new"}


def test_what_it_wrote_beside_its_outputs_is_taken_to_them(
    project: Project, image: str, tmp_path: Path
) -> None:
    spec = project.spec(image, WRITES + "mkdir $POLYAXON_RUN_OUTPUTS_PATH/code")
    spec = replace(spec, outputs=str(tmp_path / "elsewhere" / spec.id))
    job = project.engine.run(spec, project.told)
    assert job.wait() == Outcome("done", 0)
    outputs = Path(spec.outputs)
    assert files_in(outputs) == {f"code-2/{name}" for name in WRITTEN}
    assert os.readlink(outputs / "code-2/last") == "checkpoints/1.pt"
    assert list((outputs / "code").iterdir()) == []
    assert not (Path(spec.folder) / "code").exists()


def test_what_a_run_moved_to_its_code_is_kept_however_old(
    project: Project, image: str, tmp_path: Path
) -> None:
    for name in ("mine", "mine/sub", "linked", "linked/__pycache__"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "old").write_text("years of work")
    cmd = f"rm -r kept; mv {tmp_path}/mine kept; rm -r ../code/train.py"
    spec, _ = run(project, image, cmd)
    assert files_in(Path(spec.outputs)) == {"code/kept/old", "code/kept/sub/old"}
    spec, _ = run(project, image, f"cd ..; mv code other; ln -s {tmp_path}/linked code")
    assert files_in(tmp_path / "linked") == {"old", "__pycache__/old"}


IN_A_TERMINAL = """
import os, signal, sys
print([one.isatty() for one in (sys.stdin, sys.stdout, sys.stderr)], os.environ["TERM"])
print(sorted({"COLUMNS", "LINES"} & set(os.environ)), *os.get_terminal_size())
signal.signal(signal.SIGWINCH, lambda *_: print("now", *os.get_terminal_size(), flush=True))
print("ready", flush=True)
while os.get_terminal_size().columns != 70:
    signal.pause()
sys.exit(7)
"""


def with_terminal(project: Project, image: str, cmd: str) -> RunSpec:
    return replace(project.spec(image, cmd), surroundings=Surroundings(tty=True), size=(111, 33))


@LINUX
def test_a_terminal_has_the_size_of_the_pane_and_follows_it(project: Project) -> None:
    project.write("train.py", IN_A_TERMINAL)
    image = project.build().image or ""
    sized = 'until [ "$(stty size)" = "30 100" ]; do :; done'
    spec = with_terminal(project, image, f"{sized}; stty size; python3 train.py")
    job = project.engine.run(spec, project.told)
    assert ("terminal", "yes") in job.got
    job.resize(100, 30)  # before it begins
    with in_thread(job.wait):
        until(lambda: "ready" in read_log(spec, "tty"))
        job.close()
    again = project.engine.adopt(spec.id, project.told)
    again.resize(90, 20)
    until(lambda: "now 90 20" in read_log(spec, "tty"))
    again.resize(-1, 10**9)
    again.resize(70, 20)
    assert again.wait() == Outcome("failed", 7)
    assert read_log(spec, "tty").split("\r\n") == [
        *("30 100", "[True, True, True] xterm-256color", "[] 100 30", "ready"),
        *("now 90 20", "now 70 20", ""),
    ]


@LINUX
def test_all_output_of_a_terminal_is_in_the_log_and_it_can_be_stopped(
    project: Project, image: str
) -> None:
    spec = with_terminal(project, image, "seq 100000; exit 3")
    assert project.engine.run(spec, project.told).wait() == Outcome("failed", 3)
    assert read_log(spec, "tty") == "".join(f"{n}\r\n" for n in range(1, 100_001))
    spec = with_terminal(
        project, image, "trap 'echo bye; exit 4' TERM; echo on; while :; do :; done"
    )
    job = project.engine.run(spec, project.told)
    with in_thread(job.wait):
        until(lambda: "on" in read_log(spec, "tty"))
        job.stop(10)
    assert read_log(spec, "tty") == "on\r\nbye\r\n"
    assert project.engine.adopt(spec.id, project.told).wait().exit_code == 4


def run_unseen(project: Project, image: str, cmd: str) -> RunSpec:
    """Let go of a run as soon as it is there, and wait for the end that nobody takes note of."""
    spec = project.spec(image, cmd)
    go = Path(spec.folder) / "go"
    spec = replace(spec, cmd=f"until [ -e {go} ]; do sleep 0.01; done; {cmd}")
    job = project.engine.run(spec, project.told)
    with in_thread(job.wait):
        until(lambda: running.is_running(Path(spec.folder)))
        job.close()
    go.touch()
    until(lambda: not running.is_running(Path(spec.folder)))
    return spec


def test_what_a_run_wrote_that_nobody_saw_ending(project: Project, image: str) -> None:
    spec = run_unseen(project, image, WRITES)
    assert (Path(spec.folder) / "code").exists()
    project.engine.adopt(spec.id, project.told).wait()
    assert files_in(Path(spec.outputs)) == {f"code/{name}" for name in WRITTEN}
    again = run_unseen(project, image, WRITES)
    project.engine.remove(again.id)
    assert files_in(Path(again.outputs)) == {f"code/{name}" for name in WRITTEN}


STEADY = """
import os, sys
out = os.environ["POLYAXON_RUN_OUTPUTS_PATH"]
for n in range(100_000):
    for name in (f"step-{n // 50}/{n}", f"{out}/{n}"):
        os.makedirs(os.path.dirname(name), exist_ok=True)
        with open(name, "w") as file:
            file.write("x" * 100)
    print(n, flush=True)
    if n == int(sys.argv[1]):
        sys.exit(n % 2)
"""


@LINUX
@pytest.mark.parametrize("way", ["finish", "fail", "stop", "kill", "supervisor killed", "let go"])
def test_however_it_ends_no_file_is_missing(project: Project, way: str) -> None:
    project.write("train.py", STEADY)
    last = {"finish": 400, "fail": 301, "let go": 200}.get(way, 100_000)
    spec = project.spec(project.build().image, f"python train.py {last}")
    job = project.engine.run(spec, project.told)
    with in_thread(job.wait):
        until(lambda: len(read_log(spec).split()) > 20)
        if way == "supervisor killed":
            note = read_json(Path(spec.folder) / "started.json") or {}
            os.kill(note["supervisor"], signal.SIGKILL)
        ends: dict[str, Callable[[], None]] = {
            "stop": lambda: job.stop(5.0), "kill": job.kill, "let go": job.close,
        }  # fmt: skip
        ends.get(way, lambda: None)()
    until(lambda: not running.is_running(Path(spec.folder)))
    project.engine.adopt(spec.id, project.told).wait()
    written = {int(n) for n in read_log(spec).split()}
    files = files_in(Path(spec.outputs))
    assert len(written) > 20
    assert {f"code/step-{n // 50}/{n}" for n in written} <= files
    assert {str(n) for n in written} <= files


class Killed(BaseException):
    """Stands for a SIGKILL at this very call."""


def test_who_takes_it_out_may_be_killed_at_any_moment(
    project: Project, image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ((os, "rename"), (os, "replace"), (os, "unlink"), (shutil, "copy2"), (Path, "rmdir"))
    true = {name: getattr(holder, name) for holder, name in names}
    calls = 0

    def until_killed(name: str, limit: int) -> Callable[..., Any]:
        def call(*args: Any, **more: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == limit:
                raise Killed
            if name == "rename":
                raise OSError(errno.EXDEV, "Invalid cross-device link")
            return true[name](*args, **more)

        return call

    for limit in itertools.count(1):
        spec = run_unseen(project, image, WRITES)
        with monkeypatch.context() as patch:
            for holder, name in names:
                patch.setattr(holder, name, until_killed(name, limit))
            calls = 0
            with contextlib.suppress(Killed):
                project.engine.adopt(spec.id, project.told).wait()
            ended, calls = calls < limit, limit
            assert project.engine.adopt(spec.id, project.told).wait() == Outcome("done", 0)
        outputs = Path(spec.outputs)
        # a pipe holds nothing that could be copied
        assert files_in(outputs) | {"code/pipe"} == {f"code/{n}" for n in WRITTEN}, limit
        assert (outputs / "code/checkpoints/1.pt").read_text() == "weights\n", limit
        if ended:
            break
    assert limit > 12


@LINUX
def test_what_cannot_be_taken_out_is_named_and_stays(
    project: Project, image: str, tmp_path: Path
) -> None:
    spec = project.spec(image, "echo new > new; rm -rf $POLYAXON_RUN_OUTPUTS_PATH; exit 3")
    spec = replace(spec, outputs=str(tmp_path / "disk" / "gone"))
    job = project.engine.run(spec, project.told)
    (tmp_path / "disk").rename(tmp_path / "away")
    (tmp_path / "disk").write_text("not a folder")
    outcome = job.wait()
    place = Path(spec.folder) / "code"
    assert (outcome.result, outcome.exit_code, outcome.kept) == ("failed", 3, str(place))
    assert outcome.message.endswith(f": {place}")
    with pytest.raises(EngineError, match="could not be moved"):
        project.engine.remove(spec.id)
    assert (place / "new").read_text() == "new\n"
    (tmp_path / "disk").unlink()
    assert project.engine.adopt(spec.id, project.told).wait() == Outcome("failed", 3)
    assert files_in(Path(spec.outputs)) == {"code/new"}


# Surroundings


def test_mounts_are_links_and_data_paths(project: Project, image: str, tmp_path: Path) -> None:
    data, other = tmp_path / "data", tmp_path / "other"
    for folder in (data, other):
        folder.mkdir()
        (folder / "file").write_text(folder.name)
    mounts = (
        Mount(str(data), "/code/kept"),
        Mount(str(data), "/code/deep/er/data", True),
        Mount(str(other), "/mnt/other", True),
        Mount(str(other), "/code", True),
    )
    spec = project.spec(image, "cat kept/file deep/er/data/file; echo; env | grep _DATA_PATH")
    spec = replace(spec, surroundings=Surroundings(mounts=mounts))
    job = project.engine.run(spec, project.told)
    assert job.notes == (
        f"there is no /mnt/other without a container: its data is in {other}",
        f"there is no /code without a container: its data is in {other}",
        "not applied without a container: read-only (the run can write to what is mounted)",
    )
    assert [label for label, _ in job.got] == ["mount", "mount", "gpu", "user"]
    assert job.wait() == Outcome("done", 0)
    first, *paths = read_log(spec).splitlines()
    assert first == "datadata"
    assert f"POLYAXON_DATA_PATH={data}" in paths
    assert files_in(Path(spec.outputs)) == set(), "a mount is nothing that the run wrote"
    assert {p.name for p in data.iterdir()} == {"file"}


def test_a_mount_stays_inside_and_must_be_there(
    project: Project, image: str, tmp_path: Path
) -> None:
    code = tmp_path / "code"
    code.mkdir()
    (code / "out").symlink_to(tmp_path)
    inside = Surroundings(mounts=(Mount(str(project.root), "/code/out/place/link", True),))
    had = surroundings.give(
        replace(project.spec(image, "true"), surroundings=inside), code, NO_GPUS
    )
    assert had.notes == (
        "/code/out/place/link is behind a link that leaves the code: it is not mounted",
    )
    assert not (tmp_path / "place").exists()
    gone = Surroundings(mounts=(Mount(str(tmp_path / "gone"), "/code/gone"),))
    spec = replace(project.spec(image, "true"), surroundings=gone)
    with pytest.raises(EngineError, match="gone is not on this machine"):
        project.engine.run(spec, project.told)
    assert not (Path(spec.folder) / "code").exists()


def test_what_does_not_apply_is_said_at_once(project: Project, image: str) -> None:
    wanted = Surroundings(
        gpus="none", cpus=2.5, memory=1, shm_size=1, publish=(Port(1, 1),), user="me",
        platform="linux/amd64",
    )  # fmt: skip
    spec = project.spec(image, "echo $OMP_NUM_THREADS $CUDA_VISIBLE_DEVICES")
    spec = replace(spec, surroundings=wanted)
    job = project.engine.run(spec, project.told)
    assert job.notes == (
        "not applied without a container: the memory limit, the size of /dev/shm, "
        "the published ports, the user, the platform",
    )
    job.wait()
    assert read_log(spec) == "2 -1\n"


def test_the_freest_gpu_is_the_one_that_the_run_sees(
    project: Project, image: str, tmp_path: Path
) -> None:
    gpus = Gpus((Gpu(0, "GPU-a", "A", 8, 6), Gpu(1, "GPU-b", "B", 8, 1)), usable=True)
    had = surroundings.give(project.spec(image, "true"), tmp_path, gpus)
    assert had.variables == (("CUDA_VISIBLE_DEVICES", "GPU-b"),)
    assert dict(had.got)["gpu"].startswith("1 B")


def test_a_gpu_that_is_asked_for_must_be_there(project: Project, image: str) -> None:
    spec = replace(project.spec(image, "true"), surroundings=Surroundings(gpus="7"))
    with pytest.raises(EngineError, match="GPU"):
        project.engine.run(spec, project.told)


def test_the_persons_variables_reach_the_run_and_no_file(
    project: Project, home: Path, image: str
) -> None:
    canary = "canary-5f1c0b"
    spec = project.spec(image, 'echo "${#KEY} $X"; env > /dev/null; exit 3')
    spec = replace(spec, variables=(("KEY", canary), ("X", "mine")))
    assert canary not in repr(spec)
    project.engine.run(spec, project.told).wait()
    assert read_log(spec) == f"{len(canary)} mine\n"
    places_of = [p for p in home.rglob("*") if canary.encode() in bytes(p)]
    files = [p for p in home.rglob("*") if p.is_file() and canary.encode() in p.read_bytes()]
    assert (places_of, files) == ([], [])


@pytest.mark.parametrize(
    ("cmd", "outcome"),
    [
        ("true", Outcome("done", 0)),
        ("kill -9 $$", Outcome("failed", 137, "killed by SIGKILL (137), not by pxtui")),
        ("sh -c 'kill -15 $$'; exit $?", Outcome("failed", 143)),
        ("no-such-command-here", Outcome("failed", 127)),
        ("x" * 3_000_000, Outcome("failed", 126)),
    ],
    ids=["ok", "killed", "child killed", "not found", "too long"],
)
def test_how_a_run_ended(project: Project, image: str, cmd: str, outcome: Outcome) -> None:
    _, got = run(project, image, cmd)
    assert (got.result, got.exit_code) == (outcome.result, outcome.exit_code)
    assert got.message == outcome.message or "cannot be started" in got.message


@pytest.mark.parametrize(
    ("cmd", "grace", "code"),
    [
        ("echo begun; sleep 300", 10.0, 143),
        ("trap 'echo bye; exit 5' TERM; echo begun; sleep 300 & wait", 10.0, 5),
        ("trap '' TERM; echo begun; while :; do sleep 300; done", 0.1, 137),
        ("echo begun; sleep 300", None, 137),
    ],
    ids=["stop", "tidy", "stubborn", "kill"],
)
def test_stop_and_kill(
    project: Project, image: str, cmd: str, grace: float | None, code: int
) -> None:
    spec = project.spec(image, cmd)
    job = project.engine.run(spec, project.told)
    outcomes: list[Outcome] = []
    with in_thread(lambda: outcomes.append(job.wait())):
        until(lambda: "begun" in read_log(spec))
        if grace is None:
            job.kill()
        else:
            job.stop(grace)
    assert outcomes == [Outcome("cancelled", code, "stopped")]
    job.stop(1.0)


def test_a_run_that_is_stopped_before_it_starts_never_starts(project: Project, image: str) -> None:
    spec = project.spec(image, "touch started")
    job = project.engine.run(spec, project.told)
    (found,) = project.engine.runs(project.places.project)
    assert (found.running, found.started) == (False, 0.0)
    job.stop(10.0)
    assert job.wait().result == "cancelled"
    assert not (Path(spec.folder) / "code/started").exists()
    assert project.engine.adopt(spec.id, project.told).wait().result == "lost"


@LINUX
def test_what_a_run_leaves_behind_is_ended(project: Project, image: str) -> None:
    spec, outcome = run(project, image, "setsid sleep 300 & sleep 301 & jobs -p; echo end")
    assert outcome == Outcome("done", 0)
    *pids, end = read_log(spec).split()
    assert end == "end"
    assert len(pids) == 2
    assert not [pid for pid in pids if is_alive(int(pid))]


def test_without_bash_there_is_sh(
    project: Project, image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "BASH", "/nowhere/bash")
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    spec = project.spec(image, "echo /code/x")
    job = project.engine.run(spec, project.told)
    assert [note.partition(":")[0] for note in job.notes] == [
        "no bash on this machine",
        "there is no /code without a container",
    ]
    assert job.wait() == Outcome("done", 0)
    job_file = read_json(Path(spec.folder) / "local.json") or {}
    assert job_file["argv"][0] == "/bin/sh"


def test_the_log_has_its_limit(project: Project, image: str) -> None:
    project.told.max_size = 1000
    spec, outcome = run(project, image, "head -c 100000 /dev/zero | tr '\\0' x")
    assert outcome.result == "done"
    assert LogReader(Path(spec.folder)).cut == 99_000
    assert "99,000 bytes left out (log.max-size)" in read_log(spec)


def test_closing_lets_go(project: Project, image: str) -> None:
    spec = project.spec(image, "echo begun; while [ ! -e go ]; do sleep 0.02; done; echo end")
    job = project.engine.run(spec, project.told)
    outcomes: list[Outcome] = []
    with in_thread(lambda: outcomes.append(job.wait())):
        until(lambda: "begun" in read_log(spec))
        project.engine.close()
    assert outcomes[0].result == "lost"
    with pytest.raises(EngineError, match="still going"):
        project.engine.remove(spec.id)
    (Path(spec.folder) / "code/go").touch()
    assert project.engine.adopt(spec.id, project.told).wait() == Outcome("done", 0)
    with pytest.raises(EngineError, match="no local run"):
        project.engine.adopt("../other", project.told)


APP = """
import json, sys
from pathlib import Path
from pxtui import places
from pxtui.engine.local import connect
from pxtui.run import RunSpec
home, spec = Path(sys.argv[1]), json.loads(sys.argv[2])
places.state_home, places.cache_home = lambda: home / "state", lambda: home / "cache"
connect().run(RunSpec(**spec), None).wait()
"""


@LINUX
def test_a_run_outlives_the_app(project: Project, home: Path, image: str) -> None:
    cmd = "echo begun; while [ ! -e go ]; do sleep 0.02; done; echo end; exit 4"
    spec = project.spec(image, cmd)
    values = {name: getattr(spec, name) for name in spec.__dataclass_fields__}
    del values["surroundings"]
    argv = [sys.executable, "-c", APP, str(home), json.dumps(values)]
    with subprocess.Popen(argv, cwd=SOURCE, start_new_session=True) as app:
        until(lambda: "begun" in read_log(spec))
        os.killpg(app.pid, signal.SIGHUP)
        os.kill(app.pid, signal.SIGKILL)
    (found,) = project.engine.runs(project.places.project)
    assert found.running
    supervisor = (read_json(Path(spec.folder) / "started.json") or {})["supervisor"]
    os.kill(supervisor, signal.SIGHUP)
    os.kill(supervisor, signal.SIGINT)
    (Path(spec.folder) / "code/go").touch()
    assert project.engine.adopt(spec.id, project.told).wait() == Outcome("failed", 4)
    assert read_log(spec) == "begun\nend\n"
    assert project.engine.adopt(spec.id, project.told).wait() == Outcome("failed", 4)


@LINUX
def test_a_supervisor_that_is_killed_means_lost(project: Project, image: str) -> None:
    spec = project.spec(image, "echo new > new; echo begun; exec sleep 300")
    job = project.engine.run(spec, project.told)
    outcomes: list[Outcome] = []
    with in_thread(lambda: outcomes.append(job.wait())):
        until(lambda: "begun" in read_log(spec))
        note = read_json(Path(spec.folder) / "started.json") or {}
        os.kill(note["supervisor"], signal.SIGKILL)
    assert outcomes[0].result == "lost"
    until(lambda: not is_alive(note["pid"]))
    (found,) = project.engine.runs(project.places.project)
    assert (found.running, found.exit_code) == (False, None)
    assert project.engine.adopt(spec.id, project.told).wait().result == "lost"
    assert files_in(Path(spec.outputs)) == {"code/new"}


@LINUX
def test_a_shutdown_stops_the_run_and_its_end_is_known(project: Project, image: str) -> None:
    spec = project.spec(image, "trap 'exit 9' TERM; echo begun; sleep 300 & wait")
    job = project.engine.run(spec, project.told)
    outcomes: list[Outcome] = []
    with in_thread(lambda: outcomes.append(job.wait())):
        until(lambda: "begun" in read_log(spec))
        note = read_json(Path(spec.folder) / "started.json") or {}
        os.kill(note["supervisor"], signal.SIGTERM)
    assert outcomes == [Outcome("cancelled", 9, "stopped")]


def test_files_of_a_run_are_private(project: Project, image: str) -> None:
    spec, _ = run(project, image, "echo x")
    folder = Path(spec.folder)
    assert folder.stat().st_mode & 0o777 == 0o700
    for name in ("log", "log.idx", "local.json", "outcome.json", "control", "supervisor.lock"):
        assert (folder / name).stat().st_mode & 0o777 == 0o600


def test_the_supervisor_imports_little() -> None:
    code = "import sys, pxtui.engine.supervisor; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=SOURCE, capture_output=True, text=True, check=True
    )
    heavy = {"jinja2", "yaml", "docker", "textual", "virtualenv", "asyncio", "platformdirs"}
    assert not heavy & set(done.stdout.split())


def test_the_engine_says_what_it_is(project: Project) -> None:
    info = project.engine.info()
    assert (info.name, info.id, info.isolated) == ("no container (venv)", "local", False)
    assert project.engine.base("anything") is not None
    assert info.memory > 1 << 20
    assert info.platform.startswith(sys.platform + "/")
    assert "free, " in project.engine.disk()
    with pytest.raises(EngineError):
        project.engine.run(project.spec("pxtui/other:tag", "true"), project.told)
