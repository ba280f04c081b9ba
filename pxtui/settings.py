"""The settings: flags over PXTUI_* over the project's pyproject over the user's file."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from pxtui import places
from pxtui.errors import SettingsError

ENGINES = ("auto", "docker", "podman", "local", "fake")
ON_BUSY = ("queue", "restart", "beside", "ignore")
ON_EXIT = ("leave", "stop")
NOT_FOR_PROJECTS = frozenset({"engine", "on-exit", "watch.confirm", "editor"})
"""What a project's own pyproject may not decide: a clone must not choose where it runs."""

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?", re.IGNORECASE)
_UNITS = {"": 1, "k": 1_000, "m": 1_000_000, "g": 1_000_000_000, "t": 1_000_000_000_000}


@dataclass(frozen=True, slots=True)
class Settings:
    """What the person chose; sizes in bytes, times in seconds."""

    engine: str = "auto"
    on_busy: str = "queue"
    on_exit: str = "leave"
    grace: float = 10.0
    context_max_size: int = 500_000_000
    context_max_files: int = 20_000
    context_polyaxonfile: bool = False
    log_max_size: int = 2_000_000_000
    theme: str = "tokyo-night"
    editor: str = ""


def _choice(*allowed: str) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if value not in allowed:
            raise ValueError(f"one of {', '.join(allowed)}")
        return str(value)

    return read


def _seconds(value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = -1.0
    if isinstance(value, bool) or not 0 <= number <= 86_400:
        raise ValueError("seconds, from 0 to 86400")
    return number


def _size(value: Any) -> int:
    found = _SIZE.fullmatch(str(value).strip())
    if isinstance(value, bool) or not found:
        raise ValueError("a size such as 500 MB or 2 GB")
    return int(float(found[1]) * _UNITS[found[2].lower()])


def _count(value: Any) -> int:
    if isinstance(value, bool) or not re.fullmatch(r"\d[\d_]*", str(value)):
        raise ValueError("a whole number")
    return int(value)


def _yes_no(value: Any) -> bool:
    words = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    if str(value).lower() not in words:
        raise ValueError("true or false")
    return words[str(value).lower()]


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("a text")
    return value


READERS: Mapping[str, Callable[[Any], Any]] = {
    "engine": _choice(*ENGINES),
    "on-busy": _choice(*ON_BUSY),
    "on-exit": _choice(*ON_EXIT),
    "grace": _seconds,
    "context.max-size": _size,
    "context.max-files": _count,
    "context.polyaxonfile": _yes_no,
    "log.max-size": _size,
    "theme": _text,
    "editor": _text,
}
"""Every setting by its kebab-case name, and how its value is read."""


def load(root: Path, flags: Mapping[str, Any], environ: Mapping[str, str]) -> Settings:
    """The settings for a project; raises SettingsError with the place of a bad value."""
    settings = Settings()
    user = places.config_file()
    settings = _over(settings, _flat(_toml(user)), str(user))
    project = root / "pyproject.toml"
    asked = _flat(_toml(project).get("tool", {}).get("pxtui", {}))
    for name in NOT_FOR_PROJECTS & asked.keys():
        raise SettingsError(
            f"{project}: a project may not set {name}", f"set it in {user} or by a flag"
        )
    settings = _over(settings, asked, f"{project} [tool.pxtui]")
    names = {name: "PXTUI_" + re.sub(r"[.-]", "_", name).upper() for name in READERS}
    given = {name: environ[var] for name, var in names.items() if environ.get(var)}
    settings = _over(settings, given, "the environment (PXTUI_*)")
    return _over(settings, {k: v for k, v in flags.items() if v is not None}, "the command line")


def _over(settings: Settings, values: Mapping[str, Any], source: str) -> Settings:
    known = {f.name for f in fields(Settings)}
    read: dict[str, Any] = {}
    for name, value in values.items():
        reader = READERS.get(name)
        if reader is None:
            raise SettingsError(f"{source}: there is no setting {name}")
        try:
            read[re.sub(r"[.-]", "_", name)] = reader(value)
        except ValueError as error:
            raise SettingsError(f"{source}: {name} = {value!r} is not {error}") from None
    assert read.keys() <= known  # noqa: S101  READERS and Settings are one list
    return replace(settings, **read)


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path}: {error}") from None


def _flat(table: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """`{"context": {"max-size": 1}}` and `{"context.max-size": 1}` are the same setting."""
    flat: dict[str, Any] = {}
    for name, value in table.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = value
    return flat


def editor(settings: Settings) -> str:
    """The person's editor, as a shell-like command line."""
    return settings.editor or os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
