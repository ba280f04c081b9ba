"""A process that shows one file as the output of a run or a build, for the terminal tests."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from pxtui.events import Finished, Started
from pxtui.logs.store import LogWriter
from pxtui.ui.app import run_app
from tests.ui import example as x
from tests.ui.stub import StubSession


class Shown(StubSession):
    """Tells one job as soon as it is begun."""

    started: Started
    ended: Finished

    def begin(self) -> None:
        self.tell(self.started, self.ended)


def main() -> None:
    root, phase, file = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    session = Shown(root, *x.OPENED)
    session.started = Started("build" if phase == "build" else "run", "job", 1, "asked", 0.0)
    session.ended = Finished(session.started.phase, "job", "failed", 1, None, 1.0, "", None, 1.0)
    writer = LogWriter(session.folder(session.started.phase, "job"), 1 << 30)
    writer.write(Path(file).read_bytes() if file else b"", "stdout")
    writer.write(b"\nAFTER the output\n", "stdout")
    writer.close()
    sys.exit(asyncio.run(run_app(session)))


if __name__ == "__main__":
    main()
