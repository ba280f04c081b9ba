"""A session without a screen: hears its events, writes output, obeys signals, ends with a code."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import click

from pxtui.cli import objects, words
from pxtui.cli.follow import Follow
from pxtui.cli.options import FAILED, INVALID, NO_ENGINE, USAGE, Where, fail, no_output, say
from pxtui.engine import Engine
from pxtui.errors import EngineError, StateError
from pxtui.events import Dropped, Event, Finished, Invalid, NoFile, Phase, Queued, Started
from pxtui.logs.line import Line
from pxtui.logs.text import clean_line
from pxtui.project import Project, read_draft
from pxtui.session import Session, link, questions, threads
from pxtui.session.before import step_to_enter
from pxtui.settings import Settings
from pxtui.state import State, apply

POLL = 0.05


@dataclass(frozen=True)
class How:
    """What a headless command makes of its session."""

    as_json: bool
    dry_run: bool = False
    stays: bool = False
    """It goes on after a job has ended (watch)."""
    tty: bool = False
    """The run has this terminal."""
    detach: bool = False
    """Over as soon as the run goes."""
    draft: bool = False
    """With the app's unwritten values."""
    before: int = 0
    """Only a shell in the state before this step."""
    shell_on_failure: bool = False


@dataclass
class Headless:
    """What a headless command hears and says; `code` is the exit code so far."""

    session: Session
    how: How
    engine: Callable[[], Engine]
    """Opens the engine once more, to ask it beside the session."""
    code: int = 0
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    state: State = field(default_factory=State)
    """As of the last event that was heard: the session may be further."""
    _follows: dict[tuple[Phase, str], Follow] = field(default_factory=dict)
    _signals: int = 0
    _leaving: asyncio.Task[None] | None = None

    def hear(self, event: Event) -> None:
        """Say an event, and note what it means for the exit code."""
        before, self.state = self.state, apply(self.state, event)
        self.write_output()
        if isinstance(event, Started):
            self._started(event)
        if isinstance(event, Finished):
            self._drain(event.phase, event.id)
        if (text := words.of(event, before)) is not None:
            self._say(text)
        if isinstance(event, Queued) and self.state.runs:
            self._say("◌ the next run is ready and waits for this one to end")
        if self.how.as_json and (shown := objects.of(event)) is not None:
            _write(shown)
        code, over = self._meaning(event)
        if not self._signals:
            self.code = self.code if code is None else code
        if over and (not self.how.stays or self._signals):
            self.ended.set()

    def _say(self, text: str) -> None:
        if self.how.tty and self.state.runs:  # the terminal is raw
            click.echo(text.replace("\n", "\r\n") + "\r", err=True)
        else:
            say(text)

    def _started(self, event: Started) -> None:
        if event.phase == "build" or not (self.how.tty or self.how.detach):
            folder = self.session.folder(event.phase, event.id)
            self._follows[event.phase, event.id] = Follow(folder)
        elif self.how.detach:
            if not self.how.as_json:
                _write(f"#{event.number} {event.id}")
            self._leaving = asyncio.create_task(self._leave(event))

    async def _leave(self, run: Started) -> None:
        """Wait until the engine has the run going, and let go of it."""
        project = self.session.project.places.project
        while not await threads.in_thread("goes", lambda: _goes(self.engine, project, run.id)):
            await asyncio.sleep(POLL)
        if self._signals:
            return
        say(f"#{run.number} goes on: pxtui runs logs {run.number} --follow shows its output")
        self.session.leave("leave")
        self.ended.set()

    def _meaning(self, event: Event) -> tuple[int | None, bool]:
        """The exit code that an event leads to, and whether the command is over with it."""
        state = self.state
        idle = not (state.runs or state.queue or state.building)
        match event:
            case Finished(phase="build", outcome="done" | "skipped"):
                return 0, idle and state.wish is None
            case Finished():
                return _code(event), idle
            case Dropped():
                return FAILED if event.message else None, idle
            case Invalid() | NoFile():
                return INVALID, True
            case _:
                return None, False

    def write_output(self) -> None:
        """Write what live jobs said since the last call."""
        for phase, job in list(self._follows):
            for line in self._follows[phase, job].lines():
                self._line(phase, job, line)

    def _drain(self, phase: Phase, job: str) -> None:
        follow = self._follows.pop((phase, job), None)
        for line in follow.lines(last=True) if follow else ():
            self._line(phase, job, line)

    def _line(self, phase: Phase, job: str, line: Line) -> None:
        if self.how.as_json:
            _write(objects.output(phase, job, line.stream, line.text))
        elif phase == "run" and line.stream != "stderr":
            _write(line.text)
        else:
            say(line.text)

    async def shell(self) -> None:
        """The shell that was asked for, in the state before a step."""
        failed, step = step_to_enter(self.state), self.how.before
        if self.how.shell_on_failure and failed is not None:
            step = failed.index
        if not step or self._signals:
            return
        self.ended.clear()
        why = await self.session.shell_before(step, say, self.ended)
        if why:
            say(f"pxtui: {clean_line(why)}")
            self.code = self.code or FAILED

    def signalled(self, number: signal.Signals) -> None:
        """SIGINT and SIGTERM stop what was started; a second one does not wait."""
        self._signals += 1
        self.code = 128 + number
        state = self.session.state
        if number == signal.SIGHUP:
            if self.how.tty:  # nobody can type to it any more
                self.session.leave("stop")
            self.ended.set()
            return
        self.session.leave("stop")
        if self._signals > 1 or not (state.runs or state.building):
            self.ended.set()
        else:
            self.session.cancel()


def _goes(opener: Callable[[], Engine], project: str, run: str) -> bool:
    """Whether the engine has started a run; what it does not say is heard from the session."""
    with contextlib.suppress(EngineError), contextlib.closing(opener()) as engine:
        return any(found.id == run and found.started for found in engine.runs(project))
    return False


def _code(event: Finished) -> int:
    if event.phase == "build" or event.outcome == "lost":
        return FAILED
    if event.outcome in ("failed", "cancelled"):
        return event.exit_code or FAILED
    return 0


def _write(text: str) -> None:
    try:
        sys.stdout.write(text + "\n")
    except UnicodeEncodeError:
        sys.stdout.buffer.write((text + "\n").encode("utf-8", "replace"))
    sys.stdout.flush()


async def drive(where: Where, request: Callable[[Session], None], how: How) -> int:
    """Open a session on what `where` says, make the request, and hear it to its end."""
    project, settings = where.project(), where.settings()
    session = _session(where, project, settings, how)
    async with session:
        headless = Headless(session, how, link.opener(settings.engine, project.places))
        events = session.listen()
        for event in session.opening:
            headless.hear(event)
        draft = read_draft(project.places, project.file) if how.draft else ()
        if session.state.resolved is None and not (how.stays or draft):
            return INVALID
        headless.ended.clear()  # a file with errors may be mended, by the draft or an editor
        for path, text in draft:
            session.edit(path, text)
        session.begin()
        await session.ready()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # so far they end the process
            loop.add_signal_handler(number, headless.signalled, number)
        if (code := _told(project, session.state, how)) is not None:
            return code
        if not how.dry_run:
            session.consent()
            if not how.before:
                request(session)
                await _hear_to_the_end(events, headless)
            await headless.shell()
        return headless.code


def _session(where: Where, project: Project, settings: Settings, how: How) -> Session:
    return Session(
        project,
        settings,
        link.opener(settings.engine, project.places),
        names=where.names,
        attended=False,
        follow=how.stays,
        allow_steps=where.allow_steps,
    )


def _told(project: Project, state: State, how: How) -> int | None:
    """Tell what a build or run will get; an exit code where it cannot begin."""
    engine = state.engine
    if engine is None or not engine.ok:
        say(f"pxtui: {clean_line(engine.note if engine else 'no engine')}")
        return NO_ENGINE
    if how.tty and not engine.isolated:
        what = "a shell" if how.before or how.shell_on_failure else "--tty"
        say(f"pxtui: {what} needs a container engine: run it without, or in a shell of your own")
        return USAGE
    for label, text in () if how.before else questions.facts(project, state):
        say(f"  {label:<8} {clean_line(text)}")
    for text in () if how.before else words.remedies(state):
        say(f"! {text}")
    return None


async def _hear_to_the_end(events: AsyncIterator[Event], headless: Headless) -> None:
    async def hear() -> None:
        async for event in events:
            headless.hear(event)

    hearing = asyncio.create_task(hear())
    try:
        while not (headless.ended.is_set() or hearing.done()):
            headless.write_output()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL):
                    await headless.ended.wait()
        if hearing.done():
            hearing.result()
    finally:
        hearing.cancel()


def run(where: Where, request: Callable[[Session], None], how: How) -> None:
    """`drive` as the body of a command: ends the process with the exit code."""
    try:
        code = asyncio.run(drive(where, request, how))
    except BrokenPipeError:
        code = 128 + signal.SIGPIPE
        _give_up_output("the output was closed")
    except StateError as error:
        fail(error, FAILED)
    except OSError as error:
        code = FAILED
        _give_up_output(f"the output cannot be written: {error.strerror}")
    click.get_current_context().exit(code)


def _give_up_output(reason: str) -> None:
    """Nothing more can be written; a run that was started goes on, see `on-exit`."""
    with contextlib.suppress(OSError):
        say(f"pxtui: {reason}; a run that was started goes on (pxtui runs list)")
    no_output()
