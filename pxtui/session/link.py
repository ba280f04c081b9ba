"""The connection to the engine: which one, whether it answers, and trying again."""

from __future__ import annotations

import threading
from collections.abc import Callable

from pxtui import history
from pxtui.engine import Engine, hosts, open_engine
from pxtui.errors import EngineError, NoEngine
from pxtui.events import EngineSeen
from pxtui.places import ProjectPlaces

LOCAL = "local"
RETRY = (0.5, 1.0, 2.0, 5.0)
HEARTBEAT = 5.0


def choose(setting: str, places: ProjectPlaces) -> str:
    """The engine that a setting means; `auto` never leads away from a container engine."""
    if setting != "auto":
        return setting
    found = hosts.configured()
    if found is not None:
        return found.kind
    if any(r.engine not in (LOCAL, "fake") for r in history.read_all(places)):
        raise NoEngine(
            "no container engine is configured and no socket exists, and this project has run "
            "on one before",
            "start it, or run without a container by --engine local",
        )
    return LOCAL


class Link:
    """Opens the engine in a thread and tells whether it answers."""

    def __init__(
        self,
        opener: Callable[[], Engine],
        image: Callable[[], str],
        tell: Callable[[EngineSeen], None],
        *,
        keep_trying: bool,
        beside: Callable[[Engine], None] = lambda engine: None,
    ) -> None:
        """`beside` asks the engine something more at each look; it may raise EngineError."""
        self.engine: Engine | None = None
        self._opener = opener
        self._image = image
        self._beside = beside
        self._tell = tell
        self._keep_trying = keep_trying
        self._wake = threading.Event()
        self._closed = False
        self._seen: EngineSeen | None = None

    def work(self) -> None:
        """Connect, and with `keep_trying` go on looking until closed (runs in its own thread)."""
        failures = 0
        while not self._closed:
            seen = self._look()
            if seen != self._seen:
                self._seen = seen
                self._tell(seen)
            failures = 0 if seen.ok else failures + 1
            if not self._keep_trying:
                return
            pause = HEARTBEAT if seen.ok else RETRY[min(failures, len(RETRY)) - 1]
            self._wake.wait(pause)
            self._wake.clear()

    def _look(self) -> EngineSeen:
        try:
            if self.engine is None:
                self.engine = self._opener()
            info = self.engine.info()
            image = self._image()
            base = self.engine.base(image) if image else None
            self._beside(self.engine)
        except EngineError as error:
            return EngineSeen(False, "no engine", note=str(error))
        return EngineSeen(
            True,
            info.name,
            info.id,
            info.isolated,
            info.note or info.version,
            base is not None if image else None,
            info.remote,
            info.memory,
            info.platform,
            base or "",
            info.gpus,
        )

    def check(self) -> None:
        """Look again now."""
        self._wake.set()

    def close(self) -> None:
        """Let go of the engine."""
        self._closed = True
        self._wake.set()
        if self.engine is not None:
            self.engine.close()


def opener(setting: str, places: ProjectPlaces) -> Callable[[], Engine]:
    """What opens the engine of a setting, when called."""
    return lambda: open_engine(choose(setting, places))
