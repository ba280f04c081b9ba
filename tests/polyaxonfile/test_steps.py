"""What the steps of an image name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pxtui.polyaxonfile.steps import (
    Name,
    included,
    installs_code,
    named,
    out_of_reach,
    requires_code,
)


def paths(step: str) -> list[str]:
    return [name.path for name in named(step)]


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("pip install -r requirements/dev.txt", ["requirements/dev.txt"]),
        ("python -m pip install -rdev.txt -c constraints.txt", ["dev.txt", "constraints.txt"]),
        ("uv pip install --system --requirement=/code/a.txt", ["a.txt"]),
        ("pip install -r reqs", ["reqs"]),
        ("pip install -r 'my req.txt' --constraint=\"a b.txt\"", ["my req.txt", "a b.txt"]),
        ("sh './set up.sh' && echo 'see a.txt'", ["set up.sh"]),
        ("./scripts/setup.sh --fast", ["scripts/setup.sh"]),
        ("bash install", ["install"]),
        ("conda env create -f env.yml", ["env.yml"]),
        ("cd sub && pip install -r a.txt && cd .. && sh ./b.sh", ["sub/a.txt", "b.sh"]),
        ("apt-get update && \\\n apt-get install -y libgl1 # see no.txt", []),
        ("cd /tmp && sh ./a.sh", []),
        ("pip install -r ../a.txt https://a.b/c.whl", []),
        ("cat $X.txt *.txt `a.b` '{{ x }}.txt'", []),
        ("python setup.py install", []),
        ("python -c 'import a.b'", []),
        ("echo 'no end", []),
    ],
)
def test_files_that_a_step_names(step: str, expected: list[str]) -> None:
    assert paths(step) == expected


@pytest.mark.parametrize(
    ("step", "found"),
    [
        ("pip install -r reqs/*.txt", ["reqs/*.txt"]),
        ("pip install -r ../outside.txt -c a[12].txt", ["../outside.txt", "a[12].txt"]),
        ("cd sub && pip install -r ../a.txt", []),
        ("cd /tmp && pip install -r ../a.txt -r /tmp/b.txt -r c.txt", []),
        ("pip install -r $X/../*.txt -r https://a.b/*.txt -r a.txt", []),
        ("cat *.txt ../a.txt && pip install 'a[b]' c*", []),
    ],
)
def test_lists_that_cannot_be_staged(step: str, found: list[str]) -> None:
    assert [word for word, _ in out_of_reach(step)] == found


@pytest.mark.parametrize(
    "step",
    [
        "pip install -e .",
        "pip install .",
        "pip3 install .[dev]",
        "python -m pip install --editable=src/a",
        "cd lib && pip install ../other",
        "python setup.py develop",
    ],
)
def test_steps_that_install_the_project(step: str) -> None:
    assert installs_code(step)


@pytest.mark.parametrize(
    "step",
    [
        "pip install numpy",
        "pip install -e git+https://a.b/c#egg=c",
        "pip install -r ./a.txt",
        "pip install -f ./wheels numpy",
        "pip install ./wheels/a.whl",
        "cat ./a",
    ],
)
def test_steps_that_do_not(step: str) -> None:
    assert not installs_code(step)


def test_lists_name_further_lists() -> None:
    text = "-r base.txt  # ours\nnumpy\n--constraint=../c.txt\n-e .\n-r https://a.b/c.txt\n-r -x\n"
    assert list(included(text, "requirements/dev.txt")) == [
        Name("requirements/base.txt", requirements=True),
        Name("c.txt", requirements=True),
    ]
    assert requires_code(text)
    assert not requires_code("-e git+https://a.b/c#egg=c\n-r ./a.txt\nnumpy\n")
    conda = "dependencies:\n  - pip:\n    - -r requirements.txt\n"
    assert list(included(conda, "env.yml")) == [Name("requirements.txt", requirements=True)]


@given(st.text(alphabet="pip nstal-rcef./'\"\\\n=;&|()#$ecd", max_size=60))
def test_no_step_leaves_the_project(step: str) -> None:
    for path in (*paths(step), *(n.path for n in included(step, "a/b"))):
        assert path
        assert not path.startswith(("/", "../"))
        assert ".." not in path.split("/")
