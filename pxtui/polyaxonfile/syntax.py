"""What libyaml complains about, in plain words."""

from __future__ import annotations

import re

import yaml

_OPENS_WITH_BRACES = re.compile(r"(?:^\s*|[:-]\s+)\{\{")


def explained(error: yaml.YAMLError, text: str) -> tuple[str, int, str]:
    """Message, index and hint for a syntax error of a text."""
    message = str(getattr(error, "problem", None) or "this is not YAML")
    context = getattr(error, "context", None) or ""
    mark = getattr(error, "problem_mark", None)
    opened = getattr(error, "context_mark", None)
    if "flow" in context and opened:
        mark = opened  # the bracket that is never closed, not the end of the file
    index = min(mark.index, len(text)) if mark else 0
    line = text[text.rfind("\n", 0, index) + 1 :].split("\n", 1)[0]
    here = text[index : index + 1]
    if here == "\t" or "\t" in line[: len(line) - len(line.lstrip())]:
        return "a tab cannot indent YAML", index, "use spaces"
    if _OPENS_WITH_BRACES.search(line):
        return "a value that starts with `{{` is a map for YAML", index, "quote the whole value"
    if "mapping values" in message:
        return "a `: ` inside an unquoted value", index, "quote the value"
    if "start any token" in message:
        return f"an unquoted value cannot start with {here!r}", index, "quote it"
    return f"{context}: {message}" if context else message, index, ""
