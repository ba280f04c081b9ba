"""The editor takes the terminal and gives it back, however it goes."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from pxtui.ui.app import PxtuiApp
from pxtui.ui.editor import editor_command
from tests.ui import example as x
from tests.ui.seeing import press, until, words
from tests.ui.stub import StubSession


class SuspendedApp(PxtuiApp):
    """Suspends as Textual does: what is raised inside never comes back."""

    suspended = False

    @contextlib.contextmanager
    def suspend(self) -> Iterator[None]:
        self.suspended = True
        yield
        self.suspended = False


@pytest.mark.parametrize(
    ("editor", "said"),
    [
        ("nosuchedit", "nosuchedit: No such file or directory · set $EDITOR"),
        ("/", "/: Permission denied · set $EDITOR"),
        ("sh -c 'exit 3'", "sh ended with exit code 3"),
        ("sh -c 'kill -9 $$'", "sh was ended by signal 9"),
    ],
)
async def test_an_editor_that_fails_is_reported_and_the_app_goes_on(
    editor: str, said: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", editor)
    app = SuspendedApp(StubSession(tmp_path, *x.OPENED), now=lambda: x.NOW)
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, "e")
        await until(pilot, lambda: said in words(app))
        assert not app.suspended
        assert not app.terminal_lent


async def test_an_editor_that_ends_well_is_not_spoken_of(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("VISUAL", "true")
    session = StubSession(tmp_path, *x.OPENED)
    app = SuspendedApp(session, now=lambda: x.NOW)
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, "e")
        await until(pilot, lambda: ("reload",) in session.asked)
        assert "exit code" not in words(app)


def test_a_quote_that_is_never_closed_is_no_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISUAL", "my'editor -w")
    assert editor_command(Path("f.yml"), 3) == ["my'editor", "-w", "f.yml"]


@pytest.mark.parametrize(
    ("editor", "command"),
    [
        ("/usr/bin/vim", ["/usr/bin/vim", "+12", "a.py"]),
        ("code --wait", ["code", "--wait", "-g", "a.py:12"]),
        ("hx", ["hx", "a.py:12"]),
        ("ed", ["ed", "a.py"]),
    ],
)
def test_editors_go_to_the_line(
    editor: str, command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISUAL", editor)
    assert editor_command(Path("a.py"), 12) == command
