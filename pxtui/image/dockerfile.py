"""The Dockerfile of an image plan, and its instructions as they are told to a person."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from pxtui.errors import PxtuiError
from pxtui.image.plan import ImagePlan

STAGED = "staged"
"""The folder of the staged files in the packed context."""
_IMAGE = re.compile(r"[A-Za-z0-9\[][A-Za-z0-9._\-/:@\[\]]*")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]*")
_OWNER = re.compile(r"\d+:\d+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction of the image."""

    text: str
    """As told to a person: a step's own text, else the line itself."""
    line: str
    """As it stands in the Dockerfile: always one line."""


def instructions(plan: ImagePlan, code: str = ".", before: str = "") -> tuple[Instruction, ...]:
    """The instructions of a plan in their order; `code` is the tree's folder in the context.

    `before` is shell text that every step begins with, for what must not stand in the image.
    """
    lines = [f"FROM {_image(plan.base)}"]
    lines += [_env(name, value) for name, value in plan.env]
    lines.append("WORKDIR /code")
    told = [Instruction(line, line) for line in lines]
    # staged files lie beside the tree, so that a change of the code leaves the steps cached
    beside = "" if code == "." else f"{STAGED}/"
    told += [
        Instruction(f"COPY {file.name} {to}", _copy(f"{beside}{file.name}", to))
        for file in plan.staged
        for to in [f"/code/{file.folder}"]
    ]
    told += [
        Instruction(step, f"RUN {_run(before + step.strip())}")
        for step in plan.steps
        if step.strip()
    ]
    if plan.owner and not _OWNER.fullmatch(plan.owner):
        raise PxtuiError(f"{plan.owner!r} is not the owner of files", "write it as UID:GID")
    owner = f"--chown={plan.owner} " if plan.owner else ""
    copy = f"COPY {owner}{code} /code/"
    return (*told, Instruction(copy, copy))


def dockerfile(plan: ImagePlan, code: str = ".", before: str = "") -> str:
    """The text of the Dockerfile; `code` is the tree's folder in the build context."""
    return "".join(f"{instruction.line}\n" for instruction in instructions(plan, code, before))


def _copy(source: str, to: str) -> str:
    is_plain = not set(source + to) & {" ", "\t"}
    return f"COPY {source} {to}" if is_plain else f"COPY {json.dumps([source, to])}"


def _image(name: str) -> str:
    if not _IMAGE.fullmatch(name):
        raise PxtuiError(f"{name!r} is not the name of an image", "write it as name:tag")
    return name


def _env(name: str, value: str) -> str:
    if not _NAME.fullmatch(name):
        raise PxtuiError(
            f"{name!r} cannot be the name of a variable", "letters, digits, `_`, `.` and `-`"
        )
    _encodable(value, f"the variable {name}")
    if "\n" in value or "\0" in value:
        raise PxtuiError(
            f"the variable {name} has a line break, which an image cannot keep",
            "set it in a step or in the command",
        )
    # `$X` is left to Docker, which fills it in from the variables before it, as Polyaxon had it
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'ENV {name}="{quoted}"'


def _run(step: str) -> str:
    _encodable(step, "a step")
    if "\0" in step:
        raise PxtuiError("a step has a NUL character, which no shell takes")
    text = step.strip()
    plain = not (_CONTROL.search(text) or "<<" in text or text.endswith("\\") or text[0] in "-+[#")
    if plain:
        return text
    # a heredoc is dropped in silence by some builders; a failing line must fail its step
    option = "-ec" if "\n" in text else "-c"
    # a shell takes what begins with a dash for an option
    command = f" {text}" if text[0] in "-+" else text
    return json.dumps(["/bin/sh", option, command], ensure_ascii=False)


def _encodable(text: str, what: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise PxtuiError(
            f"{what} has a character that is half of a pair (a lone surrogate)"
        ) from None
