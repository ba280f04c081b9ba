"""What is told: every change of the session's state, as frozen data.

The app and the command line are two listeners of this one stream; `state.apply` makes the State
out of it. Bytes of output never pass here: they are in the stores, see `pxtui.logs`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from pxtui.gpus import NO_GPUS, Gpus
from pxtui.needs import Need
from pxtui.polyaxonfile.path import Path
from pxtui.polyaxonfile.reading import Reading, Resolved
from pxtui.run import USUAL, Surroundings

Phase = Literal["build", "run"]
Outcome = Literal["done", "failed", "cancelled", "lost", "skipped"]
WatchMode = Literal["off", "build", "run"]
OnBusy = Literal["queue", "restart", "beside", "ignore"]
Goal = Literal["none", "build", "run"]


@dataclass(frozen=True, slots=True)
class Loaded:
    """The working set was read and can be run (it may have warnings)."""

    reading: Reading
    """The working set: the file with the accepted edits over it."""
    base: Reading
    """The file as it is on disk."""
    edits: tuple[tuple[Path, str | None], ...]
    """A path and the text that the person wants there; None: nothing."""


@dataclass(frozen=True, slots=True)
class Invalid:
    """The working set was read and has errors; `base` and `edits` as in Loaded."""

    reading: Reading
    base: Reading
    edits: tuple[tuple[Path, str | None], ...]


@dataclass(frozen=True, slots=True)
class NoFile:
    """There is no polyaxonfile where one was looked for."""

    folder: str
    message: str


@dataclass(frozen=True, slots=True)
class FileText:
    """The text of the polyaxonfile on disk, for the File pane (not cleaned)."""

    file: str
    text: str
    over: tuple[tuple[str, str], ...] = ()
    """Name and text of each further file, which are laid over it one after the other."""

    @property
    def files(self) -> tuple[tuple[str, str], ...]:
        """Name and text of all files."""
        return ((self.file, self.text), *self.over)


@dataclass(frozen=True, slots=True)
class EngineSeen:
    """The engine answered, or why it does not."""

    ok: bool
    name: str
    id: str = ""
    isolated: bool = True
    note: str = ""
    """Version or note when it answers, cause and remedy when not."""
    base_present: bool | None = None
    """Whether the base image is on the engine (None: not known)."""
    remote: bool = False
    """Its files are those of another machine."""
    memory: int = 0
    """Bytes that its machine has (0: not known)."""
    platform: str = ""
    """`linux/amd64`: what it runs without emulation."""
    base_platform: str = ""
    """Of the base image, where it is present."""
    gpus: Gpus = NO_GPUS


@dataclass(frozen=True, slots=True)
class TreeSeen:
    """The tree was looked at; `error` says why it cannot be packed."""

    signature: str
    files: int
    size: int
    skipped: tuple[str, ...] = ()
    error: str = ""
    links: tuple[tuple[str, str], ...] = ()
    """Links that leave the tree: path, and the absolute path that they lead to."""
    heavy: tuple[tuple[str, int, int], ...] = ()
    """Of a tree over the limits, its biggest folders and files: path, bytes, files."""
    notes: tuple[str, ...] = ()
    """What the steps get of the tree that Polyaxon did not give them."""
    warnings: tuple[str, ...] = ()
    """What the steps want of the tree and will not find."""
    staged: str = ""
    """Digest of what the steps get of the tree."""


@dataclass(frozen=True, slots=True)
class NeedsSeen:
    """What the project seems to need, and what a run would get by what was decided so far."""

    needs: tuple[Need, ...]
    surroundings: Surroundings


@dataclass(frozen=True, slots=True)
class Hinted:
    """Something may have changed: the tree has to be looked at before it is believed."""


@dataclass(frozen=True, slots=True)
class Changed:
    """Files of the tree changed since it was last looked at; told before anything happens."""

    paths: tuple[str, ...]
    """At most 20."""
    total: int
    leads_to: Goal
    at: float


@dataclass(frozen=True, slots=True)
class Held:
    """The watch pauses: what changes is kept and counted, and leads to nothing."""

    why: Literal["asked", "loop", "plan"]
    """The person wanted it; a file changes by itself; what would be done is another thing."""
    text: str = ""
    """The reason, in one line; not cleaned."""
    facts: tuple[tuple[str, str], ...] = ()
    """What is another thing: label and text, what was before what is."""
    path: str = ""
    """The file that changes by itself."""


@dataclass(frozen=True, slots=True)
class Pending:
    """What changed since the watch pauses."""

    paths: tuple[str, ...]
    """At most 20."""
    total: int


@dataclass(frozen=True, slots=True)
class GoesOn:
    """The watch no longer pauses."""


BY_WATCH = frozenset({"watch", "changed"})
"""The causes of what nobody asked for: the watch found no current image, or a file changed."""


@dataclass(frozen=True, slots=True)
class Wished:
    """Somebody wants a build or a run: a key, a command, a watched change."""

    goal: Literal["build", "run"]
    cause: str
    """`asked`, one of BY_WATCH, or what else is shown."""
    on_busy: OnBusy | None = None
    """What to do if a run is going; None: ask (only `asked` wishes of a run)."""
    no_cache: bool = False
    pull: bool = False
    built: bool = False
    """The build that it needed was made; what changes from now on is another wish."""
    tty: bool = False
    """The run takes the person's terminal."""
    with_change: bool = False
    """A watched change came while the person was being asked; it outlives a `no`."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """The wish is over without a build or run; `message` says why (empty: the person knows)."""

    message: str = ""
    severity: Literal["info", "error"] = "info"
    goal: Literal["build", "run"] = "build"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question to the person; the session waits without holding anything."""

    id: str
    kind: Literal["trust", "busy"]
    text: str
    facts: tuple[tuple[str, str], ...]
    """Label and text, as shown; not cleaned."""
    choices: tuple[tuple[str, str], ...]
    """Key of the choice and its words."""
    default: str


@dataclass(frozen=True, slots=True)
class Answered:
    """A question was answered."""

    id: str
    kind: Literal["trust", "busy"]
    choice: str


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A question no longer matters."""

    id: str


@dataclass(frozen=True, slots=True)
class Trusted:
    """The person's consent for this project and engine was found or given."""

    engine: str


@dataclass(frozen=True, slots=True)
class Queued:
    """A run has its values and its image, and waits for its turn."""

    resolved: Resolved
    image: str
    """Empty: it was removed, a build comes first."""
    target: str
    cause: str
    differs: tuple[tuple[str, str], ...]
    beside: bool = False
    """Start now, whatever else is going."""
    surroundings: Surroundings = USUAL
    values: tuple[tuple[str, str], ...] = ()
    """Every declaration, name and text as typed."""
    secrets: tuple[str, ...] = ()
    """Names of the declarations whose values are shown as dots."""
    tty: bool = False
    id: str = ""
    """Of the wait, by which it can be taken back."""
    again: bool = False
    """Its image was removed and built again, which is done once."""


@dataclass(frozen=True, slots=True)
class ImageSeen:
    """The engine has an image of this target already."""

    image: str
    target: str


@dataclass(frozen=True, slots=True)
class ImageGone:
    """The engine has an image no more."""

    image: str
    needed: bool = False
    """A run was to start with it: whatever waits for it waits for a build, which is wished."""


@dataclass(frozen=True, slots=True)
class Started:
    """A build or run began; a run carries what it is started with."""

    phase: Phase
    id: str
    number: int
    """Rank in the project's history, as shown: #12 (builds: counted in this session)."""
    cause: str
    at: float
    target: str = ""
    """What a build makes and a run's image holds, see `state.target`."""
    differs: tuple[tuple[str, str], ...] = ()
    """Runs: declarations that differ from the file, name and text."""
    cmd: str = ""
    adopted: bool = False
    queued: Queued | None = None
    """The waiting run that this is."""
    environment: str = ""
    """Builds: what it makes beside the code, see `State.environment`."""


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction of a build."""

    id: str
    index: int
    total: int
    text: str
    state: Literal["started", "done", "failed"]
    cached: bool
    seconds: float | None
    size: int | None = None
    """Bytes that it added to the image: known when the build has ended."""
    usual: float | None = None
    """Seconds that it took in earlier builds (their median)."""
    why: str = ""
    """Of the first step that is not cached: what is another than in the build before."""


@dataclass(frozen=True, slots=True)
class Closing:
    """A build is being closed because a newer one is wanted; its Finished follows."""

    id: str


@dataclass(frozen=True, slots=True)
class Unqueued:
    """Waiting runs were taken back: the one of this id, those of the watch, or all."""

    id: str | None = None
    by_watch: bool = False


@dataclass(frozen=True, slots=True)
class Stopping:
    """A run was asked to stop; it has until `deadline` before it is killed."""

    id: str
    deadline: float


@dataclass(frozen=True, slots=True)
class Given:
    """What the engine gave a run that starts, as label and text."""

    id: str
    got: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Finished:
    """A build or run ended: exactly one for each Started."""

    phase: Phase
    id: str
    outcome: Outcome
    exit_code: int | None
    image: str | None
    seconds: float
    message: str
    """One line: the cause of a failure, or what was left."""
    outputs: str | None
    at: float
    target: str = ""
    """What the image of a build really holds, where the tree moved while it was packed."""
    number: int = 0
    outputs_size: int = 0
    """Bytes of all that the run wrote and that was kept."""
    biggest: tuple[tuple[str, int], ...] = ()
    """The biggest files of the outputs: path in them, bytes."""
    kept: str = ""
    """The container that was kept because its files could not be taken out."""
    sizes: tuple[tuple[int, int], ...] = ()
    """Builds: bytes that each instruction added to the image, as index and size."""
    moved: bool = False
    """Builds: failed only because the tree would not stand still."""
    good: tuple[str, float] | None = None
    """Builds: image and time of the newest good one before on this engine; None: not known."""


@dataclass(frozen=True, slots=True)
class PastRun:
    """A run of the history, as it is listed."""

    id: str
    number: int
    outcome: Outcome | Literal["running"]
    exit_code: int | None
    started: float
    seconds: float | None
    differs: tuple[tuple[str, str], ...]
    cmd: str
    last_line: str
    folder: str
    message: str = ""
    outputs: str = ""
    """Folder of what it wrote; empty if it wrote nothing there."""
    foreign: bool = False
    """It belongs to another pxtui that is alive."""
    outputs_size: int = 0
    biggest: tuple[tuple[str, int], ...] = ()
    got: tuple[tuple[str, str], ...] = ()
    """What it was given, as label and text, for Inspect."""
    label: str = ""
    """The person's name for it."""
    starred: bool = False
    values: tuple[tuple[str, str], ...] = ()
    """Every declaration it ran with: name and text as typed."""
    image: str = ""
    engine: str = ""
    kept: str = ""
    """The container that was kept because its files could not be taken out."""


@dataclass(frozen=True, slots=True)
class History:
    """The runs of this project on disk and on the engine, oldest first."""

    runs: tuple[PastRun, ...]


@dataclass(frozen=True, slots=True)
class Watching:
    """Watch mode was set."""

    mode: WatchMode
    on_busy: OnBusy = "queue"


@dataclass(frozen=True, slots=True)
class Conflict:
    """A value that the person changed here and something else in the file; secrets are dots."""

    path: Path
    name: str
    mine: str | None
    """The person's text; None: taken out."""
    theirs: str | None
    """What the file has now; None: nothing."""
    base: str | None
    """What the file had when the person changed it; None: nothing."""
    number: int = field(default=0, compare=False)
    """Of these texts: another one where one of them is another, be it behind dots."""


@dataclass(frozen=True, slots=True)
class Conflicted:
    """The values that the person has to choose between before anything is written."""

    conflicts: tuple[Conflict, ...]
    """All there are now; empty: none any more."""
    saving: bool = False
    """A save was refused because of them."""


@dataclass(frozen=True, slots=True)
class Saved:
    """The edits were written to the polyaxonfile."""

    file: str
    """The files that were changed: `a.yml and b.yml`."""
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a person should know, in one line; not cleaned."""

    severity: Literal["good", "info", "warning", "error"]
    text: str
    hint: str = ""


Event = (
    Loaded
    | Invalid
    | NoFile
    | FileText
    | EngineSeen
    | TreeSeen
    | NeedsSeen
    | Hinted
    | Changed
    | Wished
    | Dropped
    | Asked
    | Answered
    | Withdrawn
    | Trusted
    | ImageSeen
    | ImageGone
    | Started
    | Step
    | Closing
    | Queued
    | Unqueued
    | Stopping
    | Given
    | Finished
    | History
    | Watching
    | Held
    | Pending
    | GoesOn
    | Conflicted
    | Saved
    | Notice
)
