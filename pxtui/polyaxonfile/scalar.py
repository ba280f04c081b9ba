"""One scalar of YAML 1.1 → its Python value; nothing that a file says can make this raise."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import yaml
from yaml.constructor import SafeConstructor
from yaml.resolver import Resolver

from pxtui.polyaxonfile.typed import MAX_DIGITS, TypedInt, as_typed

YAML = "tag:yaml.org,2002:"

_resolve: Callable[..., str] = Resolver().resolve
_IS_INT = re.compile(r"[1-9][0-9]{0,17}", re.ASCII).fullmatch
_IS_JSON_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?", re.ASCII).fullmatch
_CONSTRUCTOR = SafeConstructor()
_CONSTRUCTORS = {
    f"{YAML}null": _CONSTRUCTOR.construct_yaml_null,
    f"{YAML}bool": _CONSTRUCTOR.construct_yaml_bool,
    f"{YAML}int": _CONSTRUCTOR.construct_yaml_int,
    f"{YAML}float": _CONSTRUCTOR.construct_yaml_float,
}
_AS_TEXT = {f"{YAML}{name}" for name in ("str", "timestamp", "value", "merge")}
"""A date stays the text that it is: Polyaxon made None of it, which nobody meant."""


def read_scalar(event: Any) -> tuple[Any, bool, str]:
    """The value of a scalar's event, whether it is `<<`, and what is wrong with its tag."""
    text = event.value
    if event.tag is None and event.implicit[0] and _IS_INT(text):
        return TypedInt(text), False, ""  # as below, only faster: files are full of these
    written = event.tag not in (None, "!")
    tag = event.tag if written else _resolve(yaml.ScalarNode, text, event.implicit)
    construct = _CONSTRUCTORS.get(tag)
    if construct is None:
        wrong = "" if tag in _AS_TEXT else f"the tag {short_tag(tag)} is not one to use here"
        return text, tag == f"{YAML}merge", wrong
    if len(text) > MAX_DIGITS:
        return text, False, ""
    try:
        return as_typed(construct(yaml.ScalarNode(tag, text)), text), False, ""
    except (ValueError, KeyError, IndexError, OverflowError):
        # Only a written tag can be wrong; what merely looked like a number is text.
        return text, False, f"{text!r} is no {short_tag(tag)}" if written else ""


def read_json(value: Any, text: str) -> Any:
    """The value of a bare word in a JSON file, where `1e-3` is a number."""
    is_text = isinstance(value, str) and len(text) <= MAX_DIGITS and _IS_JSON_NUMBER(text)
    return as_typed(float(text), text) if is_text else value


def short_tag(tag: str) -> str:
    """A tag as people write it."""
    return tag.replace(YAML, "!!")
