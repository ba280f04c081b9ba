"""Hostile templates (T01 to T06 of the reliability list): each ends soon, cheaply, with a name."""

from __future__ import annotations

import resource
import time
from pathlib import Path

import pytest

from pxtui.bounded import read_polyaxonfile
from pxtui.polyaxonfile.reading import Reading
from tests.polyaxonfile.test_templating import ESCAPES
from tests.test_bounded import BOMBS

HEAD = "version: 1\nkind: experiment\nbuild: {image: i}\n"
NAMES = 'declarations: {a: 1, l: [1], s: text, d: {x: 1}}\nrun:\n  cmd: "%s"\n'

REACHES = [
    "{{ l.__class__ }}",
    "{{ s.format.__globals__ }}",
    "{{ d['__class__'] }}",
    "{{ (s|string).__class__.mro() }}",
    "{{ range.__class__ }}",
    "{{ l|map(attribute='__class__')|list }}",
    "{{ l|groupby('__class__') }}",
    "{{ l|sort(attribute='__init__.__globals__') }}",
    "{{ s|attr('__' + 'class__') }}",
    "{{ config }}",
    "{{ request.application.__globals__ }}",
    "{{ get_flashed_messages.__globals__ }}",
    "{{ joiner.__init__.__globals__ }}",
    "{{ namespace.__init__ }}",
    "{{ self._TemplateReference__context }}",
    "{{ loop.__init__ }}",
    "{{ d.update({'a': 2}) }}",
    "{{ s.__reduce_ex__(2) }}",
    "{{ dict.mro() }}",
    "{{ '%s'|format(l.__class__) }}",
]
"""Ways out of the sandbox."""

EATERS = [
    "{{ range(99999)|map('string')|join|length * 99999 }}{{ [0] * 10**9 }}",
    "{{ lipsum(n=10**7) }}",
    "{{ s|indent(10**9) }}",
    "{{ s|wordwrap(1)|replace('t', s * 10**6) }}",
    "{{ s.ljust(10**10) }}",
    "{{ s.zfill(10**10) }}",
    "{{ '{:>9999999999}'.format(1) }}",
    "{{ 'a'.join(range(99999)|map('string')) * 9999 }}",
    "{{ 7 ** (7 ** (7 ** 7)) }}",
    "{{ (2 ** 99999999)|string }}",
    "{{ l|batch(10**9, 1)|list }}",
    "{% set x = s * 10**6 %}{% for i in x %}{{ x }}{% endfor %}",
    "{% for i in range(99999) recursive %}{{ loop(range(99999)) }}{% endfor %}",
    "{{ s|urlize * 10**9 }}",
    "{% call(x) m() %}{% endcall %}{% macro m() %}{{ caller(1) * 10**10 }}{% endmacro %}",
    "{{ range(99999)|list|pprint * 9999 }}",
    "{{ d|tojson(indent=10**9) }}",
    "{{ range(99999)|sum ** 9999999 }}",
    "{{ '{}' * 10**7 % l }}",
    "{{ s|center(2**62) }}",
]
"""Ways to take time or memory."""

MISHAPS = [
    "{{ 9999999999999999999999 ** 999 }}",
    "{{ 1 // 0 }}",
    "{{ l + s }}",
    "{{ s|int + l }}",
    "{% include 'x' %}",
    "{% extends 'x' %}",
    "{% from 'x' import y %}",
    "{{ 1e308 * 10 ** 400 }}",
    "{{ s|tojson(indent='x' * 9) + 1 }}",
    "{{ l|first|random }}",
    "{{ l|nofilter }}",
    "{{ l is nosuchtest }}",
    "{{ d.x.y.z }}",
    "{{ range(10**9) }}",
    "{% for %}",
    "{{ }}",
    "{{ a b }}",
    "{# no end",
    "{% raw %} no end",
    "${#arr[@]}",
]
"""Errors that Jinja does not call its own."""


def read(template: str) -> Reading:
    return read_polyaxonfile((HEAD + NAMES % template.replace('"', "'")).encode(), "p.yml")


def check(template: str) -> None:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.process_time()
    reading = read(template)
    own = time.process_time() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    errors = [p for p in reading.problems if p.severity == "error"]
    assert reading.resolved is None, reading.resolved
    assert all(p.code.startswith(("E_TEMPLATE", "E_UNDEFINED")) for p in errors), errors
    assert {p.line for p in errors} == {6}
    assert own + after.ru_utime + after.ru_stime - children.ru_utime - children.ru_stime < 1.5
    assert after.ru_maxrss < 300 * 1024 or after.ru_maxrss == children.ru_maxrss


@pytest.mark.parametrize("template", [*REACHES[::7], *EATERS[::7], *MISHAPS[::4]])
def test_a_sample_ends_with_a_name(template: str) -> None:
    check(template)


@pytest.mark.slow
@pytest.mark.parametrize("template", [*ESCAPES, *BOMBS, *REACHES, *EATERS, *MISHAPS])
def test_each_ends_with_a_name(
    template: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    check(template.replace("MARK", str(tmp_path / "mark")))
    assert not [*tmp_path.iterdir()]


WHOLE = [
    "declarations: {a: '{{ b }}', b: '{{ a }}'}\nrun: {cmd: 'x {{ a }}'}\n",
    "declarations: {a: '{{ a }}'}\nrun: {cmd: 'x {{ a }}'}\n",
    "declarations: {a: '{% raw %}{{ a }}{% endraw %}'}\nrun: {cmd: 'x {{ a }}'}\n",
    "declarations: {a: '{% raw %}x{{ a }}{{ a }}{% endraw %}'}\nrun: {cmd: 'x {{ a }}'}\n",
    "declarations: {a: '{', b: '{ 9**(9**9) }}'}\nrun: {cmd: 'x {{ a }}{{ b }}'}\n",
    "run: {cmd: {if: {cond: 'range(99999)|list|length ** (9 ** 9)', do: x}}}\n",
    "declarations: {c: '9 ** (9 ** 9)'}\nrun: {cmd: {if: {cond: '{{ c }}', do: x}}}\n",
    "run: {cmd: {for: {len: 999999999, do: x}}}\n",
    "run: {cmd: {for: {len: '{{ 9 ** (9 ** 9) }}', do: x}}}\n",
    "run: {cmd: {for: {len: 999, do: {for: {len: 999, do: {for: {len: 999, do: x}}}}}}}\n",
    "run: {cmd: {for: {len: 1999, do: '{{ \"x\" * 9 ** 9 }}'}}}\n",
    "inputs: [{name: v, is_optional: true, default: '{{ 9 ** (9 ** 9) }}'}]\nrun: {cmd: x}\n",
    "kind: group\nhptuning: {matrix: {v: {values: ['{{ 9 ** (9 ** 9) }}']}}}\nrun: {cmd: x}\n",
    "declarations: {'{{ 9 ** (9 ** 9) }}': 1}\nrun: {cmd: x}\n",
]
"""Files that are hostile as a whole."""
DOUBLINGS = "declarations:\n  a0: xxxx\n" + "".join(
    f"  a{i}: '{{{{ a{i - 1} }}}}{{{{ a{i - 1} }}}}'\n" for i in range(1, 41)
)
CHAIN = "declarations:\n" + "".join(
    f"  a{i}: '{{% raw %}}{{{{ a{i + 1} }}}}{{% endraw %}}'\n" for i in range(250)
)


@pytest.mark.parametrize(
    "text",
    [*WHOLE, DOUBLINGS + "run: {cmd: 'x {{ a40 }}'}\n", CHAIN + "  a250: 1\nrun: {cmd: x}\n"],
)
def test_a_file_ends_with_a_name(text: str) -> None:
    head = HEAD.replace("kind: experiment\n", "") if "kind:" in text else HEAD
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.process_time()
    reading = read_polyaxonfile((head + text).encode(), "p.yml")
    own = time.process_time() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    errors = {p.code for p in reading.problems if p.severity == "error"}
    assert errors, reading.resolved
    assert errors <= {
        *("E_CYCLE", "E_TEMPLATE", "E_TEMPLATE_LIMIT", "E_TEMPLATE_SYNTAX", "E_UNDEFINED"),
        *("E_PARAM", "E_SCHEMA"),
    }
    assert own + after.ru_utime + after.ru_stime - children.ru_utime - children.ru_stime < 2


def test_nothing_is_taken_for_an_empty_text() -> None:
    """T03: an undefined name is an error wherever it stands, also in a branch not taken."""
    for template, name in [
        ("{{ nope }}", "nope"),
        ("{{ d.nope }}", "d.nope"),
        ("{% if a == 2 %}{{ nope }}{% endif %}", "nope"),
        ("{{ 'x' if a else nope }}", "nope"),
    ]:
        (problem,) = (p for p in read(template).problems if p.severity == "error")
        assert (problem.code, problem.line) == ("E_UNDEFINED", 6)
        assert problem.message.startswith(name)


@pytest.mark.parametrize("value", ["$(touch /PWNED)", "`id`", '"; id; "', "a\nid"])
def test_a_value_with_shell_syntax_is_marked(value: str) -> None:
    """T06: it is not quoted silently; `| sh` is there."""
    names = {"s": value}
    text = HEAD + NAMES % "x {{ s }}"
    reading = read_polyaxonfile(text.encode(), "p.yml", None, names)
    assert "W_SHELL" in {p.code for p in reading.problems}
    quoted = read_polyaxonfile((HEAD + NAMES % "x {{ s | sh }}").encode(), "p.yml", None, names)
    assert "W_SHELL" not in {p.code for p in quoted.problems}


def test_only_the_sandbox_renders() -> None:
    """T01: Jinja's plain environment is nowhere."""
    sources = Path(__file__).parents[1] / "pxtui"
    found = [p.name for p in sources.rglob("*.py") if "jinja2.Environment" in p.read_text()]
    assert found == []


def whole(text: str) -> str:
    return HEAD + "declarations: {a: 1, l: [1]}\n" + text


def command(template: str) -> str:
    return whole(f'run:\n  cmd: "{template}"\n')


def rows(line: str, count: int) -> str:
    lines = "".join(f"  v{i}: {line.format(i=i)}\n" for i in range(count))
    return HEAD + "declarations:\n  a: 1\n" + lines + "run: {cmd: x}\n"


LARGE = {
    "sum": command("{{ " + "a+" * 300_000 + "a }}"),
    "short sum": command("{{ " + "a+" * 20_000 + "a }}"),
    "filters": command("{{ a" + "|abs" * 200_000 + " }}"),
    "short filters": command("{{ a" + "|abs" * 30_000 + " }}"),
    "names": command("{{a}}" * 150_000),
    "short names": command("{{ a }} " * 15_000),
    "braces": command("{" * 900_000),
    "short braces": command("{" * 100_000),
    "brackets": command("{{" + "(" * 400_000),
    "signs": command("{{" + "-" * 400_000),
    "branches": command("{% if a %}" * 50_000),
    "comments": command("{# a #}" * 15_000),
    "digits": command("{{ " + "1" * 100_000 + " }}"),
    "texts": command("{{ '" + "}} a " * 20_000 + "' " + "+ a" * 9_000 + " }}"),
    "made": command("{% raw %}{{ " + "a+" * 20_000 + "a }}{% endraw %}"),
    "long ones": whole(
        "run: {cmd: [" + ", ".join(f'"{i} {"{{ a+a }}" * 500}"' for i in range(100)) + "]}\n"
    ),
    "steps": whole("run: {cmd: [" + ", ".join(['"x {{ a }}"'] * 20_000) + "]}\n"),
    "other steps": whole(
        "run: {cmd: [" + ", ".join(f'"{i} {{{{ a }}}}"' for i in range(20_000)) + "]}\n"
    ),
    "rows": rows('"{{{{ a }}}}"', 20_000),
    "other rows": rows('"{{{{ a }}}}{i}"', 20_000),
    "chain": rows('"{{{{ v{i} }}}}"', 20_000).replace("{{ v0 }}", "{{ a }}"),
    "missing": rows('"{{{{ nope{i} }}}}"', 1_500),
    "failing": whole(
        "run: {cmd: ["
        + ", ".join(f'"{i} {"{{ a }}" * 20}{{{{ a + l }}}}"' for i in range(60))
        + "]}\n"
    ),
}
"""Files that are large, and templates all over."""


@pytest.mark.parametrize("name", LARGE)
def test_a_large_file_ends_with_a_name(name: str) -> None:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.process_time()
    reading = read_polyaxonfile(LARGE[name].encode(), "p.yml")
    own = time.process_time() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    errors = [p for p in reading.problems if p.severity == "error"]
    assert errors
    assert {p.code for p in errors} <= {"E_TEMPLATE", "E_TEMPLATE_LIMIT", "E_UNDEFINED"}
    assert all(p.line > 3 for p in errors)
    assert len(errors) <= 100
    assert own + after.ru_utime + after.ru_stime - children.ru_utime - children.ru_stime < 2


def test_many_declarations_and_texts_without_templates_stay_as_they_are() -> None:
    text = rows("{i}", 3_000).replace("cmd: x", f"cmd: 'echo {'x ' * 70_000}'")
    reading = read_polyaxonfile(text.encode(), "p.yml")
    assert reading.resolved
    assert reading.resolved.params["v2999"] == 2999


def test_as_many_templates_as_a_person_writes() -> None:
    reading = read_polyaxonfile(rows('"{{{{ a }}}} of {i}"', 250).encode(), "p.yml")
    assert reading.resolved
    assert reading.resolved.params["v249"] == "1 of 249"
