"""What stays out of the image: secrets and noise by default, and the project's ignore files."""

from __future__ import annotations

import fnmatch
import os
import posixpath
import re
import stat
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from pxtui.errors import ContextError

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

DOCKERIGNORE = ".dockerignore"
POLYAXONIGNORE = ".polyaxonignore"
_IGNORE_LIMIT = 1 << 20

IgnoreLines = tuple[str, tuple[str, ...]]
"""An ignore file's name, and its lines."""

_NOISE = (
    *("__pycache__", "*.pyc", "*.pyo", ".mypy_cache", ".pytest_cache", ".ruff_cache"),
    *(".ipynb_checkpoints", ".polyaxon", ".ds_store", "*~", ".#*", "#*#", ".*.sw?"),
    *(".pxtui-save-*", *(f"*.{end}.conflict-*" for end in ("yml", "yaml", "json"))),
)
"""Left out without a word: made anew by whoever needs it, or written by an editor or by us."""

_DENIED = {
    "repository": (".git", ".hg", ".svn"),
    "variables that may be secret": (".env", ".env[._-]*", "*.env", ".envrc"),
    "history of a shell": (
        *(".bash_history", ".zsh_history", ".python_history", ".psql_history", ".mysql_history"),
    ),
    "key": (
        *("*.pem", "*.key", "*.p12", "*.pfx", "*.keystore", "*.jks", "*.kdbx", "*.ppk"),
        *("id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*"),
    ),
    "credentials": (
        *(".ssh", ".aws", ".azure", ".kube", ".docker", ".dockercfg", ".gnupg", ".gcloud"),
        *(".netrc", "_netrc", ".npmrc", ".pypirc", ".git-credentials", ".boto", ".s3cfg"),
        *("kubeconfig", "kubeconfig.*", "*.kubeconfig", "*credentials*.json"),
        *("service-account*.json", "service_account*.json", "serviceaccount*.json"),
        *("kaggle.json", ".kaggle", ".huggingface", "client_secret*.json", ".htpasswd", ".token"),
        *("secrets.yml", "secrets.yaml", "secrets.json", "secrets.toml", "gcp-key*.json"),
        *("secret.yml", "secret.yaml", ".secrets.*", "client_secrets*", ".vault-token", "token"),
        *("credentials", "credentials.yml", "credentials.yaml", "credentials.toml"),
        *("credentials.db", "access_tokens.db", ".databrickscfg", ".snowsql", ".pgpass"),
        *(".my.cnf", "rclone.conf", "pip.conf", ".condarc", ".modal.toml"),
        *("*.tfstate", "*.tfstate.*"),
    ),
    "virtual environment": (".venv", "venv"),
}
"""Left out with a note; compared without regard to case."""

_FILES = {"credentials": "", "token": "/huggingface"}
"""Names that are denied to files only, and below which folder: packages have them too."""
_FOLDERS = ("/.config/gcloud", "/.config/gh", "/.config/rclone")

_REASONS = ("", *_DENIED)
_NAMES = re.compile(
    "|".join(
        f"(?P<r{number}>{'|'.join(map(fnmatch.translate, patterns))})"
        for number, patterns in enumerate((_NOISE, *_DENIED.values()))
    )
)
_ENVIRONMENT_MARKS = ("pyvenv.cfg", "conda-meta")


@dataclass(frozen=True, slots=True)
class Denial:
    """Why the deny list leaves something out, and the file or folder that it names."""

    reason: str
    path: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of one file or folder; in a folder that is `shut` nothing needs a look."""

    out: bool
    shut: bool
    denial: Denial | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Negation:
    """A `!` line of an ignore file."""

    matches: Callable[[str], bool]
    literal: str
    """The folders before the first wildcard: `a/b` of `!a/b/*.py`."""
    naming: bool
    """Whether its last part names something; `*` and `**` do not."""

    def inside(self, folder: str) -> bool:
        """Whether it may match something in this folder."""
        here, there = f"{folder}/", f"{self.literal}/"
        return not self.literal or there.startswith(here) or here.startswith(there)

    def names(self, path: str) -> bool:
        """Whether it matches the path itself, not only a folder above it."""
        return self.naming and self.matches(path) and not self.matches(posixpath.dirname(path))


_CLEAR = Verdict(False, False)


class Rules:
    """The rules of one project: the deny list, `.dockerignore` and `.polyaxonignore`."""

    def __init__(self, root: Path, docker: IgnoreLines, git: Iterable[str]) -> None:
        self._root = str(root)
        self._docker = _docker_patterns(*docker)
        lines = tuple(git)
        self._git = _git_spec(lines) if lines else None
        self._negations = [
            _negation(pattern.match, text) for out, pattern, text in self._docker if not out
        ]
        self._lifting = self._negations + _git_negations(lines)
        self._named = _any_of(self._docker, self._git)
        self.plain = self._named is None
        """Whether there is only the deny list: a file is then left out for its name alone."""

    @classmethod
    def read(cls, root: Path) -> Rules:
        """The rules of the project in `root`; raises ContextError for a file that is no good."""
        return cls(root, docker_lines(root / DOCKERIGNORE), _lines(root / POLYAXONIGNORE))

    def named(self, path: str) -> bool:
        """Whether an ignore file names it with `!`."""
        return any(one.names(path) for one in self._lifting)

    def judge(self, path: str, folder: bool, above: Denial | None = None) -> Verdict:
        """Judge a path whose parents were judged; `above` is the denial they are under."""
        reason = denied(path[path.rfind("/") + 1 :])
        if reason and not _is_meant(path, folder):
            reason = None
        if folder and reason is None:
            reason = self._environment(path)
        docker_out, git_out = self._ignored(path, f"{path}/" if folder else path)
        if reason is None and above is None and not docker_out and not git_out:
            return _CLEAR
        denial, note = self._denial(path, reason, above)
        shut = git_out
        if denial is not None:
            shut = shut or not any(n.literal.startswith(f"{path}/") for n in self._lifting)
        elif docker_out:
            shut = shut or not any(n.inside(path) for n in self._negations)
        out = denial is not None or docker_out or git_out
        return Verdict(out, out and shut, denial, "" if docker_out or git_out else note)

    def _denial(
        self, path: str, reason: str | None, above: Denial | None
    ) -> tuple[Denial | None, str]:
        if above is not None:
            if any(n.literal.startswith(above.path) and n.names(path) for n in self._lifting):
                return None, f"{path}: sent, an ignore file names it with `!` ({above.reason})"
            return above, ""
        if reason is None:
            return None, ""
        if self.named(path):
            return None, f"{path}: sent, an ignore file names it with `!` ({reason or 'cache'})"
        return Denial(reason, path), f"{path}: left out ({reason})" if reason else ""

    def _environment(self, path: str) -> str | None:
        """Why a folder is left out for where it is, or for what is in it."""
        if f"/{path}".casefold().endswith(_FOLDERS):
            return "credentials"
        if any(os.path.lexists(f"{self._root}/{path}/{mark}") for mark in _ENVIRONMENT_MARKS):
            return "virtual environment"
        return None

    def _ignored(self, path: str, marked: str) -> tuple[bool, bool]:
        """Whether each ignore file leaves a path out; a folder is `marked` by a `/`."""
        if self._named is None or not self._named(marked):
            return False, False
        docker_out = False
        for ignores, pattern, _ in self._docker:
            if ignores != docker_out and pattern.match(path):
                docker_out = ignores
        return docker_out, self._git is not None and self._git.match_file(marked)


@lru_cache(maxsize=1 << 15)
def denied(name: str) -> str | None:
    """Why the deny list leaves out whatever has this name."""
    found = _NAMES.match(name.casefold())
    return _REASONS[int(str(found.lastgroup)[1:])] if found else None


def _is_meant(path: str, folder: bool) -> bool:
    """Whether the deny list means what is there by its name."""
    above, _, name = f"/{path}".casefold().rpartition("/")
    return name not in _FILES or (not folder and above.endswith(_FILES[name]))


def ignored(root: Path, docker: IgnoreLines | None = None) -> Callable[[str], bool]:
    """Make a test of relative paths: whether a change there cannot change the image.

    `docker` stands in place of the `.dockerignore` there.
    """
    rules = Rules(root, docker, _lines(root / POLYAXONIGNORE)) if docker else Rules.read(root)
    folder = cache(rules.judge)

    def out(path: str) -> bool:
        verdict = _CLEAR
        parts = path.split("/")
        for count in range(1, len(parts)):
            verdict = folder("/".join(parts[:count]), True, verdict.denial)
            if verdict.shut:
                return True
        return rules.judge(path, _is_folder(f"{root}/{path}"), verdict.denial).out

    return out


def _is_folder(path: str) -> bool:
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except OSError:
        return False


def docker_lines(path: Path) -> IgnoreLines:
    """The lines of a file with Docker's rules."""
    return path.name, tuple(_lines(path))


def _lines(path: Path) -> list[str]:
    """The lines of an ignore file; one that is there but cannot be read must not be passed over."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise ContextError(f"{path.name} cannot be read: {error.strerror}") from error
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise ContextError(f"{path.name} is not a file")
    with open(fd, "rb") as file:
        data = file.read(_IGNORE_LIMIT + 1)
    if len(data) > _IGNORE_LIMIT:
        raise ContextError(f"{path.name} is bigger than 1 MiB")
    return os.fsdecode(data.removeprefix(b"\xef\xbb\xbf")).splitlines()


def _docker_patterns(name: str, lines: Iterable[str]) -> list[tuple[bool, re.Pattern[str], str]]:
    """Ignores or brings back, the pattern (a match of a folder holds for all in it), its text."""
    found = []
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text or line.startswith("#"):
            continue
        ignores = not text.startswith("!")
        text = posixpath.normpath(text.lstrip("!").strip() or ".").lstrip("/")
        try:
            pattern = re.compile(rf"(?s:{_docker_regex(text)})(?:/|\Z)")
        except (re.error, ValueError):
            raise ContextError(f"{name}:{number}: {line!r} is not a pattern") from None
        found.append((ignores, pattern, text))
    return found


def _docker_regex(text: str) -> str:
    """Docker's rules: from the root, `*` and `?` stay within a folder, `**` does not."""
    out = []
    at = 0
    while at < len(text):
        char = text[at]
        at += 1
        if text.startswith("**", at - 1):
            at += 2 if text.startswith("/", at + 1) else 1
            out.append("(?:.*/)?" if at < len(text) else ".*")
        elif char == "*":
            out.append("[^/]*")
        elif char == "?":
            out.append("[^/]")
        elif char == "[":
            end = text.index("]", at + 1)
            body = text[at:end].removeprefix("^")
            start = "[^" if text[at] == "^" else "["
            out.append(start + re.sub(r"([\[\\&~|^])", r"\\\1", body) + "]")
            at = end + 1
        elif char == "\\" and at < len(text):
            out.append(re.escape(text[at]))
            at += 1
        else:
            out.append(re.escape(char))
    return "".join(out)


def _any_of(
    docker: Iterable[tuple[bool, re.Pattern[str], str]], git: GitIgnoreSpec | None
) -> Callable[[str], object] | None:
    """A quick test that most paths fail: whether any line may leave a path out."""
    texts = [pattern.pattern for ignores, pattern, _ in docker if ignores]
    for line in git.patterns if git is not None else ():
        if line.include and line.regex:
            # a name of a group may be there but once
            texts.append(re.sub(r"\(\?P<\w+>", "(", line.regex.pattern))
    return re.compile("|".join(texts)).match if texts else None


def _git_spec(lines: tuple[str, ...]) -> GitIgnoreSpec:
    # It takes a while to import, and most projects have no such file.
    from pathspec import GitIgnoreSpec

    try:
        return GitIgnoreSpec.from_lines(lines)
    except ValueError as error:
        raise ContextError(f"{POLYAXONIGNORE} has a line that is not a pattern: {error}") from error


def _git_negations(lines: tuple[str, ...]) -> list[_Negation]:
    found = []
    for line in lines:
        text = line.strip()
        if text.startswith("!") and len(text) > 1:
            matches = _git_spec((text[1:],)).match_file
            anchored = "/" in text[1:].rstrip("/")
            found.append(_negation(matches, text[1:].strip("/") if anchored else "*", text[1:]))
    return found


def _negation(matches: Callable[[str], object], literal: str, text: str | None = None) -> _Negation:
    parts = literal.split("/")
    plain = []
    for part in parts:
        if any(char in part for char in "*?[\\"):
            break
        plain.append(part)
    last = (text or literal).rstrip("/").rsplit("/", 1)[-1]
    naming = any(char.isalnum() for char in last)
    return _Negation(lambda path: bool(path) and bool(matches(path)), "/".join(plain), naming)
