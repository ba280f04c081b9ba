"""The Dockerfile of an image plan, and its instructions as they are told to a person."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

from pxtui.errors import PxtuiError
from pxtui.image.plan import ImagePlan

STAGED = "staged"
"""The folder of the staged files in the packed context."""
CODE = "code"
"""The tree's folder in the packed context."""
PIP_CACHE = "/var/cache/pxtui-pip"
"""Where the steps have the cache of pip's downloads, which no image keeps."""
_CACHED = f"--mount=type=cache,id=pxtui-pip,target={PIP_CACHE},mode=0777 "
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


def instructions(
    plan: ImagePlan, code: str = ".", before: str = "", cached: bool = False
) -> tuple[Instruction, ...]:
    """The instructions of a plan in their order; `code` is the tree's folder in the context.

    `before` is shell text that every step begins with, for what must not stand in the image;
    `cached`: the steps share a cache of pip's downloads.
    """
    if plan.own is not None:
        text = f"build by {plan.own.dockerfile}"
        return (Instruction(text, text),)
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
    option = _CACHED if cached else ""
    before += f"export PIP_CACHE_DIR={PIP_CACHE}; " if cached else ""
    told += [
        Instruction(step, f"RUN {option}{_run(before + step.strip())}")
        for step in plan.steps
        if step.strip()
    ]
    copy = f"COPY {_owned(plan.owner)}{code} /code/"
    return (*told, Instruction(copy, copy))


def dockerfile(plan: ImagePlan, code: str = ".") -> str:
    """The text of the whole Dockerfile; `code` is the tree's folder in the build context."""
    return _text(instructions(plan, code))


def environment_dockerfile(
    plan: ImagePlan, before: str = "", *, cached: bool = False, until: int = 0
) -> str:
    """The text for the environment: all instructions but the code's, or those before `until`."""
    return _text(instructions(plan, CODE, before, cached)[: until - 1 if until else -1])


def code_dockerfile(image: str, owner: str, removed: Iterable[str] = ()) -> str:
    """The text that lays the tree's folder over an image, without what was `removed` from it."""
    lines = [f"FROM {_image(image)}"]
    if paths := [f"/code/{path}" for path in removed]:
        lines.append(f"RUN {json.dumps(['rm', '-rf', '--', *paths], ensure_ascii=False)}")
    lines.append(f"COPY {_owned(owner)}{CODE} /code/")
    return "".join(f"{line}\n" for line in lines)


def _text(lines: Iterable[Instruction]) -> str:
    return "".join(f"{instruction.line}\n" for instruction in lines)


def _owned(owner: str) -> str:
    if owner and not _OWNER.fullmatch(owner):
        raise PxtuiError(f"{owner!r} is not the owner of files", "write it as UID:GID")
    return f"--chown={owner} " if owner else ""


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
