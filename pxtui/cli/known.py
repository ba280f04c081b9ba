"""The runs of a project, each as its engine knows it: an end that nobody saw is written down."""

from __future__ import annotations

from pxtui import history
from pxtui.cli.options import USAGE, Where, fail, say
from pxtui.engine import Engine, FoundRun, open_engine
from pxtui.errors import EngineError, PxtuiError
from pxtui.history import Record
from pxtui.logs.text import clean_line
from pxtui.places import ProjectPlaces
from pxtui.session import link
from pxtui.session.ends import take_up, write_end
from pxtui.session.owner import is_held
from pxtui.session.runs import LOST

ON_THIS_MACHINE = ("local", "fake")


def named(places: ProjectPlaces, name: str) -> Record:
    """As `Known.named`, of what is on disk: no engine is asked."""
    records = history.read_all(places)
    meant = [r for r in records if name in (str(r.number), f"#{r.number}", r.id)]
    if name == "last":
        meant = list(records[-1:])
    if not meant:
        fail(PxtuiError(f"there is no run {name}", "pxtui runs list shows them"), USAGE)
    return meant[0]


def outcome(record: Record) -> str:
    """State of a run in words."""
    if record.outcome is None:
        return "running"
    code = f" {record.exit_code}" if record.exit_code else ""
    return f"{record.outcome}{code}"


class Known:
    """Asks each engine once, and only for runs whose end is not known."""

    def __init__(self, where: Where) -> None:
        self.places = where.project().places
        self._settings = where.settings()
        self._engines: dict[str, Engine | None] = {}
        self._found: dict[str, dict[str, FoundRun]] = {}

    def records(self) -> tuple[Record, ...]:
        """All runs, oldest first."""
        return tuple(self.settled(record) for record in history.read_all(self.places))

    def named(self, name: str) -> Record:
        """The run of a number (`3`, `#3`), an id, or `last`; ends the command if there is none."""
        return self.settled(named(self.places, name))

    def settled(self, record: Record) -> Record:
        """A run with its log and its end, unless it goes on or another pxtui holds it."""
        if record.outcome not in (None, "lost") or is_held(self.places.owners, record.owner):
            return record
        engine = self.engine(record)
        if engine is None:
            return record
        found = self._found[record.engine].get(record.id)
        if found is None and record.outcome == "lost":
            return record
        if found is None:
            return write_end(self.places, record, LOST, None)
        if found.running:
            return record
        return take_up(self.places, engine, record, self._settings.log_max_size, running=False)

    def follows(self, record: Record, *, to_the_end: bool) -> bool:
        """Read the log of a run that goes on, so far or to its end, if no pxtui does already."""
        engine = self.engine(record)
        if engine is None or is_held(self.places.owners, record.owner):
            return False
        size = self._settings.log_max_size
        take_up(self.places, engine, record, size, running=not to_the_end)
        return True

    def is_held(self, record: Record) -> bool:
        """Whether another pxtui holds the run and has not written down its end."""
        now = history.read(self.places, record.id)
        going = now is not None and now.outcome is None
        return going and is_held(self.places.owners, record.owner)

    def is_running(self, record: Record) -> bool:
        """Whether it goes on, as far as can be known."""
        found = self._found.get(record.engine, {}).get(record.id)
        return record.outcome is None and (found is None or found.running)

    def engine(self, record: Record) -> Engine | None:
        """The engine that a run is on, if it answers."""
        if record.engine not in self._engines:
            self._engines[record.engine] = self._open(record.engine)
        return self._engines[record.engine]

    def _open(self, engine_id: str) -> Engine | None:
        try:
            engine = self._opened(engine_id)
            answers = engine.info().id
            if answers != engine_id:
                raise EngineError(f"its runs are on {engine_id}, and {answers} is configured")
            found = engine.runs(self.places.project)
        except EngineError as error:
            why = clean_line(f"{engine_id} is not known: {error}")
            say(f"pxtui: what runs on {why}")
            return None
        self._found[engine_id] = {run.id: run for run in found}
        return engine

    def _opened(self, engine_id: str) -> Engine:
        if engine_id in ON_THIS_MACHINE:
            return open_engine(engine_id)
        setting = self._settings.engine
        return link.opener("auto" if setting in ON_THIS_MACHINE else setting, self.places)()
