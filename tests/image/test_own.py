"""A Dockerfile of the project's own: which images it needs, and that its context is what it is."""

from __future__ import annotations

import io
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from pxtui.errors import ContextError, PxtuiError
from pxtui.image import own, own_context
from pxtui.image.context import ContextMoved, Limits, look
from pxtui.image.plan import Own, Staging, plan
from pxtui.polyaxonfile.reading import Resolved

RESOLVED = Resolved("job", None, "", (), (), "x", dockerfile="./docker//Dockerfile", context="src/")
STAGES = r"""
# a comment
ARG BASE="python:3" TAG
ARG OTHER=${NONE:-busybox}:${TAG:-1}
FROM ${BASE}-slim AS Base
RUN echo \
  # within
  FROM nothing
RUN cat <<EOF
FROM nothing:either
EOF
FROM --platform=linux/arm64 $OTHER as tools
FROM unneeded:1
COPY --from=elsewhere:2 /a /a
FROM base
FROM scratch
RUN --mount=type=bind,from=mounted:1,target=/m echo 1<<2
COPY --chown=1:1 --from=Tools /a /b
COPY --from=3 /a /c
COPY --from=files:4 /a /d
"""


def test_images_are_those_of_the_stages_that_are_needed() -> None:
    needed = [("python:3-slim", ""), ("busybox:1", "linux/arm64"), ("mounted:1", "")]
    found = own.images(STAGES, every=False)
    assert sorted(found) == sorted([*needed, ("files:4", "")])
    more = {("unneeded:1", ""), ("elsewhere:2", "")}
    assert {*own.images(STAGES, every=True)} == {*found, *more}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ()),
        ("FROM", ()),
        ("FROM $NONE", ()),
        ("FROM scratch", ()),
        ("from a\nARG X=1\nFROM b$X", (("b", ""),)),
        ("FROM python AS python", (("python", ""),)),
        ("FROM --platform=$BUILDPLATFORM a", (("a", ""),)),
        ("ARG V=1\nARG V=2\nFROM a:${V:+x}${V:-y}", (("a:x2", ""),)),
        ("FROM a@sha256:00", (("a@sha256:00", ""),)),
        ("# escape=`\nFROM `\n a", (("a", ""),)),
        ("FROM a\nRUN cat <<EOF\n", (("a", ""),)),
        ("FROM a\nRUN cat <<<word\nCOPY --from=b / /\nword\n", (("a", ""), ("b", ""))),
        ("FROM a\nRUN it's\nCOPY --from=0 / /", (("a", ""),)),
        ("\ufeffFROM a", (("a", ""),)),
    ],
)
def test_images_of_odd_files(text: str, found: tuple[tuple[str, str], ...]) -> None:
    assert own.images(text, every=False) == found


def test_a_frontend_is_named_at_the_very_beginning_only() -> None:
    assert own.frontend("# escape=`\n# Syntax = docker/dockerfile:1\nFROM a") == (
        "docker/dockerfile:1"
    )
    assert own.frontend("FROM a\n# syntax=b\n") == ""
    assert own.frontend("# said\n# syntax=b\n") == ""


def test_instructions_are_counted_as_the_classic_builder_does() -> None:
    assert own.steps("ARG A=1\n\n# x\nFROM a\nRUN a \\\n b\nENV A=1\n") == 4


def test_paths_are_those_of_the_project() -> None:
    made = plan(RESOLVED, Staging())
    assert made.own == Own("docker/Dockerfile", "src")
    assert plan(replace(RESOLVED, context=""), Staging()).own == Own("docker/Dockerfile")
    assert made.key("a") != replace(made, own=Own("docker/Dockerfile")).key("a")
    for changed in ({"dockerfile": "../Dockerfile"}, {"context": "/srv"}, {"context": "a/../.."}):
        with pytest.raises(PxtuiError, match="is outside of the project"):
            plan(replace(RESOLVED, **changed), Staging())  # type: ignore[arg-type]


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(ContextError, match="dockerfile: a is no file of the project"):
        own.read(tmp_path, Own("a"))
    (tmp_path / "a").symlink_to("/etc/hostname")
    with pytest.raises(ContextError, match="is no file of the project"):
        own.read(tmp_path, Own("a"))
    (tmp_path / "b").write_bytes(b"FROM scratch")
    with pytest.raises(ContextError, match="context: c is no folder of the project"):
        own.read(tmp_path, Own("b", "c"))
    (tmp_path / "c").symlink_to("/etc")
    with pytest.raises(ContextError, match="context: c is no folder"):
        own.read(tmp_path, Own("b", "c"))
    (tmp_path / "d").symlink_to("b")
    assert own.read(tmp_path, Own("d")) == b"FROM scratch"
    (tmp_path / "b").write_bytes(b" " * (1 << 20) + b"x")
    with pytest.raises(ContextError, match="bigger than 1 MiB"):
        own.read(tmp_path, Own("b"))


def tar_of(root: Path, named: Own, *, hide: bool = False) -> bytes:
    entries, lines = look(root, Limits()).entries, own_context.ignore_lines(root, named)
    return b"".join(own_context.pack(root, named, b"FROM scratch\n", entries, lines, hide=hide))


def packed(root: Path, named: Own) -> dict[str, tarfile.TarInfo]:
    data = tar_of(root, named)
    assert data[257:265] == b"ustar\x0000"
    assert data[156:157] == b"0"
    assert len(data) % 512 == 0
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        return {member.name: member for member in tar}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("src/main.py", "src/sub/run.sh", "src/Dockerfile", "docker/Dockerfile", ".env"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / "src/main.py").chmod(0o640)
    (tmp_path / "src/sub/run.sh").chmod(0o750)
    (tmp_path / "src/sub").chmod(0o711)
    (tmp_path / "src/link").symlink_to("main.py")
    return tmp_path


def test_the_context_has_true_modes_at_the_root_of_the_tar(root: Path) -> None:
    found = packed(root, Own("src/Dockerfile", "src"))
    assert [*found] == ["Dockerfile", "link", "main.py", "sub", "sub/run.sh"]
    modes = {name: info.mode for name, info in found.items() if not info.issym()}
    assert modes == {"Dockerfile": 0o644, "main.py": 0o640, "sub": 0o711, "sub/run.sh": 0o750}
    assert found["link"].linkname == "main.py"
    assert {(info.uid, info.gid) for info in found.values()} == {(0, 0)}


def test_a_dockerfile_that_is_elsewhere_is_packed_beside(root: Path) -> None:
    assert [*packed(root, Own("docker/Dockerfile", "src"))][:2] == [
        own_context.BESIDE,
        "Dockerfile",
    ]
    whole = packed(root, Own("docker/Dockerfile"))
    assert next(iter(whole)) == "docker/Dockerfile"
    assert ".env" not in whole
    (root / ".dockerignore").write_text("docker\n")
    assert next(iter(packed(root, Own("docker/Dockerfile")))) == own_context.BESIDE


def test_ignore_files_of_the_context_folder_hold_too(root: Path) -> None:
    (root / "src" / ".dockerignore").write_text("sub\n")
    assert not {"sub", "sub/run.sh"} & packed(root, Own("src/Dockerfile", "src")).keys()
    assert "src/sub/run.sh" in packed(root, Own("src/Dockerfile"))


def test_the_ignore_file_of_the_dockerfile_stands_in_place_of_the_context_s(root: Path) -> None:
    (root / "src" / ".dockerignore").write_text("main.py\n")
    (root / "src" / "sub" / ".env").write_text("CANARY")
    named = Own("docker/Dockerfile", "src")
    assert "main.py" not in packed(root, named)
    (root / "docker" / "Dockerfile.dockerignore").write_text("sub\n!sub/run.sh\n!sub/.env\n")
    found = packed(root, named)
    assert {"main.py", "sub/run.sh", ".dockerignore"} <= found.keys()
    assert "sub/.env" not in found
    assert own_context.ignore_lines(root, named) == (
        "docker/Dockerfile.dockerignore",
        ("sub", "!sub/run.sh", "!sub/.env"),
    )
    (root / "docker" / "Dockerfile.dockerignore").write_text("src/sub\ndocker\n")
    whole = packed(root, Own("docker/Dockerfile"))
    assert next(iter(whole)) == own_context.BESIDE
    assert {"src/main.py", "docker/Dockerfile", "src/sub/run.sh"} & whole.keys() == {"src/main.py"}
    (root / ".dockerignore").write_text("src/Dockerfile\n")
    assert "src/Dockerfile" not in packed(root, Own("docker/Dockerfile"))
    (root / "docker" / "Dockerfile.dockerignore").write_text("a[b\n")
    with pytest.raises(ContextError, match=r"docker/Dockerfile\.dockerignore:1: 'a\[b'"):
        packed(root, named)


def test_a_dockerfile_that_is_elsewhere_is_named_for_who_drops_it_then(root: Path) -> None:
    def ignore_file(named: Own, *, hide: bool = True) -> tuple[str, int] | None:
        with tarfile.open(fileobj=io.BytesIO(tar_of(root, named, hide=hide))) as tar:
            found = [member for member in tar if member.name == ".dockerignore"]
            assert len(found) <= 1
            for member in found:
                file = None if member.issym() else tar.extractfile(member)
                return (file.read().decode() if file else member.linkname), member.mode
        return None

    elsewhere = Own("docker/Dockerfile", "src")
    assert ignore_file(elsewhere) == (f".dockerignore\n{own_context.BESIDE}\n", 0o644)
    assert ignore_file(elsewhere, hide=False) is None
    assert ignore_file(Own("src/Dockerfile", "src")) is None
    (root / "src" / ".dockerignore").write_text("sub")
    (root / "src" / ".dockerignore").chmod(0o600)
    assert ignore_file(elsewhere) == (f"sub\n{own_context.BESIDE}\n", 0o600)
    assert ignore_file(elsewhere, hide=False) == ("sub", 0o600)
    (root / "src" / ".dockerignore").write_text(".dockerignore\n")
    assert ignore_file(elsewhere) == (f".dockerignore\n{own_context.BESIDE}\n", 0o644)
    beside = root / "docker" / "Dockerfile.dockerignore"
    beside.write_text("")
    assert ignore_file(elsewhere) == (f".dockerignore\n{own_context.BESIDE}\n", 0o644)
    assert ignore_file(elsewhere, hide=False) == (".dockerignore\n", 0o600)
    beside.rename(root / "src" / "Dockerfile.dockerignore")
    assert ignore_file(Own("src/Dockerfile", "src")) is None
    (root / "src" / ".dockerignore").unlink()
    (root / "src" / ".dockerignore").symlink_to("main.py")
    assert ignore_file(elsewhere) == ("main.py", 0o777)


def test_a_long_name_is_no_first_header(root: Path) -> None:
    long = "d" * 120
    (root / long).write_text("x")
    assert next(iter(packed(root, Own(long)))) == own_context.BESIDE


def test_a_tree_that_moves_is_not_packed(root: Path) -> None:
    listing, named = look(root, Limits()), Own("src/Dockerfile", "src")
    (root / "src" / "main.py").write_text("other bytes")
    with pytest.raises(ContextMoved, match=r"src/main.py"):
        b"".join(own_context.pack(root, named, b"", listing.entries))
    (root / "src" / "main.py").unlink()
    with pytest.raises(ContextMoved, match=r"src/main.py could no longer be read"):
        b"".join(own_context.pack(root, named, b"", listing.entries))
    listing = look(root, Limits())
    pieces = own_context.pack(root, named, b"", listing.entries)
    next(pieces)
    (root / "src" / "link").unlink()
    (root / "src" / "link").symlink_to("sub")
    with pytest.raises(ContextMoved, match="src/link"):
        b"".join(pieces)
