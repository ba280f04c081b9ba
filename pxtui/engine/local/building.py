"""A local build: a virtual environment in which the steps ran, and a snapshot of the tree."""

from __future__ import annotations

import contextlib
import io
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from pxtui import places
from pxtui.engine import BuildRequest, Outcome, Result, Sink, StepReport
from pxtui.engine.local.commands import Closed, Commands
from pxtui.engine.local.environments import Environment, Family, passed
from pxtui.engine.local.steps import command, refusal
from pxtui.engine.supervisor import exit_code
from pxtui.errors import PxtuiError
from pxtui.image.context import ContextMoved, KeepsMoving, Listing, look_again
from pxtui.image.dockerfile import CODE
from pxtui.image.pack import PackedFile, pack_code

TRIES = 3
"""How often a tree that moves is copied anew."""


class _Failed(Exception):
    """A step failed; the outcome says how."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.message)
        self.outcome = outcome


class LocalBuild:
    """One build; all of it happens in `wait`."""

    def __init__(
        self, request: BuildRequest, sink: Sink, report: Callable[[StepReport], None]
    ) -> None:
        self._request = request
        self._sink = sink
        self._report = report
        self._commands = Commands(sink)
        self._told_of_other = False
        plan = request.plan
        self._steps = tuple(step for step in plan.steps if step.strip())
        python = f"not used, this Python {platform.python_version()} instead"
        self._texts = (
            f"FROM {plan.base}: {python}",
            *self._steps,
            f"COPY {request.listing.files:,} files",
        )

    def close(self) -> None:
        """Kill what is going on; `wait` returns `cancelled`."""
        self._commands.close()

    def wait(self) -> Outcome:
        """Build to the end."""
        try:
            return self._build()
        except Closed:
            return Outcome("cancelled")
        except _Failed as error:
            return error.outcome
        except PxtuiError as error:
            return Outcome("failed", message=str(error), moved=isinstance(error, KeepsMoving))
        except Exception as error:  # the promise: nothing is raised
            return Outcome("failed", message=f"{type(error).__name__}: {error}")

    def _build(self) -> Outcome:
        request, last = self._request, len(self._texts)
        self._refuse()
        family = Family(request.plan)
        with family.locked(self._wait_for_other):
            environment = None if request.no_cache else family.current()
            if environment is None:
                environment = family.new()
                self._make(environment)
                family.forget(environment)
            else:
                self._tell_cached(range(1, last))
            listing = request.listing
            known = environment.tree(listing.signature)
            result: Result = "skipped" if known.is_dir() else "done"
            if result == "skipped":
                os.utime(known)
                self._tell_cached((last,))
            else:
                with self._step(last):
                    listing = self._snapshot(environment)
                environment.forget_trees()
            environment.note_project(request.project)
        image = environment.image(listing.signature)
        return Outcome(result, image=image, signature=listing.signature)

    def _refuse(self) -> None:
        """Before anything is made: a step that only makes sense in a container ends the build."""
        staged = [file.name for file in self._request.plan.staged]
        for index, step in enumerate(self._steps, 2):
            reason = "" if self._request.allow_steps else refusal(step, staged)
            if reason:
                message = (
                    f"step {index} of {len(self._texts)} is not run without a container, {reason}: "
                    f"{step} (--allow-steps runs it on this machine)"
                )
                raise _Failed(Outcome("failed", message=message))

    def _wait_for_other(self) -> None:
        if not self._told_of_other:
            self._told_of_other = True
            self._sink.write(b"another pxtui is building this environment: waiting\n", "stdout")
        self._commands.check(wait=0.05)

    def _tell_cached(self, indices: Iterable[int]) -> None:
        for index in indices:
            text = self._texts[index - 1]
            self._report(StepReport(index, len(self._texts), text, "done", True, 0.0))

    def _make(self, environment: Environment) -> None:
        try:
            for folder in (environment.folder, environment.code, environment.folder / "trees"):
                places.private_dir(folder)
            for note in self._request.plan.notes:
                self._sink.write(f"{note}\n".encode("utf-8", "surrogatepass"), "stdout")
            with self._step(1):
                self._make_venv(environment)
                for file in self._request.plan.staged:
                    place = environment.code / file.name
                    place.parent.mkdir(parents=True, exist_ok=True)
                    place.write_bytes(file.data)
                    place.chmod(file.mode)
            variables = environment.variables(passed(pip=True), self._request.plan.env)
            has_uv = shutil.which("uv", path=variables["PATH"]) is not None
            for index, step in enumerate(self._steps, 2):
                with self._step(index):
                    self._commands.run(command(step, has_uv), environment.code, variables)
            environment.finish(self._request.plan)
        except BaseException:
            environment.remove()
            raise

    def _make_venv(self, environment: Environment) -> None:
        argv = [sys.executable, "-P", "-m", "virtualenv", "--python", sys.executable]
        argv += ["--no-download", "--no-periodic-update"]
        argv += ["--app-data", str(places.cache_home() / "virtualenv"), str(environment.venv)]
        self._commands.run(argv, environment.folder, passed())

    @contextlib.contextmanager
    def _step(self, index: int) -> Iterator[None]:
        """Report a step around what it does; a command's failure becomes the build's outcome."""
        self._commands.check()
        total, text = len(self._texts), self._texts[index - 1]
        self._report(StepReport(index, total, text, "started"))
        begun = time.monotonic()
        try:
            yield
        except Closed:
            raise
        except BaseException as error:
            seconds = time.monotonic() - begun
            self._report(StepReport(index, total, text, "failed", False, seconds))
            if isinstance(error, subprocess.CalledProcessError):
                code = exit_code(error.returncode)
                message = f"step {index} of {total} failed with exit code {code}: {text}"
                raise _Failed(Outcome("failed", code, message)) from error
            raise
        self._report(StepReport(index, total, text, "done", False, time.monotonic() - begun))

    def _snapshot(self, environment: Environment) -> Listing:
        """Take the tree as it is listed, or as it is by now if it moved."""
        root, listing = self._request.root, self._request.listing
        for _ in range(TRIES):
            tree = environment.tree(listing.signature)
            try:
                if not tree.is_dir():
                    self._copy(listing, environment, tree)
                return listing
            except ContextMoved:
                listing = look_again(root, listing, self._commands.check)
        raise KeepsMoving

    def _copy(self, listing: Listing, environment: Environment, tree: Path) -> None:
        request = self._request
        temporary = tree.with_name(f".{request.id}")
        for left in tree.parent.glob(".*"):
            shutil.rmtree(left, ignore_errors=True)
        try:
            check = self._commands.check
            pieces = pack_code(request.root, listing.entries, request.plan, "", check)
            with (
                io.BufferedReader(PackedFile(pieces)) as packed,
                tarfile.open(fileobj=packed, mode="r|") as tar,
            ):
                tar.extraction_filter = lambda member, _: member
                tar.extractall(temporary, self._members(tar))  # noqa: S202  just packed by us
            _lay_under(environment.code, temporary / CODE)
            (temporary / CODE).chmod(0o700)
            (temporary / CODE).rename(tree)
            os.utime(tree)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)

    def _members(self, tar: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
        for member in tar:
            self._commands.check()
            if member.name.partition("/")[0] == CODE:
                yield member


def _lay_under(source: Path, target: Path) -> None:
    """Copy what the steps made to where the tree has nothing, as COPY would have left it."""
    for item in os.scandir(source):
        place = target / item.name
        if item.is_dir(follow_symlinks=False):
            if not place.is_symlink() and place.is_dir():
                _lay_under(Path(item.path), place)
            elif not os.path.lexists(place):
                shutil.copytree(item.path, place, symlinks=True)
        elif not os.path.lexists(place):
            shutil.copy2(item.path, place, follow_symlinks=False)
