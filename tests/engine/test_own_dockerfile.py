"""Images by a Dockerfile of the project's own, on a real engine: built as it is, run as it says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pxtui.engine.docker import DockerEngine
from pxtui.engine.hosts import Found
from pxtui.image.context import Limits, look
from pxtui.image.own_context import BESIDE
from pxtui.image.plan import ImagePlan, Own
from pxtui.run import Surroundings
from tests.engine.conftest import (
    BUSYBOX,
    Built,
    Recorder,
    Workshop,
    own_folder,
    script,
    workshop,
)

pytestmark = pytest.mark.engine
STAGES = f"""\
ARG BASE={BUSYBOX}
FROM ${{BASE}} AS made
RUN echo made >/mode
FROM nosuch.invalid/never:1 AS unneeded
FROM {BUSYBOX}
ENV A=1
WORKDIR /srv/app
COPY --from=made /mode .
COPY . .
RUN mkdir out && chown 1234 . out
USER 1234
ENTRYPOINT ["false"]
"""


def built(shop: Workshop, text: str, context: str = "", **options: bool) -> Built:
    (shop.root / "docker").mkdir(exist_ok=True)
    (shop.root / "docker" / "Dockerfile").write_text(text)
    plan = ImagePlan("", (), (), (), own=Own("docker/Dockerfile", context))
    request = replace(shop.request(), plan=plan, listing=look(shop.root, Limits()))
    return shop.carry_out(replace(request, **options))  # type: ignore[arg-type]


def ran(shop: Workshop, image: str | None, cmd: str, user: str = "") -> tuple[str, Path]:
    assert image
    sink, spec = Recorder(), shop.spec(cmd, image)
    spec = replace(spec, surroundings=Surroundings(user=user))
    outcome = shop.engine.run(spec, sink).wait()
    assert outcome.result == "done", (outcome, sink.all)
    return sink.all.decode(), Path(spec.outputs)


def source(shop: Workshop) -> None:
    (shop.root / "src").mkdir()
    (shop.root / "src" / "main.py").write_text("x\n")
    (shop.root / "src" / "main.py").chmod(0o640)


def test_stages_are_built_and_the_image_says_where_and_as_whom_it_runs(shop: Workshop) -> None:
    source(shop)
    first = built(shop, STAGES, "src")
    assert first.outcome.result == "done", first.outcome
    assert [text for text, state, _ in first.ended if state == "done"] == [
        r.text for r in first.reports if r.state == "started"
    ]
    assert {text for text, *_ in first.ended} >= {
        "made: RUN echo made >/mode",
        "WORKDIR /srv/app",
        "COPY . .",
        "RUN mkdir out && chown 1234 . out",
    }
    assert first.reports[-1].total == len(first.ended)
    assert [r.index for r in first.reports if r.state == "started"] == [*range(1, 7)]
    cmd = "pwd; id -u; cat mode; stat -c %a:%n main.py; ls -A; echo m >out/m; echo n >n"
    said, outputs = ran(shop, first.outcome.image, cmd)
    assert said.split() == [
        "/srv/app", "1234", "made", "640:main.py", BESIDE, "main.py", "mode", "out",
    ]  # fmt: skip
    assert {p.name for p in (outputs / "code").rglob("*") if p.is_file()} == {"m", "n"}
    again = built(shop, STAGES, "src")
    assert again.outcome == replace(first.outcome, result="skipped")
    elsewhere = built(shop, STAGES)
    assert elsewhere.outcome.result == "done"
    assert elsewhere.outcome.image != first.outcome.image
    labels = shop.docker("inspect", "-f", "{{json .Config.Labels}}", str(first.outcome.image))
    assert '"pxtui.kind":"code"' in labels


def test_the_classic_builder_tells_its_steps(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_BUILDKIT", "0")
    text = f"ARG A=1\nFROM {BUSYBOX} AS one\nRUN echo {shop.project}\nFROM one\nCOPY . /x\n"
    done = built(shop, text)
    assert done.outcome.result == "done", done.outcome
    assert [(r.index, r.total, r.text) for r in done.reports if r.state == "done"] == [
        (1, 5, "ARG A=1"),
        (2, 5, f"FROM {BUSYBOX} AS one"),
        (3, 5, f"RUN echo {shop.project}"),
        (4, 5, "FROM one"),
        (5, 5, "COPY . /x"),
    ]
    assert done.sink.all == f"{shop.project}\n".encode()
    failed = built(shop, f"FROM {BUSYBOX}\nRUN exit 3\nRUN true\n").outcome
    assert failed.message == "step 2 of 3 failed, exit code 3: RUN exit 3"


@pytest.mark.parametrize("buildkit", ["0", "1"])
def test_what_is_left_out_is_said_beside_the_dockerfile(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch, buildkit: str
) -> None:
    monkeypatch.setenv("DOCKER_BUILDKIT", buildkit)
    source(shop)
    (shop.root / "docker").mkdir()
    (shop.root / ".dockerignore").write_text("docker\n")
    (shop.root / "src" / ".dockerignore").write_text("main.py\n")
    beside = shop.root / "docker" / "Dockerfile.dockerignore"
    text = f"FROM {BUSYBOX}\nWORKDIR /srv\nCOPY . .\n"

    def inside() -> set[str]:
        made = built(shop, text, "src")
        assert made.outcome.result == "done", made.outcome
        takes_along = f"`COPY . .` takes it along, as {BESIDE}\n".encode() in made.sink.all
        assert takes_along == (buildkit == "1")
        names = set(shop.docker("run", "--rm", str(made.outcome.image), "ls", "-A").split())
        assert (BESIDE in names) == takes_along
        return names - {BESIDE}

    assert inside() == {".dockerignore"}
    beside.write_text(".dockerignore\n")
    assert inside() == {"main.py"}
    beside.write_text("")  # a change that is not part of the tree
    assert inside() == {"main.py", *([".dockerignore"] if buildkit == "1" else [])}
    assert built(shop, text, "src").outcome.result == "skipped"
    (shop.root / "src" / ".dockerignore").unlink()
    said = built(shop, text, "").sink.all
    assert b"docker/Dockerfile.dockerignore holds; what the project's .dockerignore" in said


@pytest.mark.slow
def test_podman_goes_by_the_ignore_file_that_holds(tmp_path: Path) -> None:
    with own_folder("podman") as folder:
        found = Found("podman", script("podman-up", folder), "test")
        engine = DockerEngine(found)
        shop = workshop(engine, found, tmp_path)
        source(shop)
        (shop.root / "docker").mkdir()
        (shop.root / "src" / ".dockerignore").write_text("main.py\n")
        text = f"FROM {BUSYBOX}\nWORKDIR /srv\nCOPY . .\n"

        def inside() -> str:
            image = built(shop, text, "src").outcome.image
            return shop.docker("run", "--rm", str(image), "ls", "-A")

        assert inside() == ".dockerignore"
        (shop.root / "docker" / "Dockerfile.dockerignore").write_text("other\n")
        assert inside() == "main.py"
        shop.clear()
        engine.close()


def test_of_steps_that_go_on_at_once_the_one_that_failed_is_named(shop: Workshop) -> None:
    text = (
        f"FROM {BUSYBOX} AS long\nRUN sleep 60; echo {shop.project}\n"
        f"FROM {BUSYBOX} AS bad\nRUN sleep 1; echo said; exit 5\n"
        f"FROM {BUSYBOX}\nCOPY --from=long /bin/sh /a\nCOPY --from=bad /bin/sh /b\n"
    )
    made = built(shop, text)
    assert made.outcome.exit_code == 5
    assert "of 5 failed, exit code 5: bad: RUN sleep 1; echo said; exit 5" in made.outcome.message
    (failed,) = [r.text for r in made.reports if r.state == "failed"]
    assert failed == "bad: RUN sleep 1; echo said; exit 5"
    assert made.sink.all == b"said\n"


def test_an_image_without_a_folder_runs_at_the_root_and_loses_nothing(shop: Workshop) -> None:
    image = built(shop, f"FROM {BUSYBOX}\nCOPY train.py /\n").outcome.image
    cmd = "echo m >model; mkdir -p runs; echo 1 >runs/1; ln -s /model last; echo t >/tmp/t"
    _, outputs = ran(shop, image, cmd)
    names = {str(p.relative_to(outputs)) for p in outputs.rglob("*") if not p.is_dir()}
    assert names == {"code/model", "code/runs/1", "code/last"}
    assert (outputs / "code" / "last").read_text() == "m\n"


def test_a_user_who_is_asked_for_can_write_where_the_image_runs(shop: Workshop) -> None:
    image = built(shop, f"FROM {BUSYBOX}\nWORKDIR /srv/app\n").outcome.image
    said, outputs = ran(shop, image, "id -u; pwd; echo 1 >file; ls -A /", "4321:4321")
    assert said.split()[:2] == ["4321", "/srv/app"]
    assert "code" not in said.split()
    assert (outputs / "code" / "file").read_text() == "1\n"


def test_what_the_build_lacks_is_said(shop: Workshop) -> None:
    base = built(shop, "FROM nosuch.invalid/x:1\n").outcome
    assert base.message.startswith("the image nosuch.invalid/x:1 cannot be pulled")
    frontend = built(shop, f"# syntax=nosuch.invalid/y:1\nFROM {BUSYBOX}\n").outcome
    assert frontend.message.startswith(
        "`# syntax=nosuch.invalid/y:1` in docker/Dockerfile needs an image"
    )
    (shop.root / "docker" / "Dockerfile").unlink()
    plan = ImagePlan("", (), (), (), own=Own("docker/Dockerfile"))
    gone = shop.carry_out(replace(shop.request(), plan=plan)).outcome
    assert gone.message.startswith("dockerfile: docker/Dockerfile is no file of the project")


def test_a_tree_that_moved_is_looked_at_again(shop: Workshop) -> None:
    (shop.root / "docker").mkdir()
    (shop.root / "docker" / "Dockerfile").write_text(f"FROM {BUSYBOX}\nCOPY train.py /\n")
    plan = ImagePlan("", (), (), (), own=Own("docker/Dockerfile"))
    request = replace(shop.request(), plan=plan)
    (shop.root / "train.py").write_text("print('newer, and longer')\n")
    outcome = shop.carry_out(request).outcome
    assert outcome.result == "done"
    assert outcome.signature == look(shop.root, Limits()).signature != request.listing.signature
