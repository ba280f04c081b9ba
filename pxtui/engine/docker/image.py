"""Images that the engine has."""

from __future__ import annotations

from typing import Any

from docker.errors import APIError

from pxtui.engine.docker.connection import Client


def image_id(client: Client, name: str) -> str | None:
    """The id of an image that the engine has."""
    found = inspect_image(client, name)
    return None if found is None else str(found["Id"])


def inspect_image(client: Client, name: str) -> dict[str, Any] | None:
    """What the engine knows of an image, nothing if it has none of this name."""
    try:
        found: dict[str, Any] = client.call("get", "/images/{0}/json", name).json()
    except APIError as error:
        if error.status_code == 404:
            return None
        raise
    return found
