"""The example project: written whole, over nothing, and it can be built and run."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from pxtui import demo, places
from pxtui.engine import BuildRequest, StepReport, Stream
from pxtui.engine.local import connect
from pxtui.errors import PxtuiError
from pxtui.image.context import Limits, look, stage
from pxtui.image.plan import ImagePlan
from pxtui.logs.reader import LogReader
from pxtui.run import RunSpec


def test_it_is_written(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "pxtui-demo"
    demo.write(folder)
    assert sorted(p.name for p in folder.iterdir()) == sorted(demo.FILES)
    ast.parse((folder / "train.py").read_text())
    text = (folder / "polyaxonfile.yml").read_text()
    assert 'python3 train.py --batch_size="{{ batch_size }}" --lr="{{ lr }}"' in text
    assert "scikit-learn" in (folder / "polyaxon_requirements.txt").read_text()


@pytest.mark.parametrize("name", demo.FILES)
def test_nothing_is_overwritten(tmp_path: Path, name: str) -> None:
    (tmp_path / name).symlink_to("nowhere")
    with pytest.raises(PxtuiError, match=name):
        demo.write(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_other_files_do_not_matter(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    demo.write(tmp_path)
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(PxtuiError, match="cannot be written"):
        demo.write(tmp_path / "file" / "demo")


class Output:
    """A sink that remembers."""

    def __init__(self) -> None:
        self.data = b""

    def write(self, data: bytes, stream: Stream) -> None:
        self.data += data


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_it_trains_without_a_container(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "state_home", lambda: tmp_path / "state")
    monkeypatch.setattr(places, "cache_home", lambda: tmp_path / "cache")
    root = tmp_path / "demo"
    demo.write(root)
    plan = ImagePlan(
        "python:3.11-slim", (), stage(root).files, ("pip install -r polyaxon_requirements.txt",)
    )
    output, steps, engine = Output(), list[StepReport](), connect()
    request = BuildRequest("b", "p", root, plan, look(root, Limits()))
    built = engine.build(request, output, steps.append).wait()
    assert built.result == "done", output.data.decode()
    accuracies = []
    for lr in ("0.1", "0.001"):
        folder = tmp_path / f"run-{lr}"
        cmd = f"python3 train.py --epochs=3 --lr={lr}"
        outputs = str(folder / "outputs")
        spec = RunSpec(lr, "n", built.image or "", cmd, (), (), outputs, str(folder))
        assert engine.run(spec, output).wait().result == "done"
        log = b"".join(piece.data for piece in LogReader(folder).read(0)).decode()
        assert "epoch 3/3 loss=" in log
        *_, last = Path(outputs, "metrics.csv").read_text().split()
        accuracies.append(float(last.split(",")[2]))
    assert accuracies[0] > 0.95 > accuracies[1]
