"""What the run gets, as facts: one list for the pane, the first question and the narration."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from pxtui import events as e
from pxtui.facts import Fact, facts, gpu_in_brief
from pxtui.gpus import Gpus
from pxtui.needs import Need
from pxtui.project import Project
from pxtui.run import Mount, Port, Surroundings
from pxtui.session import questions
from pxtui.state import State, apply
from tests.ui import example as x


def state(*events: e.Event) -> State:
    made = State()
    for event in events:
        made = apply(made, event)
    return made


def texts(made: State, label: str) -> list[str]:
    return [fact.text for fact in facts(made) if fact.label == label]


def box(wanted: Surroundings, **engine: Any) -> State:
    return state(
        x.loaded(), x.FILE_TEXT, replace(x.GPU_BOX, **engine), x.TREE, e.NeedsSeen((), wanted)
    )


def test_nothing_known_is_nothing_said() -> None:
    assert facts(State()) == ()


def test_a_terminal_is_told_where_there_is_one() -> None:
    assert texts(box(Surroundings()), "terminal") == []
    assert texts(box(Surroundings(tty=True)), "terminal") == ["yes, a types to it"]


def test_open_needs_come_first_and_are_to_be_looked_at() -> None:
    made = state(*x.OPENED, x.needing(*x.NEEDS))
    assert [fact.need for fact in facts(made)[:3]] == [need.id for need in x.NEEDS]
    assert all(fact.look and fact.text == x.NEEDS[i].text for i, fact in enumerate(facts(made)[:3]))


def test_what_was_decided_stands_at_its_place_and_can_be_changed() -> None:
    found = facts(state(*x.OPENED, x.DECIDED))
    told = {fact.need: (fact.label, fact.text, fact.look) for fact in found if fact.need}
    assert told == {
        x.DATA.id: ("mounts", "/mnt/big/imagenet → /code/data, read-only", False),
        x.CHECKPOINTS.id: ("skipped", "checkpoints, as you decided", False),
        x.WANDB.id: ("env", "your WANDB_API_KEY", False),
    }


def test_every_choice_of_every_need_can_be_changed_again() -> None:
    asked = Need("mount /d:/data:rw", "mount", "/d:/data:rw", "asks", (("give", ""), ("no", "")),
                 source="/d", asked=True)  # fmt: skip
    file = Need("env-file .env", "env-file", ".env", "is", (("give", ""), ("no", "")),
                source="/p/.env")  # fmt: skip
    for need in (*x.NEEDS, asked, file):
        for choice, _ in need.choices:
            wanted = Surroundings(
                mounts=(Mount("/mnt/big/imagenet", "/code/data"), Mount("/d", "/data", True),
                        Mount(x.CHECKPOINTS.source, "/code/checkpoints")),
                variables=("WANDB_API_KEY",), env_files=("/p/.env",),
            )  # fmt: skip
            seen = e.NeedsSeen((replace(need, decided=choice),), wanted)
            about = [fact for fact in facts(state(*x.OPENED, seen)) if fact.need == need.id]
            assert len(about) == 1, (need.id, choice)
            assert not about[0].look


def test_a_tree_that_waits_for_a_decision_says_so_in_place_of_its_error() -> None:
    made = state(x.loaded(), x.ENGINE, x.BIG_TREE, x.needing(*x.NEEDS))
    assert texts(made, "code") == ["waits for a decision on checkpoints"]
    assert texts(made, "skipped") == [".env: left out, variables that may be secret"]
    alone = state(x.loaded(), x.ENGINE, x.BIG_TREE)
    assert Fact("code", x.BIG_TREE.error, True) in facts(alone)


def test_many_notes_of_the_tree_are_a_few_and_a_number() -> None:
    notes = tuple(f"{n}: left out" for n in range(8))
    made = state(x.loaded(), replace(x.TREE, skipped=notes))
    assert texts(made, "skipped") == [*notes[:5], "and 3 more"]


def test_memory_shm_and_limits() -> None:
    assert texts(box(Surroundings()), "shm") == ["16.5 GB, half of the memory"]
    assert texts(box(Surroundings()), "memory") == ["33.0 GB, no limit"]
    made = box(Surroundings(shm_size=2_000_000_000, memory=8_000_000_000, cpus=2.5))
    assert texts(made, "shm") == ["2.0 GB"]
    assert texts(made, "memory") == ["8.0 GB at most"]
    assert texts(made, "cpus") == ["2.5 at most"]


def test_paths_and_ports_of_a_remote_engine_are_labelled() -> None:
    wanted = Surroundings(mounts=(Mount("/d", "/data", True),), publish=(Port(6006, 6006),))
    made = box(wanted, remote=True, name="docker ssh:box")
    assert texts(made, "engine") == ["docker ssh:box, on another machine"]
    assert texts(made, "mounts") == ["/d (on that machine) → /data, writable"]
    assert texts(made, "ports") == ["127.0.0.1:6006 → 6006 (on that machine)"]


def test_without_a_container_only_what_applies_is_said() -> None:
    wanted = Surroundings(mounts=(Mount("/d", "/code/d"),), publish=(Port(1, 1),), user="1000")
    made = box(wanted, isolated=False, name="no container (venv)", gpus=Gpus())
    labels = {fact.label for fact in facts(made)}
    assert not labels & {"shm", "memory", "cpus", "ports", "cache"}
    assert texts(made, "user") == ["you"]
    assert texts(made, "mounts") == ["/d → /code/d, a link, writable"]
    assert "tensorflow/tensorflow:1.4.1-py3 is not used" in texts(made, "image")


@pytest.mark.parametrize(
    ("base", "wanted", "told"),
    [("linux/arm64/v8", "", "linux/arm64/v8, emulated: slow"), ("linux/amd64/v3", "", ""),
     ("linux/amd64", "linux/arm64", "linux/arm64, emulated: slow"),
     ("linux/amd64", "linux/amd64", "for linux/amd64"), ("", "", "")],
)  # fmt: skip
def test_an_image_of_another_machine_is_emulated(base: str, wanted: str, told: str) -> None:
    made = box(Surroundings(platform=wanted), base_present=True, base_platform=base)
    assert texts(made, "image")[1:] == ["here", *([told] if told else [])]


def test_a_gpu_that_is_given_one_that_is_held_and_none() -> None:
    made = box(Surroundings())
    assert texts(made, "gpu") == ["0 RTX 3090, 24 of 24 GB free", "1 held by python (4711)"]
    assert gpu_in_brief(made) == ("gpu 0", False)
    assert gpu_in_brief(box(Surroundings(gpus="all"))) == ("gpu 0,1", False)
    none = box(Surroundings(), gpus=Gpus(why="no GPU in this machine"))
    assert texts(none, "gpu") == ["none: no GPU in this machine"]
    assert gpu_in_brief(none) == ("", False)
    barred = box(Surroundings(), gpus=replace(x.GPUS, usable=False, why="no toolkit"))
    assert [fact.look for fact in facts(barred) if fact.label == "gpu"] == [True]
    assert gpu_in_brief(barred) == ("no gpu", True)
    asked = box(Surroundings(gpus="0"), gpus=Gpus(why="no GPU in this machine"))
    assert "cannot be given" in texts(asked, "gpu")[0]
    assert gpu_in_brief(asked) == ("no gpu", True)


def test_the_live_run_says_which_gpu_it_has() -> None:
    given = e.Given("r1", (("gpu", "1 RTX 3090, 20 of 24 GB free; 0 free"),))
    made = state(x.loaded(), x.GPU_BOX, x.started("r1", 1, x.NOW), given)
    assert gpu_in_brief(made) == ("gpu 1", False)


def test_names_of_variables_are_said_and_no_value_is_known() -> None:
    made = box(Surroundings(variables=("HF_TOKEN",), env_files=("/p/.env",)))
    assert texts(made, "env") == [
        "PYTHONUNBUFFERED, POLYAXON_*", "your HF_TOKEN", "the variables of /p/.env",
    ]  # fmt: skip


def test_question_and_narration_show_the_same_rows_and_steps_and_command() -> None:
    project = cast(Project, SimpleNamespace())
    made = state(*x.OPENED, x.needing(*x.NEEDS))
    told = questions.facts(project, made)
    for fact in facts(made):
        assert (fact.label, f"! {fact.text}" if fact.look else fact.text) in told
    assert ("steps", "pip install -r polyaxon_requirements.txt") in told
    assert dict(told)["command"].startswith("python3 train.py --batch_size=")
    assert questions.facts(project, state(x.ENGINE)) == ()


def test_no_secret_value_is_in_any_fact() -> None:
    made = state(*x.with_secret())
    told = questions.facts(cast(Project, SimpleNamespace()), made)
    assert dict(told)["command"].endswith("--key=••••••")
    assert "hunter2" not in repr(told)


def test_a_dockerfile_of_the_project_makes_the_image() -> None:
    reading = x.loaded().reading
    assert reading.resolved is not None
    own = replace(reading.resolved, image="", dockerfile="docker/Dockerfile", context="./src/")

    def seen(engine: e.EngineSeen, **changes: Any) -> State:
        read = replace(reading, resolved=replace(own, **changes))
        return state(replace(x.loaded(), reading=read), engine, x.TREE)

    by = "by docker/Dockerfile in src/"
    assert texts(seen(x.ENGINE, steps=()), "image") == [by]
    assert texts(seen(x.ENGINE, context="", steps=()), "image") == ["by docker/Dockerfile"]
    unused = "variables and steps not used, as in Polyaxon: docker/Dockerfile makes the image"
    assert texts(seen(x.ENGINE, env=(("A", "1"),)), "image") == [by, unused]
    assert texts(seen(x.ENGINE, env=(("A", "1"),)), "env") == ["PYTHONUNBUFFERED, POLYAXON_*"]
    (code,) = texts(seen(x.ENGINE), "code")
    assert code.endswith("→ its Dockerfile")
    assert texts(seen(x.ENGINE), "outputs") == ["/outputs, new files in its WORKDIR"]
    local = replace(x.ENGINE, isolated=False)
    assert texts(seen(local, steps=()), "image") == [f"{by}: needs Docker or Podman"]
