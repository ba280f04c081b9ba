"""A process that a test types into: the app, whose run in the terminal is a script of the test."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from pxtui.ui import run_actions
from pxtui.ui.app import run_app
from tests.ui import example as x
from tests.ui.stub import StubSession


def main() -> None:
    vars(run_actions)["child_command"] = lambda root, state: ["sh", "child.sh"]
    session = StubSession(Path(os.getcwd()), *x.OPENED, x.TRUSTED)
    session.begin = lambda: Path("begun").touch()  # type: ignore[method-assign]
    session.reload = lambda: Path("reloaded").touch()  # type: ignore[method-assign]
    sys.exit(asyncio.run(run_app(session)))


if __name__ == "__main__":
    main()
