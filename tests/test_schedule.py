"""The schedule: pure decisions, driven by hypothesis through whole lives of a session."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pxtui import schedule
from pxtui.events import (
    Answered,
    Asked,
    Closing,
    Dropped,
    EngineSeen,
    Event,
    Finished,
    GoesOn,
    Held,
    Hinted,
    Loaded,
    OnBusy,
    Outcome,
    Queued,
    Started,
    Stopping,
    TreeSeen,
    Trusted,
    Unqueued,
    Watching,
    WatchMode,
    Wished,
)
from pxtui.polyaxonfile.reading import Reading, Resolved
from pxtui.state import State, apply, target

RESOLVED = Resolved("experiment", "p", "python:3", ("pip install x",), (), "python train.py")
READING = Reading("polyaxonfile.yml", "", (), RESOLVED, ())


def seen(version: int) -> TreeSeen:
    return TreeSeen(f"{version:064x}", 1, 1)


@dataclass
class World:
    """A session in small: a tree with a version, an engine that is told how jobs end."""

    version: int = 0
    state: State = field(default_factory=State)
    images: dict[str, int] = field(default_factory=dict)
    jobs: int = 0
    building: int | None = None
    builds_started: int = 0
    stops: list[str] = field(default_factory=list)
    started_runs: list[Started] = field(default_factory=list)
    most_builds_alive: int = 0

    def tell(self, event: Event) -> None:
        self.state = apply(self.state, event)

    def open(self, mode: WatchMode, on_busy: OnBusy = "queue") -> None:
        self.tell(Loaded(READING, READING, ()))
        self.tell(EngineSeen(True, "fake", "fake"))
        self.tell(Trusted("fake"))
        self.tell(seen(self.version))
        self.tell(Watching(mode, on_busy))

    def look(self) -> None:
        before = self.state
        self.tell(seen(self.version))
        mode = self.state.watching.mode
        held = self.state.held is not None
        if mode != "off" and not held and self.state.target != before.target:
            self.tell(Wished(mode, "changed", self.state.watching.on_busy))

    def settle(self) -> None:
        """Act until there is nothing to do; it always comes to that."""
        for _ in range(100):
            action = schedule.decide(self.state)
            if isinstance(action, schedule.Wait):
                return
            self.act(action)
        raise AssertionError(f"it does not come to rest: {action}")

    def act(self, action: schedule.Action) -> None:
        match action:
            case schedule.Look():
                self.look()
            case schedule.Ask():
                choices = (("queue", ""), ("no", ""))
                self.tell(Asked("q", action.kind, "", (), choices, "queue"))
            case schedule.Drop():
                self.tell(Dropped(action.message))
            case schedule.Build():
                assert self.building is None, "two builds at once"
                self.jobs += 1
                self.building = self.version
                self.builds_started += 1
                started = Started("build", str(self.jobs), 1, action.cause, 0.0, action.target)
                # of the code alone, or of the steps too: then a newer one closes it
                made = self.state.environment if self.version % 3 else "another"
                self.tell(replace(started, environment=made))
            case schedule.CloseBuild():
                self.tell(Closing(action.id))
            case schedule.Enqueue():
                self.tell(
                    Queued(RESOLVED, action.image, action.target, action.cause, (), action.beside)
                )
                if action.restart:
                    for run in self.state.runs:
                        self.stops.append(run.started.id)
                        self.tell(Stopping(run.started.id, 1.0))
            case schedule.Start():
                self.jobs += 1
                started = Started(
                    "run",
                    str(self.jobs),
                    self.jobs,
                    action.queued.cause,
                    0.0,
                    action.queued.target,
                    queued=action.queued,
                )
                self.started_runs.append(started)
                self.tell(started)

    def end_build(self, outcome: Outcome, *, moved: bool = False) -> None:
        build = self.state.building
        if build is None:
            return
        outcome = "cancelled" if build.closing else outcome
        packed, self.building = self.building, None
        assert packed is not None
        holds = target(RESOLVED, seen(packed).signature)
        if outcome == "done":
            self.images[holds] = packed
        image = "image" if outcome == "done" else None
        told = Finished("build", build.started.id, outcome, 0, image, 1.0, "", None, 0.0, holds)
        self.tell(replace(told, moved=moved))
        self.hint()

    def end_run(self) -> None:
        if self.state.runs:
            run = self.state.runs[0].started
            self.tell(Finished("run", run.id, "done", 0, "image", 1.0, "", None, 0.0))

    def hint(self) -> None:
        self.tell(Hinted())
        self.look()

    def go_on(self) -> None:
        """The end of a pause: what is not built is wished, as the session does."""
        if self.state.held is not None:
            self.tell(GoesOn())
            self.hint()
            if not self.state.image_is_current:
                mode = self.state.watching.mode
                self.tell(Wished("run" if mode == "run" else "build", "watch", "queue"))


STEPS = st.lists(
    st.sampled_from(
        [
            *("change", "hint", "hint twice", "back", "done", "failed", "moved"),
            *("end run", "ask run"),
            *("ask build", "queue", "no", "pause", "go on"),
        ]
    ),
    max_size=60,
)


def drive(world: World, step: str) -> None:
    match step:
        case "change":
            world.version += 1
        case "hint" | "hint twice":
            for _ in step.split():
                world.hint()
        case "back":
            world.version = max(0, world.version - 1)
        case "pause":
            world.tell(Held("asked"))
        case "go on":
            world.go_on()
        case "done" | "failed" | "moved":
            world.end_build("done" if step == "done" else "failed", moved=step == "moved")
        case "end run":
            world.end_run()
        case "ask run":
            world.tell(Wished("run", "asked"))
        case "ask build":
            world.tell(Wished("build", "asked"))
        case "queue" | "no":
            if world.state.question:
                world.tell(Answered("q", "busy", step))
    world.settle()


@settings(max_examples=400, deadline=None)
@given(STEPS, st.sampled_from(["build", "run"]))
def test_at_rest_the_image_is_the_tree(steps: list[str], mode: WatchMode) -> None:
    comes_to_rest(steps, mode)


@pytest.mark.slow
@settings(max_examples=10_000, deadline=None)
@given(STEPS, st.sampled_from(["build", "run"]))
def test_at_rest_the_image_is_the_tree_in_many_lives(steps: list[str], mode: WatchMode) -> None:
    comes_to_rest(steps, mode)


def comes_to_rest(steps: list[str], mode: WatchMode) -> None:
    """However events come, once all jobs have ended well the newest image holds the last tree."""
    world = World()
    world.open(mode)
    world.version += 1
    world.hint()
    world.settle()
    for step in steps:
        drive(world, step)
    drive(world, "go on")
    world.hint()
    for _ in range(50):
        world.settle()
        if world.state.question:
            world.tell(Answered("q", "busy", "no"))
        world.end_build("done")
        world.end_run()
    world.settle()
    assert not world.state.queue
    assert world.state.wish is None
    if world.state.failed == world.state.target:
        return  # it is not tried again unasked
    assert world.state.image is not None
    assert world.state.image.target == target(RESOLVED, seen(world.version).signature)
    assert world.images[world.state.image.target] == world.version


@settings(max_examples=200, deadline=None)
@given(STEPS)
def test_a_change_never_stops_a_run(steps: list[str]) -> None:
    world = World()
    world.open("run", "queue")
    for step in steps:
        drive(world, step)
        assert not world.stops
        assert len(world.state.runs) <= 1
        assert len([q for q in world.state.queue if q.cause == "changed"]) <= 1


@settings(max_examples=300, deadline=None)
@given(STEPS, STEPS, st.sampled_from(["build", "run"]))
def test_in_a_pause_nothing_begins_unasked(
    before: list[str], steps: list[str], mode: WatchMode
) -> None:
    world = World()
    world.open(mode)
    for step in before:
        drive(world, step)
    for step in ("no", "done", "end run"):  # what was asked for comes to its end
        drive(world, step)
    drive(world, "pause")
    if world.state.wish is not None or world.state.building or world.state.queue:
        return
    builds, runs = world.builds_started, len(world.started_runs)
    for step in steps:
        if step not in ("ask run", "ask build", "go on"):
            drive(world, step)
    assert (world.builds_started, len(world.started_runs)) == (builds, runs)


def test_without_a_change_nothing_is_built() -> None:
    world = World()
    world.open("build")
    world.version += 1
    world.hint()
    world.settle()
    world.end_build("done")
    for _ in range(5):
        world.hint()
        world.settle()
    assert world.builds_started == 1


def test_ten_changes_during_a_build_lead_to_one_more_build() -> None:
    world = World()
    world.open("build")
    world.version += 1
    world.hint()
    world.settle()
    for _ in range(10):
        world.version += 1
        world.hint()
        world.settle()
    world.end_build("done")
    world.settle()
    assert world.builds_started == 2
    world.end_build("done")
    world.settle()
    assert world.builds_started == 2


def test_a_failed_tree_is_not_built_again_unasked_but_when_asked() -> None:
    world = World()
    world.open("build")
    world.version += 1
    world.hint()
    world.settle()
    world.end_build("failed")
    world.hint()
    world.settle()
    assert world.builds_started == 1
    drive(world, "ask build")
    assert world.builds_started == 2


def test_a_changed_command_runs_without_a_build() -> None:
    world = World()
    world.open("off")
    drive(world, "ask run")
    drive(world, "done")
    drive(world, "end run")
    drive(world, "ask run")
    assert world.builds_started == 1
    assert len(world.started_runs) == 2


def test_a_run_asked_for_while_one_is_going_asks_and_queues() -> None:
    world = World()
    world.open("off")
    drive(world, "ask run")
    drive(world, "done")
    drive(world, "ask run")
    assert world.state.question is not None
    drive(world, "queue")
    assert len(world.state.queue) == 1
    drive(world, "end run")
    assert len(world.started_runs) == 2
    assert not world.state.queue


def test_restart_stops_what_runs_and_then_starts() -> None:
    world = World()
    world.open("off")
    drive(world, "ask run")
    drive(world, "done")
    world.tell(Wished("run", "asked", "restart"))
    world.settle()
    assert world.stops == [world.started_runs[0].id]
    assert len(world.started_runs) == 1
    drive(world, "end run")
    assert len(world.started_runs) == 2


def test_nothing_is_done_before_consent() -> None:
    world = World()
    world.tell(Loaded(READING, READING, ()))
    world.tell(EngineSeen(True, "fake", "fake"))
    world.tell(seen(0))
    drive(world, "ask run")
    assert world.state.question is not None
    assert world.state.question.kind == "trust"
    assert world.builds_started == 0
    world.tell(Answered("q", "trust", "no"))
    world.settle()
    assert world.state.wish is None
    assert world.builds_started == 0


def test_an_image_by_a_dockerfile_is_built_where_there_are_containers() -> None:
    own = replace(RESOLVED, image="", steps=(), dockerfile="docker/Dockerfile")
    world = World()
    world.tell(Loaded(replace(READING, resolved=own), READING, ()))
    world.tell(Trusted("e"))
    world.tell(Wished("build", "asked"))
    world.tell(seen(0))
    engine = EngineSeen(True, "docker", "e")
    world.tell(engine)
    assert isinstance(schedule.decide(world.state), schedule.Build)
    world.tell(replace(engine, isolated=False))
    told = schedule.decide(world.state)
    assert isinstance(told, schedule.Drop)
    assert told.message.startswith("an image by docker/Dockerfile needs Docker or Podman")
    nothing = replace(own, dockerfile="")
    world.tell(Loaded(replace(READING, resolved=nothing), READING, ()))
    told = schedule.decide(world.state)
    assert isinstance(told, schedule.Drop)
    assert "names no image" in told.message


def test_what_the_watch_found_and_what_changed_is_one_run_that_waits() -> None:
    world = World()
    world.open("run")
    world.tell(Started("run", "r0", 1, "asked", 0.0))
    for cause in ("watch", "changed"):
        world.tell(Queued(RESOLVED, "i", "t", cause, ()))
    world.tell(Queued(RESOLVED, "i", "t", "asked", ()))
    assert [q.cause for q in world.state.queue] == ["changed", "asked"]
    world.tell(Queued(RESOLVED, "i", "t", "watch", ()))
    world.tell(Unqueued(by_watch=True))
    assert [q.cause for q in world.state.queue] == ["asked"]


def test_a_change_is_the_cause_though_the_watch_wished_first() -> None:
    world = World()
    world.open("run")
    for causes, cause in ((("watch", "changed"), "changed"), (("watch", "asked"), "asked")):
        world.tell(Dropped())
        for one in causes:
            world.tell(Wished("run", one, "queue"))
        assert world.state.wish is not None
        assert (world.state.wish.cause, world.state.wish.with_change) == (cause, True)
