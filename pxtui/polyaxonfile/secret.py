"""Which values are passwords or keys, by name: they run as they are and are shown as dots."""

from __future__ import annotations

import re
from itertools import pairwise

DOTS = "••••••"
"""What stands in place of a secret value."""

_SECRET = frozenset(
    {
        *("password", "passwd", "secret", "token", "credential", "credentials"),
        *("apikey", "accesskey", "privatekey"),
    }
)
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


def is_secret(name: str, kind: str) -> bool:
    """Whether a value of this type (see `Declaration.type`) is a secret by its name.

    A word counts as it is: `api_key`, `hfToken`, `credentials.user`; not `max_tokens`.
    """
    if kind != "str":
        return False
    words = [word.lower() for word in _WORD.findall(name)]
    pairs = {first + second for first, second in pairwise(words)}
    return not _SECRET.isdisjoint({*words, *pairs})


def without(text: str, secrets: frozenset[str]) -> str:
    """A text that may quote secret values, with dots in their place."""
    for value in sorted(filter(None, secrets), key=len, reverse=True):
        for spelling in (value, repr(value)[1:-1]):
            # a short value is found only as a word of its own: else it would be found anywhere
            edge = r"\b" if len(value) < 4 else ""
            text = re.sub(f"{edge}{re.escape(spelling)}{edge}", DOTS, text)
    return text
