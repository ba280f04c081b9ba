"""A run or a shell in the person's own terminal: a pxtui of its own, with its keys and size."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import termios
from collections.abc import Iterator, Sequence
from pathlib import Path

from textual.app import App, SuspendNotSupported

from pxtui.engine import MODULES
from pxtui.state import State

Said = tuple[str, str]
"""Words for the person and their severity."""


RUN = ("run", "--tty")
_BACK = {"shell": "the shell has ended", "terminal": "its terminal was given back"}


def child_command(root: Path, state: State, what: Sequence[str] = RUN) -> list[str]:
    """The pxtui for the working set: edits come from the draft, never by its command line."""
    return [*_pxtui(root, state), *what, "--draft"]


def run_command(root: Path, state: State, what: str, number: int) -> list[str]:
    """The pxtui for a run: `shell` or `attach`."""
    return [*_pxtui(root, state), "runs", what, str(number)]


def _pxtui(root: Path, state: State) -> list[str]:
    command = [sys.executable, "-P", "-m", "pxtui", "-C", str(root)]
    if state.file_text is not None:
        for name, _ in state.file_text.files:
            command += ["-f", str(root / name)]
    engine = state.engine
    if engine is not None:
        kind = "local" if not engine.isolated else engine.name.partition(" ")[0]
        command += ["--engine", kind] if kind in MODULES else []
    return command


async def run_here(
    app: App[int], command: Sequence[str], what: str = "run", *, stays: bool = True
) -> Said:
    """Hand the terminal to a command until it ends and the person has read it; how it ended.

    One that does not stay needs to be read only where it failed.
    """
    try:
        # see run_editor: no frame may be drawn meanwhile, and nothing be raised
        with app.suspend(), app.batch_update():
            return await _watched(command, what, stays)
    except SuspendNotSupported:
        return f"this terminal cannot be handed to a {what}", "error"


async def _watched(command: Sequence[str], what: str, stays: bool) -> Said:
    with _terminal_kept():
        try:
            code = await (await asyncio.create_subprocess_exec(*command)).wait()
        except OSError as error:
            return f"the {what} in this terminal did not start: {error.strerror}", "error"
    told = f"ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
    if code or stays:
        await _read_enter(told)
    # the code is that of our own child: how the shell itself ended is not known
    said = f"the {what} in this terminal {told}" if what == "run" else _BACK[what]
    return said, "info" if code == 0 else "warning"


@contextlib.contextmanager
def _terminal_kept() -> Iterator[None]:
    """A command that dies may leave the terminal raw; it is then as it was before."""
    fd = _terminal()
    modes = termios.tcgetattr(fd) if fd is not None else None
    yield
    if fd is not None and modes is not None:
        with contextlib.suppress(termios.error):  # it is gone: the app notices by itself
            termios.tcsetattr(fd, termios.TCSADRAIN, modes)


async def _read_enter(told: str) -> None:
    """Leave the end of the output on the screen until the person has read it."""
    fd = _terminal()
    if fd is None:
        return
    with contextlib.suppress(termios.error):
        termios.tcflush(fd, termios.TCIFLUSH)
    print(f"\n{told} · press Enter to go back", flush=True)
    loop, entered = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(fd, entered.set)  # the terminal gives lines: readable means Enter, or its end
    try:
        await entered.wait()
    finally:
        loop.remove_reader(fd)
    with contextlib.suppress(termios.error):
        termios.tcflush(fd, termios.TCIFLUSH)


def _terminal() -> int | None:
    """The descriptor of the terminal that keys come from."""
    stdin = sys.__stdin__
    return stdin.fileno() if stdin is not None and stdin.isatty() else None
