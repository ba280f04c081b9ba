"""What the steps of an image name: files of the project, or the project itself."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_CODE = "/code"
_LONGEST = 64 * 1024
_SEPARATOR = re.compile(r"[;&|()]+")
_NOT_PLAIN = re.compile(r"[$`*?\[\]{}\\\"'<>\x00-\x1f\x7f]|://")
"""What makes a word more than the name of a file."""
_PATTERN = re.compile(r"[*?]|\[.+\]")
_SHELLS = ("sh", "bash", "dash", "zsh", "source", ".")
_PIP = re.compile(r"pip[0-9.]*")
_CONDA = ("conda", "mamba", "micromamba")
_LISTS = ("-r", "--requirement", "--requirements", "-c", "--constraint", "--constraints")
"""Options of pip before a file of requirements."""
_FILE = ("-f", "--file")
_EDITABLE = ("-e", "--editable")
_PACKAGE = ("setup.py", "pyproject.toml", "setup.cfg")
"""Files that mean nothing without the code beside them."""
_ARCHIVE = (".whl", ".zip", ".gz", ".bz2", ".tgz")
_REQUIREMENT = re.compile(
    r"""\s*(?:-\s+)?["']?(?:(-[rce])\s*|(--(?:requirement|constraint|editable))[\s=]\s*)?"""
    r"""([^\s"'#;]+)"""
)


@dataclass(frozen=True, slots=True)
class Name:
    """A file that a step names, relative to the project."""

    path: str
    requirements: bool = False
    """Whether it is a list of requirements, which may name further ones."""


def named(step: str) -> tuple[Name, ...]:
    """The words of a step that may be files of the project, in their order."""
    found: dict[str, Name] = {}
    for folder, word, lists in _words(step):
        path = None if _NOT_PLAIN.search(word) else _inside(folder, word)
        if path and posixpath.basename(path) not in _PACKAGE:
            found.setdefault(path, Name(path, lists))
    return tuple(found.values())


def out_of_reach(step: str) -> Iterator[tuple[str, str]]:
    """The lists of requirements that a step names and that cannot be staged, each with why."""
    for folder, word, lists in _words(step):
        if not lists or "$" in word or "://" in word:
            continue
        path = posixpath.normpath(posixpath.join(folder, word))
        is_below = path.startswith(f"{_CODE}/")
        if is_below and _PATTERN.search(word):
            yield word, "a pattern: name each file"
        elif not is_below and posixpath.normpath(folder).startswith(_CODE) and ".." in word:
            yield word, "which is outside of the project: move it in"


def installs_code(step: str) -> bool:
    """Whether a step installs the project itself, which is not there before its last COPY."""
    for words in _commands(step):
        installs = _is_pip(words) and "install" in words
        for before, word in zip(("", *words), words, strict=False):
            if before and word == "setup.py":
                return True
            option, _, value = word.rpartition("=") if word.startswith("--") else (before, "", word)
            read = option in _LISTS + _FILE
            if installs and not read and _is_folder(value, editable=option in _EDITABLE):
                return True
    return False


def included(text: str, path: str) -> Iterator[Name]:
    """The files that a list of requirements at `path` names, one for pip or for conda."""
    folder = f"{_CODE}/{posixpath.dirname(path)}"
    for option, word in _requirements(text):
        plain = option in _LISTS and not _NOT_PLAIN.search(word) and not word.startswith("-")
        if plain and (inside := _inside(folder, word)):
            yield Name(inside, requirements=True)


def requires_code(text: str) -> bool:
    """Whether a list of requirements has the project itself."""
    return any(
        _is_folder(word, editable=option in _EDITABLE)
        for option, word in _requirements(text)
        if option not in _LISTS
    )


def _requirements(text: str) -> Iterator[tuple[str, str]]:
    """Option and word of each line."""
    for line in text.replace("\\\n", "").splitlines():
        if match := _REQUIREMENT.match(line):
            yield match[1] or match[2] or "", match[3]


def _is_pip(words: Sequence[str]) -> bool:
    """`pip`, `sudo pip`, `uv pip`, `python -m pip`."""
    return any(_PIP.fullmatch(posixpath.basename(word)) for word in words[:3])


def _is_folder(word: str, *, editable: bool) -> bool:
    """Whether pip takes a word for a folder of the project."""
    if "://" in word or "+" in word or word.startswith("-") or word.endswith(_ARCHIVE):
        return False
    return editable or word in (".", "..") or word.startswith(("./", "../", ".["))


def _commands(step: str) -> Iterator[list[str]]:
    """The plain commands of a step, each as its words; none of a step that nobody wrote by hand."""
    if len(step) > _LONGEST:
        return
    for line in step.replace("\\\n", " ").splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars=";&|()")
        lexer.whitespace_split, lexer.commenters = True, ""
        words: list[str] = []
        try:
            for word in lexer:
                if word.startswith("#"):
                    break
                if _SEPARATOR.fullmatch(word):
                    yield from [words] * bool(words)
                    words = []
                else:
                    words.append(word)
        except ValueError:
            return  # quotes that do not end: the shell complains about them
        yield from [words] * bool(words)


def _words(step: str) -> Iterator[tuple[str, str, bool]]:
    """Words that may be files: the folder of the command, the word, whether it is a list."""
    folder = _CODE
    for words in _commands(step):
        if words[0] == "cd" and len(words) == 2:
            folder = posixpath.join(folder, words[1])
            continue
        is_pip, is_conda = _is_pip(words), posixpath.basename(words[0]) in _CONDA
        for index, word in enumerate(words):
            option = words[index - 1] if index else ""
            if word.startswith("--") and "=" in word:
                option, _, word = word.partition("=")
            elif is_pip and re.match(r"-[rc].", word):
                option, word = word[:2], word[2:]
            elif word.startswith("-"):
                continue
            lists = (is_pip and option in _LISTS) or (is_conda and option in _FILE)
            looks_like_one = ("/" in word or "." in word) and not re.search(r"\s", word)
            if lists or posixpath.basename(option) in _SHELLS or looks_like_one:
                yield folder, word, lists


def _inside(folder: str, word: str) -> str | None:
    """A path relative to the project; None for what is elsewhere."""
    path = posixpath.normpath(posixpath.join(folder, word))
    return path.removeprefix(f"{_CODE}/") if path.startswith(f"{_CODE}/") else None
