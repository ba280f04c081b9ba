"""Templates: what they use, what they may do, what they must not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pxtui.polyaxonfile import templating
from pxtui.polyaxonfile.document import Document
from pxtui.polyaxonfile.templating import TemplateProblem, is_dear, parse, render
from pxtui.polyaxonfile.templating.rendering import Dear, Renderer
from pxtui.polyaxonfile.templating.scope import Scope
from pxtui.polyaxonfile.typed import evaluate


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("--lr={{ lr }}", "--lr=0.1"),
        ("{{ model.depth }}{{ model['items'] }}{{ model.items }}{{ layers[1] }}", "1877b"),
        ("{{ '--amp' if no }}|{{ '--amp' if yes }}", "|--amp"),
        ("{{ text | sh }}", "'a b'"),
        ("{{ nope | default(3) }}", "3"),
        ("{% if nope is defined %}x{% else %}y{% endif %}", "y"),
        ("{% for l in layers %}{{ l }}{{ loop.index }}{% endfor %}", "a1b2"),
        ("{% raw %}{{.Names}}{% endraw %}\n", "{{.Names}}"),
    ],
)
def test_rendered(source: str, text: str) -> None:
    values = {
        "lr": 0.1,
        "model": {"depth": 18, "items": 7},
        "layers": ["a", "b"],
        "yes": True,
        "no": False,
        "text": "a b",
    }
    assert render(source, values) == text


ESCAPES = [
    "{{ ''.__class__ }}",
    "{{ ''['__class__'] }}",
    "{{ ''|attr('__class__') }}",
    "{{ ''|attr('__cla' ~ 'ss__') }}",
    "{{ a.__class__.__mro__[1].__subclasses__() }}",
    "{% if false %}{{ a.__init__ }}{% endif %}",
    "{{ cycler.__init__.__globals__.os.popen('touch MARK').read() }}",
    "{{ range.__call__.__self__ }}",
    "{% set x = dict.__base__ %}{{ x }}",
    "{{ '{0.__class__}'.format(a) }}",
    "{{ a.append(1) }}",
    "{{ ('{' ~ '0.__class__}') | format(a) }}",
    "{% for x in ().__class__.__base__.__subclasses__() %}{{ x }}{% endfor %}",
    "{{ lipsum.__globals__ }}",
    "{{ self.__init__ }}",
    "{% include '/etc/passwd' %}",
    "{% import 'os' as os %}",
]


@pytest.mark.parametrize("source", ESCAPES)
def test_nothing_reaches_outside(source: str) -> None:
    with pytest.raises(TemplateProblem) as caught:
        render(source, {"a": [1]})
    assert caught.value.code in ("E_TEMPLATE_UNSAFE", "E_TEMPLATE", "E_UNDEFINED")


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("{{ a ", "E_TEMPLATE_SYNTAX"),
        ("${#arr[@]}", "E_TEMPLATE_SYNTAX"),
        ("{{ 1 / 0 }}", "E_TEMPLATE"),
        ("{{ 'a' + 1 }}", "E_TEMPLATE"),
        ("{{ a.b }}", "E_UNDEFINED"),
        ("{{ big }}{{ big }}{{ big }}", "E_TEMPLATE_LIMIT"),
        ("{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}", "E_TEMPLATE_LIMIT"),
        ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "E_TEMPLATE_LIMIT"),
        ("{{ a | nofilter }}", "E_TEMPLATE_SYNTAX"),
    ],
)
def test_what_goes_wrong_has_a_name(source: str, code: str) -> None:
    with pytest.raises(TemplateProblem) as caught:
        render(source, {"a": 1, "big": "x" * 50_000})
    assert caught.value.code == code


def test_uses_are_names_with_their_fixed_part() -> None:
    uses = parse("{{ a.b[0].c }}{{ d[e] }}{% for f in g %}{{ f.x }}{% endfor %}").uses
    assert uses == {("a", "b", 0, "c"), ("d",), ("e",), ("g",)}


@pytest.mark.parametrize(
    "source",
    [
        "plain",
        "{{ a }}",
        "{{ a.b[0] + 1 - c }}",
        "{{ 'x' if a == 1 else b | lower }}",
        "{% if a is defined and not b %}x{% endif %}",
        "{{ a // 2 }}",
        "{{ broken",
    ],
)
def test_harmless(source: str) -> None:
    assert not is_dear(source)


@pytest.mark.parametrize(
    "source",
    [
        "{{ 'x' * 10**10 }}",
        "{{ 2 ** a }}",
        "{{ '%9999999d' % a }}",
        "{{ a ~ a }}",
        "{{ a | center(10**9) }}",
        "{{ a | indent(9) }}",
        "{{ a | replace('a', b) }}",
        "{{ a | slice(10000) }}",
        "{{ lipsum(n=10) }}",
        "{{ range(10) }}",
        "{{ a.upper() }}",
        "{% for x in a %}{% endfor %}",
        "{% set x = a + a %}{{ x }}",
        "{% macro m() %}{% endmacro %}",
        "{% include 'x' %}",
        "{{ " + "a + " * 50 + "a }}",
        "{{ a + 1 }}" * 900,
        "{{ a }}" + " " * 30_000,
    ],
)
def test_dear(source: str) -> None:
    assert is_dear(source)


def test_what_stands_bare_in_a_command() -> None:
    source = """x {{ a }} "{{ b }}" '{{ c }}' {{ d | sh }} \\"{{ e.f }}"""
    found = sorted((i.use, i.quote) for i in templating.inserted(source))
    assert found == [(("a",), ""), (("b",), '"'), (("c",), "'"), (("e", "f"), "")]


def test_looking_at_a_template_computes_nothing() -> None:
    # Jinja's own find_undeclared_variables folds constants: it would take all memory here.
    assert parse("{{ 'x' * 10**12 }}").uses == frozenset()


# -- to the end: what comes out is filled in again until it is no template

PIECES = st.sampled_from(
    [
        *(
            "{{ a }}",
            "{{ b }}",
            "{{ c }}",
            "{{ o }}",
            "{{ n }}",
            "{",
            "{ n }}",
            "}}",
            " ",
            "x",
            "\n",
        ),
        *("{% raw %}{{ n }}{% endraw %}", "{% if n %}1{% endif %}", "'", "[", "1", ", 2]"),
    ]
)
TEXTS = st.lists(PIECES, max_size=5).map("".join)


def filled(names: dict[str, str]) -> tuple[Renderer, Scope]:
    renderer = Renderer(Document.parse(b"version: 1", "p"))
    return renderer, Scope(renderer, names, {})


@settings(max_examples=400, deadline=None)
@given(TEXTS, TEXTS, TEXTS, TEXTS)
def test_a_filled_in_text_is_final(a: str, b: str, c: str, text: str) -> None:
    renderer, scope = filled({"a": a, "b": b, "c": c, "n": "0.10", "o": "{"})
    found = scope.render((), text)
    if found is None:
        assert renderer.problems
    else:
        assert scope.render((), found) == found


@settings(max_examples=200, deadline=None)
@given(st.from_regex(r"-?[0-9]{1,6}(\.[0-9]{0,4})?(e-?[0-9])?", fullmatch=True))
def test_a_number_goes_through_as_it_was_typed(text: str) -> None:
    _, scope = filled({"n": text, "m": "{{ n }}", "k": "{{ m }}"})
    shown = str(evaluate(text))
    assert scope.render((), "x {{ k }}") == f"x {shown}"
    assert type(scope.value(("k",))) is type(evaluate(text))
    if not isinstance(evaluate(text), str):
        assert shown == text


@pytest.mark.parametrize(
    ("names", "code"),
    [
        ({"a": "{{ b }}", "b": "{{ a }}"}, "E_CYCLE"),
        ({"a": "{% raw %}{{ a }}{% endraw %}"}, "E_CYCLE"),
        ({"a": "{% raw %}{{ b }}{% endraw %}", "b": "{{ a }}"}, "E_CYCLE"),
        ({"a": "{% raw %}{{ no }}{% endraw %}"}, "E_UNDEFINED"),
    ],
)
def test_what_has_no_end_is_named(names: dict[str, str], code: str) -> None:
    renderer, _ = filled(names)
    assert [p.code for p in renderer.problems] == [code]
    assert all(name in renderer.problems[0].message for name in "ab" if code == "E_CYCLE") or (
        "b" not in names
    )


def test_what_may_be_dear_is_not_rendered_in_our_process() -> None:
    document = Document.parse(b"version: 1", "p")
    for names in ({"a": "{{ 2 ** 3 }}"}, {"a": "{{ o }}{ 2 ** 3 }}", "o": "{"}):
        with pytest.raises(Dear):
            Scope(Renderer(document, trusted=False), names, {})
        assert Scope(Renderer(document), names, {}).value(("a",)) == 8
