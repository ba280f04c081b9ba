"""Reading a polyaxonfile: ours, ruamel.yaml's round trip, and Polyaxon's own parser, in turns."""

from __future__ import annotations

import io
import statistics
import subprocess
import tempfile
import time
import venv
from collections.abc import Callable
from pathlib import Path

from ruamel.yaml import YAML

from pxtui.polyaxonfile import templating
from pxtui.polyaxonfile.load import load

ROUNDS = 12
BLOCK = 10
"""Times that each is done before it is the next one's turn."""
TYPICAL = """---
version: 1

kind: experiment

declarations:
  batch_size: 128
  num_steps: 500
  learning_rate: 0.001
  dropout: 0.25
  num_epochs: 1
  activation: relu

build:
  image: tensorflow/tensorflow:1.4.1-py3
  build_steps:
    - pip3 install --no-cache-dir -r polyaxon_requirements.txt
  env_vars:
    - [LC_ALL, C.UTF-8]

run:
  cmd: python3 model.py --batch_size={{ batch_size }} \\
                        --num_steps={{ num_steps }} \\
                        --learning_rate={{ learning_rate }} \\
                        --dropout={{ dropout }} \\
                        --num_epochs={{ num_epochs }} \\
                        --activation={{ activation }}
"""
LONG = TYPICAL.replace(
    "build:", "".join(f"# a line of notes, {i}\n" for i in range(2000)) + "build:"
)
"""2,000 lines, as a file has them that keeps its history in comments."""

UPSTREAM = """
import collections, collections.abc, sys, time, warnings
warnings.simplefilter("ignore")
for name in collections.abc.__all__:
    if not hasattr(collections, name):
        setattr(collections, name, getattr(collections.abc, name))
import numpy
for name, kind in dict(float=float, int=int, bool=bool, object=object, str=str).items():
    if not hasattr(numpy, name):
        setattr(numpy, name, kind)
from polyaxon_schemas.polyaxonfile import PolyaxonFile
for file in sys.stdin:
    began = time.perf_counter()
    PolyaxonFile(file.strip()).specification.apply_context()
    print(time.perf_counter() - began, flush=True)
"""


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def read(text: str) -> None:
    assert load(text.encode(), "polyaxonfile.yml").resolved


def read_cold() -> None:
    """As `read` of a file whose templates were never seen: they are compiled anew."""
    templating.parse.cache_clear()
    templating._compiled.cache_clear()
    read(TYPICAL)


def round_trip() -> None:
    yaml = YAML()
    yaml.dump(yaml.load(TYPICAL), io.BytesIO())


class Upstream:
    """Polyaxon's parser of 0.5.6, in an environment and a process of its own."""

    def __init__(self, folder: Path) -> None:
        venv.create(folder / "env", with_pip=True)
        python = str(folder / "env/bin/python")
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*install, "polyaxon-schemas==0.5.6", "markupsafe<2.1"], check=True)
        self.file = folder / "polyaxonfile.yml"
        self.file.write_text(TYPICAL)
        self._child = subprocess.Popen(
            [python, "-c", UPSTREAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def seconds(self) -> float:
        assert self._child.stdin
        assert self._child.stdout
        self._child.stdin.write(f"{self.file}\n")
        self._child.stdin.flush()
        return float(self._child.stdout.readline())

    def close(self) -> None:
        self._child.communicate()


def main() -> None:
    """The ratios that the polyaxonfile is held to."""
    with tempfile.TemporaryDirectory() as name:
        upstream = Upstream(Path(name))
        measures: dict[str, Callable[[], float]] = {
            "ours": lambda: seconds(lambda: read(TYPICAL)),
            "ours, templates never seen": lambda: seconds(read_cold),
            "ours, 2,000 lines": lambda: seconds(lambda: read(LONG)),
            "ruamel.yaml round trip": lambda: seconds(round_trip),
            "polyaxon-schemas 0.5.6": upstream.seconds,
        }
        taken: dict[str, list[float]] = {title: [] for title in measures}
        for _ in range(ROUNDS):
            for title, measure in measures.items():
                taken[title] += [measure() for _ in range(BLOCK)]
        upstream.close()
    medians = {title: statistics.median(times) for title, times in taken.items()}
    ours = medians["ours"]
    for title, median in medians.items():
        print(f"{title:<30} {median * 1000:8.2f} ms   ours / this {ours / median:6.3f}")
    print(f"2,000 lines / typical: {medians['ours, 2,000 lines'] / ours:.2f}")


if __name__ == "__main__":
    main()
