"""The person's own variables for a run: read when it starts, handed to its container only."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from pxtui.errors import StartError
from pxtui.run import Surroundings

_LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_.]*)\s*(?:=(.*))?", re.DOTALL)
_LIMIT = 1 << 20


def values(
    wanted: Surroundings, typed: Mapping[str, str], environ: Mapping[str, str]
) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    """Names with their values, and the names that have none; raises StartError for a bad file.

    What was typed goes before the environment, and both before the files.
    """
    found: dict[str, str] = {}
    for path in wanted.env_files:
        found |= dict(_of_file(Path(path), environ))
    missing = []
    for name in wanted.variables:
        value = typed.get(name, environ.get(name))
        if value is not None:
            found[name] = value
        elif name not in found:
            missing.append(name)
    return tuple(found.items()), tuple(missing)


def _of_file(path: Path, environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The lines `NAME=VALUE` of a file; `NAME` alone is the person's own, as docker has it."""
    try:
        with path.open("rb") as file:
            text = file.read(_LIMIT).decode()
    except OSError as error:
        raise StartError(
            f"the variables of {path} cannot be read: {error.strerror}",
            "put the file back, or decide on it anew (! in the app)",
        ) from None
    except UnicodeDecodeError:
        raise StartError(f"{path} is not text in UTF-8") from None
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        parts = _LINE.fullmatch(line)
        if parts is None:
            # the line may hold a secret: it is not repeated
            raise StartError(f"{path}:{number}: not a line NAME=VALUE")
        name, value = parts[1], parts[2]
        if value is not None:
            yield name, _unquoted(value.strip())
        elif name in environ:
            yield name, environ[name]


def _unquoted(value: str) -> str:
    """A value as people write it in such files, with or without quotes."""
    if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
        return value[1:-1]
    return value
