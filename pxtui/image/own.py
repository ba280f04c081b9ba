"""A Dockerfile of the project's own: its text, and the images that it needs."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pxtui.errors import ContextError
from pxtui.image.plan import Own

_LIMIT = 1 << 20
_DIRECTIVE = re.compile(r"#\s*(\w+)\s*=\s*(\S+)\s*$")
_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)(?::([-+])([^}]*))?\})")
_HEREDOC = re.compile(r"(?<!<)<<-?(['\"]?)([A-Za-z_]\w*)\1")
_FROM_IMAGE = re.compile(r"(?:^--from=|^--mount=(?:.*,)?from=)([^,\s]+)")


@dataclass(frozen=True, slots=True)
class Stage:
    """One `FROM` and what stands below it."""

    name: str
    image: str
    platform: str
    uses: tuple[str, ...]
    """Stages and images that it copies from."""


def read(root: Path, own: Own) -> bytes:
    """The Dockerfile's text; raises ContextError if it or its context cannot be used."""
    if own.context and not _within(root, own.context, Path.is_dir):
        raise ContextError(
            f"context: {own.context} is no folder of the project",
            "name the folder that the Dockerfile's COPY lines start from",
        )
    if not _within(root, own.dockerfile, Path.is_file):
        raise ContextError(
            f"dockerfile: {own.dockerfile} is no file of the project",
            "name it as seen from the project's folder",
        )
    try:
        with (root / own.dockerfile).open("rb") as file:
            data = file.read(_LIMIT + 1)
    except OSError as error:
        raise ContextError(f"{own.dockerfile} cannot be read: {error.strerror}") from error
    if len(data) > _LIMIT:
        raise ContextError(f"{own.dockerfile} is bigger than 1 MiB")
    return data


def _within(root: Path, path: str, is_there: Callable[[Path], bool]) -> bool:
    """Whether it is there and no link leads out of the project."""
    real = Path(os.path.realpath(root / path))
    return is_there(real) and real.is_relative_to(os.path.realpath(root))


def frontend(text: str) -> str:
    """The image that a `# syntax=` line at its beginning names; empty: the builder's own."""
    return _directives(text).get("syntax", "")


def steps(text: str) -> int:
    """How many instructions it has."""
    return sum(1 for _ in _instructions(text))


def images(text: str, *, every: bool) -> tuple[tuple[str, str], ...]:
    """The images that a build needs, each with the platform that is written there.

    `every`: those of all stages, as the classic builder does; else of what the last one needs.
    """
    found = _stages(text)
    names = {stage.name: index for index, stage in enumerate(found) if stage.name}
    names |= {str(index): index for index in range(len(found))}
    needed: dict[tuple[str, str], None] = {}
    waiting, seen = [*range(len(found))][0 if every else -1 :], set[int]()
    while waiting:
        at = waiting.pop(0)
        if at in seen:
            continue
        seen.add(at)
        stage = found[at]
        for name, platform in ((stage.image, stage.platform), *((use, "") for use in stage.uses)):
            before = names.get(name.lower(), at)
            if before < at:
                waiting.append(before)
            elif name not in ("", "scratch") and "$" not in name and not name.isdecimal():
                needed[name, platform] = None
    return tuple(needed)


def _directives(text: str) -> dict[str, str]:
    """The `# name=value` lines at the very beginning."""
    found: dict[str, str] = {}
    for line in text.removeprefix("\ufeff").splitlines():
        match = _DIRECTIVE.match(line.strip())
        if match is None:
            break
        found.setdefault(match[1].lower(), match[2])
    return found


def _stages(text: str) -> tuple[Stage, ...]:
    found: list[Stage] = []
    args: dict[str, str] = {}
    for word, rest in _instructions(text):
        if word == "ARG" and not found:
            pairs = (one.partition("=") for one in _words(rest))
            args |= {name: _filled(value, args) for name, _, value in pairs}
        elif word == "FROM":
            found.append(_stage(_words(rest), args))
        elif found and word in ("COPY", "ADD", "RUN"):
            options = (_FROM_IMAGE.match(one) for one in _words(rest) if one.startswith("--"))
            uses = (match[1] for match in options if match)
            last = found.pop()
            found.append(Stage(last.name, last.image, last.platform, (*last.uses, *uses)))
    return tuple(found)


def _stage(words: list[str], args: Mapping[str, str]) -> Stage:
    options = [one for one in words if one.startswith("--platform=")]
    platform = _filled(options[0].partition("=")[2], args) if options else ""
    image, *rest = [*(one for one in words if not one.startswith("--")), ""]
    named = len(rest) > 2 and rest[0].lower() == "as"
    return Stage(rest[1].lower() if named else "", _filled(image, args), platform, ())


def _filled(text: str, args: Mapping[str, str]) -> str:
    """A text with its build arguments filled in by their defaults."""

    def value(match: re.Match[str]) -> str:
        given = args.get(match[1] or match[2], "")
        if match[3] == "+":
            return match[4] if given else ""
        return given or match[4] or ""

    return _VARIABLE.sub(value, text)


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def _instructions(text: str) -> Iterator[tuple[str, str]]:
    """Each instruction with what follows it, continued lines joined, heredocs left out."""
    escape = _directives(text).get("escape", "\\")
    lines, held = text.removeprefix("\ufeff").splitlines()[::-1], ""
    while lines:
        bare = lines.pop().strip()
        if not bare or bare.startswith("#"):
            continue
        if bare.endswith(escape):
            held += f"{bare[:-1]} "
            continue
        word, _, rest = f"{held}{bare}".partition(" ")
        held = ""
        for _, end in _HEREDOC.findall(rest) if word.upper() in ("RUN", "COPY", "ADD") else ():
            if end in map(str.strip, lines):
                while lines.pop().strip() != end:
                    pass
        yield word.upper(), rest
