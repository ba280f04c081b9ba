"""A base image that has to be fetched: it comes with progress, or its one cause is told."""

from __future__ import annotations

import base64
import json
import logging
import os
import secrets
import shlex
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pxtui.engine.docker import DockerEngine
from tests.engine.conftest import (
    BUSYBOX,
    Built,
    Private,
    Recorder,
    Waiting,
    Workshop,
    own_folder,
    script,
    second_engine,
    wait_for,
)
from tests.registry import PASSWORD, fake_registry

pytestmark = pytest.mark.engine


@dataclass(frozen=True)
class Registries:
    """The addresses of two registries that hold the same images."""

    open: str
    login: str


@pytest.fixture(scope="module")
def registries() -> Iterator[Registries]:
    """One registry that anybody may ask, and one that wants a password."""
    with own_folder("registry") as folder:
        yield Registries(*script("registry-up", folder).split())


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The docker configuration of a person, empty at first."""
    folder = tmp_path / "docker"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    monkeypatch.setenv("DOCKER_CONFIG", str(folder))
    return folder / "config.json"


@pytest.fixture(scope="module")
def image(docker_engine: DockerEngine, registries: Registries) -> str:
    """The name of an image that only the registries have: one layer that is nowhere else."""
    docker = ["docker", "-H", docker_engine.found.host]
    name = f"pxtui-test/{secrets.token_hex(6)}:1"
    ours = f"{registries.open}/{name}"
    text = f"FROM {BUSYBOX}\nRUN head -c 300000 /dev/urandom >/random\nLABEL of={name}\n"
    environment = os.environ | {"DOCKER_BUILDKIT": "0"}
    for words in (["build", "-q", "-t", ours, "-"], ["push", ours], ["rmi", ours]):
        subprocess.run(
            [*docker, *words], input=text.encode(), capture_output=True, check=True, env=environment
        )
    return name


@pytest.fixture
def pushed(shop: Workshop, registries: Registries, config: Path, image: str) -> Iterator[str]:
    """That name, for a test with a docker configuration of its own; the engine forgets it again."""
    yield image
    shop.clear()  # its images first: they are made from this one
    for address in (registries.open, registries.login):
        shop.docker("rmi", f"{address}/{image}")


def login(config: Path, address: str, password: str = PASSWORD) -> None:
    auth = base64.b64encode(f"tester:{password}".encode()).decode()
    config.write_text(json.dumps({"auths": {address: {"auth": auth}}}))


@pytest.fixture
def assert_told_nothing(
    shop: Workshop, caplog: pytest.LogCaptureFixture
) -> Callable[[Built], None]:
    """No message, line, log or image holds the password, in any form."""
    caplog.set_level(logging.DEBUG)
    coded = base64.b64encode(f"tester:{PASSWORD}".encode()).decode()

    def check(built: Built) -> None:
        told = [built.outcome.message, built.sink.all.decode(errors="replace"), caplog.text]
        told.append(repr(built.reports))
        if built.outcome.image:
            told.append(shop.docker("inspect", built.outcome.image))
            told.append(shop.docker("history", "--no-trunc", built.outcome.image))
        for text in told:
            assert PASSWORD not in text
            assert coded not in text

    return check


def assert_one_cause(built: Built, base: str, *words: str) -> None:
    message = built.outcome.message
    assert built.outcome.result == "failed"
    assert any(word in message for word in words), message
    assert base in message
    assert "\n" not in message


# --- it comes


def test_a_missing_base_is_pulled_with_progress(
    shop: Workshop, registries: Registries, pushed: str
) -> None:
    base = f"{registries.open}/{pushed}"
    built = shop.build("test -s /random", base=base)
    assert built.outcome.result == "done", built.outcome
    said = built.sink.all.decode()
    assert base in said
    assert "Download" in said or "Pull complete" in said
    assert b"pulling" not in shop.build("test -s /random; true", base=base).sink.all


def test_a_login_lets_it_be_pulled(
    shop: Workshop,
    registries: Registries,
    pushed: str,
    config: Path,
    assert_told_nothing: Callable[[Built], None],
) -> None:
    login(config, registries.login)
    built = shop.build("test -s /random", base=f"{registries.login}/{pushed}")
    assert built.outcome.result == "done", built.outcome
    assert_told_nothing(built)


def test_a_credential_helper_lets_it_be_pulled(
    shop: Workshop,
    registries: Registries,
    pushed: str,
    config: Path,
    monkeypatch: pytest.MonkeyPatch,
    assert_told_nothing: Callable[[Built], None],
) -> None:
    helper(config, registries.login, monkeypatch)
    built = shop.build("test -s /random", base=f"{registries.login}/{pushed}")
    assert built.outcome.result == "done", built.outcome
    assert_told_nothing(built)


def helper(
    config: Path, address: str, monkeypatch: pytest.MonkeyPatch, code: int = 0, seconds: int = 0
) -> None:
    """A credential helper named `canary` that knows the password of one registry."""
    answer = json.dumps({"ServerURL": address, "Username": "tester", "Secret": PASSWORD})
    program = config.parent / "docker-credential-canary"
    lines = ["#!/bin/sh", f"touch {config}.asked", f"sleep {seconds}", "cat >/dev/null"]
    lines += [f"echo {shlex.quote(answer)}", f"exit {code}", ""]
    program.write_text("\n".join(lines))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(config.parent), prepend=":")
    config.write_text(json.dumps({"credHelpers": {address: "canary"}}))


# --- it does not


def test_without_a_login_it_is_said(shop: Workshop, registries: Registries, pushed: str) -> None:
    base = f"{registries.login}/{pushed}"
    assert_one_cause(shop.build(base=base), base, "needs a login")


def test_with_a_wrong_password_it_is_said_and_not_shown(
    shop: Workshop,
    registries: Registries,
    pushed: str,
    config: Path,
    assert_told_nothing: Callable[[Built], None],
) -> None:
    login(config, registries.login, f"{PASSWORD}-of-yesterday")
    base = f"{registries.login}/{pushed}"
    built = shop.build(base=base)
    assert_one_cause(built, base, "login")
    assert_told_nothing(built)


def test_a_credential_helper_that_fails_is_named_and_not_quoted(
    shop: Workshop,
    registries: Registries,
    pushed: str,
    config: Path,
    monkeypatch: pytest.MonkeyPatch,
    assert_told_nothing: Callable[[Built], None],
) -> None:
    helper(config, registries.login, monkeypatch, code=1)
    base = f"{registries.login}/{pushed}"
    built = shop.build(base=base)
    assert_told_nothing(built)
    assert_one_cause(built, base, "docker-credential-canary")


def test_a_credential_helper_that_is_missing_is_named(
    shop: Workshop, registries: Registries, pushed: str, config: Path
) -> None:
    config.write_text(json.dumps({"credHelpers": {registries.login: "nowhere"}}))
    base = f"{registries.login}/{pushed}"
    assert_one_cause(shop.build(base=base), base, "docker-credential-nowhere")


def test_a_credential_helper_that_waits_for_the_person_holds_no_cancel(
    shop: Workshop,
    registries: Registries,
    pushed: str,
    config: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    helper(config, registries.login, monkeypatch, seconds=3)
    base = f"{registries.login}/{pushed}"
    waiting = Waiting(shop.engine.build(shop.request(base=base), Recorder(), lambda _: None))
    wait_for(Path(f"{config}.asked").exists)
    waiting.job.close()
    assert waiting.end(1).result == "cancelled"


def test_a_tag_and_a_name_that_are_not_there(
    shop: Workshop, registries: Registries, pushed: str
) -> None:
    name = pushed.partition(":")[0]
    for base in (f"{registries.open}/{name}:2", f"{registries.open}/{name}-none:1"):
        assert_one_cause(shop.build(base=base), base, "there is no such image")


@pytest.mark.parametrize("base", ["UPPER/case", "a b", "-flag", "x:tag:tag", "x@sha256:1", ""])
def test_what_is_no_name_is_told_and_never_sent(shop: Workshop, base: str) -> None:
    built = shop.build(base=base)
    assert built.outcome.result == "failed"
    assert built.outcome.message
    assert "the engine is gone" not in built.outcome.message
    assert "\n" not in built.outcome.message


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        (401, "needs a login"),
        (403, "needs a login"),
        (404, "there is no such image"),
        (429, "rate limit"),
        (500, "500"),
    ],
)
def test_each_answer_of_a_registry_has_its_cause(shop: Workshop, status: int, cause: str) -> None:
    with fake_registry(status) as (address, registry):
        base = f"{address}/pxtui-test/none:1"
        assert_one_cause(shop.build(base=base), base, cause)
    assert any("manifests/1" in path for path in registry.asked)


def test_a_pull_that_hangs_is_cancelled_at_once(shop: Workshop) -> None:
    with fake_registry() as (address, registry):
        request = shop.request(base=f"{address}/pxtui-test/none:1")
        waiting = Waiting(shop.engine.build(request, Recorder(), lambda _: None))
        wait_for(lambda: any("manifests" in path for path in registry.asked))
        began = time.monotonic()
        waiting.job.close()
        assert waiting.end(1).result == "cancelled"
        print(f"cancelled after {time.monotonic() - began:.2f} s")


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Private]:
    """An engine that reaches nobody: no names, no networks."""
    with second_engine(tmp_path_factory.mktemp("alone")) as made:
        yield made


def test_a_certificate_that_nobody_trusts(alone: Private, tmp_path: Path) -> None:
    with fake_registry(404, tmp_path, inside=alone.pid()) as (address, _):
        base = f"{address}/pxtui-test/none:1"
        assert_one_cause(alone.shop.build(base=base), base, "certificate is not trusted")


def test_a_registry_whose_name_is_not_found(alone: Private) -> None:
    base = "registry.invalid/pxtui-test/none:1"
    assert_one_cause(alone.shop.build(base=base), base, "cannot be reached")
