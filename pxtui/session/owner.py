"""Who a run belongs to: a locked file that lives as long as this pxtui does."""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import time
from pathlib import Path

from pxtui.places import private_dir, usable


class Owner:
    """This pxtui's claim on what it starts; `name` goes into the label `pxtui.owner`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.name = f"{socket.gethostname()}:{os.getpid()}:{time.time_ns() // 1_000_000}"
        path = private_dir(folder) / _file_name(self.name)
        with usable(path):
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def is_alive(self, name: str) -> bool:
        """Whether the pxtui of this name is another one and still there."""
        return name != self.name and is_held(self._folder, name)

    def close(self) -> None:
        """Give the claim up."""
        with contextlib.suppress(OSError):
            (self._folder / _file_name(self.name)).unlink()
        os.close(self._fd)


def is_held(folder: Path, name: str) -> bool:
    """Whether the pxtui of this name is still there; the file of one that is gone is removed."""
    path = folder / _file_name(name)
    try:
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(fd)
    with contextlib.suppress(OSError):
        path.unlink()
    return False


def _file_name(name: str) -> str:
    return name.replace("/", "_").replace(":", "-") or "nobody"
