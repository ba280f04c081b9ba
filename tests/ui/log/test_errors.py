"""A traceback leads to the project's own file, wherever it ran, and never to another."""

from __future__ import annotations

from pathlib import Path

import pytest

from pxtui import places
from pxtui.ui.log.errors import Spot, in_project, spot_near


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    for name in ("train.py", "a b/model.py", "env/lib/site-packages/torch/nn.py", "code/x.py"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("1\n")
    (tmp_path / "secret.py").write_text("1\n")
    (root / "out.py").symlink_to("../secret.py")
    (root / "loop.py").symlink_to("loop.py")
    return root


@pytest.mark.parametrize(
    ("named", "file"),
    [
        ("/code/train.py", "train.py"),
        ("/code/a b/model.py", "a b/model.py"),
        ("/code/code/x.py", "code/x.py"),
        ("train.py", "train.py"),
        ("./a b/../train.py", "train.py"),
        ("ROOT/train.py", "train.py"),
        ("STATE/0123/runs/7/code/train.py", "train.py"),
        ("STATE/0123/runs/7/code/code/x.py", "code/x.py"),
        ("CACHE/local/abc/code/train.py", "train.py"),
        ("/code/env/lib/site-packages/torch/nn.py", ""),
        ("/usr/lib/python3/train.py", ""),
        ("/code/gone.py", ""),
        ("/code", ""),
        ("/code/../secret.py", ""),
        ("../secret.py", ""),
        ("/code/out.py", ""),
        ("/code/loop.py", ""),
        ("/code/a\0b.py", ""),
        ("/code/" + "x" * 5000, ""),
        ("<stdin>", ""),
    ],
)
def test_what_is_of_the_project(root: Path, named: str, file: str) -> None:
    for name, home in (
        ("ROOT", root), ("STATE", places.state_home()), ("CACHE", places.cache_home())
    ):  # fmt: skip
        named = named.replace(name, str(home))
    assert in_project(named, root) == (root / file if file else None)


def test_frames_of_others_are_passed_over(root: Path) -> None:
    texts = [
        "Traceback (most recent call last):",
        '  File "/code/train.py", line 7, in <module>',
        '  File "/usr/lib/python3/site-packages/torch/nn.py", line 99, in fit',
        "ValueError: bad",
    ]
    assert spot_near(texts, 3, root) == Spot(root / "train.py", 7)
    assert spot_near(texts[2:], 1, root) is None
