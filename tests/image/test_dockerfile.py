"""The Dockerfile has exactly the instructions of the plan, whatever its texts try."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pxtui.errors import PxtuiError
from pxtui.image.dockerfile import (
    CODE,
    code_dockerfile,
    dockerfile,
    environment_dockerfile,
    instructions,
)
from pxtui.image.plan import ImagePlan, StagedFile

NASTY = "\\\"'$<>{}[]#-&|;! \tabcEOFRUN\néø"
steps = st.text(st.sampled_from(NASTY) | st.characters(), min_size=1, max_size=40)


def parse(text: str) -> list[tuple[str, str]]:
    """Read a Dockerfile as Docker does: comments, continued lines, heredocs, words."""
    lines = iter(text.split("\n"))
    found = []
    for line in lines:
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        while re.search(r"\\[ \t]*$", line):
            line = re.sub(r"\\[ \t]*$", "", line) + next(lines, "")
        word, _, rest = line.strip().partition(" ")
        if word.upper() in ("RUN", "COPY", "ADD") and not rest.startswith("["):
            for name in re.findall(r"<<-?[\"']?(\w+)[\"']?", rest):
                while next(lines, name) != name:
                    pass
        found.append((word, rest.strip()))
    return found


def plan(*steps: str, base: str = "python:3.11-slim", **env: str) -> ImagePlan:
    return ImagePlan(base, tuple(env.items()), (), steps)


def shell_command(argument: str) -> list[str]:
    """What Docker executes for the argument of RUN."""
    try:
        argv = json.loads(argument)
    except ValueError:
        return ["/bin/sh", "-c", argument]
    return argv if isinstance(argv, list) else ["/bin/sh", "-c", argument]


def test_order_is_that_of_the_contract() -> None:
    names = ("polyaxon_requirements.txt", "polyaxon_setup.sh", "requirements/dev.txt")
    staged = tuple(StagedFile(name, b"") for name in names)
    made = ImagePlan("tensorflow/tensorflow:1.4.1-py3", (("A", "1"),), staged, ("pip install x",))
    assert dockerfile(made, "code") == (
        "FROM tensorflow/tensorflow:1.4.1-py3\n"
        'ENV A="1"\n'
        "WORKDIR /code\n"
        "COPY staged/polyaxon_requirements.txt /code/\n"
        "COPY staged/polyaxon_setup.sh /code/\n"
        "COPY staged/requirements/dev.txt /code/requirements/\n"
        "RUN pip install x\n"
        "COPY code /code/\n"
    )
    # in the project's folder, where a person would build what is shown
    assert "COPY requirements/dev.txt /code/requirements/\n" in dockerfile(made)


def test_the_owner_of_the_tree_is_in_the_copy_and_in_the_key() -> None:
    mine = replace(plan(), owner="1000:1000")
    assert dockerfile(mine, "code").endswith("COPY --chown=1000:1000 code /code/\n")
    assert mine.key("a") != plan().key("a")
    with pytest.raises(PxtuiError):
        dockerfile(replace(plan(), owner="me\nRUN x"))


@pytest.mark.parametrize("step", ["echo $X", "echo $X\necho 2", "# x\necho $X", "[ 1 ] && echo $X"])
def test_what_a_step_begins_with_is_not_told(step: str) -> None:
    told = instructions(plan(step), before='eval "$FTP_PROXY"; ')[2]
    assert told.text == step
    argv = shell_command(told.line.removeprefix("RUN "))
    done = subprocess.run(
        argv, env={"FTP_PROXY": "X=given"}, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("given\n")


def test_a_step_is_told_by_its_own_text() -> None:
    told = instructions(plan("echo 1\necho 2"))[2]
    assert told.text == "echo 1\necho 2"
    assert told.line == 'RUN ["/bin/sh", "-ec", "echo 1\\necho 2"]'


def test_blank_steps_are_no_instructions() -> None:
    assert [word for word, _ in parse(dockerfile(plan("", "  \n")))] == ["FROM", "WORKDIR", "COPY"]


@given(st.lists(steps, max_size=4))
@example(["echo a \\"])
@example(["echo a \\ "])
@example(["cat <<EOF"])
@example(["cat <<EOF\nFROM evil\nEOF"])
@example(["--mount=type=bind true"])
@example(['["rm", "-rf", "/"]'])
@example(["# syntax=evil"])
@example(["true\nFROM evil\nRUN evil"])
@example(["true\r\nFROM evil"])
@example(["ONBUILD RUN evil"])
def test_no_step_adds_an_instruction(steps: list[str]) -> None:
    try:
        text = dockerfile(plan(*steps))
    except PxtuiError:
        return
    words = [word for word, _ in parse(text)]
    count = sum(bool(step.strip()) for step in steps)
    assert words == ["FROM", "WORKDIR", *["RUN"] * count, "COPY"]


@given(steps.filter(lambda text: "\n" not in text and "\0" not in text and text.strip()))
def test_the_shell_is_given_the_text_of_the_step(step: str) -> None:
    try:
        text = dockerfile(plan(step))
    except PxtuiError:
        return
    argv = shell_command(parse(text)[2][1])
    assert argv[:2] == ["/bin/sh", "-c"]
    assert argv[2].strip() == step.strip()


@given(st.text(st.sampled_from("\\\"' =abc#<") | st.characters(), max_size=30))
@example("a\\")
@example('"\nRUN evil')
def test_variables_reach_the_image_as_they_are(value: str) -> None:
    try:
        line = instructions(plan(X=value))[1].line
    except PxtuiError:
        assert "\n" in value or "\0" in value or re.search("[\ud800-\udfff]", value)
        return
    assert "\n" not in line
    quoted = re.fullmatch(r'ENV X="((?:[^"\\]|\\["\\])*)"', line, re.DOTALL)
    assert quoted
    assert re.sub(r"\\(.)", r"\1", quoted[1], flags=re.DOTALL) == value


def test_variables_of_docker_are_left_to_it() -> None:
    assert instructions(plan(PATH="/x:$PATH"))[1].line == 'ENV PATH="/x:$PATH"'


@pytest.mark.parametrize(
    "base",
    ["a\nRUN evil", "a AS b", "--platform=x a", "", " a", "# x", "a\tb", "a`b", "$X"],
)
def test_an_image_that_is_no_name_is_refused(base: str) -> None:
    with pytest.raises(PxtuiError):
        dockerfile(plan(base=base))


@pytest.mark.parametrize("base", ["a", "localhost:5000/a/b:c", "a@sha256:" + "0" * 64, "A_b.c/d:e"])
def test_names_of_images_pass(base: str) -> None:
    assert dockerfile(plan(base=base)).startswith(f"FROM {base}\n")


@pytest.mark.parametrize("name", ["A B", "A=B", "1A", "", "A\nRUN x", 'A"'])
def test_a_variable_without_a_proper_name_is_refused(name: str) -> None:
    with pytest.raises(PxtuiError):
        dockerfile(ImagePlan("a", ((name, "1"),), (), ()))


def test_a_line_that_fails_fails_a_step_of_several_lines() -> None:
    def code(step: str) -> int:
        argv = shell_command(parse(dockerfile(plan(step)))[2][1])
        return subprocess.run(argv, check=False).returncode

    assert code("false\ntrue") == 1
    assert code("true\n") == 0
    assert code("cat <<EOF >/dev/null\nx\nEOF") == 0
    assert code("-nosuch; true") == 0


def test_the_environment_has_all_but_the_code() -> None:
    staged = (StagedFile("polyaxon_requirements.txt", b""),)
    made = ImagePlan("a", (("A", "1"),), staged, ("pip install x", "one\ntwo"), owner="1:2")
    whole = dockerfile(made, CODE)
    text = environment_dockerfile(made)
    assert whole == f"{text}COPY --chown=1:2 {CODE} /code/\n"
    assert environment_dockerfile(made, until=5) == "".join(text.splitlines(True)[:4])


def test_what_builds_pass_to_steps_stands_in_no_text_that_is_shown() -> None:
    made = plan("pip install x", "one\ntwo")
    cached = environment_dockerfile(made, "before; ", cached=True)
    (run, both) = [line for line in cached.splitlines() if line.startswith("RUN")]
    option, _, command = run.removeprefix("RUN ").partition(" ")
    assert option.startswith("--mount=type=cache,id=pxtui-pip,target=")
    assert command.startswith("before; export PIP_CACHE_DIR=")
    assert command.endswith("; pip install x")
    argv = json.loads(both.removeprefix("RUN ").partition(" ")[2])
    assert argv[:2] == ["/bin/sh", "-ec"]
    assert argv[2].endswith("one\ntwo")
    assert "PIP_CACHE_DIR" not in dockerfile(made)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), max_size=5))
def test_removed_names_are_names_whatever_is_in_them(names: list[str]) -> None:
    text = code_dockerfile("pxtui/p:tag", "", names)
    lines = text.split("\n")
    assert lines[0] == "FROM pxtui/p:tag"
    assert lines[-2:] == [f"COPY {CODE} /code/", ""]
    if names:
        argv = json.loads(lines[1].removeprefix("RUN "))
        assert argv == ["rm", "-rf", "--", *(f"/code/{name}" for name in names)]
    assert len(lines) == (4 if names else 3)
