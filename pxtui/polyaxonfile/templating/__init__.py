"""`{{ }}` in a sandbox: what a template uses, whether it may be dear, and its text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.exceptions import SecurityError, TemplateSyntaxError, UndefinedError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from pxtui.errors import PxtuiError
from pxtui.polyaxonfile import shell
from pxtui.polyaxonfile.path import Path
from pxtui.polyaxonfile.typed import is_template

MAX_OUTPUT = 128 * 1024
"""Characters of one rendered text; Linux takes no longer argument."""

MAX_CODE = 5_000
"""Words of code in all templates of a file: real files have some hundred."""

MAX_SAFE_SOURCE = 20_000
MAX_SAFE_NODES = 2_000
MAX_SAFE_ADDS = 20

MAX_WORD = 200
"""Characters that are looked at of the word in which a value stands."""

_SAFE_NODES = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Const,
    nodes.Tuple,
    nodes.List,
    nodes.Dict,
    nodes.Pair,
    nodes.Getattr,
    nodes.Getitem,
    nodes.If,
    nodes.CondExpr,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Neg,
    nodes.Pos,
    nodes.Add,
    nodes.Sub,
    nodes.Div,
    nodes.FloorDiv,
    nodes.Filter,
    nodes.Test,
)
_SAFE_FILTERS = (
    "abs capitalize count d default first float int last length lower max min round sh string "
    "title tojson trim upper"
)
_SAFE_TESTS = (
    "boolean defined even false float in integer mapping none number odd sequence string true "
    "undefined"
)
_DEFAULTS = frozenset({"d", "default"})
_IS_DEFINED = frozenset({"defined", "undefined"})


class TemplateProblem(PxtuiError):
    """A template that cannot be rendered: `code` is the problem's."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.code = code


class _Missing(jinja2.StrictUndefined):
    """What is not there; it is not shown inside of a list either."""

    __repr__ = jinja2.StrictUndefined.__str__


class _Sandbox(ImmutableSandboxedEnvironment):
    """Polyaxon's environment, with nothing in it that reaches outside."""

    def __init__(self) -> None:
        super().__init__(undefined=_Missing, cache_size=0)
        harmless = {name: self.globals[name] for name in ("range", "dict")}
        self.globals.clear()
        self.globals.update(harmless)
        self.filters["sh"] = lambda value: shell.quoted(str(value))

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Look into a map before its methods: `{{ model.items }}` is the person's key."""
        if isinstance(obj, dict) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)


_SANDBOX = _Sandbox()


@dataclass(frozen=True, slots=True)
class Template:
    """One parsed template."""

    source: str
    tree: nodes.Template
    uses: frozenset[Path]
    """Names with as much of `.a[0]` as is fixed: `("model", "depth")`."""
    optional: frozenset[str]
    """Names that may be missing: they stand under `default` or `is defined`."""
    names: frozenset[str]
    """Every name that it has, also those that it makes itself."""


@lru_cache(maxsize=512)
def size(source: str) -> int:
    """How many words of code a template has, as far as MAX_CODE: parsing takes long for many."""
    code = 0
    if len(source) > MAX_OUTPUT:
        return code  # it is not parsed
    try:
        for kind, _ in tokens(source):
            code += kind not in ("data", "whitespace")
            if code > MAX_CODE:
                break
    except TemplateSyntaxError:
        pass  # it is parsed no further either
    return code


@lru_cache(maxsize=512)
def parse(source: str) -> Template:
    """Parse a template; raise TemplateProblem for one that is wrong or reaches for internals."""
    if len(source) > MAX_OUTPUT:
        message = f"the template is longer than {MAX_OUTPUT:,} characters"
        raise TemplateProblem("E_TEMPLATE_LIMIT", message)
    if size(source) > MAX_CODE:
        message = f"the template has more than {MAX_CODE:,} words of code"
        raise TemplateProblem("E_TEMPLATE_LIMIT", message)
    try:
        tree = _SANDBOX.parse(source)
        bound = frozenset(_bound(tree))
        _refuse_internals(tree)
        uses = frozenset(path for path in _chains(tree) if path[0] not in bound)
        optional = frozenset(_optional(tree))
        names = frozenset(node.name for node in tree.find_all(nodes.Name))
    except TemplateSyntaxError as error:
        hint = "what the command itself needs of `{{`, `{%` or `{#` goes into a script"
        raise TemplateProblem("E_TEMPLATE_SYNTAX", str(error.message), hint) from None
    except RecursionError:
        raise TemplateProblem("E_TEMPLATE_LIMIT", "the template is nested too deep") from None
    except ValueError:  # Python reads no number of more than 4300 digits
        message = "a number in the template has too many digits"
        raise TemplateProblem("E_TEMPLATE_LIMIT", message) from None
    return Template(source, tree, uses, optional, names)


def render(source: str, values: Mapping[str, Any]) -> str:
    """Render a template with the values; raise TemplateProblem for whatever goes wrong."""
    pieces: list[str] = []
    size = 0
    try:
        names = parse(source).names  # Jinja copies all that it is given
        for piece in _compiled(source).generate({k: values[k] for k in names if k in values}):
            pieces.append(piece)
            size += len(piece)
            if size > MAX_OUTPUT:
                message = f"the rendered text is longer than {MAX_OUTPUT:,} characters"
                raise TemplateProblem("E_TEMPLATE_LIMIT", message)
    except PxtuiError:
        raise
    except TemplateSyntaxError as error:  # a filter or test that does not exist
        raise TemplateProblem("E_TEMPLATE_SYNTAX", str(error.message)) from None
    except SecurityError as error:
        raise TemplateProblem("E_TEMPLATE_UNSAFE", str(error)) from None
    except UndefinedError as error:
        raise TemplateProblem("E_UNDEFINED", str(error)) from None
    except (RecursionError, MemoryError) as error:
        message = f"the template needs too much ({type(error).__name__})"
        raise TemplateProblem("E_TEMPLATE_LIMIT", message) from None
    except Exception as error:  # filters raise what they like: TypeError, ValueError, …
        raise TemplateProblem("E_TEMPLATE", f"{error or type(error).__name__}") from None
    return "".join(pieces)


@lru_cache(maxsize=512)
def _compiled(source: str) -> jinja2.Template:
    parse(source)  # refuses what must not be compiled
    return _SANDBOX.from_string(source)


@lru_cache(maxsize=512)
def is_dear(source: str) -> bool:
    """Whether rendering may take more time or memory than reading it did: not in our process."""
    if not is_template(source):
        return False
    if len(source) > MAX_SAFE_SOURCE:
        return True
    try:
        tree = parse(source).tree
    except TemplateProblem:
        return False  # it is never rendered
    every = [*tree.find_all(nodes.Node)]
    return (
        len(every) > MAX_SAFE_NODES
        or sum(isinstance(node, nodes.Add) for node in every) > MAX_SAFE_ADDS
        or not all(map(_is_safe, every))
    )


@dataclass(frozen=True, slots=True)
class Inserted:
    """A name whose value stands in a shell command."""

    use: Path
    quote: str
    """The quote around it: ``, `'` or `"`."""
    before: str
    """What stands before it in the same word."""
    is_whole: bool
    """Whether the value stands there as it is, with nothing done to it."""


def inserted(source: str) -> Iterator[Inserted]:
    """What stands bare in a shell command."""
    quote = word = ""
    for output in parse(source).tree.find_all(nodes.Output):
        for piece in output.nodes:
            if isinstance(piece, nodes.TemplateData):
                quote = _quote_after(piece.data, quote)
                blank = max(map(piece.data.rfind, " \t\n"))
                word = piece.data[blank + 1 :] if blank >= 0 else word + piece.data
                word = word if len(word) <= MAX_WORD else "…" + word[-MAX_WORD:]
            elif not (isinstance(piece, nodes.Filter) and piece.name == "sh"):
                is_whole = bool(_chain(piece))
                yield from (Inserted(use, quote, word, is_whole) for use in _chains(piece))
                word += "…"


def tokens(source: str) -> Iterator[tuple[str, str]]:
    """The kinds and texts of what a template is made of; raises TemplateSyntaxError."""
    for _, kind, text in _SANDBOX.lexer.tokeniter(source, None):
        yield kind, text


def subtracted(source: str) -> Iterator[str]:
    """Names that look joined by a dash but are not: `batch-size` is batch minus size."""
    for sub in parse(source).tree.find_all(nodes.Sub):
        if isinstance(sub.left, nodes.Name) and isinstance(sub.right, nodes.Name):
            yield f"{sub.left.name}-{sub.right.name}"


def _is_safe(node: nodes.Node) -> bool:
    if isinstance(node, nodes.Filter):
        return node.name in _SAFE_FILTERS.split()
    if isinstance(node, nodes.Test):
        return node.name in _SAFE_TESTS.split()
    return isinstance(node, _SAFE_NODES)


def _refuse_internals(tree: nodes.Template) -> None:
    """Name what the sandbox would refuse later: it may stand in a branch not taken today."""
    for node in tree.find_all((nodes.Getattr, nodes.Getitem, nodes.Filter)):
        name: Any = ""
        if isinstance(node, nodes.Getattr):
            name = node.attr
        elif isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const):
            name = node.arg.value
        elif isinstance(node, nodes.Filter) and node.name == "attr":
            name = next((arg.value for arg in node.args if isinstance(arg, nodes.Const)), "")
        if isinstance(name, str) and name.startswith("__"):
            message = f"the template reaches for {name}, which is Python's own"
            raise TemplateProblem("E_TEMPLATE_UNSAFE", message)


def _chains(node: nodes.Node) -> Iterator[Path]:
    """Every name that is read, with the fixed part of what follows it."""
    path = _chain(node)
    if path:
        yield path
    elif isinstance(node, nodes.Call) and isinstance(node.node, nodes.Getattr):
        for child in (node.node.node, *node.iter_child_nodes(exclude=("node",))):  # `m.get('y')`
            yield from _chains(child)
    else:
        for child in node.iter_child_nodes():
            yield from _chains(child)


def _chain(node: nodes.Node) -> Path:
    if isinstance(node, nodes.Name):
        return (node.name,) if node.ctx == "load" else ()
    if isinstance(node, nodes.Getattr):
        above = _chain(node.node)
        return (*above, node.attr) if above else ()
    if isinstance(node, nodes.Getitem):
        above = _chain(node.node)
        if above and isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str | int):
            return (*above, node.arg.value)
    return ()


def _bound(tree: nodes.Template) -> Iterator[str]:
    """Names that the template makes itself.

    Jinja's own `find_undeclared_variables` would compile, and so compute constants: 10**10**10.
    """
    for node in tree.find_all((nodes.Name, nodes.For, nodes.Macro, nodes.CallBlock)):
        if isinstance(node, nodes.Name):
            if node.ctx != "load":
                yield node.name
        elif isinstance(node, nodes.For):
            yield "loop"
        else:
            yield from ("caller", "varargs", "kwargs", getattr(node, "name", "caller"))


def _optional(tree: nodes.Template) -> Iterator[str]:
    for node in tree.find_all((nodes.Filter, nodes.Test)):
        names = _DEFAULTS if isinstance(node, nodes.Filter) else _IS_DEFINED
        if node.name in names and node.node is not None:
            yield from (str(path[0]) for path in _chains(node.node))


def _quote_after(text: str, quote: str) -> str:
    """The shell's open quote at the end of a text that begins inside `quote`."""
    for mark in re.findall(r"\\.|['\"]", text, re.DOTALL):
        if len(mark) == 1 and (not quote or mark == quote):
            quote = "" if quote else mark
    return quote
