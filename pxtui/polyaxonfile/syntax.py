"""What libyaml complains about, in plain words."""

from __future__ import annotations

import re

import yaml

_OPENS_WITH_BRACES = re.compile(r"(?:^\s*|[:-]\s+)\{\{")
_QUOTE = "quote the value"
_IN_WORDS = (
    ("mapping values", "a `: ` inside an unquoted value", _QUOTE),
    ("start any token", "an unquoted value cannot start with {here!r}", "quote it"),
    ("scalar: found unexpected end", "the quote that opens here is not closed", "add a {here}"),
    ("flow sequence", "the [ that opens here is not closed, or a comma is missing", "add a ] or ,"),
    (
        "flow mapping",
        "the {{ that opens here is not closed, or a comma is missing",
        "add a }} or ,",
    ),
    (
        "flow node",
        "in brackets no value starts with {here!r}",
        "close brackets in their order, and quote values with signs",
    ),
    ("quoted scalar", 'a `\\` in "…" starts an escape that is none', "write '…' around it"),
    (
        "expected '-'",
        "this line is indented like the list above it, but is no item",
        "start it with `- `, or indent it otherwise",
    ),
    ("sequence entries", "a list cannot start here", "start it on a line of its own, or quote it"),
    ("an alias", "`*` starts an alias, which has a name", _QUOTE),
    ("an anchor", "`&` starts an anchor, which has a name", _QUOTE),
    ("a tag", "`!` starts a tag, which this is none of", _QUOTE),
    ("tag handle", "`!` starts a tag, which this is none of", _QUOTE),
    ("block scalar", "a text after `|` or `>` starts on the next line", "break the line here"),
    ("directive", "a line that starts with % is a directive of YAML", "quote it"),
)
"""What is in libyaml's words, what we say, and a hint; the first that fits."""


def explained(error: yaml.YAMLError, text: str) -> tuple[str, int, str]:
    """Message, index and hint for a syntax error of a text."""
    message = str(getattr(error, "problem", None) or "this is not YAML")
    context = getattr(error, "context", None) or ""
    mark = getattr(error, "problem_mark", None)
    opened = getattr(error, "context_mark", None)
    is_open = ("flow" in context and "node" not in context) or "end of stream" in message
    if is_open and opened:
        mark = opened  # the bracket or quote that is never closed, not the end of the file
    index = min(mark.index, len(text)) if mark else 0
    line = text[text.rfind("\n", 0, index) + 1 :].split("\n", 1)[0]
    here = text[index : index + 1]
    if here == "\t" or "\t" in line[: len(line) - len(line.lstrip())]:
        return "a tab cannot indent YAML", index, "use spaces"
    if _OPENS_WITH_BRACES.search(line):
        return "a value that starts with `{{` is a map for YAML", index, "quote the whole value"
    if "expected key" in message:
        return _no_key(text, index)
    if "flow node" in context and not here:
        return "the file ends in a list or map in brackets", index, "close them with ] or }"
    for sign, words, hint in _IN_WORDS:
        if sign in f"{context}: {message}":
            return words.format(here=here), index, hint.format(here=here)
    return f"{context}: {message}" if context else message, index, ""


def _no_key(text: str, index: int) -> tuple[str, int, str]:
    """What stands where the next key of a map was expected."""
    before = text[text.rfind("\n", 0, index) + 1 : index]
    here = text[index : index + 1]
    if here and here in "]}":
        return f"{here!r} closes nothing", index, "take it out, or quote the value"
    if not before.strip():
        return "this line is indented like none above it", index, "indent it like its neighbours"
    if before.rstrip().endswith("'"):
        hint = "quote the whole value; an apostrophe in '…' is written twice: ''"
    else:
        hint = "quote the whole value, or take the rest out"
    return "the value has ended before this", index, hint
