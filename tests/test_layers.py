"""What importing costs: commands that need neither screen nor engine load neither."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROBE = """
import sys
from unittest import mock
with mock.patch.object(sys, "argv", ["pxtui", *{words!r}]):
    try:
        import pxtui.__main__
        pxtui.__main__.main()
    except SystemExit:
        pass
loaded = {{name.partition(".")[0] for name in sys.modules}}
print("LOADED", *sorted(loaded & {{"textual", "docker", "watchfiles", "jinja2", "requests"}}))
"""


@pytest.mark.parametrize(
    ("words", "allowed"),
    [
        (["--help"], set()),
        (["--version"], set()),
        (["check", "FILE"], {"jinja2"}),
        (["-f", "FILE", "show"], {"jinja2"}),
    ],
)
def test_no_screen_and_no_engine(words: list[str], allowed: set[str], tmp_path: object) -> None:
    file = f"{tmp_path}/polyaxonfile.yml"
    with open(file, "w") as handle:
        handle.write("version: 1\nrun:\n  image: x\n  cmd: python train.py\n")
    words = [file if word == "FILE" else word for word in words]
    done = subprocess.run(
        [sys.executable, "-c", PROBE.format(words=words)],
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(done.stdout.splitlines()[-1].split()[1:])
    assert loaded <= allowed, (words, loaded, done.stderr)


def test_the_session_loads_no_screen_and_no_engine() -> None:
    code = "import pxtui.session, sys; print({'textual', 'docker'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
