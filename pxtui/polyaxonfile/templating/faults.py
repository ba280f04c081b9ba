"""Where in a template something stands: the name or tag that a problem is about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from jinja2.exceptions import TemplateSyntaxError

from pxtui.polyaxonfile.path import Path
from pxtui.polyaxonfile.templating import TemplateProblem, parse, tokens

_OPENERS = ("variable_begin", "block_begin", "comment_begin")
_CLOSERS = ("variable_end", "block_end")


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a template's code."""

    kind: str
    text: str
    start: int


@lru_cache(maxsize=64)
def words(source: str) -> tuple[Word, ...]:
    """The code of a template, as far as it can be read."""
    return tuple(_words(source))


def _words(source: str) -> Iterator[Word]:
    at = 0
    try:
        for kind, text in tokens(source):
            # Jinja tells no columns, and drops what `{%-` trims: each is looked for
            start = source.find(text, at)
            if start < 0:
                continue
            at = start + len(text)
            if kind not in ("data", "whitespace"):
                yield Word(kind, text, start)
    except TemplateSyntaxError:
        return


def where_used(source: str, use: Path) -> tuple[int, int] | None:
    """Where the last of `a.b.c` stands in a template: its start and end; None where nowhere."""
    code = words(source)
    steps = [str(step) for step in use]
    for index, word in enumerate(code):
        if word.kind != "name" or word.text != steps[0] or _is_attribute(code, index):
            continue
        last = index
        for step in steps[1:]:
            following = code[last + 1 : last + 3]
            if [one.text for one in following] != [".", step]:
                break
            last += 2
        else:
            return code[last].start, code[last].start + len(code[last].text)
    first = next((word for word in code if word.kind == "name" and word.text == steps[0]), None)
    return (first.start, first.start) if first else None


def _is_attribute(code: tuple[Word, ...], index: int) -> bool:
    return index > 0 and code[index - 1].text == "."


def where_unreadable(source: str) -> int:
    """Where the first tag stands that cannot be read."""
    return _first(source, parse, unclosed=True)


def where_failing(source: str, render: Callable[[str], object]) -> int:
    """Where the first `{{ }}` stands that cannot be rendered by itself."""
    return _first(source, render)


def _first(source: str, does: Callable[[str], object], *, unclosed: bool = False) -> int:
    """Where the first `{{ }}` stands with which something fails, else the first tag of all."""
    opened: list[int] = []
    is_open = False
    for word in words(source):
        if word.kind in _OPENERS:
            opened.append(word.start)
            is_open = True
        elif word.kind in _CLOSERS:
            is_open = False
            piece = source[opened[-1] : word.start + len(word.text)] if opened else ""
            if word.kind == "variable_end" and not _does(does, piece):
                return opened[-1]
    if unclosed and is_open:
        return opened[-1]
    return opened[0] if opened else 0


def _does(does: Callable[[str], object], piece: str) -> bool:
    try:
        does(piece)
    except TemplateProblem:
        return False
    return True
