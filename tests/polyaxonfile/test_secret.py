"""Secret values: known by their names, run as they are, seen nowhere."""

from __future__ import annotations

import pytest

from pxtui.polyaxonfile.load import load
from pxtui.polyaxonfile.path import Edits
from pxtui.polyaxonfile.reading import Reading
from pxtui.polyaxonfile.secret import DOTS, is_secret, without


def read(text: str, edits: Edits | None = None, **names: str) -> Reading:
    return load(text.encode(), "p.yml", edits or {}, names)


def file(declarations: str, cmd: str, more: str = "") -> str:
    text = f"version: 1\ndeclarations: {declarations}\nrun:\n  image: i\n  cmd: {cmd}\n{more}"
    return f"{text}kind: experiment\n"


@pytest.mark.parametrize(
    "name",
    [
        *("password", "db_password", "dbPasswd", "SECRET", "client-secret", "token", "hfToken"),
        *("HFToken", "api_key", "apiKey", "API-KEY", "APIKey", "wandb.api_key", "access_key_id"),
        *("private_key", "credential", "credentials.user", "token2", "apikey"),
    ],
)
def test_a_name_with_the_word_is_secret(name: str) -> None:
    assert is_secret(name, "str")
    assert not is_secret(name, "int")


@pytest.mark.parametrize(
    "name",
    [
        *("max_tokens", "tokenizer", "tokens", "key", "api", "keyboard", "secretary", "passwords"),
        *("lr", "api_url_key", "private", "public_key", "accessory_key", ""),
    ],
)
def test_other_names_are_not(name: str) -> None:
    assert not is_secret(name, "str")


def test_what_runs_is_real_and_what_is_shown_is_not() -> None:
    text = file(
        "{api_key: sk-1234, lr: 0.1, url: 'http://{{ api_key }}@h', db: {password: 12pw}}",
        'x {{ api_key | sh }} {{ lr }} {{ url }} {{ db["password"] }}',
        "  steps: ['pip install {{ url }}']\n",
    )
    reading = read(text)
    assert reading.resolved
    assert reading.shown
    assert reading.resolved.cmd == "x sk-1234 0.1 http://sk-1234@h 12pw"
    assert reading.resolved.params["db"] == {"password": "12pw"}
    assert reading.resolved.masked == reading.resolved.shown == reading.shown.cmd
    assert "sk-1234" not in repr(reading.shown)
    assert "12pw" not in repr(reading.shown)
    assert reading.shown.params["lr"] == 0.1
    assert reading.shown.params["db"] == {"password": DOTS}
    secret = {d.name for d in reading.declarations if d.secret}
    assert secret == {"api_key", "db.password"}


def test_without_a_secret_nothing_is_masked() -> None:
    reading = read(file("{lr: 0.1, token_dropout: 0.3, token: '', max_token: 5}", "x {{ lr }}"))
    assert reading.resolved
    assert reading.masked is None
    assert reading.resolved.masked == ""
    assert reading.shown is reading.resolved


def test_a_value_given_by_name_is_secret_too() -> None:
    reading = read(file("{token: abc}", "x {{ token }}"), token="98765432")
    assert reading.shown
    assert reading.resolved
    assert reading.resolved.cmd == "x 98765432"
    assert "98765432" not in repr(reading.shown)


def test_a_number_in_quotes_is_a_text_to_who_wrote_it() -> None:
    reading = read(file("{password: '123456', token_size: 4}", "x {{ password }} {{ token_size }}"))
    assert reading.shown
    assert reading.shown.cmd == f"x {DOTS} 4"


def test_a_template_that_cannot_take_the_dots_is_hidden_as_a_whole() -> None:
    reading = read(file("{token: abc}", "\"x {{ {'abc': 1}[token] + 1 }}\""))
    assert reading.resolved
    assert reading.resolved.cmd == "x 2"
    assert reading.resolved.shown == DOTS


def test_a_key_in_the_environment_of_the_image_is_a_warning() -> None:
    text = file(
        "{lr: 0.1}",
        "x {{ lr }}",
        "  env_vars:\n    - [WANDB_API_KEY, abcdef]\n    - [MAX_TOKENS, abc]\n    - [TOKEN, 5]\n",
    )
    reading = read(text)
    (problem,) = reading.problems
    assert (problem.code, problem.line, problem.column) == ("W_SECRET", 7, 7)
    assert "--env WANDB_API_KEY" in problem.hint
    assert reading.resolved
    assert reading.shown
    assert reading.resolved.env[0] == ("WANDB_API_KEY", "abcdef")
    assert reading.shown.env == (("WANDB_API_KEY", DOTS), ("MAX_TOKENS", "abc"), ("TOKEN", "5"))


CANARY = "sk'y; bird"


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ("  cmd: x {{ api_key + 1 }}", "E_TEMPLATE"),
        ("  cmd: x {{ api_key }}", "W_SHELL"),
        ("  cmd: x\n  build_steps: ['pip {{ lr }}']", "W_UNUSED"),
        ("  image: 'a{{ api_key }}'\n  cmd: x", "E_SCHEMA"),
        ("  cmd: x\n  env_vars: [['{{ api_key }}', 1]]", "E_SCHEMA"),
        ("  cmd: \"x {{ {'a': 1}[api_key] }}\"", "E_UNDEFINED"),
    ],
)
def test_no_problem_quotes_a_secret(more: str, code: str) -> None:
    text = f'version: 1\nkind: experiment\ndeclarations: {{api_key: "{CANARY}", lr: 1}}\nrun:\n'
    text += "" if "image:" in more else "  image: i\n"
    reading = read(f"{text}{more}\n")
    assert code in {p.code for p in reading.problems}
    assert not [p for p in reading.problems if CANARY in str(p) or repr(CANARY)[1:-1] in str(p)]


def test_an_edit_that_cannot_be_made_does_not_quote_its_secret() -> None:
    path = ("declarations", "password")
    reading = read("version: 1\ndeclarations:\n  password: !!int 5\n", {path: CANARY})
    assert [p for p in reading.problems if p.severity == "error"]
    assert CANARY not in repr(reading.problems)


def test_a_short_secret_is_found_as_a_word_only() -> None:
    assert without("a bad 'a' day", frozenset({"a"})) == f"{DOTS} bad '{DOTS}' day"
    assert without("xabcdx", frozenset({"abcd"})) == f"x{DOTS}x"
