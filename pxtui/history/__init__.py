"""The runs of a project on disk: one `run.json` in each run's folder, written before it starts."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from pxtui.events import Outcome, PastRun
from pxtui.places import ProjectPlaces, private_dir, usable, write_private
from pxtui.polyaxonfile.reading import Resolved
from pxtui.polyaxonfile.secret import DOTS
from pxtui.run import Mount, Port, Surroundings

MOST_RUNS = 10_000_000
"""A count above this is damage, not a count."""


@dataclass(frozen=True, slots=True)
class Record:
    """All that is kept of one run beside its log and outputs."""

    id: str
    number: int
    engine: str
    """Id of the engine it was started on."""
    image: str
    target: str
    cause: str
    owner: str
    """The pxtui that started it."""
    started: float
    differs: tuple[tuple[str, str], ...]
    resolved: Mapping[str, Any]
    """The values it was started with, as of `Resolved`."""
    outcome: Outcome | None = None
    """None: it goes on, or nobody saw its end."""
    exit_code: int | None = None
    seconds: float | None = None
    message: str = ""
    last_line: str = ""
    values: tuple[tuple[str, str], ...] = ()
    """Every declaration, name and text as typed."""
    secrets: tuple[str, ...] = ()
    """Names of the declarations whose values are shown as dots."""
    surroundings: Mapping[str, Any] = field(default_factory=dict)
    """What it was to get, as of `Surroundings`."""
    got: tuple[tuple[str, str], ...] = ()
    """What it was given, as label and text."""
    outputs: str = ""
    """Folder for what it writes."""
    outputs_size: int = 0
    biggest: tuple[tuple[str, int], ...] = ()
    """The biggest files of its outputs: path in them, bytes."""
    kept: str = ""
    """Its container, where its files could not be taken out of it."""

    @property
    def cmd(self) -> str:
        """The command that it ran."""
        return str(self.resolved.get("cmd", ""))

    @property
    def shown(self) -> str:
        """The command as it is shown: dots for secret values."""
        return str(self.resolved.get("masked") or self.cmd)

    @property
    def shown_values(self) -> tuple[tuple[str, str], ...]:
        """The declarations as they are shown."""
        return tuple((n, DOTS if n in self.secrets else text) for n, text in self.values)

    def as_resolved(self) -> Resolved:
        """Its values, to be run again."""
        values = dict(self.resolved)
        return Resolved(
            kind=values["kind"],
            project=values["project"],
            image=values["image"],
            steps=tuple(values["steps"]),
            env=tuple((name, text) for name, text in values["env"]),
            cmd=values["cmd"],
            params=values["params"],
            masked=values.get("masked", ""),
        )

    def as_surroundings(self) -> Surroundings:
        """What it was to get, to be run again."""
        values: dict[str, Any] = dict(self.surroundings)
        mounts = tuple(Mount(**mount) for mount in values.pop("mounts", ()))
        publish = tuple(Port(**port) for port in values.pop("publish", ()))
        for name in ("variables", "env_files"):
            values[name] = tuple(values.get(name, ()))
        return Surroundings(mounts=mounts, publish=publish, **values)


def write(places: ProjectPlaces, record: Record) -> None:
    """Keep a record, whole or not at all."""
    data = json.dumps({"v": 1, **asdict(record)}, indent=1, default=str)
    write_private(places.run(record.id) / "run.json", data.encode())


def read(places: ProjectPlaces, run_id: str) -> Record | None:
    """The record of a run; None if there is none that this version can read."""
    try:
        data = json.loads((places.run(run_id) / "run.json").read_bytes())
        if data.get("v") != 1:
            return None
        known = {f.name for f in fields(Record)}
        record = Record(**{name: value for name, value in data.items() if name in known})
    except (OSError, ValueError, TypeError, AttributeError):
        return None
    return replace(
        record,
        differs=_pairs(record.differs),
        values=_pairs(record.values),
        secrets=tuple(record.secrets),
        got=_pairs(record.got),
        biggest=_pairs(record.biggest),
    )


def _pairs(items: Iterable[Iterable[Any]]) -> tuple[tuple[Any, ...], ...]:
    return tuple(tuple(item) for item in items)


def read_all(places: ProjectPlaces) -> tuple[Record, ...]:
    """Every run of the project, oldest first."""
    found = (read(places, run_id) for run_id in places.run_ids())
    return tuple(sorted((r for r in found if r), key=lambda r: (r.number, r.id)))


def next_number(places: ProjectPlaces) -> int:
    """The number that the next run is shown with; never given twice, not even to two at once."""
    counter = places.home / "number"
    with _alone(places):
        try:
            last = int(counter.read_text())
        except (OSError, ValueError):
            last = 0
        if last > MOST_RUNS:
            last = 0
        number = max([last, *(r.number for r in read_all(places))]) + 1
        write_private(counter, str(number).encode())
    return number


@contextlib.contextmanager
def _alone(places: ProjectPlaces) -> Iterator[None]:
    """The moment in which no other pxtui takes a number in this project."""
    path = private_dir(places.home) / "number.lock"
    with usable(path):
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


def past(places: ProjectPlaces, record: Record, *, foreign: bool = False) -> PastRun:
    """A record as it is listed."""
    mark = read_mark(places, record.id)
    return PastRun(
        id=record.id,
        number=record.number,
        outcome=record.outcome or "running",
        exit_code=record.exit_code,
        started=record.started,
        seconds=record.seconds,
        differs=record.differs,
        cmd=record.shown,
        last_line=record.last_line,
        folder=str(places.run(record.id)),
        message=record.message,
        outputs=outputs(places, record),
        foreign=foreign,
        outputs_size=record.outputs_size,
        biggest=record.biggest,
        got=record.got,
        label=mark.label,
        starred=mark.starred,
        values=record.shown_values,
        image=record.image,
        engine=record.engine,
        kept=record.kept,
    )


def outputs(places: ProjectPlaces, record: Record) -> str:
    """The folder of what a run wrote; empty if it wrote nothing there."""
    folder = Path(record.outputs) if record.outputs else places.run(record.id) / "outputs"
    with contextlib.suppress(OSError):
        if any(folder.iterdir()):
            return str(folder)
    return ""


@dataclass(frozen=True, slots=True)
class Mark:
    """What a person says of a run; kept beside its record, which belongs to who runs it."""

    label: str = ""
    starred: bool = False


def read_mark(places: ProjectPlaces, run_id: str) -> Mark:
    """The mark of a run; an empty one where there is none that can be read."""
    try:
        data = json.loads((places.run(run_id) / "mark.json").read_bytes())
        return Mark(str(data["label"]), bool(data["starred"]))
    except (OSError, ValueError, TypeError, KeyError):
        return Mark()


def write_mark(places: ProjectPlaces, run_id: str, mark: Mark) -> None:
    """Keep the mark of a run that is there."""
    if places.run(run_id).is_dir():
        data = json.dumps({"v": 1, **asdict(mark)}).encode()
        write_private(places.run(run_id) / "mark.json", data)


def empty(places: ProjectPlaces, run_id: str) -> None:
    """Remove a run's log and outputs; its record stays, so that a failure leaves it listed."""
    folder = places.run(run_id)
    for child in folder.iterdir():
        if child.name == "run.json":
            continue
        if child.is_dir() and not child.is_symlink():
            shutil.rmtree(child)
        else:
            child.unlink()
    record = read(places, run_id)
    if record is not None and record.outputs:
        elsewhere = Path(record.outputs)
        # only a folder that is this run's and nobody else's
        if elsewhere.name == run_id and elsewhere.is_dir():
            shutil.rmtree(elsewhere)


def remove(places: ProjectPlaces, run_id: str) -> None:
    """Remove what is left of a run's folder; `latest` leads to the newest that is left."""
    record = read(places, run_id)
    elsewhere = record is not None and record.outputs and not places.is_own(record.outputs)
    home = Path(record.outputs).parent if record is not None and elsewhere else places.home
    shutil.rmtree(places.run(run_id))
    link = home / "latest"
    if link.is_symlink() and not link.exists():
        link.unlink()
        left = [Path(r.outputs) for r in read_all(places) if r.outputs]
        near = [p for p in left if (p.parent if elsewhere else places.home) == home and p.is_dir()]
        if near:
            places.point_to_latest(near[-1])
