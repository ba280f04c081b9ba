"""A process that the signal tests end: the app on a session that tells nothing."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from pxtui.ui.app import run_app
from tests.ui import example as x
from tests.ui.stub import StubSession


class Breaking(StubSession):
    """A session that breaks as soon as it is asked for anything."""

    def build(self, *, no_cache: bool = False, pull: bool = False) -> None:
        raise RuntimeError("broken in a handler")


def main() -> None:
    session = Breaking(Path(os.getcwd()), x.loaded(lr="0.01"), *x.OPENED[1:])
    session.begin = lambda: Path("begun").touch()  # type: ignore[method-assign]
    sys.exit(asyncio.run(run_app(session)))


if __name__ == "__main__":
    main()
