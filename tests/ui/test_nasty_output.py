"""The hostile outputs through the real program in a real terminal: they are text, nothing else."""

from __future__ import annotations

import importlib.util
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType

import pytest

from tests import local_runs
from tests.in_a_pty import Program, program, pxtui
from tests.shared import SHARED
from tests.ui import nasty

FILES = sorted((SHARED / "nasty-output").glob("*.bin")) if SHARED else []
HEADLESS = {"terminal": "", "pipe": " | cat", "objects": " --json | cat"}

pytestmark = [
    pytest.mark.skipif(not FILES, reason="the shared files are not here"),
    pytest.mark.timeout(300),
]


def oracle() -> ModuleType:
    """The judge that comes with the files."""
    assert SHARED
    spec = importlib.util.spec_from_file_location("oracle", SHARED / "nasty-output/oracle.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Prints:
    """A folder of files that a run or a step prints, an empty one first."""

    def __init__(self, folder: Path, files: Sequence[Path], *pause: float) -> None:
        self.folder, self.files = folder, files
        (folder / "files").mkdir(parents=True)
        (folder / "files/000-empty").touch()
        for number, file in enumerate(files, 1):
            (folder / f"files/{number:03d}-{file.name}").write_bytes(file.read_bytes())
        self.command = local_runs.python(Path(nasty.__file__), folder, *pause)

    def are_seen(self, at: Program) -> list[int]:
        """Wait for all of them; how much was drawn when each was there."""
        drawn = []
        for number in range(len(self.files) + 1):
            at.until(nasty.after(number))
            drawn.append(len(at.output))
            (self.folder / f"seen-{number}").touch()
        return drawn

    def judge(self, output: bytes, drawn: Sequence[int], harmless: bytes = b"") -> None:
        """No control function that the program does not use without them, file by file."""
        judge = oracle()
        harmless += output[: drawn[0]]
        if judge.check(output, harmless)[0]:
            guilty = {
                file.name: judge.check(output[start:end], harmless)[0]
                for file, start, end in zip(self.files, drawn[:-1], drawn[1:], strict=True)
            }
            raise AssertionError({name: found for name, found in guilty.items() if found} or output)


@pytest.fixture(scope="module")
def only_begun_and_ended(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """What the app draws that runs nothing."""
    root = local_runs.write(tmp_path_factory.mktemp("nothing") / "p", "true")
    with local_runs.app(root, keep=True) as app:
        app.quiet()
        app.send(b"q")
        app.ended()
        return bytes(app.output)


@pytest.fixture
def in_a_pane(tmp_path: Path, only_begun_and_ended: bytes) -> Callable[..., None]:
    def shown(pane: str, files: Sequence[Path], *, tty: bool = False) -> None:
        prints = Prints(tmp_path / "shown", files)
        run = pane == "run"
        cmd, step = (prints.command, "") if run else ("true", prints.command)
        root = local_runs.write(tmp_path / "p", cmd, step)
        with local_runs.app(root, tty=tty, keep=True) as app:
            app.send(b"r" if run else b"b")
            drawn = prints.are_seen(app)
            app.until("✓ done after" if run else "✓ built")
            app.send(b"q")
            app.ended()
            prints.judge(bytes(app.output), drawn, only_begun_and_ended)

    return shown


@pytest.fixture
def headless(tmp_path: Path) -> Callable[..., None]:
    def shown(what: str, where: str, files: Sequence[Path]) -> None:
        prints = Prints(tmp_path / "shown", files, 0.01, 70)
        cmd, step = (prints.command, "") if what == "run" else ("true", prints.command)
        root = local_runs.write(tmp_path / "p", cmd, step)
        words = shlex.join(pxtui("-C", str(root), "--engine", "local", what))
        with program(["sh", "-c", f"exec 2>&1; {words}{HEADLESS[where]}"], keep=True) as command:
            drawn = prints.are_seen(command)
            assert command.ended() == 0
            prints.judge(bytes(command.output), drawn)

    return shown


def test_the_judge_finds_what_gets_through(tmp_path: Path) -> None:
    prints = Prints(tmp_path / "shown", FILES[::4], 0.01, 0)
    with program(["sh", "-c", prints.command], keep=True) as raw:
        drawn = prints.are_seen(raw)
        raw.ended()
    with pytest.raises(AssertionError, match="osc4-10-11-palette"):
        prints.judge(bytes(raw.output), drawn)


def test_in_the_run_pane(in_a_pane: Callable[..., None]) -> None:
    in_a_pane("run", FILES)


@pytest.mark.slow
def test_all_of_a_run_with_a_terminal(in_a_pane: Callable[..., None]) -> None:
    in_a_pane("run", FILES, tty=True)


def test_in_the_build_pane(in_a_pane: Callable[..., None]) -> None:
    in_a_pane("build", FILES[::4])


def test_headless(headless: Callable[..., None]) -> None:
    headless("run", "terminal", FILES)


@pytest.mark.slow
def test_all_in_the_build_pane(in_a_pane: Callable[..., None]) -> None:
    in_a_pane("build", FILES)


@pytest.mark.slow
@pytest.mark.parametrize("where", HEADLESS)
@pytest.mark.parametrize("what", ["build", "run"])
def test_all_headless(what: str, where: str, headless: Callable[..., None]) -> None:
    headless(what, where, FILES)


@pytest.mark.slow
@pytest.mark.parametrize("pane", ["build", "run"])
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_one_file_is_all_of_a_log(file: Path, pane: str, in_a_pane: Callable[..., None]) -> None:
    in_a_pane(pane, [file])
