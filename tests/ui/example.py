"""The mnist project of the pictures, as readings and events."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from pxtui import events as e
from pxtui.gpus import Gpu, Gpus
from pxtui.needs import Need
from pxtui.polyaxonfile.path import Path
from pxtui.polyaxonfile.problems import Problem
from pxtui.polyaxonfile.reading import Declaration, Reading, Resolved
from pxtui.run import Mount, Surroundings
from pxtui.state import target

FILE = "polyaxonfile.yml"
TEXT = """\
---
version: 1

project:
  name: mnist

declarations:
  batch_size: 128
  lr: 0.1
  dropout: 0.5
  epochs: 10
  model:
    depth: 18
  use_amp: true

run:
  image: tensorflow/tensorflow:1.4.1-py3
  steps:
    - pip install -r polyaxon_requirements.txt
  cmd: python3 train.py --batch_size="{{ batch_size }}"
    --lr="{{ lr }}" --epochs={{ epochs }}
    --model.depth={{ model.depth }}
    {{ "--amp" if use_amp }}
"""
NOW = 1_795_435_513.0
"""2026-11-23 12:05:13 UTC: the clock of the pictures stands still."""
SIGNATURE = "0" * 64
UNUSED = Problem(
    "W_UNUSED", "nothing uses dropout: changing it changes nothing", FILE, 10, 3,
    "add --dropout={{ dropout }} to cmd",
)  # fmt: skip


def declaration(
    name: str, text: str, kind: str, value: object, line: int, *, used: bool = True
) -> Declaration:
    path = ("declarations", *name.split("."))
    return Declaration(name, path, text, kind, value, used, True, line=line, file=FILE)


DECLARATIONS = (
    declaration("batch_size", "128", "int", 128, 8),
    declaration("lr", "0.1", "float", 0.1, 9),
    declaration("dropout", "0.5", "float", 0.5, 10, used=False),
    declaration("epochs", "10", "int", 10, 11),
    declaration("model.depth", "18", "int", 18, 13),
    declaration("use_amp", "true", "bool", True, 14),
)


def reading(**values: str) -> Reading:
    """The example with some values typed anew."""
    declarations = tuple(
        replace(d, text=values[d.name]) if d.name in values else d for d in DECLARATIONS
    )
    text = {d.name: d.text for d in declarations}
    amp = " --amp" if text["use_amp"] == "true" else ""
    cmd = (
        f'python3 train.py --batch_size="{text["batch_size"]}" --lr="{text["lr"]}"'
        f" --epochs={text['epochs']} --model.depth={text['model.depth']}{amp}"
    )
    resolved = Resolved(
        "experiment", "mnist", "tensorflow/tensorflow:1.4.1-py3",
        ("pip install -r polyaxon_requirements.txt",), (), cmd,
    )  # fmt: skip
    return Reading(FILE, "0.0.2-0.0.6", declarations, resolved, (UNUSED,))


def path(name: str) -> Path:
    return ("declarations", *name.split("."))


def loaded(**values: str) -> e.Loaded:
    edits = tuple((path(name), text) for name, text in values.items())
    return e.Loaded(reading(**values), reading(), edits)


FILE_TEXT = e.FileText(FILE, TEXT)
ENGINE = e.EngineSeen(
    True, "docker", "unix:///var/run/docker.sock", note="29.1", base_present=False,
    memory=33_000_000_000, platform="linux/amd64",
)  # fmt: skip
TRUSTED = e.Trusted(ENGINE.id)
GPUS = Gpus(
    (Gpu(0, "GPU-0", "RTX 3090", 24_000_000_000, 400_000_000),
     Gpu(1, "GPU-1", "RTX 3090", 24_000_000_000, 21_000_000_000, ("python (4711)",))), True,
)  # fmt: skip
GPU_BOX = replace(ENGINE, gpus=GPUS)
TREE = e.TreeSeen(SIGNATURE, 214, 1_900_000)
OPENED = (loaded(), FILE_TEXT, ENGINE, TREE)


def current_target() -> str:
    resolved = reading().resolved
    assert resolved is not None
    return target(resolved, SIGNATURE)


def step(
    build: str, index: int, text: str, *, cached: bool = False, seconds: float | None = 1.0,
    state: Literal["started", "done", "failed"] = "done", total: int = 4,
    usual: float | None = None, why: str = "",
) -> e.Step:  # fmt: skip
    return e.Step(build, index, total, text, state, cached, seconds, usual=usual, why=why)


STEPS = (
    "FROM tensorflow/tensorflow:1.4.1-py3",
    "WORKDIR /code",
    "COPY polyaxon_requirements.txt /code/",
    "RUN pip install -r polyaxon_requirements.txt",
    "COPY . /code",
)


def built(build: str = "b1", at: float = NOW - 200) -> tuple[e.Event, ...]:
    """A build from its start to its good end."""
    steps = [
        step(build, i, text, cached=i < 5, seconds=0.0 if i < 5 else 0.9, total=5)
        for i, text in enumerate(STEPS, 1)
    ]
    return (
        e.Started("build", build, 1, "asked", at, current_target()),
        *steps,
        e.Finished("build", build, "done", None, "sha256:1", 41.0, "", None, at + 41),
    )


def started(
    run: str, number: int, at: float, *differs: tuple[str, str], cause: str = "asked"
) -> e.Started:
    return e.Started("run", run, number, cause, at, current_target(), differs)


def past(
    number: int, outcome: e.Outcome, *differs: tuple[str, str], exit_code: int | None = 0,
    last: str = "", seconds: float = 180.0,
) -> e.PastRun:  # fmt: skip
    run = f"run{number}"
    return e.PastRun(
        run, number, outcome, exit_code, NOW - 5000 + number, seconds, differs, "python3 train.py",
        last, f"/runs/{run}",
    )  # fmt: skip


HISTORY = e.History(
    (
        past(8, "done", ("lr", "0.05"), ("batch_size", "64"), last="accuracy 0.899"),
        past(9, "done", ("lr", "0.05"), last="accuracy 0.902"),
        past(10, "failed", ("lr", "1"), exit_code=1, last="FloatingPointError: loss is nan"),
        past(11, "done", last="accuracy 0.871"),
    )
)

DATA = Need(
    "link data /mnt/big/imagenet", "link", "data",
    "data is a link to /mnt/big/imagenet, outside of the project",
    (("mount", "mount /mnt/big/imagenet read-only at /code/data"), ("ignore", "leave it out")),
    source="/mnt/big/imagenet",
)  # fmt: skip
CHECKPOINTS = Need(
    "folder checkpoints", "folder", "checkpoints",
    "checkpoints has 80.1 GB in 1,204 files: too much for an image",
    (("mount", "mount it read-only at /code/checkpoints; it is not watched"),
     ("ignore", "leave it out"), ("send", "send it with each image all the same")),
    source="/home/you/code/mnist/checkpoints", blocks=True,
)  # fmt: skip
WANDB = Need(
    "variable WANDB_API_KEY", "variable", "WANDB_API_KEY",
    "the code reads WANDB_API_KEY, which is set here",
    (("give", "give it to the runs"), ("no", "leave it out")),
)  # fmt: skip
NEEDS = (DATA, CHECKPOINTS, WANDB)
BIG_TREE = replace(
    TREE, files=0, size=0,
    error="the tree has 80.1 GB in 1,418 files: more than 2.0 GB; the biggest is checkpoints",
    heavy=(("checkpoints", 80_100_000_000, 1204),),
    skipped=("data: left out, a link that leaves the tree (to /mnt/big/imagenet)",
             ".env: left out, variables that may be secret"),
)  # fmt: skip
DECIDED = e.NeedsSeen(
    (replace(DATA, decided="mount"), replace(CHECKPOINTS, decided="ignore", blocks=False),
     replace(WANDB, decided="give")),
    Surroundings(
        mounts=(Mount("/mnt/big/imagenet", "/code/data"),), variables=("WANDB_API_KEY",),
    ),
)  # fmt: skip


def needing(*needs: Need) -> e.NeedsSeen:
    """Needs that nobody has decided on."""
    return e.NeedsSeen(needs, Surroundings())


def with_secret() -> tuple[e.Event, ...]:
    """The example with a declaration that is a key, changed in the working set."""
    key = replace(declaration("api_key", "hunter2-in-the-file", "str", "hunter2-in-the-file", 15),
                  secret=True)  # fmt: skip
    text = TEXT.replace("  use_amp: true\n", "  use_amp: true\n  api_key: hunter2-in-the-file\n")

    def read(item: Declaration) -> Reading:
        plain = reading()
        assert plain.resolved is not None
        resolved = replace(
            plain.resolved, cmd=f"{plain.resolved.cmd} --key={item.text}",
            masked=f"{plain.resolved.cmd} --key=••••••",
        )  # fmt: skip
        masked = replace(resolved, cmd=resolved.masked)
        declarations = (*plain.declarations, item)
        return replace(plain, declarations=declarations, resolved=resolved, masked=masked)

    typed = replace(key, text="hunter2-typed", value="hunter2-typed")
    edits = ((key.path, typed.text),)
    return (e.Loaded(read(typed), read(key), edits), e.FileText(FILE, text), ENGINE, TREE)
