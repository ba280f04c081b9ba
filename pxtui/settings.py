"""The settings: flags over PXTUI_* over the project's pyproject over the user's file."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pxtui import places
from pxtui.errors import SettingsError
from pxtui.run import OUTPUTS, WORKDIR, Mount, Port

ENGINES = ("auto", "docker", "podman", "local", "fake")
ON_BUSY = ("queue", "restart", "beside", "ignore")
ON_EXIT = ("leave", "stop")
CONFIRM = ("risky", "always")
NOT_FOR_PROJECTS = frozenset(
    {"engine", "on-exit", "watch.confirm", "editor", "outputs", "publish", "user", "env-files"}
)
"""What a project's own pyproject may not decide: a clone must not choose where it runs."""
ASKED = ("env", "mounts")
"""What a project's own pyproject can only ask for; the person grants it."""

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?", re.IGNORECASE)
_UNITS = {"": 1, "k": 1_000, "m": 1_000_000, "g": 1_000_000_000, "t": 1_000_000_000_000}


@dataclass(frozen=True, slots=True)
class Settings:
    """What the person chose; sizes in bytes, times in seconds."""

    engine: str = "auto"
    on_busy: str = "queue"
    on_exit: str = "leave"
    watch_confirm: str = "risky"
    """What commands changed outside of pxtui have to be confirmed: many files at once, or any."""
    grace: float = 10.0
    context_max_size: int = 500_000_000
    context_max_files: int = 20_000
    context_polyaxonfile: bool = False
    log_max_size: int = 2_000_000_000
    theme: str = "tokyo-night"
    editor: str = ""
    env: tuple[str, ...] = ()
    """Variables that runs get: `NAME`, and from the command line `NAME=VALUE`."""
    env_files: tuple[str, ...] = ()
    mounts: tuple[Mount, ...] = ()
    gpus: str = "auto"
    shm_size: int | None = None
    memory: int | None = None
    cpus: float | None = None
    publish: tuple[Port, ...] = ()
    user: str = ""
    platform: str = ""
    cache: bool = True
    """Whether runs get the person's cache volume (pip, Hugging Face, torch)."""
    tty: bool = False
    """Whether the output of runs goes to a terminal of the pane's size."""
    pip_cache: bool = True
    """Whether the steps of all builds share a cache of pip's downloads."""
    builds_keep: int = 10
    """Images of the code that are kept for a project, those of kept runs not counted."""
    outputs: str = ""
    """Folder for what runs write; empty: beside their logs."""
    asked_env: tuple[str, ...] = ()
    """Names of variables that the project's own pyproject asks for."""
    asked_mounts: tuple[Mount, ...] = ()


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


def _some(value: Any) -> int:
    size = _size(value)
    if size == 0:
        raise ValueError("a size above 0 such as 500 MB or 2 GB")
    return size


def _count(value: Any) -> int:
    if isinstance(value, bool) or not re.fullmatch(r"\d[\d_]*", str(value)):
        raise ValueError("a whole number")
    return int(value)


def _yes_no(value: Any) -> bool:
    words = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    if str(value).lower() not in words:
        raise ValueError("true or false")
    return words[str(value).lower()]


def _texts(value: Any) -> tuple[str, ...]:
    """A list of texts; in the environment they are separated by commas."""
    items = value.split(",") if isinstance(value, str) else value
    if not isinstance(items, list | tuple) or not all(isinstance(i, str) for i in items):
        raise ValueError("a list of texts")
    return tuple(item for item in items if item)


_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def _names(value: Any) -> tuple[str, ...]:
    names = _texts(value)
    for name in names:
        if not _VARIABLE.fullmatch(name):
            # a value in a file would be in every backup of it
            raise ValueError("a list of names of variables, without values")
    return names


def _given(value: Any) -> tuple[str, ...]:
    """Names, and from the command line names with values; a value may hold anything."""
    items = tuple(value)
    if not all(_VARIABLE.fullmatch(item.partition("=")[0]) for item in items):
        raise ValueError("NAME or NAME=VALUE")
    return items


def _mounts(value: Any) -> tuple[Mount, ...]:
    return tuple(_mount(item) for item in _texts(value))


def _mount(text: str) -> Mount:
    parts = text.split(":")
    mode = parts.pop() if parts[-1] in ("ro", "rw") else "ro"
    if len(parts) != 2 or not parts[0] or not parts[1].startswith("/"):
        raise ValueError("SRC:DST or SRC:DST:rw, with an absolute DST")
    source, target = os.path.expanduser(parts[0]), os.path.normpath(parts[1])
    if target in ("/", WORKDIR, OUTPUTS):
        raise ValueError(f"a mount inside {WORKDIR} or beside it: {target} is needed for the run")
    return Mount(source, target, mode == "rw")


def _ports(value: Any) -> tuple[Port, ...]:
    return tuple(_port(item) for item in _texts(value))


def _port(text: str) -> Port:
    found = re.fullmatch(r"(?:(?:(\[[^]]+\]|[^:]+):)?(\d+):)?(\d+)", text)
    numbers = [int(n) for n in (found[3], found[2] or found[3])] if found else [0, 0]
    if found is None or not all(0 < n < 65_536 for n in numbers):
        raise ValueError("PORT, HOST_PORT:PORT or ADDRESS:HOST_PORT:PORT")
    return Port(numbers[0], numbers[1], (found[1] or "127.0.0.1").strip("[]"))


def _gpus(value: Any) -> str:
    text = "all" if value is True else "none" if value is False else str(value)
    if not re.fullmatch(r"auto|all|none|\d+(,\d+)*", text):
        raise ValueError("auto, all, none or numbers of GPUs such as 0,1")
    return text


def _user(value: Any) -> str:
    if not re.fullmatch(r"|me|image|\d+(:\d+)?", str(value)):
        raise ValueError("me, image, UID or UID:GID")
    return "" if value == "image" else str(value)


def _platform(value: Any) -> str:
    if not re.fullmatch(r"|linux/[a-z0-9]+(/v\d+)?", str(value)):
        raise ValueError("a platform such as linux/amd64")
    return str(value)


def _cpus(value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = 0.0
    if isinstance(value, bool) or not 0.01 <= number <= 100_000:
        raise ValueError("a number of processors such as 2 or 0.5")
    return number


def _folder(value: Any) -> str:
    path = os.path.expanduser(_text(value))
    if path and not os.path.isabs(path):
        raise ValueError("an absolute path")
    return path


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("a text")
    return value


READERS: Mapping[str, Callable[[Any], Any]] = {
    "engine": _choice(*ENGINES),
    "on-busy": _choice(*ON_BUSY),
    "on-exit": _choice(*ON_EXIT),
    "watch.confirm": _choice(*CONFIRM),
    "grace": _seconds,
    "context.max-size": _size,
    "context.max-files": _count,
    "context.polyaxonfile": _yes_no,
    "log.max-size": _size,
    "theme": _text,
    "editor": _text,
    "env": _names,
    "env-files": _texts,
    "mounts": _mounts,
    "gpus": _gpus,
    "shm-size": _some,
    "memory": _some,
    "cpus": _cpus,
    "publish": _ports,
    "user": _user,
    "platform": _platform,
    "cache": _yes_no,
    "tty": _yes_no,
    "pip-cache": _yes_no,
    "builds.keep": _count,
    "outputs": _folder,
}
"""Every setting by its kebab-case name, and how its value is read."""


_ADDING = ("env", "env_files", "mounts", "publish")
"""What a later source adds to rather than replaces."""


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
    settings = _over(settings, _as_asked(asked), f"{project} [tool.pxtui]")
    names = {name: "PXTUI_" + re.sub(r"[.-]", "_", name).upper() for name in READERS}
    given = {name: environ[var] for name, var in names.items() if environ.get(var)}
    settings = _over(settings, given, "the environment (PXTUI_*)")
    typed = {k: v for k, v in flags.items() if v is not None}
    return _over(settings, typed, "the command line", {"env": _given})


def _as_asked(values: Mapping[str, Any]) -> dict[str, Any]:
    return {f"asked-{name}" if name in ASKED else name: v for name, v in values.items()}


def _over(
    settings: Settings,
    values: Mapping[str, Any],
    source: str,
    readers: Mapping[str, Callable[[Any], Any]] = MappingProxyType({}),
) -> Settings:
    known = {f.name for f in fields(Settings)}
    read: dict[str, Any] = {}
    for name, value in values.items():
        plain = name.removeprefix("asked-")
        reader = readers.get(name) or READERS.get(plain)
        if reader is None:
            raise SettingsError(f"{source}: there is no setting {name}")
        field = re.sub(r"[.-]", "_", name)
        try:
            read[field] = reader(value)
        except ValueError as error:
            words = ", ".join(map(str, value)) if isinstance(value, tuple) else repr(value)
            shown = "" if plain == "env" else f" = {words}"
            raise SettingsError(f"{source}: {plain}{shown} is not {error}") from None
        if field in _ADDING:
            read[field] = (*getattr(settings, field), *read[field])
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
