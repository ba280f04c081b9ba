"""A project as people have them, opened for the first time: mended by Enter, run, all by keys."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pxtui.places import ProjectPlaces, project_id
from tests.whole.conftest import Terminal

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("engine"), pytest.mark.timeout(420)]

CANARIES = {name: f"canary-{name}-4711" for name in ("key", "file", "password", "netrc")}

FILE = f"""\
version: 1
project:
  name: vision
declarations:
  model:
    hidden: 32
    dropout: 0.1
  augment: true
  epochs: 2
  db_password: {CANARIES["password"]}
run:
  image: python:3.11-slim
  steps:
    - echo ready
  cmd: python3 train.py --hidden={{{{ model.hidden }}}} --dropout={{{{ model.dropout }}}}
    --augment={{{{ augment }}}} --epochs={{{{ epochs }}}} --password={{{{ db_password }}}}
"""

TRAIN = """\
import json, os, pathlib, sys
from multiprocessing import shared_memory

import wandb_like  # a module of the project

options = dict(part[2:].split("=", 1) for part in sys.argv[1:])
print("hidden", options["hidden"], "augment", options["augment"])
print("password has", len(options["password"]), "characters")
print("key has", len(os.environ["WANDB_API_KEY"]), "characters")
print("from the file", len(os.environ["FROM_FILE"]), "characters")
print("data", sorted(os.listdir("data")), os.path.getsize("data/images.bin") >> 30, "GiB")
print("data paths", json.loads(os.environ["POLYAXON_RUN_DATA_PATHS"]))
try:
    open("data/new", "w")
except OSError as error:
    print("data is read-only:", error.strerror)
print("here", [p for p in (".env", ".venv", ".netrc") if os.path.lexists(p)])
block = shared_memory.SharedMemory(create=True, size=100 << 20)
block.buf[:] = bytes(100 << 20)
print("shared memory", block.size >> 20, "MiB")
block.close()
block.unlink()
pathlib.Path("checkpoints").mkdir(exist_ok=True)
for epoch in range(int(options["epochs"])):
    pathlib.Path(f"checkpoints/ep{epoch + 1}.pt").write_bytes(bytes(1 << 20))
pathlib.Path(os.environ["POLYAXON_RUN_OUTPUTS_PATH"], "metrics.json").write_text("{}")
print("all is well")
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The project, beside it the data that is too big for any image."""
    data = tmp_path / "big"
    data.mkdir()
    with (data / "images.bin").open("wb") as file:
        file.truncate(80 << 30)
    root = tmp_path / "vision"
    root.mkdir()
    (root / "polyaxonfile.yml").write_text(FILE)
    (root / "train.py").write_text(TRAIN)
    (root / "wandb_like.py").write_text("import os\nKEY = os.environ['WANDB_API_KEY']\n")
    (root / ".env").write_text(f"FROM_FILE={CANARIES['file']}\n")
    (root / ".netrc").write_text(f"password {CANARIES['netrc']}\n")
    (root / ".venv/bin").mkdir(parents=True)
    (root / ".venv/pyvenv.cfg").write_text("home = /usr\n")
    (root / "data").symlink_to(data)
    return root


FIRST_CHOICE = r"↵  (mount|give)"


def mend(terminal: Terminal, left: int) -> None:
    """Go to the next thing to decide, open it, take the first choice."""
    terminal.until(f"{left} to decide")
    terminal.keys("!")
    terminal.until("↵ decides")
    terminal.keys("Enter")
    terminal.until(lambda screen: re.search(FIRST_CHOICE, screen))
    terminal.keys("Enter")
    # the dialog stands over the count: it has to be gone as well
    after = f"{left - 1} to decide" if left > 1 else "What the run gets"
    terminal.until(
        lambda screen: (
            after in screen
            and f"{left} to decide" not in screen
            and not re.search(FIRST_CHOICE, screen)
        )
    )


def test_opened_mended_by_enter_and_run(
    pxtui_command: str,
    root: Path,
    terminal: Terminal,
    labelled: Callable[[Path], list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WANDB_API_KEY", CANARIES["key"])
    assert labelled(root) == []
    terminal.start(f"{shlex.quote(pxtui_command)} --engine docker", root)
    for left in (3, 2, 1):
        mend(terminal, left)
    change_values(terminal)

    terminal.keys("r")
    question = terminal.until(lambda s: "Build and run vision" in s and "↵" in s)
    assert "WANDB_API_KEY" in question
    terminal.keys("Enter")
    end = terminal.until(lambda s: "✓ done" in s.splitlines()[0], 120)
    terminal.keys("4", "z")
    shown = terminal.until("all is well")
    for line in (
        "hidden 64 augment False",
        f"password has {len(CANARIES['password'])} characters",
        f"key has {len(CANARIES['key'])} characters",
        f"from the file {len(CANARIES['file'])} characters",
        "data ['images.bin'] 80 GiB",
        "data is read-only",
        "here []",
        "shared memory 100 MiB",
    ):
        assert line in shown
    terminal.keys("q")
    assert labelled(root) == [], "the container is gone, its files are kept"
    outputs_are_kept(root)
    no_canary(root, end + shown + question + terminal.screen())
    terminal.keys("q")
    terminal.until("EXIT=0", 5)


def change_values(terminal: Terminal) -> None:
    """A nested value and a switch, by keys."""
    terminal.keys("2", "Home")
    terminal.keys("Enter")
    terminal.until("esc leave as it was")
    terminal.type("64")
    terminal.keys("Enter")
    terminal.until(lambda screen: re.search(r"~\s+model\.hidden\s+64", screen))
    terminal.keys("Down", "Down", "Enter")
    terminal.until(lambda screen: re.search(r"~\s+augment\s+off", screen))


def outputs_are_kept(root: Path) -> None:
    places = ProjectPlaces.of(root)
    latest = places.home / "latest"
    for epoch in (1, 2):
        checkpoint = latest / f"code/checkpoints/ep{epoch}.pt"
        assert checkpoint.stat().st_size == 1 << 20
        assert checkpoint.stat().st_uid == os.getuid()
    assert (latest / "metrics.json").read_text() == "{}"
    assert not list(latest.rglob("__pycache__"))


def no_canary(root: Path, screens: str) -> None:
    """Nothing that the person meant for the run alone is anywhere else."""
    secret = [value for name, value in CANARIES.items() if name != "password"]
    for value in CANARIES.values():
        assert value not in screens
    for path in ProjectPlaces.of(root).home.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert not [value for value in secret if value.encode() in data], path
    images = subprocess.check_output(
        ["docker", "images", "-q", f"pxtui/{project_id(root)}"], text=True
    ).split()
    assert images
    for image in images:
        told = subprocess.check_output(["docker", "image", "inspect", image], text=True)
        told += subprocess.check_output(["docker", "history", "--no-trunc", image], text=True)
        layers = subprocess.run(["docker", "save", image], capture_output=True, check=True).stdout
        for value in CANARIES.values():
            assert value not in told
            assert value.encode() not in layers
