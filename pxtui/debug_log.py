"""The debug log: rotating, 0600, below the state folder; without values of declarations."""

from __future__ import annotations

import logging
import logging.handlers
import os
from pathlib import Path

from pxtui.places import private_dir, state_home

NAME = "pxtui"
SIZE = 1_000_000


class _Private(logging.handlers.RotatingFileHandler):
    def _open(self):  # type: ignore[no-untyped-def]  # the stream's type is logging's own affair
        os.close(os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
        return super()._open()


def path() -> Path:
    """Where it is written."""
    return state_home() / "debug.log"


def start(level: str | None) -> None:
    """Begin to write it at a level, or at the one in $PXTUI_LOG; without one nothing is kept."""
    level = level or os.environ.get("PXTUI_LOG") or ""
    log = logging.getLogger(NAME)
    log.propagate = False
    if level.upper() not in ("DEBUG", "INFO", "WARNING"):
        log.addHandler(logging.NullHandler())
        return
    private_dir(state_home())
    handler = _Private(path(), maxBytes=SIZE, backupCount=2, encoding="utf-8", delay=True)
    handler.setFormatter(
        logging.Formatter("%(asctime)s %(process)d %(threadName)s %(levelname)s %(message)s")
    )
    log.addHandler(handler)
    log.setLevel(level.upper())
