"""Ignore files hold by the rules of Docker and git, and secrets stay out unless named."""

from __future__ import annotations

import fnmatch
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pxtui.errors import ContextError
from pxtui.image import ignore
from pxtui.image.context import Limits, Listing, ignored, look
from pxtui.saving import SAVE_PREFIX

SECRETS = (
    ".git/config",
    ".hg/hgrc",
    "sub/.git/HEAD",
    ".env",
    ".env.local",
    "sub/.env",
    ".Env",
    ".ssh/id_rsa",
    "id_rsa",
    "id_ed25519.pub",
    ".aws/credentials",
    ".azure/token",
    ".kube/config",
    ".docker/config.json",
    ".dockercfg",
    ".pgpass",
    "secrets.yml",
    ".gnupg/ring",
    ".config/gcloud/x.json",
    ".netrc",
    ".npmrc",
    ".pypirc",
    "server.pem",
    "deep/er/tls.key",
    "kubeconfig",
    "my-credentials-1.json",
    "service-account.json",
    ".venv/lib/x.py",
    "env38/pyvenv.cfg",
    "env38/lib/y.py",
    ".env-prod",
    ".env_local",
    ".vault-token",
    ".secrets.toml",
    ".my.cnf",
    ".mysql_history",
    "rclone.conf",
    "pip.conf",
    ".condarc",
    ".modal.toml",
    "terraform.tfstate",
    "terraform.tfstate.backup",
    ".config/gh/hosts.yml",
    "sub/.config/rclone/x",
    ".cargo/credentials",
    ".cargo/credentials.toml",
    "cache/huggingface/token",
    "sub/credentials",
    "sub/Credentials.yml",
    "secret.yaml",
    "client_secrets.yml",
)
NOISE = (
    *("__pycache__/a.pyc", "a.pyc", ".pytest_cache/x", ".train.py.swp", "b.py~"),
    *(f"{SAVE_PREFIX}0a1b2c", f"sub/{SAVE_PREFIX}0a1b2c", "polyaxonfile.yml.conflict-20180102"),
)
KEPT = (
    "train.py",
    "environment.py",
    "keys.txt",
    "src/env.py",
    ".envoy",
    "data/a.csv",
    "gcloud.py",
    "a.conflict-b",
    "src/credentials/__init__.py",
    "src/token/lexer.py",
    "src/token.py",
    "data/token",
    "huggingface/hub/model.bin",
    "huggingface/token/x.py",
    "my.config/gh/x",
    ".config/app.yml",
    "src/secrets.py",
    "secret.py",
    "env.prod.py",
    "terraform.tf",
    "setup.cfg",
)


def grow(root: Path, *paths: str) -> None:
    for path in paths:
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"CANARY {path}")


def seen(root: Path) -> Listing:
    return look(root, Limits())


def files(listing: Listing) -> set[str]:
    return {entry.path for entry in listing.entries if entry.kind != "dir"}


def test_secrets_and_noise_stay_home_by_default(tmp_path: Path) -> None:
    grow(tmp_path, *SECRETS, *NOISE, *KEPT)
    listing = seen(tmp_path)
    assert files(listing) == set(KEPT)
    notes = "\n".join(listing.skipped)
    assert ".env: left out (variables that may be secret)" in notes
    assert "env38: left out (virtual environment)" in notes
    assert "pyc" not in notes


@pytest.mark.parametrize("file", [".dockerignore", ".polyaxonignore"])
def test_a_secret_that_is_named_goes_in_with_a_note(tmp_path: Path, file: str) -> None:
    grow(tmp_path, ".env", "certs/ca.pem", "certs/own.key", ".git/HEAD", ".git/config", "a.py")
    (tmp_path / file).write_text("!.env\n!certs/*.pem\n!.git/HEAD\n")
    listing = seen(tmp_path)
    assert files(listing) == {file, ".env", "certs/ca.pem", ".git/HEAD", "a.py"}
    assert any(note.startswith(".env: sent") for note in listing.skipped)


@pytest.mark.parametrize("file", [".dockerignore", ".polyaxonignore"])
def test_each_secret_goes_in_only_by_its_own_name(tmp_path: Path, file: str) -> None:
    grow(tmp_path, *SECRETS)
    for secret in SECRETS:
        (tmp_path / file).write_text(f"!/{secret}\n")
        listing = seen(tmp_path)
        assert files(listing) == {file, secret}
        assert any(note.startswith(f"{secret}: sent, an ignore") for note in listing.skipped)


@pytest.mark.parametrize("line", ["!*", "!**", "!src", "!src/**", "!**/*.py", "!.*"])
@pytest.mark.parametrize("file", [".dockerignore", ".polyaxonignore"])
def test_a_general_exception_brings_no_secret_back(tmp_path: Path, file: str, line: str) -> None:
    grow(tmp_path, "src/.env", ".git/hooks/x.py", ".venv/lib/y.py", "src/a.py")
    (tmp_path / file).write_text(f"nothing\n{line}\n")
    assert files(seen(tmp_path)) == {file, "src/a.py"}


DOCKER_CASES = [
    # pattern lines, what stays of: a.txt b/a.txt b/c/a.txt b/c/d.md e.md
    ("a.txt", {"b/a.txt", "b/c/a.txt", "b/c/d.md", "e.md"}),
    ("/a.txt", {"b/a.txt", "b/c/a.txt", "b/c/d.md", "e.md"}),
    ("*.txt", {"b/a.txt", "b/c/a.txt", "b/c/d.md", "e.md"}),
    ("**/*.txt", {"b/c/d.md", "e.md"}),
    ("**/a.txt", {"b/c/d.md", "e.md"}),
    ("*/a.txt", {"a.txt", "b/c/a.txt", "b/c/d.md", "e.md"}),
    ("b", {"a.txt", "e.md"}),
    ("b/", {"a.txt", "e.md"}),
    ("b/*", {"a.txt", "e.md"}),
    ("b/**", {"a.txt", "e.md"}),
    ("**/c", {"a.txt", "b/a.txt", "e.md"}),
    ("B", {"a.txt", "b/a.txt", "b/c/a.txt", "b/c/d.md", "e.md"}),
    ("?.md", {"a.txt", "b/a.txt", "b/c/a.txt", "b/c/d.md"}),
    ("[a-e].md", {"a.txt", "b/a.txt", "b/c/a.txt", "b/c/d.md"}),
    ("[^x].md", {"a.txt", "b/a.txt", "b/c/a.txt", "b/c/d.md"}),
    ("*\n!b/c/d.md", {"b/c/d.md"}),
    ("*\n!b", {"b/a.txt", "b/c/a.txt", "b/c/d.md"}),
    ("**\n!**/*.md", {"b/c/d.md", "e.md"}),
    ("b\n!b/c\nb/c/a.txt", {"a.txt", "b/c/d.md", "e.md"}),
    ("# a.txt\n\n  e.md  ", {"a.txt", "b/a.txt", "b/c/a.txt", "b/c/d.md"}),
    ("x/../a.txt", {"b/a.txt", "b/c/a.txt", "b/c/d.md", "e.md"}),
    (r"e\.md", {"a.txt", "b/a.txt", "b/c/a.txt", "b/c/d.md"}),
    ("**", set()),
]


@pytest.mark.parametrize(("lines", "kept"), DOCKER_CASES)
def test_dockerignore_holds_as_docker_has_it(tmp_path: Path, lines: str, kept: set[str]) -> None:
    grow(tmp_path, "a.txt", "b/a.txt", "b/c/a.txt", "b/c/d.md", "e.md")
    (tmp_path / ".dockerignore").write_text(lines)
    assert files(seen(tmp_path)) - {".dockerignore"} == kept


def test_polyaxonignore_holds_as_git_has_it(tmp_path: Path) -> None:
    grow(tmp_path, "a.log", "b/a.log", "b/keep.log", "data/x", "b/data/y", "c.py")
    (tmp_path / ".polyaxonignore").write_text("*.log\n!keep.log\n/data/\n")
    assert files(seen(tmp_path)) == {".polyaxonignore", "b/keep.log", "b/data/y", "c.py"}


def test_folders_come_along_with_what_is_brought_back(tmp_path: Path) -> None:
    grow(tmp_path, "a/b/c.py", "a/d.py")
    (tmp_path / ".dockerignore").write_text("*\n!a/b/c.py\n")
    assert [entry.path for entry in seen(tmp_path).entries] == ["a", "a/b", "a/b/c.py"]


@pytest.mark.parametrize(("file", "line"), [(".dockerignore", "a[b"), (".polyaxonignore", "!")])
def test_a_pattern_that_is_none_is_an_error(tmp_path: Path, file: str, line: str) -> None:
    (tmp_path / file).write_text(line)
    with pytest.raises(ContextError, match=file):
        seen(tmp_path)


def test_an_ignore_file_that_cannot_be_read_is_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / ".dockerignore").mkdir()
    with pytest.raises(ContextError, match="not a file"):
        seen(tmp_path)


def test_the_watcher_sees_by_the_same_rules(tmp_path: Path) -> None:
    grow(tmp_path, *SECRETS, *NOISE, *KEPT, "out/x.txt", "out/y.md")
    (tmp_path / ".dockerignore").write_text("out\n!out/y.md\n!.env\n")
    listing = seen(tmp_path)
    rules = ignored(tmp_path)
    everything = {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if not p.is_dir()}
    assert {path for path in everything if not rules(path)} == files(listing)
    assert not rules("new/file.py")
    assert rules("gone/__pycache__/x.pyc")


PARTS = ("a", "b.txt", "c.md", ".env", "venv", "x.pem", "__pycache__", "id_rsa", "B.TXT", "data")
LINES = (
    *("*", "**", "a", "/a", "a/", "*.txt", "**/*.txt", "a/**", "*/b.txt", "data", "?.md", "[a-c]*"),
    *("!a", "!*.txt", "!a/b.txt", "!**/*.md", "!.env", "!data/.env", "!venv/a", "!*.pem", "# a"),
)
trees = st.sets(st.lists(st.sampled_from(PARTS), min_size=1, max_size=4).map("/".join), max_size=8)
rules = st.lists(st.sampled_from(LINES), max_size=4).map("\n".join)


@given(trees, rules, rules)
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None
)
def test_a_walk_sees_what_each_path_is_judged_to_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tree: set[str], docker: str, git: str
) -> None:
    root = tmp_path / "root"
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    (root / ".dockerignore").write_text(docker)
    (root / ".polyaxonignore").write_text(git)
    for path in sorted(tree, key=len, reverse=True):
        if not (root / path).exists():
            grow(root, path)
    listing = seen(root)
    everything = {str(p.relative_to(root)) for p in root.rglob("*") if not p.is_dir()}
    out = ignored(root)
    assert {path for path in everything if not out(path)} == files(listing)
    assert seen(root).entries == look(root, Limits(), previous=listing).entries
    with monkeypatch.context() as patch:
        patch.setattr(ignore, "_any_of", lambda *_: lambda _: True)  # every line for every path
        slow = seen(root)
    assert (slow.signature, slow.skipped) == (listing.signature, listing.skipped)


@given(st.text("aA.*~#-_", max_size=6), st.sampled_from(PARTS + SECRETS + NOISE))
def test_a_name_is_denied_if_a_pattern_of_the_list_says_so(around: str, name: str) -> None:
    lists = {"": ignore._NOISE, **ignore._DENIED}
    for tried in (name.rpartition("/")[2], name + around, around + name, name.upper()):
        reasons = (
            reason
            for reason, patterns in lists.items()
            if any(fnmatch.fnmatchcase(tried.casefold(), pattern) for pattern in patterns)
        )
        assert ignore.denied(tried) == next(reasons, None)
