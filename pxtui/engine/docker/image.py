"""Images that the engine has."""

from __future__ import annotations

from typing import Any

from docker.errors import APIError

from pxtui.engine.docker.connection import Client
from pxtui.engine.docker.machine import fits, image_platform


def base_image(client: Client, name: str, platform: str) -> dict[str, Any] | None:
    """What the engine knows of a base image; nothing if it has none for the platform asked for."""
    found = inspect_image(client, name)
    if found is None or (platform and not fits(platform, image_platform(found))):
        return None
    return found


def inspect_image(client: Client, name: str) -> dict[str, Any] | None:
    """What the engine knows of an image, nothing if it has none of this name."""
    try:
        found: dict[str, Any] = client.call("get", "/images/{0}/json", name).json()
    except APIError as error:
        if error.status_code == 404:
            return None
        raise
    return found
