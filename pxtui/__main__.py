"""`pxtui` and `python -m pxtui`: the command line, with the app to open when it asks for one."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType

    from pxtui.cli.options import Where


def open_app(where: Where) -> int:
    """Open the app on the project that is meant, and end the process with its exit code."""
    # Textual takes a quarter of a second to import, which no other command should wait for.
    import asyncio
    import sys

    from pxtui.session import Session, link
    from pxtui.ui.app import run_app

    project, settings = where.project(), where.settings()

    async def work() -> int:
        engine = link.opener(settings.engine, project.places)
        session = Session(
            project, settings, engine, names=where.names, allow_steps=where.allow_steps
        )
        async with session:
            return await run_app(session, theme=settings.theme)

    code = asyncio.run(work())
    sys.stdout.flush()
    sys.stderr.flush()
    # All is closed and restored; waiting for threads that still read a flood would only take time.
    os._exit(code)


def _end(number: int, _: FrameType | None) -> None:
    if os.isatty(2):
        os.write(2, b"\n")  # what the shell says next is not to stand behind its ^C
    os._exit(128 + number)


def main() -> None:
    """The console script."""
    # Until something goes on that has to be stopped, an interrupt ends the process: an exception
    # would come out of an import as a traceback. Hence the import below stands after this.
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _end)
    from pxtui.cli.main import main as command_line

    command_line(open_app)


if __name__ == "__main__":
    main()
