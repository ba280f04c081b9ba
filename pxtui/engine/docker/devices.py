"""The GPUs that an engine can hand to containers: seen, chosen, tried, asked for."""

from __future__ import annotations

import json
import os
from typing import Any

from docker.errors import APIError

from pxtui import places
from pxtui.engine.docker.connection import ACTION, Client
from pxtui.engine.docker.failures import explanation
from pxtui.engine.docker.machine import Machine
from pxtui.engine.nvml import Nvml
from pxtui.gpus import ALL, Given, Gpus, give, refused, visible

_NO_DRIVER = "could not select device driver"
_INSTALL = "the engine has no driver for GPUs (install the NVIDIA Container Toolkit)"


class Devices:
    """The GPUs of one engine; what it refused once is not tried again while it is the same."""

    def __init__(self) -> None:
        self._nvml = Nvml()
        self._tried: tuple[Machine, str] | None = None

    def offered(self, machine: Machine) -> Gpus:
        """What the engine can give, as far as is known without trying."""
        if machine.remote:
            if not machine.nvidia:
                why = f"the engine on {machine.host} lists no NVIDIA runtime"
                return Gpus(why=why)
            return self._unless_refused(machine, Gpus(usable=True))
        seen = self._nvml.look()
        # without a driver here the engine may still know of GPUs: it may be in a machine of its own
        if not seen.devices and (seen.asked or not machine.nvidia):
            return Gpus(why=seen.why)
        hidden = os.environ.get("CUDA_VISIBLE_DEVICES")
        devices = visible(seen.devices, hidden)
        if (seen.devices and not devices) or (hidden is not None and hidden.strip() in ("", "-1")):
            return Gpus(why="CUDA_VISIBLE_DEVICES hides every GPU of this machine")
        return self._unless_refused(machine, Gpus(devices, usable=True))

    def given(self, client: Client, machine: Machine, image: str, wanted: str) -> Given:
        """Choose the GPUs of a run; raises EngineError where those asked for cannot be had."""
        given = give(self.offered(machine), wanted)
        if not given.ids:
            return given
        if self._tried is None or self._tried[0] != machine:
            self._tried = (machine, refusal(client, image, given))
        if why := self._tried[1]:
            if wanted != "auto":
                raise refused(wanted, why)
            return Given((), f"none: {why}")
        return Given(given.ids, _with_runs(client, given.text))

    def _unless_refused(self, machine: Machine, gpus: Gpus) -> Gpus:
        if self._tried is not None and self._tried[0] == machine and self._tried[1]:
            return Gpus(gpus.devices, usable=False, why=self._tried[1])
        return gpus


def _with_runs(client: Client, text: str) -> str:
    """Runs of ours by their id, where the text names their containers."""
    if "container " not in text:
        return text
    params = {"filters": json.dumps({"label": [f"{places.LABEL_KIND}=run"]})}
    for one in client.call("get", "/containers/json", params=params).json():
        run = one["Labels"].get(places.LABEL_ID, "")
        text = text.replace(f"container {one['Id'][:12]}", f"run {run}")
    return text


def requests(given: Given) -> list[dict[str, Any]]:
    """What the engine is asked for."""
    if not given.ids:
        return []
    what: dict[str, Any] = {"DeviceIDs": list(given.ids)}
    if given.ids == (ALL,):
        what = {"Count": -1}
    return [{"Driver": "", **what, "Capabilities": [["gpu"]]}]


def refusal(client: Client, image: str, given: Given) -> str:
    """Why the engine starts no container with these GPUs; empty if it does.

    It is known by trying only: what an engine tells of itself need not be so, in both directions.
    """
    config = {
        "Image": image,
        "Entrypoint": ["true"],
        "Cmd": [],
        "User": "0:0",
        "Labels": {places.LABEL_V: "1", places.LABEL_KIND: "look"},
        "HostConfig": {"NetworkMode": "none", "DeviceRequests": requests(given)},
    }
    made = client.call("post", "/containers/create", json=config, timeout=ACTION).json()["Id"]
    try:
        found = client.call("get", "/containers/{0}/json", made).json()
        if not found["HostConfig"].get("DeviceRequests"):
            return "the engine takes no requests for GPUs"
        client.call("post", "/containers/{0}/start", made, timeout=ACTION)
    except APIError as error:
        said = explanation(error)
        if _NO_DRIVER in said:
            return _INSTALL
        # that the image has no such command is no word on GPUs
        return f"the engine cannot give them: {said}" if "nvidia" in said.lower() else ""
    finally:
        client.call("delete", "/containers/{0}", made, params={"force": "1", "v": "1"})
    return ""
