"""A scripted engine: it builds and runs nothing, as told; for tests, pictures and a first look."""

from __future__ import annotations

import itertools
import json
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from pxtui import places
from pxtui.engine import (
    BuildRequest,
    EngineInfo,
    FoundImage,
    FoundRun,
    LentTerminal,
    Outcome,
    Sink,
    StepReport,
    Stream,
)
from pxtui.errors import EngineError, ImageGoneError, NoEngine
from pxtui.image.dockerfile import instructions
from pxtui.run import RunSpec

SCRIPT_VARIABLE = "PXTUI_FAKE"
SIZE = 100_000_000
"""Bytes of each image."""


@dataclass(frozen=True, slots=True)
class Script:
    """What the fake engine will do; seconds are waited for truly."""

    down: str = ""
    """Not empty: there is no engine, for this reason."""
    step_seconds: float = 0.02
    step_output: str = "ok\n"
    fail_step: int = 0
    """1-based index of the instruction that fails (0: none)."""
    lines: tuple[str, ...] = tuple(
        f"epoch {n}/3 loss={1.2 / n:.3f} acc={0.7 + n / 15:.3f}\n" for n in (1, 2, 3)
    )
    """Output of a run; a line that starts with `!` goes to stderr."""
    line_seconds: float = 0.02
    exit_code: int = 0
    endless: bool = False
    """The output is repeated until the run is stopped."""
    ignores_term: bool = False

    @classmethod
    def from_environment(cls) -> Script:
        """The script in $PXTUI_FAKE (JSON), or the usual one."""
        values = json.loads(os.environ.get(SCRIPT_VARIABLE) or "{}")
        if "lines" in values:
            values["lines"] = tuple(values["lines"])
        return cls(**values)


class FakeBuild:
    """A build that takes its steps' seconds."""

    def __init__(
        self, engine: FakeEngine, request: BuildRequest, sink: Sink, report: Reporter
    ) -> None:
        self._engine = engine
        self._request = request
        self._sink = sink
        self._report = report
        self._closed = threading.Event()

    def close(self) -> None:
        """End it as cancelled."""
        self._closed.set()

    def wait(self) -> Outcome:
        """Tell the steps one by one, the cached ones at once."""
        request, engine = self._request, self._engine
        steps = instructions(request.plan)
        image = _image(request)
        if image in engine.images and not request.no_cache:
            for index, step in enumerate(steps, 1):
                self._report(StepReport(index, len(steps), step.text, "done", True, 0.0))
            return Outcome("skipped", image=image)
        same = f"fake:{request.plan.key('fake')[:8]}" in engine.environments
        for index, step in enumerate(steps, 1):
            cached = index == 1 or (same and index < len(steps) and not request.no_cache)
            outcome = self._step(index, len(steps), step.text, cached)
            if outcome is not None:
                return outcome
        engine.environments.add(f"fake:{request.plan.key('fake')[:8]}")
        engine.made(request)
        return Outcome("done", image=image)

    def _step(self, index: int, total: int, text: str, cached: bool) -> Outcome | None:
        script = self._engine.script
        self._report(StepReport(index, total, text, "started"))
        if self._closed.wait(0 if cached else script.step_seconds):
            return Outcome("cancelled")
        if index == script.fail_step:
            self._sink.write(b"error: the script says so\n", "stderr")
            self._report(StepReport(index, total, text, "failed", False, script.step_seconds))
            return Outcome("failed", 1, f"step {index} of {total} failed with exit code 1: {text}")
        if not cached:
            self._sink.write(script.step_output.encode(), "stdout")
        seconds = 0.0 if cached else script.step_seconds
        self._report(StepReport(index, total, text, "done", cached, seconds))
        return None


class FakeRun:
    """A run that prints its script."""

    notes: tuple[str, ...] = ()
    got: tuple[tuple[str, str], ...] = ()

    def __init__(self, script: Script, spec: RunSpec, sink: Sink) -> None:
        self.spec = spec
        self.outcome: Outcome | None = None
        self.started = time.time()
        self.sizes: list[tuple[int, int]] = []
        """Those that its terminal was to have, in order."""
        self._script = script
        self._sink = sink
        self._ended = threading.Event()
        self._signal = 0
        self._let_go = False
        self.begun = threading.Event()

    def wait(self) -> Outcome:
        """Print the lines, then end with the script's code or the signal's."""
        self.begun.set()
        lines = itertools.cycle(self._script.lines) if self._script.endless else self._script.lines
        for line in lines:
            if self._ended.wait(self._script.line_seconds):
                break
            stream: Stream = "stderr" if line.startswith("!") else "stdout"
            self._sink.write(line.removeprefix("!").encode(), stream)
        if self._let_go:
            return Outcome("lost", message="let go")
        code = 128 + self._signal if self._signal else self._script.exit_code
        self.outcome = Outcome("done" if code == 0 else "failed", code)
        return self.outcome

    def resize(self, columns: int, rows: int) -> None:
        """Note the size."""
        self.sizes.append((columns, rows))

    def stop(self, grace: float) -> None:
        """End it with SIGTERM, or after the grace with SIGKILL if the script ignores that."""
        if self._script.ignores_term:
            threading.Timer(grace, self.kill).start()
            return
        self._signal = self._signal or 15
        self._ended.set()

    def kill(self) -> None:
        """End it with SIGKILL."""
        self._signal = 9
        self._ended.set()

    def close(self) -> None:
        """Let go of it."""
        self._let_go = True
        self._ended.set()


@dataclass
class FakeEngine:
    """Keeps what it was asked for: `requests` and `specs`, in order."""

    script: Script = field(default_factory=Script)
    images: set[str] = field(default_factory=set)
    environments: set[str] = field(default_factory=set)
    found: dict[str, FoundImage] = field(default_factory=dict)
    requests: list[BuildRequest] = field(default_factory=list)
    specs: list[RunSpec] = field(default_factory=list)
    jobs: dict[str, FakeRun] = field(default_factory=dict)

    def info(self) -> EngineInfo:
        """The fake, or the script's reason why not."""
        if self.script.down:
            raise NoEngine(self.script.down, "start it, pxtui connects by itself")
        return EngineInfo("fake", "fake", "0", note="nothing is really built or run")

    def base(self, image: str) -> str | None:
        """Every base image is here, and what was built and not removed."""
        gone = image.startswith("fake:") and image not in self.images
        return None if gone else "linux/amd64"

    def disk(self) -> str:
        """It has none."""
        return ""

    def find(self, request: BuildRequest) -> str | None:
        """An image of this engine object."""
        image = _image(request)
        return image if image in self.images else None

    def build(self, request: BuildRequest, sink: Sink, report: Reporter) -> FakeBuild:
        """Note the request."""
        self.requests.append(request)
        return FakeBuild(self, request, sink, report)

    def run(self, spec: RunSpec, sink: Sink) -> FakeRun:
        """Note the spec."""
        if spec.image not in self.images:
            raise ImageGoneError(f"there is no image {spec.image}", "build it: b")
        self.specs.append(spec)
        self.jobs[spec.id] = FakeRun(self.script, spec, sink)
        return self.jobs[spec.id]

    def runs(self, project: str) -> tuple[FoundRun, ...]:
        """Those of this engine object."""
        return tuple(
            FoundRun(
                job.spec.id,
                job.outcome is None,
                job.outcome.exit_code if job.outcome else None,
                dict(job.spec.labels).get("pxtui.owner", ""),
                job.started,
            )
            for job in self.jobs.values()
        )

    def adopt(self, run_id: str, sink: Sink) -> FakeRun:
        """Print its script anew."""
        old = self.jobs[run_id]
        self.jobs[run_id] = FakeRun(self.script, old.spec, sink)
        return self.jobs[run_id]

    def enter(self, run_id: str, *, as_shell: bool) -> LentTerminal:
        """There is no container that could be entered."""
        raise EngineError("only a run in a container can be entered")

    def remove(self, run_id: str) -> None:
        """Forget it."""
        self.jobs.pop(run_id, None)

    def made(self, request: BuildRequest) -> None:
        """Have the image of a build, and that of its environment."""
        image, signature = _image(request), request.listing.signature
        key, now = request.plan.key("fake"), time.time()
        tag = places.environment_tag(request.project, key)
        given = (request.project, key)
        environment = FoundImage(f"fake:{key[:8]}", "environment", *given, "", (tag,), now, SIZE)
        self.found.setdefault(environment.id, environment)
        tag = places.image_tag(request.project, signature)
        self.found[image] = FoundImage(image, "code", *given, signature, (tag,), now, SIZE)
        self.images.add(image)

    def list_images(self, project: str = "") -> tuple[FoundImage, ...]:
        """Those that were built on this engine object."""
        used = {job.spec.image for job in list(self.jobs.values())}
        ours = (one for one in list(self.found.values()) if project in ("", one.project))
        return tuple(replace(image, used=image.id in used) for image in ours)

    def remove_image(self, image: str) -> None:
        """Forget it."""
        if any(job.spec.image == image for job in list(self.jobs.values())):
            raise EngineError(f"a container uses {image}", "remove its run first")
        self.found.pop(image, None)
        self.images.discard(image)
        self.environments.discard(image)

    def close(self) -> None:
        """Nothing is held."""


def _image(request: BuildRequest) -> str:
    return f"fake:{request.plan.key(request.plan.base)[:8]}-{request.listing.signature[:8]}"


Reporter = Callable[[StepReport], None]


def connect(name: str = "fake") -> FakeEngine:
    """A fake engine with the script of $PXTUI_FAKE."""
    return FakeEngine(Script.from_environment())
