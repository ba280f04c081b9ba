"""Which steps of an image run on this machine without a container, and as what command. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection

from pxtui.image.plan import SETUP

_PIP = (("pip",), ("pip3",), ("python", "-m", "pip"), ("python3", "-m", "pip"), ("uv", "pip"))
_ELSEWHERE = ("-t", "--target", "--prefix", "--root", "--python")
"""Options with which pip leaves the environment."""
_OWN = ("config", "cache")
"""Commands of pip that change the person's own settings."""
_UV = re.compile(r"\s*uv\s+pip\b")


def refusal(step: str, staged: Collection[str]) -> str:
    """Why a step is not run without a container; empty if it is."""
    words = _words(step)
    if words is None:
        return "it is more than one plain command"
    if words[0] in ("sh", "bash", "/bin/sh", "/bin/bash") and words[1:2]:
        words = [f"./{words[1].removeprefix('./')}", *words[2:]]
    script = words[0].removeprefix("./")
    if script in SETUP and script != words[0]:
        return "" if script in staged else f"the project has no {script}"
    for pip in _PIP:
        if tuple(words[: len(pip)]) == pip:
            return _pip_refusal(words[len(pip) :])
    return f"it is neither pip nor {SETUP[0]}"


def command(step: str, has_uv: bool) -> list[str]:
    """The step for a shell; `uv pip` is the environment's own pip where there is no uv."""
    if _UV.match(step):
        # The "system" of uv would be this machine, not the environment.
        step = step.replace(" --system", "")
        if not has_uv:
            step = _UV.sub("python -m pip", step, count=1)
    # Of several lines the first that fails fails the step, as in the image.
    return ["/bin/sh", "-ec" if "\n" in step.strip() else "-c", step.strip()]


def _words(step: str) -> list[str] | None:
    if "\n" in step.strip() or "`" in step or "$(" in step:
        return None
    lexer = shlex.shlex(step, posix=True, punctuation_chars=True)
    lexer.whitespace_split, lexer.commenters = True, ""
    try:
        words = list(lexer)
    except ValueError:
        return None
    if not words or any(word and set(word) <= set("();<>|&") for word in words):
        return None
    return words


def _pip_refusal(words: list[str]) -> str:
    for word in words:
        if word.split("=")[0] in _ELSEWHERE:
            return f"{word.split('=')[0]} writes outside of the environment"
    first = next((word for word in words if not word.startswith("-")), "")
    return f"pip {first} changes your own pip" if first in _OWN else ""
