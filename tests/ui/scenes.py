"""The scenes of the pictures: the real app on a session that tells what the scene needs."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import reduce
from pathlib import Path

from textual.pilot import Pilot

from pxtui import events as e
from pxtui.places import ProjectPlaces
from pxtui.polyaxonfile.problems import Problem
from pxtui.project import Project
from pxtui.session import questions
from pxtui.state import State, apply
from pxtui.ui import theme as themes
from pxtui.ui.app import PxtuiApp
from pxtui.ui.panes.runs import RunRows
from tests.ui import example as x
from tests.ui.stub import StubSession, write_log

Events = Callable[[Path], tuple[e.Event, ...]]


@dataclass(frozen=True, slots=True)
class Scene:
    """A size, what is told before and after the app opens, and the keys that are pressed."""

    opened: tuple[e.Event, ...]
    then: Events = lambda logs: ()
    keys: tuple[str, ...] = ()
    size: tuple[int, int] = (120, 40)
    theme: str = themes.DARK
    passed: float = 0.0
    """Seconds since the last was told."""


def _step(index: int, loss: float, acc: int) -> str:
    return f"step {index + 1}00/469 loss={loss:.3f} acc=0.{acc}\n"


def _running(logs: Path) -> tuple[e.Event, ...]:
    at = x.NOW - 191
    write_log(
        logs / "run" / "run12",
        (at, "stdout", "INFO restored 0 variables\nINFO 54,000 train, 6,000 validation images\n"),
        (at + 1, "stdout", "INFO reading /code/data, 469 batches of 128\n"),
        (at + 89, "stdout", "epoch 1 of 20\n"),
        *((at + 98 + 9 * i, "stdout", _step(i, 1.2 / (i + 1), 632 + 70 * i)) for i in range(4)),
        (at + 128, "stdout", "epoch 1 done loss=0.412 acc=0.871\nepoch 2 of 20\n"),
        *((at + 137 + 9 * i, "stdout", _step(i, 0.381 - 0.03 * i, 880 + 7 * i)) for i in range(4)),
        (at + 167, "stdout", "epoch 2 done loss=0.301 acc=0.902\nsaved checkpoints/ep2.pt\n"),
        (at + 167, "stderr", "W tensorflow/core: AVX2 not used\n"),
        (at + 167, "stdout", "epoch 3 of 20\n"),
        (at + 191, "stdout", "epoch 3:  60%|######    | 280/469\repoch 3:  62%|######2   | 290/469"
         " [00:24<00:15, 12.1it/s]"),
    )  # fmt: skip
    queued = x.reading(dropout="0.3").resolved
    assert queued is not None
    return (
        *x.built(),
        x.started("run12", 12, at, ("lr", "0.01"), ("epochs", "20")),
        x.TREE,
        e.Queued(queued, "sha256:1", x.current_target(), "asked", (("dropout", "0.3"),)),
        e.Watching("build"),
        e.Changed(("train.py", "utils/io.py"), 2, "build", x.NOW - 60),
        e.Notice("good", "image rebuilt in 0.9 s: train.py, utils/io.py", "#12 keeps its own copy"),
    )


def _bars(logs: Path) -> tuple[e.Event, ...]:
    """Colours, nested bars and a search."""
    told = _running(logs)
    at = x.NOW - 191
    green, yellow, off = "\x1b[32m", "\x1b[1;33m", "\x1b[0m"
    outer = f"\repochs:  20%|{green}██        {off}| 2/10 [01:04<04:16, 32.1s/it]"
    inner = f"\repoch 3:  62%|{green}██████▏   {off}| 290/469 [00:24<00:15, 12.1it/s]"
    write_log(
        logs / "run" / "run12",
        (at, "stdout", f"{green}INFO{off} restored 0 variables\n"),
        (at, "stdout", f"{green}INFO{off} 54,000 train, 6,000 validation images\n"),
        *((at + 9 * i, "stdout", f"{green}INFO{off} {_step(i, 1.2 / (i + 1), 632 + 70 * i)}")
          for i in range(4)),
        (at + 40, "stderr", f"{yellow}WARNING{off} loss is high: lower the learning rate\n"),
        (at + 41, "stderr", "W tensorflow/core: AVX2 not used\n"),
        *((at + 50 + 9 * i, "stdout", f"{green}INFO{off} {_step(i, 0.4 - i / 10, 880 + 7 * i)}")
          for i in range(4)),
        (at + 190, "stderr", f"{outer}\n{inner}\x1b[A"),
    )  # fmt: skip
    return told


def _failed(logs: Path) -> tuple[e.Event, ...]:
    at = x.NOW - 30
    write_log(
        logs / "run" / "run12",
        (at, "stdout", "INFO restored 0 variables\nepoch 1 of 10\nstep 100/469 loss=2.204\n"),
        (at + 9, "stderr", "Traceback (most recent call last):\n"
         '  File "train.py", line 88, in <module>\n    main()\n'
         '  File "train.py", line 61, in main\n    check(loss)\n'
         "FloatingPointError: loss is nan after 112 steps\n"),
    )  # fmt: skip
    outputs = "~/.local/state/pxtui/5d41/runs/run12/outputs"
    return (
        *x.built(),
        x.started("run12", 12, at, ("lr", "3")),
        e.Finished("run", "run12", "failed", 1, None, 9.4, "", outputs, at + 9.4),
        e.History(
            (*x.HISTORY.runs, replace(x.past(12, "failed", ("lr", "3"), exit_code=1, seconds=9.4),
             started=at, last_line="FloatingPointError: loss is nan after 112 steps"))
        ),
        x.TREE,
    )  # fmt: skip


CHANGED = "polyaxon_requirements.txt: content"


def _cached(build: str, upto: int) -> list[e.Step]:
    texts = enumerate(x.STEPS[:upto], 1)
    return [x.step(build, i, text, cached=True, seconds=0.0, total=5) for i, text in texts]


def _building(logs: Path) -> tuple[e.Event, ...]:
    at = x.NOW - 23
    write_log(
        logs / "build" / "b2",
        (at + 2, "stdout", "Collecting scikit-learn==0.19.1\n"
         "  Downloading scikit_learn-0.19.1-cp35-manylinux1_x86_64.whl (12.2 MB)\n"),
        (at + 9, "stdout", "Collecting numpy>=1.13\n  Downloading numpy-1.18.5 (19.9 MB)\n"
         "Installing collected packages: numpy, scikit-learn\n"),
        (at + 12, "stderr", "You are using pip version 9.0.1, however version 20.3.4 is"
         " available.\n"),
    )  # fmt: skip
    return (
        e.Started("build", "b2", 1, "asked", at, x.current_target()),
        *_cached("b2", 2),
        x.step("b2", 3, x.STEPS[2], seconds=0.4, total=5, why=CHANGED),
        x.step("b2", 4, x.STEPS[3], state="started", seconds=None, total=5, usual=31.4),
    )


def _pulling(logs: Path) -> tuple[e.Event, ...]:
    at = x.NOW - 23
    write_log(
        logs / "build" / "b1",
        (at, "stdout", "pulling tensorflow/tensorflow:1.4.1-py3\n1.4.1-py3: Pulling from"
         " tensorflow/tensorflow\n"),
        (at + 4, "stdout", "12 MB of 120 MB in 5 layers\n"),
        (at + 8, "stdout", "34 MB of 120 MB in 5 layers\n"),
    )  # fmt: skip
    return (e.Started("build", "b1", 1, "asked", at, x.current_target()),)


def _built(logs: Path) -> tuple[e.Event, ...]:
    started, *steps = _building(logs)
    return (
        started, *steps[:-1],
        x.step("b2", 4, x.STEPS[3], seconds=33.2, total=5, usual=31.4),
        x.step("b2", 5, x.STEPS[4], seconds=0.3, total=5, usual=0.2),
        e.Finished("build", "b2", "done", None, "sha256:2", 34.4, "", None, x.NOW,
                   sizes=((2, 0), (3, 41), (4, 86_200_000), (5, 1_900_000))),
    )  # fmt: skip


def _found(logs: Path) -> tuple[e.Event, ...]:
    end = e.Finished("build", "b2", "skipped", None, "sha256:1", 0.2, "", None, x.NOW)
    started = e.Started("build", "b2", 2, "asked", x.NOW, x.current_target())
    return (*x.built(), started, *_cached("b2", 5), end)


NO_VERSION = (
    "pip has no scikit-learn==0.99 for the image's Python, only 0.9 to 0.22.2: choose one of"
    " these, or a base image with another Python"
)


def _build_failed(logs: Path) -> tuple[e.Event, ...]:
    """After a good one of an older tree."""
    started, *steps = _building(logs)
    text = x.STEPS[3]
    message = f"step 4 of 5 failed, exit code 1: {text} → {NO_VERSION}"
    write_log(
        logs / "build" / "b2",
        *((x.NOW - 9 + i / 9, "stdout", f"Collecting package-{i}\n") for i in range(30)),
        (x.NOW - 3, "stderr", "  Could not find a version that satisfies the requirement"
         " scikit-learn==0.99 (from versions: 0.9, 0.10, 0.22.2)\n"
         "No matching distribution found for scikit-learn==0.99\n"),
    )  # fmt: skip
    older = [replace(one, target="older") if isinstance(one, e.Started) else one
             for one in x.built()]  # fmt: skip
    return (
        *older, started, *steps[:-1],
        x.step("b2", 4, text, state="failed", seconds=5.2, total=5, usual=31.4),
        e.Finished("build", "b2", "failed", 1, None, 6.0, message, None, x.NOW),
    )  # fmt: skip


def _build_stopped(logs: Path) -> tuple[e.Event, ...]:
    older = [replace(one, target="older") if isinstance(one, e.Started) else one
             for one in x.built()]  # fmt: skip
    end = e.Finished("build", "b2", "cancelled", None, None, 23.4, "", None, x.NOW)
    return (*older, *_building(logs), end)


def _asked(logs: Path) -> tuple[e.Event, ...]:
    """The first question, as a session on this state asks it."""
    wish = e.Wished("run", "asked")
    told: tuple[e.Event, ...] = (*FIRST, wish)
    state = reduce(apply, told, State())
    folder = Path("/home/you/code/mnist")
    project = Project(folder, folder / x.FILE, ProjectPlaces("", folder))
    return (wish, replace(questions.trust(project, state), id="q1"))


def _invalid() -> tuple[e.Event, ...]:
    text = x.TEXT.replace("{{ lr }}", "{{ learning_rate }}").replace("epochs: 10", "epochs: [10")
    problems = (
        Problem("E_SYNTAX", "the list that starts here is not closed", x.FILE, 11, 11, "add a ]"),
        Problem("E_TEMPLATE", "learning_rate is not declared", x.FILE, 21, 11, "did you mean lr?"),
        x.UNUSED,
    )
    broken = replace(x.reading(), resolved=None, problems=problems)
    return (e.Invalid(broken, broken, ()), e.FileText(x.FILE, text), x.ENGINE, x.TREE)


def _field_error() -> tuple[e.Event, ...]:
    """A value typed that leads nowhere, beside a value taken out and one that was added."""
    told = Problem("E_UNDEFINED", "epoch is not declared", x.FILE, 10, 11, "did you mean epochs?")
    changed = x.reading(epochs="{{ epoch }}")
    new = replace(x.declaration("momentum", "0.9", "float", 0.9, 14), used=False)
    rows = tuple(
        replace(d, type="template", value=None, line=10)
        if d.name == "epochs"
        else replace(d, line=d.line - (d.line > 10))
        for d in changed.declarations
        if d.name != "dropout"
    )
    broken = replace(changed, declarations=(*rows, new), resolved=None, problems=(told,))
    edits = ((x.path("epochs"), "{{ epoch }}"), (x.path("dropout"), None), (new.path, "0.9"))
    return (e.Invalid(broken, x.reading(), edits), x.FILE_TEXT, x.ENGINE, x.TREE)


def shared() -> tuple[e.Event, ...]:
    """The example with two values that follow another."""
    text = x.TEXT.replace("lr: 0.1", "lr: &lr 0.1").replace("dropout: 0.5", "decay: *lr")
    text = text.replace("epochs: 10", "warmup: *lr")
    names = {"dropout": "decay", "epochs": "warmup"}
    rows = tuple(
        replace(d, name=names[d.name], path=x.path(names[d.name]), text="0.1", type="float",
                value=0.1, used=True, shared=x.path("lr"))
        if d.name in names else d
        for d in x.reading().declarations
    )  # fmt: skip
    read = replace(x.reading(), declarations=rows, problems=())
    return (e.Loaded(read, read, ()), e.FileText(x.FILE, text), x.ENGINE, x.TRUSTED, x.TREE)


CONFLICTS = (
    e.Conflict(x.path("lr"), "lr", "0.01", "0.05", "0.1", 1),
    e.Conflict(x.path("epochs"), "epochs", "20", None, "10", 2),
)


def _conflicted(logs: Path) -> tuple[e.Event, ...]:
    """The file was changed by something else where the person had changed it too."""
    theirs = x.reading(lr="0.05")
    rows = tuple(d for d in theirs.declarations if d.name != "epochs")
    edits = ((x.path("lr"), "0.01"), (x.path("epochs"), "20"))
    mine = x.reading(lr="0.01", epochs="20")
    text = x.TEXT.replace("lr: 0.1", "lr: 0.05").replace("  epochs: 10\n", "")
    return (
        e.FileText(x.FILE, text),
        e.Loaded(mine, replace(theirs, declarations=rows), edits),
        e.Conflicted(CONFLICTS),
        e.Conflicted(CONFLICTS, saving=True),
        e.Notice(
            "warning",
            "not written: the file has lr = 0.05; yours is 0.01",
            "choose which one stands",
        ),
    )


NO_ENGINE = e.EngineSeen(
    False, "docker", note="nothing answers at unix:///var/run/docker.sock: start the docker service"
)
LOCAL = e.EngineSeen(True, "no container (venv)", "local", isolated=False, note="Python 3.11")
RUN_STATE = (x.loaded(lr="0.01", epochs="20"), x.FILE_TEXT, x.ENGINE, x.TRUSTED, x.TREE, x.HISTORY)
READY = (*x.OPENED, x.TRUSTED)
FIRST = (x.loaded(), x.FILE_TEXT, x.GPU_BOX, x.TREE)
NEEDY = (x.loaded(), x.FILE_TEXT, x.GPU_BOX, x.BIG_TREE, x.needing(*x.NEEDS))

PAUSED = (
    *RUN_STATE,
    e.Watching("run"),
    e.Changed(("polyaxonfile.yml", "train.py"), 34, "none", x.NOW - 40),
    e.Held(
        "plan",
        "image and command changed outside of pxtui",
        (
            ("image", "python:3.11-slim → pytorch/pytorch:2.1.0-cuda12.1-cudnn8-runtime"),
            ("command", 'now: python3 train.py --amp --batch_size="128" --lr="0.1"'),
        ),
    ),
    e.Pending(("polyaxonfile.yml", "train.py", *(f"models/m{n}.py" for n in range(9))), 34),
)
LOOPED = (
    *RUN_STATE,
    e.Watching("run"),
    e.Held(
        "loop",
        "runs/last.log changed soon after the start of 3 runs one after the other",
        path="runs/last.log",
    ),
    e.Pending(("runs/last.log",), 1),
)

SCENES: dict[str, Scene] = {
    "paused": Scene(PAUSED, _running, keys=("5",)),
    "paused-small": Scene(PAUSED, _running, keys=("5",), size=(80, 24)),
    "paused-light": Scene(PAUSED, _running, keys=("5",), theme=themes.LIGHT),
    "looped": Scene(LOOPED, _running, keys=("5", "w")),
    "first": Scene(x.OPENED),
    "first-light": Scene(x.OPENED, theme=themes.LIGHT),
    "running": Scene(RUN_STATE, _running),
    "running-light": Scene(RUN_STATE, _running, theme=themes.LIGHT),
    "bars": Scene(RUN_STATE, _bars, keys=("4", "slash", *"loss", "enter")),
    "bars-light": Scene(
        RUN_STATE, _bars, keys=("4", "slash", *"loss", "enter"), theme=themes.LIGHT
    ),
    "small": Scene(RUN_STATE, _running, size=(80, 24)),
    "small-first": Scene(x.OPENED, size=(80, 24)),
    "failed": Scene((*READY, x.HISTORY), _failed),
    "building": Scene(READY, _building, passed=21),
    "building-small": Scene(READY, _building, size=(80, 24), passed=21),
    "building-huge": Scene(READY, _building, size=(200, 60), passed=21),
    "building-light": Scene(READY, _building, theme=themes.LIGHT, passed=21),
    "pulling": Scene(READY, _pulling),
    "pulling-small": Scene(READY, _pulling, size=(80, 24)),
    "built": Scene(READY, _built),
    "built-small": Scene(READY, _built, size=(80, 24)),
    "built-huge": Scene(READY, _built, size=(200, 60)),
    "built-light": Scene(READY, _built, theme=themes.LIGHT),
    "found": Scene(READY, _found),
    "build-failed": Scene(READY, _build_failed, keys=("3",)),
    "build-failed-small": Scene(READY, _build_failed, keys=("3",), size=(80, 24)),
    "build-failed-huge": Scene(READY, _build_failed, size=(200, 60)),
    "build-failed-light": Scene(READY, _build_failed, keys=("3",), theme=themes.LIGHT),
    "build-stopped": Scene(READY, _build_stopped),
    "question": Scene(FIRST, _asked),
    "question-light": Scene(FIRST, _asked, theme=themes.LIGHT),
    "no-file": Scene(
        (e.NoFile("~/code/mnist", "no polyaxonfile.yml, polyaxonfile.yaml or .polyaxon.yml here"),
         x.ENGINE)
    ),
    "no-engine": Scene((x.loaded(), x.FILE_TEXT, NO_ENGINE, x.TREE)),
    "local": Scene((x.loaded(), x.FILE_TEXT, LOCAL, x.TREE)),
    "invalid": Scene(_invalid()),
    "help": Scene(x.OPENED, keys=("question_mark",)),
    "palette": Scene(x.OPENED, keys=("colon",)),
    "editing": Scene(RUN_STATE, keys=("down", "enter")),
    "needs": Scene(NEEDY),
    "needs-light": Scene(NEEDY, theme=themes.LIGHT),
    "needs-small": Scene(NEEDY, size=(80, 24)),
    "needs-huge": Scene(NEEDY, size=(200, 60)),
    "decided": Scene((*NEEDY[:3], x.TREE, x.DECIDED)),
    "decide": Scene(NEEDY, keys=("tab", "down", "enter")),
    "decide-light": Scene(NEEDY, keys=("tab", "down", "enter"), theme=themes.LIGHT),
    "field-error": Scene(_field_error(), keys=("down", "down", "down")),
    "field-error-small": Scene(_field_error(), keys=("down", "down", "down"), size=(80, 24)),
    "problem": Scene(_invalid(), keys=("exclamation_mark",)),
    "add": Scene(x.OPENED, keys=("plus", *"batch-size: 64", "enter")),
    "add-small": Scene(x.OPENED, keys=("plus", *"momentum: 0.9"), size=(80, 24)),
    "shared": Scene(shared(), keys=("down", "down", "enter", *"0.5", "enter")),
    "shared-light": Scene(
        shared(), keys=("down", "down", "enter", *"0.5", "enter"), theme=themes.LIGHT
    ),
    "conflict": Scene(RUN_STATE, _conflicted),
    "conflict-light": Scene(RUN_STATE, _conflicted, theme=themes.LIGHT),
    "conflict-small": Scene(RUN_STATE, _conflicted, size=(80, 24)),
    "conflict-later": Scene(RUN_STATE, _conflicted, keys=("escape",)),
    "secret": Scene(x.with_secret(), keys=("end", "enter")),
    "watch": Scene(RUN_STATE, _running, keys=("5",)),
    "huge": Scene(RUN_STATE, _running, size=(200, 60)),
    "stacked": Scene(RUN_STATE, _running, size=(100, 50)),
    "tiny": Scene(RUN_STATE, _running, size=(40, 12)),
}  # fmt: skip
LOOKED_AT = (
    "paused-small", "paused-light", "looped",
    "building-small", "building-huge", "building-light", "pulling", "pulling-small", "built-small",
    "built-huge", "built-light", "found", "build-failed-small", "build-failed-huge",
    "build-failed-light", "build-stopped",
    "bars-light", "huge", "stacked", "tiny", "needs-light", "needs-huge", "decided", "decide-light",
    "field-error-small", "problem", "add-small", "shared-light", "conflict-light",
    "conflict-small", "conflict-later",
)  # fmt: skip
"""Scenes that are drawn when somebody looks at them."""
PICTURES = tuple(name for name in SCENES if name not in LOOKED_AT)
"""The scenes that stand in screenshots/."""


async def settled(pilot: Pilot[int], session: StubSession) -> None:
    """Wait until all that was told is shown, and nothing is drawn anew."""
    frames: list[str] = []
    for _ in range(100):
        await pilot.pause()
        frames.append(pilot.app.export_screenshot())
        if session.heard and len(frames) > 3 and len(set(frames[-4:])) == 1:
            return
    raise AssertionError("the screen does not come to rest")


async def _last_lines_shown(app: PxtuiApp) -> None:
    """Wait for what the app looks up by a clock of its own."""
    live = {run.started.id for run in app.session.state.runs}
    rows = app.body.query_one(RunRows)
    for _ in range(100):
        await app.look_at_logs()  # returns at once while the clock's own look goes on
        if live <= set(rows.last_lines):
            return
        await asyncio.sleep(0.02)
    raise AssertionError("the last lines of live runs are not shown")


async def render(name: str, folder: Path) -> str:
    """Play a scene and draw its last frame as SVG, the same bytes each time."""
    scene = SCENES[name]
    time.tzset()
    session = StubSession(Path("/home/you/code/mnist"), *scene.opened, logs=folder)
    clock = [x.NOW - scene.passed]
    app = PxtuiApp(session, theme=scene.theme, now=lambda: clock[0])
    async with app.run_test(size=scene.size) as pilot:
        await settled(pilot, session)
        session.tell(*scene.then(folder))
        await settled(pilot, session)
        await _last_lines_shown(app)
        clock[0] = x.NOW
        app.refresh_state()
        await pilot.press(*scene.keys)
        await settled(pilot, session)
        ground = dict(app.theme_variables)["px-ground"]
        return still(app.export_screenshot(title="pxtui"), ground)


_FONTS = "'JetBrains Mono', 'Fira Code', 'DejaVu Sans Mono', monospace"


def still(svg: str, ground: str) -> str:
    """The picture without anything remote or random: no web font, fixed names of classes."""
    svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    svg = re.sub(r"terminal-\d+", "terminal-0", svg)
    svg = svg.replace("Fira Code, monospace", _FONTS).replace(
        "font-family: arial", "font-family: sans-serif"
    )
    svg = svg.replace("font-size: 20px", "font-size: 20.333px; font-variant-ligatures: none")
    svg = svg.replace("<svg ", '<svg xml:space="preserve" ', 1).replace("#292929", ground)
    return "\n".join(line.rstrip() for line in svg.splitlines() if line.strip()) + "\n"
