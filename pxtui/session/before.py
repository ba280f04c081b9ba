"""A shell in the state before a step of a build, in this terminal; nothing of it is kept."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from pxtui import places
from pxtui.engine import BuildRequest, Engine, Outcome, StepReport, Stream
from pxtui.errors import EngineError, PxtuiError
from pxtui.events import Step
from pxtui.image.dockerfile import instructions
from pxtui.logs.text import clean_line
from pxtui.run import SH, WORKDIR, RunSpec, Surroundings
from pxtui.session import looking, threads
from pxtui.session.parts import Parts
from pxtui.state import Build, State

CLOSING = 5.0
"""Seconds that a shell nobody wants any more is given to end."""
Say = Callable[[str], None]


def failed_step(build: Build | None) -> Step | None:
    """The step of which a build failed, where it was one."""
    steps = build.steps if build is not None else ()
    return next((step for step in steps if step.state == "failed"), None)


def step_to_enter(state: State) -> Step | None:
    """That step, where the state before it can be had: it is not the base image's."""
    step = failed_step(state.build)
    own = state.resolved is not None and not state.resolved.image
    return step if step is not None and step.index > 1 and not own else None


async def shell(parts: Parts, step: int, say: Say, unwanted: asyncio.Event) -> str:
    """A shell in the state before this step (1-based) until it ends; why there was none."""
    engine, listing = parts.link.engine, parts.tree.listing
    resolved = parts.teller.state.resolved
    if resolved is None or listing is None or engine is None:
        return "the polyaxonfile or the project has errors: there is no image of it"
    try:
        request = await looking.request_of(parts, resolved, listing)
        if request.plan.own is not None:
            return "there is no state before a step of a Dockerfile of your own"
        total = len(instructions(request.plan))
    except (PxtuiError, OSError) as error:
        return str(error)
    if not 1 < step <= total:
        return f"the image has the steps 2 to {total}: there is nothing before step {step}"
    opened = Before(engine, replace(request, until=step), parts.owner.name, say)
    home = places.private_dir(parts.project.places.home)
    going = asyncio.ensure_future(threads.in_thread("shell", lambda: opened.work(home)))
    stopping = asyncio.ensure_future(unwanted.wait())
    await asyncio.wait({going, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if not stopping.cancel():
        opened.close()
        await asyncio.wait({going}, timeout=CLOSING)
    return going.result() if going.done() else "it was left: the engine does not answer"


class _Nothing:
    """A sink that keeps nothing."""

    def write(self, data: bytes, stream: Stream) -> None:
        """Let it go."""


class Before:
    """The image of a state and the shell in it, both gone when the shell has ended."""

    def __init__(self, engine: Engine, request: BuildRequest, owner: str, say: Say) -> None:
        self._engine, self._request, self._owner, self._say = engine, request, owner, say
        self._end: Callable[[], None] | None = None
        self._unwanted = False

    def close(self) -> None:
        """End it, from any thread."""
        self._unwanted = True
        if self._end is not None:
            self._end()

    def work(self, home: Path) -> str:
        """Build the state, open the shell, wait for its end; why there was none."""
        try:
            job = self._engine.build(self._request, _Nothing(), self._report)
            built = self._wait(job.close, job.wait)
            if built.image is None:
                return built.message or f"the state before the step was not built: {built.result}"
            try:
                return self._shell(built.image, home)
            finally:
                self._remove(built.image)
        except EngineError as error:
            return str(error)

    def _wait(self, end: Callable[[], None], wait: Callable[[], Outcome]) -> Outcome:
        self._end = end
        if self._unwanted:
            end()
        return wait()

    def _report(self, step: StepReport) -> None:
        head = f"{step.index}/{step.total}  {_line(step.text)}"
        if step.state == "started":
            self._say(f"  {head}")

    def _shell(self, image: str, home: Path) -> str:
        index = self._request.until
        texts = [one.text for one in instructions(self._request.plan)]
        self._say(f"\nthe state before step {index} of {len(texts)}, which is:\n")
        for line in texts[index - 1].strip().splitlines():
            self._say(f"    {clean_line(line)}")
        self._say(f"\n{SH} in {WORKDIR}; nothing of this is kept and it is no run · exit ends it\n")
        with tempfile.TemporaryDirectory(
            prefix="shell-", dir=home, ignore_cleanup_errors=True
        ) as folder:
            spec = self._spec(image, folder)
            try:
                job = self._engine.run(spec, _Nothing())
                ended = self._wait(job.kill, job.wait)
            finally:
                self._engine.remove(spec.id)
        failed = ended.exit_code is None and ended.result != "done" and not self._unwanted
        return ended.message if failed else ""

    def _spec(self, image: str, folder: str) -> RunSpec:
        request, run = self._request, places.new_id()
        labels = {
            places.LABEL_V: "1",
            places.LABEL_PROJECT: request.project,
            places.LABEL_ID: run,
            places.LABEL_OWNER: self._owner,
            places.LABEL_KIND: "run",
        }
        return RunSpec(
            id=run,
            name=places.container_name(request.project, run),
            image=image,
            cmd=f"exec {SH}",  # as the step has it: bash knows more
            env=(),
            labels=tuple(labels.items()),
            outputs=folder,
            folder=folder,
            surroundings=Surroundings(gpus="none", cache=False, platform=request.platform),
            tty=True,
        )

    def _remove(self, image: str) -> None:
        """Remove the image, unless it has a name: the whole environment may be the same one."""
        with contextlib.suppress(EngineError):
            found = self._engine.list_images(self._request.project)
            if any(one.id == image and not one.tags for one in found):
                self._engine.remove_image(image)


def _line(text: str) -> str:
    """The first line of a text, and whether there are more."""
    first, *more = text.strip().splitlines() or [""]
    return clean_line(" ".join(first.split())) + ("␤…" if more else "")
