"""A build on a container engine: found again or packed, sent, followed and told how it ended."""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Callable
from typing import IO, Any

from docker.auth import get_config_header, resolve_repository_name
from docker.errors import APIError
from docker.utils import parse_repository_tag

from pxtui import places
from pxtui.engine import BuildRequest, Outcome, Sink, StepReport
from pxtui.engine.docker.buildargs import BuildArgs, build_args
from pxtui.engine.docker.connection import Client, Way, messages
from pxtui.engine.docker.failures import explanation, one_line, telling
from pxtui.engine.docker.image import base_image, inspect_image
from pxtui.engine.docker.machine import fits, image_platform
from pxtui.engine.docker.steps import Steps
from pxtui.errors import ContextError, EngineError, EngineLost, PxtuiError
from pxtui.image.context import ContextMoved, Listing, look_again
from pxtui.image.dockerfile import dockerfile, instructions
from pxtui.image.pack import CODE, pack

TRIES = 3
"""How often a tree that changes while it is packed is looked at and packed anew."""
_USUAL = "linux/amd64"
"""What nearly every image is made for."""
_OTHER_PLATFORM = "no matching manifest for linux/"
_FULL = "no space left on device"
_FULL_HINT = "`docker system df` shows what fills it, `docker system prune` clears it"


class _Cancelled(Exception):
    """The build was closed."""


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
        self._way, self._request, self._sink, self._report = way, request, sink, report
        self._native = native
        """Platform of the engine itself, empty where it is not known."""
        self._closed = threading.Event()
        self._client: Client | None = None

    def wait(self) -> Outcome:
        """Build to the end."""
        try:
            with self._way.client() as client, telling("the build", self._way.found):
                self._client = client
                return self._build(client)
        except _Cancelled:
            return Outcome("cancelled")
        except EngineLost as error:
            if self._closed.is_set():
                return Outcome("cancelled")
            return Outcome("lost", message=f"the engine is gone: {error.message}")
        except (PxtuiError, OSError) as error:
            if self._closed.is_set():
                return Outcome("cancelled")
            return Outcome("failed", message=one_line(error))

    def close(self) -> None:
        """Stop it: the engine ends a build whose connection ends."""
        self._closed.set()
        if self._client is not None:
            self._client.cut()

    def _check(self) -> None:
        if self._closed.is_set():
            raise _Cancelled

    def _build(self, client: Client) -> Outcome:
        request = self._request
        self._check()
        steps = Steps(instructions(request.plan, CODE), self._sink, self._report)
        base = self._base(client)
        key = request.plan.key(str(base["Id"]))
        args = build_args(client.api._proxy_configs.get_environment(), os.environ)
        listing = request.listing
        for _ in range(TRIES):
            self._check()
            tag = places.image_tag(request.project, listing.signature)
            labels = _labels(request.project, key, listing)
            image = None
            if not request.no_cache:
                image = found_image(client, request.project, key, listing)
            if image is not None:
                steps.all_cached()
                return Outcome("skipped", image=image, signature=listing.signature)
            text = dockerfile(request.plan, CODE, args.before)
            try:
                packed = pack(request.root, listing, request.plan, text, self._check)
            except ContextMoved:
                listing = look_again(request.root, listing, self._check)
                continue
            with packed:
                wanted = {"t": tag, "labels": json.dumps(labels), **self._platform(base)}
                made = self._send(client, steps, packed, wanted, args)
            if isinstance(made, Outcome):
                return made
            return Outcome("done", image=made, signature=listing.signature)
        raise ContextError(
            "the tree changes faster than it can be packed",
            "name what is being written in .dockerignore",
        )

    def _base(self, client: Client) -> dict[str, Any]:
        """The base image; a registry is asked only if it is missing or if told so."""
        name, platform = self._request.plan.base, self._request.platform
        found = None if self._request.pull else base_image(client, name, platform)
        if found is None:
            try:
                self._pull(client, name, platform)
            except EngineError as error:
                if platform or _OTHER_PLATFORM not in error.message:
                    raise
                self._say(f"{name} is not made for {self._native or 'this platform'}: {_USUAL}")
                self._pull(client, name, _USUAL)
            found = inspect_image(client, name)
        if found is None:
            raise EngineError(f"the image {name} was pulled and is not there")
        return found

    def _platform(self, base: dict[str, Any]) -> dict[str, str]:
        """The platform to build for, where the engine would not take it by itself."""
        platform = self._request.platform or image_platform(base)
        return {} if not self._native or fits(platform, self._native) else {"platform": platform}

    def _say(self, text: str) -> None:
        self._sink.write(f"{text}\n".encode("utf-8", "surrogatepass"), "stdout")

    def _pull(self, client: Client, name: str, platform: str) -> None:
        repository, tag = parse_repository_tag(name)
        headers = {}
        registry, _ = resolve_repository_name(repository)
        if auth := get_config_header(client.api, registry):
            headers["X-Registry-Auth"] = auth
        self._say(f"pulling {name} {f'for {platform}' if platform else ''}".rstrip())
        params = {"fromImage": repository, "tag": tag or "latest"}
        if platform:
            params["platform"] = platform
        try:
            response = client.stream("/images/create", params=params, headers=headers)
        except APIError as error:
            raise _not_pulled(name, explanation(error)) from error
        seen: dict[str, str] = {}
        for message in messages(response):
            self._check()
            if failure := _error_of(message):
                raise _not_pulled(name, failure[0])
            part, status = str(message.get("id", "")), str(message.get("status", ""))
            if status and seen.get(part) != status:
                seen[part] = status
                self._say(f"{part}: {status}" if part else status)

    def _send(
        self,
        client: Client,
        steps: Steps,
        packed: IO[bytes],
        wanted: dict[str, str],
        args: BuildArgs,
    ) -> str | Outcome:
        """The image that was made, or how it failed."""
        for note in (*self._request.plan.notes, *args.notes):
            self._say(note)
        params = {
            "rm": "1",
            "forcerm": "1",
            "nocache": "1" if self._request.no_cache else "0",
            "buildargs": json.dumps(args.values),
            **wanted,
        }
        body = _Upload(packed, self._check)
        headers = {"Content-Type": "application/x-tar"}
        response = client.stream("/build", params=params, headers=headers, data=body)
        image = None
        for message in messages(response):
            self._check()
            if failure := _error_of(message):
                return self._failed(steps, *failure)
            if isinstance(stream := message.get("stream"), str):
                steps.feed(stream)
            # only this names the image: a step can print anything into the stream
            if isinstance(aux := message.get("aux"), dict) and "ID" in aux:
                image = str(aux["ID"])
        self._check()
        if image is None:
            raise EngineLost("the builder ended without a word", "build again")
        steps.end()
        return image

    def _failed(self, steps: Steps, text: str, code: int | None) -> Outcome:
        self._check()
        steps.end(failed=True)
        index = steps.current
        cause = one_line(text)
        if _FULL in f"{steps.tail}\n{text}".lower():
            cause = f"the engine's disk is full ({_FULL_HINT})"
        elif code == 137:
            cause = "killed (137): the engine may have run out of memory"
        elif code is not None:
            cause = f"exit code {code}"
        if index:
            step = one_line(steps.texts[index - 1])
            cause = f"step {index} of {len(steps.texts)} failed, {cause}: {step}"
        return Outcome("failed", code, cause)


class _Upload:
    """The packed context as it is sent; a cancelled build stops sending."""

    def __init__(self, packed: IO[bytes], check: Callable[[], None]) -> None:
        self._packed, self._check = packed, check
        self._size = packed.seek(0, 2)
        packed.seek(0)

    def __len__(self) -> int:
        return self._size

    def read(self, size: int = -1) -> bytes:
        """The next piece."""
        self._check()
        return self._packed.read(size)


def found_image(client: Client, project: str, key: str, listing: Listing) -> str | None:
    """The image that was built of the same environment and tree, if the engine has it."""
    labels = _labels(project, key, listing)
    found = inspect_image(client, places.image_tag(project, listing.signature))
    if found is None:
        return None
    have = (found.get("Config") or {}).get("Labels") or {}
    return str(found["Id"]) if all(have.get(k) == v for k, v in labels.items()) else None


def _labels(project: str, key: str, listing: Listing) -> dict[str, str]:
    """No id and no owner: they would keep the same image from being found again."""
    return {
        places.LABEL_V: "1",
        places.LABEL_PROJECT: project,
        places.LABEL_KIND: "code",
        places.LABEL_KEY: key,
        places.LABEL_SIGNATURE: listing.signature,
    }


def _error_of(message: dict[str, Any]) -> tuple[str, int | None] | None:
    if "error" not in message and "errorDetail" not in message:
        return None
    detail = message.get("errorDetail") or {}
    text = str(detail.get("message") or message.get("error") or "failed")
    code = detail.get("code")
    if not isinstance(code, int):
        # podman says it in words only
        said = re.search(r"exit (?:status|code:?) (\d{1,3})\s*$", text)
        code = int(said[1]) if said else None
    return text, code


def _not_pulled(name: str, text: str) -> EngineError:
    lower = text.lower()
    causes = (
        (("toomanyrequests", "rate limit", "429"), "the registry's rate limit is reached",
         "`docker login`, or try again later"),
        (("unauthorized", "denied", "no basic auth", "authentication required", "401", "403"),
         "it does not exist or needs a login", "look at its name, or `docker login`"),
        ((_OTHER_PLATFORM,), "it is not made for this platform",
         "choose one that it is made for with --platform"),
        (("manifest unknown", "not found", "404", "does not exist", "unknown: "),
         "there is no such image", "look at its name and tag"),
        (("x509", "tls:", "certificate", "http response to https"),
         "the registry's certificate is not trusted", "look at the engine's registry settings"),
        (("no such host", "dial tcp", "timeout", "lookup ", "unreachable", "refused", "eof"),
         "the registry cannot be reached", "look at the network, or load the image by hand"),
        (("no space left",), "the engine's disk is full", _FULL_HINT),
    )  # fmt: skip
    for words, cause, hint in causes:
        if any(word in lower for word in words):
            return EngineError(
                f"the image {name} cannot be pulled: {cause} [{one_line(text)}]", hint
            )
    return EngineError(f"the image {name} cannot be pulled: {one_line(text)}")
