"""What NVIDIA's driver tells (a faked one), and what an engine is asked for by it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from pxtui.engine import nvml
from pxtui.engine.docker import DockerEngine, DockerRun
from pxtui.engine.docker.devices import Devices, requests
from pxtui.engine.docker.machine import Machine
from pxtui.engine.hosts import Found
from pxtui.errors import EngineError
from pxtui.gpus import Given, Gpus
from tests.engine.conftest import Recorder, Workshop, wait_for
from tests.engine.test_surroundings import inspect, with_

GB = 1_000_000_000
HERE = Machine(memory=GB, platform="linux/amd64", root="/var/lib/docker")
TOOLKIT = Machine(memory=GB, platform="linux/amd64", root="/var/lib/docker", nvidia=True)
NO_DRIVER = "this machine has no NVIDIA driver"


class NVMLError(Exception):
    pass


@dataclass
class Driver:
    """A driver as the tests set it up."""

    names: list[str] = field(default_factory=list)
    pids: dict[int, list[int]] = field(default_factory=dict)
    inits: int = 0
    refuses: type[NVMLError] | None = None

    def module(self) -> ModuleType:
        made: Any = ModuleType("pynvml")
        made.NVMLError = NVMLError
        for name in ("LibraryNotFound", "DriverNotLoaded", "NotSupported", "NoPermission"):
            setattr(made, f"NVMLError_{name}", type(f"NVMLError_{name}", (NVMLError,), {}))
        self.made = made
        made.nvmlInit = self.init
        made.nvmlDeviceGetCount = self.count
        made.nvmlDeviceGetHandleByIndex = lambda index: index
        made.nvmlDeviceGetUUID = lambda index: f"GPU-{index}"
        made.nvmlDeviceGetName = lambda index: self.names[index]
        made.nvmlDeviceGetMemoryInfo = lambda index: SimpleNamespace(total=80 * GB, used=index * GB)
        made.nvmlDeviceGetComputeRunningProcesses = lambda index: [
            SimpleNamespace(pid=pid) for pid in self.pids.get(index, [])
        ]
        return made  # type: ignore[no-any-return]

    def init(self) -> None:
        self.inits += 1
        if self.refuses is not None:
            raise self.refuses("no")

    def count(self) -> int:
        if self.refuses is not None:
            raise self.refuses("GPU is\nlost")
        return len(self.names)


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> Driver:
    made = Driver()
    monkeypatch.setitem(sys.modules, "pynvml", made.module())
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return made


def test_devices_memory_and_holders(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    driver.names = ["A100\x1b[31m", "A100"]
    driver.pids = {1: [4711]}
    monkeypatch.setattr(nvml, "holder", lambda pid: f"python ({pid})")
    asked = nvml.Nvml()
    first, second = asked.look().devices
    assert (first.index, first.uuid, first.memory, second.used) == (0, "GPU-0", 80 * GB, GB)
    assert "\x1b" not in first.name
    assert (first.holders, second.holders) == ((), ("python (4711)",))
    asked.look()
    assert driver.inits == 1


def test_a_machine_without_a_driver_is_asked_once(driver: Driver) -> None:
    driver.refuses = driver.made.NVMLError_LibraryNotFound
    asked = nvml.Nvml()
    for _ in range(3):
        assert asked.look() == nvml.Seen(why=NO_DRIVER, asked=False)
    assert driver.inits == 1


def test_without_the_package_there_is_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert nvml.Nvml().look().why == NO_DRIVER


def test_the_real_package_says_something_everywhere() -> None:
    seen = nvml.Nvml().look()
    assert seen.devices or seen.why


def test_a_driver_that_stops_answering_is_said_in_one_line(driver: Driver) -> None:
    driver.names = ["A100"]
    asked = nvml.Nvml()
    assert asked.look().devices
    driver.refuses = NVMLError
    assert asked.look().devices == ()
    assert "\n" not in asked.look().why


def test_a_holder_is_named_with_its_container() -> None:
    files = {
        "/proc/7/comm": "py\x1bthon\n",
        "/proc/7/cgroup": f"0::/system.slice/docker-{'ab' * 32}.scope\n",
        "/proc/8/comm": "bash\n",
        "/proc/8/cgroup": "0::/user.slice\n",
    }

    def read(path: Path) -> str:
        if str(path) not in files:
            raise FileNotFoundError(path)
        return files[str(path)]

    assert nvml.holder(7, read) == "py␛thon (7, container abababababab)"
    assert nvml.holder(8, read) == "bash (8)"
    assert nvml.holder(9, read) == "process 9"


# --- what the engine offers


def test_a_machine_without_is_told_apart_from_an_engine_that_cannot(
    driver: Driver, shop: Workshop
) -> None:
    devices = Devices()
    machine_has_none = devices.offered(TOOLKIT)
    assert machine_has_none == Gpus(why="this machine has no GPU")
    driver.names = ["A100"]
    assert devices.offered(HERE).usable
    with shop.engine._way.client() as client:
        given = devices.given(client, HERE, shop.spec("true").image, "auto")
    engine_cannot = devices.offered(HERE)
    assert not engine_cannot.usable
    assert len(engine_cannot.devices) == 1
    assert "the engine has no driver" in engine_cannot.why
    assert given.text == f"none: {engine_cannot.why}"
    assert devices.offered(TOOLKIT).usable, "with its driver installed it is tried again"


def test_what_is_hidden_here_is_not_offered(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver.names = ["A100", "A100"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    assert [gpu.index for gpu in Devices().offered(HERE).devices] == [1]
    for hidden in ("", "-1"):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", hidden)
        offered = Devices().offered(HERE)
        assert (offered.devices, offered.usable) == ((), False)
        assert "CUDA_VISIBLE_DEVICES hides" in offered.why


def test_an_engine_in_a_machine_of_its_own_is_believed(driver: Driver) -> None:
    driver.refuses = driver.made.NVMLError_LibraryNotFound
    assert Devices().offered(TOOLKIT) == Gpus(usable=True)
    assert Devices().offered(HERE).why == NO_DRIVER


def test_an_engine_elsewhere_says_whether_it_can(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver.names = ["mine"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    far = Found("docker", "ssh://me@box", "DOCKER_HOST")
    assert "box lists no NVIDIA runtime" in Devices().offered(Machine.of({}, far)).why
    told: tuple[dict[str, Any], ...] = (
        {"Runtimes": {"runc": {}, "nvidia": {}}},
        {"DiscoveredDevices": [{"Source": "cdi", "ID": "nvidia.com/gpu=0"}]},
    )
    for facts in told:
        assert Devices().offered(Machine.of(facts, far)) == Gpus(usable=True)


def test_the_request_by_id_by_number_and_for_all() -> None:
    asked = {"Driver": "", "Capabilities": [["gpu"]]}
    assert requests(Given()) == []
    assert requests(Given(("GPU-1", "GPU-2"))) == [{**asked, "DeviceIDs": ["GPU-1", "GPU-2"]}]
    assert requests(Given(("all",))) == [{**asked, "Count": -1}]


# --- a run on the engine of this machine, which has no driver for GPUs


@pytest.mark.engine
def test_a_run_with_gpus_if_there_are_goes_on_without(driver: Driver, shop: Workshop) -> None:
    driver.names = ["A100"]
    engine = DockerEngine(shop.found)
    job = engine.run(shop.spec("true"), Recorder())
    assert "the engine has no driver for GPUs" in dict(job.got)["gpu"]
    assert job.wait().result == "done"
    assert not engine.info().gpus.usable


@pytest.mark.engine
@pytest.mark.parametrize("gpus", ["all", "0"])
def test_a_run_that_asked_for_them_fails_with_the_cause(
    driver: Driver, shop: Workshop, gpus: str
) -> None:
    driver.names = ["A100"]
    with pytest.raises(EngineError, match=f"asked for \\({gpus}\\).*no driver for GPUs"):
        DockerEngine(shop.found).run(with_(shop.spec("true"), gpus=gpus), Recorder())
    assert shop.engine.runs(shop.project) == ()


@pytest.mark.engine
def test_the_container_is_asked_for_with_the_freest(
    driver: Driver, shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver.names = ["A100", "A100"]
    driver.pids = {0: [1]}
    works: Callable[..., str] = lambda *_: ""  # noqa: E731
    monkeypatch.setattr("pxtui.engine.docker.devices.refusal", works)
    job = DockerEngine(shop.found).run(shop.spec("true"), Recorder())
    assert inspect(shop, job)["HostConfig"]["DeviceRequests"] == [
        {
            "Driver": "",
            "Count": 0,
            "DeviceIDs": ["GPU-1"],
            "Capabilities": [["gpu"]],
            "Options": None,
        }
    ]
    assert dict(job.got)["gpu"].startswith("1 A100, 79 of 80 GB free; 0 held by ")


@pytest.mark.engine
def test_a_run_of_ours_that_holds_one_is_named(
    driver: Driver, shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = shop.spec("echo on; sleep 60")
    sink = Recorder()
    waiting = shop.start(other, sink)
    wait_for(lambda: sink.all)
    holding = shop.engine.runs(shop.project)[0].id
    assert isinstance(waiting.job, DockerRun)
    container = waiting.job.container
    driver.names = ["A100", "A100"]
    driver.pids = {0: [1]}
    monkeypatch.setattr(nvml, "holder", lambda pid: f"python ({pid}, container {container[:12]})")
    monkeypatch.setattr("pxtui.engine.docker.devices.refusal", lambda *_: "")
    job = DockerEngine(shop.found).run(shop.spec("true"), Recorder())
    assert dict(job.got)["gpu"].endswith(f"0 held by python (1, run {holding})")
    waiting.job.kill()
    waiting.end()


@pytest.mark.engine
def test_none_wanted_is_none_given(driver: Driver, shop: Workshop) -> None:
    driver.names = ["A100"]
    job = DockerEngine(shop.found).run(with_(shop.spec("true"), gpus="none"), Recorder())
    assert dict(job.got)["gpu"] == "none, as asked"
    assert not inspect(shop, job)["HostConfig"]["DeviceRequests"]
