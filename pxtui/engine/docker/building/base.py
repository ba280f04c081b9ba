"""The base image of a build: there already, or pulled with its progress told."""

from __future__ import annotations

import contextlib
import re
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from docker.auth import get_config_header, resolve_repository_name
from docker.errors import APIError
from docker.utils import parse_repository_tag

from pxtui.engine import BuildRequest
from pxtui.engine.docker.connection import Client, messages
from pxtui.engine.docker.failures import explanation, one_line
from pxtui.engine.docker.image import base_image, inspect_image
from pxtui.engine.docker.machine import fits, image_platform
from pxtui.errors import EngineError
from pxtui.image.context import amount, never
from pxtui.step_failed import FULL_HINT

_USUAL = "linux/amd64"
"""What nearly every image is made for."""
_OTHER_PLATFORM = "no matching manifest for linux/"
_EVERY = 2.0
"""Seconds between two lines that say how far a pull is."""


@dataclass(frozen=True, slots=True)
class Base:
    """A base image on the engine."""

    facts: dict[str, Any]
    platform: dict[str, str]
    """What a builder is told of the platform; empty where it takes the right one by itself."""
    pulled: bool

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.facts["Id"])


def base_of(
    client: Client,
    request: BuildRequest,
    native: str,
    say: Callable[[str], None],
    check: Callable[[], None],
    pulling: Callable[[], None] = never,
) -> Base:
    """The base image of a build; a registry is asked only if it is missing or if told so.

    `pulling` is called before it is.
    """
    name, platform = request.plan.base, request.platform
    found = None if request.pull else base_image(client, name, platform)
    pulled = found is None
    if found is None:
        pulling()
        try:
            _pull(client, name, platform, say, check)
        except EngineError as error:
            if platform or _OTHER_PLATFORM not in error.message:
                raise
            say(f"{name} is not made for {native or 'this platform'}: {_USUAL}")
            _pull(client, name, _USUAL, say, check)
        found = inspect_image(client, name)
    if found is None:
        raise EngineError(f"the image {name} was pulled and is not there")
    if (found.get("Config") or {}).get("OnBuild"):
        raise EngineError(
            f"the image {name} has ONBUILD triggers, which need the whole project before the steps",
            "write `FROM` that image in a Dockerfile of your own and name it as dockerfile:",
        )
    wanted = platform or image_platform(found)
    other = {} if not native or fits(wanted, native) else {"platform": wanted}
    return Base(found, other, pulled)


def _pull(
    client: Client,
    name: str,
    platform: str,
    say: Callable[[str], None],
    check: Callable[[], None],
) -> None:
    repository, tag = parse_repository_tag(name)
    headers = {}
    registry, _ = resolve_repository_name(repository)
    if auth := _login(client, name, registry, check):
        headers["X-Registry-Auth"] = auth
    say(f"pulling {name} {f'for {platform}' if platform else ''}".rstrip())
    params = {"fromImage": repository, "tag": tag or "latest"}
    if platform:
        params["platform"] = platform
    try:
        response = client.stream("/images/create", params=params, headers=headers)
    except APIError as error:
        raise not_pulled(name, explanation(error)) from error
    layers = _Layers(say)
    for message in messages(response):
        check()
        if failure := message.get("error"):
            raise not_pulled(name, str(failure))
        layers.told(message)


def _login(client: Client, name: str, registry: str, check: Callable[[], None]) -> Any:
    """The person's login for a registry: of their docker configuration, or of its helper."""
    store = client.api._auth_configs.get_credential_store(registry)
    helper = f"docker-credential-{store}"
    hint = "log in with `docker login`, or look at credsStore and credHelpers in its config.json"
    # docker-py only warns of one that is missing, on the terminal
    if store and shutil.which(helper) is None:
        raise EngineError(f"the image {name} cannot be pulled: {helper} is not installed", hint)
    found: list[Any] = []

    def look() -> None:
        with contextlib.suppress(Exception):  # whatever a helper does
            found.append(get_config_header(client.api, registry))

    # a helper may ask the person something, and take its time
    thread = threading.Thread(target=look, name="login", daemon=True)
    thread.start()
    while thread.is_alive():
        check()
        thread.join(0.05)
    if not found:
        # what it printed is not told: that may be the password
        raise EngineError(f"the image {name} cannot be pulled: {helper} failed", hint)
    return found[0]


@dataclass(slots=True)
class _Layers:
    """How far each layer of a pull is, said now and then."""

    say: Callable[[str], None]
    sizes: dict[str, tuple[int, int]] = field(default_factory=dict)
    said: float = 0.0

    def told(self, message: dict[str, Any]) -> None:
        part, status = str(message.get("id", "")), str(message.get("status", ""))
        detail = message.get("progressDetail") or {}
        if status == "Downloading" and detail.get("total"):
            self.sizes[part] = (int(detail.get("current") or 0), int(detail["total"]))
        elif status in ("Download complete", "Pull complete") and part in self.sizes:
            self.sizes[part] = (self.sizes[part][1],) * 2
        elif not part or status in ("Already exists", "Pull complete"):
            self.say(f"{part}: {status}" if part else status)
        if self.sizes and time.monotonic() - self.said > _EVERY:
            self.said = time.monotonic()
            done, total = (sum(pair[i] for pair in self.sizes.values()) for i in (0, 1))
            self.say(f"{amount(done)} of {amount(total)} in {len(self.sizes)} layers")


def not_pulled(name: str, text: str) -> EngineError:
    """What a registry's or the engine's refusal means."""
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
        (("no space left",), "the engine's disk is full", FULL_HINT),
    )  # fmt: skip
    for words, cause, hint in causes:
        # a status is a word of its own: a port or a digest may have its digits in it
        if any(re.search(rf"\b{w}\b" if w.isdigit() else re.escape(w), lower) for w in words):
            return EngineError(
                f"the image {name} cannot be pulled: {cause} [{one_line(text)}]", hint
            )
    return EngineError(f"the image {name} cannot be pulled: {one_line(text)}")
