"""A build of the project's own Dockerfile: its base images, its context, one image."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from pxtui import places
from pxtui.engine import BuildRequest, Outcome
from pxtui.engine.docker.building.base import Base, base_of
from pxtui.engine.docker.building.buildargs import build_args
from pxtui.engine.docker.building.progress import Progress
from pxtui.engine.docker.building.sending import Job, has_buildkit
from pxtui.engine.docker.connection import Client
from pxtui.errors import EngineError
from pxtui.image import own, own_context
from pxtui.image.context import ContextMoved, KeepsMoving, Listing, look_again
from pxtui.image.ignore import DOCKERIGNORE, IgnoreLines
from pxtui.image.plan import Own

_TRIES = 3


@dataclass(slots=True)
class OwnBuild:
    """One build of it, on one engine."""

    client: Client
    request: BuildRequest
    native: str
    progress: Progress
    check: Callable[[], None]
    send: Callable[[Client, Callable[[bool], Job]], str]
    """Sends the job and raises if it failed; the image's id."""
    labels: Callable[[str, str, Listing], dict[str, str]]
    _bases: list[Base] = field(default_factory=list)
    _lines: IgnoreLines | None = None

    def build(self, found: Callable[[Client, str, str, Listing], str | None]) -> Outcome:
        """Build, or find the image of the same tree and key again."""
        request, listing = self.request, self.request.listing
        if request.until:
            raise EngineError(
                "the state before a step is not to be had of a Dockerfile of your own"
            )
        for _ in range(_TRIES):
            self.check()
            text = own.read(request.root, self._own)
            self._lines = own_context.ignore_lines(request.root, self._own)
            key = self._key(text)
            image = None if request.no_cache else found(self.client, request.project, key, listing)
            if image is not None:
                return Outcome("skipped", image=image, signature=listing.signature)
            try:
                image = self._built(text, key, listing)
            except ContextMoved:
                listing = look_again(request.root, listing, self.check)
                continue
            if request.trees is not None:
                request.trees.write(listing)
            return Outcome("done", image=image, signature=listing.signature)
        raise KeepsMoving

    @property
    def _own(self) -> Own:
        assert self.request.plan.own is not None  # noqa: S101  who builds it has seen it
        return self.request.plan.own

    def _built(self, text: bytes, key: str, listing: Listing) -> str:
        request = self.request
        args = build_args(self.client.api._proxy_configs.get_environment(), os.environ)
        # what the steps of our own would unpack: nothing in a foreign Dockerfile does
        carried = ("FTP_PROXY",) if args.before else ()
        given = (request.root, self._own)
        name = own_context.name_in_context(*given, listing.entries, self._lines)
        for note in (*request.plan.notes, *args.notes, *self._notes(name)):
            self.progress.say(note)
        params = {
            "t": places.image_tag(request.project, listing.signature),
            "dockerfile": name,
            "nocache": "1" if request.no_cache else "0",
            "buildargs": json.dumps({k: v for k, v in args.values.items() if k not in carried}),
            "labels": json.dumps(self.labels(request.project, key, listing)),
            **next((base.platform for base in self._bases if base.platform), {}),
        }

        def job(buildkit: bool) -> Job:
            packed = lambda: own_context.pack(  # noqa: E731
                *given, text, listing.entries, self._lines, self.check, hide=not buildkit
            )
            return Job(packed, own.steps(text.decode(errors="replace")), (), params)

        return self.send(self.client, job)

    def _notes(self, name: str) -> Iterator[str]:
        """What of the context is otherwise than with `docker build`."""
        if name == own_context.BESIDE and has_buildkit(self.client):
            yield f"the Dockerfile is not part of its context: `COPY . .` takes it along, as {name}"
        is_beside = own_context.is_beside(self._own, self._lines)
        if is_beside and (self.request.root / DOCKERIGNORE).is_file():
            name = f"{self._own.dockerfile}{DOCKERIGNORE}"
            yield f"{name} holds; what the project's {DOCKERIGNORE} leaves out stays out too"

    def _key(self, data: bytes) -> str:
        """What the image is made of beside the tree; images that are missing are pulled for it."""
        text, buildkit = data.decode(errors="replace"), has_buildkit(self.client)
        needed = own.images(text, every=not buildkit)
        self._bases = [self._base(name, platform) for name, platform in needed]
        ids = [base.id for base in self._bases]
        if buildkit and (frontend := own.frontend(text)):
            ids.append(self._frontend(frontend))
        if self._lines is not None:
            ids.append(hashlib.sha256(os.fsencode("\n".join(self._lines[1]))).hexdigest())
        parts = (hashlib.sha256(data).hexdigest(), self.request.platform, *ids)
        return self.request.plan.key("\n".join(parts))

    def _base(self, name: str, platform: str) -> Base:
        """An image that it needs: BuildKit alone could not log in to a registry."""
        plan = replace(self.request.plan, base=name)
        platform = "" if "$" in platform else platform
        wanted = replace(self.request, plan=plan, platform=platform or self.request.platform)
        return base_of(self.client, wanted, self.native, self.progress.say, self.check)

    def _frontend(self, name: str) -> str:
        self.progress.say(f"the image {name} reads the Dockerfile, its `# syntax=` line says so")
        try:
            return self._base(name, "").id
        except EngineError as error:
            raise EngineError(
                f"`# syntax={name}` in {self._own.dockerfile} needs an image: {error.message}",
                "load it by hand, or take the line out if the engine's own builder will do",
            ) from error
