"""A build on a container engine: the environment found again or made, and the code laid over it."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Callable
from typing import Any

from pxtui import places
from pxtui.engine import BuildRequest, Outcome, Sink, StepReport
from pxtui.engine.docker.building.base import Base, base_of
from pxtui.engine.docker.building.buildargs import BuildArgs, build_args
from pxtui.engine.docker.building.code import Ground, ground, itself
from pxtui.engine.docker.building.own import OwnBuild
from pxtui.engine.docker.building.progress import Appearing, Progress
from pxtui.engine.docker.building.sending import Failed, Job, has_buildkit, send
from pxtui.engine.docker.connection import Client, Way
from pxtui.engine.docker.failures import one_line, telling
from pxtui.engine.docker.image import inspect_image, layer_sizes
from pxtui.errors import EngineError, EngineLost, PxtuiError
from pxtui.image.context import ContextMoved, KeepsMoving, Listing, look_again
from pxtui.image.dockerfile import code_dockerfile, environment_dockerfile, instructions
from pxtui.image.pack import pack_code, pack_environment
from pxtui.image.plan import ImagePlan
from pxtui.step_failed import explain, sentence

TRIES = 3
"""How often a tree that changes while it is packed is looked at and packed anew."""


class _Cancelled(Exception):
    """The build was closed."""


class _Failed(Exception):
    """A builder could not build; told as an outcome."""

    def __init__(self, failed: Failed) -> None:
        super().__init__(failed.text)
        self.failed = failed


class DockerBuild:
    """A build that goes on in `wait`."""

    def __init__(
        self,
        way: Way,
        request: BuildRequest,
        sink: Sink,
        report: Callable[[StepReport], None],
        native: str = "",
    ) -> None:
        self._way, self._request = way, request
        self._native = native
        """Platform of the engine itself, empty where it is not known."""
        self._told = sink, report
        self._progress = Progress((), *self._told)
        self._sizes: tuple[tuple[int, int], ...] = ()
        self._sent_size = 0
        self._closed = threading.Event()
        self._client: Client | None = None

    def wait(self) -> Outcome:
        """Build to the end."""
        try:
            with self._way.client() as client, telling("the build", self._way.found):
                self._client = client
                if self._request.plan.own is not None:
                    return self._own(client)
                self._progress = Progress(instructions(self._request.plan), *self._told)
                return self._build(client)
        except _Cancelled:
            return Outcome("cancelled")
        except EngineLost as error:
            if self._closed.is_set():
                return Outcome("cancelled")
            return Outcome("lost", message=f"the engine is gone: {error.message}")
        except _Failed as error:
            return Outcome("cancelled") if self._closed.is_set() else self._failed(error.failed)
        except (PxtuiError, OSError) as error:
            if self._closed.is_set():
                return Outcome("cancelled")
            self._progress.failed()
            moved = isinstance(error, KeepsMoving)
            return Outcome("failed", message=one_line(error), moved=moved)

    def close(self) -> None:
        """Stop it: the engine ends a build whose connection ends."""
        self._closed.set()
        if self._client is not None:
            self._client.cut()

    def _check(self) -> None:
        if self._closed.is_set():
            raise _Cancelled

    def _own(self, client: Client) -> Outcome:
        """By a Dockerfile of the project's own."""
        self._progress = Appearing(*self._told)
        given = (client, self._request, self._native, self._progress, self._check)
        return OwnBuild(*given, self._sent, _labels).build(found_image)

    def _build(self, client: Client) -> Outcome:
        request, listing = self._request, self._request.listing
        self._check()
        base = base_of(
            client, request, self._native, self._progress.say, self._check, self._pulling
        )
        if base.pulled:
            self._progress.done(False, base=base.id)
        self._progress.skip(1, base.id)
        key = request.plan.key(base.id)
        if not request.no_cache and not request.until:
            image = found_image(client, request.project, key, listing)
            if image is not None:
                self._progress.ended(len(self._progress.texts))
                return Outcome("skipped", image=image, signature=listing.signature)
        environment = self._environment(client, base, key)
        if request.until:
            return Outcome("done", image=environment["Id"])
        return self._code(client, base, key, environment)

    def _pulling(self) -> None:
        self._progress.begin(1)

    def _environment(self, client: Client, base: Base, key: str) -> dict[str, Any]:
        """The image of everything but the code."""
        request = self._request
        tag = places.environment_tag(request.project, key)
        labels = _labels(request.project, key)
        if not (request.no_cache or request.until):
            found = inspect_image(client, tag)
            if found is not None and _has_labels(found, labels):
                self._progress.ended(len(self._progress.texts) - 1)
                return found
        args = build_args(client.api._proxy_configs.get_environment(), os.environ)
        for note in (*request.plan.notes, *args.notes):
            self._progress.say(note)
        image = self._sent(client, self._environment_job(base, args, labels, tag))
        made = inspect_image(client, image)
        if made is None:
            raise EngineError("the image was built and is not there")
        self._sizes = layer_sizes(client, image, base.id)
        return made

    def _environment_job(
        self, base: Base, args: BuildArgs, labels: dict[str, str], tag: str
    ) -> Callable[[bool], Job]:
        """What is sent; whether the builder has caches decides on its text."""
        request = self._request
        plan, until = request.plan, request.until
        told = instructions(plan)[: until - 1 if until else -1]
        working = [i for i, one in enumerate(told, 1) if not one.line.startswith("ENV ")]
        params = {
            "nocache": "1" if request.no_cache else "0",
            "buildargs": json.dumps(args.values),
            "labels": json.dumps(labels),
            **({} if until else {"t": tag}),
            **base.platform,
        }

        def job(buildkit: bool) -> Job:
            cached = buildkit and request.pip_cache
            text = environment_dockerfile(plan, args.before, cached=cached, until=until)
            packed = lambda: pack_environment(plan, text)  # noqa: E731
            return Job(packed, len(told), tuple(working), params)

        return job

    def _code(self, client: Client, base: Base, key: str, environment: dict[str, Any]) -> Outcome:
        """The image of everything; a tree that moves is looked at again."""
        request, listing = self._request, self._request.listing
        total = len(self._progress.texts)
        self._progress.begin(total)
        for _ in range(TRIES):
            self._check()
            try:
                image = self._laid_over(client, base, key, environment, listing)
            except ContextMoved:
                listing = look_again(request.root, listing, self._check)
                _check_staged(request.plan, listing)
                continue
            self._progress.done(False)
            if request.trees is not None:
                request.trees.write(listing)
            sizes = (*self._sizes, (total, self._sent_size))
            return Outcome("done", image=image, signature=listing.signature, sizes=sizes)
        raise KeepsMoving

    def _laid_over(
        self, client: Client, base: Base, key: str, environment: dict[str, Any], listing: Listing
    ) -> str:
        under = ground(client, self._request, environment, listing)
        try:
            return self._made_of(client, base, key, under, listing)
        except _Failed:
            self._check()
            if not under.removed:
                raise
        # an image may have no `rm`, or a user who may not
        whole = itself(environment, listing)
        return self._made_of(client, base, key, whole, listing)

    def _made_of(
        self, client: Client, base: Base, key: str, under: Ground, listing: Listing
    ) -> str:
        request = self._request
        self._sent_size = sum(entry.size for entry in under.entries)
        labels = _labels(request.project, key, listing)
        tag = places.image_tag(request.project, listing.signature)
        params = {"t": tag, "labels": json.dumps(labels), **base.platform}

        def job(buildkit: bool) -> Job:
            # BuildKit takes no ids; the classic builder would ask a registry for a tag that is gone
            name = under.tag if buildkit else under.id
            text = code_dockerfile(name, request.plan.owner, under.removed)
            packed = lambda: pack_code(  # noqa: E731
                request.root, under.entries, request.plan, text, self._check
            )
            return Job(packed, 0, (), params)

        return self._sent(client, job)

    def _sent(self, client: Client, job: Callable[[bool], Job]) -> str:
        buildkit = has_buildkit(client)
        made = send(client, job(buildkit), self._progress, buildkit=buildkit)
        self._check()
        if isinstance(made, Failed):
            raise _Failed(made)
        return made

    def _failed(self, failed: Failed) -> Outcome:
        """How it failed, told in one line."""
        progress = self._progress
        index = progress.failed()
        code, text = failed.code, failed.text
        if not index:
            cause = explain(step="", exit_code=code, tail=progress.tail, message=text)
            return Outcome("failed", code, cause)
        step, total = progress.texts[index - 1], progress.total
        told = sentence(index, total, step=step, exit_code=code, tail=progress.tail, message=text)
        return Outcome("failed", code, told)


def _check_staged(plan: ImagePlan, listing: Listing) -> None:
    """Newer code is not laid over an environment that was made with older files of the steps."""
    now = {entry.path: entry.content for entry in listing.entries if entry.kind == "file"}
    for file in plan.staged:
        if now.get(file.name) not in (None, hashlib.sha256(file.data).hexdigest()):
            raise KeepsMoving(f"{file.name} changed while the image was built", "build again")


def found_image(client: Client, project: str, key: str, listing: Listing) -> str | None:
    """The image that was built of the same environment and tree, if the engine has it."""
    found = inspect_image(client, places.image_tag(project, listing.signature))
    if found is None or not _has_labels(found, _labels(project, key, listing)):
        return None
    return str(found["Id"])


def _has_labels(image: dict[str, Any], labels: dict[str, str]) -> bool:
    have = (image.get("Config") or {}).get("Labels") or {}
    return all(have.get(name) == value for name, value in labels.items())


def _labels(project: str, key: str, listing: Listing | None = None) -> dict[str, str]:
    """No id and no owner: they would keep the same image from being found again."""
    return {
        places.LABEL_V: "1",
        places.LABEL_PROJECT: project,
        places.LABEL_KIND: "environment" if listing is None else "code",
        places.LABEL_KEY: key,
        places.LABEL_SIGNATURE: "" if listing is None else listing.signature,
    }
