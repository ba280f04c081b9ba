"""The engine that is taken is the one that is configured, and it is found without asking any."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from pxtui.engine import hosts
from pxtui.engine.hosts import Found, configured
from pxtui.errors import NoEngine


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A person without any engine."""
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "CONTAINER_HOST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    sockets = hosts._sockets
    mine = [one for one in sockets() if str(one[1]).startswith(str(tmp_path))]
    monkeypatch.setattr(hosts, "_sockets", lambda: iter(mine))
    return tmp_path


def context(home: Path, name: str, host: str) -> None:
    digest = hashlib.sha256(name.encode()).hexdigest()
    folder = home / ".docker" / "contexts" / "meta" / digest
    folder.mkdir(parents=True)
    (folder / "meta.json").write_text(json.dumps({"Endpoints": {"docker": {"Host": host}}}))


def place(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return f"unix://{path}"


def test_nothing_is_nothing() -> None:
    assert configured() is None
    assert configured("docker") is None
    assert configured("podman") is None


def test_docker_host_comes_first(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place(home / ".docker/run/docker.sock")
    monkeypatch.setenv("DOCKER_CONTEXT", "missing")
    monkeypatch.setenv("DOCKER_HOST", "tcp://far:2376")
    assert configured() == Found("docker", "tcp://far:2376", "DOCKER_HOST")


def test_a_context_comes_before_sockets(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place(home / ".docker/run/docker.sock")
    context(home, "work", "ssh://me@far")
    (home / ".docker" / "config.json").write_text('{"currentContext": "work"}')
    assert configured() == Found("docker", "ssh://me@far", "docker context work", "work")
    context(home, "other", "tcp://else:1")
    monkeypatch.setenv("DOCKER_CONTEXT", "other")
    assert configured() == Found("docker", "tcp://else:1", "docker context other", "other")
    monkeypatch.setenv("DOCKER_CONTEXT", "default")
    found = configured()
    assert found is not None
    assert found.why == "socket"


def test_a_context_that_is_missing_is_an_error(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place(home / ".docker/run/docker.sock")
    monkeypatch.setenv("DOCKER_CONTEXT", "gone")
    with pytest.raises(NoEngine, match="'gone' does not exist"):
        configured()


@pytest.mark.parametrize("text", ["", "no json", "[]", '{"currentContext": ""}'])
def test_a_config_that_says_nothing_is_passed_over(home: Path, text: str) -> None:
    (home / ".docker").mkdir()
    (home / ".docker" / "config.json").write_text(text)
    assert configured() is None


def test_docker_s_sockets_come_before_podman_s(home: Path) -> None:
    podman = place(home / "run/podman/podman.sock")
    assert configured() == Found("podman", podman, "socket")
    docker = place(home / ".colima/default/docker.sock")
    assert configured() == Found("docker", docker, "socket")
    assert configured("podman") == Found("podman", podman, "socket")


def test_a_dead_link_is_an_engine_that_is_stopped(home: Path) -> None:
    link = home / ".docker/run/docker.sock"
    link.parent.mkdir(parents=True)
    link.symlink_to("nowhere")
    assert configured() == Found("docker", f"unix://{link}", "socket")


@pytest.mark.parametrize(
    ("host", "remote"),
    [
        ("unix:///x", False),
        ("/x", False),
        ("tcp://127.0.0.1:1", False),
        ("tcp://localhost:1", False),
        ("tcp://[::1]:1", False),
        ("tcp://10.0.0.1:1", True),
        ("ssh://me@localhost", True),
        ("ssh://far", True),
        ("https://far:1", True),
    ],
)
def test_whose_files_an_engine_sees(host: str, remote: bool) -> None:
    assert Found("docker", host, "test").remote is remote


def test_finding_an_engine_loads_no_client() -> None:
    code = "import sys, pxtui.engine.hosts as h; h.configured(); sys.exit('docker' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
