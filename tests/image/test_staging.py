"""What stands in /code before the steps run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pxtui.image.dockerfile import STAGED, dockerfile
from pxtui.image.plan import CONDA, REQUIREMENTS, SETUP, ImagePlan, Staging
from pxtui.image.staging import stage


def write(root: Path, *names: str, text: str = "x") -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def names(staging: Staging) -> list[str]:
    return [file.name for file in staging.files]


def test_the_first_of_each_is_there(tmp_path: Path) -> None:
    assert stage(tmp_path) == Staging()
    write(tmp_path, *REQUIREMENTS, *CONDA, *SETUP, "sub/requirements.txt")
    expected = [*REQUIREMENTS, *CONDA, *SETUP]
    for group in (REQUIREMENTS, CONDA, SETUP):
        for name in group:
            staged = names(stage(tmp_path))
            assert staged == [n for n in expected if n in staged]
            assert [n for n in staged if n in group] == [name]
            (tmp_path / name).unlink()
    assert stage(tmp_path) == Staging()


def test_the_setup_file_is_executable_whatever_it_is_in_the_tree(tmp_path: Path) -> None:
    write(tmp_path, "setup.sh", "requirements.txt", "a.sh", "b.sh")
    (tmp_path / "b.sh").chmod(0o755)
    staged = stage(tmp_path, ("./a.sh && ./b.sh",)).files
    assert {file.name: file.mode for file in staged} == {
        "requirements.txt": 0o644,
        "setup.sh": 0o755,
        "a.sh": 0o644,
        "b.sh": 0o755,
    }


def test_what_a_step_names_is_there_with_what_it_names(tmp_path: Path) -> None:
    write(tmp_path, "requirements/dev.txt", text="-r base.txt\n-c ../constraints.txt\n")
    write(tmp_path, "requirements/base.txt", text="-r dev.txt\nnumpy\n")
    write(tmp_path, "constraints.txt", "unnamed.txt")
    staging = stage(tmp_path, ("pip install -r requirements/dev.txt",))
    assert sorted(names(staging)) == [
        "constraints.txt",
        "requirements/base.txt",
        "requirements/dev.txt",
    ]
    assert len(staging.notes) == 3
    assert "step 1 names it" in staging.notes[0]
    assert "requirements/dev.txt names it" in staging.notes[1]
    assert staging.warnings == ()


@pytest.mark.parametrize(
    ("name", "era", "noted"),
    [
        ("polyaxon_requirements.txt", "0.0.2-0.0.6", False),
        ("requirements.txt", "0.0.2-0.0.6", True),
        ("requirements.txt", "0.1.1-0.2.9", False),
        ("requirements.txt", "0.1.1 and later", False),
        ("requirements.txt", "", False),
        ("conda_env.yml", "0.3.0-0.3.8", True),
        ("conda_env.yml", "0.3.9-0.4.1", False),
        ("dev.txt", "0.5.0-0.6.1", True),
        ("dev.txt", "1.x", False),
    ],
)
def test_a_note_tells_what_polyaxon_did_not_have_there(
    tmp_path: Path, name: str, era: str, noted: bool
) -> None:
    write(tmp_path, name)
    staging = stage(tmp_path, (f"pip install -r {name}",), era)
    assert names(staging) == [name]
    assert bool(staging.notes) == noted


def test_a_change_of_a_staged_file_changes_the_key(tmp_path: Path) -> None:
    steps = ("pip install -r dev.txt",)

    def key() -> str:
        return ImagePlan("a", (), stage(tmp_path, steps).files, steps).key("base")

    write(tmp_path, "dev.txt", text="-r base.txt")
    write(tmp_path, "base.txt", "train.py")
    before = key()
    write(tmp_path, "train.py", "other.txt", text="y")
    assert key() == before
    write(tmp_path, "base.txt", text="y")
    assert key() != before


@pytest.mark.parametrize("name", [".env", "a.pem", ".aws/config.txt", "ignored/a.txt"])
def test_what_stays_out_of_the_tree_is_not_staged(tmp_path: Path, name: str) -> None:
    write(tmp_path, name, text="CANARY")
    write(tmp_path, ".dockerignore", text="ignored\n")
    staging = stage(tmp_path, (f"cat ./{name}",))
    assert staging.files == ()
    assert f"{name} is not there for the steps" in staging.warnings[0]


def test_links_are_followed_within_the_project_only(tmp_path: Path) -> None:
    root = tmp_path / "root"
    write(root, "real/a.txt", ".env")
    write(tmp_path, "secret", "folder/b.txt", text="CANARY")
    (root / "requirements.txt").symlink_to("real/a.txt")
    (root / "polyaxon_setup.sh").symlink_to("../secret")
    (root / "env.txt").symlink_to(".env")
    (root / "out").symlink_to("../folder")
    staging = stage(root, ("pip install -r env.txt -r out/b.txt",))
    assert [(file.name, file.data) for file in staging.files] == [("requirements.txt", b"x")]
    told = "\n".join(staging.warnings)
    assert "polyaxon_setup.sh is not there for the steps: it is a link that leaves" in told
    assert "env.txt is not there for the steps: variables that may be secret" in told
    assert "out/b.txt is not there for the steps: it is a link that leaves" in told


def test_what_cannot_be_there_is_told(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.txt")
    write(tmp_path, "big.bin", text="x" * ((4 << 20) + 1))
    write(tmp_path, "requirements.txt", text="-e .\n")
    steps = ("pip install -e .", "pip install -r gone.txt", "tar xf big.bin", "cat fifo.txt")
    staging = stage(tmp_path, steps)
    assert names(staging) == ["requirements.txt"]
    assert [warning.partition(",")[0] for warning in staging.warnings] == [
        "step 1 installs the project: pip install -e .",
        "step 2 names gone.txt",
        "big.bin is not there for the steps: it is bigger than 4 MiB",
        "requirements.txt has the project itself in it",
    ]


def test_names_in_quotes_and_names_out_of_reach(tmp_path: Path) -> None:
    write(tmp_path, "my req.txt", "reqs/a.txt")
    steps = ('pip install -r "my req.txt"', "pip install -r reqs/*.txt -r ../outside.txt")
    staging = stage(tmp_path, steps)
    assert names(staging) == ["my req.txt"]
    assert staging.warnings == (
        "step 2 names reqs/*.txt, a pattern: name each file",
        "step 2 names ../outside.txt, which is outside of the project: move it in",
    )
    text = dockerfile(ImagePlan("a", (), staging.files, steps), "tree")
    assert '\nCOPY ["staged/my req.txt", "/code/"]\n' in text.replace(STAGED, "staged")


def test_lists_without_end_are_cut(tmp_path: Path) -> None:
    for number in range(200):
        write(tmp_path, f"r{number}.txt", text=f"-r r{number + 1}.txt\n")
    assert len(stage(tmp_path, ("pip install -r r0.txt",)).files) == 100
